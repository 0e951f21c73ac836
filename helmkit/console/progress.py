"""What a long operation is at: one line per thing it works on."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from helmkit.console.table import visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live


class Progress(Protocol):
    """Shows what a long operation is at. A context manager; reports outside of it are lost."""

    def report(self, name: str, state: str, detail: str = "") -> None:
        """Tell what is happening to `name` now. Reports that say nothing new are cheap and show nothing.

        Args:
            name: What it happens to, a service for example.
            state: One or two words: `applying`, `2/3 ready`, `done`.
            detail: More, for those who wait.
        """
        ...

    def note(self, text: str) -> None:
        """Tell something that concerns nothing in particular."""
        ...

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; what was shown last stays."""
        ...


class SilentProgress:
    """Shows nothing; also what use cases get when nobody watches."""

    def report(self, name: str, state: str, detail: str = "") -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""


class LineProgress(SilentProgress):
    """Prints a line for everything new: for CI logs. Without times, which those have already."""

    def __init__(self, title: str, say: Callable[[str], None]) -> None:
        self._title = title
        self._say = say
        self._shown: dict[str, tuple[str, str]] = {}

    def report(self, name: str, state: str, detail: str = "") -> None:
        """Print a line, unless it would say what the last one about `name` said."""
        if self._shown.get(name) != (state, detail):
            self._shown[name] = (state, detail)
            self._say(visible(f"{name}: {state}" + (f" ({detail})" if detail else "")))

    def note(self, text: str) -> None:
        """Print a line."""
        self._say(visible(text))

    def __enter__(self) -> Self:
        """Print the title."""
        self._say(visible(self._title))
        return self


class LiveProgress:
    """Redraws a table on a terminal."""

    def __init__(self, title: str, stderr: TextIO, *, color: bool) -> None:
        self._title = title
        self._stderr = stderr
        self._color = color
        self._rows: dict[str, tuple[str, str]] = {}
        self._live: Live | None = None

    def report(self, name: str, state: str, detail: str = "") -> None:
        """Change the row of `name`, or add one."""
        self._rows[name] = (state, detail)

    def note(self, text: str) -> None:
        """Print a line above the table."""
        if self._live is not None:
            self._live.console.print(visible(text), markup=False, highlight=False)

    def __enter__(self) -> Self:
        """Begin to draw."""
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stderr, force_terminal=True, no_color=not self._color, highlight=False)
        # The table is built when it is drawn, so that a thousand reports a second cost nothing.
        self._live = Live(get_renderable=self._draw, console=console, refresh_per_second=8, transient=False)
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Draw once more and leave the table there."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, title=Text(visible(self._title)), title_justify="left")
        for column in ("NAME", "STATE", "DETAIL"):
            table.add_column(column, overflow="ellipsis", no_wrap=True)
        # Copied first: another thread draws while reports come in.
        for name, (state, detail) in list(self._rows.items()):
            table.add_row(*(Text(visible(part)) for part in (name, state, detail)))
        return table
