"""Chart values of the archetypes: what the words of the release manifest become."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, values_of

RESTRICTED = {
    "seccompProfile": {"type": "RuntimeDefault"},
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "fsGroup": 10001,
    "fsGroupChangePolicy": "OnRootMismatch",
}


def spring(more: str = "") -> dict[str, Any]:
    return values_of(SPRING + more, "gateway", EXTERNAL)


def stateful(more: str = "") -> dict[str, Any]:
    return values_of(STATEFUL + more, "zk")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
        # A surge pod might never find a node (T049).
        ('spread = "required"', {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
        ("max_replicas = 1", {"type": "Recreate"}),
        ("rollout.recreate = true", {"type": "Recreate"}),
        ("rollout.max_surge = 0", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
        (
            'rollout = { max_surge = "50%", max_unavailable = "25%" }',
            {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "50%", "maxUnavailable": "25%"}},
        ),
    ],
)
def test_strategy(more: str, expected: dict[str, Any]) -> None:
    assert spring(more)["strategy"] == expected


def test_spring_service_runs_as_an_ordinary_user() -> None:
    values = spring()
    assert values["podSecurityContext"] == RESTRICTED
    assert values["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert values["securityContext"]["allowPrivilegeEscalation"] is False


def test_the_image_may_decide_who_it_runs_as() -> None:
    values = spring('run_as = "image"')
    assert values["podSecurityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    assert "capabilities" not in values["securityContext"]


def test_statefulset_infra_leaves_the_user_to_the_image_unless_told() -> None:
    assert stateful()["podSecurityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    told = stateful("run_as = { user = 1000, group = 100 }")["podSecurityContext"]
    assert (told["runAsUser"], told["fsGroup"], told["runAsNonRoot"]) == (1000, 100, True)


def test_an_ordinary_user_may_listen_on_port_80() -> None:
    service = SPRING.replace("ports.http = 8080", "ports.http = 80")
    sysctls = values_of(service, "gateway")["podSecurityContext"]["sysctls"]
    assert sysctls == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]


def test_tmp_is_writable_unless_something_is_mounted_there() -> None:
    assert spring()["volumes"]["tmp"] == {"mountPath": "/tmp", "source": {"emptyDir": {}}}
    assert list(spring('volumes.scratch = { mount = "/tmp/", empty = {} }')["volumes"]) == ["scratch"]
    taken = spring('volumes.tmp = { mount = "/cache", empty = {} }')["volumes"]
    assert taken["tmp-scratch"]["mountPath"] == "/tmp"
    assert "tmp" not in stateful()["volumes"]
    assert "tmp" in stateful("read_only_root = true")["volumes"]


@pytest.mark.parametrize(
    ("stated", "source"),
    [
        ('nfs = { server = "nfs", path = "/x" }', {"nfs": {"server": "nfs", "path": "/x"}}),
        ('configmap = "settings"', {"configMap": {"name": "settings"}}),
        ('secret = "keys"', {"secret": {"secretName": "keys"}}),
        ('empty = { size = "1Gi", memory = true }', {"emptyDir": {"sizeLimit": "1Gi", "medium": "Memory"}}),
    ],
)
def test_volume_sources(stated: str, source: dict[str, Any]) -> None:
    volume = spring(f'volumes.v = {{ mount = "/v", read_only = true, {stated} }}')["volumes"]["v"]
    assert volume == {"mountPath": "/v", "readOnly": True, "source": source}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('resources = { memory = "1Gi" }', {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}),
        (
            'resources = { memory = "1Gi", memory_request = "500Mi", cpu = "250m" }',
            {"requests": {"cpu": "250m", "memory": "500Mi"}, "limits": {"memory": "1Gi"}},
        ),
        ('resources = { cpu_limit = "1" }', {"limits": {"cpu": "1"}}),
        ("", {}),
    ],
)
def test_resources(more: str, expected: dict[str, Any]) -> None:
    assert spring(more)["resources"] == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", {"name": "gateway", "fromReplicas": 2, "maxUnavailable": 1}),
        ("disruption = false", None),
        (
            'disruption = { name = "pdb", min_available = "50%" }',
            {"name": "pdb", "fromReplicas": 1, "minAvailable": "50%"},
        ),
        ("disruption = { max_unavailable = 2 }", {"name": "gateway", "fromReplicas": 1, "maxUnavailable": 2}),
    ],
)
def test_disruption_budget(more: str, expected: dict[str, Any] | None) -> None:
    assert spring(more).get("podDisruptionBudget") == expected


def test_a_node_port_makes_the_service_a_node_port_service() -> None:
    service = SPRING.replace(
        "ports.http = 8080", "ports.http = { port = 80, container_port = 8080, node_port = 31333 }"
    )
    values = values_of(service, "gateway")
    assert values["ports"] == {"http": {"containerPort": 8080, "protocol": "TCP"}}
    port = {"port": 80, "targetPort": "http", "protocol": "TCP", "nodePort": 31333}
    assert values["service"] == {"name": "gateway", "type": "NodePort", "ports": {"http": port}}


def test_no_service_no_ingress() -> None:
    values = spring("service = false")
    assert "service" not in values
    assert values["ingress"] == {}


def test_a_stateful_service_has_two_services() -> None:
    values = stateful(
        'headless = { name = "zk-hs", ports = ["server"] }\nclient = { name = "zk-cs", ports = ["client"] }'
    )
    assert list(values["headless"]["ports"]) == ["server"]
    assert values["headless"]["publishNotReadyAddresses"] is True
    assert (values["service"]["name"], list(values["service"]["ports"])) == ("zk-cs", ["client"])


def test_a_headless_service_leads_to_the_containers_port() -> None:
    service = STATEFUL.replace("client = 2181", "client = { port = 80, container_port = 2181 }")
    values = values_of(service, "zk")
    assert values["headless"]["ports"]["client"]["port"] == 2181
    assert values["service"]["ports"]["client"]["port"] == 80


def test_pull_secrets_are_the_registrys_and_the_services_own() -> None:
    assert spring('pull_secrets = ["extra", "company-pull"]')["imagePullSecrets"] == [
        {"name": "company-pull"},
        {"name": "extra"},
    ]


def test_init_containers_stand_by_name_and_bring_their_registrys_secret() -> None:
    more = """
init_containers.b = { image = { registry = "company", repository = "wait" }, version = "1", args = ["x"] }
init_containers.a = { image = { registry = "hub", repository = "library/busybox" }, version = "2", env = { A = "1" } }
"""
    values = stateful(more)
    assert list(values["initContainers"]) == ["a", "b"]
    assert values["initContainers"]["a"]["env"] == {"A": "1"}
    assert values["imagePullSecrets"] == [{"name": "company-pull"}]


def test_init_containers_know_their_peers_too() -> None:
    more = """
[services.zk.init_containers.wait]
image = { registry = "hub", repository = "library/busybox" }
version = "1"
env.PEERS = { peers = "zk", port = "client" }
"""
    assert stateful(more)["clusterDomain"] == "cluster.local"
    assert "clusterDomain" not in stateful()


def test_an_endpoint_with_addresses() -> None:
    values = values_of(EXTERNAL.replace('["192.168.88.190"]', '["192.168.88.190", "2001:DB8::0001"]'), "db")
    assert values["addresses"] == ["192.168.88.190", "2001:db8::1"]
    assert "externalName" not in values
    assert values["ports"] == {"mysql": {"port": 3306, "targetPort": 3306, "protocol": "TCP"}}


def test_an_endpoint_with_a_dns_name() -> None:
    values = values_of(EXTERNAL.replace('addresses = ["192.168.88.190"]', 'dns_name = "db.example.com"'), "db")
    assert values["externalName"] == "db.example.com"
    assert "addresses" not in values


def test_a_headless_endpoint_answers_on_the_backends_port() -> None:
    service = EXTERNAL.replace(
        "ports.mysql = 3306", "headless = true\nports.mysql = { port = 1, container_port = 3306 }"
    )
    assert values_of(service, "db")["ports"]["mysql"]["port"] == 3306
