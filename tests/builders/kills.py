"""Ending processes without asking them, and letting the time pass that others would have to wait."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
from pathlib import Path

import msgspec

from helmkit.kube import Kube


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found


def kill(*pids: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to processes, one right after the other; 0 and those that are gone are passed over."""
    for pid in filter(None, pids):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


async def let_time_pass(kube: Kube, namespace: str, platform: str) -> None:
    """Let the patience of others end now: with a dead run's lock, and with a helm of it that may still live.

    Both wait for what stands written in the cluster: the lease's duration, and the limit in the open record.
    """
    lease = await kube.get_object("coordination.k8s.io/v1", "Lease", namespace, f"relman.{platform}")
    if lease is not None:
        lease["metadata"].pop("managedFields", None)
        await kube.replace_object({**lease, "spec": {**lease["spec"], "leaseDurationSeconds": 1}})
    for one in await kube.list_configmap_metadata(namespace, "relman.internal/outcome=running"):
        found = await kube.get_object("v1", "ConfigMap", namespace, one.name)
        if found is not None:
            found["metadata"].pop("managedFields", None)
            found["binaryData"] = {"record": _impatient(found["binaryData"]["record"])}
            await kube.replace_object(found)


def _impatient(encoded: str) -> str:
    import base64

    record = msgspec.json.decode(gzip.decompress(base64.b64decode(encoded)))
    record["helm_limit"] = 1
    return base64.b64encode(gzip.compress(msgspec.json.encode(record), mtime=0)).decode()
