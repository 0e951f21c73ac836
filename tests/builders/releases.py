"""Platforms for chartgen's tests, written as people write them."""

from __future__ import annotations

from typing import Any

from chartgen.build import BuiltPlatform, build_platform
from chartgen.lockfile import Lock
from chartgen.manifest.load import parse_platform
from chartgen.manifest.resolved import ResolvedPlatform
from helmkit.yaml import parse_yaml

HEAD = """\
[platform]
name = "shop"
version = "1.0.0"
default_environment = "dev"
[registries]
hub = { host = "docker.io" }
company = { host = "192.168.88.159:5000", plain_http = true, pull_secret = "company-pull" }
[namespaces]
apps = {}
data = {}
"""

SPRING = """
[services.gateway]
archetype = "spring-service"
namespace = "apps"
image = { registry = "company", repository = "gateway-k8s" }
version = "1"
ports.http = 8080
"""

STATEFUL = """
[services.zk]
archetype = "statefulset-infra"
namespace = "data"
image = { registry = "hub", repository = "library/zookeeper" }
version = "3.8"
replicas = 3
ports = { client = 2181, server = 2888 }
claims.data = { mount = "/data", size = "2Gi" }
"""

EXTERNAL = """
[services.db]
archetype = "external-endpoint"
namespace = "data"
addresses = ["192.168.88.190"]
ports.mysql = 3306
"""


def resolve(*services: str, version: str = "1.0.0", **layers: str) -> ResolvedPlatform:
    """Return a platform of these services; a layer per environment, `dev` alone when none is given."""
    sources = {"releases.toml": HEAD.replace("1.0.0", version) + "".join(services)}
    sources |= {f"values/{name}.toml": text for name, text in (layers or {"dev": ""}).items()}
    return parse_platform(sources)


def build(*services: str, lock: Lock | None = None, version: str = "1.0.0", **layers: str) -> BuiltPlatform:
    """Return the built platform of these services."""
    return build_platform(resolve(*services, version=version, **layers), lock)


def values_of(service: str, key: str, *others: str) -> dict[str, Any]:
    """Return the values that the chart `key` of these services has of its own."""
    values: dict[str, Any] = parse_yaml(build(service, *others).files[f"charts/{key}/values.yaml"])
    return values
