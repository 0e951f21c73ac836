"""Live objects beside their manifests: only what the manifest states counts, and who set what is told by name."""

from __future__ import annotations

from typing import Any

import pytest

from relman.core.live import FieldDrift, Leftover, ObjectDrift, compare_live
from relman.core.staying import what_stays
from relman.observe.marks import is_foreign_name


def deployment(*env: dict[str, str], image: str = "app:1", **spec: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": image, "env": list(env), "resources": {"limits": {"memory": "1Gi"}}}]
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "gateway", "labels": {"app": "gateway"}},
        "spec": {"template": {"spec": {"containers": containers}}, **spec},
    }  # fmt: skip


def managed(manager: str, fields: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    entry = {"manager": manager, "operation": "Update", "fieldsV1": fields}
    return {**entry, "subresource": subresource} if subresource else entry


def in_container(below: dict[str, Any]) -> dict[str, Any]:
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"main"}': below}}}}}


def live(*entries: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    item["metadata"]["managedFields"] = list(entries)
    return item


def compare(stated: dict[str, Any], found: dict[str, Any] | None) -> ObjectDrift | None:
    return compare_live(stated, found, is_foreign_name)


def test_what_kubernetes_adds_and_writes_differently_is_no_drift() -> None:
    stated = deployment({"name": "EMPTY", "value": ""}, paused=False, strategy={})
    found = deployment({"name": "EMPTY"}, replicas=1, revisionHistoryLimit=10)
    found["spec"]["template"]["spec"]["containers"][0] |= {"terminationMessagePath": "/dev/x"}
    found["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"memory": "1024Mi"}}
    assert compare(stated, live(item=found)) is None


def test_a_changed_field_is_named_with_who_set_it() -> None:
    by = managed("kubectl-set", in_container({"f:image": {}}))
    helm = managed("helm", in_container({".": {}, "f:name": {}, "f:env": {}}))
    found = compare(deployment(), live(helm, by, item=deployment(image="app:9")))
    path = "spec.template.spec.containers[main].image"
    assert found == ObjectDrift("Deployment/gateway", fields=(FieldDrift(path, "app:1", "app:9", ("kubectl-set",)),))
    assert found.sentences == (f"Deployment/gateway: {path} is app:9, not app:1 (set by kubectl-set)",)


def test_an_entry_somebody_added_is_a_leftover_told_once() -> None:
    fields = in_container({"f:env": {'k:{"name":"DEBUG"}': {".": {}, "f:name": {}, "f:value": {}}}})
    added = deployment({"name": "LEVEL", "value": "info"}, {"name": "DEBUG", "value": "1"})
    found = compare(deployment({"name": "LEVEL", "value": "info"}), live(managed("kubectl", fields), item=added))
    assert found is not None
    assert found.fields == ()
    assert found.leftovers == (Leftover("spec.template.spec.containers[main].env[DEBUG]", "kubectl"),)
    assert "env[DEBUG] was set by kubectl and stays" in found.sentences[0]


@pytest.mark.parametrize(("manager", "subresource"), [("helm", ""), ("kube-controller-manager", ""), ("x", "status")])
def test_helm_kubernetes_and_who_writes_a_status_leave_nothing(manager: str, subresource: str) -> None:
    fields: dict[str, Any] = {"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}}
    assert compare(deployment(), live(managed(manager, fields, subresource), item=deployment())) is None


def test_secrets_are_compared_and_never_shown() -> None:
    stated = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": "one"}}
    same = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {"password": "b25l"}}
    assert compare(stated, same) is None
    other = {**same, "data": {"password": "dHdv"}}
    found = compare(stated, other)
    assert found is not None
    assert [(f.path, f.wanted, f.found) for f in found.fields] == [("data.password", "(hidden)", "(hidden)")]
    env = compare(deployment({"name": "DB_PASSWORD", "value": "a"}), deployment({"name": "DB_PASSWORD", "value": "b"}))
    assert env is not None
    assert env.fields[0].found == "(hidden)"


def test_an_object_that_is_gone_is_said_to_be() -> None:
    found = compare(deployment(), None)
    assert found is not None
    assert found.sentences == ("Deployment/gateway is gone",)


def test_lists_without_names_are_compared_as_they_stand() -> None:
    stated, found = deployment(), deployment()
    stated["spec"]["template"]["spec"]["containers"][0]["command"] = ["java", "-jar"]
    found["spec"]["template"]["spec"]["containers"][0]["command"] = ["java", "-jar", "x"]
    drift = compare(stated, found)
    assert drift is not None
    assert drift.fields[0].path.endswith("containers[main].command")


def test_what_an_uninstall_leaves_is_named() -> None:
    claims = [{"metadata": {"name": "data"}}]
    reference = {"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}
    template = {"spec": {"containers": [{"name": "m", "env": [reference]}], "imagePullSecrets": [{"name": "pull"}]}}
    stateful = {
        "kind": "StatefulSet", "metadata": {"name": "zk"},
        "spec": {"volumeClaimTemplates": claims, "template": template},
    }  # fmt: skip
    kept = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "c", "annotations": {"helm.sh/resource-policy": "keep"}},
    }
    own = {"kind": "Secret", "metadata": {"name": "pull"}}
    assert what_stays("ns", [stateful, kept, own], ["data-zk-0", "data-zk-1", "other-data-zk-0"]) == (
        "claims with their data stay: data-zk-0, data-zk-1",
        "kept by their resource policy: PersistentVolumeClaim/c",
        "Secrets that were referred to stay: db",
        "the namespace ns and relman's history in it stay",
    )
