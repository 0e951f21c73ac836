"""Rules about rendered objects: what each finds, and the near misses that it leaves alone."""

from __future__ import annotations

import pytest

from chartgen.build import build_platform
from chartgen.checks import archive_size, check_platform, check_rendered, check_together
from chartgen.checks.reading.size import ReleaseSize
from chartgen.render import RenderedService
from tests.builders.releases import SPRING, resolve

POD = """
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a, part: x}}
    spec:
"""
AFFINITY = """      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 1
              podAffinityTerm: {labelSelector: {matchExpressions: [{key: app, operator: In, values: [%s]}]}}
"""
VOLUME = "kind: PersistentVolume\nmetadata: {name: %s}\nspec: {%s}\n"
ANNOTATED = "kind: Service\nmetadata: {name: a, annotations: {%s: 'true'}}"
OLD_CLAIM = "{metadata: {name: d, annotations: {volume.beta.kubernetes.io/storage-class: x}}}"
CRON = "apiVersion: %s\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '* * * * *'}\n"


def rules(*objects: str) -> list[str]:
    text = "".join(f"---\n{one}" for one in objects)
    service = RenderedService("a", "a", "apps", text)
    return [one.rule for one in check_rendered("dev", service, ReleaseSize(1000))]


@pytest.mark.parametrize(
    ("rule", "objects"),
    [
        ("removed-api", ["apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}"]),
        ("removed-api", [CRON % "batch/v1beta1"]),
        ("deprecated-api", ["apiVersion: v1\nkind: Endpoints\nmetadata: {name: a}"]),
        ("deprecated-api", ["apiVersion: v1\nkind: ReplicationController\nmetadata: {name: a}"]),
        ("deprecated-api", ["kind: Service\nmetadata: {name: a}\nspec: {externalIPs: [10.0.0.1]}"]),
        ("deprecated-api", [VOLUME % ("a", "persistentVolumeReclaimPolicy: Recycle")]),
        ("dead-annotation", [ANNOTATED % "service.alpha.kubernetes.io/tolerate-unready-endpoints"]),
        (
            "dead-annotation",
            [f"kind: StatefulSet\nmetadata: {{name: a}}\nspec: {{volumeClaimTemplates: [{OLD_CLAIM}]}}"],
        ),
        ("host-path-volume", [VOLUME % ("a", "hostPath: {path: /data}")]),
        (
            "host-path-volume",
            [VOLUME % (name, "local: {path: /data}, nodeAffinity: {required: {on: n}}") for name in ("a", "b")],
        ),
        ("lost-selector", [POD, "kind: Service\nmetadata: {name: s}\nspec: {selector: {run: a}}"]),
        ("lost-selector", [POD + AFFINITY % "app-a"]),
        (
            "lost-selector",
            [POD, "kind: PodDisruptionBudget\nmetadata: {name: s}\nspec: {selector: {matchLabels: {app: b}}}"],
        ),
        ("foreign-namespace", ["kind: ConfigMap\nmetadata: {name: a, namespace: kube-system}"]),
    ],
)
def test_what_is_found(rule: str, objects: list[str]) -> None:
    assert rules(*objects) == [rule]


@pytest.mark.parametrize(
    "objects",
    [
        [CRON % "batch/v1"],
        ["apiVersion: networking.k8s.io/v1beta1\nkind: IPAddress\nmetadata: {name: a}"],
        ["apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a}"],
        [VOLUME % ("a", "hostPath: {path: /data}, nodeAffinity: {required: {on: n}}")],
        [VOLUME % (name, f"local: {{path: /data}}, nodeAffinity: {{on: {name}}}") for name in ("a", "b")],
        [VOLUME % ("a", "nfs: {path: /data}, persistentVolumeReclaimPolicy: Retain")],
        [POD + AFFINITY % "a", "kind: Service\nmetadata: {name: s}\nspec: {selector: {app: a}}"],
        ["kind: Service\nmetadata: {name: s}\nspec: {selector: {app: elsewhere}}"],
        [POD, "kind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}"],
        ["kind: ConfigMap\nmetadata: {name: a, namespace: apps}"],
        ["kind: ConfigMap\nmetadata: {name: a, annotations: {volume.kubernetes.io/x: y}}"],
    ],
)
def test_what_is_left_alone(objects: list[str]) -> None:
    assert rules(*objects) == []


def together(*services: tuple[str, str, str]) -> list[tuple[str, str]]:
    rendered = [RenderedService(key, key, namespace, text) for key, namespace, text in services]
    return [(one.rule, one.service) for one in check_together("dev", rendered)]


def test_one_object_has_one_owner() -> None:
    role = "kind: ClusterRole\nmetadata: {name: r}"
    config = "kind: ConfigMap\nmetadata: {name: c}"
    assert together(("a", "x", role), ("b", "y", role)) == [("shared-object", "a")]
    assert together(("a", "x", config), ("b", "x", config)) == [("shared-object", "a")]
    assert together(("a", "x", config), ("b", "y", config)) == []
    assert together(("a", "x", config + "\n---\n" + role)) == []


def test_a_node_port_exists_once() -> None:
    service = "kind: Service\nmetadata: {name: %s}\nspec: {ports: [{port: 80, nodePort: 30080, protocol: %s}]}"
    assert together(("a", "x", service % ("a", "TCP")), ("b", "y", service % ("b", "TCP"))) == [
        ("node-port-twice", "a")
    ]
    assert together(("a", "x", service % ("a", "TCP")), ("b", "y", service % ("b", "UDP"))) == []


def test_what_helm_would_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = resolve(SPRING)
    built = build_platform(platform)
    assert list(check_platform(platform, built)) == []
    monkeypatch.setattr(archive_size, "FILE_LIMIT", 5000)
    monkeypatch.setattr(archive_size, "CHART_LIMIT", 20000)
    messages = [one.message for one in check_platform(platform, built)]
    assert any("charts/gateway/values.schema.json takes" in one for one in messages)
    assert any("MiB unpacked" in one and "The most:" in one for one in messages)
