"""Names, drift, changes, health and leftovers: the small judgements."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helmkit.errors import UsageError
from helmkit.kube import FieldManager, ObjectMetadata
from helmkit.objectdiff import compare_objects
from relman.core.drift import decide_drift
from relman.core.health import Health, service_health, workload_health
from relman.core.naming import Scope, ServiceName, resolve_scope
from relman.core.record import ObjectMark
from relman.execute.leftovers import services_without_selector, stale_endpoints, stale_slices
from relman.observe.marks import kinds_of, mark_of

SERVICES = [
    ServiceName("shop-gw", "gateway", "gateway"),
    ServiceName("shop-gw", "front", "nginx"),
    ServiceName("shop-base", "proxy", "nginx"),
    ServiceName("tools", "tools", "tools"),
]


@pytest.mark.parametrize(
    ("name", "namespace", "scope"),
    [
        ("shop-gw", None, Scope(("shop-gw",))),
        ("shop-gw/", None, Scope(("shop-gw",))),
        (None, "shop-gw", Scope(("shop-gw",))),
        ("gateway", None, Scope(("shop-gw",), frozenset({"gateway"}))),
        ("shop-gw/nginx", None, Scope(("shop-gw",), frozenset({"front"}))),
        ("nginx", "shop-base", Scope(("shop-base",), frozenset({"proxy"}))),
        ("front", None, Scope(("shop-gw",), frozenset({"front"}))),
        ("tools/", None, Scope(("tools",))),
        ("tools/tools", None, Scope(("tools",), frozenset({"tools"}))),
    ],
)
def test_a_name_means_one_thing(name: str | None, namespace: str | None, scope: Scope) -> None:
    assert resolve_scope(name, namespace=namespace, everything=False, services=SERVICES) == scope


@pytest.mark.parametrize(
    ("name", "namespace", "everything", "said", "hint"),
    [
        ("tools", None, False, "both a namespace and a service", "tools/ for the namespace, or tools/tools"),
        ("nginx", None, False, "the name of 2 services", "shop-base/nginx, shop-gw/nginx"),
        ("gatewey", None, False, "did you mean gateway", "relman status"),
        ("nowhere/x", None, False, "no namespace 'nowhere'", "shop-base, shop-gw, tools"),
        ("shop-gw/proxy", None, False, "no namespace or service 'proxy' in namespace shop-gw", ""),
        ("shop-gw/x", "shop-base", False, "name two namespaces", "Leave one"),
        (None, None, False, "nothing is named", "--all"),
        ("gateway", None, True, "--all means every namespace", "Leave one"),
    ],
)
def test_what_is_not_exact_is_an_error_that_says_how_to_be(
    name: str | None, namespace: str | None, everything: bool, said: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_scope(name, namespace=namespace, everything=everything, services=SERVICES)
    assert said in caught.value.message
    assert hint in (caught.value.hint or "")


def test_everything_is_every_namespace_in_order() -> None:
    scope = resolve_scope(None, namespace=None, everything=True, services=SERVICES)
    assert scope.namespaces == ("shop-base", "shop-gw", "tools")
    assert scope.platform_wide


def test_an_autoscaler_may_change_generations_and_nobody_else_may() -> None:
    hpa = "autoscaling/v2/HorizontalPodAutoscaler/web"
    recorded = {"apps/v1/Deployment/web": ObjectMark("u", 1), hpa: ObjectMark("h", 0)}
    scaled = {**recorded, "apps/v1/Deployment/web": ObjectMark("u", 4)}
    assert decide_drift(recorded, scaled) == ()
    edited = {**recorded, "apps/v1/Deployment/web": ObjectMark("u", 4, ("kubectl-edit@t",))}
    assert decide_drift(recorded, edited) == ("Deployment/web was changed by kubectl-edit",)


def test_foreign_fields_that_were_known_are_no_drift() -> None:
    mark = ObjectMark("u", 1, ("kubectl-set@t1",))
    assert decide_drift({"v1/Service/x": mark}, {"v1/Service/x": mark}) == ()
    later = ObjectMark("u", 1, ("kubectl-set@t2",))
    assert decide_drift({"v1/Service/x": mark}, {"v1/Service/x": later})


def _metadata(*managers: FieldManager, name: str = "x", **changes: Any) -> ObjectMetadata:
    fields: dict[str, Any] = {
        "api_version": "v1", "kind": "Service", "namespace": "ns", "uid": "u", "generation": 0, "labels": {},
        "resource_version": "1", "annotations": {}, "owners": (), "created_at": None, "deleting": False,
    }  # fmt: skip
    return ObjectMetadata(name=name, managers=managers, **{**fields, **changes})


def test_helm_and_kubernetes_are_not_foreign_and_status_is_nobodys_business() -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    managers = [
        FieldManager("helm", "Apply", "", when),
        FieldManager("kube-controller-manager", "Update", "scale", when),
        FieldManager("nginx-ingress", "Update", "status", when),
        FieldManager("kubectl", "Update", "scale", when),
    ]
    assert mark_of(_metadata(*managers)).foreign == ("kubectl@2026-01-01T00:00:00+00:00",)


def test_kinds_are_taken_from_references() -> None:
    references = ["apps/v1/Deployment/a", "v1/Service/a", "apps/v1/Deployment/b"]
    assert kinds_of(references) == (("apps/v1", "Deployment"), ("v1", "Service"))


def _deployment(image: str, **env: str) -> dict[str, Any]:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    pod = {"containers": [{"name": "main", "image": image, "env": variables}]}
    return {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 1, "template": {"spec": pod}}}


def test_changed_fields_are_found_by_name_and_a_pod_template_restarts() -> None:
    old, new = _deployment("a:1", B="1", A="1"), _deployment("a:2", A="1", B="1")
    (change,) = compare_objects([old], [new])
    assert [(field.path, field.old, field.new) for field in change.fields] == [
        # A template whose variables only change places replaces pods as well.
        ("spec.template.spec.containers[main].env (order)", "B, A", "A, B"),
        ("spec.template.spec.containers[main].image", "a:1", "a:2"),
    ]
    assert change.restarts
    old["spec"]["replicas"] = 5
    (scaled,) = compare_objects([old], [{**new, "spec": {**new["spec"], "template": old["spec"]["template"]}}])
    assert not scaled.restarts


def test_objects_come_and_go() -> None:
    service = {"kind": "Service", "metadata": {"name": "a"}}
    assert [one.change for one in compare_objects([service], [])] == ["removed"]
    assert [one.change for one in compare_objects([], [service])] == ["added"]
    hook = {"kind": "Job", "metadata": {"name": "a", "annotations": {"helm.sh/hook": "test"}}}
    assert compare_objects([], [hook]) == ()


def test_secrets_are_compared_and_never_shown() -> None:
    old = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "b2xk", "same": "eA=="}}
    new = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "bmV3", "same": "eA==", "more": "eQ=="}}
    changes = compare_objects([old, _deployment("a", DB_PASSWORD="old")], [new, _deployment("a", DB_PASSWORD="new")])
    shown = repr(changes)
    assert not any(secret in shown for secret in ("b2xk", "bmV3", "eQ==", "'old'", "'new'"))
    assert [(f.path, f.old, f.new) for c in changes for f in c.fields] == [
        ("spec.template.spec.containers[main].env[DB_PASSWORD].value", "(hidden)", "(hidden) (another one)"),
        ("data.a", "(hidden)", "(hidden) (another one)"),
        ("data.more", None, "(hidden)"),
    ]


def test_a_whole_list_that_holds_a_secret_hides_it_too() -> None:
    new = _deployment("a", TOKEN="geheim")
    old = _deployment("a")
    assert "geheim" not in repr(compare_objects([old], [new]))


@pytest.mark.parametrize(
    ("kind", "generation", "status", "health"),
    [
        ("Deployment", 1, {"observedGeneration": 1, "availableReplicas": 2, "updatedReplicas": 2}, "healthy"),
        ("Deployment", 2, {"observedGeneration": 1, "availableReplicas": 2, "updatedReplicas": 2}, "progressing"),
        ("Deployment", 1, {"observedGeneration": 1, "availableReplicas": 1, "updatedReplicas": 1}, "progressing"),
        ("Deployment", 1, {"observedGeneration": 1, "availableReplicas": 0, "updatedReplicas": 2}, "degraded"),
        ("StatefulSet", 1, {"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2}, "healthy"),
        (
            "Deployment", 1,
            {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}, "degraded",
        ),
        (
            "DaemonSet", 1,
            {"observedGeneration": 1, "desiredNumberScheduled": 3, "numberAvailable": 3, "updatedNumberScheduled": 3},
            "healthy",
        ),
    ],
)  # fmt: skip
def test_health_is_read_from_the_status(kind: str, generation: int, status: dict[str, Any], health: str) -> None:
    item = {"kind": kind, "metadata": {"generation": generation}, "spec": {"replicas": 2}, "status": status}
    assert workload_health(item).state == health


def test_a_service_is_as_healthy_as_its_worst_workload() -> None:
    assert service_health(["v1/Service/x"], {}) == Health("-")
    assert service_health(["apps/v1/Deployment/x"], {}) == Health("missing")


def test_only_what_kubernetes_made_for_a_lost_selector_is_left_over() -> None:
    objects = [
        {"kind": "Service", "metadata": {"name": "db"}, "spec": {}},
        {"kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}},
        {"kind": "EndpointSlice", "metadata": {"name": "db-1"}},
    ]
    names = services_without_selector(objects)
    assert names == ("db",)

    def slice_(name: str, service: str, maker: str) -> ObjectMetadata:
        return _metadata(
            name=name,
            kind="EndpointSlice",
            labels={"kubernetes.io/service-name": service, "endpointslice.kubernetes.io/managed-by": maker},
        )

    found = [
        slice_("db-1", "db", "Helm"),
        slice_("db-old", "db", "endpointslice-controller.k8s.io"),
        slice_("db-mirror", "db", "endpointslicemirroring-controller.k8s.io"),
        slice_("db-operator", "db", "an-operator"),
        slice_("web-old", "web", "endpointslice-controller.k8s.io"),
    ]
    assert [one.name for one in stale_slices(found, names, objects)] == ["db-old", "db-mirror"]
    controller = FieldManager("kube-controller-manager", "Update", "", None)
    endpoints = [_metadata(controller, name="db"), _metadata(name="db"), _metadata(controller, name="web")]
    assert stale_endpoints(endpoints, names, objects) == (endpoints[0],)
