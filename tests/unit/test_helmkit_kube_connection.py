"""Kubeconfigs are found and merged as helm does it; lightkube and httpx2 stay behind the seam."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import HelmkitError, UnreachableError, UsageError
from helmkit.kube import Kube
from helmkit.kube.kubeconfig import load_settings


def kubeconfig(path: Path, name: str = "one", server: str = "https://one", **user: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    config = {
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}}],
    }
    path.write_text(json.dumps(config))
    return path


def test_which_file_and_which_context_count(tmp_path: Path) -> None:
    one = kubeconfig(tmp_path / "one")
    two = kubeconfig(tmp_path / "two", "two", "https://two")
    kubeconfig(tmp_path / ".kube/config", "home", "https://home")
    environ = {"HOME": str(tmp_path), "KUBECONFIG": f"{one}:{tmp_path}/missing:{two}"}
    assert load_settings(None, None, environ).server == "https://one"
    assert load_settings(None, "two", environ).server == "https://two"
    assert load_settings(None, None, {**environ, "HELM_KUBECONTEXT": "two"}).server == "https://two"
    assert load_settings(None, "one", {**environ, "HELM_KUBECONTEXT": "two"}).server == "https://one"
    assert load_settings(two, None, environ).server == "https://two"
    home = load_settings(None, None, {"HOME": str(tmp_path)})
    assert (home.server, home.context, home.namespace, home.user_name) == ("https://home", "home", "ns-home", "home")


def test_files_named_in_a_kubeconfig_are_relative_to_it(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k", **{"client-certificate": "certs/a.crt", "client-key": "/abs/a.key"})
    user = load_settings(path, None, {}).user
    assert user == {"client-certificate": str(tmp_path / "certs/a.crt"), "client-key": "/abs/a.key"}


def test_inside_a_pod_without_a_kubeconfig(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert load_settings(None, None, environ).server == "https://[fd00::1]:6443"
    kubeconfig(tmp_path / ".kube/config")
    assert load_settings(None, None, environ).server == "https://one"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "was found"),
        ("{", "not valid YAML"),
        ("[]", "no lists of mappings"),
        ("clusters: {}", "no lists of mappings"),
        ("clusters: [1]", "no lists of mappings"),
        ("{}", "no context is chosen"),
        ("current-context: a", "the context a does not exist"),
        ("{current-context: a, contexts: [{name: a, context: {cluster: c}}]}", "names the cluster c"),
        (
            "{current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}],"
            " clusters: [{name: c, cluster: {}}]}",
            "names the user u",
        ),
    ],
)
def test_what_is_wrong_with_a_kubeconfig_is_said(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=said) as caught:
        load_settings(path, None, {})
    assert caught.value.hint


def test_a_broken_kubeconfig_does_not_show_its_secrets(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("users: [{name: a, user: {token: t0p-secret}}\n- x: [")
    with pytest.raises(UsageError) as caught:
        load_settings(path, None, {})
    assert "t0p-secret" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__ and ''}"


async def test_a_kubeconfig_that_cannot_be_used(tmp_path: Path) -> None:
    wrong = kubeconfig(tmp_path / "k", **{"client-certificate": "missing.crt", "client-key": "missing.key"})
    with pytest.raises(UsageError, match="cannot be used"):
        await Kube.connect(wrong, None, {})
    with pytest.raises(UsageError, match="cannot be used"):
        await Kube.connect(kubeconfig(tmp_path / "p", server="https://[", token="abc"), None, {})
    old = kubeconfig(tmp_path / "p", **{"auth-provider": {"name": "gcp"}})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="auth-provider not supported"):
        await Kube.connect(old, None, {})


Responder = Callable[[str, dict[str, str]], tuple[int, bytes] | None]


@asynccontextmanager
async def server(respond: Responder) -> AsyncIterator[str]:
    """A bare HTTP server; None closes the connection instead of answering."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while line := await reader.readline():
                headers = {}
                while (field := await reader.readline()).strip():
                    key, _, value = field.decode().partition(":")
                    headers[key.lower()] = value.strip()
                await reader.readexactly(int(headers.get("content-length", "0")))
                answer = respond(line.decode().split()[1], headers)
                if answer is None:
                    return
                status, body = answer
                head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        finally:
            writer.close()

    writers: set[asyncio.StreamWriter] = set()
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        for writer in writers:
            writer.close()
        # The handlers see the end of their streams.
        await asyncio.sleep(0.01)


VERSION = b'{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}'


async def test_paths_below_the_servers_url_and_tokens(tmp_path: Path) -> None:
    seen = []

    def respond(path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        seen.append((path, headers.get("authorization")))
        return 200, VERSION

    async with server(respond) as url:
        path = kubeconfig(tmp_path / "k", server=f"{url}/k8s/clusters/c-1", token="abc")
        async with await Kube.connect(path, None, {"HTTP_PROXY": "http://127.0.0.1:1"}) as kube:
            assert (await kube.server_version()).minor == 36
            assert (kube.context, kube.namespace, kube.server) == ("one", "ns-one", f"{url}/k8s/clusters/c-1")
    assert seen == [("/k8s/clusters/c-1/version", "Bearer abc")]


async def test_a_kubeconfig_that_acts_as_somebody_else(tmp_path: Path) -> None:
    """Helm does so by the same kubeconfig; acting as ourselves instead could be acting with more rights."""
    seen: list[dict[str, str]] = []

    def respond(path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        seen.append(headers)
        return 200, VERSION

    user: Any = {"token": "abc", "as": "jenkins", "as-groups": ["ci"], "as-user-extra": {"a/b": ["c"]}}
    async with (
        server(respond) as url,
        await Kube.connect(kubeconfig(tmp_path / "k", server=url, **user), None, {}) as kube,
    ):
        await kube.server_version()
    [headers] = seen
    assert (headers["impersonate-user"], headers["impersonate-group"]) == ("jenkins", "ci")
    assert headers["impersonate-extra-a%2fb"] == "c"


async def nothing_leaks(kube: Kube, call: Callable[[Kube], Awaitable[object]]) -> HelmkitError:
    with pytest.raises(HelmkitError) as caught:
        await call(kube)
    module = type(caught.value).__module__
    assert module.startswith("helmkit.")
    assert not any("httpx2" in base.__module__ or "lightkube" in base.__module__ for base in type(caught.value).__mro__)
    return caught.value


CALLS: list[Callable[[Kube], Awaitable[object]]] = [
    lambda kube: kube.server_version(),
    lambda kube: kube.list_metadata("v1", "Secret"),
    lambda kube: kube.create_object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}),
    lambda kube: anext(kube.list_and_watch("v1", "Secret")),
]


@pytest.mark.parametrize("call", CALLS)
async def test_foreign_errors_do_not_leak(
    tmp_path: Path, call: Callable[[Kube], Awaitable[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helmkit.kube.api.BACK_OFF", (0.0,))
    monkeypatch.setattr("helmkit.kube.watching._BACK_OFF", (0.0,))
    answers: list[tuple[int, bytes] | None] = [None, (200, b"<html>"), (500, b"oops"), (403, b"{}"), (404, b"[]")]
    for answer in answers:
        async with (
            server(lambda *_, answer=answer: answer) as url,
            await Kube.connect(kubeconfig(tmp_path / "k", server=url), None, {}) as kube,
        ):
            await nothing_leaks(kube, call)
    async with await Kube.connect(kubeconfig(tmp_path / "k", server="http://127.0.0.1:1"), None, {}) as kube:
        error = await nothing_leaks(kube, call)
    assert isinstance(error, UnreachableError)


PLUGIN = f"""#!{sys.executable} -S
import json, os, sys
count = len(open(os.environ["COUNT"]).read()) if os.path.exists(os.environ["COUNT"]) else 0
open(os.environ["COUNT"], "a").write("x")
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
assert info["spec"]["interactive"] is False and "OURS" not in os.environ
print(json.dumps({{"apiVersion": info["apiVersion"], "status": {{"token": f"{{sys.argv[1]}}-{{count}}"}}}}))
"""


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_exec_plugins_give_tokens_and_new_ones_when_they_expire(tmp_path: Path, version: str) -> None:
    plugin = tmp_path / "login"
    plugin.write_text(PLUGIN)
    plugin.chmod(0o755)
    good = ["Bearer tok-0"]
    seen = []

    def respond(path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        seen.append(headers["authorization"])
        return (200, VERSION) if headers["authorization"] in good else (401, b'{"kind": "Status"}')

    exec_ = {
        "apiVersion": f"client.authentication.k8s.io/{version}",
        "command": "login",
        "args": ["tok"],
        "env": [{"name": "COUNT", "value": str(tmp_path / "count")}],
    }
    os.environ["OURS"] = "x"
    try:
        async with server(respond) as url:
            path = kubeconfig(tmp_path / "k", server=url, exec=exec_)
            async with await Kube.connect(path, None, {"PATH": f"{tmp_path}:/usr/bin:/bin"}) as kube:
                await kube.server_version()
                await kube.server_version()
                good[:] = ["Bearer tok-1"]
                await kube.server_version()
                good.clear()
                with pytest.raises(UnreachableError, match="does not accept your credentials"):
                    await kube.server_version()
    finally:
        del os.environ["OURS"]
    assert seen[:4] == ["Bearer tok-0", "Bearer tok-0", "Bearer tok-0", "Bearer tok-1"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\necho session expired >&2; exit 1\n", "session expired"),
        ("#!/bin/sh\necho nonsense\n", "gave no token"),
        (None, "did not answer"),
    ],
)
async def test_exec_plugins_that_fail(tmp_path: Path, script: str | None, said: str) -> None:
    if script:
        (tmp_path / "login").write_text(script)
        (tmp_path / "login").chmod(0o755)
    exec_ = {"apiVersion": "client.authentication.k8s.io/v1", "command": "login"}
    path = kubeconfig(tmp_path / "k", server="http://127.0.0.1:1", exec=exec_)
    async with await Kube.connect(path, None, {"PATH": f"{tmp_path}"}) as kube:
        with pytest.raises(UnreachableError, match=said) as caught:
            await kube.server_version()
    assert "Log in" in str(caught.value.hint)


async def test_unknown_exec_plugins_are_named(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k", exec={"apiVersion": "client.authentication.k8s.io/v9", "command": "x"})
    async with await Kube.connect(path, None, {}) as kube:
        with pytest.raises(UnreachableError, match="v9"):
            await kube.server_version()


async def test_service_account_tokens_are_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    good = ["Bearer first"]

    def respond(path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        return (200, VERSION) if headers["authorization"] in good else (401, b'{"kind": "Status"}')

    async with (
        server(respond) as url,
        await Kube.connect(kubeconfig(tmp_path / "k", server=url, tokenFile="token"), None, {}) as kube,
    ):
        await kube.server_version()
        file.write_text("second")
        good[:] = ["Bearer second"]
        assert (await kube.server_version()).major == 1


@pytest.mark.parametrize("data", [base64.b64encode(b"no certificate").decode(), "§"])
async def test_embedded_certificates_that_are_none(tmp_path: Path, data: str) -> None:
    path = kubeconfig(tmp_path / "k", **{"client-certificate-data": data, "client-key-data": data})
    with pytest.raises(UsageError, match="cannot be used"):
        await Kube.connect(path, None, {})
