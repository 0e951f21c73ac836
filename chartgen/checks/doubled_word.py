"""A name that says one word twice is mostly a slip (T011)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from chartgen.build import BuiltPlatform
from chartgen.checks.finding import Hit, PlatformRule
from chartgen.manifest.resolved import ResolvedPlatform


def check(platform: ResolvedPlatform, _: BuiltPlatform) -> Iterator[Hit]:
    """Find namespaces whose name repeats a word."""
    names = {name for environment in platform.environments.values() for name in environment.namespaces}
    for name in sorted(names):
        for one, other in itertools.pairwise(name.split("-")):
            if one == other:
                yield Hit(f"namespace {name} says {one} twice")


RULE = PlatformRule(
    "doubled-word",
    "warning",
    "Namespaces are part of every address and cannot be renamed later without new objects, claims included (T011, "
    "T151).",
    "Rename it while nothing runs there; or accept it.",
    check,
)
