"""`chartgen harbor ensure` and `chartgen harbor doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option
from chartgen.cli.registry_options import registry_options

if TYPE_CHECKING:
    from chartgen.harbor.connection import Access
    from chartgen.harbor.doctor import Diagnosis
    from chartgen.harbor.ensure import EnsureReport, Plan
    from chartgen.harbor.section import Declared
    from helmkit.console import Output, Table
    from helmkit.harbor import NewSecret


@click.group()
def harbor() -> None:
    """Set up the Harbor project that the charts are published in."""


_REGISTRY = click.option(
    "--registry", metavar="URL", default="", help="oci://host/project instead of [charts] of releases.toml."
)


@harbor.command()
@_REGISTRY
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--rotate", multiple=True, metavar="ROBOT", help="Give this robot account a new secret.")
@click.option(
    "--secrets-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the secrets of new robot accounts here (JSON, mode 0600; must not exist).",
)
@click.option("--show-secrets", is_flag=True, help="Print them on stdout instead.")
@output_option
@command_options
@registry_options
def ensure(
    app: App,
    access: Access,
    registry: str,
    *,
    dry_run: bool,
    rotate: tuple[str, ...],
    secrets_file: Path | None,
    show_secrets: bool,
    output: Output,
) -> None:
    """Bring the project to the state that [harbor] in releases.toml declares: visibility, rules, quota, robots.

    Running it again changes nothing. A robot's secret is shown by Harbor once: it goes where you say, and nowhere else.

    \b
    Examples:
      chartgen harbor ensure --dry-run
      chartgen harbor ensure --secrets-file robots.json
      chartgen harbor ensure --rotate ci --show-secrets
    """  # noqa: D301 - click wants the character itself
    from chartgen.harbor.secrets import SecretsFile
    from chartgen.harbor.section import load_declared
    from helmkit.console import run_async

    declared = load_declared(app.folder, registry)
    file = SecretsFile(secrets_file, declared.base.host) if secrets_file else None
    report, shown = run_async(_ensure(app, access, declared, rotate, file, dry_run=dry_run, show=show_secrets))
    app.console.print_data(report, output, table=_table_of_report)
    for secret in shown:
        app.console.print_text(f"{secret.name} {secret.secret}")


async def _ensure(
    app: App, access: Access, declared: Declared, rotate: tuple[str, ...], file: object, *, dry_run: bool, show: bool
) -> tuple[EnsureReport, list[NewSecret]]:
    from chartgen.harbor.connection import connect
    from chartgen.harbor.desired import build_desired
    from chartgen.harbor.ensure import EnsureReport, apply_plan, plan_project
    from chartgen.harbor.secrets import SecretsFile, refuse_without_place

    desired = build_desired(declared.project, declared.section)
    shown: list[NewSecret] = []
    async with connect(declared.base.host, _reached(access, declared)) as connection:
        server = connection.need_harbor()
        plan: Plan = await plan_project(server, desired, rotate)
        apply = not dry_run and bool(plan.steps or plan.secrets)
        if apply:
            if plan.secrets and not show and file is None:
                raise refuse_without_place(plan.secrets)
            if isinstance(file, SecretsFile) and plan.secrets:
                file.prepare()
            with app.console.progress(f"{connection.host}: project {desired.name}"):
                await apply_plan(server, plan, file.add if isinstance(file, SecretsFile) else shown.append)
    unknown = tuple(f"{part}: {error.message}" for part, error in plan.seen.unknown.items())
    for line in unknown:
        app.console.warn(f"not compared: {line}")
    return EnsureReport(connection.host, desired.name, plan.steps, apply, unknown), shown


def _reached(access: Access, declared: Declared) -> Access:
    from dataclasses import replace

    return replace(access, plain_http=access.plain_http or declared.base.plain_http)


def _table_of_report(report: EnsureReport) -> Table:
    from helmkit.console import Table

    rows = [(step.action, step.what, step.old or None, step.new or None) for step in report.steps]
    done = "" if report.applied or not rows else "Nothing was changed (--dry-run)."
    notes = [done] if done else []
    empty = f"Project {report.project} is as declared; nothing to change."
    if report.unknown:
        empty = f"What this account may read of project {report.project} is as declared."
    return Table(["ACTION", "WHAT", "IS", "SHALL BE"], rows, notes=notes, empty=empty)


@harbor.command()
@_REGISTRY
@output_option
@command_options
@registry_options
def doctor(app: App, access: Access, registry: str, output: Output) -> None:
    """Tell what is missing for publishing charts to this Harbor and pulling them, and how to get it.

    Looks at login, rights, mode, quota, rules and robots. Changes nothing: an upload is begun and given up, which is
    the only way to learn whether a push would be let in. Exit code 1 when there is a problem.

    \b
    Examples:
      chartgen harbor doctor
      chartgen harbor doctor --registry oci://harbor.example/charts -o json
    """  # noqa: D301 - click wants the character itself
    from chartgen.harbor.section import load_declared
    from helmkit.console import run_async
    from helmkit.errors import HelmkitError

    declared = load_declared(app.folder, registry)
    found = run_async(_doctor(access, declared))
    app.console.print_data(found, output, table=_table_of_diagnoses)
    problems = sum(one.state == "problem" for one in found)
    if problems:
        message = f"{problems} of {len(found)} things looked at on {declared.base.host} are a problem"
        raise HelmkitError(message, hint="The last column says what to do.")


async def _doctor(access: Access, declared: Declared) -> list[Diagnosis]:
    from chartgen.harbor.connection import connect
    from chartgen.harbor.desired import build_desired
    from chartgen.harbor.doctor import examine

    desired = build_desired(declared.project, declared.section)
    repository = f"{declared.base.path or declared.project}/chartgen-doctor"
    async with connect(declared.base.host, _reached(access, declared)) as connection:
        return await examine(connection, desired, repository=repository)


def _table_of_diagnoses(found: list[Diagnosis]) -> Table:
    from helmkit.console import Table

    return Table(["CHECK", "STATE", "FOUND", "REMEDY"], [(d.check, d.state, d.found, d.remedy or None) for d in found])
