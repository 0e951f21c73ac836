"""What `restart`, `uninstall` and `prune` have in common on the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relman.actions.ports import World
    from relman.actions.run import RunResult
    from relman.actions.single import SingleOptions
    from relman.actions.upgrade import Review

    UseCase = Callable[[World, SingleOptions, Review], Awaitable[RunResult]]


def run_single(use_case: UseCase, title: str, options: Mapping[str, Any], *, ask: bool) -> int:
    """Run a use case with the command's options, print what became of it, and return the exit code.

    Args:
        use_case: Restart, uninstall or prune.
        title: Its name.
        options: The command's options.
        ask: Ask before anything moves.
    """
    from relman.actions.single import SingleOptions
    from relman.cli.compose import Connection, build_console, run_command
    from relman.cli.review import build_review
    from relman.cli.run_output import finish_run

    console = build_console()
    wanted = SingleOptions(
        name=options["name"],
        namespace=options["namespace"],
        why=options["why"],
        dry_run=options["dry_run"],
        timeout=options["timeout"],
        parallel=options["parallel"],
        override_freeze=options.get("override_freeze", ""),
    )
    connection = Connection(options["kubeconfig"], options["kube_context"], options["helm_binary"])
    with console.progress(f"{title} {wanted.name or wanted.namespace or ''}".rstrip()) as progress:

        async def go(world: World) -> RunResult:
            return await use_case(world, wanted, build_review(progress, yes=options["yes"], always=ask))

        result = run_command(connection, progress, go, wait_lock=options["wait_lock"])
    return finish_run(console, result, options["output"])
