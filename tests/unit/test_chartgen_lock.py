"""releases.lock: which version a chart gets, what must not change, and the file itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.build.versions import ChartState, decide_versions
from chartgen.lockfile import Lock, LockEntry, parse_lock, render_lock
from helmkit.bom import FieldChange, Migration
from helmkit.errors import HelmkitError, InputError
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, build

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
NAMES = st.sampled_from(["dev", "prod", "sandbox"])


MIGRATIONS = st.builds(
    lambda old, new, reason, back: Migration(
        "1.5.0 StatefulSet/a", "recreate", "StatefulSet/a", (FieldChange("spec.x", old, new),), "1.5.0",
        restart=not back, reversible=back, reason=reason,
    ),
    TEXT, TEXT, TEXT, st.booleans(),
)  # fmt: skip


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    charts = {}
    for name in draw(st.sets(st.sampled_from(["a", "b-c", "on", "x1"]))):
        since = draw(st.dictionaries(NAMES, TEXT, min_size=1))
        immutable = {env: draw(st.dictionaries(TEXT, TEXT, max_size=2)) for env in since}
        migrations = {env: (draw(MIGRATIONS),) for env in since if draw(st.booleans())}
        charts[name] = LockEntry(draw(TEXT), draw(TEXT), since, immutable, migrations)
    return Lock(draw(TEXT), charts)


@given(locks())
def test_a_lock_survives_its_file(lock: Lock) -> None:
    assert parse_lock(render_lock(lock)) == lock


def test_the_file_says_once_what_all_environments_agree_on() -> None:
    text = render_lock(build(STATEFUL, dev="", prod="services.zk.claims.data.size = '9Gi'").lock)
    assert '"StatefulSet/zk spec.serviceName" = "zk-headless"\n' in text
    claims = '{ dev = "data 2Gi ReadWriteOnce (default class)", prod = "data 9Gi ReadWriteOnce (default class)" }'
    assert f'"StatefulSet/zk spec.volumeClaimTemplates" = {claims}\n' in text


@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n", "", "schema = 1\n", 'schema = 2\nplatform = "x"\n'])
def test_what_is_no_lock_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(HelmkitError) as error:
        parse_lock(text, "here/releases.lock")
    assert "here/releases.lock" in error.value.message
    assert error.value.hint


def test_a_chart_keeps_its_version_while_its_content_stays() -> None:
    first = build(SPRING, EXTERNAL)
    second = build(SPRING.replace('version = "1"', 'version = "2"'), EXTERNAL, lock=first.lock, version="1.1.0")
    assert {chart.name: chart.version for chart in second.charts} == {"gateway": "1.1.0", "db": "1.0.0"}
    third = build(SPRING, EXTERNAL, lock=second.lock, version="1.2.0")
    assert {chart.name: chart.version for chart in third.charts} == {"gateway": "1.2.0", "db": "1.0.0"}


def test_a_version_not_yet_published_takes_every_change() -> None:
    first = build(SPRING)
    again = build(SPRING.replace('version = "1"', 'version = "2"'), lock=first.lock)
    assert again.charts[0].version == "1.0.0"
    assert again.lock.charts["gateway"].digest != first.lock.charts["gateway"].digest


def test_a_version_alone_changes_no_byte_of_a_subchart() -> None:
    first = build(SPRING, STATEFUL, EXTERNAL)
    second = build(SPRING, STATEFUL, EXTERNAL, lock=first.lock, version="2.0.0")
    assert [chart.files for chart in second.charts] == [chart.files for chart in first.charts]
    changed = {path for path in first.files if first.files[path] != second.files[path]}
    assert changed == {"Chart.yaml", "README.md", "bom.json"}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"2Gi"', '"3Gi"', "spec.volumeClaimTemplates"),
        ("replicas = 3", 'replicas = 3\npod_management = "Parallel"', "spec.podManagementPolicy"),
        ("replicas = 3", 'replicas = 3\nheadless = { name = "zk-hs" }', "spec.serviceName"),
    ],
)
def test_an_immutable_field_fails_the_build(old: str, new: str, field: str) -> None:
    lock = build(STATEFUL).lock
    with pytest.raises(InputError) as error:
        build(STATEFUL.replace(old, new), lock=lock, version="1.0.1")
    assert f"chart zk, StatefulSet/zk {field}" in str(error.value)
    assert "another name" in (error.value.hint or "")


def test_a_service_cannot_become_headless() -> None:
    lock = build(EXTERNAL).lock
    with pytest.raises(InputError, match=r'Service/db spec.clusterIP: "allocated" became "None"'):
        build(EXTERNAL + "headless = true", lock=lock, version="1.0.1")


def test_an_alias_may_become_addresses() -> None:
    lock = build(EXTERNAL.replace('addresses = ["192.168.88.190"]', 'dns_name = "db.example.com"')).lock
    build(EXTERNAL, lock=lock, version="1.0.1")


def test_another_name_means_other_objects() -> None:
    lock = build(STATEFUL).lock
    renamed = STATEFUL.replace('"2Gi"', '"3Gi"') + '\n[services.zk.client]\nname = "zk2"\n'
    build(renamed.replace("version", 'name = "zk2"\nversion', 1), lock=lock, version="1.0.1")


def test_what_was_never_published_may_change() -> None:
    lock = build(STATEFUL, version="1.0.0").lock
    build(STATEFUL.replace('"2Gi"', '"3Gi"'), lock=lock, version="1.0.0")


def test_a_new_environment_is_bound_from_its_own_version_on() -> None:
    lock = build(STATEFUL, version="1.0.0").lock
    with_prod = build(STATEFUL, lock=lock, version="1.1.0", dev="", prod="")
    assert with_prod.lock.charts["zk"].since == {"dev": "1.0.0", "prod": "1.1.0"}
    larger = "services.zk.claims.data.size = '9Gi'"
    build(STATEFUL, lock=with_prod.lock, version="1.1.0", dev="", prod=larger)
    with pytest.raises(InputError, match="in prod"):
        build(STATEFUL, lock=with_prod.lock, version="1.2.0", dev="", prod=larger)


def test_all_problems_come_at_once() -> None:
    lock = build(STATEFUL, EXTERNAL).lock
    with pytest.raises(InputError) as error:
        build(STATEFUL.replace('"2Gi"', '"3Gi"'), EXTERNAL + "headless = true", lock=lock, version="2.0.0")
    assert len(error.value.problems) == 2


def test_deciding_is_idempotent() -> None:
    charts = {"a": ChartState("sha256:1", {"dev": {"Service/a spec.clusterIP": "None"}})}
    once = decide_versions(Lock("p"), charts, "1.0.0")
    assert decide_versions(once, charts, "1.0.0") == once
    assert decide_versions(once, charts, "1.5.0") == once
