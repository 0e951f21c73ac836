"""The helm tests of a release: which hooks are tests, and what became of each (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from helmkit.yaml import parse_yaml

PASSED = "passed"
FAILED = "failed"
NOT_RUN = "not run"
NONE = "no tests"

_HOOK = "helm.sh/hook"
_WEIGHT = "helm.sh/hook-weight"
_TESTS = frozenset({"test", "test-success"})
_RUNS = frozenset({"Pod", "Job"})


class HookResult(msgspec.Struct, frozen=True, kw_only=True):
    """One test."""

    name: str
    """`Kind/name`."""
    outcome: str
    """`passed`, `failed` or `not run`: helm stops at the first that fails."""
    logs: dict[str, str] = {}
    """The last lines of its containers by `pod/container`, without secrets; of tests that failed only."""


class ServiceTests(msgspec.Struct, frozen=True, kw_only=True):
    """The tests of one service."""

    service: str
    namespace: str
    release: str
    version: str
    outcome: str
    """`passed`, `failed` or `no tests`."""
    seconds: float = 0.0
    tests: tuple[HookResult, ...] = ()
    message: str = ""
    """What helm said when it failed."""


class SuiteReport(msgspec.Struct, frozen=True, kw_only=True):
    """All services that were asked about."""

    services: tuple[ServiceTests, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """The services whose tests failed."""
        return tuple(one.service for one in self.services if one.outcome == FAILED)


def find_tests(hooks: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """Return the pods and Jobs that are tests, in the order in which helm runs them.

    Args:
        hooks: The YAML of each hook, from Helm's record of the revision.
    """
    items = [item for text in hooks if isinstance(item := parse_yaml(text), dict)]
    tests = [item for item in items if _TESTS & _events(item) and item.get("kind") in _RUNS]
    return tuple(sorted(tests, key=lambda item: (_weight(item), item["metadata"]["name"])))


def judge_tests(
    tests: Sequence[Mapping[str, Any]], live: Mapping[str, Mapping[str, Any]], *, passed: bool
) -> tuple[HookResult, ...]:
    """Return what became of each test.

    Args:
        tests: As `find_tests` returns them.
        live: The pods and Jobs that are there afterwards, by `Kind/name`.
        passed: helm said that all passed; then one that is gone was tidied away by its hook-delete-policy.
    """
    results: list[HookResult] = []
    for item in tests:
        name = title(item)
        ended = PASSED if passed else _ended(live.get(name))
        # Helm stops at the first failure: what is there after it is of an earlier run.
        before = NOT_RUN if any(one.outcome == FAILED for one in results) else ended
        results.append(HookResult(name=name, outcome=before))
    return tuple(results)


def title(item: Mapping[str, Any]) -> str:
    """Return `Kind/name`."""
    return f"{item['kind']}/{item['metadata']['name']}"


def _ended(live: Mapping[str, Any] | None) -> str:
    if live is None:
        return NOT_RUN
    status = live.get("status") or {}
    if status.get("phase") == "Succeeded" or status.get("succeeded"):
        return PASSED
    return FAILED


def _annotations(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return (item.get("metadata") or {}).get("annotations") or {}


def _events(item: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(part.strip() for part in str(_annotations(item).get(_HOOK, "")).split(","))


def _weight(item: Mapping[str, Any]) -> int:
    try:
        return int(str(_annotations(item).get(_WEIGHT, 0)))
    except ValueError:
        return 0
