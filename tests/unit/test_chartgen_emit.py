"""`chartgen emit`: what other systems need, in their own language."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chartgen.build import build_platform
from chartgen.cli import cli
from chartgen.emit.dot import render_dot
from chartgen.emit.images import find_images
from chartgen.emit.names import build_records, build_rrsets, check_addresses, render_hosts, render_zone
from chartgen.emit.reached import OpenPort, find_hosts, find_open_ports
from chartgen.emit.scrape import build_jobs
from chartgen.emit.selection import select_services
from chartgen.emit.upstreams import check_nodes, check_time, render_upstreams, upstream_name
from chartgen.manifest.resolved import ResolvedEnvironment
from helmkit.console import run_cli
from helmkit.errors import UsageError
from helmkit.yaml import parse_yaml
from tests.builders.releases import EXTERNAL, HEAD, SPRING, STATEFUL, resolve

OPEN = SPRING.replace("ports.http = 8080", "ports.http = { port = 8080, node_port = 31333 }")
WITH_HOST = SPRING + 'ingress.gw = { host = "www.shop.example", port = "http" }\n'
DIGEST = "sha256:" + "a" * 64


def place(*services: str, **layers: str) -> ResolvedEnvironment:
    return resolve(*services, **layers).environments["prod" if "prod" in layers else "dev"]


def test_every_image_once_with_its_users() -> None:
    twin = SPRING.replace("services.gateway", "services.twin")
    init = 'init_containers.wait = { image = { registry = "hub", repository = "library/busybox" }, version = "1" }\n'
    built = build_platform(resolve(SPRING + init, twin, EXTERNAL))
    found = find_images(built.bom.environments["dev"], ["twin", "gateway", "db"])
    assert [one.image for one in found] == ["192.168.88.159:5000/gateway-k8s:1", "docker.io/library/busybox:1"]
    assert (found[0].registry, found[0].tag, found[0].services) == ("192.168.88.159:5000", "1", ("gateway", "twin"))


def test_an_image_keeps_its_digest_and_follows_the_environment() -> None:
    pinned = SPRING.replace('"gateway-k8s" }', f'"gateway-k8s", digest = "{DIGEST}" }}')
    built = build_platform(resolve(pinned, dev="", prod='[registries]\ncompany = { host = "harbor.example" }\n'))
    (image,) = find_images(built.bom.environments["prod"], ["gateway"])
    assert (image.image, image.digest) == (f"harbor.example/gateway-k8s:1@{DIGEST}", DIGEST)


def test_lines_of_a_hosts_file() -> None:
    twin = WITH_HOST.replace("services.gateway", "services.twin").replace("ingress.gw", "ingress.twin")
    hosts = find_hosts(place(WITH_HOST, twin), ["gateway", "twin"])
    assert render_hosts(hosts, ["10.0.0.1", "fd00::1"]).splitlines() == [
        "10.0.0.1  www.shop.example  # gateway, twin",
        "fd00::1   www.shop.example  # gateway, twin",
    ]
    assert check_addresses(["10.0.0.1", "FD00:0::1", "10.0.0.1"], "--node") == ("10.0.0.1", "fd00::1")
    with pytest.raises(UsageError):
        check_addresses(["node-1"], "--node")


def test_dns_records_lead_to_the_edge_node() -> None:
    hosts = find_hosts(place(WITH_HOST), ["gateway"])
    records = build_records(hosts, ["10.0.0.1", "10.0.0.2", "fd00::1"], 60)
    assert render_zone(records).splitlines() == [
        "www.shop.example.  60  IN  A      10.0.0.1",
        "www.shop.example.  60  IN  A      10.0.0.2",
        "www.shop.example.  60  IN  AAAA   fd00::1",
    ]
    (alias,) = build_records(hosts, ["edge.example."], 60)
    assert (alias.type, alias.contents) == ("CNAME", ("edge.example.",))
    rrset = build_rrsets([alias])["rrsets"][0]  # type: ignore[index]
    assert (rrset["name"], rrset["changetype"], rrset["records"][0]["disabled"]) == (
        "www.shop.example.",
        "REPLACE",
        False,
    )


@pytest.mark.parametrize("targets", [["not a name"], ["10.0.0.1", "edge.example"]])
def test_targets_that_cannot_be_are_refused(targets: list[str]) -> None:
    with pytest.raises(UsageError):
        build_records([], targets, 60)


def test_an_upstream_per_node_port_over_all_nodes() -> None:
    ports = find_open_ports(place(OPEN, STATEFUL), ["gateway", "zk"])
    text = render_upstreams(ports, check_nodes(["10.0.0.1", "fd00::1", "node-1"]), 2, check_time("30s"))
    assert "upstream gateway.http {" in text
    assert [line.strip() for line in text.splitlines() if "server" in line] == [
        f"server {node}:31333 max_fails=2 fail_timeout=30s;" for node in ("10.0.0.1", "[fd00::1]", "node-1")
    ]
    assert render_upstreams([], ["10.0.0.1"], 1, "10s") == ""


def test_what_is_no_http_goes_into_stream() -> None:
    raw = SPRING.replace("ports.http = 8080", "ports.http = 8080\nports.mqtt = { port = 1883, node_port = 31883 }")
    (port,) = find_open_ports(place(raw), ["gateway"])
    assert not port.http
    assert "(stream)" in render_upstreams([port], ["n"], 1, "10s")


def test_names_of_upstreams_are_unique_and_good_as_hosts() -> None:
    one, other = (OpenPort(key, "n", name, 1, 30000, "TCP", True) for key, name in (("a-b", "c"), ("a", "b-c")))
    assert upstream_name(one) != upstream_name(other)
    assert "_" not in upstream_name(one)


@pytest.mark.parametrize("wrong", [["10.0.0.1:80"], ["a b"], ["http://x"]])
def test_nodes_that_cannot_be_are_refused(wrong: list[str]) -> None:
    with pytest.raises(UsageError):
        check_nodes(wrong)
    with pytest.raises(UsageError):
        check_time("10; } evil")


def test_pods_are_scraped_one_by_one() -> None:
    found = build_jobs(place(SPRING, STATEFUL, EXTERNAL), ["gateway", "zk", "db"], "pods", ())
    (job,) = found.jobs
    assert (job["job_name"], job["metrics_path"]) == ("gateway", "/actuator/prometheus")
    (search,) = job["kubernetes_sd_configs"]
    assert search["namespaces"] == {"names": ["apps"]}
    assert search["selectors"] == [{"role": "pod", "label": "app=gateway"}]
    assert job["relabel_configs"][0]["regex"] == "8080"
    assert {"target_label": "environment", "replacement": "dev"} in job["relabel_configs"]


def test_a_port_for_metrics_beats_the_one_for_health() -> None:
    both = SPRING + "ports.management = { port = 9001, container_port = 9002 }\n"
    (job,) = build_jobs(place(both), ["gateway"], "pods", ()).jobs
    assert job["relabel_configs"][0]["regex"] == "9002"


def test_node_ports_are_scraped_at_the_nodes_and_mixing_is_said() -> None:
    found = build_jobs(place(OPEN + "replicas = 3\n"), ["gateway"], "node-ports", ["10.0.0.1", "10.0.0.2"])
    assert found.jobs[0]["static_configs"] == [{"targets": ["10.0.0.1:31333", "10.0.0.2:31333"]}]
    assert "3 replicas" in found.remarks[0]
    assert "has no node port" in build_jobs(place(SPRING), ["gateway"], "node-ports", ["n"]).remarks[0]


def test_ingresses_are_scraped_by_their_host() -> None:
    secure = WITH_HOST.replace('port = "http" }', 'port = "http", tls_secret = "t" }')
    (job,) = build_jobs(place(secure), ["gateway"], "ingress", ()).jobs
    assert (job["scheme"], job["static_configs"]) == ("https", [{"targets": ["www.shop.example:443"]}])


@pytest.mark.parametrize("probes", ['{ path = "/" }', "false", "{ tcp = true }"])
def test_a_service_without_springs_pages_has_no_metrics(probes: str) -> None:
    assert build_jobs(place(f"{SPRING}probes = {probes}\n"), ["gateway"], "pods", ()).jobs == ()


def test_the_graph_for_graphviz() -> None:
    services = place(SPRING + 'depends_on = ["zk", "db"]\n', STATEFUL, EXTERNAL).services
    lines = [line.strip() for line in render_dot(services).splitlines()]
    assert lines[0] == "digraph platform {"
    assert '"gateway" -> "db";' in lines
    assert '"zk" [shape=cylinder];' in lines
    assert '"gateway" ->' not in render_dot({"gateway": services["gateway"]})


def test_a_selection_is_checked() -> None:
    platform = resolve(SPRING, STATEFUL)
    assert select_services(platform, None, "data", ()).keys == ("zk",)
    for wrong in (("nope", None, ()), (None, "nope", ()), (None, None, ("zkk",))):
        with pytest.raises(UsageError):
            select_services(platform, *wrong)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    (tmp_path / "releases.toml").write_text(
        HEAD + WITH_HOST.replace("8080", "{ port = 8080, node_port = 31333 }") + STATEFUL
    )

    def run(*args: str) -> tuple[int, str, str]:
        code = run_cli(cli, ["-C", str(tmp_path), "emit", *args], prog_name="chartgen", environ=os.environ)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_commands_print_text_that_can_be_piped(run: Run) -> None:
    assert run("images")[1] == "192.168.88.159:5000/gateway-k8s:1\ndocker.io/library/zookeeper:3.8\n"
    assert run("hosts", "--node", "10.0.0.1")[1] == "10.0.0.1  www.shop.example  # gateway\n"
    assert run("dns", "--target", "10.0.0.1")[1] == "www.shop.example.  300  IN  A      10.0.0.1\n"
    assert "server 10.0.0.1:31333 max_fails=3" in run("upstreams", "--node", "10.0.0.1")[1]
    assert parse_yaml(run("scrape")[1])["scrape_configs"][0]["job_name"] == "gateway"
    assert run("graph")[1].startswith("flowchart LR\n")
    assert run("graph", "--format", "dot")[1].startswith("digraph")


@pytest.mark.parametrize("kind", ["images", "hosts --node 10.0.0.1", "dns --target 10.0.0.1", "graph", "scrape"])
def test_the_commands_print_data(run: Run, kind: str) -> None:
    assert json.loads(run(*kind.split(), "-o", "json")[1])
    assert parse_yaml(run(*kind.split(), "-o", "yaml")[1])


def test_nothing_to_print_is_said_on_stderr(run: Run) -> None:
    code, out, err = run("hosts", "zk", "--node", "10.0.0.1")
    assert (code, out) == (0, "")
    assert "no Ingress has a host name in dev" in err


@pytest.mark.parametrize(
    "args", ["hosts", "upstreams", "dns", "hosts --node x", "images -e nope", "scrape --through node-ports",
             "scrape --through pods --node 10.0.0.1", "scrape --path metrics", "images nope"],
)  # fmt: skip
def test_wrong_words_are_usage_errors(run: Run, args: str) -> None:
    assert run(*args.split())[0] == 2
