"""The platform in the root of this project: what it says stays true to where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chartgen.manifest.load import load_platform
from chartgen.manifest.resolved import OwnReplicas, ResolvedService

PLATFORM = load_platform(Path(__file__).resolve().parents[2])
NACOS = ",".join(f"http://nacos-{n}.nacos-headless.test-basic-nacos.svc.cluster.local:8848" for n in range(3))


def _service(key: str, environment: str = "dev") -> ResolvedService:
    return PLATFORM.environments[environment].services[key]


def _model(key: str, environment: str = "dev") -> Any:
    return _service(key, environment).model


def test_all_three_environments_are_there() -> None:
    assert list(PLATFORM.environments) == ["dev", "prod", "sandbox"]
    assert (PLATFORM.name, PLATFORM.version, PLATFORM.default_environment) == ("spring-platform", "1.4.0", "dev")
    assert [e.protected for e in PLATFORM.environments.values()] == [False, True, False]


@pytest.mark.parametrize(
    ("key", "namespace", "name", "image", "version", "ports"),
    [
        ("nacos", "test-basic-nacos", "nacos", "nacos/nacos-server", "1.2.0", [8848]),
        ("nacos-mysql", "test-basic-nacos", "mysql", "nacos/nacos-mysql", "5.7", [3306]),
        ("eureka", "test-basic-eureka", "eureka", "server-register-k8s", "4", [19011]),
        ("gateway", "test-basic-gateway", "gateway", "gateway-k8s", "1", [19020]),
        ("test-business-01", "test-test-business", "test-business-01", "test-business01-k8s", "6", [19030]),
        ("test-business-02", "test-test-business", "test-business-02", "test-business02-k8s", "9", [19040]),
        ("test-id-generator", "test-all-services", "test-id-generator", "distributed-id-gen-k8s", "3", [8080]),
        (
            "data-dictionary-server",
            "test-all-services",
            "data-dictionary-server",
            "data-dictionary-server",
            "120",
            [19090],
        ),
        ("test-frontend", "test-all-services", "test-frontend", "test-frontend-develop", "1", [80]),
        ("zookeeper", "test-zookeeper", "zk", "kubernetes-zookeeper", "1.0-3.4.10", [2181, 2888, 3888]),
    ],
)
def test_workloads(key: str, namespace: str, name: str, image: str, version: str, ports: list[int]) -> None:
    model = _model(key)
    assert (model.namespace, model.name, model.image.repository, model.version) == (namespace, name, image, version)
    assert [port.port for port in model.ports.values()] == ports


@pytest.mark.parametrize(
    ("key", "address", "port"),
    [
        ("mysql-outer", "192.168.88.190", 3306),
        ("skywalking-outer", "192.168.88.163", 11800),
        ("redis-outer", "192.0.2.10", 6379),
        ("mongodb-outer", "192.0.2.11", 27017),
        ("elasticsearch-outer", "192.0.2.12", 9200),
    ],
)
def test_what_is_outside(key: str, address: str, port: int) -> None:
    model = _model(key)
    assert (model.namespace, model.addresses) == (f"test-basic-{key}", [address])
    assert [found.port for found in model.ports.values()] == [port]


@pytest.mark.parametrize(
    "key", ["eureka", "gateway", "test-business-01", "test-id-generator", "data-dictionary-server"]
)
def test_clients_of_nacos_know_every_replica(key: str) -> None:
    env = _service(key).env
    assert env["NACOS_IP"] == NACOS
    assert (env["NACOS_NAMESPACE"], env["CHANNEL"]) == ("test-dev", "standalone")


def test_lists_of_peers_follow_the_replicas() -> None:
    assert _service("nacos").env["NACOS_REPLICAS"] == OwnReplicas()
    assert _service("zookeeper").env["ZK_REPLICAS"] == OwnReplicas()
    (command,) = _model("zookeeper").command[2:]
    assert command.startswith("start-zookeeper --servers=$(ZK_REPLICAS) --data_dir=/var/lib/zookeeper/data ")
    assert "\n" not in command


def test_skywalking_is_reached_through_its_service() -> None:
    expected = "skywalking-outer.test-basic-skywalking-outer.svc.cluster.local:11800"
    assert _service("test-id-generator").env["SKYWALKING_IP_PORT"] == expected
    assert _service("data-dictionary-server").env["SKYWALKING_TARGET_SERVICE_NAME"] == "test-data-dict"


def test_names_that_other_systems_know() -> None:
    assert _model("eureka").headless.name == "eureka"
    assert _model("eureka").client.name == "eureka-nodeport"
    assert (_model("zookeeper").headless.name, _model("zookeeper").client.name) == ("zk-hs", "zk-cs")
    assert (_model("zookeeper").container, _model("test-id-generator").container) == (
        "kubernetes-zookeeper",
        "distributed-id-gen",
    )
    assert _model("gateway").ingress["gateway-nginx"].host == "www.test-gateway.net"


def test_node_ports_are_open_where_they_should_be() -> None:
    assert _model("gateway").ports["http"].node_port == 31333
    assert _model("eureka").ports["http"].node_port == 31011
    assert _model("eureka", "prod").ports["http"].node_port is None


def test_replicas_by_environment() -> None:
    assert [_model("gateway", name).replicas for name in PLATFORM.environments] == [1, 5, 3]
    assert [_model("test-id-generator", name).replicas for name in PLATFORM.environments] == [1, 3, 3]


def test_the_sandbox_pulls_everything_from_its_own_registry() -> None:
    sandbox = PLATFORM.environments["sandbox"]
    assert {(r.host, r.plain_http) for r in sandbox.registries.values()} == {("127.0.0.1:5055", True)}
    assert (sandbox.repository, sandbox.plain_http) == ("oci://127.0.0.1:5055/charts", True)
    assert not any(namespace.gate for namespace in sandbox.namespaces.values())


def test_services_start_after_what_they_need() -> None:
    order = list(PLATFORM.environments["prod"].services)
    for before, after in [
        ("nacos-mysql", "nacos"),
        ("nacos", "eureka"),
        ("eureka", "gateway"),
        ("zookeeper", "test-id-generator"),
    ]:
        assert order.index(before) < order.index(after)
