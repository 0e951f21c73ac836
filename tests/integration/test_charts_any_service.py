"""Any legal service, with everything that pods may have: helm renders it, and the API server takes it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chartgen.build import BuiltPlatform, build_platform
from chartgen.checks.reading.size import ReleaseSize
from chartgen.checks.unique_objects import check as find_duplicates
from chartgen.manifest.load import parse_platform
from chartgen.render import RenderedService
from helmkit.yaml import dump_yaml_documents, parse_yaml_documents
from sandbox.cluster import Sandbox
from tests.builders.helm import objects, render, run, write
from tests.builders.releases import EXTERNAL, HEAD
from tests.builders.services import CONTENTS, TEXT, Table, services, write_toml

# The same services in every run: what fails here must fail everywhere.
SEEDED = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LANDSCAPES = st.tuples(
    st.lists(services(), min_size=8, max_size=8),
    st.fixed_dictionaries(dict.fromkeys(("many/a.yml", "many/on", "one.txt"), CONTENTS)),
)


def platform(stated: list[Table], files: dict[str, bytes]) -> BuiltPlatform:
    text = HEAD.replace("= {}", '= { pod_security = "privileged" }') + EXTERNAL
    text += "".join(f"[services.s{number}]\n{_lines(table)}" for number, table in enumerate(stated))
    attached = {f"config/{name}": data for name, data in files.items()}
    return build_platform(parse_platform({"releases.toml": text, "values/dev.toml": "", **attached}))


def _lines(table: Table) -> str:
    return "".join(f"{key} = {write_toml(value)}\n" for key, value in table.items())


def rendered(sandbox: Sandbox, built: BuiltPlatform, folder: Path) -> str:
    umbrella = write(built, folder)
    return render(sandbox, umbrella, "--set=tags.data=true", f"-f{umbrella / 'environments/dev.yaml'}", namespace="any")


@settings(SEEDED, max_examples=4)
@given(LANDSCAPES)
def test_helm_renders_what_is_stated_and_the_api_server_takes_it(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, drawn: tuple[list[Table], dict[str, bytes]]
) -> None:
    stated, files = drawn
    text = rendered(sandbox, platform(stated, files), tmp_path_factory.mktemp("any"))
    assert list(find_duplicates(RenderedService("", "", "", text), ReleaseSize(0))) == []
    found = objects(text)
    for number, table in enumerate(stated):
        name = f"s{number}"
        kind = "Deployment" if table["archetype"] == "spring-service" else "StatefulSet"
        spec = found[kind, name]["spec"]
        _check_replicas(table, spec, found.get(("HorizontalPodAutoscaler", name)))
        _check_pod(table, spec["template"])
        assert spec["selector"]["matchLabels"] == table.get("selector", {"app": name})
        assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
        for key, path in (("many", "many/"), ("one", "one.txt")):
            if key in table.get("config", {}):
                kept = {name.rpartition("/")[2]: data for name, data in files.items() if name.startswith(path)}
                assert _contents(found["ConfigMap", f"{name}-{key}"]) == kept
    _check_accepted(sandbox, text)


def _check_replicas(table: Table, spec: Table, scaler: Table | None) -> None:
    if "autoscaling" not in table:
        assert (spec["replicas"], scaler) == (table["replicas"], None)
        return
    assert "replicas" not in spec
    assert scaler is not None
    stated = table["autoscaling"]
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (stated["min"], stated["max"])


def _check_pod(table: Table, template: Table) -> None:
    pod = template["spec"]
    containers = {one["name"]: one for one in [*pod.get("initContainers", []), *pod["containers"]]}
    for part in ("init_containers", "sidecars"):
        for name, said in table.get(part, {}).items():
            assert containers[name].get("args", []) == said.get("args", [])
            assert (containers[name].get("restartPolicy") == "Always") == (part == "sidecars")
            _check_env(said.get("env", {}), containers[name])
    own = pod["containers"][0]
    _check_env(table.get("env", {}), own)
    assert len(pod.get("tolerations", [])) == len(table.get("tolerations", {}))
    assert ("checksum/config" in template["metadata"].get("annotations", {})) == bool(table.get("config"))
    if "deregister" in table:
        assert own["lifecycle"]["preStop"]["exec"]["command"][4:] == table["deregister"]
    options = next((entry["value"] for entry in own.get("env", []) if entry["name"] == "JAVA_TOOL_OPTIONS"), "")
    assert all(option in options for option in table.get("jvm", {}).get("options", []))


def _check_env(stated: Table, container: Table) -> None:
    found = {entry["name"]: entry.get("value") for entry in container.get("env", [])}
    assert {name: found[name] for name in stated} == {
        name: value if isinstance(value, str) else None for name, value in stated.items()
    }


def _contents(config_map: Table) -> dict[str, bytes]:
    texts = {name: text.encode() for name, text in config_map.get("data", {}).items()}
    return texts | {name: base64.b64decode(data) for name, data in config_map.get("binaryData", {}).items()}


def _check_accepted(sandbox: Sandbox, text: str) -> None:
    sandbox.make_namespace("charts-any")
    documents = [
        one | {"metadata": one["metadata"] | {"namespace": "charts-any"}} for one in parse_yaml_documents(text)
    ]
    options = ["--server-side", "--dry-run=server", "--field-manager=helm", "--namespace=charts-any", "-f", "-"]
    done = run(sandbox, sandbox.kubectl, "apply", *options, stdin=dump_yaml_documents([*documents, *_pods(documents)]))
    assert done.returncode == 0, done.stderr


def _pods(documents: list[Table]) -> list[Table]:
    """Return the pods that the workloads would make: some rules are checked on pods alone."""
    found: list[Table] = []
    for one in documents:
        template: Any = one.get("spec", {}).get("template")
        if template:
            spec = {**template["spec"], "volumes": [*template["spec"].get("volumes", []), *_claims(one)]}
            name = {"name": f"pod-{one['metadata']['name']}", "namespace": "charts-any"}
            metadata = {**template["metadata"], **name}
            found.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    return found


def _claims(workload: Table) -> list[Table]:
    names = [claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])]
    return [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]


@settings(SEEDED, max_examples=1)
@given(st.lists(TEXT, min_size=30, max_size=30))
def test_a_checksum_follows_the_files_and_nothing_else(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Thirty services with a text each: equal texts, equal checksums, whatever else differs."""
    table = {"archetype": "spring-service", "namespace": "data", "image": {"registry": "hub", "repository": "a"}}
    table |= {"ports": {"http": 80}}
    folders = [{**table, "version": str(n), "config": {"c": {"from": f"config/{n}"}}} for n in range(len(texts))]
    built = platform(folders, {f"{number}/file": text.encode() for number, text in enumerate(texts)})
    found = objects(rendered(sandbox, built, tmp_path_factory.mktemp("any")))
    sums: dict[str, set[str]] = {}
    for number, text in enumerate(texts):
        annotations = found["Deployment", f"s{number}"]["spec"]["template"]["metadata"]["annotations"]
        sums.setdefault(text, set()).add(annotations["checksum/config"])
    assert all(len(one) == 1 for one in sums.values())
    assert len(set().union(*sums.values())) == len(sums)
