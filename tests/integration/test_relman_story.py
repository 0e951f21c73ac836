"""The book's evening (seed 003, S33 to S46): v1 to v2 under load, a v3 that nobody pushed, back to v2, and who knew."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chartgen.build import build_platform
from chartgen.manifest.load import parse_platform
from helmkit.charts import build_archive
from helmkit.errors import PreflightError
from relman.actions.history import history
from relman.actions.rollback import RollbackOptions, rollback
from sandbox.cluster import Sandbox
from sandbox.images import push_images
from tests.builders.lanes import Lane, open_lane
from tests.builders.worlds import agree

MANIFEST = """\
[platform]
name = "{platform}"
version = "{version}"
default_environment = "prod"
[registries]
book = {{ host = "{registry}", plain_http = true }}
[namespaces]
{platform} = {{}}
[services.product]
archetype = "spring-service"
namespace = "{platform}"
image = {{ registry = "book", repository = "hands-on/product-service" }}
version = "{tag}"
ports.http = 80
[services.product-composite]
archetype = "spring-service"
namespace = "{platform}"
image = {{ registry = "book", repository = "hands-on/product-composite-service" }}
version = "v1"
ports.http = 80
depends_on = ["product"]
[services.gateway]
archetype = "spring-service"
namespace = "{platform}"
image = {{ registry = "book", repository = "hands-on/gateway" }}
version = "v1"
ports.http = 80
depends_on = ["product-composite"]
"""
SERVICES = ("product", "product-composite", "gateway")
NEVER_PUSHED = "v3-missing"
IN_A_ROW = 3
"""Looks without anybody who answers that make a gap."""
SETTLE = 5.0
"""Seconds after a node's trouble before its pods count again."""


@dataclass
class Load:
    """Looks all the time whether somebody would answer, as the book's siege does once a second."""

    looks: Counter[str] = field(default_factory=Counter)
    unanswered: dict[str, object] = field(default_factory=dict)
    """By service: the endpoints there were when nobody would have answered, several looks in a row."""
    gaps: Counter[str] = field(default_factory=Counter)
    """Looks in a row, up to now, at which nobody would have answered."""

    shaken: float = -SETTLE
    """When a node was last seen not ready: on a busy machine its heartbeat comes late; its pods count for nothing."""

    async def look(self, lane: Lane) -> None:
        """Count for each service whether it has a ready endpoint, unless the nodes themselves are in trouble."""
        nodes = await lane.kube.list_objects("v1", "Node")
        conditions = [one for node in nodes for one in node["status"]["conditions"] if one["type"] == "Ready"]
        if any(one["status"] != "True" for one in conditions):
            self.shaken = time.monotonic()
        if time.monotonic() - self.shaken < SETTLE:
            return
        slices = await lane.kube.list_objects("discovery.k8s.io/v1", "EndpointSlice", lane.namespace)
        ready: Counter[str] = Counter()
        for one in slices:
            name = one["metadata"]["labels"]["kubernetes.io/service-name"]
            ready[name] += sum(bool(end.get("conditions", {}).get("ready")) for end in one.get("endpoints") or ())
        self.looks.update(SERVICES)
        # The controller that writes the slices is a moment behind the pods, and clients try again: one look is no gap.
        self.gaps = Counter({name: self.gaps[name] + 1 for name in SERVICES if not ready[name]})
        endpoints = [one.get("endpoints") for one in slices]
        self.unanswered.update({name: endpoints for name, looks in self.gaps.items() if looks >= IN_A_ROW})


@asynccontextmanager
async def under_load(lane: Lane) -> AsyncIterator[Load]:
    load = Load()
    await _answered(lane)

    async def siege() -> None:
        while True:
            await load.look(lane)
            await asyncio.sleep(0.05)

    sieging = asyncio.create_task(siege())
    try:
        yield load
    finally:
        sieging.cancel()
        await asyncio.wait({sieging})
    assert min(load.looks.values(), default=0) > 10 or load.shaken > 0, "there was hardly a look"
    assert load.unanswered == {}


async def _answered(lane: Lane) -> None:
    """Wait until the controllers have noticed what is ready; they are a moment behind relman."""
    for _ in range(200):
        load = Load()
        await load.look(lane)
        if load.looks and not load.gaps:
            return
        await asyncio.sleep(0.1)


@pytest.fixture
async def lane(sandbox: Sandbox, namespace: str, tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(sandbox, tmp_path, namespace) as opened:
        for version, tag in (("1.0.0", "v1"), ("2.0.0", "v2"), ("3.0.0", NEVER_PUSHED)):
            text = MANIFEST.format(platform=namespace, version=version, tag=tag, registry=sandbox.registry)
            built = build_platform(parse_platform({"releases.toml": text, "values/prod.toml": ""}), None)
            (opened.dist / f"{namespace}-{version}.tgz").write_bytes(build_archive(built.name, built.files))
        there = [f"{sandbox.registry}/hands-on/{name}:v1" for name in ("product-composite-service", "gateway")]
        there += [f"{sandbox.registry}/hands-on/product-service:{tag}" for tag in ("v1", "v2")]
        await push_images(sandbox.registry, there)
        yield opened


async def running(lane: Lane) -> str:
    """Return the tag of product."""
    live = await lane.kube.get_object("apps/v1", "Deployment", lane.namespace, "product")
    assert live is not None
    assert live["status"].get("readyReplicas") == live["spec"]["replicas"]
    return str(live["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


async def test_v1_to_v2_under_load_v3_missing_and_back_to_the_one_that_was_good(lane: Lane) -> None:
    assert (await lane.upgrade("1.0.0", skip=())).outcome == "done"
    async with under_load(lane):
        assert (await lane.upgrade("2.0.0", skip=(), why="v2")).outcome == "done"
        assert await running(lane) == "v2"

        with pytest.raises(PreflightError, match=f"product-service:{NEVER_PUSHED}"):
            await lane.upgrade("3.0.0", skip=())
        assert len(await lane.history()) == 2, "a refusal begins nothing"

        failed = await lane.upgrade("3.0.0", skip=("image",), why="v3, in a hurry")
        assert failed.outcome == "restored"
        cause = failed.records[0].services["product"].causes[0]
        assert NEVER_PUSHED in cause.summary
        assert await running(lane) == "v2"

    told = await history(lane.world(), f"{lane.namespace}/product", None, limit=10)
    assert [(one.version, one.service_version, one.outcome, one.good) for one in told] == [
        ("3.0.0", "v2", "restored", True), ("2.0.0", "v2", "upgraded", True), ("1.0.0", "v1", "installed", True),
    ]  # fmt: skip
    assert failed.records[0].skipped_checks == ("image",)
    # The book has to guess that revision 2 was the last good one; here nothing is left to do to be back at it.
    assert (await lane.upgrade("2.0.0", skip=())).outcome == "nothing"
    async with under_load(lane):
        back = await rollback(lane.world(), RollbackOptions(name=f"{lane.namespace}/product"), agree)
        assert back.outcome == "done"
        assert await running(lane) == "v1", "the last good one before v2, and not v3"
