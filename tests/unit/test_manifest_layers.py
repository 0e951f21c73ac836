"""Presets, base and layers: what wins, what falls away, and what environments share."""

from __future__ import annotations

from typing import Any

import pytest

from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.manifest.merge import merge, normalise, without
from chartgen.vocabulary.env import SecretReference
from tests.unit.manifest_samples import parse, service


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"args": ["a", "b"]}, {"args": ["c"]}, {"args": ["c"]}),
        ({"env": {"A": "1"}}, {"env": {"B": "2"}}, {"env": {"A": "1", "B": "2"}}),
        ({"probes": {"path": "/"}}, {"probes": False}, {"probes": False}),
        ({"probes": False}, {"probes": {"path": "/"}}, {"probes": {"path": "/"}}),
        # Keys that exclude each other: the upper one takes it.
        ({"addresses": ["192.0.2.1"]}, {"dns_name": "db.example.com"}, {"dns_name": "db.example.com"}),
        (
            {"volumes": {"data": {"mount": "/d", "nfs": {"server": "s"}}}},
            {"volumes": {"data": {"empty": {}}}},
            {"volumes": {"data": {"mount": "/d", "empty": {}}}},
        ),
        (
            {"probes": {"path": "/", "port": "http"}},
            {"probes": {"tcp": True}},
            {"probes": {"port": "http", "tcp": True}},
        ),
        (
            {"ingress": {"x": {"host": "a"}}},
            {"ingress": {"x": {"any_host": True}}},
            {"ingress": {"x": {"any_host": True}}},
        ),
        # A reference of another kind replaces the whole; one of the same kind, or none, merges.
        (
            {"env": {"A": {"endpoint": "db", "port": "sql"}}},
            {"env": {"A": {"secret": "s", "key": "k"}}},
            {"env": {"A": {"secret": "s", "key": "k"}}},
        ),
        (
            {"env": {"A": {"secret": "s", "key": "k"}}},
            {"env": {"A": {"secret": "t"}}},
            {"env": {"A": {"secret": "t", "key": "k"}}},
        ),
        (
            {"init_containers": {"i": {"env": {"A": {"endpoint": "db", "port": "sql"}}}}},
            {"init_containers": {"i": {"env": {"A": {"format": "{host}"}}}}},
            {"init_containers": {"i": {"env": {"A": {"endpoint": "db", "port": "sql", "format": "{host}"}}}}},
        ),
        ({"env": {"A": {"secret": "s", "key": "k"}}}, {"env": {"A": "text"}}, {"env": {"A": "text"}}),
    ],
)
def test_merge(base: dict[str, Any], over: dict[str, Any], expected: dict[str, Any]) -> None:
    assert merge(base, over) == expected


def test_short_ports_are_written_out_and_nothing_else() -> None:
    assert normalise({"ports": {"a": 1, "b": {"port": 2}, "c": "x", "d": True}, "replicas": 3}) == {
        "ports": {"a": {"port": 1}, "b": {"port": 2}, "c": "x", "d": True},
        "replicas": 3,
    }
    assert normalise({"ports": 3}) == {"ports": 3}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("a",), {"b": {"c": 1, "d": 2}}),
        (("b", "c"), {"a": 0, "b": {"d": 2}}),
        (("b", "x"), {"a": 0, "b": {"c": 1, "d": 2}}),
        (("a", "x"), {"a": 0, "b": {"c": 1, "d": 2}}),
    ],
)
def test_without(path: tuple[str, ...], expected: dict[str, Any]) -> None:
    table = {"a": 0, "b": {"c": 1, "d": 2}}
    assert without(table, path) == expected
    assert table == {"a": 0, "b": {"c": 1, "d": 2}}


def test_precedence_is_default_preset_service_environment() -> None:
    main = """\
default_environment = "dev"
[presets.first]
replicas = 2
drain = "1s"
graceful = "1s"
[presets.second]
graceful = "2s"
min_ready = "2s"
[services.x]
preset = ["app", "first", "second"]
min_ready = "3s"
"""
    layers = {"dev": "", "prod": "[services.x]\nreplicas = 5\n"}
    model = service(main, "x", "prod", **layers).model
    found = [getattr(model, name) for name in ("spread", "drain", "graceful", "min_ready", "replicas")]
    assert found == ["preferred", 1, 2, 3, 5]
    assert service(main, "x", "dev", **layers).model.replicas == 2  # type: ignore[attr-defined]


def test_a_layer_adds_a_node_port_to_a_port_in_short_form() -> None:
    found = service("", "nacos", dev="[services.nacos]\nports.http.node_port = 31333\n").model.ports["http"]  # type: ignore[attr-defined]
    assert (found.port, found.node_port) == (8848, 31333)


def test_a_layer_changes_the_number_of_a_port_and_keeps_the_rest() -> None:
    main = '[services.x]\npreset = "app"\nports.http = { port = 80, node_port = 31333 }\n'
    found = service(main, "x", dev="[services.x]\nports.http = 81\n").model.ports["http"]  # type: ignore[attr-defined]
    assert (found.port, found.node_port) == (81, 31333)


def test_unset_takes_away_and_the_layer_may_say_it_anew() -> None:
    main = """\
[services.x]
preset = "app"
ports.http = { port = 80, node_port = 31333 }
env.DB_URL = "x"
env."a.b" = "y"
[services.x.volumes.data]
mount = "/data"
read_only = true
nfs = { server = "nfs.example.com", path = "/" }
"""
    layer = """\
[services.x]
unset = ["ports.http.node_port", "env.DB_URL", 'env."a.b"', "volumes.data", "service_account"]
volumes.data = { mount = "/other", empty = {} }
"""
    with_account = main.replace('preset = "app"\n', 'preset = "app"\nservice_account = "x"\n')
    model: Any = service(with_account, "x", dev=layer).model
    assert model.ports["http"].node_port is None
    assert model.env == {}
    assert model.service_account is None
    assert (model.volumes["data"].mount, model.volumes["data"].read_only) == ("/other", False)


def test_a_service_may_take_something_from_its_presets() -> None:
    main = '[presets.env]\nenv = { A = "1", B = "2" }\n[services.x]\npreset = ["app", "env"]\nunset = ["env.A"]\n'
    assert service(main, "x").env == {"B": "2"}


def test_another_archetype_keeps_name_namespace_and_ports() -> None:
    main = """\
default_environment = "dev"
[services.store]
name = "mongodb"
preset = "infra"
replicas = 3
description = "said of the workload"
depends_on = ["nacos"]
ports.mongodb = 27017
env.A = { peers = "nacos", port = "http" }
"""
    layers = {"dev": "", "prod": '[services.store]\narchetype = "external-endpoint"\naddresses = ["192.0.2.9"]\n'}
    found = service(main, "store", "prod", **layers)
    assert found.archetype == "external-endpoint"
    assert isinstance(found.model, ExternalEndpoint)
    assert (found.name, found.namespace, found.model.ports["mongodb"].port) == ("mongodb", "infra", 27017)
    assert (found.model.description, found.depends_on, found.env) == (None, (), {})
    assert service(main, "store", "dev", **layers).archetype == "statefulset-infra"


def test_the_same_archetype_said_again_changes_nothing() -> None:
    found = service("", "nacos", dev='[services.nacos]\narchetype = "statefulset-infra"\n')
    assert found.model.replicas == 3  # type: ignore[attr-defined]


def test_a_service_may_leave_the_archetype_of_its_preset() -> None:
    main = '[presets.where]\nnamespace = "apps"\narchetype = "spring-service"\n'
    main += '[services.x]\npreset = "where"\narchetype = "external-endpoint"\ndns_name = "a.b"\nports.p = 1\n'
    found = service(main, "x")
    assert (found.archetype, found.namespace) == ("external-endpoint", "apps")


def test_environments_share_what_is_the_same() -> None:
    platform = parse('default_environment = "dev"\n', dev="", prod="[services.nacos]\nreplicas = 5\n")
    dev, prod = platform.environments["dev"].services, platform.environments["prod"].services
    assert dev["mysql-outer"] is prod["mysql-outer"]
    assert dev["nacos"] is not prod["nacos"]


def test_a_service_is_shared_only_where_its_targets_are_the_same() -> None:
    main = 'default_environment = "dev"\n[services.x]\npreset = "app"\nenv.N = { replicas = "nacos" }\n'
    platform = parse(main, dev="", prod="[services.nacos]\nreplicas = 5\n")
    dev, prod = (platform.environments[name].services["x"] for name in ("dev", "prod"))
    assert (dev.env["N"], prod.env["N"]) == ("3", "5")
    assert dev.model is prod.model


def test_what_every_environment_says_need_not_be_in_the_base() -> None:
    main = 'default_environment = "dev"\n[services.x]\npreset = "app"\nunset = ["version"]\n'
    layers = {name: f'[services.x]\nversion = "{name}"\n' for name in ("dev", "prod")}
    assert service(main, "x", "prod", **layers).model.version == "prod"  # type: ignore[attr-defined]


def test_environments_are_the_layers_there_are() -> None:
    assert list(parse().environments) == ["default"]
    assert list(parse('default_environment = "live"\n').environments) == ["live"]
    platform = parse(prod="")
    assert (list(platform.environments), platform.default_environment) == (["prod"], "prod")


def test_sections_of_a_layer() -> None:
    main = '[charts]\nrepository = "oci://harbor.example.com/charts"\n'
    layer = """\
[environment]
cluster = "01234567-89ab-cdef-0123-456789abcdef"
protected = true
[charts]
plain_http = true
[registries.hub]
host = "127.0.0.1:5055"
plain_http = true
[namespaces.apps]
pod_security = "restricted"
labels = { team = "a" }
before = "call somebody"
[namespaces.more]
[services.nacos]
namespace = "more"
"""
    platform = parse(main, dev=layer)
    found = platform.environments["dev"]
    assert (found.cluster, found.protected) == ("01234567-89ab-cdef-0123-456789abcdef", True)
    assert (found.repository, found.plain_http, platform.plain_http) == ("oci://harbor.example.com/charts", True, False)
    assert (found.registries["hub"].host, found.registries["hub"].plain_http) == ("127.0.0.1:5055", True)
    assert found.namespaces["apps"].labels == {"pod-security.kubernetes.io/enforce": "restricted", "team": "a"}
    assert (found.namespaces["apps"].pod_security, found.namespaces["apps"].gate) == ("restricted", "call somebody")
    assert found.namespaces["infra"].pod_security == "baseline"
    assert found.services["nacos"].namespace == "more"


def test_a_layer_takes_the_pull_secret_of_a_registry_away() -> None:
    layer = '[registries]\ncompany = { host = "localhost:5000", pull_secret = "" }\n'
    registry = '[registries]\ncompany = { host = "192.168.88.159:5000", pull_secret = "company-pull" }\n'
    platform = parse(f'default_environment = "dev"\n{registry}', dev="", minikube=layer)
    secrets = {name: one.registries["company"].pull_secret for name, one in platform.environments.items()}
    assert secrets == {"dev": "company-pull", "minikube": ""}


def test_a_layer_swaps_text_and_reference() -> None:
    main = '[services.x]\npreset = "app"\nenv.A = { endpoint = "nacos", port = "http" }\n'
    layer = '[services.x]\nenv.A = { secret = "s", key = "k" }\n'
    found = service(main, "x", dev=layer)
    assert found.env == {"A": SecretReference(secret="s", key="k")}
    assert found.depends_on == ()
