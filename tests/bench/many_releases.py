"""A cluster with many releases of many revisions each, written directly: helm itself would need an hour for them.

Everything `relman status` looks at is real: Helm's release Secrets, as helm writes them and reads them back, the
Services and Deployments of the newest revisions, and the set record of each namespace with the marks of those objects.
The Deployments ask for no pods.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import subprocess
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from helmkit.kube import ConfigMap, Kube
from helmkit.kube.releases import SECRET_TYPE, secret_name
from helmkit.yaml import parse_yaml_documents
from relman.core.record import DONE, SCHEMA, Content, ReleaseState, ServiceRecord, SetRecord, Who
from relman.core.record_codec import DATA_KEY, encode_record, record_labels, summary_annotations
from relman.observe.marks import kinds_of, live_marks, reference

PLATFORM = "many"
_AT_A_TIME = 24
_SETTLE = 5.0
"""Seconds for what the controllers write into new objects."""
_TIME = "2026-11-21T12:00:00Z"

Item = TypeVar("Item")


@dataclass(frozen=True)
class Size:
    """How much of it there is."""

    releases: int = 500
    revisions: int = 10
    per_namespace: int = 50


def fill(helm: Path, chart: Path, environ: Mapping[str, str], size: Size) -> None:
    """Write the releases into the cluster that `environ` points to.

    Args:
        helm: The program; it renders the one release all others are copies of.
        chart: A chart of one Service and one Deployment, for example one of `write_platform`.
        environ: With KUBECONFIG.
        size: How much.
    """
    argv = [str(helm), "install", "sample", str(chart), "--dry-run=client", "-o", "json", "-n", "many-0"]
    done = subprocess.run(argv, env=dict(environ), capture_output=True, check=True)
    asyncio.run(_fill(json.loads(done.stdout), environ, size))


async def _fill(sample: Mapping[str, Any], environ: Mapping[str, str], size: Size) -> None:
    names = [f"release-{number}" for number in range(size.releases)]
    spaces = [names[start : start + size.per_namespace] for start in range(0, len(names), size.per_namespace)]
    async with await Kube.connect(None, None, environ) as kube:
        for number, inside in enumerate(spaces):
            await _fill_namespace(kube, f"many-{number}", inside, sample, size.revisions)
        await asyncio.sleep(_SETTLE)
        for number, inside in enumerate(spaces):
            await _record(kube, f"many-{number}", inside, sample, size.revisions)


async def _fill_namespace(
    kube: Kube, namespace: str, names: Sequence[str], sample: Mapping[str, Any], revisions: int
) -> None:
    await kube.ensure_namespace(namespace)
    pairs = [(name, revision) for name in names for revision in range(1, revisions + 1)]
    await _some_at_a_time(kube.create_object(_secret(sample, namespace, *pair, revisions)) for pair in pairs)
    objects = [item for name in names for item in _objects(sample, namespace, name)]
    await _some_at_a_time(kube.apply_object(item, field_manager="helm") for item in objects)


async def _record(kube: Kube, namespace: str, names: Sequence[str], sample: Mapping[str, Any], revisions: int) -> None:
    newest = {one.name: one.uid for one in await kube.list_release_metadata(namespace) if one.revision == revisions}
    references = {name: [reference(item) for item in _objects(sample, namespace, name)] for name in names}
    marks = await live_marks(kube, namespace, kinds_of(ref for some in references.values() for ref in some))
    services = {}
    for name in names:
        state = ReleaseState(
            uid=newest[name], revision=revisions, content=_content(sample), good=True,
            objects={ref: marks[ref] for ref in references[name]},
        )  # fmt: skip
        services[name] = ServiceRecord(release=name, action="upgrade", reason="", outcome="upgraded", now=state)
    record = SetRecord(
        schema=SCHEMA, platform=PLATFORM, namespace=namespace, number=1, run="bench", action="upgrade",
        version="1.0.0", stands_at="1.0.0", environment="dev", outcome=DONE, who=Who(local_user="bench"),
        started=_TIME, finished=_TIME, services=services,
    )  # fmt: skip
    configmap = ConfigMap(
        namespace=namespace, name=record.name, binary_data={DATA_KEY: encode_record(record)},
        labels=record_labels(record), annotations=summary_annotations(record),
    )  # fmt: skip
    await kube.create_configmap(configmap)


def _objects(sample: Mapping[str, Any], namespace: str, name: str) -> list[dict[str, Any]]:
    rendered = str(sample["manifest"]).replace(str(sample["chart"]["metadata"]["name"]), name)
    objects = [item for item in parse_yaml_documents(rendered) if isinstance(item, dict)]
    for item in objects:
        metadata = item["metadata"]
        metadata["namespace"] = namespace
        metadata.setdefault("labels", {})["app.kubernetes.io/managed-by"] = "Helm"
        metadata["annotations"] = {
            **(metadata.get("annotations") or {}),
            "meta.helm.sh/release-name": name,
            "meta.helm.sh/release-namespace": namespace,
        }
        if item["kind"] == "Deployment":
            item["spec"]["replicas"] = 0
    return objects


def _secret(sample: Mapping[str, Any], namespace: str, name: str, revision: int, newest: int) -> dict[str, Any]:
    status = "deployed" if revision == newest else "superseded"
    info = {**sample["info"], "status": status, "first_deployed": _TIME, "last_deployed": _TIME}
    release = {**sample, "name": name, "namespace": namespace, "version": revision, "info": info}
    labels = {"name": name, "owner": "helm", "status": status, "version": str(revision)}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": SECRET_TYPE,
        "metadata": {"name": secret_name(name, revision), "namespace": namespace, "labels": labels},
        "stringData": {
            "release": base64.b64encode(gzip.compress(json.dumps(release).encode(), compresslevel=1)).decode()
        },
    }


def _content(sample: Mapping[str, Any]) -> Content:
    metadata = sample["chart"]["metadata"]
    return Content(
        chart=str(metadata["name"]),
        chart_version=str(metadata["version"]),
        content_digest="sha256:" + "0" * 64,
        values_digest="sha256:" + "0" * 64,
        platform_version="1.0.0",
        app_version=str(metadata.get("appVersion", "")),
    )


async def _some_at_a_time(calls: Iterable[Awaitable[Item]]) -> None:
    """Await calls, a bounded number at a time."""
    room = asyncio.Semaphore(_AT_A_TIME)
    tasks: list[asyncio.Task[Item]] = []

    async def one(call: Awaitable[Item]) -> Item:
        try:
            return await call
        finally:
            room.release()

    for call in calls:
        await room.acquire()
        tasks.append(asyncio.create_task(one(call)))
    await asyncio.gather(*tasks)
