"""relman test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import DURATION, cluster_options, output_options, target_options

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.ports import World
    from relman.core.hook_tests import SuiteReport


@click.command("test")
@target_options
@click.option("--timeout", type=DURATION, default=300, help="Limit for each test; five minutes when not given.")
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True, help="Services at a time.")
@output_options
@cluster_options
def command(**options: Any) -> int:
    """Run the helm tests of NAME (a namespace or a service), or of everything, and show the logs of what fails.

    Exits with 1 when a test fails. A chart without tests says so, and is no failure.

    \b
    Examples:
      relman test test-all-services
      relman test gateway --timeout 2m -o json
    """  # noqa: D301 - click wants the character itself
    from helmkit.errors import HelmkitError
    from relman.actions.hook_tests import HookTestOptions, run_hook_tests
    from relman.cli.compose import Connection, build_console, run_command

    wanted = HookTestOptions(options["name"], options["namespace"], options["timeout"], options["parallel"])
    console = build_console()
    connection = Connection(options["kubeconfig"], options["kube_context"], options["helm_binary"])
    with console.progress(f"test {wanted.name or wanted.namespace or 'everything'}") as progress:

        async def use_case(world: World) -> SuiteReport:
            return await run_hook_tests(world, wanted)

        report = run_command(connection, progress, use_case)
    console.print_data(report, options["output"], table=_table)
    for line in _log_lines(report):
        console.info(line)
    if report.failed:
        msg = f"the tests of {len(report.failed)} of {len(report.services)} services failed: {', '.join(report.failed)}"
        raise HelmkitError(msg, hint="Their pods are still there: `kubectl describe pod`.")
    return 0


def _table(report: SuiteReport) -> Table:
    from helmkit.console.table import Table

    rows = [
        [
            one.service,
            one.namespace,
            one.version or None,
            one.outcome,
            f"{one.seconds:g} s" if one.tests else None,
            ", ".join(f"{test.name} {test.outcome}" for test in one.tests) or one.message,
        ]
        for one in report.services
    ]
    return Table(["SERVICE", "NAMESPACE", "VERSION", "OUTCOME", "TIME", "TESTS"], rows, empty="nothing is installed")


def _log_lines(report: SuiteReport) -> list[str]:
    lines = []
    for service in report.services:
        if service.tests and service.message:
            lines += ["", f"{service.service}: {service.message}"]
        for test in service.tests:
            for where, text in test.logs.items():
                lines += [f"  log of {where}:", *(f"    {line}" for line in text.splitlines())]
    return lines
