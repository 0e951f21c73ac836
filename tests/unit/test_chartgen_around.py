"""What stands around the pods, as chart values: Services, routing, accounts, policies, metrics, tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli

from chartgen.build import build_platform
from chartgen.build.split import merge_values
from chartgen.checks import wide_rights
from chartgen.checks.finding import Subject
from chartgen.emit.reached import find_hosts, find_open_ports
from chartgen.emit.scrape import build_jobs
from chartgen.emit.upstreams import upstream_name
from chartgen.manifest.load import parse_platform
from chartgen.manifest.schema import build_schema
from helmkit.yaml import parse_yaml
from tests.builders.releases import EXTERNAL, HEAD, SPRING, STATEFUL, build, resolve, values_of
from tests.unit.draft7 import faults

CANARY = SPRING.replace("services.gateway", "services.gateway-v2").replace('version = "1"', 'version = "2"')
WEB = 'ingress.web = { host = "a.example", path = "/v1", class = "nginx", port = "http"'
ROUTE = 'routes.web = { gateway = { name = "edge" }, host = "a.example", path = "/v1", port = "http"'


def spring(more: str = "", *others: str) -> dict[str, Any]:
    return values_of(SPRING + more, "gateway", EXTERNAL, *others)


def test_nothing_is_said_of_what_nobody_asked_for() -> None:
    absent = {"services", "routes", "test", "serviceAccount", "rbac", "networkPolicy", "metrics"}
    assert absent.isdisjoint(spring())


def test_services_with_free_names() -> None:
    more = """
expose.node = { ports.web = { port = 81, target = "http", node_port = 31001 } }
expose.pods = { headless = true, publish_not_ready = true }
[services.gateway.expose.public]
type = "LoadBalancer"
ports.http = 80
external_traffic_policy = "Local"
annotations = { "a/b" = "c" }
"""
    service = SPRING.replace("ports.http = 8080", "ports.http = { port = 90, container_port = 8080 }")
    values = values_of(service + more, "gateway")
    tcp = {"targetPort": "http", "protocol": "TCP"}
    assert values["services"] == {
        "node": {"type": "NodePort", "ports": {"web": {"port": 81, **tcp, "nodePort": 31001}}},
        "pods": {"headless": True, "publishNotReadyAddresses": True, "ports": {"http": {"port": 8080, **tcp}}},
        "public": {
            "type": "LoadBalancer",
            "ports": {"http": {"port": 80, **tcp}},
            "annotations": {"a/b": "c"},
            "externalTrafficPolicy": "Local",
        },
    }
    assert values["service"]["ports"] == {"http": {"port": 90, **tcp}}


def test_a_layer_changes_one_port_of_a_service_with_a_free_name() -> None:
    built = build(
        SPRING + "expose.public.ports.http = 80\n",
        dev="",
        prod='services.gateway.expose.public = { type = "NodePort", ports.http.node_port = 31002 }\n',
    )
    own = built.environments["prod"]["gateway"]
    shared = parse_yaml(built.files["charts/gateway/values.yaml"])
    port = merge_values(shared, own)["services"]["public"]["ports"]["http"]
    assert port == {"port": 80, "targetPort": "http", "protocol": "TCP", "nodePort": 31002}
    entries = {name: place.services["gateway"].node_ports for name, place in built.bom.environments.items()}
    assert entries == {"dev": (), "prod": (31002,)}


def test_what_kubernetes_does_not_change_of_a_service_is_frozen() -> None:
    headless, plain = ("expose.pods = { headless = true }\n", "expose.pods = {}\n")
    frozen = build(SPRING + headless).lock.charts["gateway"].immutable["dev"]
    assert frozen["Service/pods spec.clusterIP"] == "None"
    assert build(SPRING + plain).lock.charts["gateway"].immutable["dev"]["Service/pods spec.clusterIP"] == "allocated"
    lb = 'expose.pods = { type = "LoadBalancer", load_balancer_class = "a" }\n'
    assert "Service/pods spec.loadBalancerClass" in build(SPRING + lb).lock.charts["gateway"].immutable["dev"]


def test_a_reference_may_name_one_of_the_services() -> None:
    more = 'expose.zk-admin.ports.admin = { port = 80, target = "client" }\n'
    user = SPRING + 'env.A = { endpoint = "zk", service = "zk-admin", port = "admin", form = "namespace" }\n'
    assert values_of(user, "gateway", STATEFUL + more)["env"]["A"] == "zk-admin.data:80"


def test_other_programs_know_the_services_with_free_names() -> None:
    more = 'expose.node = { ports.http = { port = 80, node_port = 31001 } }\nmetrics = { interval = "5s" }\n'
    place = resolve(SPRING + more + ROUTE + "}\n").environments["dev"]
    (port,) = find_open_ports(place, ["gateway"])
    assert (upstream_name(port), port.node_port, port.port, port.http) == ("gateway.node.http", 31001, 80, True)
    assert [host.name for host in find_hosts(place, ["gateway"])] == ["a.example"]
    (job,) = build_jobs(place, ["gateway"], "node-ports", ["n1"]).jobs
    assert job["static_configs"] == [{"targets": ["n1:31001"]}]
    assert (job["metrics_path"], job["scrape_interval"]) == ("/actuator/prometheus", "5s")


@pytest.mark.parametrize(
    ("more", "path", "scheme"),
    [
        ('metrics = { path = "/m", scheme = "https", discovery = "none" }\n', "/m", "https"),
        ("metrics = {}\n", "/metrics", None),
    ],
)
def test_scrape_jobs_follow_metrics(more: str, path: str, scheme: str | None) -> None:
    place = resolve(STATEFUL + more).environments["dev"]
    (job,) = build_jobs(place, ["zk"], "pods", []).jobs
    assert (job["metrics_path"], job.get("scheme")) == (path, scheme)
    assert build_jobs(resolve(SPRING + "metrics = false\n").environments["dev"], ["gateway"], "pods", []).jobs == ()


def test_a_prefix_is_taken_away_as_the_controller_wants_it() -> None:
    ingress = spring(WEB + ", strip_prefix = true }\n")["ingress"]["web"]
    assert (ingress["path"], ingress["pathType"]) == ("/v1(/|$)(.*)", "ImplementationSpecific")
    assert ingress["annotations"] == {
        "nginx.ingress.kubernetes.io/rewrite-target": "/$2",
        "nginx.ingress.kubernetes.io/use-regex": "true",
    }
    dots = spring(WEB.replace("/v1", "/v1.0+x") + ", strip_prefix = true }\n")["ingress"]["web"]["path"]
    assert dots == r"/v1\.0\+x(/|$)(.*)"
    traefik = WEB.replace('class = "nginx"', 'class = "edge", controller = "traefik"') + ", strip_prefix = true }\n"
    found = spring(traefik)["ingress"]["web"]
    assert (found["path"], found["stripPrefix"], found["annotations"]) == ("/v1", "/v1", {})


def test_a_canary_is_a_second_ingress() -> None:
    found = spring(WEB + ', canary = { service = "gateway-v2", weight = 5, header = "X-C" } }\n', CANARY)["ingress"]
    assert found["web"]["service"] == "gateway"
    assert found["web"]["annotations"] == {}
    assert (found["web-canary"]["service"], found["web-canary"]["host"]) == ("gateway-v2", "a.example")
    assert found["web-canary"]["annotations"] == {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-by-header": "X-C",
        "nginx.ingress.kubernetes.io/canary-weight": "5",
    }


def test_routes_name_ports_by_number_and_wait_for_their_canary() -> None:
    canary = CANARY.replace("ports.http = 8080", "ports.web = { port = 81, container_port = 8080 }")
    more = ROUTE + ', timeout = "1m", canary = { service = "gateway-v2", port = "web", weight = 5 } }\n'
    built = build(SPRING + more, canary)
    route = parse_yaml(built.files["charts/gateway/values.yaml"])["routes"]["web"]
    assert (route["service"], route["port"], route["timeoutSeconds"]) == ("gateway", 8080, 60)
    assert route["canary"] == {"service": "gateway-v2", "port": 81, "weight": 5}
    assert built.bom.environments["dev"].services["gateway"].depends_on == ("gateway-v2",)


def test_an_ingress_may_lead_to_a_service_with_a_free_name() -> None:
    more = "expose.inner.ports.web = { port = 81, target = 'http' }\n"
    ingress = WEB.replace('port = "http"', 'port = "web", service = "inner"') + " }\n"
    assert spring(more + ingress)["ingress"]["web"]["service"] == "inner"
    route = ROUTE.replace('port = "http"', 'port = "web", service = "inner"') + " }\n"
    assert spring(more + route)["routes"]["web"]["port"] == 81


def test_an_endpoint_outside_has_routes_on_the_port_that_dns_leads_to() -> None:
    service = EXTERNAL.replace("ports.mysql = 3306", "ports.http = { port = 80, container_port = 5601 }")
    route = 'routes.k = { gateway = { name = "edge" }, any_host = true, port = "http", host_header = "k.example" }\n'
    assert values_of(service + route, "db")["routes"]["k"]["port"] == 80
    headless = values_of(service + "headless = true\n" + route, "db")["routes"]["k"]
    assert (headless["port"], headless["hostHeader"]) == (5601, "k.example")


@pytest.mark.parametrize(
    ("more", "account", "token"),
    [
        ("account = {}\n", "gateway", False),
        ('account = { name = "gw", token = true }\n', "gw", True),
        ('rbac.r = { resources = ["pods"], verbs = ["get"] }\n', "gateway", True),
        ('rbac.r = { resources = ["pods"], verbs = ["get"] }\naccount.token = false\n', "gateway", False),
    ],
)
def test_an_account_of_its_own(more: str, account: str, token: bool) -> None:
    found = spring(more)["serviceAccount"]
    assert (found["name"], found["automount"]) == (account, token)


def test_rules_of_a_role_and_of_a_cluster_role() -> None:
    values = spring(
        'service_account = "there"\n'
        'rbac.a = { groups = ["apps"], resources = ["deployments"], names = ["x"], verbs = ["get"] }\n'
        'rbac.b = { urls = ["/metrics"], verbs = ["get"], cluster = true }\n'
    )
    assert "serviceAccount" not in values
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["x"], "verbs": ["get"]}
    assert values["rbac"] == {
        "rules": {"a": rule},
        "clusterRules": {"b": {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}},
    }


NETWORK = """
[network]
policies = true
egress = true
ingress_controllers.nginx = "ingress-nginx"
monitoring.prom = { namespace = "monitoring", pods = { app = "prometheus" } }
"""
HTTP = {"http": {"port": 8080, "protocol": "TCP"}}
ZK = {"client": {"port": 2181, "protocol": "TCP"}, "server": {"port": 2888, "protocol": "TCP"}}


def test_a_policy_lets_in_who_depends_on_a_service() -> None:
    user = SPRING + 'depends_on = ["zk", "db"]\n' + WEB + " }\nmetrics = {}\n"
    gateway = values_of(user, "gateway", STATEFUL, EXTERNAL, NETWORK)["networkPolicy"]
    assert gateway["from"] == {
        "ingress-nginx": {"namespace": "ingress-nginx", "ports": HTTP},
        "monitoring-prom": {"namespace": "monitoring", "pods": {"app": "prometheus"}, "ports": HTTP},
        "own-pods": {"pods": {"app": "gateway"}, "ports": HTTP},
    }
    assert gateway["to"]["service-zk"] == {"namespace": "data", "pods": {"app": "zk"}, "ports": ZK}
    mysql = {"mysql": {"port": 3306, "protocol": "TCP"}}
    assert gateway["to"]["service-db"] == {"networks": ["192.168.88.190/32"], "ports": mysql}
    assert {port["protocol"] for port in gateway["to"]["dns"]["ports"].values()} == {"TCP", "UDP"}
    zk = values_of(user, "zk", STATEFUL, EXTERNAL, NETWORK)["networkPolicy"]
    assert zk["from"]["service-gateway"] == {"namespace": "apps", "pods": {"app": "gateway"}, "ports": ZK}
    assert "networkPolicy" not in values_of(user, "db", STATEFUL, EXTERNAL, NETWORK)


def test_policies_are_asked_for_by_the_platform_or_the_service() -> None:
    assert "networkPolicy" not in spring("network = false\n", NETWORK)
    alone = spring("network = true\n")["networkPolicy"]
    assert alone == {"from": {"own-pods": {"pods": {"app": "gateway"}, "ports": HTTP}}}
    stated = spring(
        'network.from.office = { cidr = "10.0.0.0/8", ports = ["http"] }\n'
        'network.to.web = { cidr = "0.0.0.0/0", ports = [443] }\nnetwork.egress = true\n'
        'network.to.peer = { service = "db" }\n'
    )["networkPolicy"]
    assert stated["from"]["stated-office"] == {"networks": ["10.0.0.0/8"], "ports": HTTP}
    assert stated["to"]["stated-web"]["ports"] == {"port-443": {"port": 443, "protocol": "TCP"}}
    assert stated["to"]["stated-peer"]["networks"] == ["192.168.88.190/32"]


@pytest.mark.parametrize(("says", "ways"), [("deny", {"from", "to"}), ("deny-in", {"from"}), ("open", set())])
def test_a_namespace_that_denies_gives_its_services_policies(says: str, ways: set[str]) -> None:
    main = (HEAD + SPRING + EXTERNAL).replace("apps = {}", f'apps = {{ network = "{says}" }}')
    built = build_platform(parse_platform({"releases.toml": main, "values/dev.toml": ""}))
    values = parse_yaml(built.files["charts/gateway/values.yaml"])
    assert set(values.get("networkPolicy", {})) == ways


def test_what_is_open_on_nodes_is_open_to_everybody() -> None:
    values = spring("network = true\nexpose.node.ports.web = { port = 81, target = 'http', node_port = 31001 }\n")
    assert values["networkPolicy"]["from"]["nodes"] == {"ports": HTTP}


def test_a_canary_is_open_to_the_ingress_controllers_of_the_other_track() -> None:
    user = SPRING + WEB + ', canary = { service = "gateway-v2", weight = 5 } }\n'
    values = values_of(user, "gateway-v2", CANARY, NETWORK)
    assert values["networkPolicy"]["from"]["ingress-nginx"]["ports"] == HTTP


def test_where_metrics_are() -> None:
    found = spring('metrics = { discovery = "pod-monitor", interval = "30s", labels = { release = "p" } }\n')["metrics"]
    assert found == {
        "discovery": "pod-monitor",
        "path": "/actuator/prometheus",
        "port": "http",
        "containerPort": 8080,
        "scheme": "http",
        "interval": "30s",
        "labels": {"release": "p"},
    }
    assert "metrics" not in spring('metrics = { discovery = "none" }\n')
    management = spring("ports.management = 9090\nmetrics = {}\n")["metrics"]
    assert (management["port"], management["containerPort"]) == ("management", 9090)


TESTS = '[tests]\nimage = { registry = "company", repository = "tools/busybox" }\nversion = "1.37"\n'


def test_a_test_pod_where_an_image_is_declared() -> None:
    assert spring("", TESTS)["test"] == {
        "image": {
            "registry": "192.168.88.159:5000",
            "repository": "tools/busybox",
            "tag": "1.37",
            "pullPolicy": "IfNotPresent",
        },
        "pullSecrets": ["company-pull"],
        "service": "gateway",
        "timeoutSeconds": 30,
        "ports": {"http": 8080},
    }
    asked = spring('test = { path = "/ok", timeout = "5s" }\n', TESTS)["test"]
    assert (asked["path"], asked["timeoutSeconds"], asked["ports"]) == ("/ok", 5, {"http": 8080})
    assert "test" not in spring("test = false\n", TESTS)
    assert "test" not in spring()
    assert values_of(EXTERNAL, "db", TESTS)["test"]["service"] == "db"


def test_the_image_of_tests_is_one_of_the_platforms_images() -> None:
    built = build_platform(resolve(SPRING, TESTS))
    images = built.bom.environments["dev"].services["gateway"].images
    assert images == ("192.168.88.159:5000/gateway-k8s:1", "192.168.88.159:5000/tools/busybox:1.37")


def test_who_is_not_enabled_is_no_peer() -> None:
    more = 'network.from.a = { service = "zk" }\nnetwork.egress = true\nnetwork.to.b = { service = "zk" }\n'
    built = build(SPRING + more, STATEFUL, dev="", prod="services.zk.enabled = false\n")
    shared = parse_yaml(built.files["charts/gateway/values.yaml"])
    own = {name: values.get("gateway", {}) for name, values in built.environments.items()}
    found = {name: merge_values(shared, values)["networkPolicy"] for name, values in own.items()}
    assert "stated-a" in found["dev"]["from"]
    assert "stated-b" in found["dev"]["to"]
    assert "stated-a" not in found["prod"]["from"]
    assert "stated-b" not in found["prod"]["to"]


def test_the_headless_service_may_be_annotated() -> None:
    assert values_of(STATEFUL + 'headless.annotations = { a = "b" }\n', "zk")["headless"]["annotations"] == {"a": "b"}


def test_editors_know_every_word() -> None:
    case = Path(__file__).parents[1] / "golden" / "cases" / "around"
    for name, schema in (("releases.toml", build_schema("manifest")), ("values/prod.toml", build_schema("layer"))):
        assert list(faults(schema, tomli.loads((case / name).read_text()), schema)) == []


def test_a_partition_keeps_the_first_replicas() -> None:
    assert values_of(STATEFUL + "partition = 2\n", "zk")["partition"] == 2
    assert "partition" not in values_of(STATEFUL, "zk")


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ('resources = ["pods"], verbs = ["*"]', True),
        ('resources = ["*"], verbs = ["get"]', True),
        ('urls = ["*"], verbs = ["get"], cluster = true', True),
        ('resources = ["secrets"], verbs = ["list"], cluster = true', True),
        ('resources = ["secrets"], verbs = ["get"], names = ["mine"], cluster = true', False),
        ('resources = ["secrets"], verbs = ["get"]', False),
        ('groups = ["rbac.authorization.k8s.io"], resources = ["roles"], verbs = ["escalate"]', True),
        ('resources = ["pods"], verbs = ["get", "list"]', False),
    ],
)
def test_wide_rights_are_told(rule: str, found: bool) -> None:
    platform = resolve(SPRING + f"rbac.r = {{ {rule} }}\n")
    place = platform.environments["dev"]
    hits = list(wide_rights.check(Subject(platform, place, place.services["gateway"], {})))
    assert bool(hits) is found
    assert all(hit.path == ("rbac", "r") for hit in hits)
