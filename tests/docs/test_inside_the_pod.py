"""The examples of the how-to page are what the vocabulary knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomli

from chartgen.archetypes.workload.shutdown import DRAIN
from chartgen.manifest.schema import build_schema
from tests.unit.draft7 import faults

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "inside-the-pod.md").read_text()


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
def test_examples_are_valid(text: str) -> None:
    schema = build_schema()
    platform = '[platform]\nname = "a"\nversion = "1.0.0"\n'
    assert list(faults(schema, tomli.loads(platform + text), schema)) == []


def test_the_sums_are_those_that_are_computed() -> None:
    rows = re.findall(r"^\| `(\w+)` \|(.*)\| (\d+)s \|$", PAGE, re.MULTILINE)
    assert {name: int(total) for name, _, total in rows} == DRAIN
    for _, parts, total in rows:
        assert sum(map(int, re.findall(r"(\d+)s", parts))) == int(total)
