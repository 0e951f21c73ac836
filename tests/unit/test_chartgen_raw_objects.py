"""raw-objects: plain YAML becomes a chart of the platform, and what cannot be one is refused with its place."""

from __future__ import annotations

from typing import Any

import pytest

from chartgen.build import BuiltPlatform, build_platform
from chartgen.manifest.load import parse_platform
from chartgen.objects.files import match_files
from helmkit.errors import InputError
from helmkit.yaml import dump_yaml_documents, parse_yaml
from tests.builders.releases import HEAD, SPRING

AGENT = """
[services.agent]
archetype = "raw-objects"
namespace = "data"
files = ["objects/*.yaml"]
images.agent = { registry = "company", repository = "log-agent", version = "7" }
"""
DAEMONSET = """\
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
  labels: { app.kubernetes.io/name: logs, tier: node }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      containers:
        - name: agent
          image: elsewhere.example/agent:latest
          args: ["--format={{ .Time }}"]
"""
VOLUME = """\
apiVersion: v1
kind: PersistentVolume
metadata: { name: pv-1 }
spec: { capacity: { storage: 1Gi }, accessModes: [ReadWriteOnce], hostPath: { path: /data } }
"""
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  scope: Cluster
  names: { kind: Widget, plural: widgets }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
"""


def configmap(name: str, **more: Any) -> str:
    metadata = {"name": name, **more.pop("metadata", {})}
    return dump_yaml_documents([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **more}])


def sources(manifest: str, files: dict[str, str], **layers: str) -> dict[str, str | bytes]:
    attached = {f"objects/{name}": text for name, text in files.items()}
    layers = layers or {"dev": ""}
    return {
        "releases.toml": HEAD + manifest,
        **attached,
        **{f"values/{name}.toml": text for name, text in layers.items()},
    }


def build(manifest: str, files: dict[str, str], **layers: str) -> BuiltPlatform:
    return build_platform(parse_platform(sources(manifest, files, **layers)))


def problems(manifest: str, files: dict[str, str], **layers: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse_platform(sources(manifest, files, **layers))
    return [f"{problem.where}: {problem.message}" for problem in caught.value.problems]


def values(built: BuiltPlatform, chart: str = "agent") -> dict[str, Any]:
    found: dict[str, Any] = parse_yaml(built.files[f"charts/{chart}/values.yaml"])
    return found


def test_objects_become_values_sorted_by_where_they_belong() -> None:
    files = {"a.yaml": DAEMONSET + "---\n" + VOLUME, "b.yaml": configmap("c", data={"x": "{{ y }}"})}
    found = values(build(AGENT, files))
    assert list(found["objects"]) == ["configmap-c", "daemonset-agent"]
    assert list(found["clusterObjects"]) == ["persistentvolume-pv-1"]
    assert found["objects"]["configmap-c"]["data"] == {"x": "{{ y }}"}
    keep = {"helm.sh/resource-policy": "keep"}
    assert found["clusterObjects"]["persistentvolume-pv-1"]["metadata"]["annotations"] == keep


def test_images_come_from_the_release_manifest_registry_and_secret_included() -> None:
    moved = '[registries]\ncompany = { host = "harbor.example" }\n[services.agent.images.agent]\nversion = "8"\n'
    built = build(AGENT, {"a.yaml": DAEMONSET}, dev="", prod=moved)
    pod = values(built)["objects"]["daemonset-agent"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "192.168.88.159:5000/log-agent:7"
    assert pod["imagePullSecrets"] == [{"name": "company-pull"}]
    entries = {name: env.services["agent"] for name, env in built.bom.environments.items()}
    assert entries["dev"].images == ("192.168.88.159:5000/log-agent:7",)
    assert (entries["prod"].images, entries["prod"].app_version) == (("harbor.example/log-agent:8",), "8")


MOUNTING = (
    DAEMONSET
    + """\
      volumes: [{ name: a, configMap: { name: c } }]
"""
)
REFERRING = DAEMONSET.replace("          args", "          envFrom: [{ configMapRef: { name: c } }]\n          args")
PROJECTING = (
    DAEMONSET
    + """\
      volumes: [{ name: a, projected: { sources: [{ configMap: { name: c } }] } }]
"""
)


@pytest.mark.parametrize("workload", [MOUNTING, REFERRING, PROJECTING])
def test_pods_restart_when_a_configmap_beside_them_changes_and_only_then(workload: str) -> None:
    def digest(data: dict[str, str], other: str = "") -> Any:
        files = {"a.yaml": workload, "b.yaml": configmap("c", data=data), "d.yaml": configmap("d", data={"x": other})}
        found = values(build(AGENT, files))["objects"]["daemonset-agent"]
        return found["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert digest({"x": "1"}) == digest({"x": "1"}, "another")
    assert digest({"x": "1"}) != digest({"x": "2"})


def test_pods_that_read_no_configmap_of_the_files_have_no_digest() -> None:
    files = {"a.yaml": DAEMONSET, "b.yaml": configmap("c", data={"x": "1"})}
    metadata = values(build(AGENT, files))["objects"]["daemonset-agent"]["spec"]["template"]["metadata"]
    assert "annotations" not in metadata


def test_definitions_are_a_folder_of_their_own() -> None:
    instance = "apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: w }\n"
    built = build(AGENT, {"a.yaml": DAEMONSET, "d.yaml": DEFINITION, "i.yaml": instance})
    definition = parse_yaml(built.files["charts/agent/crds/widgets.example.com.yaml"])
    assert definition["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert list(values(built)["clusterObjects"]) == ["widget-w"]


def test_patches_say_what_differs_in_an_environment() -> None:
    patch = '[services.agent.patches.more]\nkind = "DaemonSet"\nmerge.spec.minReadySeconds = 9\n'
    built = build(AGENT, {"a.yaml": DAEMONSET}, dev="", prod=patch)
    assert built.environments["prod"]["agent"]["objects"]["daemonset-agent"]["spec"] == {"minReadySeconds": 9}
    assert "minReadySeconds" not in values(built)["objects"]["daemonset-agent"]["spec"]


def test_a_service_may_be_missing_in_an_environment() -> None:
    gateway = SPRING + 'depends_on = ["agent"]\n'
    built = build(AGENT + gateway, {"a.yaml": DAEMONSET}, dev="", prod="[services.agent]\nenabled = false\n")
    assert built.bom.environments["dev"].services["gateway"].depends_on == ("agent",)
    assert built.bom.environments["prod"].services["gateway"].depends_on == ()
    assert "agent" not in built.bom.environments["prod"].services
    assert built.environments["prod"]["agent"] == {"enabled": False}


def test_what_is_not_there_cannot_be_asked() -> None:
    asking = SPRING + 'env.DB = { endpoint = "db", port = "mysql" }\n'
    store = '[services.db]\narchetype = "external-endpoint"\nnamespace = "data"\ndns_name = "a.b"\nports.mysql = 1\n'
    found = problems(asking + store, {}, dev="[services.db]\nenabled = false\n")
    assert len(found) == 1
    assert 'service "db" is not enabled here' in found[0]


def test_what_kubernetes_does_not_let_change_is_locked() -> None:
    first = build(AGENT, {"a.yaml": DAEMONSET})
    assert first.lock.charts["agent"].immutable["dev"] == {"DaemonSet/agent spec.selector": "app=agent"}


CASES = {
    "another namespace": (configmap("c", metadata={"namespace": "apps"}), "ConfigMap/c says namespace apps"),
    "twice": (configmap("c") + configmap("c"), "ConfigMap/c is in objects/a.yaml:2:1 already"),
    "a hook": (
        configmap("c", metadata={"annotations": {"helm.sh/hook": "pre-install"}}),
        "ConfigMap/c is a Helm hook",
    ),
    "a secret": (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {k: aHVudGVy}\n",
        "Secret/s: data.k: a Secret holds its value in clear text",
    ),
    "a password": (
        configmap("c", data={"DB_PASSWORD": "hunter2"}),
        "ConfigMap/c: data.DB_PASSWORD: looks like a secret",
    ),
    "no name": ("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "ConfigMap has no metadata.name"),
    "no object": ("- 1\n", "is not a Kubernetes object but a list"),
    "not yaml": ("a: [\n", "objects/a.yaml:2:1: is not YAML"),
    "a date": (configmap("c", data={"x": "y"}).replace("x: 'y'", "x: 2026-01-01"), "timestamp is no data"),
    "an endless alias": ("a: &a [*a]\n", "is not YAML"),
    "base 60": (configmap("c", data={"x": "y"}).replace("x: 'y'", "x: 12:30"), "12:30 is read differently"),
    "an exponent": (configmap("c", data={"x": "y"}).replace("x: 'y'", "x: 1.5e10"), "1.5e10 is read differently"),
    "octal of YAML 1.2": (configmap("c", data={"x": "y"}).replace("x: 'y'", "x: 0o755"), "0o755 is read differently"),
    "a key that is no text": (configmap("c", data={"x": "y"}).replace("x: 'y'", "on: y"), "the key on is a boolean"),
    "a number that Helm rounds": (
        configmap("c", data={"x": "y"}).replace("x: 'y'", "x: 9007199254740993"),
        "9007199254740993 has more digits than Helm keeps",
    ),
    "an undeclared image": (
        DAEMONSET.replace("name: agent\n          image", "name: other\n          image"),
        "other runs",
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_what_is_refused(text: str, expected: str) -> None:
    manifest = AGENT if "DaemonSet" in text else AGENT.replace("images.agent", "# ")
    found = problems(manifest, {"a.yaml": text})
    assert any(expected in problem for problem in found), found
    assert "hunter2" not in "".join(found)
    assert "aHVudGVy" not in "".join(found)


def test_patterns_images_and_patches_must_meet_something() -> None:
    more = 'patches.x = { kind = "Deployment", merge = { spec = { replicas = 2 } } }\nimages.gone = '
    more += '{ registry = "hub", repository = "a/b", version = "1" }\n'
    found = problems(AGENT.replace('"]', '", "none/*.yaml"]') + more, {"a.yaml": DAEMONSET})
    assert [problem.partition(" ")[2] for problem in found] == [
        "services.agent.files[1]: no file matches 'none/*.yaml'",
        "services.agent.patches.x: matches nothing: there is no Deployment",
        'services.agent.images.gone: no container is called "gone"',
    ]


def test_what_belongs_to_the_cluster_has_one_owner() -> None:
    other = AGENT.replace("services.agent", "services.other").replace("data", "apps")
    found = problems(AGENT + other, {"a.yaml": DAEMONSET + "---\n" + VOLUME})
    assert len(found) == 1
    assert "PersistentVolume/pv-1 of the cluster belongs to services.agent already" in found[0]


def test_an_object_of_a_generated_service_is_taken() -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: { name: gateway }\nspec: { ports: [{ port: 1 }] }\n"
    manifest = SPRING + AGENT.replace("data", "apps").replace("images.agent", "# ")
    assert "belongs to services.gateway already" in problems(manifest, {"a.yaml": service})[0]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("objects/*.yaml", ["objects/a.yaml"]),
        ("objects/**/*.yaml", ["objects/a.yaml", "objects/x/y/b.yaml"]),
        ("**", ["objects/a.yaml", "objects/x/y/b.yaml", "objects/z.yml"]),
        ("objects/?.yml", ["objects/z.yml"]),
    ],
)
def test_patterns(pattern: str, expected: list[str]) -> None:
    assert match_files(pattern, ["objects/x/y/b.yaml", "objects/z.yml", "objects/a.yaml"]) == expected
