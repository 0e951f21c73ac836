"""What hangs on an artifact: additions, tags, labels, accessories."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile

import yaml

from tests.harbor.double.api import Call, route
from tests.harbor.double.artifacts import ADDITIONS, find, render_accessory, render_tag
from tests.harbor.double.query import page, unprocessable
from tests.harbor.double.rules import guard_tag
from tests.harbor.double.server import Response, error
from tests.harbor.double.state import Artifact, State

_KNOWN = ["build_history", *ADDITIONS, "sbom", "license", "files"]
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


@route("GET", "/projects/{project}/repositories/{repository}/artifacts/{reference}/additions/{addition}")
def get_addition(call: Call) -> Response:
    addition = call.path["addition"]
    if addition == "vulnerabilities":
        number = p.id if (p := call.project()) else 0
        return error(404, "NOT_FOUND", f"no scanner registration configured for project: {number}")
    if addition not in _KNOWN:
        message = f"addition in path should be one of [{' '.join(_KNOWN)}]"
        raise unprocessable(message)
    found = find(call, "artifact-addition", "read")
    if isinstance(found, Response):
        return found
    artifact = found[1]
    if artifact.type != "CHART" or addition not in ADDITIONS:
        kind = artifact.type if artifact.type == "CHART" else f"{artifact.type}(manifest version 2)"
        return error(400, "BAD_REQUEST", f"addition {addition.upper()} isn't supported for {kind}")
    return _chart_addition(call.state, artifact, addition)


def _chart_addition(state: State, artifact: Artifact, addition: str) -> Response:
    """Nothing checked the layer at the push: here it breaks. What the chart lacks is empty, or null."""
    layers = artifact.manifest.get("layers") or []
    if not layers:
        return Response(500, headers={"Content-Type": "application/json"})
    files = chart_files(state.blobs.get(layers[0]["digest"], b""))
    if files is None:
        return error(500, "UNKNOWN", "internal server error")
    kind = f"{ADDITIONS[addition]}; charset=utf-8"
    if addition == "dependencies":
        wanted = (yaml.safe_load(files.get("chart.yaml", b"")) or {}).get("dependencies")
        return Response(200, json.dumps(wanted).encode(), {"Content-Type": kind})
    return Response(200, files.get(addition, b""), {"Content-Type": kind})


def chart_files(archive: bytes) -> dict[str, bytes] | None:
    """Return the files in the chart's own folder by lower-case name; none when it is no archive."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            members = [m for m in tar if m.isfile() and m.name.count("/") == 1]
            return {m.name.partition("/")[2].lower(): f.read() for m in members if (f := tar.extractfile(m))}
    except (tarfile.TarError, OSError, EOFError, gzip.BadGzipFile):
        return None


_TAGS = "/projects/{project}/repositories/{repository}/artifacts/{reference}/tags"


@route("GET", _TAGS)
def list_tags(call: Call) -> Response:
    found = find(call, "tag", "list")
    if isinstance(found, Response):
        return found
    repository, artifact = found
    asked = call.query.flag("with_immutable_status")
    tags = repository.tags_of(artifact)
    return page(tags, call.query, lambda t: render_tag(repository, t, with_immutable=asked))


@route("POST", _TAGS)
def create_tag(call: Call) -> Response:
    """There is no Location, and a name used anywhere in the repository is a conflict."""
    found = find(call, "tag", "create")
    if isinstance(found, Response):
        return found
    repository, artifact = found
    name = str(call.json().get("name", ""))
    if not name:
        raise unprocessable("validation failure list:\nname in body is required")
    if not _TAG.fullmatch(name):
        return error(400, "BAD_REQUEST", f"bad request: invalid tag name: {name}")
    if name in repository.tags:
        return error(409, "CONFLICT", f"tag {name} already exists under the repository {repository.id}")
    call.state.set_tag(repository, name, artifact)
    return Response(201)


@route("DELETE", _TAGS + "/{tag}")
def delete_tag(call: Call) -> Response:
    found = find(call, "tag", "delete")
    if isinstance(found, Response):
        return found
    repository, artifact = found
    tag = repository.tags.get(call.path["tag"])
    if tag is None or tag.artifact_id != artifact.id:
        return error(404, "NOT_FOUND", f"tag {call.path['tag']} attached to artifact {artifact.id} not found")
    if refusal := guard_tag(repository, tag.name, "deleted"):
        return refusal
    del repository.tags[tag.name]
    return Response(200)


@route("GET", "/projects/{project}/repositories/{repository}/artifacts/{reference}/accessories")
def list_accessories(call: Call) -> Response:
    found = find(call, "accessory", "list")
    if isinstance(found, Response):
        return found
    repository, artifact = found
    return page(repository.accessories_of(artifact), call.query, lambda a: render_accessory(repository, a))


@route("POST", "/projects/{project}/repositories/{repository}/artifacts/{reference}/labels")
def add_label(call: Call) -> Response:
    found = find(call, "artifact-label", "create")
    if isinstance(found, Response):
        return found
    number = int(call.json().get("id", 0))
    if number not in call.state.labels:
        return error(404, "NOT_FOUND", f"label {number} not found")
    if number in found[1].label_ids:
        return error(409, "CONFLICT", f"label {number} is already added to the artifact {found[1].id}")
    found[1].label_ids.append(number)
    return Response(200)


@route("DELETE", "/projects/{project}/repositories/{repository}/artifacts/{reference}/labels/{label}")
def remove_label(call: Call) -> Response:
    found = find(call, "artifact-label", "delete")
    if isinstance(found, Response):
        return found
    number = int(call.path["label"])
    if number not in found[1].label_ids:
        message = f"reference with label {number} and artifact {found[1].id} not found"
        return error(404, "NOT_FOUND", message)
    found[1].label_ids.remove(number)
    return Response(200)
