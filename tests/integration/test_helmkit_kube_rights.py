"""What a user with few rights is told, and what many objects cost, on a real API server."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator

import pytest

from helmkit.errors import ForbiddenError
from helmkit.kube import ConfigMap, Kube
from sandbox.cluster import Sandbox


@pytest.fixture
async def kube(sandbox: Sandbox) -> AsyncIterator[Kube]:
    async with await Kube.connect(sandbox.kubeconfig, None, {**os.environ, **sandbox.environ}) as made:
        yield made


@pytest.fixture
async def viewer(sandbox: Sandbox) -> AsyncIterator[Kube]:
    async with await Kube.connect(sandbox.kubeconfig, "sandbox-viewer", {}) as made:
        yield made


async def test_missing_rights_are_named(viewer: Kube, namespace: str) -> None:
    assert viewer.context == "sandbox-viewer"
    assert await viewer.whoami()
    for call, right in (
        (viewer.list_release_metadata(namespace), f"list secrets in namespace {namespace}"),
        (viewer.create_configmap(ConfigMap(namespace, "a")), f"create configmaps in namespace {namespace}"),
        (anext(viewer.list_and_watch("apps/v1", "Deployment", namespace)), "list deployments"),
        (anext(viewer.watch("apps/v1", "Deployment", namespace)), "watch deployments"),
        (viewer.cluster_uid(), "get namespaces"),
    ):
        with pytest.raises(ForbiddenError) as caught:
            await call
        assert right in str(caught.value.hint)


async def test_metadata_of_many_objects_is_cheap(kube: Kube, namespace: str) -> None:
    """Ten kilobytes each: a list that fetched the content would carry 3 MB."""
    content = {"blob": os.urandom(10_000)}
    many = [ConfigMap(namespace, f"m{number}", binary_data=content, labels={"run": "1"}) for number in range(300)]
    gate = asyncio.Semaphore(16)

    async def create(one: ConfigMap) -> None:
        async with gate:
            await kube.create_configmap(one)

    await asyncio.gather(*map(create, many))
    begin = time.perf_counter()
    found = await kube.list_configmap_metadata(namespace, "run=1")
    took = time.perf_counter() - begin
    assert len(found) == 300
    assert took < 2, f"{took:.3f} s"
