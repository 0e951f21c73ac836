"""Plans on the command line: shown, written to a file, and taken from one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from helmkit.console.printer import Console
from helmkit.errors import UsageError
from relman.actions.plan_file import build_plan_file, load_plan, planned_options, write_plan
from relman.actions.run import RunResult, refuse
from relman.actions.upgrade import UpgradeOptions
from relman.cli.compose import SystemClock, local_identity
from relman.cli.run_output import finish_run

_STANDS_IN_IT = {"environment": "-e", "change_environment": "--change-environment", "release_holds": "--release-hold"}


def stored_options(named: Mapping[str, Any], options: Mapping[str, Any]) -> UpgradeOptions:
    """Return what a stored plan asks for, with the reason and the manners of this command.

    Args:
        named: What the command line names; a stored plan names it already.
        options: The command's options.

    Raises:
        UsageError: The command line says what only the plan may say, or the file is no plan.
    """
    said = [word for word, value in named.items() if value]
    said += [flag for option, flag in _STANDS_IN_IT.items() if options[option]]
    if said:
        msg = f"--plan says already what is to be done, and so does {', '.join(said)}"
        raise UsageError(msg, hint="Leave it out, or plan anew.")
    if options["out"]:
        raise UsageError("--plan and --out stand for opposite things", hint="Leave one of them out.")
    wanted = planned_options(load_plan(options["stored"]))
    skip = tuple(sorted({*wanted.skip, *options["skip"]}))
    return replace(
        wanted, why=options["why"], dry_run=options["dry_run"], parallel=options["parallel"], skip=skip,
        override_freeze=options["override_freeze"], accept_irreversible=options["accept_irreversible"],
    )  # fmt: skip


def finish_planned(
    console: Console, result: RunResult, wanted: UpgradeOptions, output: Literal["table", "json", "yaml"],
    out: Path | None,
) -> int:  # fmt: skip
    """Print a plan and write it where it was asked for; return 0.

    Raises:
        PreflightError: Something speaks against it. It is printed all the same, and not written to a file.
    """
    document = build_plan_file(result.plan, wanted, who=local_identity(os.environ), written=SystemClock().now())
    if out is not None and not result.plan.refusals:
        write_plan(out, document)
        console.info(f"the plan is in {out}; carry it out with `relman upgrade --plan {out}`")
    if output == "table":
        return finish_run(console, result, output)
    console.print_data(document, output, table=_never)
    refuse(result.plan)
    return 0


def _never(_: Any) -> Any:
    raise AssertionError
