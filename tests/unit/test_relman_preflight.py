"""What each check of preflight makes of facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from relman.core.plan import Plan
from relman.core.preflight import CHECKS, Report, decide_report, report_lines, with_report
from relman.core.preflight.facts import (
    Facts,
    ImageSeen,
    Known,
    Moved,
    Neighbour,
    Node,
    PortHolder,
    Right,
    Trial,
    Versions,
)
from relman.core.preflight.finding import REFUSE, WARN, Finding, merge_findings
from relman.core.preflight.release_size import LIMIT, release_size
from relman.core.preflight.rights import needed_rights

AMD, ARM = Node("a", "linux/amd64", {"kubernetes.io/arch": "amd64"}), Node("b", "linux/arm64")


def deployment(name: str = "web", **spec: Any) -> dict[str, Any]:
    """A Deployment; `spec` is its pods'."""
    pod = {"containers": [{"name": "main", "image": "r.example/web:1"}], **spec}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": {"spec": pod}}}


def node_port(name: str, *ports: int, namespace: str = "shop") -> dict[str, Any]:
    spec = {"ports": [{"port": 80, "nodePort": port} for port in ports]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def moved(*objects: Mapping[str, Any], service: str = "web", action: str = "upgrade", **more: Any) -> Moved:
    return Moved(service, "shop", service, action, tuple(objects), **more)


def found(facts: Facts, check: str) -> list[tuple[str, str]]:
    """Severity and message of one check's findings."""
    return [(one.severity, one.message) for one in decide_report(facts, frozenset({check})).findings]


# ------------------------------------------------------------------------------------------------------------- image


@pytest.mark.parametrize(
    ("seen", "severity", "words"),
    [
        (ImageSeen("there", frozenset({"linux/amd64", "linux/arm64"})), None, ""),
        (ImageSeen("there"), None, ""),
        (ImageSeen("missing"), REFUSE, "r.example/web:1 does not exist"),
        (ImageSeen("unreachable", text="connection refused"), WARN, "connection refused"),
        (ImageSeen("denied"), WARN, "name a pull Secret"),
        (ImageSeen("denied", missing_secrets=("harbor",)), WARN, "the pull Secret harbor is missing in namespace shop"),
        (ImageSeen("denied", anonymous=False), WARN, "account has no right"),
        (ImageSeen("there", frozenset({"linux/amd64"})), WARN, "not for linux/arm64, which some of the nodes are"),
        (ImageSeen("there", frozenset({"windows/amd64"})), REFUSE, "not for linux/amd64, linux/arm64, as all nodes"),
    ],
)
def test_only_the_registrys_own_no_and_impossible_platforms_refuse(
    seen: ImageSeen, severity: str | None, words: str
) -> None:
    facts = Facts(
        moved=(moved(deployment()),), nodes=(AMD, ARM), images={("shop", "account default", "r.example/web:1"): seen}
    )
    got = found(facts, "image")
    assert [one for one, _ in got] == ([severity] if severity else [])
    assert all(words in message for _, message in got)


def test_only_the_nodes_a_pod_may_be_put_on_count_for_its_platform() -> None:
    item = deployment(nodeSelector={"kubernetes.io/arch": "amd64"})
    seen = {("shop", "account default", "r.example/web:1"): ImageSeen("there", frozenset({"linux/amd64"}))}
    assert found(Facts(moved=(moved(item),), nodes=(AMD, ARM), images=seen), "image") == []


# ----------------------------------------------------------------------------------------------------------- dry run


def trial(outcome: Any = "rejected", text: str = "", **more: Any) -> Trial:
    return Trial("web", "shop", more.pop("kind", "Deployment"), "web", outcome, text, **more)


@pytest.mark.parametrize(
    ("tried", "severity", "words"),
    [
        (trial("accepted"), None, ""),
        (trial("forbidden", "cannot patch"), None, ""),
        (trial(text='X "web" is invalid: spec.selector: Invalid value: {"a":1}: field is immutable'), REFUSE,
         "Deployment/web: spec.selector cannot be changed once it exists"),
        (trial(text="... exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1", pod_of="Deployment/web"),
         None, ""),
        (trial(text="... exceeded quota: q, requested: services=1, used: services=1, limited: services=1"), REFUSE,
         "quota q has no room"),
        (trial(text="spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated"), None, ""),
        (trial(text='violates PodSecurity "restricted:latest": runAsNonRoot', pod_of="Deployment/web"), REFUSE,
         "Deployment/web: its pods are refused: the namespace's Pod Security level restricted does not allow them"),
        (trial(text='failed calling webhook "w.example": timeout'), WARN, "webhook w.example does not answer"),
        (trial(text='Secret "s" is invalid: data: Invalid value: "hunter2": bad', kind="Secret"), REFUSE,
         "the cluster does not accept it"),
        (trial("unknown-kind", "no such kind", kind="Foo"), REFUSE, "does not know the kind of Foo/web"),
        (trial("untried", "500"), WARN, "could not be tried"),
        (trial("accepted", owner="shop/web"), None, ""),
        (trial("accepted", owner="shop/other"), REFUSE, "belongs to Helm release shop/other"),
        (trial("accepted", owner=""), None, ""),
    ],
)  # fmt: skip
def test_what_the_api_server_says_becomes_a_sentence(tried: Trial, severity: str | None, words: str) -> None:
    got = found(Facts(moved=(moved(deployment()),), trials=(tried,)), "dry-run")
    assert [one for one, _ in got] == ([severity] if severity else [])
    assert all(words in message and "hunter2" not in message for _, message in got)


def test_what_the_run_itself_brings_or_acknowledged_is_not_refused() -> None:
    text = 'StatefulSet.apps "web" is invalid: spec: Forbidden: updates to statefulset spec for fields other than'
    fixed = trial(text=text, kind="StatefulSet", changed=("claim data",))
    assert found(Facts(moved=(moved(),), trials=(fixed,)), "dry-run") == [
        (REFUSE, "StatefulSet/web: claim data cannot be changed once it exists")
    ]
    assert found(Facts(moved=(moved(migrates=frozenset({"StatefulSet/web"})),), trials=(fixed,)), "dry-run") == []
    unknown = trial("unknown-kind", "no such kind", kind="Foo")
    assert found(Facts(moved=(moved(brings=frozenset({"Foo"})),), trials=(unknown,)), "dry-run") == []
    unowned = trial("accepted", owner="")
    assert found(Facts(moved=(moved(action="install"),), trials=(unowned,)), "dry-run")[0][0] == REFUSE


def test_what_cannot_be_rendered_is_refused_by_the_check_that_knows_why() -> None:
    broken = Facts(moved=(moved(unrendered="shop/web cannot be rendered: no value"),))
    assert found(broken, "dry-run") == [(REFUSE, "shop/web cannot be rendered: no value")]
    old = Facts(moved=(moved(unrendered="chart requires kubeVersion: >=1.99"),))
    assert found(old, "dry-run") == []
    assert found(old, "versions") == [(REFUSE, "chart requires kubeVersion: >=1.99")]


# -------------------------------------------------------------------------------------------------------- references


def with_env(kind: str = "secretKeyRef", **source: Any) -> dict[str, Any]:
    env = [{"name": "PW", "valueFrom": {kind: {"name": "db", "key": "password", **source}}}]
    return deployment(containers=[{"name": "main", "image": "i", "env": env}])


SECRET = ("Secret", "shop", "db")


@pytest.mark.parametrize(
    ("known", "severity", "words"),
    [
        (Known("there", frozenset({"password"})), None, ""),
        (Known("there"), None, ""),
        (Known("unseen"), None, ""),
        (Known("there", frozenset({"user"})), REFUSE, "lacks the key password"),
        (Known("missing"), REFUSE, "Secret db does not exist in namespace shop"),
    ],
)
def test_what_pods_need_must_be_there(known: Known, severity: str | None, words: str) -> None:
    got = found(Facts(moved=(moved(with_env()),), known={SECRET: known}), "references")
    assert [one for one, _ in got] == ([severity] if severity else [])
    assert all(words in message for _, message in got)


def test_optional_references_and_what_the_run_brings_are_not_missing() -> None:
    missing = {SECRET: Known("missing")}
    assert found(Facts(moved=(moved(with_env(optional=True)),), known=missing), "references") == []
    metadata = {"name": "db", "namespace": "shop"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": "x"}}
    assert found(Facts(moved=(moved(with_env(), secret),), known=missing), "references") == []
    sealed = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": metadata, "spec": {}}
    assert found(Facts(moved=(moved(with_env(), sealed),), known=missing), "references") == []
    other = {**secret, "stringData": {"user": "x"}}
    assert (
        "lacks the key password" in found(Facts(moved=(moved(with_env(), other),), known=missing), "references")[0][1]
    )


def test_one_missing_object_is_one_finding_with_everybody_who_needs_it() -> None:
    both = (moved(with_env()), moved(with_env(key="user"), service="job"))
    report = decide_report(Facts(moved=both, known={SECRET: Known("missing")}), frozenset({"references"}))
    assert [one.services for one in report.findings] == [("job", "web")]
    assert "keys password, user" in report.findings[0].message
    away = Facts(moved=both, known={SECRET: Known("missing")}, missing_namespaces=frozenset({"shop"}))
    assert "kubectl create namespace shop" in decide_report(away, frozenset(CHECKS)).findings[0].remedy


def test_what_pods_start_without_only_warns() -> None:
    item = deployment(imagePullSecrets=[{"name": "harbor"}])
    facts = Facts(moved=(moved(item),), known={("Secret", "shop", "harbor"): Known("missing")})
    assert found(facts, "references")[0][0] == WARN


@pytest.mark.parametrize(
    ("name", "action", "facts", "severity"),
    [
        ("slow", "install", Facts(known={("StorageClass", "", "slow"): Known("missing")}), REFUSE),
        ("slow", "upgrade", Facts(known={("StorageClass", "", "slow"): Known("missing")}), WARN),
        (None, "install", Facts(default_storage_class=False), WARN),
        (None, "install", Facts(default_storage_class=True), None),
        ("", "install", Facts(default_storage_class=False), None),
    ],
)
def test_claims_need_their_class(name: str | None, action: str, facts: Facts, severity: str | None) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {} if name is None else {"storageClassName": name}}
    spec = {"volumeClaimTemplates": [claim], "template": {"spec": {"containers": []}}}
    item = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": spec}
    got = found(replace(facts, moved=(moved(item, action=action),)), "references")
    assert [one for one, _ in got] == ([severity] if severity else [])


def test_an_ingress_needs_its_class_and_may_wait_for_its_certificate() -> None:
    spec = {"ingressClassName": "nginx", "tls": [{"secretName": "tls"}]}
    item = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": spec}
    known = {("IngressClass", "", "nginx"): Known("missing"), ("Secret", "shop", "tls"): Known("missing")}
    assert [one for one, _ in found(Facts(moved=(moved(item),), known=known), "references")] == [REFUSE, WARN]


# -------------------------------------------------------------------------------------------------------- node ports


@pytest.mark.parametrize(
    ("holder", "more", "taken"),
    [
        (PortHolder("other", "x", "", frozenset({31000})), (), True),
        (PortHolder("shop", "web", "shop/web", frozenset({31000})), (), False),
        (PortHolder("other", "x", "", frozenset({31001})), (), False),
        (PortHolder("shop", "old", "shop/web", frozenset({31000})), (), False),
        (PortHolder("shop", "api", "shop/api", frozenset({31000})), (node_port("api", 31005),), False),
    ],
)
def test_a_port_is_free_unless_somebody_keeps_it(holder: PortHolder, more: tuple[Any, ...], taken: bool) -> None:
    facts = Facts(moved=(moved(node_port("web", 31000), *more),), node_ports=(holder,))
    got = found(facts, "node-ports")
    expected = [(REFUSE, "Service/web wants node port 31000, but Service x of namespace other has it")]
    assert got == (expected if taken else [])


def test_two_services_of_a_run_cannot_have_one_port() -> None:
    facts = Facts(moved=(moved(node_port("web", 31000), node_port("api", 31000)),))
    assert "and so does shop/web" in found(facts, "node-ports")[0][1]


# ------------------------------------------------------------------------------------------------- the short ones


def test_missing_rights_are_named_by_namespace() -> None:
    lacking = (Right("create", "apps", "deployments", "shop"), Right("get", "", "secrets", "shop"))
    [finding] = decide_report(Facts(lacking=lacking), frozenset({"rights"})).findings
    assert finding.message == "you lack rights in namespace shop: create deployments.apps; get secrets"
    assert "kubectl auth can-i create deployments.apps -n shop" in finding.remedy


def test_rights_follow_from_what_is_moved() -> None:
    rights = {str(one): one.namespace for one in needed_rights([moved(deployment())], frozenset(), frozenset({"shop"}))}
    assert {"patch deployments.apps", "watch deployments.apps", "update configmaps"} <= set(rights)
    assert {"create leases.coordination.k8s.io", "get namespaces/shop", "patch namespaces/shop"} <= set(rights)
    assert "patch ingresses.networking.k8s.io" not in rights
    away = needed_rights([moved(deployment())], frozenset({"shop"}), frozenset({"shop"}))
    assert Right("create", "", "namespaces", "") in away
    assert not any(one.verb == "patch" and one.resource == "namespaces" for one in away)


@pytest.mark.parametrize(
    ("state", "severity"), [("healthy", None), ("unseen", None), ("missing", REFUSE), ("unhealthy", WARN)]
)
def test_dependencies_must_be_installed(state: Any, severity: str | None) -> None:
    facts = Facts(neighbours=(Neighbour("eureka", "infra", ("web",), state, "0 of 3 pods are ready"),))
    assert [one for one, _ in found(facts, "dependencies")] == ([severity] if severity else [])


def test_versions_must_be_new_enough() -> None:
    facts = Facts(versions=Versions((1, 21), "v1.21.0", "", "helm 3.1.0 is too old"))
    assert [one for one, _ in found(facts, "versions")] == [REFUSE, REFUSE]
    assert found(Facts(versions=Versions((1, 36), "v1.36.3", "4.3.1")), "versions") == []


@pytest.mark.parametrize(("size", "severity"), [(LIMIT // 2, None), (LIMIT - 1, WARN), (LIMIT + 1, REFUSE)])
def test_a_release_must_fit_into_a_secret(size: int, severity: str | None) -> None:
    got = found(Facts(moved=(moved(size=size),)), "release-size")
    assert [one for one, _ in got] == ([severity] if severity else [])


def test_the_size_counts_what_helm_stores() -> None:
    small = release_size({"Chart.yaml": b"name: x", "templates/a.yaml": b"a: 1"}, {}, "a: 1")
    noise = bytes(range(256)) * 40
    assert small < 400 < release_size({"Chart.yaml": b"name: x", "dashboards/a.json": noise}, {}, "")


# ------------------------------------------------------------------------------------------------------ the report


def test_findings_are_merged_and_ordered() -> None:
    def make(check: str, severity: Any, service: str) -> Finding:
        return Finding(check=check, severity=severity, message="m", services=(service,))

    merged = merge_findings([make("image", WARN, "a"), make("image", REFUSE, "b"), make("rights", REFUSE, "c"),
                             make("image", REFUSE, "a")])  # fmt: skip
    assert [(one.check, one.severity, one.services) for one in merged] == [
        ("rights", REFUSE, ("c",)), ("image", REFUSE, ("a", "b")), ("image", WARN, ("a",)),
    ]  # fmt: skip


def test_skipped_checks_are_not_made_and_are_told() -> None:
    facts = Facts(moved=(moved(size=LIMIT + 1),), unseen=("nodes", "nodes"))
    report = decide_report(facts, frozenset({"image"}), ("release-size",))
    assert report.findings == ()
    assert report_lines(report) == ["Not checked: nodes", "Checks skipped: release-size"]


def test_refusals_join_those_of_the_plan() -> None:
    plan = Plan(schema="1", action="upgrade", platform="p", version="1", environment="e")
    report = decide_report(Facts(moved=(moved(size=LIMIT + 1),)), frozenset(CHECKS))
    [refusal] = with_report(plan, report).refusals
    assert refusal.kind == "release-size"
    assert refusal.message.startswith("[release-size] release web takes about")
    assert "--skip release-size" in refusal.hint
    assert with_report(plan, Report()) == plan
