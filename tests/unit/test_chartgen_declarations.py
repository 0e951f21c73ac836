"""What layers and services declare for relman reaches the bill of materials: freezes, limits on rolling back."""

from __future__ import annotations

from helmkit.bom import parse_bom
from helmkit.freeze import FreezeWindow
from tests.builders.releases import SPRING, build

LAYER = """\
[[environment.freeze]]
reason = "year end"
from = "2026-12-18T18:00:00+01:00"
to = "2027-01-04T06:00:00+01:00"
[[environment.freeze]]
reason = "weekend"
days = ["fri", "sat"]
hours = "16:00-24:00"
time_zone = "Europe/Berlin"
"""


def test_freezes_stand_in_the_bill_of_materials_of_their_environment() -> None:
    built = build(SPRING, dev="", prod=LAYER)
    read = parse_bom(built.files["bom.json"], "bom.json").environments
    assert read["prod"].freeze == (
        FreezeWindow("year end", start="2026-12-18T18:00:00+01:00", end="2027-01-04T06:00:00+01:00"),
        FreezeWindow("weekend", days=("fri", "sat"), hours="16:00-24:00", time_zone="Europe/Berlin"),
    )
    assert read["dev"].freeze == ()


def test_a_limit_on_rolling_back_reaches_the_bill_of_materials() -> None:
    built = build(SPRING + 'rollback = "the schema is at 12 from here on"\n')
    entry = parse_bom(built.files["bom.json"], "bom.json").environments["dev"].services["gateway"]
    assert entry.rollback == "the schema is at 12 from here on"
