"""The typed facade over helm: one method per helm command this project needs, under helm's own names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from helmkit.errors import UsageError
from helmkit.helm.arguments import hook_test_arguments, rollback_arguments, uninstall_arguments, upgrade_arguments
from helmkit.helm.errors import HelmFailedError
from helmkit.helm.offline import OfflineHelm, checked_chart, encode_values
from helmkit.helm.release import HelmRelease, parse_release
from helmkit.names import is_release_name
from helmkit.process import GRACE

DryRun = Literal["none", "client", "server"]

_MARGIN = 30
"""Seconds beyond helm's own --timeout after which a command has ended for certain."""


def hard_limit(timeout: int) -> int:
    """Return the seconds after which a helm command given `timeout` has ended for certain.

    Helm's own --timeout holds for each operation (every hook anew), ours for the whole command; the time between
    SIGTERM and SIGKILL is in it.
    """
    return timeout + _MARGIN


class Helm(OfflineHelm):
    """Runs helm commands on one cluster, and those that need none (`template`, `lint`); see `OfflineHelm`."""

    async def upgrade(
        self,
        release: str,
        chart: Path,
        *,
        namespace: str,
        values: Mapping[str, Any],
        timeout: int,  # noqa: ASYNC109 - helm's own flag
        description: str = "",
        install: bool = True,
        wait: bool = False,
        dry_run: DryRun = "none",
        force_conflicts: bool = True,
        server_side: bool = True,
        labels: Mapping[str, str] | None = None,
    ) -> HelmRelease:
        """Install the release, or bring it to this chart and these values (`helm upgrade --install`).

        Old revisions are never pruned (`--history-max 0`); values are not reused from earlier revisions.

        Args:
            release: Its name.
            chart: A chart's folder or .tgz.
            namespace: Must exist.
            values: Given on stdin. Nobody but helm and the cluster sees them.
            timeout: Seconds for the whole command; see `hard_limit`.
            description: Stands in the release's history; helm writes its own when empty.
            install: Install it when there is none; else that is a ReleaseNotFoundError.
            wait: Let helm wait until everything is ready.
            dry_run: `client` renders only; `server` asks the cluster for its version and kinds as well. Neither tries
                the change: an immutable field passes both (tried, helm 4.3). `Kube.apply_object` with `dry_run` does.
            force_conflicts: Take fields over from other field managers (server-side apply only).
            server_side: Use server-side apply, also for a release that was client-side before (made by Helm 3).
                Helm 3 has only client-side apply and ignores both.
            labels: Set on the release's Secret, merged with those it has.

        Returns:
            The new revision.
        """
        arguments = upgrade_arguments(
            _checked_name(release),
            checked_chart(chart),
            namespace=namespace,
            timeout=timeout,
            major=(await self.version()).major,
            description=description,
            install=install,
            wait=wait,
            dry_run=dry_run,
            force_conflicts=force_conflicts,
            server_side=server_side,
            labels=labels or {},
        )
        doing = f"upgrading release {release} in namespace {namespace}"
        output = await self.command().run(
            arguments, encode_values(values), doing=doing, limit=hard_limit(timeout) - GRACE
        )
        try:
            return parse_release(output)
        except ValueError as error:
            message = f"{doing} ended well, but its answer cannot be read: {error}"
            raise HelmFailedError(message, hint="Look at it with `helm status`; is this helm 3.18 to 4?") from error

    async def rollback(
        self,
        release: str,
        revision: int,
        *,
        namespace: str,
        timeout: int,  # noqa: ASYNC109 - helm's own flag
        wait: bool = False,
        description: str | None = None,
        force_conflicts: bool = True,
        server_side: bool = True,
    ) -> None:
        """Make a new revision that is like `revision` (`helm rollback`).

        Args:
            release: Its name.
            revision: What to go back to; its Secret must still be there.
            namespace: Of the release.
            timeout: Seconds for the whole command; see `hard_limit`.
            wait: Let helm wait until everything is ready.
            description: Stands in the release's history, cut at 256 characters. Helm 3 has no way to set it.
            force_conflicts: As in `upgrade`.
            server_side: As in `upgrade`.

        Raises:
            ReleaseNotFoundError: There is no such release, or no such revision.
        """
        arguments = rollback_arguments(
            _checked_name(release),
            revision,
            namespace=namespace,
            timeout=timeout,
            major=(await self.version()).major,
            wait=wait,
            description=description,
            force_conflicts=force_conflicts,
            server_side=server_side,
        )
        doing = f"rolling release {release} in namespace {namespace} back to revision {revision}"
        await self.command().run(arguments, doing=doing, limit=hard_limit(timeout) - GRACE)

    async def uninstall(
        self,
        release: str,
        *,
        namespace: str,
        timeout: int,  # noqa: ASYNC109 - helm's own flag
        keep_history: bool = False,
    ) -> None:
        """Remove the release's objects and, unless `keep_history`, its revisions (`helm uninstall`).

        Objects annotated `helm.sh/resource-policy: keep` stay. Revision numbers restart with the next install.

        Raises:
            ReleaseNotFoundError: There is no such release.
        """
        arguments = uninstall_arguments(
            _checked_name(release), namespace=namespace, timeout=timeout, keep_history=keep_history
        )
        doing = f"uninstalling release {release} in namespace {namespace}"
        await self.command().run(arguments, doing=doing, limit=hard_limit(timeout) - GRACE)

    async def test(
        self,
        release: str,
        *,
        namespace: str,
        timeout: int,  # noqa: ASYNC109 - helm's own flag
        tests: int = 1,
    ) -> None:
        """Run the test hooks of the newest revision, one after the other (`helm test`).

        Pods and Jobs of tests that failed stay, unless their chart's hook-delete-policy says otherwise.

        Args:
            release: Its name.
            namespace: Of the release.
            timeout: Seconds for each test.
            tests: How many it has, for the limit of the whole command.

        Raises:
            HelmFailedError: One of them failed; those after it were not run.
            ReleaseNotFoundError: There is no such release.
        """
        arguments = hook_test_arguments(_checked_name(release), namespace=namespace, timeout=timeout)
        doing = f"testing release {release} in namespace {namespace}"
        await self.command().run(arguments, doing=doing, limit=hard_limit(timeout * max(1, tests)) - GRACE)


def _checked_name(release: str) -> str:
    # Also keeps a name such as `--help` from being read as a flag.
    if not is_release_name(release):
        message = f"{release!r} cannot be the name of a Helm release"
        raise UsageError(message, hint="Use up to 53 lower-case letters, digits and dashes.")
    return release
