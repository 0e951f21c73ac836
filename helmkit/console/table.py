"""Tables for people: aligned columns under an upper-case header, as kubectl and helm print them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

_GAP = "  "


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    >>> print(Table(["NAME", "REVISION"], [["gateway", 3]]).render(), end="")
    NAME     REVISION
    gateway  3
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    notes: Sequence[str] = field(default=())
    """Lines that follow the table."""
    empty: str = ""
    """What stands there instead when there are no rows."""

    def render(self) -> str:
        """Return the table as text, each line ended; None is shown as `-`."""
        if not self.rows and self.empty:
            return "".join(f"{line}\n" for line in (self.empty, *self.notes))
        lines = [[str(name) for name in self.columns], *([_cell(value) for value in row] for row in self.rows)]
        widths = [max(_width(line[index]) for line in lines) for index in range(len(self.columns))]
        text = [
            _GAP.join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "".join(f"{line}\n" for line in (*text, *self.notes))


def visible(text: str) -> str:
    r"""Return `text` without what a terminal would obey; names and messages come from clusters and registries.

    >>> visible("a\x1b[31mb\tc")
    'a\\x1b[31mb\tc'
    """
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf"} else repr(char)[1:-1] for char in text
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return visible(str(value)).replace("\n", " ").replace("\t", " ")


def _width(text: str) -> int:
    """Return the columns `text` takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    narrow = sum(unicodedata.combining(char) != 0 for char in text)
    return len(text) + wide - narrow
