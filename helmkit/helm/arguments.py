"""The argv of every helm command this project runs: pure, so that tests can read it.

Nothing secret may stand here. Flags that take free text are written `--flag=text`, so that text which starts with a
dash stays text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

_DESCRIPTION_LIMIT = 256
"""Longest description `helm rollback` takes, in characters."""


def upgrade_arguments(
    release: str,
    chart: Path,
    *,
    namespace: str,
    timeout: int,
    major: int,
    description: str,
    install: bool,
    wait: bool,
    dry_run: str,
    force_conflicts: bool,
    server_side: bool,
    labels: Mapping[str, str],
) -> list[str]:
    """Return the arguments of `helm upgrade`, values on stdin; `major` is helm's own."""
    arguments = ["upgrade", release, str(chart), f"--namespace={namespace}", "--values=-", "--output=json"]
    arguments += ["--history-max=0", f"--timeout={timeout}s", "--reset-values"]
    if install:
        arguments.append("--install")
    if wait:
        arguments.append("--wait")
    if dry_run != "none":
        arguments.append(f"--dry-run={dry_run}")
    if description:
        arguments.append(f"--description={description}")
    if labels:
        arguments.append("--labels=" + ",".join(f"{key}={labels[key]}" for key in sorted(labels)))
    return arguments + _apply_flags(major, force_conflicts=force_conflicts, server_side=server_side)


def rollback_arguments(
    release: str,
    revision: int,
    *,
    namespace: str,
    timeout: int,
    major: int,
    wait: bool,
    description: str | None,
    force_conflicts: bool,
    server_side: bool,
) -> list[str]:
    """Return the arguments of `helm rollback`; `major` is helm's own."""
    arguments = ["rollback", release, str(revision), f"--namespace={namespace}"]
    arguments += ["--history-max=0", f"--timeout={timeout}s"]
    if wait:
        arguments.append("--wait")
    if description and major >= 4:
        arguments.append(f"--description={description[:_DESCRIPTION_LIMIT]}")
    return arguments + _apply_flags(major, force_conflicts=force_conflicts, server_side=server_side)


def uninstall_arguments(release: str, *, namespace: str, timeout: int, keep_history: bool) -> list[str]:
    """Return the arguments of `helm uninstall`."""
    arguments = ["uninstall", release, f"--namespace={namespace}", f"--timeout={timeout}s"]
    return [*arguments, "--keep-history"] if keep_history else arguments


def hook_test_arguments(release: str, *, namespace: str, timeout: int) -> list[str]:
    """Return the arguments of `helm test`."""
    return ["test", release, f"--namespace={namespace}", f"--timeout={timeout}s"]


def template_arguments(
    release: str,
    chart: Path,
    *,
    namespace: str,
    value_files: Sequence[Path],
    stdin: bool,
    set_values: Mapping[str, str],
    kube_version: str | None,
    include_crds: bool,
    validate: bool,
    major: int,
) -> list[str]:
    """Return the arguments of `helm template`; `major` is helm's own and matters for `validate` alone."""
    arguments = ["template", release, str(chart), f"--namespace={namespace}"]
    arguments += _value_flags(value_files, stdin=stdin, set_values=set_values)
    if kube_version:
        arguments.append(f"--kube-version={kube_version}")
    if include_crds:
        arguments.append("--include-crds")
    if validate:
        arguments.append("--validate" if major < 4 else "--dry-run=server")
    return arguments


def lint_arguments(
    chart: Path, *, value_files: Sequence[Path], stdin: bool, set_values: Mapping[str, str], strict: bool
) -> list[str]:
    """Return the arguments of `helm lint`."""
    arguments = ["lint", str(chart), *_value_flags(value_files, stdin=stdin, set_values=set_values)]
    return [*arguments, "--strict"] if strict else arguments


def _value_flags(value_files: Sequence[Path], *, stdin: bool, set_values: Mapping[str, str]) -> list[str]:
    flags = [f"--values={path}" for path in value_files]
    if stdin:
        flags.append("--values=-")
    # In --set a comma parts assignments and a backslash escapes.
    escaped = {key: value.replace("\\", "\\\\").replace(",", "\\,") for key, value in set_values.items()}
    return flags + [f"--set={key}={value}" for key, value in escaped.items()]


def _apply_flags(major: int, *, force_conflicts: bool, server_side: bool) -> list[str]:
    """Return helm 4's server-side apply flags.

    `--server-side=true` rather than helm's default `auto`: that keeps a release which Helm 3 made on client-side
    apply for ever, where --force-conflicts is an error.
    """
    if major < 4:
        return []
    flags = [f"--server-side={'true' if server_side else 'false'}"]
    return [*flags, "--force-conflicts"] if server_side and force_conflicts else flags
