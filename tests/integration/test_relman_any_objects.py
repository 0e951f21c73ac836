"""A platform of everything that is no service of ours: plain YAML, definitions, a third party's chart, namespaces."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from helmkit.charts import build_archive, bytes_digest
from helmkit.oci import RegistryClient, push_chart
from sandbox.cluster import Sandbox
from sandbox.images import images_of, push_images
from tests.builders.benches import Bench

MANIFEST = """\
[platform]
name = "NS"
version = "1.0.0"
[registries]
hub = { host = "REGISTRY", plain_http = true }
[namespaces.NS]
quota = { pods = 50 }
limits = { default_request = { memory = "16Mi" } }
network = "deny-in"
annotations = { "example.com/owner" = "team" }
labels = { team = "a" }
[services.widgets]
archetype = "raw-objects"
namespace = "NS"
files = ["objects/*.yaml"]
images = { agent = { registry = "hub", repository = "any/agent", version = "1" } }
[services.vendor]
archetype = "vendor-chart"
namespace = "NS"
chart = "oci://REGISTRY/any/third"
plain_http = true
version = "0.3.0"
digest = "DIGEST"
values.image = "REGISTRY/any/third:1"
depends_on = ["widgets"]
[services.app]
archetype = "spring-service"
namespace = "NS"
image = { registry = "hub", repository = "any/app" }
version = "1"
ports.http = 8080
depends_on = ["vendor"]
extra_objects = ["extra/*.yaml"]
[services.app.patches.slow]
kind = "Deployment"
merge.metadata.annotations = { "example.com/note" = "{{ literal }}" }
"""
OBJECTS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.NS.example.com }
spec:
  group: NS.example.com
  scope: Namespaced
  names: { kind: Widget, plural: widgets, singular: widget }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
---
apiVersion: NS.example.com/v1
kind: Widget
metadata: { name: first }
spec: { text: "{{ .Values.nothing }}" }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: NS-agent }
rules: [{ apiGroups: [""], resources: [nodes], verbs: [get] }]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { containers: [{ name: agent, image: decided-elsewhere }] }
---
apiVersion: batch/v1
kind: Job
metadata: { name: once }
spec:
  template:
    spec: { restartPolicy: Never, containers: [{ name: agent, image: decided-elsewhere }] }
"""
EXTRA = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: beside }\ndata: { a: '{{ b }}' }\n"
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }}-{{ .Chart.Name }} }
spec:
  selector: { matchLabels: { app: third } }
  template:
    metadata: { labels: { app: third } }
    spec: { containers: [{ name: third, image: {{ .Values.image | quote }} }] }
"""
HOOK = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-after
  annotations: { helm.sh/hook: "post-install,post-upgrade", helm.sh/hook-delete-policy: before-hook-creation }
spec:
  template:
    spec: { restartPolicy: Never, containers: [{ name: after, image: {{ .Values.image | quote }} }] }
"""
GADGETS = OBJECTS.split("---")[0].replace("Widget", "Gadget").replace("widget", "gadget")


@pytest.fixture
def bench(sandbox: Sandbox, namespace: str, tmp_path: Path) -> Bench:
    third = {
        "Chart.yaml": b"apiVersion: v2\nname: third\nversion: 0.3.0\n",
        "values.yaml": b"image: nowhere\n",
        "values.schema.json": b'{"additionalProperties": false, "properties": {"image": {"type": "string"}}}',
        "crds/gadgets.yaml": GADGETS.replace("NS", namespace).encode(),
        "templates/workload.yaml": WORKLOAD.encode(),
        "templates/after.yaml": HOOK.encode(),
    }
    archive = build_archive("third", third)

    async def push() -> None:
        async with RegistryClient(sandbox.registry, plain_http=True) as client:
            await push_chart(client, "any/third", "third", "0.3.0", archive, third["Chart.yaml"], created=None)

    asyncio.run(push())
    words = {"NS": namespace, "REGISTRY": sandbox.registry, "DIGEST": bytes_digest(archive)}
    for name, text in {"releases.toml": MANIFEST, "objects/all.yaml": OBJECTS, "extra/beside.yaml": EXTRA}.items():
        for word, meaning in words.items():
            text = text.replace(word, meaning)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return Bench(sandbox, tmp_path / "dist", namespace)


def publish(bench: Bench, *changes: tuple[str, str]) -> None:
    """Build the platform, after changes of its release manifest, and put its images into the registry."""
    folder = bench.folder.parent
    manifest = folder / "releases.toml"
    text = manifest.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    manifest.write_text(text)
    code = "from chartgen.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "build"], cwd=folder, env=dict(bench.environ), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    registry = bench.sandbox.registry
    asyncio.run(push_images(registry, images_of(folder / "charts" / bench.namespace, registry), ["linux/amd64"]))


def test_everything_installs_moves_goes_back_and_leaves(bench: Bench) -> None:
    ns = bench.namespace
    publish(bench)
    first = bench.relman("upgrade", ns, "--to", "1.0.0", "-o", "json")
    own = f"namespace-{ns}"
    assert first.outcomes() == dict.fromkeys((own, "widgets", "vendor", "app"), "installed")
    assert bench.kubectl("get", "widget", "first", "-o", "jsonpath={.spec.text}") == "{{ .Values.nothing }}"
    assert bench.kubectl("get", "configmap", "beside", "-o", "jsonpath={.data.a}") == "{{ b }}"
    found = json.loads(bench.kubectl("get", "deployment/app", f"namespace/{ns}", "-o", "json"))["items"]
    assert found[0]["metadata"]["annotations"]["example.com/note"] == "{{ literal }}"
    assert found[1]["metadata"]["annotations"]["example.com/owner"] == "team"
    labels = found[1]["metadata"]["labels"]
    assert (labels["team"], labels["pod-security.kubernetes.io/enforce"]) == ("a", "baseline")
    bench.kubectl("get", "resourcequota,limitrange,networkpolicy", "namespace-objects")
    # The hook's Job runs after the chart's Deployment is ready, so that it finds somebody to talk to.
    ready = bench.kubectl(
        "get", "deploy/vendor-vendor", "-o", "jsonpath={.status.conditions[?(@.type=='Available')].lastTransitionTime}"
    )
    assert ready <= bench.kubectl("get", "job/vendor-after", "-o", "jsonpath={.metadata.creationTimestamp}")
    assert bench.relman("upgrade", ns, "--to", "1.0.0", "-o", "json").data["outcome"] == "nothing"

    # A Job's template cannot change: it has to go first, or be another one.
    objects = bench.folder.parent / "objects" / "all.yaml"
    objects.write_text(objects.read_text().replace("{ name: once }", "{ name: once-2 }"))
    publish(
        bench,
        ('"1.0.0"', '"1.0.1"'),
        ('any/agent", version = "1"', 'any/agent", version = "2"'),
        ("pods = 50", "pods = 60"),
    )
    second = bench.relman("upgrade", ns, "--to", "1.0.1", "-o", "json").outcomes()
    assert second == {own: "upgraded", "widgets": "upgraded", "vendor": "unchanged", "app": "unchanged"}
    assert bench.image("daemonset/agent").endswith("agent:2")

    back = bench.relman("rollback", ns, "-o", "json").outcomes()
    assert back["widgets"] == "rolled back"
    assert bench.image("daemonset/agent").endswith("agent:1")
    assert bench.kubectl("get", "resourcequota", "namespace-objects", "-o", "jsonpath={.spec.hard.pods}") == "50"

    assert "(CRDs) that vendor, widgets brought stay" in bench.relman("uninstall", f"{ns}/", "--yes").err
    assert "agent" not in bench.kubectl("get", "daemonset,deployment,job", "-o", "name")
    assert f"{ns}-agent" not in bench.kubectl("get", "clusterrole", "-o", "name")
    left = bench.kubectl("get", "crd", "-o", "name")
    assert f"widgets.{ns}.example.com" in left
    assert f"gadgets.{ns}.example.com" in left
    for kind in ("widgets", "gadgets"):
        bench.kubectl("delete", "crd", f"{kind}.{ns}.example.com")
