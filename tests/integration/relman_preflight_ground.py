"""A namespace of the sandbox, and preflight of small platforms in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from helmkit.console.progress import SilentProgress
from helmkit.kube import Kube
from helmkit.yaml import dump_yaml
from relman.actions.upgrade import Prepared, UpgradeOptions, prepare_upgrade
from relman.cli.compose import Connection, open_world
from relman.core.preflight import CHECKS, Report
from relman.preflight import PreflightRequest, run_preflight
from relman.preflight.registry import Registries
from relman.source import Source
from sandbox.cluster import Sandbox
from tests.builders.platforms import Service, write_umbrella

SAFE: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def deployment(name: str, image: str, *, container: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A Deployment; what is not a field of its own goes into its pods' spec."""
    spec = {
        "replicas": more.pop("replicas", 1),
        "selector": more.pop("selector", {"matchLabels": {"app": name}}),
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "main", "image": image, **(container or {})}], **more},
        },
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


@dataclass
class Ground:
    """A namespace, and preflight of small platforms in it."""

    sandbox: Sandbox
    folder: Path
    namespace: str
    version: int = 0

    @property
    def image(self) -> str:
        """An image that exists."""
        return f"{self.sandbox.registry}/{self.namespace}/web:1"

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, **self.sandbox.environ}

    def service(self, *objects: Mapping[str, Any], key: str = "web", **more: Any) -> Service:
        """A service of just these objects."""
        text = "\n---\n".join(dump_yaml(dict(one)) for one in objects)
        return Service(key, self.namespace, kind="External", extra={"objects.yaml": text}, **more)

    async def prepare(self, world: Any, *services: Service) -> Prepared:
        self.version += 1
        version = f"1.{self.version}.0"
        source = write_umbrella(self.folder, version, services, platform=self.namespace)
        options = UpgradeOptions(version=version, name=f"{self.namespace}/", source=Source(str(source)))
        return await prepare_upgrade(world, options)

    @asynccontextmanager
    async def world(self) -> AsyncIterator[Any]:
        connection = Connection(self.sandbox.kubeconfig, None, self.sandbox.helm)
        async with open_world(connection, self.environ, SilentProgress()) as world:
            yield world

    async def check(self, *services: Service, only: str = "", context: str | None = None, **more: Any) -> Report:
        """Return what preflight of these services finds; `context` is who looks."""
        async with (
            self.world() as world,
            Registries(self.environ) as images,
            await Kube.connect(self.sandbox.kubeconfig, context, self.environ) as kube,
        ):
            prepared = await self.prepare(world, *services)
            request = PreflightRequest(
                plan=prepared.plan,
                platforms={prepared.platform.bom.version: prepared.platform},
                services={**prepared.entry.services, **more.pop("neighbours", {})},
                namespaces=prepared.entry.namespaces,
                checks=(only,) if only else CHECKS,
                **more,
            )
            return await run_preflight(kube, world.helm, images, request)

    async def found(self, *services: Service, only: str, **more: Any) -> list[tuple[str, str]]:
        """Severity and message of what one check finds."""
        report = await self.check(*services, only=only, **more)
        assert all(one.check == only for one in report.findings)
        return [(one.severity, one.message) for one in report.findings]

    def create(self, api: str, plural: str, body: Mapping[str, Any]) -> None:
        root = f"/api/{api}" if api == "v1" else f"/apis/{api}"
        self.sandbox.api.create(f"{root}/namespaces/{self.namespace}/{plural}", dict(body))


async def settled(ground: Ground, quota: str) -> None:
    """Wait until the quota controller has counted."""
    path = f"/api/v1/namespaces/{ground.namespace}/resourcequotas/{quota}"
    for _ in range(100):
        if (ground.sandbox.api.get(path) or {}).get("status", {}).get("hard"):
            return
        await asyncio.sleep(0.1)
    pytest.fail("the quota was not counted")


def user_of(secret: str, key: str, **more: Any) -> dict[str, Any]:
    source = {"name": secret, "key": key, **more}
    return {"env": [{"name": f"E-{secret}-{key}", "valueFrom": {"secretKeyRef": source}}]}


def bind(ground: Ground, rules: list[dict[str, Any]]) -> None:
    """Give the user `viewer` these rights in the namespace."""
    group = "rbac.authorization.k8s.io/v1"
    ground.create(group, "roles", {"metadata": {"name": "ci"}, "rules": rules})
    subject = {"kind": "User", "name": "viewer", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "Role", "name": "ci", "apiGroup": "rbac.authorization.k8s.io"}
    ground.create(group, "rolebindings", {"metadata": {"name": "ci"}, "subjects": [subject], "roleRef": role})
