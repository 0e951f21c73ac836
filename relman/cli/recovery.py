"""What `resume` and `abort` have in common on the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relman.actions.ports import World
    from relman.actions.recover import RecoverOptions
    from relman.actions.run import RunResult
    from relman.actions.upgrade import Review

    Recover = Callable[[World, RecoverOptions, Review], Awaitable[RunResult | None]]


def run_recovery(recover: Recover, title: str, options: Mapping[str, Any]) -> int:
    """Run `recover` with the command's options, print what became of it, and return the exit code."""
    from relman.actions.recover import RecoverOptions
    from relman.cli.compose import Connection, build_console, run_command
    from relman.cli.review import build_review
    from relman.cli.run_output import finish_run, print_nothing

    console = build_console()
    wanted = RecoverOptions(
        name=options["name"],
        namespace=options["namespace"],
        everything=options["everything"],
        why=options["why"],
        dry_run=options["dry_run"],
        timeout=options["timeout"],
        parallel=options["parallel"],
        accept_irreversible=options["accept_irreversible"],
    )
    kubeconfig: Path | None = options["kubeconfig"]
    connection = Connection(kubeconfig, options["kube_context"], options["helm_binary"], options["verify_key"])
    with console.progress(title) as progress:

        async def use_case(world: World) -> RunResult | None:
            return await recover(world, wanted, build_review(progress, yes=options["yes"]))

        result = run_command(connection, progress, use_case, wait_lock=options["wait_lock"])
    if result is None:
        return print_nothing(console, title, "every run came to its end", options["output"])
    return finish_run(console, result, options["output"])
