"""How many requests a command makes: what is asked twice is slow everywhere, whatever the machine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from relman.actions.status import status
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.observe.record_cache import RecordCache
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

SPACES = ("shop-a", "shop-b", "shop-c")


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    services = [Service(f"{name}-{number}", name) for name in SPACES for number in range(3)]
    write_package(tmp_path / "dist", "1.0.0", services)
    memory = MemoryWorld(tmp_path)
    source = Source(str(tmp_path / "dist"))
    await upgrade(memory.world(), UpgradeOptions(version="1.0.0", everything=True, source=source), agree)
    memory.kube.memory.requests.clear()
    return memory


def asked(memory: MemoryWorld) -> Counter[str]:
    return Counter(request.path for request in memory.kube.memory.requests)


async def test_an_upgrade_that_changes_nothing_asks_for_nothing_twice(memory: MemoryWorld) -> None:
    result = await upgrade(memory.world(), UpgradeOptions(version="1.0.0", everything=True), agree)
    assert result.outcome == "nothing"
    inside = {name: [path for path in asked(memory).elements() if f"/namespaces/{name}/" in path] for name in SPACES}
    for paths in inside.values():
        # Releases, records, the newest record, and one list for each of its two kinds.
        assert len(paths) == len(set(paths)) == 5
    assert len(memory.kube.memory.requests) <= 5 * len(SPACES) + 3
    assert not any(request.method != "GET" for request in memory.kube.memory.requests)


async def test_status_of_everything_lists_each_kind_once(memory: MemoryWorld) -> None:
    report = await status(memory.world(), None, None)
    assert [one.namespace for one in report.sets] == list(SPACES)
    assert {service.state for one in report.sets for service in one.services} == {"in-sync"}
    paths = asked(memory)
    records = [path for path in paths if "/configmaps/" in path]
    lists = {path: count for path, count in paths.items() if path not in records}
    assert len(records) == len(SPACES)
    assert set(lists.values()) == {1}
    assert not any("/namespaces/" in path for path in lists)


async def test_a_label_that_helm_lost_is_drift_as_before(memory: MemoryWorld) -> None:
    live = await memory.kube.get_object("apps/v1", "Deployment", "shop-b", "shop-b-1")
    assert live is not None
    del live["metadata"]["labels"]["app.kubernetes.io/managed-by"]
    await memory.kube.replace_object(live, field_manager="kubectl-label")
    one = {s.service: s for r in (await status(memory.world(), None, None)).sets for s in r.services}["shop-b-1"]
    alone = (await status(memory.world(), "shop-b/shop-b-1", None)).sets[0].services[0]
    assert one.state == alone.state == "drifted"


async def test_a_record_that_was_written_since_is_read_again(memory: MemoryWorld) -> None:
    kube, cache = memory.kube, RecordCache()
    listed = (await kube.list_configmap_metadata("shop-a", "relman.internal/kind=set"))[0]
    first, version = await cache.read(kube, listed)
    assert first is not None
    memory.kube.memory.requests.clear()
    assert await cache.read(kube, listed) == (first, version)
    assert not memory.kube.memory.requests
    stored = await kube.get_configmap("shop-a", listed.name)
    assert stored is not None
    await kube.replace_configmap(replace(stored, annotations={**stored.annotations, "seen-by": "a test"}))
    listed = (await kube.list_configmap_metadata("shop-a", "relman.internal/kind=set"))[0]
    _, again = await cache.read(kube, listed)
    assert again != version
