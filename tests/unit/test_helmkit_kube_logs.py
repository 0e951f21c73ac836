"""Reading logs: text as it is, asked for once, and every refusal as an error of ours."""

from __future__ import annotations

import json

import httpx2
import pytest

from helmkit.errors import ForbiddenError, HelmkitError, UnreachableError
from helmkit.kube import Kube, NotFoundError, RejectedError
from helmkit.kube.connection import HttpTransport
from helmkit.kube.memory import MemoryKube, forbid
from relman.rollout.ports import LogReader

NS, POD = "shop", "gateway-1"


def answering(status: int, text: str, seen: list[httpx2.Request]) -> Kube:
    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(status, content=text.encode())

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle), base_url="http://cluster")
    return Kube(HttpTransport(client), server="http://cluster")


async def test_a_log_is_text_also_when_it_is_json_or_empty() -> None:
    seen: list[httpx2.Request] = []
    async with answering(200, '{"level":"error"}', seen) as kube:
        reader: LogReader = kube
        assert await reader.read_log(NS, POD, "main", previous=True, lines=20) == '{"level":"error"}'
    assert seen[0].url.path == f"/api/v1/namespaces/{NS}/pods/{POD}/log"
    params = {"container": "main", "previous": "true", "tailLines": "20", "limitBytes": "262144"}
    assert dict(seen[0].url.params) == params
    async with answering(200, "", seen) as kube:
        assert await kube.read_log(NS, POD, "main", lines=20) == ""
    assert "previous" not in seen[1].url.params


@pytest.mark.parametrize(
    ("status", "reason", "said", "error"),
    [
        (403, "Forbidden", 'pods "x" is forbidden: User "me" cannot get resource "pods/log"', ForbiddenError),
        (500, "InternalError", "Get https://node:10250/containerLogs: dial tcp: no route to host", UnreachableError),
        (400, "BadRequest", 'previous terminated container "main" in pod "x" not found', RejectedError),
    ],
)
async def test_a_log_that_is_refused_is_asked_for_once(
    status: int, reason: str, said: str, error: type[HelmkitError]
) -> None:
    seen: list[httpx2.Request] = []
    text = json.dumps({"kind": "Status", "status": "Failure", "reason": reason, "message": said, "code": status})
    async with answering(status, text, seen) as kube:
        with pytest.raises(error, match="reading the log of container main") as refused:
            await kube.read_log(NS, POD, "main", lines=20)
    assert len(seen) == 1, "the node has the log, and one that is away stays away"
    assert said in refused.value.message
    if status == 403:
        assert "pods/log" in (refused.value.hint or "")


async def test_the_cluster_in_memory_keeps_to_it() -> None:
    kube = MemoryKube()
    await kube.ensure_namespace(NS)
    with pytest.raises(NotFoundError):
        await kube.read_log(NS, POD, "main", lines=2)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD, "namespace": NS}, "spec": {"containers": []}}
    await kube.create_object(pod)
    with pytest.raises(RejectedError, match="waiting to start"):
        await kube.read_log(NS, POD, "main", lines=2)
    kube.memory.logs[NS, POD, "main"] = "one\ntwo\nthree\n"
    assert await kube.read_log(NS, POD, "main", lines=2) == "two\nthree\n"
    kube.memory.hooks.append(forbid("get", "log"))
    with pytest.raises(ForbiddenError):
        await kube.read_log(NS, POD, "main", lines=2)
