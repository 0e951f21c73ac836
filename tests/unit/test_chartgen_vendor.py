"""Charts of third parties: pinned, kept, adopted under the service's key, and refused when they are others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chartgen.build import BuiltPlatform, build_platform
from chartgen.manifest.load import parse_platform
from chartgen.vendoring.address import parse_address
from helmkit.charts import build_archive, bytes_digest, content_digest
from helmkit.errors import InputError, UsageError
from helmkit.yaml import parse_yaml
from tests.builders.releases import HEAD, SPRING

CHART = {
    "Chart.yaml": b'apiVersion: v2\nname: harbor\nversion: 1.15.0\nappVersion: "2.11.0"\nhome: https://goharbor.io\n',
    "values.yaml": b"replicas: 1\n",
    "values.schema.json": b'{"type": "object", "additionalProperties": false, "properties": {"replicas": {}}}',
    "templates/deployment.yaml": b"{{/* .Chart.Name */}}\n",
    "crds/projects.yaml": b"kind: CustomResourceDefinition\n",
}
ARCHIVE = build_archive("harbor", CHART)
SERVICE = f"""
[services.hub]
archetype = "vendor-chart"
namespace = "data"
chart = "oci://charts.example/goharbor/harbor"
version = "1.15.0"
digest = "{bytes_digest(ARCHIVE)}"
values.replicas = 2
"""
KEPT = {"vendor/harbor-1.15.0.tgz": ARCHIVE}


def sources(manifest: str, files: dict[str, bytes], **layers: str) -> dict[str, str | bytes]:
    layers = layers or {"dev": ""}
    texts = {f"values/{name}.toml": text for name, text in layers.items()}
    return {"releases.toml": HEAD + manifest, **files, **texts}


def build(manifest: str = SERVICE, files: dict[str, bytes] | None = None, **layers: str) -> BuiltPlatform:
    return build_platform(parse_platform(sources(manifest, KEPT if files is None else files, **layers)))


def problems(manifest: str, files: dict[str, bytes] | None = None, **layers: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_platform(sources(manifest, KEPT if files is None else files, **layers))
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_the_chart_is_the_authors_under_the_services_key() -> None:
    built = build(prod="[services.hub]\nvalues.ingress.host = 'hub.example'\n", dev="")
    chart = parse_yaml(built.files["charts/hub/Chart.yaml"])
    assert chart == {
        "apiVersion": "v2", "name": "hub", "version": "1.0.0", "appVersion": "2.11.0", "home": "https://goharbor.io",
    }  # fmt: skip
    for path in ("values.yaml", "templates/deployment.yaml", "crds/projects.yaml"):
        assert built.files[f"charts/hub/{path}"] == CHART[path]
    assert built.environments["dev"]["hub"] == {"replicas": 2}
    assert built.environments["prod"]["hub"] == {"replicas": 2, "ingress": {"host": "hub.example"}}


def test_a_closed_schema_lets_in_what_helm_passes() -> None:
    schema = json.loads(build().files["charts/hub/values.schema.json"])
    assert schema["additionalProperties"] is False
    assert {"global", "enabled", "replicas"} <= schema["properties"].keys()


def test_it_is_a_service_like_any_other() -> None:
    built = build(SERVICE + SPRING + 'depends_on = ["hub"]\n')
    entry = built.bom.environments["dev"].services["hub"]
    assert (entry.release, entry.archetype, entry.app_version) == ("hub", "vendor-chart", "1.15.0")
    assert entry.startup_budget == 300
    assert built.bom.environments["dev"].services["gateway"].depends_on == ("hub",)
    dependency = next(one for one in parse_yaml(built.files["Chart.yaml"])["dependencies"] if one["name"] == "hub")
    assert dependency == {"name": "hub", "version": "1.0.0", "condition": "hub.enabled", "tags": ["data"]}


def test_it_keeps_its_version_when_only_values_change() -> None:
    first = build()
    again = parse_platform(sources(SERVICE.replace("= 2", "= 3"), KEPT) | {"values/dev.toml": ""})
    assert build_platform(again, first.lock).lock == first.lock


def test_what_was_not_fetched_yet_is_said_when_it_is_needed() -> None:
    platform = parse_platform(sources(SERVICE, {}))
    with pytest.raises(UsageError, match=r"vendor/harbor-1\.15\.0\.tgz") as caught:
        build_platform(platform)
    assert "chartgen build" in str(caught.value.hint)


def test_files_and_folders_beside_the_manifest() -> None:
    folder = {f"local/harbor/{path}": content for path, content in CHART.items()}
    pinned = SERVICE.replace(bytes_digest(ARCHIVE), content_digest(CHART))
    at_folder = build(pinned.replace("oci://charts.example/goharbor/harbor", "local/harbor"), folder)
    at_file = build(SERVICE.replace("oci://charts.example/goharbor/harbor", "local/h.tgz"), {"local/h.tgz": ARCHIVE})
    assert at_folder.lock == at_file.lock == build().lock


OTHER = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((bytes_digest(ARCHIVE), OTHER), f"what is there is {bytes_digest(ARCHIVE)}, and not what is pinned"),
        ((f'digest = "{bytes_digest(ARCHIVE)}"', ""), f'write digest = "{bytes_digest(ARCHIVE)}"'),
        (('version = "1.15.0"', 'version = "^1.15"'), "is not one version of a chart"),
        (("values.replicas = 2", 'values.adminPassword = "Harbor12345"'), "looks like a secret in clear text"),
        (("values.replicas = 2", "values.enabled = false"), "cannot hold enabled"),
        (("oci://charts", "ftp://charts"), "is not an address of a chart"),
        (("oci://charts", "https://me:pw@charts"), "holds a user or a password"),
        (("values.replicas = 2", 'image = "x"'), 'unknown key "image"'),
    ],
)
def test_what_is_refused(change: tuple[str, str], expected: str) -> None:
    found = problems(SERVICE.replace(*change))
    assert expected in found
    assert "Harbor12345" not in found


@pytest.mark.parametrize("line", ['version = "1.16.0"', f'digest = "{OTHER}"', 'chart = "https://a.b/c/harbor"'])
def test_environments_share_the_chart(line: str) -> None:
    assert "is the same in all environments" in problems(SERVICE, dev="", prod=f"[services.hub]\n{line}\n")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Chart.yaml": CHART["Chart.yaml"] + b"type: library\n"}, "is a library"),
        ({"Chart.yaml": CHART["Chart.yaml"] + b"dependencies: [{name: redis, version: 1.0.0}]\n"}, "redis"),
        ({"Chart.yaml": b"[]"}, "has a Chart.yaml that is none"),
        ({"Chart.yaml": b"{apiVersion: v2, name: a, version: 1.15.0}"}, "not on lines of their own"),
    ],
)
def test_charts_that_cannot_be_used(change: dict[str, bytes], expected: str) -> None:
    archive = build_archive("harbor", {**CHART, **change})
    files = {"vendor/harbor-1.15.0.tgz": archive}
    assert expected in problems(SERVICE.replace(bytes_digest(ARCHIVE), bytes_digest(archive)), files)


ADDRESSES: dict[str, tuple[Any, ...]] = {
    "oci://a.b/c/harbor": ("oci", "oci://a.b/c/harbor", "harbor", "vendor/harbor-1.tgz"),
    "https://a.b/charts/harbor": ("repository", "https://a.b/charts", "harbor", "vendor/harbor-1.tgz"),
    "https://a.b/harbor-1.tgz": ("archive", "https://a.b/harbor-1.tgz", "harbor-1", "vendor/harbor-1-1.tgz"),
    "x/y.tgz": ("file", "x/y.tgz", "", "x/y.tgz"),
    "x/y": ("folder", "x/y", "", "x/y"),
}


@pytest.mark.parametrize(("text", "expected"), ADDRESSES.items())
def test_addresses(text: str, expected: tuple[Any, ...]) -> None:
    found = parse_address(text)
    assert (found.kind, found.place, found.name, found.kept_as("1")) == expected
