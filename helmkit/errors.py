"""Errors both tools raise, and the exit code of each.

    HelmkitError                1  failed
    ├── ForbiddenError          1  a cluster or a registry knows who we are, and refuses
    ├── UsageError              2  a command or its configuration is wrong
    │   └── InputError          2  a file people write is wrong, all problems at once
    ├── StaleError              3  changes are pending, or generated files are stale
    ├── LockHeldError           4  somebody else is changing the same set
    ├── UnreachableError        5  a cluster or a registry does not answer, or does not know who we are
    ├── TimedOutError           6  it took longer than it may
    ├── RestoredError           7  failed, and everything this run moved is back
    ├── NotRestoredError        8  failed, and something is not back
    ├── PreflightError          9  refused before anything moved
    └── InterruptedRunError   130  stopped by the user

Exit code 0 means done. An error says what was being done, on what, why it failed and what to do next.
Constructors print nothing; `helmkit.console` shows errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, order=True)
class Position:
    """A place in a file people write; line and column count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return `file:line:column` as editors and terminals link it."""
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column or 1}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in the input."""

    message: str
    where: Position | None = None
    hint: str | None = None

    def __str__(self) -> str:
        """Return the problem on one line, place first; the hint follows on an indented one."""
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n    {self.hint}" if self.hint else head


class HelmkitError(Exception):
    """The root of every error both tools raise on purpose.

    Args:
        message: What was being done, on what, and why it failed. Never a secret.
        hint: What to do next, often a command to type.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(HelmkitError):
    """The command line or the configuration asks for something that cannot be."""

    exit_code = 2


class InputError(UsageError):
    """A file people write is wrong. Carries every problem found, sorted by place."""

    def __init__(self, what: str, problems: list[Problem], *, hint: str | None = None) -> None:
        self.problems = sorted(problems, key=_place)
        count = f"{len(problems)} problem" + ("" if len(problems) == 1 else "s")
        super().__init__("\n".join([f"{what}: {count}", *(str(p) for p in self.problems)]), hint=hint)


class StaleError(HelmkitError):
    """What is asked about differs from what it should be: changes pending, or generated files out of date."""

    exit_code = 3


class LockHeldError(HelmkitError):
    """Somebody else is changing the same set right now."""

    exit_code = 4


class UnreachableError(HelmkitError):
    """A cluster or a registry does not answer, or refuses who we are."""

    exit_code = 5


class ForbiddenError(HelmkitError):
    """A cluster or a registry knows who we are, and does not let us do this; the message names the missing right."""


class TimedOutError(HelmkitError):
    """It took longer than its limit."""

    exit_code = 6


class RestoredError(HelmkitError):
    """The run failed; every release it moved is back where it was."""

    exit_code = 7


class NotRestoredError(HelmkitError):
    """The run failed and at least one release it moved is not back."""

    exit_code = 8


class PreflightError(HelmkitError):
    """Refused before anything moved."""

    exit_code = 9


class InterruptedRunError(HelmkitError):
    """The user stopped the run."""

    exit_code = 130


def _place(problem: Problem) -> tuple[bool, Position, str]:
    return (problem.where is None, problem.where or Position(""), problem.message)
