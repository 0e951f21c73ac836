"""Which way leads from the immutable fields that are there to those that are wanted."""

from __future__ import annotations

from typing import Any

import pytest

from helmkit.bom import FieldChange, Migration
from helmkit.immutable import canonical_quantity, claims_text, immutable_fields, object_id, parse_claims
from helmkit.migrations import NotAllowed, Way, decide_way

ZK = "StatefulSet/zk"
SIZE = "spec.volumeClaimTemplates"
NAME = "spec.serviceName"


def step(
    version: str, kind: str, *changes: tuple[str, str, str], restart: bool = False, back: bool = True
) -> Migration:
    made = tuple(FieldChange(*change) for change in changes)
    return Migration(f"{version} {ZK}", kind, ZK, made, version, restart=restart, reversible=back)


GROWTH = step("1.1.0", "claim-growth", (SIZE, "2Gi", "4Gi"))
MOVE = step("1.2.0", "orphan-delete-and-recreate", (NAME, "zk", "zk-hs"), restart=True)
AGAIN = step("1.3.0", "recreate", (SIZE, "4Gi", "8Gi"), back=False)
KNOWN = [GROWTH, MOVE, AGAIN]


def way(live: dict[str, str], wanted: dict[str, str]) -> Way:
    found = decide_way(KNOWN, ZK, live, wanted)
    assert isinstance(found, Way)
    return found


def test_nothing_differs_nothing_to_do() -> None:
    assert decide_way(KNOWN, ZK, {SIZE: "4Gi", NAME: "zk"}, {SIZE: "4Gi", NAME: "zk"}) is None
    assert decide_way([], ZK, {SIZE: "4Gi"}, {}) is None


def test_one_step_forwards_and_back() -> None:
    forward = way({SIZE: "2Gi"}, {SIZE: "4Gi"})
    assert (forward.kind, forward.migrations, forward.backwards) == ("claim-growth", (GROWTH.id,), ())
    back = way({SIZE: "4Gi"}, {SIZE: "2Gi"})
    assert (back.kind, back.backwards, back.loses) == ("orphan-delete-and-recreate", (GROWTH.id,), False)
    assert back.changes == (FieldChange(SIZE, "4Gi", "2Gi"),)


def test_several_versions_at_once_take_the_heaviest_kind() -> None:
    found = way({SIZE: "2Gi", NAME: "zk"}, {SIZE: "8Gi", NAME: "zk-hs"})
    assert (found.kind, found.migrations) == ("recreate", (GROWTH.id, MOVE.id, AGAIN.id))
    assert found.restart
    assert way({SIZE: "8Gi"}, {SIZE: "2Gi"}).loses


def test_what_nobody_acknowledged_is_named() -> None:
    found = decide_way(KNOWN, ZK, {SIZE: "2Gi", NAME: "zk"}, {SIZE: "3Gi", NAME: "zk-hs"})
    assert found == NotAllowed(ZK, (FieldChange(SIZE, "2Gi", "3Gi"),))
    assert isinstance(decide_way(KNOWN, "StatefulSet/other", {SIZE: "2Gi"}, {SIZE: "4Gi"}), NotAllowed)


def test_an_unknown_kind_is_taken_for_the_heaviest() -> None:
    newer = step("1.1.0", "teleport", (SIZE, "2Gi", "4Gi"))
    found = decide_way([newer], ZK, {SIZE: "2Gi"}, {SIZE: "4Gi"})
    assert isinstance(found, Way)
    assert found.kind == "teleport"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1024Mi", "1Gi"),
        ("5Gi", "5Gi"),
        ("0.5Gi", "512Mi"),
        ("1500Mi", "1500Mi"),
        ("1000M", "1G"),
        ("x", "x"),
        ("0", "0"),
    ],
)
def test_sizes_are_written_as_the_api_server_does(text: str, expected: str) -> None:
    assert canonical_quantity(text) == expected


def template(name: str, size: str, storage_class: str | None = None) -> dict[str, Any]:
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"metadata": {"name": name}, "spec": spec | ({"storageClassName": storage_class} if storage_class else {})}


def test_claims_are_told_apart_by_name_size_and_the_rest() -> None:
    text = claims_text([template("log", "1024Mi"), template("data", "5Gi", "fast")])
    assert text == "data 5Gi ReadWriteOnce fast, log 1Gi ReadWriteOnce (default class)"
    assert parse_claims(text)["data"] == ("5Gi", "ReadWriteOnce fast")
    assert parse_claims(claims_text([])) == {}


def test_fields_of_every_kind() -> None:
    job = {"kind": "Job", "metadata": {"name": "a"}, "spec": {"template": {"spec": {"containers": []}}}}
    other = {**job, "spec": {"template": {"spec": {"containers": [{}]}}}}
    assert object_id(job) == "Job/a"
    assert immutable_fields(job) == immutable_fields(job) != immutable_fields(other)
    assert immutable_fields({"kind": "Service", "spec": {"clusterIP": "10.1.2.3"}}) == {"spec.clusterIP": "allocated"}
    assert immutable_fields({"kind": "Service", "spec": {"clusterIP": "None"}}) == {"spec.clusterIP": "None"}
    assert immutable_fields({"kind": "Service", "spec": {"type": "ExternalName"}}) == {}
    assert immutable_fields({"kind": "ConfigMap"}) == {}
    selector = {"spec": {"selector": {"matchLabels": {"b": "2", "a": "1"}}}}
    assert immutable_fields({"kind": "DaemonSet", **selector}) == {"spec.selector": "a=1,b=2"}
    assert immutable_fields({"kind": "StorageClass", "provisioner": "x"})["reclaimPolicy"] == "Delete"
    binding = {"kind": "RoleBinding", "roleRef": {"kind": "Role", "name": "r"}}
    assert immutable_fields(binding) == {"roleRef": "Role/r"}
    claim = {"kind": "PersistentVolumeClaim", **template("any", "1Gi")}
    assert immutable_fields(claim) == {"spec": "1Gi ReadWriteOnce (default class)"}
