"""The rules of `chartgen check`: what each finds, and what it leaves alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import chartgen.checks
from chartgen.build import build_platform
from chartgen.checks import PLATFORM_RULES, RENDERED_RULES, RULES, TOGETHER_RULES, Finding, check_rendered
from chartgen.checks.catalogue import list_rules
from chartgen.checks.reading.size import LIMIT, ReleaseSize, predict_size
from chartgen.render import RenderedService
from chartgen.verify import inspect_values, summarize
from chartgen.workspace import Workspace
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, resolve

PROTECTED = "[environment]\nprotected = true\n"


def findings(*services: str, **layers: str) -> list[tuple[str, str, str]]:
    platform = resolve(*services, **layers)
    workspace = Workspace(Path(), platform, build_platform(platform), None, None, lock_is_stale=False)
    found = inspect_values(workspace, list(platform.environments))
    return [(finding.rule, finding.service, finding.environment) for finding in summarize(found)]


def rules(*services: str, **layers: str) -> set[str]:
    return {rule for rule, _, _ in findings(*services, **layers)}


GOOD = 'resources = { memory = "1Gi" }\nreplicas = 2\n'


def test_a_good_service_is_left_alone() -> None:
    assert findings(SPRING + GOOD, EXTERNAL, dev="", prod=PROTECTED) == []


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("literal-ip", 'env.DB = "jdbc:mysql://192.168.88.190:3306/elk"'),
        ("literal-ip", 'env.DB = "http://me@10.0.0.1/x"'),
        ("literal-ip", 'env.DB = "10.0.0.1"'),
        ("health-as-liveness", 'probes.liveness = { path = "/actuator/health" }'),
        ("health-as-liveness", 'probes = { readiness = { path = "/ok" }, liveness = { path = "/ok" } }'),
        ("blocked-drain", "disruption = { min_available = 2 }"),
        ("blocked-drain", 'disruption = { min_available = "100%" }'),
        ("blocked-drain", "disruption = { max_unavailable = 0 }"),
        ("stuck-rollout", "rollout = { max_surge = 0, max_unavailable = 0 }"),
    ],
)
def test_rules_that_hold_everywhere(rule: str, more: str) -> None:
    assert rules(SPRING + GOOD + more) == {rule}


@pytest.mark.parametrize(
    "more",
    [
        'env.A = "127.0.0.1:80"',
        'env.A = "1.2.3.4-beta"',
        'env.VERSION = "release 1.2.3.4 of it"',
        'env.A = "0.0.0.0:8080"',
        'env.A = "999.1.1.1:80"',
        'probes.path = "/actuator/health"',
        "disruption = { min_available = 1 }",
        'probes.liveness = { path = "/actuator/health/liveness" }',
    ],
)
def test_what_is_fine(more: str) -> None:
    assert rules(SPRING + GOOD + more) == set()


@pytest.mark.parametrize(
    ("rule", "layer"),
    [
        ("single-replica", "services.gateway.replicas = 1"),
        ("memory-limit", "services.gateway.unset = ['resources']"),
        ("mutable-tag", "[services.gateway]\nversion = 'latest'\nimage.pull_policy = 'Always'"),
        ("mutable-tag", "[services.gateway]\nversion = '2.0-SNAPSHOT'\nimage.pull_policy = 'Always'"),
        ("open-actuator", "services.gateway.env.MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE = 'health,*'"),
    ],
)
def test_rules_about_environments_that_matter(rule: str, layer: str) -> None:
    assert findings(SPRING + GOOD, dev=layer, prod="") == []
    assert findings(SPRING + GOOD, dev="", prod=f"{layer}\n{PROTECTED}") == [(rule, "gateway", "prod")]


def test_one_replica_may_be_all_there_can_be() -> None:
    assert findings(SPRING + GOOD.replace("replicas = 2", "max_replicas = 1"), dev=PROTECTED) == []


def test_a_digest_pins_every_tag() -> None:
    layer = f"[services.gateway]\nversion = 'latest'\nimage.digest = 'sha256:{'0' * 64}'"
    assert findings(SPRING + GOOD, dev="", prod=layer) == []


def test_the_endpoint_that_has_the_address_is_named() -> None:
    platform = resolve(SPRING + 'env.DB = "192.168.88.190:3306"', EXTERNAL)
    workspace = Workspace(Path(), platform, build_platform(platform), None, None, lock_is_stale=False)
    (found,) = inspect_values(workspace, ["dev"])
    assert found.message == "env.DB holds the address 192.168.88.190; services.db has that address"


def test_pod_security_is_held_against_the_pods() -> None:
    restricted = '[namespaces]\napps = { pod_security = "restricted" }\ndata = { pod_security = "restricted" }\n'
    assert rules(SPRING, dev=restricted) == set()
    assert rules(SPRING + 'run_as = "image"', dev=restricted) == {"pod-security"}
    assert rules(STATEFUL, dev=restricted) == {"pod-security"}
    assert rules(STATEFUL + "run_as = { user = 1000 }", dev=restricted) == set()
    assert rules(STATEFUL) == set()


def test_environments_with_one_finding_are_joined() -> None:
    bad = SPRING + GOOD + 'env.DB = "10.0.0.1:80"'
    assert findings(bad, dev="", prod="") == [("literal-ip", "gateway", "dev, prod")]


def test_errors_come_first() -> None:
    found = [Finding("b", "warning", "dev", "a", "", ""), Finding("a", "error", "dev", "z", "", "")]
    assert [finding.severity for finding in summarize(found)] == ["error", "warning"]


RENDERED = """---
# Source: shop/charts/gateway/templates/a.yaml
kind: Deployment
metadata: {name: a}
spec:
  template:
    spec:
      containers:
        - name: a
          env: [{name: A, value: "1"}, {name: B, value: "2"}, {name: A, value: "3"}]
          ports: [{containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}]
---
# Source: shop/charts/gateway/templates/b.yaml
kind: Service
metadata: {name: a}
spec:
  ports: [{port: 80, protocol: TCP}, {port: 80, protocol: TCP}]
---
# Source: shop/charts/gateway/templates/c.yaml
kind: Service
metadata: {name: a}
spec: {}
"""


def test_objects_and_entries_named_twice_are_found() -> None:
    found = check_rendered("dev", RenderedService("gateway", "gateway", "apps", RENDERED), ReleaseSize(1000))
    assert [finding.message for finding in found] == [
        "Service a is rendered 2 times",
        "Deployment a: spec.template.spec.containers.env names A twice",
        "Service a: spec.ports names 80 TCP twice",
    ]


@pytest.mark.parametrize(
    ("size", "rule"), [(LIMIT // 4, ""), (LIMIT * 3 // 4, "release-size"), (LIMIT + 1, "release-too-large")]
)
def test_a_release_that_comes_near_the_limit_is_found(size: int, rule: str) -> None:
    taken = ReleaseSize(size, (("file values.yaml", 4096),))
    found = list(check_rendered("dev", RenderedService("gateway", "gateway", "apps", ""), taken))
    assert [finding.rule for finding in found] == ([rule] if rule else [])
    assert all("the most: file values.yaml 4 KiB" in finding.message for finding in found)


def test_subcharts_do_not_count_for_the_umbrellas_release() -> None:
    noise = bytes(range(256)) * 400
    assert predict_size({"charts/a/x": noise}, {}, {}).total < 200
    size = predict_size({"x": noise, "y": b""}, {"a": 1}, {"gateway": "kind: Service"})
    assert size.total > 200
    assert [name for name, _ in size.parts][:2] == ["file x", "objects of gateway"]


def test_every_rule_has_its_file_and_says_why_and_what_to_do() -> None:
    folder = Path(chartgen.checks.__file__).parent
    others = {"--init--", "finding", "catalogue", "refusals", "accepted-error", "unused-acceptance"}
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - others
    assert {rule.id for rule in (*RULES, *RENDERED_RULES, *PLATFORM_RULES, *TOGETHER_RULES)} == files
    for entry in list_rules():
        assert entry.remedy.endswith("."), entry.id
        assert entry.reason.endswith("."), entry.id
    for path in folder.glob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text()))
