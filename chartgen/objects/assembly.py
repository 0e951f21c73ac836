"""From files to the objects of a chart: images put in, patches laid over, sorted by where they belong. Pure.

What is wrong is collected on the way, with its place, so that people see all of it at once; what comes out of faulty
input is not used.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chartgen.objects.config_digest import add_config_digests
from chartgen.objects.files import Fault, FileObject, match_files, parse_objects
from chartgen.objects.kinds import (
    DEFINITION,
    KEPT,
    containers_of,
    defined_scopes,
    group_of,
    is_namespaced,
    label_of,
    name_of,
    pod_spec_of,
)
from chartgen.objects.merging import merge_patch

_POLICY = "helm.sh/resource-policy"
_HOOK = "helm.sh/hook"


@dataclass(frozen=True)
class PodImage:
    """The image to put into containers of one name."""

    image: str
    """As pods have it."""
    pull_policy: str = ""
    pull_secret: str = ""


@dataclass(frozen=True)
class ObjectPatch:
    """A patch of objects of a kind."""

    key: str
    kind: str
    name: str | None
    merge: Mapping[str, Any]

    def matches(self, found: Mapping[str, Any]) -> bool:
        """Tell whether an object is meant."""
        return found.get("kind") == self.kind and self.name in (None, name_of(found))


@dataclass
class Assembled:
    """The objects of a chart, by the keys they have in its values."""

    namespaced: dict[str, dict[str, Any]] = field(default_factory=dict)
    cluster: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of the whole cluster, and those of which nobody here can tell."""
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """CustomResourceDefinitions by name."""
    faults: list[Fault] = field(default_factory=list)
    used_images: set[str] = field(default_factory=set)
    """Names of containers that got their image."""
    missing_images: dict[str, tuple[str, Fault]] = field(default_factory=dict)
    """By container name: what the file says, and where, for containers no image is stated for."""
    used_patches: set[str] = field(default_factory=set)

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Return all that helm renders."""
        return [*self.namespaced.values(), *self.cluster.values()]


def files_of(patterns: Iterable[str], files: Mapping[str, bytes]) -> list[str]:
    """Return the names of the files that patterns mean, each once, in order of the patterns."""
    return list(dict.fromkeys(name for pattern in patterns for name in match_files(pattern, files)))


def assemble_objects(
    patterns: Iterable[str],
    files: Mapping[str, bytes],
    namespace: str,
    *,
    images: Mapping[str, PodImage] | None = None,
    patches: Iterable[ObjectPatch] = (),
    pull_secrets: Iterable[str] = (),
) -> Assembled:
    """Return the objects of these files as a chart has them.

    Args:
        patterns: Which files.
        files: Their content by name.
        namespace: Of the service.
        images: By container name.
        patches: In the order in which they are laid over.
        pull_secrets: For all pods.
    """
    made = Assembled()
    found: list[FileObject] = []
    for name in files_of(patterns, files):
        objects, faults = parse_objects(name, files[name])
        found += objects
        made.faults += faults
    scopes = dict(defined_scopes(one.content) for one in found if one.content.get("kind") == DEFINITION)
    owners: dict[tuple[str, str, str], FileObject] = {}
    listed, secrets = list(patches), list(pull_secrets)
    for one in found:
        identity = (group_of(one.content), str(one.content.get("kind")), name_of(one.content))
        first = owners.setdefault(identity, one)
        if first is not one:
            made.faults.append(Fault(f"{label_of(one.content)} is in {first.where} already", one.where, _ONE_ONLY))
            continue
        content = _without_nulls(copy.deepcopy(one.content))
        _put_images(made, one, content, images or {}, secrets)
        for patch in listed:
            if patch.matches(content):
                made.used_patches.add(patch.key)
                content = merge_patch(content, patch.merge)
        _place(made, one, content, namespace, is_namespaced(one.content, scopes))
    add_config_digests(made.namespaced.values())
    return made


_ONE_ONLY = "one of them would overwrite the other; a patch says what differs"


def _place(
    made: Assembled,
    one: FileObject,
    content: dict[str, Any],
    namespace: str,
    namespaced: bool | None,  # noqa: FBT001
) -> None:
    label, metadata = label_of(content), content["metadata"]
    stated = metadata.pop("namespace", None)
    if stated not in (None, namespace):
        message = f"{label} says namespace {stated}; its service lives in {namespace}"
        made.faults.append(Fault(message, one.where, "take the line out, or move the service"))
    elif stated and namespaced is False:
        made.faults.append(Fault(f"{label} belongs to no namespace, and says {stated}", one.where, "take it out"))
    if _HOOK in (metadata.get("annotations") or {}):
        hint = "say depends_on; relman waits for Jobs and brings them back with the rest"
        made.faults.append(Fault(f"{label} is a Helm hook, which no history knows of", one.where, hint))
    for key in ("status", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"):
        (content if key == "status" else metadata).pop(key, None)
    if content["kind"] in KEPT:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), _POLICY: "keep"}
    if content["kind"] == DEFINITION:
        made.definitions[name_of(content)] = content
        return
    _complete_subjects(content, namespace)
    target = made.namespaced if namespaced else made.cluster
    key = f"{content['kind'].lower()}-{name_of(content)}"
    target[f"{key}.{group_of(content)}" if key in made.namespaced | made.cluster else key] = content


def _complete_subjects(content: dict[str, Any], namespace: str) -> None:
    """Give accounts in bindings the service's namespace where they name none: the API server refuses them without."""
    if content["kind"] in ("RoleBinding", "ClusterRoleBinding"):
        for subject in content.get("subjects") or []:
            if isinstance(subject, dict) and subject.get("kind") == "ServiceAccount":
                subject.setdefault("namespace", namespace)


def _put_images(
    made: Assembled,
    one: FileObject,
    content: dict[str, Any],
    images: Mapping[str, PodImage],
    pull_secrets: list[str],
) -> None:
    pod = pod_spec_of(content)
    if pod is None:
        return
    wanted = list(pull_secrets)
    for container in containers_of(pod):
        name = str(container.get("name", ""))
        if name not in images:
            missing = Fault(f"{label_of(content)}: nothing says which image container {name} runs", one.where)
            made.missing_images.setdefault(name, (str(container.get("image", "")), missing))
            continue
        made.used_images.add(name)
        container["image"] = images[name].image
        if images[name].pull_policy:
            container["imagePullPolicy"] = images[name].pull_policy
        wanted += [images[name].pull_secret] if images[name].pull_secret else []
    known = [entry.get("name") for entry in pod.get("imagePullSecrets") or []]
    added = [{"name": name} for name in dict.fromkeys(wanted) if name not in known]
    if added:
        pod["imagePullSecrets"] = [*(pod.get("imagePullSecrets") or []), *added]


def _without_nulls(value: Any) -> Any:
    """Return `value` without keys that hold nothing: for the API server they are not there, and Helm drops some."""
    if isinstance(value, dict):
        return {str(key): _without_nulls(entry) for key, entry in value.items() if entry is not None}
    return [_without_nulls(entry) for entry in value] if isinstance(value, list) else value
