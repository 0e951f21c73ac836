"""Changes of immutable fields: acknowledged ones reach the lock and the bill of materials, others fail the build."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartgen.build import BuiltPlatform
from chartgen.lockfile import Lock, parse_lock, render_lock
from chartgen.umbrella import read_umbrella, recover_lock
from chartgen.workspace import load_workspace, write_workspace
from helmkit.bom import FieldChange, Migration
from helmkit.errors import InputError
from tests.builders.releases import EXTERNAL, HEAD, SPRING, STATEFUL, build

GROWN = STATEFUL.replace('"2Gi"', '"4Gi"')
CLAIMS = "spec.volumeClaimTemplates"


def acknowledge(kind: str, name: str = "StatefulSet/zk", version: str = "1.1.0", more: str = "") -> str:
    return f'migrations."{version}"."{name}" = {{ kind = "{kind}", reason = "full"{more} }}\n'


def migrations(built: BuiltPlatform, key: str = "zk", environment: str = "dev") -> tuple[Migration, ...]:
    return built.bom.environments[environment].services[key].migrations


@pytest.fixture(scope="module")
def lock() -> Lock:
    return build(STATEFUL).lock


def test_the_claims_may_grow_when_somebody_says_so(lock: Lock) -> None:
    built = build(GROWN + acknowledge("claim-growth"), lock=lock, version="1.1.0")
    change = FieldChange(CLAIMS, "data 2Gi ReadWriteOnce (default class)", "data 4Gi ReadWriteOnce (default class)")
    expected = Migration("1.1.0 StatefulSet/zk", "claim-growth", "StatefulSet/zk", (change,), "1.1.0", reason="full")
    assert migrations(built) == (expected,)
    assert parse_lock(render_lock(built.lock)) == built.lock
    line = next(text for text in render_lock(built.lock).splitlines() if text.startswith('"dev 1.1.0'))
    assert line.startswith('"dev 1.1.0 StatefulSet/zk" = { kind = "claim-growth", changes = { "spec.volumeClaim')


def test_building_again_changes_nothing_and_later_versions_keep_it(lock: Lock) -> None:
    said = GROWN + acknowledge("claim-growth")
    first = build(said, lock=lock, version="1.1.0")
    assert build(said, lock=first.lock, version="1.1.0").lock == first.lock
    later = build(GROWN, lock=first.lock, version="1.2.0")
    assert migrations(later) == migrations(first)
    twice = GROWN.replace('"4Gi"', '"8Gi"') + acknowledge("claim-growth", version="1.3.0")
    assert [one.from_version for one in migrations(build(twice, lock=later.lock, version="1.3.0"))] == [
        "1.1.0",
        "1.3.0",
    ]


def test_taking_the_change_back_before_it_is_published_leaves_no_trace(lock: Lock) -> None:
    first = build(GROWN + acknowledge("claim-growth"), lock=lock, version="1.1.0")
    assert build(STATEFUL, lock=first.lock, version="1.1.0").lock.charts["zk"].migrations == {}
    with pytest.raises(InputError):
        build(GROWN, lock=first.lock, version="1.1.0")


def test_a_prerelease_is_allowed_by_its_final_version(lock: Lock) -> None:
    built = build(GROWN + acknowledge("claim-growth"), lock=lock, version="1.1.0-rc.1")
    assert [one.from_version for one in migrations(built)] == ["1.1.0-rc.1"]


def test_another_versions_word_does_not_count(lock: Lock) -> None:
    with pytest.raises(InputError):
        build(GROWN + acknowledge("claim-growth", version="1.2.0"), lock=lock, version="1.1.0")


def test_only_environments_that_change_migrate() -> None:
    lock = build(STATEFUL, dev="", prod="").lock
    prod = "[services.zk]\nclaims.data.size = '9Gi'\n" + acknowledge("claim-growth")
    built = build(STATEFUL, lock=lock, version="1.1.0", dev="", prod=prod)
    assert migrations(built) == ()
    assert len(migrations(built, environment="prod")) == 1


@pytest.mark.parametrize(
    ("text", "kind", "restart"),
    [
        (STATEFUL + 'pod_management = "Parallel"\n', "orphan-delete-and-recreate", False),
        (STATEFUL + 'headless.name = "zk-hs"\n', "orphan-delete-and-recreate", True),
        (STATEFUL + 'headless.name = "zk-hs"\n', "recreate", False),
        (STATEFUL.replace('"2Gi"', '"1Gi"'), "orphan-delete-and-recreate", False),
        (STATEFUL + 'claims.log = { mount = "/log", size = "1Gi" }\n', "recreate", False),
    ],
)
def test_kinds_that_fit(lock: Lock, text: str, kind: str, *, restart: bool) -> None:
    (found,) = migrations(build(text + acknowledge(kind), lock=lock, version="1.1.0"))
    assert (found.kind, found.restart) == (kind, restart)


@pytest.mark.parametrize(
    ("text", "kind", "offered"),
    [
        (STATEFUL.replace('"2Gi"', '"1Gi"'), "claim-growth", "orphan-delete-and-recreate"),
        (STATEFUL + 'claims.log = { mount = "/log", size = "1Gi" }\n', "claim-growth", "recreate"),
        (STATEFUL + 'claims.log = { mount = "/log", size = "1Gi" }\n', "orphan-delete-and-recreate", "recreate"),
        (STATEFUL.replace('"2Gi"', '"4Gi", storage_class = "fast"'), "claim-growth", "orphan-delete-and-recreate"),
        (STATEFUL + 'headless.name = "zk-hs"\n', "claim-growth", "orphan-delete-and-recreate"),
    ],
)
def test_kinds_that_cannot_work_are_refused(lock: Lock, text: str, kind: str, offered: str) -> None:
    with pytest.raises(InputError) as error:
        build(text + acknowledge(kind), lock=lock, version="1.1.0")
    (problem,) = error.value.problems
    assert kind in problem.message
    assert f'kind = "{offered}"' in (problem.hint or "")


def test_a_service_may_become_headless() -> None:
    lock = build(EXTERNAL).lock
    said = EXTERNAL + "headless = true\n" + acknowledge("recreate", "Service/db", more=", reversible = false")
    (found,) = migrations(build(said, lock=lock, version="1.1.0"), "db")
    assert (found.object, found.kind, found.reversible) == ("Service/db", "recreate", False)
    with pytest.raises(InputError, match="for StatefulSets"):
        build(said.replace('"recreate"', '"claim-growth"'), lock=lock, version="1.1.0")


def test_a_switch_of_the_archetype_changes_the_same_objects() -> None:
    lock = build(STATEFUL.replace("zk]", "db]"), dev="", prod="").lock
    prod = '[services.db]\narchetype = "external-endpoint"\naddresses = ["10.0.0.1"]\n'
    with pytest.raises(InputError, match=r"chart db-external, Service/db spec.clusterIP.*in prod"):
        build(STATEFUL.replace("zk]", "db]"), lock=lock, version="1.1.0", dev="", prod=prod + "headless = true\n")
    said = prod + "headless = true\n" + acknowledge("recreate", "Service/db")
    built = build(STATEFUL.replace("zk]", "db]"), lock=lock, version="1.1.0", dev="", prod=said)
    assert [one.object for one in migrations(built, "db", "prod")] == ["Service/db"]
    again = build(STATEFUL.replace("zk]", "db]"), lock=built.lock, version="1.1.0", dev="", prod=said)
    assert again.lock == built.lock
    fine = build(STATEFUL.replace("zk]", "db]"), lock=lock, version="1.1.0", dev="", prod=prod)
    assert migrations(fine, "db", "prod") == ()


def test_a_lost_lock_comes_back_with_its_migrations(lock: Lock) -> None:
    built = build(GROWN + acknowledge("claim-growth"), SPRING, lock=lock, version="1.1.0")
    recovered = recover_lock(read_umbrella(dict(built.files), "registry"))
    assert recovered.charts["zk"].migrations == built.lock.charts["zk"].migrations
    assert build(GROWN, SPRING, lock=recovered, version="1.2.0").bom.environments["dev"].services["zk"].migrations


def test_the_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "releases.toml").write_text(HEAD + STATEFUL)
    write_workspace(load_workspace(tmp_path), tmp_path / "charts", None)
    text = HEAD.replace("1.0.0", "1.1.0") + STATEFUL.replace('"2Gi"', '"4Gi"')
    (tmp_path / "releases.toml").write_text(text)
    with pytest.raises(InputError) as error:
        load_workspace(tmp_path)
    (problem,) = error.value.problems
    line = next(number for number, found in enumerate(text.splitlines(), 1) if found.startswith("claims.data"))
    assert problem.where is not None
    assert (Path(problem.where.file).name, problem.where.line) == ("releases.toml", line)
    assert problem.hint == (
        'if it is meant: services.zk.migrations."1.1.0"."StatefulSet/zk" = { kind = "claim-growth", reason = "…" }'
    )
