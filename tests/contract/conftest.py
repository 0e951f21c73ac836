"""Worlds for the contract tests: the same questions to what is in memory and to the real thing (the sandbox)."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helmkit.helm import Helm
from helmkit.helm.memory import MemoryHelm
from helmkit.kube import Kube
from helmkit.kube.memory import MemoryKube

if TYPE_CHECKING:
    from sandbox.cluster import Sandbox

REAL = pytest.mark.sandbox


@dataclass(frozen=True)
class World:
    """A cluster, a namespace of the test's own in it, and a helm that works on it."""

    kube: Kube
    helm: Helm | MemoryHelm
    namespace: str
    real: bool
    helm_major: int


def new_name(prefix: str = "contract") -> str:
    return f"{prefix}-{secrets.token_hex(4)}"


async def eventually(condition: object, seconds: float = 15.0) -> None:
    """Wait until an async function returns something true."""
    assert callable(condition)
    end = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < end, "it did not happen in time"
        await asyncio.sleep(0.05)


async def make_world(request: pytest.FixtureRequest, kind: str) -> AsyncIterator[World]:
    namespace = new_name()
    if kind == "memory":
        memory = MemoryKube()
        await memory.ensure_namespace(namespace)
        yield World(memory, MemoryHelm(memory), namespace, real=False, helm_major=4)
        return
    sandbox: Sandbox = request.getfixturevalue("sandbox")
    sandbox.make_namespace(namespace)
    environ = {**os.environ, **sandbox.environ}
    helm = Helm(sandbox.helm3 if kind == "helm3" else sandbox.helm, environ)
    async with await Kube.connect(sandbox.kubeconfig, None, environ) as kube:
        yield World(kube, helm, namespace, real=True, helm_major=3 if kind == "helm3" else 4)
        await kube.delete_object("v1", "Namespace", None, namespace)


@pytest.fixture(params=["memory", pytest.param("real", marks=REAL)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A cluster in memory, and a real one."""
    async for one in make_world(request, request.param):
        yield one


@pytest.fixture(params=["memory", pytest.param("helm4", marks=REAL), pytest.param("helm3", marks=REAL)])
async def helm_world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """The in-memory helm, helm 4 and helm 3."""
    async for one in make_world(request, request.param):
        yield one


CONFIGMAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  greeting: {{ .Values.greeting }}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels:
    app: {{ .Values.app }}
spec:
  replicas: 1
  selector:
    matchLabels:
      app: {{ .Values.app }}
  template:
    metadata:
      labels:
        app: {{ .Values.app }}
    spec:
      containers:
        - name: main
          image: {{ .Values.image }}
          env:
            - name: OURS
              value: {{ .Values.greeting }}
"""
VALUES = {"greeting": "hello", "app": "demo", "image": "demo:1"}


def write_chart(folder: Path, version: str = "1.0.0", **templates: str) -> Path:
    """Write a chart that the in-memory helm can render as well."""
    chart = folder / f"demo-{version}"
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: demo\nversion: {version}\nappVersion: v{version}\n")
    (chart / "values.yaml").write_text("".join(f"{key}: {value}\n" for key, value in VALUES.items()))
    for name, text in (templates or {"configmap": CONFIGMAP, "deployment": DEPLOYMENT}).items():
        (chart / "templates" / f"{name}.yaml").write_text(text)
    return chart
