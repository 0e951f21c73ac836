"""Freeze windows of an environment: periods in which nothing is to be upgraded. Pure; times come from the caller.

A window is either one period between two moments, or one that comes back every week. Weekly hours are read on the
clock of the window's time zone, so that they keep their meaning when daylight saving begins or ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_WHOLE_DAY = 24 * 60


class FreezeWindow(msgspec.Struct, frozen=True, omit_defaults=True, rename={"start": "from", "end": "to"}):
    """One window: `start` and `end`, or `days` with `hours`."""

    reason: str
    start: str = ""
    """RFC 3339 with an offset; it belongs to the window."""
    end: str = ""
    """RFC 3339 with an offset; it does not."""
    days: tuple[str, ...] = ()
    """Of `DAYS`: on which of them it begins."""
    hours: str = ""
    """`16:00-24:00`; `22:00-06:00` ends on the next day. Empty: the whole day."""
    time_zone: str = "UTC"
    """An IANA name, `Europe/Berlin`; for days and hours."""

    def __str__(self) -> str:
        """Return when it is, and why."""
        if self.start:
            return f"from {self.start} to {self.end}: {self.reason}"
        hours = f" {self.hours}" if self.hours else ""
        return f"every {', '.join(self.days)}{hours} ({self.time_zone}): {self.reason}"


def check_window(window: FreezeWindow) -> None:
    """Check that a window means something.

    Raises:
        ValueError: It does not; the message says why.
    """
    if bool(window.start or window.end) == bool(window.days):
        msg = "a freeze has either from and to, or days with hours"
        raise ValueError(msg)
    if window.days:
        _check_weekly(window)
    elif window.hours:
        msg = "hours belong to days; say the time in from and to"
        raise ValueError(msg)
    elif not (window.start and window.end):
        msg = "from and to belong together"
        raise ValueError(msg)
    elif parse_moment(window.start) >= parse_moment(window.end):
        msg = f"it ends at {window.end}, which is not after {window.start}"
        raise ValueError(msg)


def find_freeze(windows: Iterable[FreezeWindow], now: datetime) -> FreezeWindow | None:
    """Return the first window that is open at a moment (with an offset), or None."""
    return next((window for window in windows if is_open(window, now)), None)


def is_open(window: FreezeWindow, now: datetime) -> bool:
    """Tell whether a window is open at a moment with an offset.

    Raises:
        ValueError: The window means nothing; see `check_window`.
    """
    if not window.days:
        return parse_moment(window.start) <= now < parse_moment(window.end)
    local = now.astimezone(_zone(window.time_zone))
    first, last = _minutes(window.hours)
    minute = local.hour * 60 + local.minute
    today, yesterday = DAYS[local.weekday()], DAYS[(local - timedelta(days=1)).weekday()]
    if first < last:
        return today in window.days and first <= minute < last
    return (today in window.days and minute >= first) or (yesterday in window.days and minute < last)


def parse_moment(text: str) -> datetime:
    """Return an RFC 3339 time with an offset.

    Raises:
        ValueError: It is none.
    """
    fault = ValueError(f'{text!r} is not a time with its offset, such as "2026-12-18T18:00:00+01:00"')
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise fault from None
    if moment.tzinfo is None:
        raise fault
    return moment


def _check_weekly(window: FreezeWindow) -> None:
    unknown = [day for day in window.days if day not in DAYS]
    if unknown:
        msg = f"{', '.join(map(repr, unknown))} is no day; days are {', '.join(DAYS)}"
        raise ValueError(msg)
    first, last = _minutes(window.hours)
    if first == last:
        msg = f"hours {window.hours} begin when they end; leave them out for the whole day"
        raise ValueError(msg)
    _zone(window.time_zone)


def _minutes(hours: str) -> tuple[int, int]:
    if not hours:
        return 0, _WHOLE_DAY
    match = _HOURS.fullmatch(hours)
    if not match:
        msg = f'hours {hours!r} are not written like "16:00-24:00"'
        raise ValueError(msg)
    last = int(match[3]) * 60 + int(match[4]) if match[3] else _WHOLE_DAY
    return int(match[1]) * 60 + int(match[2]), last


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        msg = f"{name!r} is no time zone this machine knows; use a name such as Europe/Berlin"
        raise ValueError(msg) from error
