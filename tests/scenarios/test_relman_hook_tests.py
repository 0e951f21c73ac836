"""Helm tests in memory: found, run, judged, with the logs of what failed and no secret in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from relman.actions.hook_tests import HookTestOptions, run_hook_tests
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.hook_tests import find_tests, judge_tests
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NS = "shop-gw"


def hook(name: str, tag: str = "1", weight: int = 0, event: str = "test") -> str:
    return f"""apiVersion: v1
kind: Pod
metadata:
  name: {name}
  annotations:
    helm.sh/hook: {event}
    helm.sh/hook-weight: "{weight}"
spec:
  restartPolicy: Never
  containers: [{{name: check, image: "registry.example/check:{tag}"}}]
"""


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    services = [
        Service("good", NS, extra={"test.yaml": hook("good-test")}),
        Service(
            "bad", NS, extra={"a.yaml": hook("bad-second", weight=5), "b.yaml": hook("bad-first", "crash", weight=1)}
        ),
        Service("plain", NS),
    ]
    write_package(tmp_path / "dist", "1.0.0", services)
    memory = MemoryWorld(tmp_path)
    options = UpgradeOptions(version="1.0.0", everything=True, source=Source(str(tmp_path / "dist")))
    assert (await upgrade(memory.world(), options, agree)).outcome == "done"
    return memory


async def test_each_service_says_what_became_of_its_tests(memory: MemoryWorld) -> None:
    memory.kube.memory.logs[NS, "bad-first", "check"] = "starting\npassword=hunter2\nno answer from :8080\n"
    report = await run_hook_tests(memory.world(), HookTestOptions(name=f"{NS}/"))
    found = {one.service: one for one in report.services}
    assert {key: one.outcome for key, one in found.items()} == {"good": "passed", "bad": "failed", "plain": "no tests"}
    assert report.failed == ("bad",)
    assert [(t.name, t.outcome) for t in found["bad"].tests] == [
        ("Pod/bad-first", "failed"),
        ("Pod/bad-second", "not run"),
    ]
    log = found["bad"].tests[0].logs["bad-first/check"]
    assert "no answer from :8080" in log
    assert "hunter2" not in log
    assert "chart plain 1.0.0 has none" in found["plain"].message
    assert memory.done()[-2:] == ["test bad", "test good"]


async def test_a_log_that_cannot_be_had_is_said_and_hides_nothing_else(memory: MemoryWorld) -> None:
    report = await run_hook_tests(memory.world(), HookTestOptions(name="bad"))
    (bad,) = report.services
    assert "waiting to start" in bad.tests[0].logs["bad-first/check"]


def test_hooks_that_are_no_tests_are_left_out_and_the_order_is_helms() -> None:
    hooks = [
        hook("z", weight=-1),
        hook("b"),
        hook("a", event="test-success"),
        hook("c", event="pre-upgrade"),
        "# empty",
    ]
    hooks.append(hook("config").replace("kind: Pod", "kind: ConfigMap"))
    assert [item["metadata"]["name"] for item in find_tests(hooks)] == ["z", "a", "b"]


def test_a_pod_that_its_policy_removed_passed_when_helm_says_so() -> None:
    tests = find_tests([hook("a"), hook("b")])
    assert [one.outcome for one in judge_tests(tests, {}, passed=True)] == ["passed", "passed"]
    running = {"Pod/a": {"status": {"phase": "Running"}}}
    assert [one.outcome for one in judge_tests(tests, running, passed=False)] == ["failed", "not run"]
