"""relman pull-secrets."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, output_options, verify_option

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.ports import World
    from relman.actions.pull_secrets import NewCredentials, PullSecretState

CHANGES = 3
"""Exit code when something is to be done and --exit-code asks for it."""
_PASSWORD = "RELMAN_REGISTRY_PASSWORD"  # noqa: S105 - the name of a variable


@click.command("pull-secrets")
@click.argument("namespace", required=False)
@click.option(
    "--to",
    "version",
    default="",
    help="The platform version that says which Secrets are needed; the installed one otherwise.",
)
@click.option(
    "--from",
    "source",
    envvar="RELMAN_FROM",
    show_envvar=True,
    help="Where the charts are: DIR, FILE.tgz or oci://…; where the newest revision took them from otherwise.",
)
@click.option("-e", "--environment", help="The environment; the recorded one otherwise.")
@click.option("--plain-http", is_flag=True, help="Speak HTTP with the registry of the charts.")
@verify_option
@click.option("--registry", metavar="HOST", default="", help="The registry that the new account pulls from.")
@click.option("--username", metavar="NAME", help="The new account; a robot with its whole name: 'robot$images+pull'.")
@click.option("--password-stdin", is_flag=True, help=f"Read its password from stdin.  [otherwise: {_PASSWORD}]")
@click.option(
    "--secrets-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take registry, account and password from what `chartgen harbor ensure --secrets-file` wrote.",
)
@click.option("--robot", metavar="NAME", help="Which one of the secrets file, when it holds several.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--exit-code", is_flag=True, help="Exit with 3 when something is to be done.")
@output_options
@cluster_options
def command(
    namespace: str | None, version: str, source: str | None, kubeconfig: Path | None, kube_context: str | None,
    helm_binary: Path | None, **options: Any,
) -> int:  # fmt: skip
    """Check the Secrets that images are pulled with, in every namespace or in NAMESPACE; with an account, write them.

    Without an account nothing changes: each Secret is looked at, and shown to its registry. With one, what is missing
    is created (the namespace as well) and what is there gets the new account; entries of other registries stay. The
    registry is asked first, and nothing is changed when it refuses.

    To replace an account while pods are being pulled: make a second one, write it with this command, then remove the
    first one. Nothing restarts.

    \b
    Examples:
      relman pull-secrets
      relman pull-secrets --to 1.4.2 --from oci://harbor.example.com/charts/shop -e prod --secrets-file robots.json
      pass harbor/pull | relman pull-secrets test-all-services --registry harbor.example.com \\
        --username 'robot$images+pull' --password-stdin
    """  # noqa: D301 - click wants the character itself
    from helmkit.console.progress import SilentProgress
    from relman.actions.pull_secrets import PENDING, pull_secrets
    from relman.actions.upgrade import UpgradeOptions
    from relman.cli.compose import Connection, build_console, run_command
    from relman.cli.registry import show_credentials
    from relman.source import Source

    wanted = UpgradeOptions(
        version=version,
        namespace=namespace,
        everything=namespace is None,
        source=Source(source, options["plain_http"]) if source else None,
        environment=options["environment"],
        dry_run=options["dry_run"],
    )
    new = _new_credentials(options)
    connection = Connection(kubeconfig, kube_context, helm_binary, options["verify_key"])

    async def use_case(world: World) -> list[PullSecretState]:
        async with show_credentials(os.environ) as login:
            return await pull_secrets(world, wanted, login, new)

    found = run_command(connection, SilentProgress(), use_case)
    build_console().print_data(found, options["output"], table=_table)
    return CHANGES if options["exit_code"] and any(one.state in PENDING for one in found) else 0


def _new_credentials(options: dict[str, Any]) -> NewCredentials | None:
    from helmkit.errors import UsageError
    from helmkit.oci import Credentials
    from relman.actions.pull_secrets import NewCredentials
    from relman.source.robots import load_robot

    if options["secrets_file"]:
        if options["username"]:
            raise UsageError("--secrets-file and --username both name the account", hint="Leave one of them out.")
        found = load_robot(options["secrets_file"], options["robot"] or "")
        return NewCredentials(options["registry"] or found.registry, Credentials(found.username, found.password))
    if not options["username"]:
        if options["password_stdin"]:
            raise UsageError("--password-stdin gives a password to nobody", hint="Say whose it is with --username.")
        return None
    password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else os.environ.get(_PASSWORD, "")
    if not password or not options["registry"]:
        message = "an account is a registry, a user name and a password"
        raise UsageError(message, hint=f"Give --registry HOST, --username, and --password-stdin or {_PASSWORD}.")
    return NewCredentials(options["registry"], Credentials(options["username"], password))


def _table(found: list[PullSecretState]) -> Table:
    from helmkit.console.table import Table

    rows = [
        [one.namespace, one.secret, one.registry, one.state, one.detail or None, ", ".join(one.services)]
        for one in found
    ]
    columns = ["NAMESPACE", "SECRET", "REGISTRY", "STATE", "WHY", "NEEDED BY"]
    return Table(columns, rows, empty="no image is pulled with a Secret")
