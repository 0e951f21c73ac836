"""The examples of docs/how-to/around-a-service.md build, put into a platform that has what they name."""

from __future__ import annotations

import re
from pathlib import Path

from chartgen.build import build_platform
from chartgen.manifest.load import parse_platform
from helmkit.yaml import parse_yaml

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "around-a-service.md"
BASE = """
[platform]
name = "shop"
version = "1.0.0"
[registries]
company = { host = "harbor.example" }
[namespaces]
apps = {}
[presets.app]
archetype = "spring-service"
namespace = "apps"
image = { registry = "company", repository = "app" }
version = "1"
ports.http = 8080
[presets.peers]
archetype = "statefulset-infra"
namespace = "apps"
image = { registry = "company", repository = "app" }
version = "1"
persistent = false
[services.hello]
preset = "app"
[services.hello-next]
preset = "app"
[services.orders]
preset = "app"
"""
ACCOUNT = '[services.account]\npreset = "app"\n'
METERED = '[services.metered]\npreset = "app"\nports.management = 9090\n'


def blocks() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_examples_build() -> None:
    exposed, routed, account, network, metrics, tests = blocks()
    gateway = "[services.gateway]\n"
    assert gateway in network
    assert gateway in tests
    # One table may stand in a file once: what the pages say of the gateway in two places comes together here.
    main = [
        BASE,
        exposed.replace("[services.eureka]\n", '[services.eureka]\npreset = "peers"\n'),
        routed,
        ACCOUNT + account,
        network.replace(gateway, gateway + 'preset = "app"\n') + tests.partition(gateway)[2],
        METERED + metrics,
        tests.partition(gateway)[0],
    ]
    built = build_platform(parse_platform({"releases.toml": "\n".join(main)}))
    values = {name: parse_yaml(built.files[f"charts/{name}/values.yaml"]) for name in ("eureka", "hello", "gateway")}
    assert set(values["eureka"]["services"]) == {"eureka-nodeport", "eureka-lb", "eureka-all"}
    assert values["eureka"]["services"]["eureka-nodeport"]["ports"]["http"]["nodePort"] == 31011
    assert set(values["hello"]["ingress"]) == {"hello", "hello-canary"}
    assert values["gateway"]["test"]["path"] == "/actuator/health/readiness"
    assert {"stated-office", "stated-orders", "test"} <= set(values["gateway"]["networkPolicy"]["from"])
