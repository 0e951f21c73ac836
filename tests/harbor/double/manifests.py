"""Manifests and referrers of the registry side."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from tests.harbor.double import oci
from tests.harbor.double.access import Identity
from tests.harbor.double.rules import guard_artifact, guard_push
from tests.harbor.double.server import Request, Response, error, json_response
from tests.harbor.double.state import Artifact, Project, Repository, State, digest_of, now

REGISTRY = {"Docker-Distribution-Api-Version": "registry/2.0"}
INDEX = "application/vnd.oci.image.index.v1+json"
HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_IMAGE_CONFIGS = {
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    INDEX,
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def kind_of(config_type: str, artifact_type: str | None) -> str:
    """Return Harbor's `type`: the artifact type decides where there is one."""
    decisive = artifact_type or config_type
    if decisive == HELM_CONFIG:
        return "CHART"
    if decisive in _IMAGE_CONFIGS:
        return "IMAGE"
    named = re.fullmatch(r"application/vnd\.[^.]*\.(.*)\.config\.[^.]*\+json", config_type)
    return named[1].upper() if named else "UNKNOWN"


def answer(
    state: State, request: Request, project: Project, inner: str, reference: str, identity: Identity, external: str
) -> Response:
    if request.method == "PUT":
        return _put(state, request, project, inner, reference, identity, external)
    if request.method == "DELETE":
        return _delete(state, project, inner, reference, identity)
    return _get(state, request, project, inner, reference, identity)


def _missing(project: Project, inner: str, reference: str) -> Response:
    joint = "@" if reference.startswith("sha256:") else ":"
    return error(404, "NOT_FOUND", f"artifact {project.name}/{inner}{joint}{reference} not found")


def _get(state: State, request: Request, project: Project, inner: str, reference: str, identity: Identity) -> Response:
    repository = project.repositories.get(inner)
    artifact = repository.find(reference) if repository else None
    if repository is None or artifact is None:
        return _missing(project, inner, reference)
    accept = request.headers.get("accept", "")
    if artifact.media_type not in accept:
        message = "OCI manifest found, but accept header does not support OCI manifests"
        return error(404, "MANIFEST_UNKNOWN", message, REGISTRY)
    etag = f'"{artifact.digest}"'
    if request.headers.get("if-none-match") == etag:
        return Response(304)
    if request.method == "GET":
        _count_pull(state, repository, artifact, reference, identity)
    headers = {**REGISTRY, "Content-Type": artifact.media_type, "Docker-Content-Digest": artifact.digest, "Etag": etag}
    return Response(200, artifact.raw, {**headers, "Content-Length": str(len(artifact.raw))})


def _count_pull(state: State, repository: Repository, artifact: Artifact, reference: str, identity: Identity) -> None:
    repository.pull_count += 1
    artifact.pull_time = now()
    if reference in repository.tags:
        repository.tags[reference].pull_time = artifact.pull_time
    described = f"pull artifact: {repository.full_name}@{artifact.digest}"
    state.log(identity.name, "pull", _resource(repository, reference), described)


def _resource(repository: Repository, reference: str) -> str:
    return f"{repository.full_name}{'@' if reference.startswith('sha256:') else ':'}{reference}"


def _put(
    state: State, request: Request, project: Project, inner: str, reference: str, identity: Identity, external: str
) -> Response:
    digest = digest_of(request.body)
    by_digest = reference.startswith("sha256:")
    if not by_digest and not _TAG.fullmatch(reference):
        return error(400, "BAD_REQUEST", f"bad request: invalid tag name: {reference}")
    if by_digest and reference != digest:
        return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content", REGISTRY)
    repository = state.repository(project, inner)
    # The guard stands before anything is stored: it refuses the same digest too.
    if not by_digest and (refusal := guard_push(repository, reference)):
        return refusal
    artifact = repository.artifacts.get(digest)
    if artifact is None:
        made = _make(state, request, repository, digest)
        if isinstance(made, Response):
            return made
        artifact = made
        repository.artifacts[digest] = artifact
        project.charged[digest] = len(request.body)
    if not by_digest:
        state.set_tag(repository, reference, artifact)
    described = f"push artifact: {repository.full_name}@{digest}"
    state.log(identity.name, "create", _resource(repository, reference), described)
    location = f"{external}/v2/{repository.full_name}/manifests/{digest}"
    headers = {**REGISTRY, "Docker-Content-Digest": digest, "Location": location}
    return Response(201, headers={**headers, "Oci-Subject": artifact.subject} if artifact.subject else headers)


def _make(state: State, request: Request, repository: Repository, digest: str) -> Artifact | Response:
    """Check what Harbor checks: JSON, known blobs, room, and a chart's config being JSON. Never the layer."""
    try:
        manifest: dict[str, Any] = json.loads(request.body)
    except ValueError as fault:
        return error(400, "MANIFEST_INVALID", f"unmarshal manifest failed: {fault}")
    blobs = [b for b in (manifest.get("config"), *manifest.get("layers", [])) if b]
    for blob in blobs:
        if blob["digest"] not in repository.blobs:
            detail = {"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown to registry", "detail": blob["digest"]}
            return json_response(400, {"errors": [detail]}, REGISTRY)
    for child in manifest.get("manifests", []):
        if child["digest"] not in repository.artifacts:
            detail = {"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": child["digest"]}
            return json_response(400, {"errors": [detail]}, REGISTRY)
    if refusal := oci.charge_check(repository.project, len(request.body)):
        return refusal
    media_type = request.headers.get("content-type") or manifest.get("mediaType", "")
    config_type = manifest.get("config", {}).get("mediaType") or media_type
    kind = kind_of(config_type, manifest.get("artifactType"))
    config: dict[str, Any] = {}
    if kind != "UNKNOWN" and manifest.get("config") and config_type != "application/vnd.oci.empty.v1+json":
        try:
            config = json.loads(state.blobs[manifest["config"]["digest"]])
        except ValueError:
            return error(500, "UNKNOWN", "internal server error")
    subject = (manifest.get("subject") or {}).get("digest")
    number = state.next_id("artifact")
    return Artifact(number, digest, request.body, manifest, media_type, config, kind, subject=subject)


def _delete(state: State, project: Project, inner: str, reference: str, identity: Identity) -> Response:
    if not reference.startswith("sha256:"):
        text = f"unsupported digest {reference}: invalid checksum digest format"
        return error(400, "UNSUPPORTED", text)
    repository = project.repositories.get(inner)
    artifact = repository.find(reference) if repository else None
    if repository is None or artifact is None:
        return _missing(project, inner, reference)
    if refusal := guard_artifact(repository, artifact):
        return refusal
    for tag in repository.tags_of(artifact):
        del repository.tags[tag.name]
    del repository.artifacts[artifact.digest]
    state.log(identity.name, "delete", f"{repository.full_name}@{reference}", f"delete artifact: {reference}")
    return Response(202)


def referrers(state: State, request: Request, project: Project, inner: str, digest: str) -> Response:
    """List what names the digest as its subject; the total does not follow the filter."""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        text = f"unsupported digest {digest}: invalid checksum digest format"
        return error(400, "BAD_REQUEST", text)
    repository = project.repositories.get(inner)
    found = [a for a in repository.artifacts.values() if a.subject == digest] if repository else []
    headers = {"X-Total-Count": str(len(found)), "Content-Type": INDEX}
    wanted = dict(parse_qsl(request.raw_query)).get("artifactType")
    if wanted:
        headers["Oci-Filters-Applied"] = "artifactType"
        found = [a for a in found if a.artifact_type == wanted]
    shown = []
    for artifact in found:
        entry: dict[str, Any] = {"mediaType": artifact.media_type, "digest": artifact.digest, "size": len(artifact.raw)}
        if notes := artifact.manifest.get("annotations"):
            entry["annotations"] = notes
        shown.append({**entry, "artifactType": artifact.artifact_type})
    body = {"schemaVersion": 2, "mediaType": INDEX, "manifests": shown}
    return Response(200, json.dumps(body).encode(), headers)
