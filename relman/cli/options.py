"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_PART = re.compile(r"(\d+)(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType[int]):
    """`90s`, `10m`, `1h30m` or a number of seconds, as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return seconds."""
        text = str(value).strip()
        if text.isdecimal():
            return int(text)
        parts = _PART.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            self.fail(f"{text!r} is not a duration such as 90s, 10m or 1h30m", param, ctx)
        return sum(int(number) * _SECONDS[unit] for number, unit in parts)


DURATION = Duration()


def target_options(command: Command) -> Command:
    """Add what names a namespace or a service."""
    command = click.option("-n", "--namespace", help="The namespace; NAME is then a service in it.")(command)
    return click.argument("name", required=False)(command)


def output_options(command: Command) -> Command:
    """Add how results are shown."""
    command = click.option("--debug", is_flag=True, help="Show tracebacks.")(command)
    return click.option(
        "-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True,
        help="Data on stdout; everything else goes to stderr.",
    )(command)  # fmt: skip


def cluster_options(command: Command) -> Command:
    """Add which cluster and which helm to use."""
    command = click.option(
        "--helm", "helm_binary", type=click.Path(path_type=Path), envvar="RELMAN_HELM", show_envvar=True,
        help="The helm to run; the first on the PATH otherwise.",
    )(command)  # fmt: skip
    command = click.option(
        "--kube-context", envvar="RELMAN_KUBE_CONTEXT", show_envvar=True, help="The kubeconfig's context."
    )(command)
    return click.option(
        "--kubeconfig", type=click.Path(path_type=Path), envvar="RELMAN_KUBECONFIG", show_envvar=True,
        help="The kubeconfig file; KUBECONFIG or ~/.kube/config otherwise.",
    )(command)  # fmt: skip


def source_options(command: Command) -> Command:
    """Add where charts come from and which version is meant."""
    command = verify_option(click.option("--plain-http", is_flag=True, help="Speak HTTP with the registry.")(command))
    command = click.option("-e", "--environment", help="The environment; recorded by the first run and used again.")(
        command
    )
    command = click.option(
        "--from", "source", envvar="RELMAN_FROM", show_envvar=True,
        help="Where the charts are: DIR, FILE.tgz or oci://…; where the newest revision took them from otherwise.",
    )(command)  # fmt: skip
    command = click.option("--all", "everything", is_flag=True, help="Every namespace of the platform.")(command)
    return click.option("--to", "version", default="", help="The platform version.")(command)


def verify_option(command: Command) -> Command:
    """Add the demand for a signature on whatever is fetched."""
    return click.option(
        "--verify", "verify_key", metavar="KEY", default="", envvar="RELMAN_VERIFY", show_envvar=True,
        help="Public cosign key: refuse an umbrella from a registry that it did not sign, and one from a folder.",
    )(command)  # fmt: skip


def freeze_option(command: Command) -> Command:
    """Add the reason for which something is done inside a freeze."""
    return click.option(
        "--override-freeze", metavar="REASON", default="", help="Why it cannot wait for the end of a freeze; recorded."
    )(command)


def irreversible_option(command: Command) -> Command:
    """Add the consent to going back over what was declared irreversible."""
    return click.option(
        "--accept-irreversible", is_flag=True,
        help="Go back across limits and migrations that the platform declares irreversible.",
    )(command)  # fmt: skip


def require_version(version: str) -> None:
    """Refuse a command that was not told the version.

    Raises:
        click.UsageError: It was not.
    """
    if not version:
        raise click.UsageError("Missing option '--to': the platform version.")


CHECKS = (
    "rights", "versions", "dry-run", "references", "image", "node-ports", "capacity", "dependencies", "release-size",
)  # fmt: skip
"""As in `relman.core.preflight`, which `--help` need not import; a test compares them."""


def run_options(command: Command) -> Command:
    """Add how a run behaves, and what it does when it fails."""
    command = click.option(
        "--on-failure", type=click.Choice(["restore", "keep"]), default="restore", show_default=True,
        help="restore: all that moved goes back. keep: independent services go on, nothing goes back.",
    )(command)  # fmt: skip
    command = click.option(
        "--skip", multiple=True, type=click.Choice(CHECKS),
        help="Leave a check of preflight out; may be given again. The history says so.",
    )(command)  # fmt: skip
    return pace_options(command)


def pace_options(command: Command) -> Command:
    """Add how a run behaves that has nothing to go back to."""
    command = click.option(
        "--wait-lock", type=DURATION, default=0, help="Queue this long when somebody else is changing it."
    )(command)
    command = click.option(
        "--parallel", type=click.IntRange(1, 64), default=4, show_default=True, help="Services at a time."
    )(command)
    command = click.option(
        "--timeout", type=DURATION, default=0,
        help="Limit for each rollout; computed from startup budget, replicas and strategy otherwise.",
    )(command)  # fmt: skip
    command = click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")(command)
    command = click.option("--yes", is_flag=True, help="Do not ask.")(command)
    return click.option("-m", "--message", "why", default="", help="Why; stands in the history.")(command)
