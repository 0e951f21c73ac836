"""What `push` and `lock` share: which registry, and how to reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from chartgen.cli.options import App

if TYPE_CHECKING:
    from helmkit.oci import ChartReference, RegistryClient


def find_target(app: App, given: str | None, *, plain_http: bool, recorded: str = "") -> tuple[ChartReference, bool]:
    """Return the chart repository and whether it speaks plain HTTP.

    Args:
        app: The running command.
        given: What the user named; beats everything.
        plain_http: What the user said.
        recorded: What the umbrella's bill of materials says, for folders without a release manifest.

    Raises:
        UsageError: Nobody says where.
    """
    from chartgen.manifest.load import load_platform
    from chartgen.manifest.sources import MAIN
    from helmkit.errors import UsageError
    from helmkit.oci import parse_oci_url

    if given:
        return parse_oci_url(given), plain_http
    if (app.folder / MAIN).is_file():
        platform = load_platform(app.folder)
        recorded, plain_http = platform.repository or recorded, plain_http or platform.plain_http
    if not recorded:
        message = "there is no chart repository: the release manifest has no [charts].repository"
        raise UsageError(message, hint="Write it there, or name one: --to oci://host/project.")
    return parse_oci_url(recorded), plain_http


@asynccontextmanager
async def connect(app: App, target: ChartReference, *, plain_http: bool) -> AsyncIterator[RegistryClient]:
    """Give a client of the target's registry, with the credentials that helm or docker have."""
    from helmkit.oci import RegistryClient, load_credentials

    credentials = await load_credentials(target.host, app.environ)
    client = RegistryClient(target.host, plain_http=plain_http, credentials=credentials, environ=app.environ)
    async with client:
        yield client
