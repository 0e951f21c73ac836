"""What `push` and `lock` share: which registry, and how to reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from chartgen.cli.options import App

if TYPE_CHECKING:
    from chartgen.harbor.connection import Access
    from helmkit.oci import ChartReference, RegistryClient


def find_target(
    app: App, access: Access, given: str | None, *, environment: str | None = None, recorded: str = ""
) -> tuple[ChartReference, Access]:
    """Return the chart repository, and how to reach it.

    Args:
        app: The running command.
        access: What the user said of it.
        given: The repository the user named; beats everything.
        environment: Whose repository, where its layer names another one.
        recorded: What the umbrella's bill of materials says, for folders without a release manifest.

    Raises:
        UsageError: Nobody says where.
    """
    from chartgen.harbor.place import load_base
    from helmkit.errors import UsageError
    from helmkit.oci import parse_oci_url

    if given:
        return parse_oci_url(given), access
    # The whole manifest takes half a second to load; most say it in one table of the main file.
    base = None if environment else load_base(app.folder)
    if base is not None:
        plain = access.plain_http or base.plain_http
        return parse_oci_url(f"oci://{base.host}/{base.path}"), replace(access, plain_http=plain)
    repository, plain = _declared(app, environment)
    recorded = repository or recorded
    access = replace(access, plain_http=access.plain_http or plain)
    if not recorded:
        message = "there is no chart repository: the release manifest has no [charts].repository"
        raise UsageError(message, hint="Write it there, or name one: --to oci://host/project.")
    return parse_oci_url(recorded), access


def _declared(app: App, environment: str | None) -> tuple[str, bool]:
    """Return what the release manifest says, and whether plain HTTP is spoken there; nothing where there is none."""
    from chartgen.manifest.load import load_platform
    from chartgen.manifest.sources import MAIN
    from chartgen.workspace import choose_environment

    if not (app.folder / MAIN).is_file():
        return "", False
    platform = load_platform(app.folder)
    place = choose_environment(platform, environment) if environment else platform
    return place.repository, place.plain_http


@asynccontextmanager
async def connect(access: Access, host: str) -> AsyncIterator[RegistryClient]:
    """Give a client of a registry, with the credentials of the command line, of helm or of docker."""
    from helmkit.oci import RegistryClient, load_credentials

    who = access.credentials or await load_credentials(host, access.environ, registry_config=access.registry_config)
    client = RegistryClient(
        host, plain_http=access.plain_http, credentials=who, environ=access.environ, ca_file=access.ca_file
    )
    async with client:
        yield client
