"""Acknowledged changes of immutable fields on a real API server with its real controllers: pods, claims, and back."""

from __future__ import annotations

import json
from pathlib import Path

from helmkit.bom import FieldChange, Migration
from sandbox.cluster import Sandbox
from tests.builders.benches import Bench
from tests.builders.platforms import Service

STS = "StatefulSet/zk"


def move(old: str, new: str) -> Migration:
    change = FieldChange("spec.serviceName", old, new)
    return Migration(f"1.2.0 {STS}", "orphan-delete-and-recreate", STS, (change,), "1.2.0", restart=True)


def growth(storage_class: str) -> Migration:
    texts = [f"data {size} ReadWriteOnce {storage_class}" for size in ("1Gi", "2Gi")]
    return Migration(f"1.1.0 {STS}", "claim-growth", STS, (FieldChange("spec.volumeClaimTemplates", *texts),), "1.1.0")


def pods(bench: Bench, field: str) -> dict[str, str]:
    """Return one field of each pod of the StatefulSet, by name."""
    found = json.loads(bench.kubectl("get", "pods", "-l", "app=zk", "-o", "json"))["items"]
    part, _, name = field.partition(".")
    return {one["metadata"]["name"]: one[part][name] for one in found}


def sizes(bench: Bench) -> list[str]:
    found = json.loads(bench.kubectl("get", "pvc", "-o", "json"))["items"]
    return [one["spec"]["resources"]["requests"]["storage"] for one in found]


def template_size(bench: Bench) -> str:
    path = "jsonpath={.spec.volumeClaimTemplates[0].spec.resources.requests.storage}"
    return bench.kubectl("get", "statefulset/zk", "-o", path)


def make_storage_class(bench: Bench, name: str, *, expands: bool) -> None:
    found = json.loads(bench.kubectl("get", "storageclass", "-o", "json"))["items"][0]
    item = {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
        "provisioner": found["provisioner"], "allowVolumeExpansion": expands,
    }  # fmt: skip
    path = bench.folder / "class.json"
    path.write_text(json.dumps(item))
    bench.kubectl("apply", "-f", str(path))


def test_claims_grow_under_running_pods_and_a_new_service_name_reaches_them(
    sandbox: Sandbox, namespace: str, tmp_path: Path
) -> None:
    bench = Bench(sandbox, tmp_path / "dist", namespace)

    def zk(version: str, size: str, headless: str, *migrations: Migration) -> None:
        bench.publish(
            version,
            Service(
                "zk", namespace, kind="StatefulSet", replicas=2, claim=size, storage_class=namespace,
                headless=headless, migrations=migrations,
            ),
        )  # fmt: skip

    zk("1.0.0", "1Gi", "zk")
    zk("1.1.0", "2Gi", "zk", growth(namespace))
    zk("1.2.0", "2Gi", "zk-hs", growth(namespace), move("zk", "zk-hs"))
    make_storage_class(bench, namespace, expands=False)
    bench.relman("upgrade", namespace, "--to", "1.0.0")
    first = pods(bench, "metadata.uid")
    refused = bench.relman("upgrade", namespace, "--to", "1.1.0", "--dry-run", code=9)
    assert f"claim data-zk-0 must grow to 2Gi, and its StorageClass {namespace} does not allow that" in refused.err

    make_storage_class(bench, namespace, expands=True)
    bench.relman("upgrade", namespace, "--to", "1.1.0")
    assert sizes(bench) == ["2Gi", "2Gi"]
    assert template_size(bench) == "2Gi"
    assert pods(bench, "metadata.uid") == first, "nothing restarted"
    assert len(first) == 2

    bench.relman("upgrade", namespace, "--to", "1.2.0")
    assert set(pods(bench, "spec.subdomain").values()) == {"zk-hs"}
    assert sizes(bench) == ["2Gi", "2Gi"]

    bench.relman("rollback", namespace, "--to", "1.0.0", "-m", "the new name is not known everywhere")
    assert set(pods(bench, "spec.subdomain").values()) == {"zk"}
    assert template_size(bench) == "1Gi"
    assert sizes(bench) == ["2Gi", "2Gi"], "claims never shrink"
    assert bench.relman("status", namespace, "-o", "json").data["sets"][0]["services"][0]["state"] == "in-sync"
