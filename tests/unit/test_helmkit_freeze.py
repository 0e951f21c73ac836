"""Freeze windows as tables: open or not, over midnight, over the change of the clocks, and what is refused."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from helmkit.freeze import FreezeWindow, check_window, find_freeze, is_open

YEAR_END = FreezeWindow("year end", start="2026-12-18T18:00:00+01:00", end="2027-01-04T06:00:00+01:00")
WEEKEND = FreezeWindow("weekend", days=("fri", "sat"), hours="16:00-24:00", time_zone="Europe/Berlin")
NIGHT = FreezeWindow("night batch", days=("mon",), hours="22:00-06:00", time_zone="Europe/Berlin")
SUNDAY = FreezeWindow("sunday", days=("sun",), time_zone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("window", "moment", "expected"),
    [
        (YEAR_END, "2026-12-18T16:59:59+00:00", False),
        (YEAR_END, "2026-12-18T17:00:00+00:00", True),
        (YEAR_END, "2027-01-04T04:59:59+00:00", True),
        (YEAR_END, "2027-01-04T05:00:00+00:00", False),
        (WEEKEND, "2026-06-05T13:59:00+00:00", False),
        (WEEKEND, "2026-06-05T14:00:00+00:00", True),
        (WEEKEND, "2026-06-05T21:59:00+00:00", True),
        (WEEKEND, "2026-06-05T22:00:00+00:00", False),
        (WEEKEND, "2026-06-07T14:30:00+00:00", False),
        # In winter Berlin is an hour closer to UTC: the wall clock counts.
        (WEEKEND, "2026-12-04T14:30:00+00:00", False),
        (WEEKEND, "2026-12-04T15:00:00+00:00", True),
        (NIGHT, "2026-06-01T19:59:00+00:00", False),
        (NIGHT, "2026-06-01T20:00:00+00:00", True),
        (NIGHT, "2026-06-02T03:59:00+00:00", True),
        (NIGHT, "2026-06-02T04:00:00+00:00", False),
        (NIGHT, "2026-06-02T20:00:00+00:00", False),
        (SUNDAY, "2026-06-06T16:00:00+00:00", True),
        (SUNDAY, "2026-06-07T16:00:00+00:00", False),
    ],
)
def test_a_window_is_open_when_its_own_clock_says_so(window: FreezeWindow, moment: str, expected: bool) -> None:
    check_window(window)
    assert is_open(window, datetime.fromisoformat(moment)) is expected


def test_the_first_open_window_is_found_and_tells_when_and_why() -> None:
    moment = datetime.fromisoformat("2026-12-18T19:00:00+01:00")
    found = find_freeze([SUNDAY, WEEKEND, YEAR_END], moment)
    assert found is WEEKEND
    assert str(found) == "every fri, sat 16:00-24:00 (Europe/Berlin): weekend"
    assert str(YEAR_END).startswith("from 2026-12-18T18:00:00+01:00 to 2027")
    assert find_freeze([], moment) is None


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (FreezeWindow("x"), "either from and to, or days"),
        (FreezeWindow("x", start="2026-01-01T00:00:00Z", days=("mon",)), "either from and to, or days"),
        (FreezeWindow("x", start="2026-01-01T00:00:00Z"), "from and to belong together"),
        (FreezeWindow("x", start="2026-01-01T00:00:00", end="2026-01-02T00:00:00Z"), "not a time with its offset"),
        (FreezeWindow("x", start="2026-01-02T00:00:00Z", end="2026-01-01T00:00:00Z"), "not after"),
        (FreezeWindow("x", start="2026-01-01T00:00:00Z", end="2026-01-02T00:00:00Z", hours="1"), "belong to days"),
        (FreezeWindow("x", days=("friday",)), "'friday' is no day"),
        (FreezeWindow("x", days=("fri",), hours="16-24"), 'are not written like "16:00-24:00"'),
        (FreezeWindow("x", days=("fri",), hours="16:00-16:00"), "begin when they end"),
        (FreezeWindow("x", days=("fri",), time_zone="Europe/Nowhere"), "no time zone"),
        (FreezeWindow("x", days=("fri",), time_zone="../etc/passwd"), "no time zone"),
    ],
)
def test_what_means_nothing_is_refused(window: FreezeWindow, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        check_window(window)


def test_it_is_written_as_people_write_it() -> None:
    text = msgspec.json.encode(YEAR_END)
    assert b'"from":"2026-12-18T18:00:00+01:00"' in text
    assert msgspec.json.decode(text, type=FreezeWindow) == YEAR_END
