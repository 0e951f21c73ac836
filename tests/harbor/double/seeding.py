"""Charts put into a double without HTTP, as if somebody had pushed them."""

from __future__ import annotations

import json
from typing import Any

import yaml

from helmkit.charts import build_archive
from tests.harbor.double.manifests import HELM_CONFIG, kind_of
from tests.harbor.double.state import Artifact, Project, State, digest_of

CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def chart_files(name: str, version: str, *, values: str = "replicaCount: 1\n", **chart: Any) -> dict[str, bytes]:
    """Return a small chart's files; `chart` adds to or replaces what stands in Chart.yaml."""
    metadata = {"apiVersion": "v2", "name": name, "version": version, "description": f"The {name} chart", **chart}
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"
        "data:\n  replicas: {{ .Values.replicaCount | quote }}\n"
    )
    return {
        "Chart.yaml": yaml.safe_dump(metadata).encode(),
        "values.yaml": f"# Values of {name}\n{values}".encode(),
        "README.md": f"# {name} {version}\n".encode(),
        "templates/configmap.yaml": template.encode(),
    }


def seed_chart(
    state: State, project: Project, repository: str, files: dict[str, bytes], *, by: str = "admin"
) -> Artifact:
    """Publish a chart under its own version."""
    config: dict[str, Any] = yaml.safe_load(files["Chart.yaml"])
    layer = build_archive(config["name"], files)
    blobs = [(HELM_CONFIG, json.dumps(config).encode()), (CHART_LAYER, layer)]
    held = state.repository(project, repository)
    parts = []
    for media_type, content in blobs:
        digest = digest_of(content)
        state.blobs[digest] = content
        held.blobs.add(digest)
        project.charged[digest] = len(content)
        parts.append({"mediaType": media_type, "digest": digest, "size": len(content)})
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
    manifest["annotations"] = {"org.opencontainers.image.title": config["name"], **config.get("annotations", {})}
    raw = json.dumps(manifest).encode()
    number, digest = state.next_id("artifact"), digest_of(raw)
    artifact = Artifact(number, digest, raw, manifest, MANIFEST, config, kind_of(HELM_CONFIG, None))
    held.artifacts.setdefault(digest, artifact)
    project.charged[digest] = len(raw)
    tag = config["version"].replace("+", "_")
    state.set_tag(held, tag, held.artifacts[digest])
    state.log(by, "create", f"{held.full_name}:{tag}", f"push artifact: {held.full_name}@{digest}")
    return artifact
