"""Artifacts: lists, one of them, deletion and copies."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from tests.harbor.double.access import refuse
from tests.harbor.double.api import BASE, Call, created, route
from tests.harbor.double.query import Keys, Query, bad_request, page, select, unprocessable
from tests.harbor.double.rules import guard_artifact, guard_tag, is_immutable
from tests.harbor.double.server import Response, error, json_response
from tests.harbor.double.state import Artifact, Repository, State, Tag

ADDITIONS = {"values.yaml": "text/plain", "readme.md": "text/markdown", "dependencies": "application/json"}
_KEYS: Keys = {
    "type": lambda pair: pair[1].type,
    "digest": lambda pair: pair[1].digest,
    "media_type": lambda pair: pair[1].config_type,
    "artifact_type": lambda pair: pair[1].artifact_type,
    "push_time": lambda pair: pair[1].push_time,
    "pull_time": lambda pair: pair[1].pull_time,
    "id": lambda pair: pair[1].id,
}


def render_tag(repository: Repository, tag: Tag, *, with_immutable: bool) -> dict[str, Any]:
    return {
        "artifact_id": tag.artifact_id,
        "id": tag.id,
        "immutable": with_immutable and is_immutable(repository, tag.name),
        "name": tag.name,
        "pull_time": tag.pull_time,
        "push_time": tag.push_time,
        "repository_id": repository.id,
    }


def render_accessory(repository: Repository, artifact: Artifact) -> dict[str, Any]:
    subject = repository.artifacts.get(artifact.subject or "")
    cosign = artifact.artifact_type.startswith("application/vnd.dev.cosign.artifact.sig")
    return {
        "artifact_id": artifact.id,
        "creation_time": artifact.push_time,
        "digest": artifact.digest,
        "icon": "",
        "id": artifact.id,
        "size": artifact.size,
        "subject_artifact_digest": artifact.subject,
        "subject_artifact_id": subject.id if subject else 0,
        "subject_artifact_repo": repository.full_name,
        "type": "signature.cosign" if cosign else "subject.accessory",
    }


def render(state: State, repository: Repository, artifact: Artifact, query: Query) -> dict[str, Any]:
    """Tags, labels and accessories are null unless asked for; `extra_attrs` is the chart's config."""
    tags = [
        render_tag(repository, t, with_immutable=query.flag("with_immutable_status"))
        for t in repository.tags_of(artifact)
    ]
    labels = [state.labels[i] for i in artifact.label_ids if i in state.labels]
    accessories = [render_accessory(repository, a) for a in repository.accessories_of(artifact)]
    body = {
        "accessories": (accessories or None) if query.flag("with_accessory") else None,
        "annotations": artifact.manifest.get("annotations"),
        "artifact_type": artifact.artifact_type,
        "digest": artifact.digest,
        "extra_attrs": artifact.config or None,
        "icon": "sha256:61cf3a178ff0f75bf08a25d96b75cf7355dc197749a9f128ed3ef34b0df05518",
        "id": artifact.id,
        "labels": (labels or None) if query.flag("with_label") else None,
        "manifest_media_type": artifact.media_type,
        "media_type": artifact.config_type,
        "project_id": repository.project.id,
        "pull_time": artifact.pull_time,
        "push_time": artifact.push_time,
        "references": _references(repository, artifact),
        "repository_id": repository.id,
        "repository_name": repository.full_name,
        "size": artifact.size,
        "tags": (tags or None) if query.flag("with_tag", default=True) else None,
        "type": artifact.type,
    }
    if artifact.type == "CHART":
        encoded = quote(quote(repository.name, safe=""), safe="")
        base = (
            f"{BASE}/projects/{repository.project.name}/repositories/{encoded}/artifacts/{artifact.digest}/additions/"
        )
        body["addition_links"] = {name: {"absolute": False, "href": base + name} for name in sorted(ADDITIONS)}
    return body


def _references(repository: Repository, artifact: Artifact) -> list[dict[str, Any]] | None:
    children = [(m["digest"], repository.artifacts.get(m["digest"])) for m in artifact.manifest.get("manifests", [])]
    found = [{"child_digest": d, "child_id": c.id, "parent_id": artifact.id, "urls": None} for d, c in children if c]
    return found or None


def _choose(pairs: list[tuple[Repository, Artifact]], query: Query) -> list[tuple[Repository, Artifact]]:
    """Apply `tags` and `labels`, which have rules of their own, then the rest. Accessories never show."""
    filters = query.filters()
    pairs = [(r, a) for r, a in pairs if a.subject is None]
    if wanted := filters.get("tags"):
        pairs = [(r, a) for r, a in pairs if _has_tag(r, a, wanted)]
    if wanted := filters.get("labels"):
        if not re.fullmatch(r"\([0-9]+( [0-9]+)*\)", wanted):
            raise bad_request('the value of "labels" query can only be integer list with intersetion relationship')
        ids = {int(i) for i in wanted[1:-1].split()}
        pairs = [(r, a) for r, a in pairs if ids <= set(a.label_ids)]
    chosen: list[tuple[Repository, Artifact]] = select(pairs, query, _KEYS, "-push_time,-id")
    return chosen


def _has_tag(repository: Repository, artifact: Artifact, wanted: str) -> bool:
    names = [t.name for t in repository.tags_of(artifact)]
    if wanted in {"nil", "*"}:
        return bool(names) == (wanted == "*")
    return any(wanted[1:] in n if wanted.startswith("~") else n == wanted for n in names)


@route("GET", "/projects/{project}/repositories/{repository}/artifacts")
def list_artifacts(call: Call) -> Response:
    """A repository, or even a project, that does not exist lists as empty for an administrator."""
    repository = call.repository("artifact", "list")
    if isinstance(repository, Response):
        return repository if repository.status != 404 else page([], call.query, lambda x: x)
    pairs = _choose([(repository, a) for a in repository.artifacts.values()], call.query)
    return page(pairs, call.query, lambda pair: render(call.state, pair[0], pair[1], call.query))


@route("GET", "/projects/{project}/artifacts")
def list_project_artifacts(call: Call) -> Response:
    project = call.allowed("artifact", "list")
    if isinstance(project, Response):
        return project
    filters = call.query.filters()
    latest = call.query.flag("latest_in_repository")
    if latest and ("media_type" in filters) == ("artifact_type" in filters):
        why = "either 'media_type' or 'artifact_type' must be specified, but not both, when querying with"
        return error(400, "BAD_REQUEST", f"bad request: {why} latest_in_repository")
    pairs = _choose([(r, a) for r in project.repositories.values() for a in r.artifacts.values()], call.query)
    if latest:
        newest: dict[int, tuple[Repository, Artifact]] = {}
        for pair in sorted(pairs, key=lambda pair: (pair[1].push_time, pair[1].id)):
            newest[pair[0].id] = pair
        pairs = list(newest.values())
    return page(pairs, call.query, lambda pair: render(call.state, pair[0], pair[1], call.query))


def find(call: Call, resource: str, action: str) -> tuple[Repository, Artifact] | Response:
    """Return the artifact a path names; a plus sign in a reference never finds one."""
    repository = call.repository(resource, action)
    if isinstance(repository, Response):
        return repository
    reference = call.path["reference"]
    artifact = repository.find(reference)
    if artifact is None:
        joint = "@" if re.fullmatch(r"sha256:[0-9a-f]{64}", reference) else ":"
        return error(404, "NOT_FOUND", f"artifact {repository.full_name}{joint}{reference} not found")
    return repository, artifact


@route("GET", "/projects/{project}/repositories/{repository}/artifacts/{reference}")
def get_artifact(call: Call) -> Response:
    found = find(call, "artifact", "read")
    return found if isinstance(found, Response) else json_response(200, render(call.state, *found, call.query))


@route("DELETE", "/projects/{project}/repositories/{repository}/artifacts/{reference}")
def delete_artifact(call: Call) -> Response:
    """By tag too it is the artifact that goes, with all its tags."""
    found = find(call, "artifact", "delete")
    if isinstance(found, Response):
        return found
    repository, artifact = found
    if refusal := guard_artifact(repository, artifact):
        return refusal
    holders = [a for a in repository.artifacts.values() if artifact.digest in _children(a)]
    if holders:
        return error(412, "VIOLATE_FOREIGN_KEY_CONSTRAINT", "the deleting artifact is referenced by others")
    for tag in repository.tags_of(artifact):
        del repository.tags[tag.name]
    del repository.artifacts[artifact.digest]
    resource = f"{repository.full_name}@{artifact.digest}"
    call.state.log(call.identity.name, "delete", resource, f"delete artifact: {resource}")
    return Response(200)


def _children(artifact: Artifact) -> set[str]:
    return {m["digest"] for m in artifact.manifest.get("manifests", [])}


@route("POST", "/projects/{project}/repositories/{repository}/artifacts")
def copy_artifact(call: Call) -> Response:
    """By tag one tag comes along, by digest all of them; a missing source is 400."""
    project = call.allowed("artifact", "create")
    if isinstance(project, Response):
        return project
    source = call.query.values.get("from")
    if not source:
        raise unprocessable("from in query is required")
    name, digest = source.partition("@")[::2] if "@" in source else (source.rpartition(":")[0], "")
    reference = digest or source.rpartition(":")[2]
    owner, _, inner = name.partition("/")
    held = call.state.find_repository(owner, inner)
    artifact = held.find(reference) if held else None
    if held is None or artifact is None:
        return error(400, "BAD_REQUEST", f"artifact {source} not found")
    if not call.identity.may(held.project, "artifact", "read"):
        return refuse(call.identity)
    target = call.state.repository(project, call.path["repository"])
    tags = [t.name for t in held.tags_of(artifact)] if digest else [reference]
    for tag in tags:
        now = target.find(tag)
        if now and now.digest != artifact.digest and (refusal := guard_tag(target, tag, "updated")):
            return refusal
    _copy_into(call.state, held, artifact, target)
    for tag in tags:
        call.state.set_tag(target, tag, target.artifacts[artifact.digest])
    # The Location is encoded once, so it cannot be followed for a nested name.
    encoded = quote(call.path["repository"], safe="")
    return created(f"{BASE}/projects/{project.name}/repositories/{encoded}/artifacts/{reference}")


def _copy_into(state: State, source: Repository, artifact: Artifact, target: Repository) -> None:
    for child in [source.artifacts[d] for d in _children(artifact) if d in source.artifacts]:
        _copy_into(state, source, child, target)
    for part in [artifact, *source.accessories_of(artifact)]:
        if part.digest in target.artifacts:
            continue
        copied = Artifact(**{**part.__dict__, "id": state.next_id("artifact"), "label_ids": []})
        target.artifacts[part.digest] = copied
        held = [part.manifest.get("config"), *part.manifest.get("layers", [])]
        target.blobs |= {blob["digest"] for blob in held if blob}
        target.project.charged.update({blob["digest"]: blob["size"] for blob in held if blob})
