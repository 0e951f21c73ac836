"""Where values come from."""

from __future__ import annotations

import pytest

from chartgen.manifest.explain import explain
from helmkit.errors import UsageError
from tests.unit.manifest_samples import sources

MAIN = """\
default_environment = "dev"
[presets.two]
replicas = 2
[services.x]
preset = ["app", "two"]
replicas = 3
ports.http = 80
"""
FILES = sources(MAIN, dev="", prod='[services.x]\nreplicas = 5\n[registries.hub]\nhost = "a.b"\n')


def _told(path: str, environment: str = "prod") -> list[tuple[object, str, str]]:
    return [(o.value, o.said_by, str(o.where or "")) for o in explain(FILES, path, environment)]


def test_every_layer_is_named_the_strongest_first() -> None:
    assert _told("services.x.replicas") == [
        (5, "values/prod.toml", "values/prod.toml:2:12"),
        (3, "services.x", "releases.toml:9:12"),
        (2, "presets.two", "releases.toml:6:12"),
    ]
    assert _told("services.x.replicas", "dev")[0] == (3, "services.x", "releases.toml:9:12")


def test_a_short_form_is_found_at_its_number() -> None:
    assert _told("services.x.ports.http.port")[0] == (80, "services.x", "releases.toml:10:14")


def test_what_nobody_says_is_a_default() -> None:
    assert _told("services.x.spread") == [("preferred", "default of spring-service", "")]
    assert _told("services.x.probes.startup_budget") == [(120, "default of spring-service", "")]


def test_other_sections() -> None:
    assert _told("registries.hub.host") == [
        ("a.b", "values/prod.toml", "values/prod.toml:4:8"),
        ("docker.io", "registries.hub", "base.toml:2:16"),
    ]
    assert _told("platform.version") == [("1.0.0", "platform", "releases.toml:3:11")]


@pytest.mark.parametrize(
    ("path", "environment", "message", "hint"),
    [
        ("services.y.replicas", "prod", 'unknown service "y"', None),
        ("services.x.replicaz", "prod", "nothing says services.x.replicaz", "replicas"),
        ("services.x.replicas", "live", 'unknown environment "live"', None),
        ("charts.repository", "prod", "nothing says charts.repository", "platform.version"),
        ("a b", "prod", "'a b' is not a dotted key", None),
    ],
)
def test_what_cannot_be_explained(path: str, environment: str, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        explain(FILES, path, environment)
    assert caught.value.message == message
    assert hint is None or hint in (caught.value.hint or "")
