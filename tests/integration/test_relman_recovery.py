"""What is left of a killed run is carried on or taken back, and what others left is told, on a real control plane."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.cluster import Sandbox
from tests.builders.benches import Bench
from tests.builders.platforms import Service


@pytest.fixture
def bench(sandbox: Sandbox, namespace: str, tmp_path: Path) -> Bench:
    bench = Bench(sandbox, tmp_path / "dist", namespace)
    for version, tag, slow in (("1.0.0", "1", "1"), ("1.1.0", "2", "never-ready-2"), ("1.2.0", "3", "1")):
        bench.publish(
            version,
            Service("first", namespace, tag=tag),
            Service("second", namespace, tag=slow, depends_on=("first",)),
        )
    bench.relman("upgrade", namespace, "--to", "1.0.0")
    return bench


@contextmanager
def running(bench: Bench) -> Iterator[subprocess.Popen[str]]:
    """Run an upgrade up to where it waits for a pod that never gets ready."""
    process = bench.start("upgrade", bench.namespace, "--to", "1.1.0", "--timeout", "10m")
    assert process.stderr is not None
    try:
        assert any("second: waiting" in line for line in process.stderr)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_killed_run_is_taken_back_from_anywhere(bench: Bench) -> None:
    with running(bench) as process:
        alive = bench.relman("unlock", f"{bench.namespace}/", "-m", "impatient", code=4)
        assert "was renewed just now" in alive.err
        process.kill()
        process.wait()
        offered = bench.relman("upgrade", bench.namespace, "--to", "1.2.0", "--dry-run", "-o", "json").data
        assert any("--abort" in note for note in offered["plan"]["notes"])
        freed = bench.relman("unlock", f"{bench.namespace}/", "-m", "the agent was lost", "-o", "json").data
        assert freed[0]["freed"]
        bench.relman("abort", f"{bench.namespace}/", "-m", "wrong version")
    assert bench.image("deployment/first") == "registry.example/app:1"
    assert bench.image("deployment/second") == "registry.example/app:1"
    entries = bench.relman("history", f"{bench.namespace}/", "-o", "json").data
    assert [(one["action"], one["outcome"]) for one in entries] == [
        ("abort", "done"), ("upgrade", "interrupted"), ("upgrade", "done"),
    ]  # fmt: skip
    assert "the agent was lost" in entries[1]["events"][0]
    assert bench.relman("upgrade", bench.namespace, "--to", "1.0.0", "-o", "json").data["outcome"] == "nothing"
    assert "every run came to its end" in bench.relman("abort", f"{bench.namespace}/").out


def test_a_killed_run_is_carried_on_and_goes_all_the_way_back_when_it_fails(bench: Bench) -> None:
    with running(bench) as process:
        process.kill()
        process.wait()
    failed = bench.relman("resume", f"{bench.namespace}/", "--timeout", "5s", code=7)
    assert "everything is back" in failed.err
    assert bench.image("deployment/first") == "registry.example/app:1"
    assert bench.image("deployment/second") == "registry.example/app:1"
    assert bench.relman("upgrade", bench.namespace, "--to", "1.0.0", "-o", "json").data["outcome"] == "nothing"


def test_an_upgrade_takes_a_dead_run_back_first_when_told_to(bench: Bench) -> None:
    with running(bench) as process:
        process.kill()
        process.wait()
    done = bench.relman("upgrade", bench.namespace, "--to", "1.2.0", "--abort", "--yes", "-o", "json")
    assert done.outcomes() == {"first": "upgraded", "second": "unchanged"}
    assert len(bench.relman("history", f"{bench.namespace}/", "-o", "json").data) == 4


def test_what_others_set_is_found_by_field_and_name_and_taken_away_by_the_next_upgrade(bench: Bench) -> None:
    ns = bench.namespace
    assert bench.relman("drift", f"{ns}/", "--exit-code").out.startswith("no drift")
    bench.kubectl("set", "image", "deployment/first", "main=registry.example/app:77")
    bench.kubectl("set", "env", "deployment/first", "DEBUG=1")
    found = bench.relman("drift", f"{ns}/first", "--exit-code", "-o", "json", code=3).data["services"][0]
    one = next(item for item in found["objects"] if item["object"] == "Deployment/first")
    path = "spec.template.spec.containers[main]"
    assert [(f["path"], f["wanted"], f["found"]) for f in one["fields"]] == [
        (f"{path}.image", "registry.example/app:1", "registry.example/app:77")
    ]
    assert any("kubectl" in name for name in one["fields"][0]["managers"])
    assert [left["path"] for left in one["leftovers"]] == [f"{path}.env[DEBUG]"]
    bench.relman("upgrade", ns, "--to", "1.2.0")
    assert bench.relman("drift", f"{ns}/", "--exit-code").out.startswith("no drift")


def test_plan_restart_images_uninstall(bench: Bench) -> None:
    ns, path = bench.namespace, bench.folder.parent / "plan.json"
    bench.relman("upgrade", ns, "--to", "1.2.0", "--out", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "hidden-" not in path.read_text()
    assert bench.image("deployment/first") == "registry.example/app:1"
    bench.relman("upgrade", "--plan", str(path), "-m", "reviewed")
    assert bench.image("deployment/first") == "registry.example/app:3"
    stale = bench.relman("upgrade", "--plan", str(path), code=9)
    assert "no longer fits" in stale.err
    assert "first: planned was upgrade, and now it is unchanged" in stale.err

    before = bench.kubectl("get", "pods", "-l", "app=first", "-o", "name")
    bench.relman("restart", f"{ns}/")
    assert bench.kubectl("get", "pods", "-l", "app=first", "-o", "name") != before
    assert bench.relman("upgrade", ns, "--to", "1.2.0", "-o", "json").data["outcome"] == "nothing"

    lines = bench.relman("images", f"{ns}/", "-o", "json").data
    assert {(one["service"], one["wanted"], tuple(one["running"])) for one in lines} == {
        ("first", "registry.example/app:3", ("registry.example/app:3",)),
        ("second", "registry.example/app:1", ("registry.example/app:1",)),
    }
    assert "Say --yes" in bench.relman("uninstall", f"{ns}/", code=2).err
    said = bench.relman("uninstall", f"{ns}/", "--yes", "-m", "moved", "-o", "json").data
    assert any("history in it stay" in note for note in said["notes"])
    assert json.loads(bench.helm("list", "-o", "json")) == []
    assert bench.relman("history", f"{ns}/", "-o", "json").data[0]["action"] == "uninstall"
