"""Test hooks in memory: their pods exist and have ended, as their image's tag says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helmkit.helm.errors import HelmFailedError
from helmkit.kube.client import Kube
from helmkit.yaml import parse_yaml

_HOOK = "helm.sh/hook"


async def run_tests(kube: Kube, namespace: str, release: str, hooks: Sequence[dict[str, str]]) -> None:
    """Run the test hooks of a release in turn.

    Raises:
        HelmFailedError: One failed.
    """
    for hook in hooks:
        item: dict[str, Any] = parse_yaml(hook["manifest"])
        if "test" not in str(item["metadata"].get("annotations", {}).get(_HOOK, "")) or item["kind"] != "Pod":
            continue
        name = item["metadata"]["name"]
        await kube.delete_object("v1", "Pod", namespace, name)
        failed = item["spec"]["containers"][0]["image"].endswith(":crash")
        pod = {**item, "metadata": {**item["metadata"], "namespace": namespace}}
        pod["status"] = {"phase": "Failed" if failed else "Succeeded"}
        await kube.create_object(pod, field_manager="helm")
        if failed:
            message = f"testing release {release} in namespace {namespace} failed: pod {name} failed"
            raise HelmFailedError(message, hint=f"Look at it: `kubectl -n {namespace} describe pod {name}`.")
