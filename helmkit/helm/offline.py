"""Helm commands that need no cluster: rendering and linting charts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmkit.errors import HelmkitError
from helmkit.helm.arguments import lint_arguments, template_arguments
from helmkit.helm.errors import HelmFailedError
from helmkit.helm.finder import check_version, find_helm
from helmkit.helm.release import HelmVersion
from helmkit.yaml import dump_yaml

if TYPE_CHECKING:
    from helmkit.helm.command import HelmCommand


class OfflineHelm:
    """Runs helm commands that need no cluster; `Helm` adds the others.

    Safe to use for several releases at once. A cancelled call leaves no helm behind. Every method raises
    HelmkitError subclasses only; `helmkit.helm.errors` lists those that helm causes.

    Args:
        binary: The helm to run; found by `find_helm` when None.
        environ: The environment to take PATH, HOME, proxies and the like from.
        kubeconfig: The kubeconfig file; that of `environ` when None.
        context: The kubeconfig's context; its current one when None.
        registry_config: The registry credentials file; that of `environ` when None.
    """

    def __init__(
        self,
        binary: Path | None,
        environ: Mapping[str, str],
        *,
        kubeconfig: Path | None = None,
        context: str | None = None,
        registry_config: Path | None = None,
    ) -> None:
        self._binary = binary
        self._environ = dict(environ)
        self._kubeconfig = kubeconfig
        self._context = context
        self._registry_config = registry_config
        self._made: HelmCommand | None = None
        self._version: HelmVersion | None = None
        self._asking = asyncio.Lock()

    async def version(self) -> HelmVersion:
        """Return the version of the binary; asked once.

        Raises:
            UsageError: There is no helm, or it is older than `MINIMUM_VERSION`.
        """
        async with self._asking:
            if self._version is None:
                output = await self.command().run(
                    ["version", "--template", "{{.Version}}"], doing="asking helm for its version"
                )
                self._version = check_version(output.decode(errors="replace"))
        return self._version

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
        """Render a chart and return its YAML (`helm template`); needs no cluster unless `validate`.

        Args:
            release: The name it would be installed under.
            chart: A chart's folder or .tgz.
            namespace: Where it would be installed.
            values: Given on stdin; beat `value_files`.
            value_files: Later ones beat earlier ones.
            set_values: As `--set`, typed as helm does it; beat all others. They stand in argv: no secrets.
            kube_version: The Kubernetes version to render for; helm's own when None.
            include_crds: Render the chart's `crds/` folder as well.
            validate: Ask the cluster whether it knows the rendered kinds.

        Raises:
            RenderError: A template or the values are wrong.
            UsageError: There is no helm, or it is too old.
        """
        arguments = template_arguments(
            release,
            checked_chart(chart),
            namespace=namespace,
            value_files=value_files,
            stdin=values is not None,
            set_values=set_values or {},
            kube_version=kube_version,
            include_crds=include_crds,
            validate=validate,
            major=(await self.version()).major if validate else 0,
        )
        stdin = None if values is None else encode_values(values)
        # Asked in any case, beside the work: a helm that is too old must not render silently.
        asking = asyncio.create_task(self.version())
        try:
            output = await self.command().run(arguments, stdin, doing=f"rendering {chart} as {release}")
        except HelmkitError:
            await asking
            raise
        except BaseException:
            asking.cancel()
            raise
        await asking
        return output.decode(errors="replace")

    async def lint(
        self,
        chart: Path,
        *,
        value_files: Sequence[Path] = (),
        values: Mapping[str, Any] | None = None,
        set_values: Mapping[str, str] | None = None,
        strict: bool = True,
    ) -> list[str]:
        """Return helm's remarks on a chart, each like `[INFO] Chart.yaml: icon is recommended` (`helm lint`).

        Args:
            chart: A chart's folder or .tgz.
            value_files: As in `template`.
            values: As in `template`.
            set_values: As in `template`.
            strict: Warnings fail as well.

        Raises:
            HelmFailedError: Helm objects; its messages stand in the error.
        """
        arguments = lint_arguments(
            checked_chart(chart),
            value_files=value_files,
            stdin=values is not None,
            set_values=set_values or {},
            strict=strict,
        )
        stdin = None if values is None else encode_values(values)
        result = await self.command().execute(arguments, stdin, doing=f"linting {chart}")
        remarks = _remarks(result.stdout)
        if result.returncode != 0:
            faults = [text for text in remarks if not text.startswith("[INFO]")]
            said = "\n  ".join(faults) or result.stderr.decode(errors="replace").strip()
            message = f"helm lint objects to {chart}:\n  {said}"
            raise HelmFailedError(message, hint="Correct the chart's templates or values.")
        return remarks

    def command(self) -> HelmCommand:
        """Return what runs helm, for commands that have no method here.

        Raises:
            UsageError: There is no helm.
        """
        if self._made is None:
            from helmkit.helm.command import HelmCommand, build_environment

            environ = build_environment(
                self._environ,
                kubeconfig=self._kubeconfig,
                context=self._context,
                registry_config=self._registry_config,
            )
            self._made = HelmCommand(self._binary or find_helm(self._environ), environ)
        return self._made


def encode_values(values: Mapping[str, Any]) -> bytes:
    """Return values as YAML that helm reads back unchanged."""
    return dump_yaml(dict(values)).encode()


def checked_chart(chart: Path) -> Path:
    """Return `chart`.

    Raises:
        HelmkitError: It does not exist.
    """
    # Helm takes the name of a missing folder for a chart repository's and says something puzzling.
    if not chart.exists():
        message = f"the chart {chart} does not exist"
        raise HelmkitError(message, hint="Name a chart's folder or .tgz; `chartgen build` makes them.")
    return chart


def _remarks(stdout: bytes) -> list[str]:
    """Return the lines helm lint marked with a severity, with what follows them indented."""
    remarks: list[str] = []
    for line in stdout.decode(errors="replace").splitlines():
        if line.startswith("["):
            remarks.append(line)
        elif line.startswith(("\t", " ")) and remarks:
            remarks[-1] += f" {line.strip()}"
    return remarks
