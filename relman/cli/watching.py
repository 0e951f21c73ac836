"""`relman status --watch`: a live table on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    from rich.text import Text

    from helmkit.console.printer import Console
    from helmkit.console.table import Table
    from relman.actions.status import StatusReport
    from relman.cli.compose import Connection

Output = Literal["table", "json", "yaml"]
Render = Callable[["StatusReport"], "Table"]


def watch(connection: Connection, name: str | None, namespace: str | None, output: Output, table: Render) -> int:
    """Show the status until Ctrl-C, which leaves the terminal as it was, the last table on it.

    Raises:
        KeyboardInterrupt: Somebody ended it.
    """
    from relman.actions.ports import World
    from relman.actions.watching import watch_status
    from relman.cli.compose import build_console, run_command

    console = build_console()
    screen = LiveScreen(sys.stdout) if output == "table" and _is_terminal(sys.stdout) else None
    show = screen.show(table) if screen else _lines(console, output, table)

    async def use_case(world: World) -> None:
        await watch_status(world, name, namespace, show)

    try:
        run_command(connection, _Notes(console), use_case)
    finally:
        if screen:
            screen.close()
    return 0


class LiveScreen:
    """Redraws a table in its place; what was drawn last stays."""

    def __init__(self, stdout: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        self._drawn: Callable[[], str] = str
        plain = Console(file=stdout, force_terminal=True, no_color=True, highlight=False)
        self._live = Live(
            get_renderable=self._draw, console=plain, refresh_per_second=1, transient=False, vertical_overflow="visible"
        )
        self._live.start()

    def show(self, table: Render) -> Callable[[StatusReport | None, StatusReport], None]:
        """Return what draws a report; its ages go on by themselves."""

        def draw(_last: StatusReport | None, report: StatusReport) -> None:
            self._drawn = lambda: table(report).render()
            self._live.refresh()

        return draw

    def _draw(self) -> Text:
        from rich.text import Text

        return Text(self._drawn().rstrip("\n"), no_wrap=True)

    def close(self) -> None:
        """Draw no more and give the cursor back; a second time does nothing."""
        self._live.stop()


class _Notes:
    """Notes on stderr; services report nothing here."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def report(self, name: str, state: str, detail: str = "") -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Print it."""
        self._console.info(text)


def _lines(console: Console, output: Output, table: Render) -> Callable[[StatusReport | None, StatusReport], None]:
    from relman.actions.watching import status_changes

    def show(last: StatusReport | None, report: StatusReport) -> None:
        if output != "table":
            # One document for each change; in YAML and in JSON lines a reader knows where one ends.
            console.print_text(_document(report, output))
        elif last is None:
            console.print_data(report, output, table=table)
        else:
            for line in status_changes(last, report):
                console.print_text(f"{line}\n")
        sys.stdout.flush()

    return show


def _document(report: StatusReport, output: Output) -> str:
    import msgspec

    from helmkit.yaml import dump_yaml

    if output == "json":
        return msgspec.json.encode(report).decode() + "\n"
    return "---\n" + dump_yaml(msgspec.to_builtins(report))


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"
