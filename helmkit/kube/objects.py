"""Objects of any kind, as dictionaries in Kubernetes' own form: read, written, deleted; and their metadata alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal

import msgspec

from helmkit.errors import ForbiddenError, UnreachableError
from helmkit.kube.api import Api, Purpose
from helmkit.kube.errors import AlreadyExistsError, ConflictError, ExpiredError, NotFoundError
from helmkit.kube.kinds import Kind, Kinds
from helmkit.kube.meant import is_as_meant
from helmkit.kube.metadata import ObjectMetadata, parse_continuation, parse_metadata_list
from helmkit.kube.transport import APPLY_PATCH, JSON, MERGE_PATCH, METADATA_LIST, Answer
from helmkit.yaml import dump_yaml

Propagation = Literal["Background", "Foreground", "Orphan"]

PAGE_SIZE = 500
"""Objects per request of a list."""


class Objects:
    """Objects of any kind. Namespaces of cluster-wide kinds are ignored.

    Every method raises ForbiddenError, UnreachableError and the errors of `helmkit.kube.errors` alone.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._kinds = Kinds(api)

    async def list_metadata(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> list[ObjectMetadata]:
        """Return the metadata of all objects of a kind; of all namespaces when `namespace` is None.

        One request for each `PAGE_SIZE` objects.
        """
        found: list[ObjectMetadata] = []
        place = await self._kinds.find(api_version, kind)
        async for answer in self._pages(place, namespace, label_selector, field_selector, METADATA_LIST):
            if answer is None:
                found.clear()
                continue
            try:
                found += parse_metadata_list(answer.raw, api_version, kind)
            except msgspec.MsgspecError as error:
                message = f"listing {place.plural} failed: {self._api.server} sent an answer that is no metadata list"
                raise UnreachableError(message, hint="A proxy may have answered in its place.") from error
        return found

    async def list_objects(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return all objects of a kind; of all namespaces when `namespace` is None."""
        found: list[dict[str, Any]] = []
        place = await self._kinds.find(api_version, kind)
        async for answer in self._pages(place, namespace, label_selector, field_selector, JSON):
            if answer is None:
                found.clear()
                continue
            # Items of a list come without the two fields that say what they are.
            found += [{"apiVersion": api_version, "kind": kind, **item} for item in answer.body.get("items") or ()]
        return found

    async def get_object(self, api_version: str, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return one object; None when there is none of that name."""
        place = await self._kinds.find(api_version, kind)
        try:
            answer = await self._api.call(
                _purpose("reading", "get", place, namespace, name), "GET", place.path(namespace, name)
            )
        except NotFoundError:
            return None
        return dict(answer.body)

    async def create_object(self, obj: Mapping[str, Any], *, field_manager: str | None = None) -> dict[str, Any]:
        """Create an object and return it as the cluster keeps it.

        Raises:
            AlreadyExistsError: There is one of that name.
        """
        place, namespace, name = await self._locate(obj)
        answer = await self._api.call(
            _purpose("creating", "create", place, namespace, name),
            "POST",
            place.path(namespace),
            params={"fieldManager": field_manager},
            body=obj,
        )
        return dict(answer.body)

    async def replace_object(self, obj: Mapping[str, Any], *, field_manager: str | None = None) -> dict[str, Any]:
        """Replace an object and return it as the cluster keeps it.

        `metadata.resourceVersion`, when given, must be the current one. Then the request is repeated when its answer
        got lost; that the first one arrived all the same is no conflict, unless `managedFields` were sent.

        Raises:
            ConflictError: It has changed since.
            NotFoundError: There is none.
        """
        place, namespace, name = await self._locate(obj)
        versioned = bool((obj.get("metadata") or {}).get("resourceVersion"))
        try:
            answer = await self._api.call(
                _purpose("replacing", "update", place, namespace, name),
                "PUT",
                place.path(namespace, name),
                params={"fieldManager": field_manager},
                body=obj,
                repeat=versioned,
            )
        except ConflictError:
            if versioned and (found := await self._visible(obj)) and is_as_meant(obj, found):
                return found
            raise
        return dict(answer.body)

    async def apply_object(
        self, obj: Mapping[str, Any], *, field_manager: str, dry_run: bool = False, force: bool = False
    ) -> dict[str, Any]:
        """Create or change an object by server-side apply and return it as the cluster keeps it. Idempotent.

        Raises:
            ConflictError: Another manager owns a field that differs, and `force` is not set.
        """
        place, namespace, name = await self._locate(obj)
        answer = await self._api.call(
            _purpose("applying", "patch", place, namespace, name),
            "PATCH",
            place.path(namespace, name),
            params={
                "fieldManager": field_manager,
                "force": "true" if force else None,
                "dryRun": "All" if dry_run else None,
            },
            encoded=dump_yaml(dict(obj)).encode(),
            content_type=APPLY_PATCH,
            repeat=True,
        )
        return dict(answer.body)

    async def delete_object(
        self,
        api_version: str,
        kind: str,
        namespace: str | None,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: Propagation = "Background",
    ) -> bool:
        """Delete an object.

        Args:
            api_version: Of the kind.
            kind: The kind.
            namespace: Where it is.
            name: Its name.
            uid: Delete it only if it still is this one.
            resource_version: Delete it only if it has not changed.
            propagation: What becomes of the objects it owns: `Orphan` keeps them.

        Returns:
            False when there was none.

        Raises:
            ConflictError: It is another one, or it has changed.
        """
        place = await self._kinds.find(api_version, kind)
        preconditions = {"uid": uid, "resourceVersion": resource_version}
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
            "preconditions": {key: value for key, value in preconditions.items() if value is not None},
        }
        try:
            await self._api.call(
                _purpose("deleting", "delete", place, namespace, name),
                "DELETE",
                place.path(namespace, name),
                body=options,
                # Without a UID a second delete could hit an object made in between.
                repeat=uid is not None,
            )
        except NotFoundError:
            return False
        return True

    async def ensure_namespace(
        self, name: str, labels: Mapping[str, str] | None = None, annotations: Mapping[str, str] | None = None
    ) -> bool:
        """Make sure that the namespace exists and carries these labels and annotations; others it has stay.

        Returns:
            True when it was created by this call.
        """
        wanted = {"labels": dict(labels or {}), "annotations": dict(annotations or {})}
        found = await self.get_object("v1", "Namespace", None, name)
        if found is None:
            try:
                await self.create_object(
                    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **wanted}}
                )
            except AlreadyExistsError:
                return await self.ensure_namespace(name, labels, annotations)
            return True
        missing = {
            part: differing
            for part, said in wanted.items()
            if (differing := _differing(said, found["metadata"].get(part) or {}))
        }
        if missing:
            place = await self._kinds.find("v1", "Namespace")
            await self._api.call(
                _purpose("labelling", "patch", place, None, name),
                "PATCH",
                place.path(None, name),
                body={"metadata": missing},
                content_type=MERGE_PATCH,
                repeat=True,
            )
        return False

    async def _pages(
        self, place: Kind, namespace: str | None, labels: str | None, fields: str | None, accept: str
    ) -> AsyncGenerator[Answer | None, None]:
        """Yield the pages of a list; None means that the list starts anew and what came before is void."""
        purpose = _purpose("listing", "list", place, namespace)
        params = {"labelSelector": labels, "fieldSelector": fields, "limit": str(PAGE_SIZE)}
        token = ""
        while True:
            try:
                answer = await self._api.call(
                    purpose,
                    "GET",
                    place.path(namespace),
                    params={**params, "continue": token or None},
                    accept=accept,
                )
            except ExpiredError:
                # The list took longer than the server keeps its snapshot: take it in one piece.
                token = ""
                params.pop("limit")
                yield None
                continue
            yield answer
            token = _continuation(answer)
            if not token:
                return

    async def _visible(self, obj: Mapping[str, Any]) -> dict[str, Any] | None:
        _, namespace, name = await self._locate(obj)
        try:
            return await self.get_object(obj["apiVersion"], obj["kind"], namespace, name)
        except ForbiddenError:
            return None

    async def _locate(self, obj: Mapping[str, Any]) -> tuple[Kind, str | None, str]:
        metadata = obj["metadata"]
        place = await self._kinds.find(obj["apiVersion"], obj["kind"])
        return place, metadata.get("namespace"), metadata["name"]


def _differing(wanted: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in wanted.items() if present.get(key) != value}


def _continuation(answer: Answer) -> str:
    if answer.raw:
        return parse_continuation(answer.raw)
    return str((answer.body.get("metadata") or {}).get("continue") or "")


def _purpose(doing: str, verb: str, place: Kind, namespace: str | None, name: str | None = None) -> Purpose:
    what = f"{place.kind} {name}" if name else place.plural
    scope = namespace if place.namespaced else None
    where = f" in namespace {scope}" if scope else (" in all namespaces" if place.namespaced else "")
    return Purpose(f"{doing} {what}{where}", verb, place.plural, scope)
