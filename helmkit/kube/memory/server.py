"""An API server in memory, as a transport: requests in, answers out, with the texts a real one uses."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

from helmkit.kube.kinds import KNOWN, Kind
from helmkit.kube.memory.copying import copy_data
from helmkit.kube.memory.reads import discovery, list_answer, matches, watch_event
from helmkit.kube.memory.store import Change, Key, Object, Store
from helmkit.kube.memory.writes import Refused, Writes, status
from helmkit.kube.transport import Answer, Request, StreamRefusedError

_DEFINITION = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")

Hook = Callable[[Request], Awaitable[Answer | None]]
"""Sees every request first. It may answer it, raise ConnectionFailedError, or sleep; None lets it pass."""


@dataclass(frozen=True)
class _Target:
    kind: Kind
    namespace: str | None
    name: str | None
    subresource: str = ""

    @property
    def key(self) -> Key:
        return (self.kind.api_version, self.kind.plural, self.namespace or "", self.name or "")


class MemoryServer:
    """An API server; see `MemoryKube` for how to use it.

    Args:
        user: Who everybody is.
    """

    def __init__(self, user: str = "memory-admin") -> None:
        self.store = Store()
        self.requests: list[Request] = []
        self.hooks: list[Hook] = []
        self.logs: dict[tuple[str, str, str], str] = {}
        """What containers wrote, by namespace, pod and container."""
        self.user = user
        self._writes = Writes(self.store)
        self._kinds = dict(KNOWN)
        self.store.listeners.append(self._learn)
        namespaces = KNOWN["v1", "Namespace"]
        for name in ("default", "kube-system"):
            obj = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self.store.write(namespaces, ("v1", "namespaces", "", name), obj)

    async def send(self, request: Request) -> Answer:
        """Answer one request; see `Transport`."""
        self.requests.append(request)
        for hook in list(self.hooks):
            answer = await hook(request)
            if answer is not None:
                return answer
        try:
            return self._answer(request)
        except Refused as refused:
            return refused.answer

    async def stream(self, request: Request) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events of a watch; see `Transport`."""
        self.requests.append(request)
        for hook in list(self.hooks):
            answer = await hook(request)
            if answer is not None:
                raise StreamRefusedError(answer)
        target = self._target(request.path)
        version = request.params.get("resourceVersion")
        if version is None:
            seen = self.store.version
            for obj in self.store.select(target.kind, target.namespace):
                if matches(obj, request.params):
                    yield {"type": "ADDED", "object": copy_data(obj)}
        else:
            seen = int(version)
        async for event in self._follow(target, request.params, seen):
            yield event

    async def aclose(self) -> None:
        """Do nothing."""

    def kind_for(self, api_version: str, kind: str) -> Kind:
        """Return a kind, built in or defined by a CustomResourceDefinition."""
        return self._kinds[api_version, kind]

    async def _follow(
        self, target: _Target, params: Mapping[str, str], seen: int
    ) -> AsyncGenerator[dict[str, Any], None]:
        while True:
            waiting = self.store.changed
            if seen < self.store.oldest:
                yield {"type": "ERROR", "object": status(410, "Expired", f"too old resource version: {seen}").body}
                return
            for change in [one for one in self.store.history if one.version > seen]:
                seen = change.version
                event = watch_event(change, target.kind, target.namespace, params)
                if event is not None:
                    yield event
            await waiting.wait()

    def _answer(self, request: Request) -> Answer:
        if request.path == "/version":
            return Answer(200, {"major": "1", "minor": "36", "gitVersion": "v1.36.0-memory"})
        if request.path.endswith("/selfsubjectreviews"):
            return Answer(201, {"status": {"userInfo": {"username": self.user, "groups": []}}})
        if len(request.path.strip("/").split("/")) == (2 if request.path.startswith("/api/") else 3):
            return discovery(request.path, self._kinds.values())
        target = self._target(request.path)
        match request.method:
            case "GET" if target.name is None:
                return list_answer(self.store, target.kind, target.namespace, request)
            case "GET":
                return self._get(target, request)
            case "POST":
                return self._create(target, request)
            case "PUT":
                obj = _decode(request)
                return Answer(200, self._writes.replace(target.kind, target.key, obj, request, target.subresource))
            case "PATCH":
                return self._writes.patch(target.kind, target.key, request, target.subresource)
            case "DELETE":
                return self._writes.delete(target.kind, target.key, request)
        raise Refused(status(405, "MethodNotAllowed", "the server does not allow this method"))

    def _create(self, target: _Target, request: Request) -> Answer:
        obj = _decode(request)
        metadata = obj.setdefault("metadata", {})
        if target.namespace is not None:
            metadata["namespace"] = target.namespace
        key = (*target.key[:3], str(metadata["name"]))
        return Answer(201, self._writes.create(target.kind, key, obj, request))

    def _get(self, target: _Target, request: Request) -> Answer:
        found = self._writes.existing(target.kind, target.key)
        if target.subresource != "log":
            return Answer(200, copy_data(found))
        container = request.params.get("container", "")
        text = self.logs.get((target.namespace or "", target.name or "", container))
        if text is None:
            said = f'container "{container}" in pod "{target.name}" is waiting to start: PodInitializing'
            raise Refused(status(400, "BadRequest", said))
        lines = text.splitlines(keepends=True)[-int(request.params.get("tailLines", "0")) :]
        return Answer(200, None, "".join(lines).encode())

    def _target(self, path: str) -> _Target:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        length = 2 if parts[0] == "api" else 3
        api_version, rest = "/".join(parts[1:length]), parts[length:]
        namespace = None
        if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in {"status", "finalize"}:
            namespace, rest = rest[1], rest[2:]
        for kind in self._kinds.values():
            if (kind.api_version, kind.plural) == (api_version, rest[0]):
                return _Target(kind, namespace, *rest[1:3]) if len(rest) > 1 else _Target(kind, namespace, None)
        raise Refused(status(404, "NotFound", "the server could not find the requested resource"))

    def _learn(self, change: Change) -> None:
        """Serve the kinds of a CustomResourceDefinition as soon as it is there."""
        if change.kind != KNOWN[_DEFINITION] or change.type == "DELETED":
            return
        spec = change.after["spec"]
        names = spec["names"]
        for version in spec["versions"]:
            api_version = f"{spec['group']}/{version['name']}"
            namespaced = spec.get("scope", "Namespaced") == "Namespaced"
            self._kinds[api_version, names["kind"]] = Kind(api_version, names["kind"], names["plural"], namespaced)


def _decode(request: Request) -> Object:
    obj: Object = msgspec.json.decode(request.body or b"{}")
    if obj.get("kind") == "Secret" and "stringData" in obj:
        texts = obj.pop("stringData")
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in texts.items()}
        obj["data"] = {**obj.get("data", {}), **encoded}
    return obj
