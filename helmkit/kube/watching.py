"""Watches that survive what ends them: the server's time limit, lost connections, and history that is too old."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal

from helmkit.kube.api import Purpose, no_login, translate
from helmkit.kube.errors import ExpiredError
from helmkit.kube.kinds import Kind
from helmkit.kube.objects import Objects
from helmkit.kube.transport import Answer, ConnectionFailedError, LoginFailedError, Request, StreamRefusedError

Change = Literal["ADDED", "MODIFIED", "DELETED"]

SERVER_LIMIT = 300
"""Seconds after which the server is asked to end a watch, so that it is opened anew."""

_BACK_OFF = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0)
"""Seconds before each attempt to open a watch again: about 48 s without a cluster, then it is an error."""

_PAUSE = 1.0
"""Seconds before a watch that told nothing is opened again."""

_PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class WatchEvent:
    """A change, or a whole picture to start from."""

    type: Literal["SNAPSHOT", "ADDED", "MODIFIED", "DELETED"]
    objects: tuple[dict[str, Any], ...]
    """All objects of a snapshot; else the one that changed (its last state, when deleted)."""

    @property
    def object(self) -> dict[str, Any]:
        """Return the one object that changed. Not for snapshots."""
        return self.objects[0]


class Watching(Objects):
    """Watches. Close them (`contextlib.aclosing`) when leaving early, or the connection stays open for a while."""

    async def list_and_watch(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> AsyncGenerator[WatchEvent, None]:
        """Yield a snapshot of all objects, then every change, for ever.

        Another snapshot may come later: the watch lost its thread, and what was known before is void.

        Raises:
            UnreachableError: The cluster did not answer for most of a minute.
            ForbiddenError: The right to list or to watch is missing.
        """
        while True:
            place = await self._kinds.find(api_version, kind)
            objects, version = await self._snapshot(place, namespace, label_selector, field_selector)
            yield WatchEvent("SNAPSHOT", tuple(objects))
            try:
                async with aclosing(self._events(place, namespace, label_selector, field_selector, version)) as events:
                    async for change, obj in events:
                        yield WatchEvent(change, (obj,))
            except ExpiredError:
                continue

    async def watch(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
        resource_version: str | None = None,
    ) -> AsyncGenerator[tuple[Change, dict[str, Any]], None]:
        """Yield every change after `resource_version`, for ever.

        Without one, and whenever the server no longer knows it, every object that is there comes as ADDED first, and
        deletions in between are not told; `list_and_watch` has neither weakness.

        Raises:
            UnreachableError: The cluster did not answer for most of a minute.
            ForbiddenError: The right to watch is missing.
        """
        place = await self._kinds.find(api_version, kind)
        version = resource_version
        while True:
            try:
                async with aclosing(self._events(place, namespace, label_selector, None, version)) as events:
                    async for event in events:
                        yield event
            except ExpiredError:
                version = None

    async def _snapshot(
        self, place: Kind, namespace: str | None, labels: str | None, fields: str | None
    ) -> tuple[list[dict[str, Any]], str]:
        answer = await self._api.call(
            _purpose(place, namespace, "listing", "list"),
            "GET",
            place.path(namespace),
            params={"labelSelector": labels, "fieldSelector": fields},
        )
        items = answer.body.get("items") or ()
        objects = [{"apiVersion": place.api_version, "kind": place.kind, **item} for item in items]
        return objects, str((answer.body.get("metadata") or {}).get("resourceVersion") or "0")

    async def _events(
        self, place: Kind, namespace: str | None, labels: str | None, fields: str | None, version: str | None
    ) -> AsyncGenerator[tuple[Change, dict[str, Any]], None]:
        """Yield changes, opening the watch again where it broke off."""
        purpose = _purpose(place, namespace, "watching", "watch")
        failures = 0
        while True:
            request = _request(place, namespace, labels, fields, version)
            silent = True
            try:
                async with aclosing(self._api.transport.stream(request)) as stream:
                    async for event in stream:
                        failures, silent = 0, False
                        version = _version(event) or version
                        if event["type"] == "ERROR":
                            self._raise_event(event, purpose)
                        elif event["type"] != "BOOKMARK":
                            yield event["type"], event["object"]
                # Something that ends every watch at once must not be asked as fast as it answers.
                await self._api.sleep(_PAUSE if silent else 0)
                continue
            except StreamRefusedError as error:
                if error.answer.status not in _PASSING or failures == len(_BACK_OFF):
                    raise translate(error.answer, purpose, self._api.server) from error
            except ConnectionFailedError as error:
                if failures == len(_BACK_OFF):
                    raise self._api.unreachable(purpose, error) from error
            except LoginFailedError as error:
                raise no_login(purpose, error) from error
            await self._api.sleep(_BACK_OFF[failures])
            failures += 1

    def _raise_event(self, event: Mapping[str, Any], purpose: Purpose) -> None:
        status = event["object"]
        code = int(status.get("code") or 500)
        answer = Answer(code, status)
        if code in _PASSING:
            raise StreamRefusedError(answer)
        raise translate(answer, purpose, self._api.server)


def _request(
    place: Kind, namespace: str | None, labels: str | None, fields: str | None, version: str | None
) -> Request:
    params = {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(SERVER_LIMIT),
        "labelSelector": labels,
        "fieldSelector": fields,
        "resourceVersion": version,
    }
    return Request("GET", place.path(namespace), {key: value for key, value in params.items() if value is not None})


def _version(event: Mapping[str, Any]) -> str | None:
    version = event["object"].get("metadata", {}).get("resourceVersion")
    return None if version is None else str(version)


def _purpose(place: Kind, namespace: str | None, doing: str, verb: str) -> Purpose:
    scope = namespace if place.namespaced else None
    where = f" in namespace {scope}" if scope else ""
    return Purpose(f"{doing} {place.plural}{where}", verb, place.plural, scope)
