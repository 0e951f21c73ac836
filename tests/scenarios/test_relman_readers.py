"""What somebody without any right on Secrets still sees: drift by who wrote, and what could not be looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from helmkit.kube.memory.faults import forbid
from relman.actions.drift import drift
from relman.actions.history import history
from relman.actions.status import status
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NS = "shop-gw"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {token: hidden}\n"


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    gateway = Service("gateway", NS, extra={"key.yaml": SECRET})
    write_package(tmp_path / "dist", "1.0.0", [gateway, Service("orders", NS)])
    memory = MemoryWorld(tmp_path)
    source = Source(str(tmp_path / "dist"))
    await upgrade(memory.world(), UpgradeOptions(version="1.0.0", name=NS, source=source), agree)
    live = await memory.kube.get_object("apps/v1", "Deployment", NS, "orders")
    assert live is not None
    live["spec"]["replicas"] = 3
    await memory.kube.replace_object(live, field_manager="kubectl-scale")
    memory.kube.memory.hooks += [forbid(verb, "secrets") for verb in ("get", "list")]
    return memory


async def test_drift_is_judged_by_who_wrote_and_says_what_it_could_not_see(memory: MemoryWorld) -> None:
    report = await drift(memory.world(), f"{NS}/", None)
    found = {one.service: (one.drifted, one.state, one.detail) for one in report.services}
    assert found["orders"] == (True, "drifted", "Deployment/orders was changed by kubectl-scale")
    assert found["gateway"] == (False, "", "")
    assert report.drifted
    assert "which fields differ (list secrets)" in report.unseen[0]
    assert report.unseen[1].startswith("Secret objects")


async def test_status_and_history_are_there_without_secrets(memory: MemoryWorld) -> None:
    report = await status(memory.world(), f"{NS}/", None)
    services = {one.service: one for one in report.sets[0].services}
    assert services["orders"].health == "healthy"
    assert any("list secrets" in text for text in report.unseen)
    entries = await history(memory.world(), f"{NS}/", None, limit=5)
    assert [(one.revision, one.good) for one in entries] == [(1, True)]
