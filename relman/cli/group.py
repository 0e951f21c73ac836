"""The group of all commands; each is imported when it is called, so that --help and completion stay fast."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

COMMANDS = {
    "upgrade": "Install or upgrade a service, a namespace or the whole platform, all or nothing.",
    "rollback": "Bring a service or a namespace back to what was good before.",
    "adopt": "Take over what runs already, from kubectl apply or another Helm release, without a restart.",
    "status": "What runs: wanted and running version, health, age, drift.",
    "copy": "Bring what runs in one environment to another.",
    "history": "What ran before: who, when, why, and what was good.",
    "show": "One revision whole: who, when, why, every image and digest, what became of each service.",
    "diff": "What an upgrade would change, and which pods would restart.",
    "drift": "Live objects beside what Helm installed: which fields differ, and who changed them.",
    "images": "The images that are wanted and those that run, with their digests.",
    "pull-secrets": "Check, create and renew the Secrets that images are pulled with.",
    "doctor": "Everything that is wrong now, and the command to type next.",
    "restart": "Replace the pods of a service or a namespace, by dependencies.",
    "resume": "Carry an unfinished run on to its end.",
    "abort": "Take an unfinished run back.",
    "test": "Run the helm tests of a service or a namespace.",
    "unlock": "Free the lock of somebody who is gone.",
    "uninstall": "Remove a service or a namespace; says what stays.",
    "prune": "Remove services that are no longer part of the platform.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports `relman.cli.<name>`, with underscores, on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Return all names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"relman.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"relman {version('chartgen-relman')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"auto_envvar_prefix": "RELMAN", "help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 changes pending, 4 lock held, 5 unreachable, 6 timed out, "
    "7 failed and restored, 8 failed and not restored, 9 refused before anything moved, 130 interrupted.",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def relman() -> None:
    """Bring Kubernetes namespaces to a version of a platform, all or nothing, and back.

    A name is a namespace or a service. Where it could be both, NAME/ means the namespace and NAMESPACE/NAME the
    service.
    """
