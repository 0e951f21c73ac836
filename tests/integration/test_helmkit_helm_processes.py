"""Real helms that are stopped in the middle of their work leave no process and a true history."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import TimedOutError, UnreachableError, UsageError
from helmkit.helm import Helm, client
from helmkit.kube import Kube
from sandbox.cluster import Sandbox
from tests.contract.conftest import VALUES, write_chart

STUCK = {**VALUES, "image": "demo:never-ready"}


@pytest.fixture
def environ(sandbox: Sandbox) -> dict[str, str]:
    return {**os.environ, **sandbox.environ}


@pytest.fixture
async def kube(sandbox: Sandbox, environ: dict[str, str]) -> AsyncIterator[Kube]:
    async with await Kube.connect(sandbox.kubeconfig, None, environ) as made:
        yield made


async def status(kube: Kube, namespace: str) -> str:
    found = await kube.list_release_metadata(namespace)
    return found[-1].status if found else ""


async def wait_for(kube: Kube, namespace: str, wanted: str, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while await status(kube, namespace) != wanted:
        assert time.monotonic() < end, f"it is {await status(kube, namespace)!r}, not {wanted!r}"
        await asyncio.sleep(0.05)


def helms(namespace: str) -> list[str]:
    """Return the command lines of helms that work on the namespace."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"--namespace={namespace}" in line:
            found.append(line)
    return found


@pytest.mark.parametrize("name", ["helm", "helm3"])
async def test_a_cancelled_upgrade_is_failed_not_pending(
    sandbox: Sandbox, environ: dict[str, str], kube: Kube, namespace: str, tmp_path: Path, name: str
) -> None:
    helm = Helm(getattr(sandbox, name), environ)
    chart = write_chart(tmp_path)
    task = asyncio.create_task(helm.upgrade("web", chart, namespace=namespace, values=STUCK, timeout=120, wait=True))
    await wait_for(kube, namespace, "pending-install")
    assert helms(namespace)
    begin = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begin < 8
    assert helms(namespace) == []
    assert await status(kube, namespace) == "failed"
    # Nothing stands in the way of the next one.
    assert (await helm.upgrade("web", chart, namespace=namespace, values=VALUES, timeout=60)).revision == 2


async def test_the_hard_limit_stops_helm_and_the_history_says_failed(
    sandbox: Sandbox,
    environ: dict[str, str],
    kube: Kube,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "_MARGIN", -108)
    chart = write_chart(tmp_path)
    with pytest.raises(TimedOutError, match="took longer than 2 s"):
        await Helm(sandbox.helm, environ).upgrade(
            "web", chart, namespace=namespace, values=STUCK, timeout=120, wait=True
        )
    assert helms(namespace) == []
    assert await status(kube, namespace) == "failed"


async def test_helms_own_timeout_is_a_timeout(
    sandbox: Sandbox, environ: dict[str, str], namespace: str, tmp_path: Path
) -> None:
    with pytest.raises(TimedOutError, match="not ready"):
        await Helm(sandbox.helm, environ).upgrade(
            "web", write_chart(tmp_path), namespace=namespace, values=STUCK, timeout=2, wait=True
        )


PARENT = """
import asyncio, os, sys
from pathlib import Path
from helmkit.helm import Helm
values = {"greeting": "hello", "app": "demo", "image": "demo:never-ready"}
async def main():
    helm = Helm(Path(sys.argv[1]), os.environ)
    await helm.upgrade("web", Path(sys.argv[2]), namespace=sys.argv[3], values=values, timeout=120, wait=True)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux only")
@pytest.mark.parametrize("name", ["helm", "helm3"])
async def test_helm_dies_with_a_killed_parent_and_marks_its_release(
    sandbox: Sandbox, environ: dict[str, str], kube: Kube, namespace: str, tmp_path: Path, name: str
) -> None:
    arguments = [str(getattr(sandbox, name)), str(write_chart(tmp_path)), namespace]
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, *arguments, env=environ)
    try:
        await wait_for(kube, namespace, "pending-install")
    finally:
        parent.kill()
        await parent.wait()
    await wait_for(kube, namespace, "failed")
    end = time.monotonic() + 5
    while helms(namespace):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def test_a_release_of_helm_3_goes_on_under_helm_4(
    sandbox: Sandbox, environ: dict[str, str], kube: Kube, namespace: str, tmp_path: Path
) -> None:
    """Helm 4's own default keeps such a release on client-side apply, where --force-conflicts is an error."""
    chart = write_chart(tmp_path)
    old, new = Helm(sandbox.helm3, environ), Helm(sandbox.helm, environ)

    async def upgrade(helm: Helm, **values: Any) -> int:
        done = await helm.upgrade("web", chart, namespace=namespace, values={**VALUES, **values}, timeout=60)
        return done.revision

    async def method(revision: int) -> str:
        return (await kube.get_release(namespace, "web", revision)).apply_method

    assert await upgrade(old) == 1
    assert await upgrade(new, image="demo:2") == 2
    assert (await method(1), await method(2)) == ("", "ssa")
    await new.rollback("web", 1, namespace=namespace, timeout=60)
    assert await method(3) == "ssa"
    live = await kube.get_object("apps/v1", "Deployment", namespace, "web")
    assert live is not None
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "demo:1"
    # And back, for who must.
    assert await upgrade(old, image="demo:3") == 4


async def test_a_cluster_that_is_not_there_and_a_context_that_is_not_there(
    sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    chart = write_chart(tmp_path)
    nowhere = tmp_path / "kubeconfig"
    text = sandbox.kubeconfig.read_text()
    nowhere.write_text(text.replace(f":{sandbox.description.ports.api}", ":1"))
    for helm, kind in (
        (Helm(sandbox.helm, environ, kubeconfig=nowhere), UnreachableError),
        (Helm(sandbox.helm, environ, context="nope"), UsageError),
    ):
        with pytest.raises(kind):
            await helm.upgrade("web", chart, namespace="default", values=VALUES, timeout=10)
    with pytest.raises(UsageError):
        await Kube.connect(sandbox.kubeconfig, "nope", environ)


async def test_ten_releases_at_once(
    sandbox: Sandbox, environ: dict[str, str], kube: Kube, namespace: str, tmp_path: Path
) -> None:
    helm = Helm(sandbox.helm, environ)
    chart = write_chart(tmp_path)
    names = [f"web-{number}" for number in range(10)]
    done = await asyncio.gather(
        *(helm.upgrade(name, chart, namespace=namespace, values=VALUES, timeout=60) for name in names)
    )
    assert sorted(one.name for one in done) == names
    assert {one.status for one in await kube.list_release_metadata(namespace)} == {"deployed"}
