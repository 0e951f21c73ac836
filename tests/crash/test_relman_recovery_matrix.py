"""relman dies at every write; `resume` and `abort`, from another host, end it: exactly new, or exactly old."""

from __future__ import annotations

from pathlib import Path

import pytest

from relman.actions.recover import RecoverOptions, abort, resume
from relman.core.record import INTERRUPTED
from relman.observe.namespace import observe_namespace, read_history
from tests.builders.worlds import MemoryWorld, agree
from tests.crash.test_relman_crash_matrix import NAMESPACES, Killer, _is_death, check, die_at, go, prepare

EVERYTHING = RecoverOptions(everything=True, why="the host was lost")


async def recover(memory: MemoryWorld, how: str) -> str:
    """Run `resume` or `abort`; `nothing` when no run is unfinished."""
    result = await (resume if how == "resume" else abort)(memory.world(), EVERYTHING, agree)
    return result.outcome if result else "nothing"


async def tag_of(memory: MemoryWorld) -> str:
    """Return the one version that everything runs."""
    tags = set()
    for namespace in NAMESPACES:
        for kind in ("Deployment", "StatefulSet"):
            for item in await memory.kube.list_objects("apps/v1", kind, namespace):
                tags.add(item["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2])
    assert len(tags) == 1, tags
    return str(tags.pop())


async def check_ended(memory: MemoryWorld, tag: str, *, locked: bool) -> None:
    """Make sure that nothing is left open, and that the history says at which version the set stands."""
    await check(memory, tag, locked=locked)
    for namespace in NAMESPACES:
        newest = (await read_history(memory.kube, namespace, "shop"))[0]
        assert newest.outcome != INTERRUPTED, newest
        assert newest.stands_at == f"{tag}.0.0", newest


@pytest.mark.parametrize(("version", "how", "tags"), [
    ("2.0.0", "abort", {"1", "2"}), ("2.0.0", "resume", {"1", "2"}),
    ("3.0.0", "abort", {"1"}), ("3.0.0", "resume", {"1"}),
])  # fmt: skip
async def test_after_death_at_any_write_it_is_carried_on_or_taken_back(
    tmp_path: Path, version: str, how: str, tags: set[str]
) -> None:
    at, taken_back = 0, []
    while True:
        at += 1
        memory = prepare(tmp_path / str(at))
        await go(memory, "1.0.0")
        if not await die_at(memory, version, at):
            break
        begun = await begun_at(memory, version)
        found = await recover(memory, how)
        assert found in {"done", "nothing", *(["restored"] if version == "3.0.0" and how == "resume" else [])}, at
        tag = await tag_of(memory)
        assert tag in tags, (at, tag)
        if how == "resume" and version == "2.0.0":
            # Before its first record nothing was begun, and nobody can tell what was meant.
            assert tag == ("2" if begun else "1"), at
        taken_back.append(tag == "1")
        await check_ended(memory, tag, locked=found != "nothing")
        assert await recover(memory, "abort") == "nothing", at
    assert at > 30
    if (version, how) == ("2.0.0", "abort"):
        # Everything is taken back up to the decision to commit, and nothing after it.
        assert taken_back == sorted(taken_back, reverse=True)
        assert taken_back.count(False) < 8


async def begun_at(memory: MemoryWorld, version: str) -> bool:
    """Tell whether a run to a version has written a record."""
    histories = [await read_history(memory.kube, namespace, "shop") for namespace in NAMESPACES]
    return any(record.version == version for records in histories for record in records)


async def writes_of(folder: Path, version: str) -> int:
    """Return how many writes an upgrade from 1.0.0 makes."""
    memory = prepare(folder)
    await go(memory, "1.0.0")
    counter = Killer(1_000_000)
    memory.kube.memory.hooks.append(counter)
    await go(memory, version)
    return counter.writes


async def test_an_abort_that_dies_at_any_write_is_finished_by_the_next(tmp_path: Path) -> None:
    at, late = 0, await writes_of(tmp_path / "count", "2.0.0") - 16
    while True:
        at += 1
        memory = prepare(tmp_path / str(at))
        await go(memory, "1.0.0")
        assert await die_at(memory, "2.0.0", late)
        memory.kube.memory.hooks.append(Killer(at))
        try:
            await recover(memory, "abort")
            break
        except BaseException as error:
            if not _is_death(error):
                raise
        finally:
            memory.kube.memory.hooks.clear()
        how = "abort" if at % 2 else "resume"
        histories = [await read_history(memory.kube, namespace, "shop") for namespace in NAMESPACES]
        said = any(record.action == "abort" for records in histories for record in records)
        found = await recover(memory, how)
        assert found in ("done", "nothing"), at
        # Before its own first record nobody can tell that an abort was meant.
        tag = await tag_of(memory)
        assert tag == "1" or (how == "resume" and not said), at
        await check_ended(memory, tag, locked=found != "nothing")
    assert at > 15


async def test_a_first_install_that_died_is_taken_back_to_nothing(tmp_path: Path) -> None:
    at = 0
    while True:
        at += 1
        memory = prepare(tmp_path / str(at))
        if not await die_at(memory, "1.0.0", at):
            break
        found = await recover(memory, "abort") if await _has_history(memory) else "nothing"
        assert found in ("done", "nothing"), at
        if found == "nothing":
            continue
        for namespace in NAMESPACES:
            seen = await observe_namespace(memory.kube, namespace, "shop")
            everything_runs = await memory.kube.list_objects("apps/v1", "Deployment", namespace)
            assert not seen.releases or everything_runs, (at, seen.releases)
    assert at > 30


async def _has_history(memory: MemoryWorld) -> bool:
    return any([await read_history(memory.kube, namespace, "shop") for namespace in NAMESPACES])
