"""Asking registries for images, with the pull secrets' rights."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from helmkit.oci import Credentials
from relman.core.plan import Plan
from relman.core.preflight.facts import Moved
from relman.preflight.images import look_for_images
from relman.preflight.lookups import Lookups
from relman.preflight.pull_secrets import find_credentials
from relman.preflight.registry import Registries
from sandbox.images import push_images
from tests.contract.fake_registry import FakeRegistry

PLAN = Plan(schema="1", action="upgrade", platform="p", version="1", environment="e")


def pull_secret(entries: dict[str, Any], *, legacy: bool = False) -> dict[str, Any]:
    content = entries if legacy else {"auths": entries}
    kind, key = ("dockercfg", ".dockercfg") if legacy else ("dockerconfigjson", ".dockerconfigjson")
    data = {key: base64.b64encode(json.dumps(content).encode()).decode()}
    return {"kind": "Secret", "type": f"kubernetes.io/{kind}", "data": data}


def entry(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("secret", "registry", "repository", "users"),
    [
        (pull_secret({"r.example": entry("a", "b")}), "r.example", "x/y", ["a"]),
        (pull_secret({"https://r.example/v2/": entry("a", "b")}), "r.example", "x/y", ["a"]),
        (pull_secret({"r.example": {"username": "a", "password": "b"}}), "r.example", "x", ["a"]),
        (pull_secret({"r.example": entry("a", "b")}, legacy=True), "r.example", "x", ["a"]),
        (pull_secret({"r.example": entry("a", "b"), "r.example/x": entry("c", "d")}), "r.example", "x/y", ["c", "a"]),
        (pull_secret({"r.example/z": entry("a", "b")}), "r.example", "x/y", []),
        (pull_secret({"r.example:5000": entry("a", "b")}), "r.example", "x", []),
        (pull_secret({"https://index.docker.io/v1/": entry("a", "b")}), "docker.io", "library/x", ["a"]),
        (pull_secret({"r.example": {"auth": "%%"}}), "r.example", "x", []),
        (
            {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "bm90anNvbg=="}},
            "r.example",
            "x",
            [],
        ),
        ({"type": "Opaque", "data": {}}, "r.example", "x", []),
        ({}, "r.example", "x", []),
    ],
)
def test_pull_secrets_are_read_as_kubelets_do(secret: Any, registry: str, repository: str, users: list[str]) -> None:
    found = find_credentials(secret, registry, repository)
    assert [one.username for one in found] == users
    assert "b" not in repr(found).replace("Credentials()", "")


@pytest.fixture
async def registries() -> AsyncIterator[Registries]:
    async with Registries({}, limit=3) as made:
        yield made


async def ask(registries: Registries, image: str, *credentials: Credentials, plain: bool = True) -> Any:
    return await registries(image, credentials, plain_http=plain, platforms=True)


async def test_a_registry_is_asked_for_existence_and_platforms(registries: Registries) -> None:
    async with FakeRegistry() as registry:
        await push_images(registry.host, [f"{registry.host}/web:1"])
        await push_images(registry.host, [f"{registry.host}/arm:1"], ["linux/arm64"])
        both = await ask(registries, f"{registry.host}/web:1")
        assert (both.state, both.platforms) == ("there", {"linux/amd64", "linux/arm64"})
        assert (await ask(registries, f"{registry.host}/arm:1")).platforms == {"linux/arm64"}
        assert (await ask(registries, f"{registry.host}/web:2")).state == "missing"
        assert (await ask(registries, f"{registry.host}/no/such:1")).state == "missing"
        assert (await ask(registries, f"{registry.host}/web@sha256:{'0' * 64}")).state == "missing"
    assert (await ask(registries, "Not An Image")).state == "missing"


async def test_the_pull_secrets_account_is_used_and_nobody_else_is_let_in(registries: Registries) -> None:
    async with FakeRegistry() as registry:
        await push_images(registry.host, [f"{registry.host}/web:1"])
        registry.auth = "basic"
        mine = Credentials(registry.user, registry.password)
        assert (await ask(registries, f"{registry.host}/web:1", mine)).state == "there"
        assert (await ask(registries, f"{registry.host}/web:1", Credentials("x", "y"), mine)).state == "there"
        nobody = await ask(registries, f"{registry.host}/web:1")
        assert (nobody.state, nobody.anonymous) == ("denied", True)
        wrong = await ask(registries, f"{registry.host}/web:1", Credentials("x", "hidden-y"))
        assert (wrong.state, wrong.anonymous) == ("denied", False)
        assert "hidden-y" not in wrong.text


async def test_only_this_machine_is_asked_over_http_undeclared(registries: Registries) -> None:
    async with FakeRegistry() as registry:
        await push_images(registry.host, [f"{registry.host}/web:1"])
        assert (await ask(registries, f"{registry.host}/web:1", plain=False)).state == "there"
    closed = await ask(registries, "127.0.0.1:1/web:1")
    assert closed.state == "unreachable"
    assert (await ask(registries, "nowhere.invalid/web:1", plain=False)).state == "unreachable"


async def test_each_image_is_asked_for_once_with_the_right_secret() -> None:
    calls: list[tuple[str, list[str], bool]] = []

    async def lookup(image: str, credentials: Any, *, plain_http: bool, platforms: bool) -> Any:
        from relman.core.preflight.facts import ImageSeen

        calls.append((image, [one.username for one in credentials], plain_http))
        return ImageSeen("denied", anonymous=not credentials)

    def workload(name: str, **spec: Any) -> dict[str, Any]:
        pod = {
            "containers": [{"image": "r.example/web:1"}, {"image": "r.example/x", "imagePullPolicy": "Never"}],
            **spec,
        }
        return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": name, "namespace": "shop"},
                "spec": {"template": {"spec": pod}}}  # fmt: skip

    moved = Moved("web", "shop", "web", "upgrade", (
        workload("a"), workload("b"), workload("c", imagePullSecrets=[{"name": "gone"}]),
        workload("d", serviceAccountName="robot"),
    ))  # fmt: skip
    lookups = Lookups(
        pull_secrets={("shop", "harbor"): pull_secret({"r.example": entry("me", "pw")})},
        accounts={("shop", "robot"): ("harbor",)},
    )
    seen = await look_for_images(lookup, (moved,), lookups, PLAN, frozenset({"r.example"}))
    assert calls == [("r.example/web:1", [], True), ("r.example/web:1", ["me"], True)]
    assert seen["shop", "gone", "r.example/web:1"].missing_secrets == ("gone",)
    assert seen["shop", "account robot", "r.example/web:1"].missing_secrets == ()
