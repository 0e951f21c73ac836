"""Options of the commands that talk to a registry. A password never stands on the command line."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from chartgen.cli.options import App
    from chartgen.harbor.connection import Access


def registry_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a registry to a command; it gets an `Access` as `access`. Goes below `command_options`."""

    @click.option("--plain-http", is_flag=True, help="Speak HTTP without TLS (also: plain_http in the manifest).")
    @click.option("--ca-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CA to trust (PEM).")
    @click.option("--username", metavar="NAME", help="Who we are; a robot with its whole name: 'robot$charts+ci'.")
    @click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
    @click.option(
        "--registry-config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Helm's credentials file.  [default: what `helm registry login` and `docker login` wrote]",
    )
    @functools.wraps(function)
    def command(app: App, *args: Any, **options: Any) -> Any:
        access = _access(app, {name: options.pop(name) for name in _NAMES})
        return function(app, *args, access=access, **options)

    return command


USERNAME = "CHARTGEN_REGISTRY_USERNAME"
PASSWORD = "CHARTGEN_REGISTRY_PASSWORD"  # noqa: S105 - the variable's name
_NAMES = ("plain_http", "ca_file", "username", "password_stdin", "registry_config")


def _access(app: App, given: dict[str, Any]) -> Access:
    from chartgen.harbor.connection import Access
    from helmkit.errors import UsageError
    from helmkit.oci import Credentials

    # CI systems hand secrets over in variables; an option for a password would end up in process lists.
    username = given["username"] or app.environ.get(USERNAME, "")
    if given["password_stdin"]:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = app.environ.get(PASSWORD, "") if username else ""
    if bool(username) != bool(password):
        message = "a user name and a password belong together"
        hint = f"Give --username (or {USERNAME}) with --password-stdin (or {PASSWORD}), or log in: helm registry login."
        raise UsageError(message, hint=hint)
    credentials = Credentials(username, password) if username else None
    return Access(app.environ, given["plain_http"], given["ca_file"], credentials, given["registry_config"])
