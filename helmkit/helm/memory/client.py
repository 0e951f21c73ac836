"""The in-memory helm's commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helmkit.helm.errors import HelmFailedError, ReleaseBusyError, ReleaseNotFoundError
from helmkit.helm.memory.deployer import Deployer, split_hooks
from helmkit.helm.memory.hooks import run_tests
from helmkit.helm.memory.records import Record, Records
from helmkit.helm.memory.rendering import Renderer, load_metadata, render_simply
from helmkit.helm.release import HelmRelease, HelmVersion
from helmkit.kube.client import Kube


@dataclass(frozen=True)
class Operation:
    """A command that was asked for."""

    name: str
    """`upgrade`, `rollback`, `uninstall`, `test` or `template`."""
    release: str
    namespace: str
    arguments: Mapping[str, Any]


class MemoryHelm:
    """Helm in memory.

    `operations` lists what was asked for. `before` is awaited before each command that changes something and may
    raise; to die in the middle of one, put `helmkit.kube.memory.crash` on the server (only an `Exception` makes helm
    mark a revision as failed: a crash is none).

    Args:
        kube: The cluster it works on.
        render: Renders charts.
        now: The time for release records, RFC 3339.
    """

    def __init__(
        self, kube: Kube, render: Renderer = render_simply, *, now: Callable[[], str] = lambda: "2026-01-01T00:00:00Z"
    ) -> None:
        self._kube = kube
        self._render = render
        self._now = now
        self.operations: list[Operation] = []
        self.before: Callable[[Operation], Awaitable[None]] | None = None

    async def version(self) -> HelmVersion:
        """Return the version it stands in for."""
        return HelmVersion(4, 3, 1)

    async def upgrade(
        self,
        release: str,
        chart: Path,
        *,
        namespace: str,
        values: Mapping[str, Any],
        timeout: int,  # noqa: ASYNC109 - as Helm has it
        description: str = "",
        install: bool = True,
        wait: bool = False,
        dry_run: str = "none",
        force_conflicts: bool = True,
        server_side: bool = True,
        labels: Mapping[str, str] | None = None,
    ) -> HelmRelease:
        """Install or upgrade a release; see `Helm.upgrade`."""
        del timeout, wait, server_side
        await self._begin("upgrade", release, namespace, chart=chart, values=values, dry_run=dry_run)
        records = Records(self._kube, namespace, release)
        history = await records.load()
        base = _upgrade_base(history, release, namespace, install=install)
        record = self._record(release, namespace, chart, values, history)
        record["info"]["status"] = "pending-install" if base is None else "pending-upgrade"
        deployer = Deployer(self._kube, namespace, release)
        before = base["manifest"] if base else ""
        await deployer.check_ownership(record["manifest"], before)
        if dry_run != "none":
            return _release(record)
        await records.create(record, labels or {})
        try:
            await deployer.deploy(record["manifest"], before, force=force_conflicts)
        except HelmFailedError as error:
            word = "Release" if base is None else "Upgrade"
            await records.update(record, "failed", f'{word} "{release}" failed: {error.message}')
            raise
        if base is not None:
            await records.update(base, "superseded")
        done = "Install complete" if base is None else "Upgrade complete"
        await records.update(record, "deployed", description or done)
        return _release(record)

    async def rollback(
        self,
        release: str,
        revision: int,
        *,
        namespace: str,
        timeout: int,  # noqa: ASYNC109 - as Helm has it
        wait: bool = False,
        description: str | None = None,
        force_conflicts: bool = True,
        server_side: bool = True,
    ) -> None:
        """Make a new revision like an old one; see `Helm.rollback`."""
        del timeout, wait, server_side
        await self._begin("rollback", release, namespace, revision=revision)
        records = Records(self._kube, namespace, release)
        history = await records.load()
        if not history:
            raise _missing("rolling back", release, namespace)
        target, current = await records.find(revision), history[-1]
        record = {**target, "version": current["version"] + 1}
        said = description or f"Rollback to {revision}"
        record["info"] = {**current["info"], "status": "pending-rollback", "description": said}
        record["info"]["last_deployed"] = self._now()
        await records.create(record, {})
        try:
            deployer = Deployer(self._kube, namespace, release)
            await deployer.deploy(record["manifest"], current["manifest"], force=force_conflicts)
        except HelmFailedError as error:
            await records.update(current, "superseded")
            await records.update(record, "failed", f'Rollback "{release}" failed: {error.message}')
            raise
        for other in history:
            if other["info"]["status"] == "deployed":
                await records.update(other, "superseded")
        await records.update(record, "deployed")

    async def uninstall(
        self,
        release: str,
        *,
        namespace: str,
        timeout: int,  # noqa: ASYNC109 - as Helm has it
        keep_history: bool = False,
    ) -> None:
        """Remove a release; see `Helm.uninstall`."""
        del timeout
        await self._begin("uninstall", release, namespace, keep_history=keep_history)
        records = Records(self._kube, namespace, release)
        history = await records.load()
        if not history or history[-1]["info"]["status"] == "uninstalled":
            raise _missing("uninstalling", release, namespace)
        last = history[-1]
        await records.update(last, "uninstalling", "Deletion in progress (or silently failed)")
        await Deployer(self._kube, namespace, release).remove(last["manifest"])
        if keep_history:
            await records.update(last, "uninstalled", "Uninstallation complete")
            return
        for record in history:
            await records.delete(record)

    async def test(
        self,
        release: str,
        *,
        namespace: str,
        timeout: int,  # noqa: ASYNC109 - as Helm has it
        tests: int = 1,
    ) -> None:
        """Run the test hooks; one whose image's tag is `crash` fails, and those after it are not run."""
        del timeout, tests
        await self._begin("test", release, namespace)
        history = await Records(self._kube, namespace, release).load()
        if not history:
            raise _missing("testing", release, namespace)
        await run_tests(self._kube, namespace, release, history[-1]["hooks"])

    async def template(
        self,
        release: str,
        chart: Path,
        *,
        namespace: str,
        values: Mapping[str, Any] | None = None,
        value_files: Sequence[Path] = (),
        set_values: Mapping[str, str] | None = None,
        kube_version: str | None = None,
        include_crds: bool = False,
        validate: bool = False,
    ) -> str:
        """Render a chart; see `Helm.template`. Only `values` count."""
        del value_files, set_values, kube_version, include_crds, validate
        self.operations.append(Operation("template", release, namespace, {"chart": chart, "values": values or {}}))
        return self._render(chart, release, namespace, values or {})

    async def lint(
        self,
        chart: Path,
        *,
        value_files: Sequence[Path] = (),
        values: Mapping[str, Any] | None = None,
        set_values: Mapping[str, str] | None = None,
        strict: bool = True,
    ) -> list[str]:
        """Find nothing wrong; see `Helm.lint`."""
        del chart, value_files, values, set_values, strict
        return []

    async def _begin(self, name: str, release: str, namespace: str, **arguments: object) -> None:
        operation = Operation(name, release, namespace, arguments)
        self.operations.append(operation)
        if self.before is not None:
            await self.before(operation)

    def _record(
        self, release: str, namespace: str, chart: Path, values: Mapping[str, Any], history: Sequence[Record]
    ) -> Record:
        manifest, hooks = split_hooks(self._render(chart, release, namespace, values))
        now = self._now()
        first = history[0]["info"]["first_deployed"] if history else now
        return {
            "name": release,
            "namespace": namespace,
            "version": history[-1]["version"] + 1 if history else 1,
            "info": {"first_deployed": first, "last_deployed": now, "description": "In progress"},
            "chart": {"metadata": load_metadata(chart)},
            "config": dict(values),
            "manifest": manifest,
            "hooks": hooks,
            "apply_method": "ssa",
        }


def _upgrade_base(history: Sequence[Record], release: str, namespace: str, *, install: bool) -> Record | None:
    """Return the revision an upgrade starts from, as helm chooses it; None for an installation."""
    last = history[-1] if history else None
    if last is None or last["info"]["status"] == "uninstalled":
        if not install:
            raise _missing("upgrading", release, namespace)
        return None
    if last["info"]["status"].startswith("pending-"):
        message = (
            f"upgrading release {release} in namespace {namespace} failed:"
            " another operation (install/upgrade/rollback) is in progress"
        )
        raise ReleaseBusyError(message, hint="Wait for the other helm to end; if none runs: `relman doctor`.")
    deployed = [one for one in history if one["info"]["status"] == "deployed"]
    return deployed[-1] if deployed else last


def _missing(doing: str, release: str, namespace: str) -> ReleaseNotFoundError:
    message = f"{doing} release {release} in namespace {namespace} failed: release: not found"
    return ReleaseNotFoundError(message, hint="See what there is: `helm list --all-namespaces`.")


def _release(record: Record) -> HelmRelease:
    return HelmRelease(
        name=record["name"],
        namespace=record["namespace"],
        revision=record["version"],
        status=record["info"]["status"],
        manifest=record["manifest"],
        description=record["info"]["description"],
    )
