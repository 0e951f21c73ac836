"""Platforms published in a double: an umbrella with its bill of materials, its subcharts, and images."""

from __future__ import annotations

import json
from typing import Any

from helmkit.bom import BillOfMaterials, EnvironmentEntry, ServiceEntry, render_bom
from tests.harbor.double.manifests import INDEX
from tests.harbor.double.seeding import MANIFEST, chart_files, seed_chart
from tests.harbor.double.state import Artifact, Project, State, digest_of


def seed_platform(
    state: State, project: Project, version: str, services: dict[str, str], *, images: tuple[str, ...] = ()
) -> None:
    """Publish `shop` at a version with its services (name to chart version)."""
    entries = {
        name: ServiceEntry(
            release=name,
            namespace="shop",
            archetype="spring-service",
            chart=name,
            version=published,
            content_digest="sha256:" + "0" * 64,
            values_digest="sha256:" + "0" * 64,
            images=images,
        )
        for name, published in services.items()
    }
    bom = BillOfMaterials("1.0", "shop", version, {"prod": EnvironmentEntry(services=entries)})
    umbrella = chart_files("shop", version)
    umbrella["bom.json"] = render_bom(bom)
    umbrella["environments/prod.yaml"] = b"global:\n  environment: prod\n"
    for name, published in services.items():
        held = project.repositories.get(f"shop/{name}")
        if held is None or published not in held.tags:
            seed_chart(state, project, f"shop/{name}", chart_files(name, published))
        for path, content in chart_files(name, published).items():
            umbrella[f"charts/{name}/{path}"] = content
    seed_chart(state, project, "shop", umbrella)


def seed_image(
    state: State, project: Project, repository: str, tag: str, *, layer: bytes = b"layer" * 1000
) -> Artifact:
    """Publish an image for two architectures under one tag."""
    held = state.repository(project, repository)
    children = []
    for architecture in ("amd64", "arm64"):
        parts = []
        for kind, content in (
            ("application/vnd.oci.image.config.v1+json", json.dumps({"architecture": architecture}).encode()),
            ("application/vnd.oci.image.layer.v1.tar+gzip", layer + architecture.encode()),
        ):
            digest = digest_of(content)
            state.blobs[digest] = content
            held.blobs.add(digest)
            parts.append({"mediaType": kind, "digest": digest, "size": len(content)})
        body = {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
        child = _add(state, project, repository, body, MANIFEST)
        children.append({"mediaType": MANIFEST, "digest": child.digest, "size": len(child.raw)})
    index = _add(state, project, repository, {"schemaVersion": 2, "mediaType": INDEX, "manifests": children}, INDEX)
    state.set_tag(held, tag, index)
    return index


def _add(state: State, project: Project, repository: str, body: dict[str, Any], media_type: str) -> Artifact:
    raw = json.dumps(body).encode()
    artifact = Artifact(state.next_id("artifact"), digest_of(raw), raw, body, media_type, {}, "IMAGE")
    state.repository(project, repository).artifacts[artifact.digest] = artifact
    return artifact


def sign(state: State, project: Project, repository: str, reference: str) -> str:
    """Attach a signature to an artifact and return the signature's digest."""
    held = project.repositories[repository]
    subject = held.find(reference)
    assert subject is not None
    content = b"signature of " + subject.digest.encode()
    state.blobs[digest_of(content)] = content
    held.blobs.add(digest_of(content))
    layer = {"mediaType": "application/octet-stream", "digest": digest_of(content), "size": len(content)}
    kind = "application/vnd.dev.cosign.artifact.sig.v1+json"
    body = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "config": layer, "layers": [layer]}
    named = {**body, "subject": {"mediaType": MANIFEST, "digest": subject.digest, "size": len(subject.raw)}}
    artifact = _add(state, project, repository, named, MANIFEST)
    artifact.subject = subject.digest
    return artifact.digest


def digests(project: Project) -> dict[str, str]:
    """Return the digest of every tag of a project, by `repository:tag`."""
    return {
        f"{name}:{tag}": next(a.digest for a in held.artifacts.values() if a.id == found.artifact_id)
        for name, held in project.repositories.items()
        for tag, found in held.tags.items()
    }
