"""The umbrella: variants, tags, environments, bill of materials."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chartgen.build.split import merge_values
from chartgen.umbrella import check_contents, read_umbrella, recover_lock
from helmkit.bom import parse_bom
from helmkit.charts import content_digest, subchart, subchart_values, values_digest
from helmkit.errors import HelmkitError, UsageError
from helmkit.yaml import parse_yaml
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, build

INSIDE = """
[services.db]
archetype = "statefulset-infra"
namespace = "data"
image = { registry = "hub", repository = "library/mysql" }
version = "8"
persistent = false
ports.mysql = 3306
"""
OUTSIDE = """
[services.db]
archetype = "external-endpoint"
addresses = ["172.17.0.1"]
"""


def yaml(files: Any, path: str) -> Any:
    return parse_yaml(files[path])


def test_an_environment_that_changes_the_archetype_gets_a_chart_of_its_own() -> None:
    built = build(INSIDE, dev="", prod=OUTSIDE)
    assert [chart.name for chart in built.charts] == ["db", "db-external"]
    assert yaml(built.files, "environments/dev.yaml")["db-external"] == {"enabled": False}
    assert yaml(built.files, "environments/prod.yaml")["db"] == {"enabled": False}
    entries = [built.bom.environments[name].services["db"] for name in ("dev", "prod")]
    assert [(entry.release, entry.chart, entry.replicas) for entry in entries] == [
        ("db", "db", 1),
        ("db", "db-external", 0),
    ]


def test_the_default_environment_decides_which_variant_has_the_plain_name() -> None:
    built = build(INSIDE, apart="", dev=OUTSIDE)
    assert [chart.name for chart in built.charts] == ["db", "db-infra"]


def test_a_variant_must_not_take_a_services_name() -> None:
    other = EXTERNAL.replace("[services.db]", "[services.db-external]")
    with pytest.raises(UsageError, match="db-external"):
        build(INSIDE, other, dev="", prod=OUTSIDE)


@pytest.mark.parametrize("name", ["global", "tags", "misplaced", "shop"])
def test_names_that_an_umbrella_needs_itself_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"no service can be called {name}"):
        build(SPRING.replace("services.gateway", f"services.{name}"))


def test_enabled_is_never_true_and_tags_are_off() -> None:
    built = build(INSIDE, SPRING, dev="", prod=OUTSIDE)
    values = [yaml(built.files, path) for path in built.files if path.startswith("environments/")]
    assert all(entry.get("enabled") in (None, False) for value in values for entry in value.values())
    assert set(yaml(built.files, "values.yaml")["tags"].values()) == {False}


def test_dependencies_are_exact_and_have_no_repository() -> None:
    dependencies = yaml(build(SPRING, EXTERNAL).files, "Chart.yaml")["dependencies"]
    assert dependencies == [
        {"name": "db", "version": "1.0.0", "condition": "db.enabled", "tags": ["data"]},
        {"name": "gateway", "version": "1.0.0", "condition": "gateway.enabled", "tags": ["apps"]},
    ]


def test_a_service_that_lives_elsewhere_in_one_environment_has_both_tags_and_a_guard() -> None:
    built = build(SPRING, dev="", prod='services.gateway.namespace = "data"')
    assert yaml(built.files, "Chart.yaml")["dependencies"][0]["tags"] == ["apps", "data"]
    assert yaml(built.files, "environments/dev.yaml")["misplaced"] == {"data": ["gateway"]}
    assert yaml(built.files, "environments/prod.yaml")["misplaced"] == {"apps": ["gateway"]}


def test_every_environment_can_be_put_together_again_from_the_files() -> None:
    """What Helm merges from the umbrella is what the environment says, and what the digests are over."""
    built = build(
        SPRING, INSIDE, dev="", prod=OUTSIDE + "[services.gateway]\nreplicas = 5\nunset = ['ports']\nports.web = 80"
    )
    bom = parse_bom(built.files["bom.json"], "bom.json")
    for name, environment in bom.environments.items():
        values = yaml(built.files, f"environments/{name}.yaml")
        assert values == built.environments[name]
        for entry in environment.services.values():
            files = subchart(built.files, entry.chart)
            assert content_digest(files) == entry.content_digest
            assert values_digest(subchart_values(values, entry.chart)) == entry.values_digest
            assert yaml(files, "Chart.yaml")["version"] == entry.version
            merged = merge_values(yaml(files, "values.yaml"), subchart_values(values, entry.chart))
            assert merged["name"] == entry.release


def test_the_bill_of_materials_says_everything_relman_needs() -> None:
    service = SPRING.replace("ports.http = 8080", "ports.http = { port = 8080, node_port = 31333 }")
    layer = '[environment]\ncluster = "5f0c1e2a-0000-4000-8000-000000000001"\nprotected = true\n'
    built = build(service + 'probes.startup_budget = "300s"\ndepends_on = ["db"]', EXTERNAL, dev=layer)
    environment = built.bom.environments["dev"]
    assert (environment.cluster, environment.protected) == ("5f0c1e2a-0000-4000-8000-000000000001", True)
    assert (built.bom.default_environment, built.bom.home_namespace) == ("dev", "apps")
    gateway = environment.services["gateway"]
    assert gateway.images == ("192.168.88.159:5000/gateway-k8s:1",)
    assert (gateway.app_version, gateway.startup_budget, gateway.replicas) == ("1", 300, 1)
    assert (gateway.depends_on, gateway.node_ports) == (("db",), (31333,))
    assert environment.namespaces["apps"].labels["pod-security.kubernetes.io/enforce"] == "baseline"


def test_names_that_yaml_takes_for_something_else_stay_names() -> None:
    service = SPRING.replace("services.gateway", "services.on").replace("apps", "no")
    built = build(service, "\n[namespaces.no]\n")
    assert yaml(built.files, "Chart.yaml")["dependencies"][0] == {
        "name": "on",
        "version": "1.0.0",
        "condition": "on.enabled",
        "tags": ["no"],
    }
    assert b"  'no': false" in built.files["values.yaml"]
    assert b"name: 'on'" in built.files["charts/on/Chart.yaml"]


def test_a_lost_lock_can_be_made_from_what_was_published() -> None:
    built = build(SPRING, INSIDE, STATEFUL, dev="", prod=OUTSIDE)
    assert recover_lock(read_umbrella(built.files, "it")) == built.lock


def test_a_chart_changed_by_hand_is_found() -> None:
    built = build(SPRING, EXTERNAL)
    files = {**built.files, "charts/gateway/values.yaml": b"name: other\n"}
    with pytest.raises(HelmkitError, match="gateway"):
        check_contents(read_umbrella(files, "charts/shop"))
    check_contents(read_umbrella(built.files, "charts/shop"))


def test_the_schema_knows_every_chart_tag_and_environment() -> None:
    schema = json.loads(build(SPRING, EXTERNAL, dev="", prod="").files["values.schema.json"])
    assert schema["properties"].keys() == {"global", "tags", "misplaced", "db", "gateway"}
    assert schema["properties"]["global"]["properties"]["environment"]["enum"] == ["", "dev", "prod"]


def test_every_value_has_a_field_and_every_required_field_a_value() -> None:
    built = build(SPRING, STATEFUL, EXTERNAL)
    for chart in built.charts:
        schema = json.loads(chart.files["values.schema.json"])
        values = parse_yaml(chart.files["values.yaml"])
        assert values.keys() <= schema["properties"].keys()
        assert set(schema["required"]) <= values.keys()
        readme = chart.files["README.md"].decode()
        assert all(f"| `{field.key}` |" in readme for field in chart.variant.archetype.fields)


def test_define_names_are_the_charts_own() -> None:
    built = build(SPRING, STATEFUL, EXTERNAL)
    for chart in built.charts:
        text = b"".join(content for path, content in chart.files.items() if path.startswith("templates/")).decode()
        assert "[[" not in text
        assert "\x00" not in text
        assert text.count("{{- define ") == text.count(f'{{{{- define "{chart.name}.')


def test_a_large_platform_is_drawn_by_namespace() -> None:
    many = [EXTERNAL.replace("services.db", f"services.db-{number}") for number in range(101)]
    readme = build(*many).files["README.md"].decode()
    assert '  n0["data"]' in readme
    assert "subgraph" not in readme
