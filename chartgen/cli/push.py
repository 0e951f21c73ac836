"""`chartgen push`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option
from chartgen.cli.registry_options import registry_options

if TYPE_CHECKING:
    from chartgen.harbor.connection import Access
    from chartgen.publish import Published
    from chartgen.umbrella import Umbrella
    from helmkit.console import Output, Table
    from helmkit.oci import ChartReference

Inputs = tuple[Path, Sequence[str]]
"""A folder, and what in it the charts are made of."""


@click.command(short_help="Publish the charts to an OCI registry.")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    help="Umbrella chart: its folder or .tgz, or a folder with one.  [default: charts/]",
)
@click.option(
    "--bundle",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Publish the archive that `chartgen bundle` wrote instead of charts/.",
)
@click.option("--to", metavar="URL", help="Chart repository, oci://HOST/PROJECT.  [default: [charts].repository]")
@click.option("-e", "--environment", metavar="NAME", help="To the repository that values/NAME.toml names.")
@click.option("--sign", "key", metavar="KEY", help="Sign every chart with this private key; takes cosign.")
@click.option("--dry-run", is_flag=True, help="Push nothing; tell what would be pushed or refused.")
@output_option
@command_options
@registry_options
def push(
    app: App,
    access: Access,
    *,
    source: Path | None,
    bundle: Path | None,
    to: str | None,
    environment: str | None,
    key: str | None,
    dry_run: bool,
    output: Output,
) -> None:
    """Publish the umbrella chart and its subcharts to an OCI registry.

    URL/PLATFORM/SERVICE for each subchart, URL/PLATFORM for the umbrella, which goes last. What is published already
    is left alone; a version that is published with other content is refused before anything is pushed, and so are
    charts that would land among images of the same name. A push that was cut goes on when it is run again. Log in with
    `helm registry login` or `docker login`.

    \b
    Examples:
      chartgen push
      chartgen push --dry-run -o json
      chartgen push --from dist/shop-1.4.2.tgz --to oci://localhost:5000/charts --plain-http
      chartgen push --bundle shop-1.4.2.tar --to oci://harbor.inside/charts
      chartgen push --sign cosign.key
    """  # noqa: D301 - click wants the character itself
    if bundle:
        _check_bundle_options(source, key)
        _push_bundle(app, access, bundle, to, environment, dry_run=dry_run, output=output)
        return
    if key:
        from helmkit.cosign import check_signer

        check_signer(app.environ, key, "publishing signed charts")
    umbrella = _load(app, source)
    results = _push_umbrella(app, access, umbrella, source, to, environment, key, dry_run=dry_run)
    app.console.print_data(results, output, table=_table)


def _load(app: App, source: Path | None) -> Umbrella:
    from chartgen.umbrella import check_contents, load_umbrella

    umbrella = load_umbrella(source or app.folder / "charts")
    check_contents(umbrella)
    if source is None:
        _check_version(app, umbrella)
    return umbrella


def _push_umbrella(
    app: App,
    access: Access,
    umbrella: Umbrella,
    source: Path | None,
    to: str | None,
    environment: str | None,
    key: str | None,
    *,
    dry_run: bool,
) -> list[Published]:
    from chartgen.cli.registry import find_target
    from chartgen.origin import INPUT as ORIGIN_PATHS
    from helmkit.console import run_async

    target, access = find_target(app, access, to, environment=environment, recorded=umbrella.bom.repository)
    # A chart named by hand is of the commit that holds it, whatever this folder is.
    inputs = (source.absolute().parent, [source.name]) if source else (app.folder, ORIGIN_PATHS)
    results = run_async(_push(app, access, umbrella, target, inputs, dry_run=dry_run))
    if key and not dry_run:
        _sign(app, access, target, umbrella, key)
    return results


def _check_bundle_options(source: Path | None, key: str | None) -> None:
    from helmkit.errors import UsageError

    if source:
        message = "--bundle and --from both say what to publish"
        raise UsageError(message, hint="Leave one of them out.")
    if key:
        message = "a bundle brings its signatures along, and --sign would add others"
        raise UsageError(message, hint="Leave --sign out, or sign afterwards: chartgen sign CHART:VERSION.")


def _check_version(app: App, umbrella: Umbrella) -> None:
    """Refuse charts that were not built since the version was raised: their old version may be taken already."""
    from chartgen.harbor.place import MANIFEST, load_version
    from helmkit.errors import UsageError

    stated = load_version(app.folder)
    if stated and stated != umbrella.bom.version:
        message = f"{app.folder / 'charts'} holds version {umbrella.bom.version}, but {MANIFEST} says {stated}"
        raise UsageError(message, hint="Build first: `chartgen build`; or name what to publish: --from charts.")


def _sign(app: App, access: Access, target: ChartReference, umbrella: Umbrella, key: str) -> None:
    from chartgen.harbor.place import Place
    from chartgen.promote.signing import sign_version
    from helmkit.console import run_async

    home = target.child(umbrella.bom.platform)
    place = Place(home.host, home.repository, umbrella.bom.version, access.plain_http)
    with app.console.progress(f"signing {place}"):
        done = run_async(sign_version(access, place, key, check=False))
    app.console.info(f"signed {len(done)} charts of {place}")


def _push_bundle(
    app: App, access: Access, bundle: Path, to: str | None, environment: str | None, *, dry_run: bool, output: Output
) -> None:
    from chartgen.cli.bundle import push_archive
    from chartgen.cli.promote import table_of_copies
    from chartgen.cli.registry import find_target

    target, access = find_target(app, access, to, environment=environment, recorded="")
    done = push_archive(app, access, bundle, str(target), dry_run=dry_run)
    app.console.print_data(done, output, table=table_of_copies)


async def _push(
    app: App, access: Access, umbrella: Umbrella, target: ChartReference, inputs: Inputs, *, dry_run: bool
) -> list[Published]:
    from chartgen.cli.registry import connect
    from chartgen.origin import read_origin
    from chartgen.publish import plan_charts, preview, publish

    origin = await read_origin(inputs[0], app.environ, inputs[1])
    if not origin.revision:
        app.console.detail("the charts are of no commit: their manifests name none")
    charts = plan_charts(umbrella, target, origin)
    async with connect(access, target.host) as client:
        if dry_run:
            return await preview(client, charts)
        with app.console.progress(f"{len(charts)} charts -> {target}/{umbrella.bom.platform}") as progress:
            return await publish(client, charts, progress.report)


def _table(results: list[Published]) -> Table:
    from helmkit.console import Table

    return Table(["CHART", "VERSION", "ACTION", "URL"], [(r.name, r.version, r.action, r.url) for r in results])
