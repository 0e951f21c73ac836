"""Small release manifests for the tests of chartgen.manifest."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.manifest.load import parse_platform
from chartgen.manifest.resolved import ResolvedPlatform, ResolvedService
from helmkit.errors import InputError

PLATFORM = """\
[platform]
name = "sample"
version = "1.0.0"
"""

BASE = """\
[registries]
hub = { host = "docker.io" }
[namespaces]
apps = {}
infra = {}
[presets.app]
archetype = "spring-service"
namespace = "apps"
image = { registry = "hub", repository = "team/app" }
version = "1"
ports.http = 8080
[presets.infra]
archetype = "statefulset-infra"
namespace = "infra"
image = { registry = "hub", repository = "team/infra" }
version = "1"
persistent = false
[services.nacos]
preset = "infra"
replicas = 3
ports.http = 8848
[services.mysql-outer]
archetype = "external-endpoint"
namespace = "infra"
addresses = ["192.0.2.1"]
ports.mysql = 3306
"""
"""Included beside the text under test, whose own lines begin with line 4."""


def sources(main: str = "", /, **layers: str) -> dict[str, str | bytes]:
    """Return the files of a platform: `main` after [platform], BASE included, a layer for each keyword."""
    return {
        "releases.toml": PLATFORM + main,
        "base.toml": BASE,
        **{f"values/{name}.toml": text for name, text in layers.items()},
    }


def parse(main: str = "", /, **layers: str) -> ResolvedPlatform:
    """Resolve the platform that `sources` gives; several layers need `default_environment` in `main`."""
    return parse_platform(sources(main, **layers))


def service(main: str, key: str, /, environment: str | None = None, **layers: str) -> ResolvedService:
    """Return one service, of the default environment unless said."""
    platform = parse(main, **layers)
    return platform.environments[environment or platform.default_environment].services[key]


def problems(files: Mapping[str, str | bytes]) -> list[str]:
    """Return the problems of a platform as people read them; empty when there are none."""
    try:
        parse_platform(files)
    except InputError as error:
        return [str(problem) for problem in error.problems]
    return []
