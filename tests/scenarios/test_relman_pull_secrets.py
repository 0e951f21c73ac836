"""Pull Secrets in every namespace that needs them: looked at, created, renewed, and never half of them (T091)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import PreflightError, UsageError
from helmkit.kube.transport import Answer, Request
from helmkit.oci import Credentials
from relman.actions.pull_secrets import NewCredentials, PullSecretState, pull_secrets
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.cli.registry import show_credentials
from relman.source import Source
from relman.source.robots import load_robot
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree
from tests.harbor.double import HarborDouble
from tests.harbor.platforms import seed_image

ROBOT = Credentials("robot$images+pull", "first-secret")
OTHER = Credentials("robot$images+pull-2", "second-secret")
HOST = "registry.example"


@dataclass
class Registry:
    """Lets in whoever it knows."""

    known: list[Credentials] = field(default_factory=lambda: [ROBOT, OTHER])
    asked: list[str] = field(default_factory=list)

    async def __call__(self, image: str, credentials: Credentials, *, plain_http: bool) -> tuple[str, str]:
        self.asked.append(image)
        return ("good", "") if credentials in self.known else ("refused", "401")


@pytest.fixture
def memory(tmp_path: Path) -> MemoryWorld:
    services = [Service("gateway", "shop-gw"), Service("orders", "shop-orders"), Service("bills", "shop-orders")]
    write_package(tmp_path / "dist", "1.0.0", services, pull_secrets={HOST: "harbor-pull"})
    return MemoryWorld(tmp_path)


async def go(
    memory: MemoryWorld, new: Credentials | None = None, registry: Registry | None = None, **options: Any
) -> list[PullSecretState]:
    wanted = UpgradeOptions(version="1.0.0", everything=True, source=Source(str(memory.folder / "dist")), **options)
    given = NewCredentials(HOST, new) if new else None
    return await pull_secrets(memory.world(), wanted, registry or Registry(), given)


async def held(memory: MemoryWorld, namespace: str) -> dict[str, str]:
    """Return the user names of a Secret's registries."""
    secret = await memory.kube.get_object("v1", "Secret", namespace, "harbor-pull")
    assert secret is not None
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    auths = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]
    return {host: entry["username"] for host, entry in auths.items()}


def states(found: list[PullSecretState]) -> dict[str, str]:
    return {one.namespace: one.state for one in found}


async def test_what_is_missing_is_shown_then_created_once(memory: MemoryWorld) -> None:
    assert states(await go(memory)) == {"shop-gw": "missing", "shop-orders": "missing"}
    assert states(await go(memory, ROBOT, dry_run=True)) == {"shop-gw": "to create", "shop-orders": "to create"}
    assert states(await go(memory)) == {"shop-gw": "missing", "shop-orders": "missing"}

    found = await go(memory, ROBOT)

    assert states(found) == {"shop-gw": "created", "shop-orders": "created"}
    assert [one.services for one in found] == [("gateway",), ("bills", "orders")]
    assert await held(memory, "shop-gw") == {HOST: ROBOT.username}
    namespace = await memory.kube.get_object("v1", "Namespace", None, "shop-gw")
    assert namespace is not None
    assert namespace["metadata"]["labels"]["team"] == "shop"
    assert states(await go(memory, ROBOT)) == {"shop-gw": "unchanged", "shop-orders": "unchanged"}
    assert states(await go(memory)) == {"shop-gw": "good", "shop-orders": "good"}


async def test_only_the_namespace_that_is_named(memory: MemoryWorld) -> None:
    assert states(await go(memory, ROBOT, namespace="shop-gw")) == {"shop-gw": "created"}
    assert states(await go(memory)) == {"shop-gw": "good", "shop-orders": "missing"}


async def test_another_account_takes_over_and_entries_of_other_registries_stay(memory: MemoryWorld) -> None:
    auths = {"other.example": {"username": "x", "password": "y"}, f"https://{HOST}/v2/": {"username": "old"}}
    packed = base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
    await memory.kube.ensure_namespace("shop-gw")
    metadata = {"name": "harbor-pull", "namespace": "shop-gw"}
    kind = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson"}
    await memory.kube.create_object({**kind, "metadata": metadata, "data": {".dockerconfigjson": packed}})

    assert states(await go(memory, OTHER)) == {"shop-gw": "updated", "shop-orders": "created"}

    assert await held(memory, "shop-gw") == {"other.example": "x", HOST: OTHER.username}


async def test_nothing_changes_when_the_registry_refuses_the_account(memory: MemoryWorld) -> None:
    await go(memory, ROBOT)

    with pytest.raises(PreflightError, match="does not let the new account pull"):
        await go(memory, Credentials("robot$wrong", "typo"))

    assert await held(memory, "shop-gw") == {HOST: ROBOT.username}


async def test_an_account_that_sees_only_a_part_of_what_is_pulled_changes_nothing(memory: MemoryWorld) -> None:
    class OneProject(Registry):
        async def __call__(self, image: str, credentials: Credentials, *, plain_http: bool) -> tuple[str, str]:
            self.asked.append(image)
            return ("refused", "403") if "/billing/" in image else ("good", "")

    services = [Service("gateway", "shop-gw"), Service("bills", "shop-orders", image=f"{HOST}/billing/bills")]
    write_package(memory.folder / "dist", "1.0.0", services, pull_secrets={HOST: "harbor-pull"})
    registry = OneProject()
    with pytest.raises(PreflightError, match=r"does not let the new account pull .*/billing/bills"):
        await go(memory, ROBOT, registry)
    assert len(registry.asked) == 2
    assert states(await go(memory)) == {"shop-gw": "missing", "shop-orders": "missing"}


async def test_an_account_that_ran_out_is_told(memory: MemoryWorld) -> None:
    await go(memory, ROBOT)
    found = await go(memory, registry=Registry(known=[OTHER]))
    assert {one.state for one in found} == {"refused"}


async def test_what_somebody_writes_at_the_same_time_is_kept(memory: MemoryWorld) -> None:
    await go(memory, ROBOT)
    times: list[int] = []

    async def write_first(request: Request) -> Answer | None:
        if request.method == "PUT" and request.path.endswith("shop-gw/secrets/harbor-pull") and not times:
            times.append(1)
            secret = await memory.kube.get_object("v1", "Secret", "shop-gw", "harbor-pull")
            assert secret is not None
            auths = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]
            auths["other.example"] = {"username": "x", "password": "y"}
            secret["data"][".dockerconfigjson"] = base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
            await memory.kube.replace_object(secret)
        return None

    memory.kube.memory.hooks.append(write_first)
    await go(memory, OTHER, namespace="shop-gw")

    assert times
    assert await held(memory, "shop-gw") == {"other.example": "x", HOST: OTHER.username}


async def test_a_secret_of_another_type_is_refused_before_anything_is_written(memory: MemoryWorld) -> None:
    await memory.kube.ensure_namespace("shop-orders")
    metadata = {"name": "harbor-pull", "namespace": "shop-orders"}
    await memory.kube.create_object({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata})

    with pytest.raises(UsageError, match=r"has the type Opaque") as error:
        await go(memory, ROBOT)

    assert "delete secret harbor-pull" in str(error.value.hint)
    assert await memory.kube.get_object("v1", "Secret", "shop-gw", "harbor-pull") is None


async def test_without_a_version_the_installed_one_counts(memory: MemoryWorld) -> None:
    anything = UpgradeOptions(version="", everything=True)
    with pytest.raises(UsageError, match="nothing is installed here"):
        await pull_secrets(memory.world(), anything, Registry())
    source = Source(str(memory.folder / "dist"))
    await upgrade(memory.world(), UpgradeOptions(version="1.0.0", everything=True, source=source), agree)

    found = await pull_secrets(memory.world(), anything, Registry())

    assert states(found) == {"shop-gw": "missing", "shop-orders": "missing"}


async def test_a_registry_without_a_declared_secret_is_named(memory: MemoryWorld) -> None:
    wanted = UpgradeOptions(version="1.0.0", everything=True, source=Source(str(memory.folder / "dist")))
    with pytest.raises(UsageError, match=r"no image that is meant is pulled from harbor\.other") as error:
        await pull_secrets(memory.world(), wanted, Registry(), NewCredentials("harbor.other", ROBOT))
    assert HOST in str(error.value.hint)


async def test_a_real_login_tells_accepted_from_refused() -> None:
    async with HarborDouble() as harbor:
        seed_image(harbor.state, harbor.add_project("images"), "gateway", "1")
        harbor.add_robot("images", "pull", "s3cret", [("repository", "pull")])
        image = f"{harbor.host}/images/gateway:1"
        async with show_credentials({}) as login:
            assert await login(image, Credentials("robot$images+pull", "s3cret"), plain_http=True) == ("good", "")
            state, why = await login(image, Credentials("robot$images+pull", "other"), plain_http=True)
            assert state == "refused"
            assert "other" not in why
            missing = image.replace("gateway:1", "gateway:2")
            assert (await login(missing, Credentials("robot$images+pull", "s3cret"), plain_http=True))[0] == "good"
        async with show_credentials({}) as login:
            assert (await login("127.0.0.1:1/a/b:1", ROBOT, plain_http=True))[0] == "unchecked"


def test_the_file_of_harbor_ensure_names_the_account(tmp_path: Path) -> None:
    robots = [{"username": "robot$images+pull", "password": "p"}, {"username": "robot$images+ci", "password": "c"}]
    file = tmp_path / "robots.json"
    file.write_text(json.dumps({"registry": HOST, "robots": robots}))

    assert load_robot(file, "pull").username == "robot$images+pull"
    assert load_robot(file, "robot$images+ci").password == "c"
    with pytest.raises(UsageError, match="2 accounts fit no name"):
        load_robot(file)
    file.write_text("{}")
    with pytest.raises(UsageError, match="no JSON with a registry"):
        load_robot(file)
