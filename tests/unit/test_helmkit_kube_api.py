"""Requests are repeated where that is safe, and every failure becomes an error of ours, with a way out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from helmkit.errors import ForbiddenError, HelmkitError, UnreachableError
from helmkit.kube import AlreadyExistsError, ConflictError, Kube, NotFoundError, RejectedError, WatchEvent
from helmkit.kube.errors import ExpiredError
from helmkit.kube.transport import (
    Answer,
    ConnectionFailedError,
    LoginFailedError,
    Request,
    StreamRefusedError,
)

Scripted = Answer | Exception | list[Any]


def status(code: int, reason: str, message: str = "because") -> Answer:
    return Answer(code, {"kind": "Status", "reason": reason, "message": message, "code": code})


def configmap(version: str = "1", name: str = "a") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": "u", "resourceVersion": version}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def listing(*objects: dict[str, Any], version: str = "10") -> Answer:
    return Answer(200, {"metadata": {"resourceVersion": version}, "items": list(objects)})


class Script:
    """A transport that gives prepared answers and remembers what it was asked."""

    def __init__(self, *answers: Scripted) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        self.pauses: list[float] = []

    async def send(self, request: Request) -> Answer:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Answer)
        return answer

    async def stream(self, request: Request) -> AsyncGenerator[dict[str, Any], None]:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, list)
        for event in answer:
            if isinstance(event, Exception):
                raise event
            yield event

    async def aclose(self) -> None:
        self.answers.clear()

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def kube(*answers: Scripted) -> tuple[Kube, Script]:
    script = Script(*answers)
    return Kube(script, server="https://k8s.example", sleep=script.sleep), script


FORBIDDEN = 'secrets is forbidden: User "reader" cannot list resource "secrets" in API group "" in the namespace "shop"'
QUOTA = 'pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3'


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (status(401, "Unauthorized", "Unauthorized"), UnreachableError, "does not accept your credentials"),
        (status(403, "Forbidden", FORBIDDEN), ForbiddenError, "cannot list resource"),
        (status(403, "Forbidden", QUOTA), RejectedError, "exceeded quota"),
        (status(409, "AlreadyExists"), AlreadyExistsError, "because"),
        (status(409, "Conflict"), ConflictError, "because"),
        (status(410, "Expired"), ExpiredError, "because"),
        (status(422, "Invalid"), RejectedError, "because"),
        (status(404, "NotFound"), NotFoundError, "because"),
        (Answer(404, None, b"404 page not found\n"), NotFoundError, "404"),
        (Answer(404, None, b"<html>no such site</html>"), UnreachableError, "not Kubernetes"),
        (Answer(200 + 102, None, b"<html>login</html>"), UnreachableError, "not Kubernetes"),
        (LoginFailedError("the plugin aws failed"), UnreachableError, "the plugin aws failed"),
        (ConnectionFailedError("connection reset", sent=True), UnreachableError, "connection reset"),
    ],
)
async def test_every_failure_has_its_error(answer: Answer | Exception, kind: type[HelmkitError], said: str) -> None:
    client, _ = kube(answer)
    with pytest.raises(kind, match=said) as caught:
        await client.create_object(configmap())
    assert type(caught.value) is kind
    assert "creating ConfigMap a in namespace shop failed" in caught.value.message
    assert caught.value.hint


async def test_a_missing_right_is_named() -> None:
    client, _ = kube(status(403, "Forbidden", FORBIDDEN))
    with pytest.raises(ForbiddenError) as caught:
        await client.list_metadata("v1", "Secret", "shop")
    assert "list secrets in namespace shop" in str(caught.value.hint)
    assert "kubectl auth can-i list secrets -n shop" in str(caught.value.hint)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
async def test_reads_are_repeated_with_back_off(code: int) -> None:
    client, script = kube(*[status(code, "x")] * 3, Answer(200, configmap()))
    assert await client.get_object("v1", "ConfigMap", "shop", "a") == configmap()
    assert script.pauses == [0.2, 0.5, 1.0]


async def test_the_server_says_how_long_to_wait() -> None:
    busy = Answer(429, {"kind": "Status"}, b"", 2.0)
    client, script = kube(busy, Answer(429, {"kind": "Status"}, b"", 500.0), Answer(200, configmap()))
    await client.get_object("v1", "ConfigMap", "shop", "a")
    assert script.pauses == [2.0, 10.0]


async def test_what_stays_broken_is_given_up() -> None:
    client, script = kube(*[status(503, "ServiceUnavailable", "etcd is away")] * 6)
    with pytest.raises(UnreachableError, match="etcd is away"):
        await client.get_object("v1", "ConfigMap", "shop", "a")
    assert len(script.requests) == 6
    client, script = kube(*[ConnectionFailedError("refused", sent=False)] * 6)
    with pytest.raises(UnreachableError, match=r"https://k8s\.example does not answer: refused"):
        await client.get_object("v1", "ConfigMap", "shop", "a")


async def test_creating_is_repeated_only_when_it_certainly_did_nothing() -> None:
    client, script = kube(ConnectionFailedError("refused", sent=False), status(429, "x"), Answer(201, configmap()))
    await client.create_object(configmap())
    assert len(script.requests) == 3
    for doubtful in (ConnectionFailedError("cut", sent=True), status(503, "x"), status(500, "x")):
        client, script = kube(doubtful, Answer(201, configmap()))
        with pytest.raises(UnreachableError):
            await client.create_object(configmap())
        assert len(script.requests) == 1


async def test_replacing_is_repeated_when_it_names_the_version_it_replaces() -> None:
    lost = ConnectionFailedError("reset", sent=True)
    client, script = kube(lost, status(500, "InternalError"), Answer(200, configmap("2")))
    assert (await client.replace_object(configmap("1")))["metadata"]["resourceVersion"] == "2"
    assert [request.method for request in script.requests] == ["PUT"] * 3
    blind = configmap()
    del blind["metadata"]["resourceVersion"]
    client, script = kube(lost)
    with pytest.raises(UnreachableError, match="reset"):
        await client.replace_object(blind)
    assert len(script.requests) == 1


async def test_deleting_is_repeated_when_it_can_hit_one_object_only() -> None:
    cut = ConnectionFailedError("cut", sent=True)
    client, script = kube(cut, status(404, "NotFound"))
    assert not await client.delete_object("v1", "ConfigMap", "shop", "a", uid="u")
    client, script = kube(cut)
    with pytest.raises(UnreachableError):
        await client.delete_object("v1", "ConfigMap", "shop", "a")
    assert len(script.requests) == 1


async def test_a_list_that_expires_between_pages_is_taken_in_one_piece() -> None:
    def page(name: str, token: str = "") -> Answer:
        body = {"metadata": {"resourceVersion": "1", "continue": token}, "items": [configmap(name=name)]}
        return Answer(200, body)

    client, script = kube(page("old", "more"), status(410, "Expired"), page("new"))
    found = await client.list_objects("v1", "ConfigMap", "shop")
    assert [one["metadata"]["name"] for one in found] == ["new"]
    assert ["limit" in request.params for request in script.requests] == [True, True, False]


async def test_metadata_lists_ask_for_metadata_alone() -> None:
    raw = b'{"metadata": {}, "items": [{"metadata": {"name": "a", "namespace": "shop", "uid": "u"}}]}'
    client, script = kube(Answer(200, None, raw), Answer(200, None, b"<html>"))
    [one] = await client.list_metadata("v1", "Secret", None, "owner=helm")
    assert (one.name, one.namespace, one.uid, one.generation, one.managers) == ("a", "shop", "u", 0, ())
    [request] = script.requests
    assert request.path == "/api/v1/secrets"
    assert "PartialObjectMetadataList" in request.accept
    assert request.params["labelSelector"] == "owner=helm"
    with pytest.raises(UnreachableError, match="no metadata list"):
        await client.list_metadata("v1", "Secret")


async def test_whoami_falls_back_to_the_kubeconfig() -> None:
    script = Script(status(403, "Forbidden", 'User "x" cannot create'))
    client = Kube(script, server="s", user="admin@prod", sleep=script.sleep)
    assert await client.whoami() == "admin@prod"


async def test_odd_versions_are_read() -> None:
    client, _ = kube(Answer(200, {"major": "1", "minor": "33+", "gitVersion": "v1.33.4-eks-1"}))
    version = await client.server_version()
    assert (version.major, version.minor, str(version)) == (1, 33, "v1.33.4-eks-1")


def event(kind: str, version: str) -> dict[str, Any]:
    return {"type": kind, "object": configmap(version)}


EXPIRED = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}
BUSY = {"type": "ERROR", "object": {"kind": "Status", "code": 500, "reason": "InternalError", "message": "etcd"}}


async def collect(client: Kube, count: int) -> list[WatchEvent]:
    events = client.list_and_watch("v1", "ConfigMap", "shop")
    try:
        return [await anext(events) for _ in range(count)]
    finally:
        await events.aclose()


async def test_a_watch_goes_on_where_it_broke_off() -> None:
    client, script = kube(
        listing(configmap("9")),
        [event("ADDED", "11"), {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "15"}}}],
        ConnectionFailedError("reset", sent=True),
        [event("MODIFIED", "16"), ConnectionFailedError("cut", sent=True)],
        StreamRefusedError(status(503, "x")),
        [BUSY],
        [event("DELETED", "17")],
    )
    seen = await collect(client, 4)
    assert [one.type for one in seen] == ["SNAPSHOT", "ADDED", "MODIFIED", "DELETED"]
    assert [request.params.get("resourceVersion") for request in script.requests] == [
        None,
        "10",
        "15",
        "15",
        "16",
        "16",
        "16",
    ]


async def test_a_watch_that_ends_at_once_is_not_opened_in_a_hurry() -> None:
    client, script = kube(listing(), [], [], [event("ADDED", "11")])
    await collect(client, 2)
    assert script.pauses == [1.0, 1.0]


@pytest.mark.parametrize("how", [[EXPIRED], StreamRefusedError(status(410, "Expired"))])
async def test_a_watch_that_lost_its_thread_begins_with_a_new_snapshot(how: Scripted) -> None:
    client, _ = kube(
        listing(configmap("9")), [event("ADDED", "11")], how, listing(version="50"), [event("ADDED", "51")]
    )
    seen = await collect(client, 4)
    assert [one.type for one in seen] == ["SNAPSHOT", "ADDED", "SNAPSHOT", "ADDED"]
    assert seen[2].objects == ()


async def test_a_watch_without_a_cluster_ends_in_an_error() -> None:
    client, script = kube(listing(), *[ConnectionFailedError("refused", sent=False)] * 11)
    with pytest.raises(UnreachableError, match="watching configmaps in namespace shop failed"):
        await collect(client, 2)
    assert 40 < sum(script.pauses) < 60


async def test_a_watch_without_the_right_ends_in_an_error() -> None:
    refused = StreamRefusedError(status(403, "Forbidden", 'User "x" cannot watch resource "configmaps"'))
    client, _ = kube(listing(), refused)
    with pytest.raises(ForbiddenError):
        await collect(client, 2)


async def test_kinds_are_discovered_once_and_again_when_missing() -> None:
    def discovered(*kinds: str) -> Answer:
        resources = [{"name": f"{kind.lower()}s", "kind": kind, "namespaced": True} for kind in kinds]
        return Answer(200, {"resources": [*resources, {"name": "as/status", "kind": "A", "namespaced": True}]})

    client, script = kube(discovered("A"), listing(), listing(), discovered("A", "B"), listing())
    for kind in ("A", "A", "B"):
        await client.list_objects("x.example/v1", kind, "shop")
    assert [request.path for request in script.requests] == [
        "/apis/x.example/v1",
        "/apis/x.example/v1/namespaces/shop/as",
        "/apis/x.example/v1/namespaces/shop/as",
        "/apis/x.example/v1",
        "/apis/x.example/v1/namespaces/shop/bs",
    ]
