"""Writing to the in-memory API server: preconditions, admission, server-side apply, deletion with dependents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from helmkit.kube.kinds import KNOWN, Kind
from helmkit.kube.memory.apply import (
    Manager,
    find_conflicts,
    managed_fields,
    merge,
    record_update,
    render_path,
    unflatten,
)
from helmkit.kube.memory.copying import copy_data
from helmkit.kube.memory.managed import paths_of
from helmkit.kube.memory.store import Key, Object, Store
from helmkit.kube.transport import APPLY_PATCH, MERGE_PATCH, Answer, Request
from helmkit.yaml import parse_yaml

_IMMUTABLE = {
    "Deployment": ("selector",),
    "DaemonSet": ("selector",),
    "StatefulSet": ("selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"),
    "Job": ("selector", "template", "completions"),
}
"""Fields of a spec that cannot change (the ones this project meets)."""


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """The server refuses; carries its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.body))
        self.answer = answer


def status(code: int, reason: str, message: str) -> Answer:
    """Return an answer that refuses, in Kubernetes' form."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
    return Answer(code, {**body, "message": message})


class Writes:
    """Changes a store as an API server does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def existing(self, kind: Kind, key: Key) -> Object:
        """Return an object, or refuse with 404."""
        found = self._store.get(key)
        if found is None:
            raise Refused(status(404, "NotFound", f'{_resource(kind)} "{key[3]}" not found'))
        return found

    def create(self, kind: Kind, key: Key, obj: Object, request: Request) -> Object:
        """Create an object."""
        if self._store.get(key) is not None:
            raise Refused(status(409, "AlreadyExists", f'{_resource(kind)} "{key[3]}" already exists'))
        self._admit(kind, key)
        if "dryRun" in request.params:
            return obj
        obj["metadata"]["uid"] = self._store.new_uid()
        self._own(obj, {}, request, "Update", "")
        return copy_data(self._store.write(kind, key, obj))

    def replace(self, kind: Kind, key: Key, obj: Object, request: Request, subresource: str = "") -> Object:
        """Replace an object, or only its status."""
        before = self.existing(kind, key)
        self._check(kind, before, obj["metadata"].get("uid"), obj["metadata"].get("resourceVersion"))
        after = copy_data(obj)
        after["metadata"] = {**obj["metadata"], **_identity(before)}
        given = after["metadata"].get("managedFields")
        if given is not None and given != before["metadata"].get("managedFields"):
            owners = {_manager(entry): paths_of(after, entry.get("fieldsV1") or {}) for entry in given}
            self._store.owners[before["metadata"]["uid"]] = owners
        if subresource == "status":
            after = {**before, "status": obj.get("status", {})}
        elif "status" in before:
            after["status"] = before["status"]
        after.update(apiVersion=kind.api_version, kind=kind.kind)
        return self._commit(kind, key, before, after, request, "Update", subresource)

    def patch(self, kind: Kind, key: Key, request: Request, subresource: str = "") -> Answer:
        """Apply, or merge into, an object."""
        if request.content_type == APPLY_PATCH:
            return self._apply(kind, key, parse_yaml(request.body or b"{}"), request, subresource)
        if request.content_type != MERGE_PATCH:
            raise Refused(status(415, "UnsupportedMediaType", f"unknown patch {request.content_type}"))
        before = self.existing(kind, key)
        patch = msgspec.json.decode(request.body or b"{}")
        self._check(kind, before, None, patch.get("metadata", {}).get("resourceVersion"))
        after = _merge_patch(before, patch)
        return Answer(200, self._commit(kind, key, before, after, request, "Update", subresource))

    def delete(self, kind: Kind, key: Key, request: Request) -> Answer:
        """Delete an object, and what it owns unless that is to be orphaned."""
        options = msgspec.json.decode(request.body or b"{}")
        before = self.existing(kind, key)
        wanted = options.get("preconditions") or {}
        uid = before["metadata"]["uid"]
        if wanted.get("uid") not in (None, uid):
            text = f"Precondition failed: UID in precondition: {wanted['uid']}, UID in object meta: {uid}"
            raise Refused(status(409, "Conflict", text))
        self._check(kind, before, None, wanted.get("resourceVersion"))
        if before["metadata"].get("finalizers"):
            after = copy_data(before)
            after["metadata"].setdefault("deletionTimestamp", self._store.now())
            return Answer(200, copy_data(self._store.write(kind, key, after)))
        self._remove(kind, key, orphan=options.get("propagationPolicy") == "Orphan")
        return Answer(200, {"kind": "Status", "status": "Success"})

    def _apply(self, kind: Kind, key: Key, wanted: Object, request: Request, subresource: str) -> Answer:
        before = self._store.get(key)
        manager = (request.params["fieldManager"], "Apply", subresource)
        live = managed_fields(before) if before else {}
        fields = managed_fields(wanted)
        known = self._store.owners.get(before["metadata"]["uid"], {}) if before else {}
        owners = {name: set(paths) for name, paths in known.items()}
        conflicts = find_conflicts(live, fields, owners, manager)
        if conflicts and request.params.get("force") != "true":
            said = "\n".join(f'conflict with "{name}": {render_path(path)}' for name, path in conflicts)
            plural = "s" if len(conflicts) > 1 else ""
            raise Refused(status(409, "Conflict", f"Apply failed with {len(conflicts)} conflict{plural}: {said}"))
        after = unflatten(merge(live, fields, owners, manager))
        identity = _identity(before) if before else {"name": key[3], **({"namespace": key[2]} if key[2] else {})}
        after = {"apiVersion": kind.api_version, "kind": kind.kind, **after}
        after["metadata"] = {**identity, **after.get("metadata", {})}
        if before is None:
            self._admit(kind, key)
            after["metadata"]["uid"] = self._store.new_uid()
        else:
            _refuse_immutable(kind, before, after)
        if "dryRun" in request.params:
            return Answer(200, after)
        self._store.owners[after["metadata"]["uid"]] = owners
        stored = self._store.write(kind, key, after)
        return Answer(201 if before is None else 200, copy_data(stored))

    def _commit(
        self, kind: Kind, key: Key, before: Object, after: Object, request: Request, operation: str, subresource: str
    ) -> Object:
        _refuse_immutable(kind, before, after)
        if "dryRun" in request.params:
            return after
        self._own(after, managed_fields(before), request, operation, subresource)
        if after["metadata"].get("deletionTimestamp") and not after["metadata"].get("finalizers"):
            self._remove(kind, key, orphan=False)
            return after
        return copy_data(self._store.write(kind, key, after))

    def _own(self, obj: Object, before: dict[Any, Any], request: Request, operation: str, subresource: str) -> None:
        manager = (request.params.get("fieldManager", "python-httpx2"), operation, subresource)
        owners = self._store.owners.setdefault(obj["metadata"]["uid"], {})
        record_update(before, managed_fields(obj), owners, manager)

    def _check(self, kind: Kind, before: Object, uid: str | None, version: str | None) -> None:
        metadata = before["metadata"]
        if uid not in (None, metadata["uid"]) or version not in (None, metadata["resourceVersion"]):
            text = (
                f'Operation cannot be fulfilled on {_resource(kind)} "{metadata["name"]}": the object has been'
                " modified; please apply your changes to the latest version and try again"
            )
            raise Refused(status(409, "Conflict", text))

    def _admit(self, kind: Kind, key: Key) -> None:
        if kind.namespaced and self._store.get(("v1", "namespaces", "", key[2])) is None:
            raise Refused(status(404, "NotFound", f'namespaces "{key[2]}" not found'))

    def _remove(self, kind: Kind, key: Key, *, orphan: bool) -> None:
        gone = self._store.objects[key]
        self._store.remove(kind, key)
        if kind.kind == "Namespace":
            for other in [one for one in self._store.objects if one[2] == key[3]]:
                self._store.remove(_kind_of(self._store.objects[other], other), other)
        for other, obj in list(self._store.objects.items()):
            references = obj["metadata"].get("ownerReferences") or []
            left = [one for one in references if one.get("uid") != gone["metadata"]["uid"]]
            if len(left) == len(references) or other not in self._store.objects:
                continue
            place = _kind_of(obj, other)
            if not left and not orphan:
                self._remove(place, other, orphan=False)
            else:
                kept = copy_data(obj)
                kept["metadata"]["ownerReferences"] = left
                self._store.write(place, other, kept)


def _manager(entry: Mapping[str, Any]) -> Manager:
    return (entry["manager"], entry["operation"], entry.get("subresource", ""))


def _resource(kind: Kind) -> str:
    group = kind.api_version.rpartition("/")[0]
    return f"{kind.plural}.{group}" if group else kind.plural


def _kind_of(obj: Object, key: Key) -> Kind:
    known = KNOWN.get((obj["apiVersion"], obj["kind"]))
    return known or Kind(obj["apiVersion"], obj["kind"], key[1], bool(key[2]))


def _identity(obj: Object) -> dict[str, Any]:
    kept = ("name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp")
    return {key: obj["metadata"][key] for key in kept if key in obj["metadata"]}


def _merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, Mapping):
        return copy_data(patch)
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge_patch(merged.get(key), value)
    return merged


def _refuse_immutable(kind: Kind, before: Object, after: Object) -> None:
    old, new = before.get("spec") or {}, after.get("spec") or {}
    changed = [name for name in _IMMUTABLE.get(kind.kind, ()) if old.get(name) != new.get(name)]
    if not changed:
        return
    name = before["metadata"]["name"]
    if kind.kind == "StatefulSet":
        said = "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden"
    else:
        said = f"spec.{changed[0]}: Invalid value: field is immutable"
    raise Refused(
        status(422, "Invalid", f'{kind.kind}.{kind.api_version.rpartition("/")[0]} "{name}" is invalid: {said}')
    )
