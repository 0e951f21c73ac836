"""`chartgen lock`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options
from chartgen.cli.registry_options import registry_options

if TYPE_CHECKING:
    from chartgen.harbor.connection import Access
    from chartgen.umbrella import Umbrella


@click.command(short_help="Write releases.lock anew from what is published.")
@click.option(
    "--from",
    "source",
    metavar="URL|PATH",
    help="Published umbrella: oci://HOST/PROJECT/PLATFORM:VERSION, a folder or a .tgz.  "
    "[default: the newest final version in [charts].repository]",
)
@command_options
@registry_options
def lock(app: App, access: Access, *, source: str | None) -> None:
    """Write releases.lock anew from what is published.

    It holds the version of each subchart and what Kubernetes does not let change. Use it when the file is lost, or
    when charts were built under a version that is published already. Run `chartgen build` afterwards.

    \b
    Examples:
      chartgen lock
      chartgen lock --from oci://harbor.example/charts/shop:1.4.2
      chartgen lock --from dist/shop-1.4.2.tgz
    """  # noqa: D301 - click wants the character itself
    from chartgen.lockfile import FILE_NAME, render_lock
    from chartgen.output import write_file
    from chartgen.umbrella import load_umbrella, recover_lock
    from helmkit.console import run_async

    if source and not source.startswith("oci://"):
        umbrella = load_umbrella(Path(source))
    else:
        umbrella = run_async(_fetch(app, access, source))
    path = app.folder / FILE_NAME
    write_file(path, render_lock(recover_lock(umbrella)).encode())
    app.console.info(f"{path} written from {umbrella.source}")


async def _fetch(app: App, access: Access, url: str | None) -> Umbrella:
    from chartgen.cli.registry import connect, find_target
    from chartgen.manifest.load import load_platform
    from chartgen.umbrella import fetch_umbrella

    target, access = find_target(app, access, url)
    if not url:
        target = target.child(load_platform(app.folder).name)
    async with connect(access, target.host) as client:
        return await fetch_umbrella(client, target)
