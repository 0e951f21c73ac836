"""`chartgen diff`: objects compared by meaning, secrets hidden, and only what differs rendered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chartgen.build import build_platform
from chartgen.comparison.against import kind_of
from chartgen.comparison.commit import parse_blobs, parse_tree
from chartgen.comparison.compare import compare_sides
from chartgen.comparison.frozen import compare_frozen
from chartgen.comparison.sides import Side, build_side, load_side
from chartgen.comparison.text import table_of
from chartgen.lockfile import render_lock
from helmkit.bom import FieldChange, Migration
from helmkit.errors import UsageError
from helmkit.objectdiff import ObjectChange, compare_fields, compare_objects
from helmkit.secrecy import mask_text
from helmkit.yaml import dump_yaml, parse_yaml
from tests.builders.releases import EXTERNAL, HEAD, SPRING, STATEFUL, resolve

SECRET = "kHj3-not-for-eyes"


def workload(kind: str = "Deployment", **spec: Any) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "main", "image": "r/i:1", **spec.pop("container", {})}
    template = {"metadata": {}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "gateway", "namespace": "apps"},
        "spec": {"replicas": 1, "template": template, **spec},
    }


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> ObjectChange:
    (change,) = compare_objects([old], [new])
    assert SECRET not in repr(change)
    return change


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_pods_restart_when_their_template_changes(kind: str) -> None:
    change = changed(workload(kind), workload(kind, container={"image": "r/i:2"}))
    assert change.restarts
    assert change.why == ("spec.template.spec.containers[main].image",)


def test_more_replicas_restart_nothing() -> None:
    change = changed(workload(), workload(replicas=3))
    assert (change.restarts, [field.path for field in change.fields]) == (False, ["spec.replicas"])


def test_a_job_and_a_workload_updated_on_delete_do_not_restart_by_themselves() -> None:
    waiting = {"updateStrategy": {"type": "OnDelete"}}
    new = workload("StatefulSet", container={"image": "r/i:2"}, **waiting)
    assert not changed(workload("StatefulSet", **waiting), new).restarts
    assert not changed(workload("Job"), workload("Job", container={"image": "r/i:2"})).restarts


def test_variables_are_compared_by_name_and_their_order_counts() -> None:
    a, b = {"name": "A", "value": "1"}, {"name": "B", "value": "2"}
    more = changed(workload(container={"env": [b]}), workload(container={"env": [a, b]}))
    assert [field.path for field in more.fields] == ["spec.template.spec.containers[main].env[A]"]
    turned = changed(workload(container={"env": [a, b]}), workload(container={"env": [b, a]}))
    assert turned.restarts
    assert turned.fields[0].new == "B, A"


def test_two_mounts_of_one_volume_are_both_seen() -> None:
    old = [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]
    new = [{"name": "v", "mountPath": "/a", "readOnly": True}, {"name": "v", "mountPath": "/b"}]
    change = changed(workload(container={"volumeMounts": old}), workload(container={"volumeMounts": new}))
    assert [field.path for field in change.fields] == ["spec.template.spec.containers[main].volumeMounts[/a].readOnly"]


@pytest.mark.parametrize(("old", "new"), [(1, True), (1, "1"), (0, False), ("", None)])
def test_values_of_different_types_differ(old: object, new: object) -> None:
    assert compare_fields({"a": old}, {"a": new})


def test_a_new_version_of_an_api_is_the_same_object() -> None:
    old, new = {"apiVersion": "autoscaling/v1", "kind": "H", "metadata": {"name": "x"}}, {}
    new = {**old, "apiVersion": "autoscaling/v2"}
    assert changed(old, new).change == "changed"
    moved = compare_objects([workload()], [{**workload(), "metadata": {"name": "gateway", "namespace": "other"}}])
    assert sorted(one.change for one in moved) == ["added", "removed"]


def test_hooks_are_left_out() -> None:
    hook = {"kind": "Pod", "metadata": {"name": "t", "annotations": {"helm.sh/hook": "test"}}}
    assert compare_objects([], [hook]) == ()


@pytest.mark.parametrize(
    "container",
    [
        {"env": [{"name": "DB_PASSWORD", "value": SECRET}]},
        {"env": [{"name": "URL", "value": f"amqp://app:{SECRET}@mq:5672"}]},
        {"env": [{"name": "OPTS", "value": f"-Dx=1 -Dspring.datasource.password={SECRET}"}]},
        {"args": ["--requirepass-password", SECRET]},
        {"args": [f"--token={SECRET}"]},
    ],
)
def test_secrets_are_compared_and_never_shown(container: dict[str, Any]) -> None:
    for old, new in ((workload(), workload(container=container)), (workload(container=container), workload())):
        assert changed(old, new).restarts
    other = {key: parse_yaml(dump_yaml(value).replace(SECRET, f"{SECRET}x")) for key, value in container.items()}
    assert changed(workload(container=container), workload(container=other)).restarts


def test_a_secret_shows_its_keys_alone() -> None:
    def secret(value: str) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "x", "b": value}}

    change = changed(secret(SECRET), secret(f"{SECRET}2"))
    assert [field.path for field in change.fields] == ["data.b"]
    assert change.fields[0].old == "(hidden)"


def test_references_to_secrets_stay_readable() -> None:
    value = {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "nacos-db", "key": "password"}}}
    change = changed(workload(), workload(container={"env": [value]}))
    assert "nacos-db" in str(change.fields[0].new)
    assert mask_text("amqp://$(USER):$(PASSWORD)@mq") == "amqp://$(USER):$(PASSWORD)@mq"


def test_long_texts_are_shown_from_their_difference_on() -> None:
    (field,) = compare_fields({"a": "x" * 5000 + "old" + "y" * 5000}, {"a": "x" * 5000 + "new" + "y" * 5000})
    assert "old" in str(field.old)
    assert "new" in str(field.new)
    assert len(str(field.old)) < 300


class Helm:
    """Makes a Deployment of a chart's values, and counts."""

    def __init__(self) -> None:
        self.rendered: list[str] = []

    async def template(
        self, release: str, chart: Path, *, namespace: str, values: Mapping[str, Any] | None = None,
        kube_version: str | None = None,
    ) -> str:  # fmt: skip
        self.rendered.append(release)
        own = {**parse_yaml((chart / "values.yaml").read_bytes()), **(values or {})}
        env = [{"name": name, "value": value} for name, value in own.get("env", {}).items()]
        found = workload(replicas=own.get("replicaCount"), container={"env": env, "image": str(own.get("image"))})
        return dump_yaml({**found, "metadata": {"name": release, "namespace": namespace}})

    async def lint(self, chart: Path, *, values: Mapping[str, Any] | None = None) -> list[str]:
        return []


def side(*services: str, **layers: str) -> Side:
    built = build_platform(resolve(*services, **layers))
    return Side("x", built.files, built.bom, built.environments)


async def test_only_what_differs_is_rendered() -> None:
    helm = Helm()
    old, new = side(SPRING, STATEFUL, EXTERNAL), side(SPRING.replace('"1"', '"2"'), STATEFUL, EXTERNAL)
    found = await compare_sides(helm, old, new, "dev")
    assert helm.rendered == ["gateway", "gateway"]
    (service,) = found.services
    assert (service.change, service.old, service.new, service.restarts) == (
        "changed",
        "1",
        "2",
        ("Deployment/gateway",),
    )
    assert service.why == ("spec.containers[main].image",)
    assert (found.unchanged, found.changes) == (2, True)
    assert "restart: Deployment/gateway" in table_of(found).render()


async def test_nothing_is_rendered_for_nothing() -> None:
    helm = Helm()
    old, new = side(SPRING, STATEFUL), side("# a comment\n", SPRING, STATEFUL)
    found = await compare_sides(helm, old, new, "dev")
    assert (helm.rendered, found.changes, found.unchanged) == ([], False, 2)
    assert "No service changes in dev" in table_of(found).render()


async def test_services_come_and_go() -> None:
    found = await compare_sides(Helm(), side(SPRING), side(EXTERNAL), "dev")
    assert [(one.service, one.change) for one in found.services] == [("db", "added"), ("gateway", "removed")]
    assert [row[5] for row in table_of(found).rows] == ["new", "go"]


async def test_an_environment_sees_its_own_changes_alone() -> None:
    old = side(SPRING, dev="", prod="")
    new = side(SPRING, dev="", prod="services.gateway.replicas = 5\n")
    assert not (await compare_sides(Helm(), old, new, "dev")).changes
    (service,) = (await compare_sides(Helm(), old, new, "prod")).services
    assert service.restarts == ()
    assert service.objects[0].fields[0].path == "spec.replicas"


async def test_what_no_object_shows_is_told_too() -> None:
    old = side(SPRING, EXTERNAL)
    new = side(SPRING + 'depends_on = ["db"]\n', EXTERNAL, dev="[environment]\nprotected = true\n")
    found = await compare_sides(Helm(), old, new, "dev")
    (service,) = found.services
    assert (service.settings[0].path, service.settings[0].new) == ("depends_on", "db")
    assert [field.path for field in found.settings] == ["protected"]


@pytest.mark.parametrize(("environment", "services"), [("nope", ()), ("dev", ("gatewey",))])
async def test_unknown_names_are_refused(environment: str, services: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        await compare_sides(Helm(), side(SPRING), side(SPRING), environment, services)
    assert caught.value.hint in ("There are: dev.", "Did you mean 'gateway'?")


async def test_a_change_that_a_build_refuses_is_compared_and_named(tmp_path: Path) -> None:
    lock = render_lock(build_platform(resolve(STATEFUL)).lock)
    (tmp_path / "releases.lock").write_text(lock)
    (tmp_path / "releases.toml").write_text(HEAD.replace("1.0.0", "1.1.0") + STATEFUL.replace('"2Gi"', '"9Gi"'))
    new = build_side(tmp_path, "here")
    assert "claims" in new.refusal or "volumeClaimTemplates" in new.refusal
    assert (await compare_sides(Helm(), side(STATEFUL), new, "dev")).refusals


def test_a_platform_or_an_umbrella_folder_can_be_named(tmp_path: Path) -> None:
    from helmkit.charts import write_chart

    built = build_platform(resolve(SPRING))
    write_chart(tmp_path / "charts" / "shop", built.files)
    assert load_side(tmp_path / "charts").bom == built.bom
    assert load_side(tmp_path / "charts" / "shop").values == built.environments
    (tmp_path / "releases.toml").write_text(HEAD + SPRING)
    for path in (tmp_path, tmp_path / "releases.toml"):
        assert load_side(path).bom.environments["dev"] == built.bom.environments["dev"]
    with pytest.raises(UsageError):
        load_side(tmp_path / "nope")


def test_what_is_compared_with_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old").mkdir()
    monkeypatch.chdir(tmp_path)
    words = {"oci://h/p/x:1": "url", "old": "path", "./gone": "path", "x-1.0.tgz": "path", "1.4.2": "version"}
    words |= {"HEAD~1": "commit", "v1.4.2": "commit", "tags/1.4.2": "commit", "heads/old": "commit"}
    assert {word: kind_of(word) for word in words} == words


def test_generated_and_strange_entries_of_a_tree_are_left_out() -> None:
    entries = [
        b"100644 blob a 5\treleases.toml",
        b"100755 blob b 5\tvalues/dev.toml",
        b"100644 blob c 5\tcharts/shop/values.yaml",
        b"120000 blob d 5\tlink.toml",
        b"160000 commit e -\tsub",
        b"100644 blob f 99999999\tdump.sql",
    ]
    assert list(parse_tree(b"\0".join(entries) + b"\0")) == [("releases.toml", "a"), ("values/dev.toml", "b")]
    assert list(parse_blobs(b"a blob 6\na\nb\n\0c\nb blob 0\n\n")) == [b"a\nb\n\0c", b""]


def _stateful(name: str, size: str) -> dict[str, Any]:
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": size}}}}
    return workload("StatefulSet", serviceName=name, volumeClaimTemplates=[claim])


def test_what_no_update_may_change_is_told_with_what_relman_does() -> None:
    old, new = _stateful("a", "1Gi"), _stateful("b", "1Gi")
    (refused,) = compare_frozen([old], [new], [])
    assert (refused.kind, refused.fields, refused.restarts) == ("", ("spec.serviceName",), False)

    change = FieldChange("spec.serviceName", "a", "b")
    said = Migration(
        "1.1.0 StatefulSet/gateway", "orphan-delete-and-recreate", "StatefulSet/gateway", (change,), "1.1.0"
    )
    for restart in (False, True):
        (way,) = compare_frozen([old], [new], [msgspec.structs.replace(said, restart=restart)])
        assert (way.kind, way.restarts) == ("orphan-delete-and-recreate", restart)
    assert not list(compare_frozen([old], [old], [said]))
    assert not list(compare_frozen([], [new], [said]))


async def test_a_migration_that_restarts_pods_is_one_of_the_reasons() -> None:
    first = build_platform(resolve(STATEFUL))
    text = STATEFUL + 'headless.name = "zk-hs"\n'
    text += 'migrations."1.1.0"."StatefulSet/zk" = { kind = "recreate", reason = "x" }\n'
    second = build_platform(resolve(text, version="1.1.0"), first.lock)

    class Stateful(Helm):
        async def template(
            self, release: str, chart: Path, *, namespace: str, values: Mapping[str, Any] | None = None,
            kube_version: str | None = None,
        ) -> str:  # fmt: skip
            own = parse_yaml((chart / "values.yaml").read_bytes())
            found = _stateful(own["headless"]["name"], "1Gi")
            return dump_yaml({**found, "metadata": {"name": release, "namespace": namespace}})

    old, new = (Side("x", one.files, one.bom, one.environments) for one in (first, second))
    whole = await compare_sides(Stateful(), old, new, "dev")
    (found,) = whole.services
    assert found.restarts == ("StatefulSet/zk",)
    assert found.why == ("spec.serviceName",)
    notes = "\n".join(table_of(whole).notes)
    assert "StatefulSet/zk changes spec.serviceName: relman does recreate; pods restart" in notes
