"""`chartgen set`."""

from __future__ import annotations

import click

from chartgen.cli.options import App, command_options


@click.command("set", short_help="Give services other versions in the release manifest.")
@click.argument("assignments", nargs=-1, required=True, metavar="SERVICE=VERSION...")
@click.option("--dry-run", is_flag=True, help="Write nothing; tell what would change.")
@command_options
def set_versions(app: App, assignments: tuple[str, ...], *, dry_run: bool) -> None:
    """Give services other versions (image tags) in the release manifest.

    Only the versions change: comments and layout stay. Nothing is written if anything is wrong; a version that a
    service has already is an error, because it usually means that the wrong service was named.

    \b
    Examples:
      chartgen set gateway=4
      chartgen set gateway=$BUILD_NUMBER test-business-01=17
    """  # noqa: D301 - click wants the character itself
    from chartgen.manifest.load import display_prefix, load_sources
    from chartgen.manifest.splice import set_versions as splice
    from chartgen.output import write_file

    versions: dict[str, str] = {}
    for assignment in assignments:
        key, separator, version = assignment.partition("=")
        if not separator or key in versions:
            reason = f"{key} is named twice" if separator else "it needs SERVICE=VERSION"
            raise click.BadParameter(f"{assignment}: {reason}")  # noqa: EM102
        versions[key] = version
    contents = load_sources(app.folder)
    for name, content in splice(contents, versions, shown_in=display_prefix(app.folder)).items():
        if not dry_run:
            write_file(app.folder / name, content)
        app.console.info(f"{app.folder / name} {'would change' if dry_run else 'changed'}")
    for key, version in versions.items():
        app.console.info(f'services.{key}.version = "{version}"')
