"""References between services, the order of variables, and the order of services."""

from __future__ import annotations

import pytest

from chartgen.manifest.env_order import ordered, uses
from chartgen.manifest.resolved import OwnPeers, OwnReplicas, ResolvedEnvValue
from chartgen.vocabulary.env import FieldReference, SecretReference
from tests.unit.manifest_samples import parse, service

SECRET = SecretReference(secret="s", key="k")


def _env(value: str, extra: str = "") -> ResolvedEnvValue:
    return service(f'[services.x]\npreset = "app"\nenv.A = {value}\n{extra}', "x").env["A"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{ endpoint = "nacos", port = "http" }', "nacos.infra.svc.cluster.local:8848"),
        ('{ endpoint = "nacos", port = "http", form = "namespace" }', "nacos.infra:8848"),
        (
            '{ endpoint = "nacos", port = "http", format = "http://{host}/{port}" }',
            "http://nacos.infra.svc.cluster.local/8848",
        ),
        ('{ endpoint = "mysql-outer", port = "mysql", format = "{host}" }', "mysql-outer.infra.svc.cluster.local"),
        ('{ replicas = "nacos" }', "3"),
        (
            '{ peers = "nacos", port = "http", format = "http://{host}:{port}", form = "namespace" }',
            "http://nacos-0.nacos-headless.infra:8848,http://nacos-1.nacos-headless.infra:8848,"
            "http://nacos-2.nacos-headless.infra:8848",
        ),
        (
            '{ peers = "nacos", port = "http", format = "{index}={host}", join = ";" }',
            "0=nacos-0.nacos-headless.infra.svc.cluster.local;1=nacos-1.nacos-headless.infra.svc.cluster.local;"
            "2=nacos-2.nacos-headless.infra.svc.cluster.local",
        ),
    ],
)
def test_references_become_text(value: str, expected: str) -> None:
    assert _env(value) == expected


def test_the_bare_name_works_inside_a_namespace() -> None:
    main = '[services.x]\npreset = "infra"\nports.p = 1\nenv.A = { endpoint = "nacos", port = "http", form = "name" }\n'
    main += 'env.B = { peers = "nacos", port = "http", form = "name" }\n'
    found = service(main, "x").env
    assert found["A"] == "nacos:8848"
    assert found["B"] == "nacos-0.nacos-headless:8848,nacos-1.nacos-headless:8848,nacos-2.nacos-headless:8848"


def test_names_ports_and_ordinals_of_the_target_are_used() -> None:
    extra = """\
[services.z]
name = "zk"
preset = "infra"
replicas = 2
ordinals_start = 1
headless.name = "zk-hs"
client = { name = "zk-cs", ports = ["client"] }
ports.client = { port = 80, container_port = 2181 }
ports.server = 2888
"""
    assert _env('{ endpoint = "z", port = "client" }', extra) == "zk-cs.infra.svc.cluster.local:80"
    assert (
        _env('{ peers = "z", port = "client", form = "namespace" }', extra)
        == "zk-1.zk-hs.infra:2181,zk-2.zk-hs.infra:2181"
    )
    assert _env('{ peers = "z", port = "server", format = "{port}" }', extra) == "2888,2888"


def test_a_headless_endpoint_is_reached_at_its_own_port() -> None:
    extra = """\
[services.redis]
archetype = "external-endpoint"
namespace = "infra"
addresses = ["192.0.2.1", "192.0.2.2"]
headless = true
ports.redis = { port = 6379, container_port = 6380 }
"""
    assert _env('{ endpoint = "redis", port = "redis", format = "{port}" }', extra) == "6380"


def test_the_cluster_domain_ends_full_names() -> None:
    main = 'cluster_domain = "k8s.example.com"\n[services.x]\npreset = "app"\n'
    main += 'env.A = { endpoint = "nacos", port = "http" }\n'
    assert service(main, "x").env["A"] == "nacos.infra.svc.k8s.example.com:8848"


def test_own_peers_and_replicas_are_left_to_the_chart() -> None:
    main = '[services.x]\npreset = "infra"\nports.p = { port = 1, container_port = 2 }\n'
    main += 'env.N = { replicas = "x" }\nenv.P = { peers = "x", port = "p", format = "{index}", form = "name" }\n'
    found = service(main, "x")
    assert found.env == {"N": OwnReplicas(), "P": OwnPeers(port=2, format="{index}", join=",", host_form="name")}
    assert found.depends_on == ()


def test_a_service_may_name_its_own_address() -> None:
    assert _env('{ endpoint = "x", port = "http" }') == "x.apps.svc.cluster.local:8080"


def test_references_of_init_containers_count_as_well() -> None:
    main = """\
[services.x]
preset = "app"
[services.x.init_containers.wait]
image = { registry = "hub", repository = "wait" }
version = "1"
env.TARGET = { endpoint = "nacos", port = "http" }
"""
    found = service(main, "x")
    assert found.init_env == {"wait": {"TARGET": "nacos.infra.svc.cluster.local:8848"}}
    assert found.depends_on == ("nacos",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("$(A)", ["A"]),
        ("$(A)$(B.c-d)", ["A", "B.c-d"]),
        ("$$(A)", []),
        ("$$$(A)", ["A"]),
        ("$(A", []),
        ("$A ${B}", []),
        ("$($(A))", ["$(A"]),
    ],
)
def test_uses_reads_expansions_as_the_kubelet_does(text: str, expected: list[str]) -> None:
    assert list(uses(text)) == expected


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"B": "", "A": ""}, ["A", "B"]),
        ({"A": "", "Z": FieldReference(field="status.podIP"), "Y": SECRET}, ["Y", "Z", "A"]),
        ({"A": "$(C)", "B": "", "C": "$(B)"}, ["B", "C", "A"]),
        ({"A": "$(Z)", "Z": SECRET, "B": ""}, ["Z", "A", "B"]),
        ({"A": "$(MISSING) $$(B)", "B": ""}, ["A", "B"]),
        ({"A": OwnPeers(1, "{host}", ",", "fqdn"), "B": SECRET, "C": ""}, ["A", "B", "C"]),
        # A list of peers that holds a password must stand after it, whatever their names.
        ({"A": OwnPeers(1, "$(B)@{host}", ",", "fqdn"), "B": SECRET, "C": ""}, ["B", "A", "C"]),
        ({"A": OwnPeers(1, "$(B)@{host}", ",", "fqdn"), "B": "$(C)", "C": "", "D": "$(A)"}, ["C", "B", "A", "D"]),
    ],
)
def test_variables_stand_after_those_they_use(env: dict[str, ResolvedEnvValue], expected: list[str]) -> None:
    assert list(ordered(env)) == expected


def test_services_come_after_those_they_depend_on_ties_by_key() -> None:
    main = """\
[services.a]
preset = "app"
depends_on = ["z"]
[services.z]
preset = "app"
env.A = { endpoint = "nacos", port = "http" }
[services.b]
preset = "app"
"""
    found = parse(main).environments["default"].services
    assert list(found) == ["b", "mysql-outer", "nacos", "z", "a"]
    assert [service.depends_on for service in found.values()] == [(), (), (), ("nacos",), ("z",)]
