"""Definitions of custom kinds: found in charts, applied first, waited for, and never taken back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from helmkit.errors import TimedOutError
from helmkit.kube import NotFoundError
from helmkit.yaml import dump_yaml
from relman.core.definitions import decide_definition, parse_definitions
from relman.execute.context import RunContext
from relman.execute.definitions import apply_definitions, wait_established
from tests.builders.worlds import VirtualClock


def definition(name: str = "widgets.example.com", *versions: str) -> dict[str, Any]:
    listed = [{"name": version, "served": True} for version in versions or ("v1",)]
    spec = {"group": "example.com", "names": {"kind": "Widget"}, "versions": listed}
    return {"kind": "CustomResourceDefinition", "metadata": {"name": name}, "spec": spec}


def chart(dependencies: list[dict[str, Any]], **files: dict[str, Any]) -> dict[str, bytes]:
    texts = {path: dump_yaml(content).encode() for path, content in files.items()}
    return {"Chart.yaml": dump_yaml({"name": "a", "dependencies": dependencies}).encode(), **texts}


def test_definitions_of_a_chart_and_of_what_it_always_contains() -> None:
    files = chart(
        [{"name": "on"}, {"name": "maybe", "condition": "maybe.enabled"}],
        **{
            "crds/a.yaml": definition("a"),
            "crds/note.txt": definition("note"),
            "charts/on/crds/b.yaml": definition("b"),
            "charts/maybe/crds/c.yaml": definition("c"),
            "templates/d.yaml": definition("d"),
        },
    )
    assert sorted(one["metadata"]["name"] for one in parse_definitions(files, "it")) == ["a", "b"]


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (None, "apply"),
        (definition("x", "v1"), "apply"),
        (definition("x", "v1", "v2"), "apply"),
        (definition("x", "v1", "v2", "v3"), "keep"),
        ({**definition("x", "v1"), "status": {"storedVersions": ["v1alpha1"]}}, "keep"),
    ],
)
def test_what_is_newer_in_the_cluster_stays(live: dict[str, Any] | None, expected: str) -> None:
    assert decide_definition(live, definition("x", "v1", "v2")) == expected


class Cluster:
    """Establishes a definition after a number of looks, and discovers its kind after as many more."""

    def __init__(self, looks: int, live: dict[str, Any] | None = None) -> None:
        self.looks = looks
        self.live = live
        self.applied: list[str] = []
        self.asked: list[str] = []

    async def get_object(self, _api: str, _kind: str, _namespace: str | None, _name: str) -> dict[str, Any] | None:
        if self.live is None or not self.applied:
            return self.live
        self.looks -= 1
        status = "True" if self.looks <= 0 else "False"
        return {**self.live, "status": {"conditions": [{"type": "Established", "status": status}]}}

    async def apply_object(self, obj: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.applied.append(obj["metadata"]["name"])
        self.live = obj
        return obj

    async def list_metadata(self, api_version: str, kind: str) -> list[Any]:
        self.asked.append(f"{api_version}/{kind}")
        if len(self.asked) < 2:
            raise NotFoundError("not yet")
        return []


def context(cluster: Cluster, notes: list[str]) -> RunContext:
    reporter = SimpleNamespace(report=lambda *_: None, note=notes.append)
    return cast("RunContext", SimpleNamespace(kube=cluster, clock=VirtualClock(), reporter=reporter))


async def test_it_is_applied_and_waited_for_until_its_kind_is_known() -> None:
    cluster, notes = Cluster(3), list[str]()
    await apply_definitions(context(cluster, notes), "hub", [definition()])
    assert cluster.applied == ["widgets.example.com"]
    assert cluster.asked == ["example.com/v1/Widget"] * 2
    assert notes == []


async def test_a_newer_one_is_left_alone_and_said() -> None:
    cluster, notes = Cluster(0, definition("widgets.example.com", "v1", "v2")), list[str]()
    await apply_definitions(context(cluster, notes), "hub", [definition()])
    assert cluster.applied == []
    assert notes == ["hub: widgets.example.com is newer in the cluster than in the chart, and stays"]


async def test_one_that_is_never_established_ends_the_step() -> None:
    cluster = Cluster(10**6)
    with pytest.raises(TimedOutError, match="not established after 60 s"):
        await apply_definitions(context(cluster, []), "hub", [definition()])


async def test_nothing_is_asked_for_other_objects() -> None:
    cluster = Cluster(0)
    await wait_established(context(cluster, []), [{"kind": "ConfigMap", "metadata": {"name": "a"}}])
    assert cluster.asked == []
