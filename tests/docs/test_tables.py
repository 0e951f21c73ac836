"""The tables of traps and systems: complete, and everything they name is there."""

from __future__ import annotations

import ast
import functools
import tomllib
from pathlib import Path
from typing import Any

import pytest

from chartgen.checks.catalogue import list_rules
from chartgen.manifest.load import load_platform

PROJECT = Path(__file__).resolve().parents[2]
OUTSIDE = {
    *("S04", "S16", "S18", "S21", "S25", "S26", "S27"),
    *("S45", "S46", "S53", "S74", "S76"),
}
"""Systems that need no service of their own: the cluster's, outside it, only named, or said by words of others."""


def load(name: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads((PROJECT / "docs" / "data" / f"{name}.toml").read_text("utf-8"))


@functools.cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((PROJECT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_trap_is_told_once_with_an_answer() -> None:
    traps = load("traps")
    assert sorted(traps) == [f"T{number:03}" for number in range(1, 159)]
    for name, trap in traps.items():
        assert trap.keys() == {"told", "answer", "by", "how"}, name
        assert trap["told"], name
        assert trap["how"].endswith("."), name
        assert trap["answer"] in ("rule", "construction", "relman", "outside"), name
        assert bool(trap["by"]) == (trap["answer"] != "outside"), name


def test_every_rule_test_and_file_that_a_trap_names_is_there() -> None:
    rules = {entry.id for entry in list_rules()}
    for name, trap in load("traps").items():
        for one in trap["by"]:
            path, _, test = one.partition("::")
            if "/" not in one:
                assert one in rules, f"{name} names the rule {one}"
            else:
                assert (PROJECT / path).exists(), f"{name} names {path}"
                assert not test or test in functions(path), f"{name} names {one}"


def test_every_system_is_told_once() -> None:
    systems = load("systems")
    assert sorted(systems) == [f"S{number:02}" for number in range(1, 77)]
    for name, system in systems.items():
        assert system["told"], name
        assert bool(system.get("platform")) == bool(system.get("services")), name
        if "services" not in system and "planned" not in system:
            assert name in OUTSIDE, f"{name} runs in a cluster or is reached from one, and has no service"
            assert system.get("how"), name


def test_no_system_waits_for_a_platform_that_is_there() -> None:
    """A platform that is not written yet is named; once it is, the table must say its services."""
    planned = {name: one["planned"] for name, one in load("systems").items() if "planned" in one}
    there = {name for name, path in planned.items() if (PROJECT / path).is_file() and path != "releases.toml"}
    assert not there, f"docs/data/systems.toml: say platform and services of {', '.join(sorted(there))}"


def platforms() -> list[str]:
    """Return the release manifests that the table names; examples that are not made yet have no folder."""
    return sorted({system["platform"] for system in load("systems").values() if system.get("platform")})


@pytest.mark.parametrize("path", platforms())
def test_every_service_that_a_system_names_is_there(path: str) -> None:
    platform = load_platform((PROJECT / path).parent)
    known = {key for environment in platform.environments.values() for key in environment.services}
    for name, system in load("systems").items():
        if system.get("platform") == path:
            missing = set(system["services"]) - known
            assert not missing, f"{name}: {path} has no {', '.join(sorted(missing))}"
