"""Nothing that surprises a client of Harbor is without a test, and every test that is named for it exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.harbor.surprises import FAULTS, SURPRISES

HERE = Path(__file__).parent


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((HERE / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_all_thirty_are_there() -> None:
    assert [title.partition(" ")[0] for title in SURPRISES] == [f"{number:02}" for number in range(1, 31)]


@pytest.mark.parametrize("title", [*SURPRISES, *FAULTS])
def test_it_has_tests(title: str) -> None:
    named = (SURPRISES | FAULTS)[title]
    assert named
    for test in named:
        path, _, name = test.partition("::")
        assert name.startswith("test_")
        assert name in functions_of(path), f"{test} does not exist"
