"""Rules that look for the traps of real platforms: what each finds, and the near misses that it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartgen.build import build_platform
from chartgen.manifest.load import parse_platform
from chartgen.manifest.resolved import ResolvedPlatform
from chartgen.verify import inspect_values
from chartgen.workspace import Workspace
from tests.builders.releases import EXTERNAL, HEAD, SPRING, STATEFUL, resolve

GOOD = 'resources = { memory = "1Gi" }\nreplicas = 2\n'
EDGE = 'probes = { path = "/actuator/health" }\ningress.edge = { host = "a.example", port = "http" }\n'
EUREKA = """
[services.eureka]
archetype = "statefulset-infra"
namespace = "apps"
image = { registry = "company", repository = "eureka" }
version = "4"
replicas = 3
persistent = false
ports.http = 8761
resources = { memory = "1Gi" }
"""
HELD = 'claims.d = { mount = "/d", size = "1Gi" }\n'


def found(*services: str, head: str = HEAD, **layers: str) -> set[tuple[str, str]]:
    """Return rule and service of everything found."""
    platform = resolve(*services, **layers) if head == HEAD else _resolve(head, *services, **layers)
    workspace = Workspace(Path(), platform, build_platform(platform), None, None, lock_is_stale=False)
    return {(one.rule, one.service) for one in inspect_values(workspace, list(platform.environments))}


def _resolve(head: str, *services: str, **layers: str) -> ResolvedPlatform:
    sources: dict[str, str | bytes] = {"releases.toml": head + "".join(services)}
    sources |= {f"values/{name}.toml": text for name, text in (layers or {"dev": ""}).items()}
    return parse_platform(sources)


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("typed-address", 'env.DB = "jdbc:mysql://db.data:3306/elk?useSSL=false"'),
        ("typed-address", 'env.DB = "db.data.svc.cluster.local:3306"'),
        ("typed-address", 'env.DB = "http://db.data.svc.cluster.local:3306,http://other.example"'),
        ("wrong-port", 'env.DB = "db.data.svc:9411"'),
        ("misspelt-host", 'env.DB = "jdbc:mysql://dbb.data:3306/x"'),
        ("misspelt-host", 'env.DB = "http://gatewy:8080"'),
        ("dead-jvm-option", 'env.JAVA_OPTS = "-Xmx256m -XX:MaxPermSize=512m"'),
        ("dead-jvm-option", 'args = ["java", "-XX:PermSize=64M", "-jar"]'),
        ("open-actuator", 'env.MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE = "*"\nports.http.node_port = 30001'),
        ("no-readiness", "probes = false"),
        ("no-readiness", "probes.readiness = false"),
        ("surge-without-node", 'spread = "required"\nrollout = { max_surge = 1, max_unavailable = 0 }'),
        ("ingress-annotation", 'ingress.a.annotations."ingress.kubernetes.io/ssl-redirect" = "false"'),
        ("ingress-annotation", 'ingress.a.annotations."kubernetes.io/ingress.class" = "nginx"'),
        ("stale-tag", 'version = "latest"'),
    ],
)
def test_what_is_found(rule: str, more: str) -> None:
    service = SPRING.replace("ports.http = 8080", "ports.http.port = 8080") + GOOD
    if rule == "ingress-annotation":
        more = 'ingress.a = { host = "a.example", port = "http" }\n'.replace(" }", "") + ", " + _inline(more) + " }\n"
    if more.startswith("version"):
        service = service.replace('version = "1"\n', "")
    assert (rule, "gateway") in found(service + more + "\n", EXTERNAL)


def _inline(annotation: str) -> str:
    key, _, value = annotation.removeprefix("ingress.a.annotations.").partition(" = ")
    return f"annotations = {{ {key} = {value} }}"


@pytest.mark.parametrize(
    "more",
    [
        'env.DB = { endpoint = "db", port = "mysql", format = "jdbc:mysql://{host}:{port}/elk" }',
        'env.DB = "jdbc:mysql://db.elsewhere:3306/elk"',
        'env.DB = "the data base db of data"',
        'env.DB = "https://db.example.com:3306/data"',
        'env.SELF = "http://gateway:8080/callback"',
        'env.HOST = "http://prometheus:9090"',
        'env.IMAGE = "db:5.7"',
        'env.TIME = "at 12:30"',
        'env.JAVA_OPTS = "-XX:MaxMetaspaceSize=512m -XX:MaxRAMPercentage=70"',
        'env.MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE = "*"',
        'env.MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE = "health,info"\nports.http.node_port = 30001',
        "ports.web = 80",
        "probes = { tcp = true }",
        "probes = false\nservice = false",
        'spread = "required"',
        'spread = "required"\nrollout = { max_surge = 0, max_unavailable = 1 }',
        "rollout = { max_surge = 1, max_unavailable = 0 }",
        'ingress.a = { host = "a.example", port = "http", annotations = { "nginx.ingress.kubernetes.io/x" = "1" } }',
    ],
)
def test_what_is_left_alone(more: str) -> None:
    service = SPRING.replace("ports.http = 8080", "ports.http.port = 8080") + GOOD
    assert found(service + more + "\n", EXTERNAL) == set()


def test_the_edge_asks_for_itself() -> None:
    behind = 'depends_on = ["eureka"]\n'
    assert found(SPRING + GOOD + EDGE + behind, EUREKA) == {("edge-health", "gateway")}
    assert found(SPRING + GOOD + EDGE, EUREKA) == set()
    own = 'probes = { path = "/actuator/health", readiness = { path = "/actuator/info" } }\n'
    assert found(SPRING + GOOD + own + EDGE.partition("\n")[2] + behind, EUREKA) == set()
    assert found(SPRING + GOOD + EDGE.partition("\n")[0] + "\n" + behind, EUREKA) == set()


def test_peers_are_published_before_they_are_ready() -> None:
    peers = 'env.PEERS = { peers = "eureka", port = "http" }\n'
    assert found(EUREKA + peers) == set()
    assert found(EUREKA + peers + "headless.publish_not_ready = false\n") == {("unpublished-peers", "eureka")}
    assert found(EUREKA + "headless.publish_not_ready = false\n") == set()
    alone = (EUREKA + peers + "headless.publish_not_ready = false\n").replace("replicas = 3", "replicas = 1")
    assert found(alone) == set()


def test_a_typed_list_of_peers_is_found_and_told_apart() -> None:
    urls = ",".join(f"http://eureka-{number}.eureka-headless.apps:8761/eureka/" for number in range(3))
    platform = resolve(SPRING + GOOD + f'env.EUREKA = "{urls}"\n', EUREKA)
    workspace = Workspace(Path(), platform, build_platform(platform), None, None, lock_is_stale=False)
    hits = inspect_values(workspace, ["dev"])
    assert {one.rule for one in hits} == {"typed-address"}
    assert all("by peers" in one.message and one.path == ("env", "EUREKA") for one in hits)


def test_ports_named_tcp_are_for_what_is_no_http() -> None:
    service = SPRING.replace("ports.http = 8080", "ports.tcp = 8080") + GOOD
    assert found(service) == {("tcp-port-name", "gateway")}
    assert found(service.replace("ports.tcp = 8080", 'ports.tcp = { port = 8080, app_protocol = "redis" }')) == set()
    assert found(STATEFUL.replace("client = 2181", "tcp = 2181") + 'resources.memory = "1Gi"\n') == set()


def test_data_stays_where_the_pod_does() -> None:
    space = '[namespaces]\napps = { pod_security = "privileged" }\ndata = {}\n'
    head = HEAD.partition("[namespaces]")[0] + space
    disk = 'volumes.log = { mount = "/log", host_path = "/var/log/x" }\n'
    assert found(EUREKA + disk, head=head) == {("host-path-data", "eureka")}
    assert found(EUREKA + disk + 'node_selector.disk = "this"\n', head=head) == set()
    # It is no data that a stateless service logs; but as an ordinary user it could not write there.
    assert found(SPRING + GOOD + disk, head=head) == {("unwritable-host-path", "gateway")}
    assert found(SPRING + GOOD + disk + 'run_as = "image"\n', head=head) == set()


def test_registries_that_are_frozen() -> None:
    assert found(SPRING + GOOD, head=HEAD.replace("192.168.88.159:5000", "k8s.gcr.io")) == {
        ("frozen-registry", "gateway")
    }
    assert found(SPRING + GOOD, head=HEAD.replace("192.168.88.159:5000", "registry.k8s.io")) == set()


def test_images_that_are_never_pulled() -> None:
    never = SPRING.replace('k8s" }', 'k8s", pull_policy = "Never" }') + GOOD
    assert found(never) == set()
    assert found(never, dev="", prod="") == {("never-pulled", "gateway")}


def test_a_namespace_that_says_a_word_twice() -> None:
    head = HEAD.replace("data = {}", "data = {}\ntest-test-data = {}")
    assert found(SPRING + GOOD, head=head) == {("doubled-word", "")}
    assert found(SPRING + GOOD, head=HEAD.replace("data = {}", "data = {}\ntest-testing = {}")) == set()


def test_an_acknowledgement_that_nothing_needs() -> None:
    said = 'migrations."1.0.0"."StatefulSet/zk" = { kind = "claim-growth", reason = "x" }\nresources.memory = "1Gi"\n'
    assert found(STATEFUL + said) == {("needless-migration", "zk")}
    assert found(STATEFUL + said.replace("1.0.0", "0.9.0")) == set()
