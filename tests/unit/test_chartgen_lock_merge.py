"""releases.lock in git: two branches that bump merge into what a build would write, or into a clear conflict."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from chartgen.lockfile import Lock, parse_lock, render_lock
from helmkit.errors import HelmkitError
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, build

OTHER = SPRING.replace("services.gateway", "services.orders")
GROWN = (
    STATEFUL.replace('"2Gi"', '"4Gi"')
    + 'migrations."1.1.0"."StatefulSet/zk" = { kind = "claim-growth", reason = "x" }\n'
)


def newer(service: str, version: str = "2") -> str:
    return service.replace('version = "1"', f'version = "{version}"')


def merge(folder: Path, base: Lock, ours: Lock, theirs: Lock) -> tuple[int, str]:
    """Merge as git does; return how many conflicts there are, and the text."""
    paths = [folder / name for name in ("ours", "base", "theirs")]
    for path, lock in zip(paths, (ours, base, theirs), strict=True):
        path.write_text(render_lock(lock))
    done = subprocess.run(["git", "merge-file", "-p", *map(str, paths)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def base() -> Lock:
    return build(SPRING, OTHER, STATEFUL, EXTERNAL).lock


def test_changes_of_two_services_meet_without_a_conflict(tmp_path: Path, base: Lock) -> None:
    ours = build(newer(SPRING), OTHER, STATEFUL, EXTERNAL, lock=base, version="1.1.0").lock
    theirs = build(SPRING, newer(OTHER), GROWN, EXTERNAL, lock=base, version="1.1.0").lock
    conflicts, text = merge(tmp_path, base, ours, theirs)
    assert conflicts == 0
    together = build(newer(SPRING), newer(OTHER), GROWN, EXTERNAL, lock=base, version="1.1.0").lock
    assert parse_lock(text) == together
    assert build(newer(SPRING), newer(OTHER), GROWN, EXTERNAL, lock=parse_lock(text), version="1.1.0").lock == together


def test_a_service_that_both_changed_is_a_conflict_and_either_side_will_do(tmp_path: Path, base: Lock) -> None:
    sides = [build(newer(SPRING, tag), OTHER, STATEFUL, lock=base, version="1.1.0").lock for tag in ("2", "3")]
    conflicts, text = merge(tmp_path, base, *sides)
    assert conflicts == 1
    marked = text[text.index("<<<<<<<") : text.index(">>>>>>>")]
    assert "digest" in marked
    with pytest.raises(HelmkitError, match=r"releases\.lock cannot be read") as error:
        parse_lock(text)
    assert "take either side" in (error.value.hint or "")
    merged = (newer(SPRING, "3") + 'env.A = "theirs"\n', OTHER, STATEFUL)
    first, second = (build(*merged, lock=side, version="1.2.0").lock for side in sides)
    assert first == second
    assert first.charts["gateway"].version == "1.2.0"


def test_the_same_bump_of_the_same_service_is_no_conflict(tmp_path: Path, base: Lock) -> None:
    side = build(newer(SPRING), OTHER, STATEFUL, lock=base, version="1.1.0").lock
    conflicts, text = merge(tmp_path, base, side, side)
    assert (conflicts, parse_lock(text)) == (0, side)


def test_a_wrong_merge_never_passes_for_a_build(tmp_path: Path, base: Lock) -> None:
    """Two versions of one chart, taken from one side while the manifest is the other's: the content decides."""
    mine = build(newer(SPRING), OTHER, STATEFUL, lock=base, version="1.1.0").lock
    theirs = build(newer(SPRING, "3"), OTHER, STATEFUL, lock=mine, version="1.2.0").lock
    assert build(newer(SPRING, "3"), OTHER, STATEFUL, lock=mine, version="1.2.0").lock == theirs
    assert build(newer(SPRING), OTHER, STATEFUL, lock=theirs, version="1.3.0").lock.charts["gateway"].version == "1.3.0"
