"""What stands in the way of a version, or was left by hand, on real controllers: broken pods, kubectl's fields."""

from __future__ import annotations

from pathlib import Path

from sandbox.cluster import Sandbox
from tests.builders.benches import Bench
from tests.builders.platforms import Service


def test_a_corrected_version_gets_past_broken_ordered_pods_and_takes_away_what_was_set_by_hand(
    sandbox: Sandbox, namespace: str, tmp_path: Path
) -> None:
    bench = Bench(sandbox, tmp_path / "dist", namespace)
    for version, tag in (("1.0.0", "1"), ("1.1.0", "missing-2"), ("1.2.0", "3")):
        bench.publish(
            version,
            Service("store", namespace, kind="StatefulSet", replicas=2, tag=tag),
            Service("gateway", namespace, tag=tag.removeprefix("missing-")),
        )
    bench.relman("upgrade", namespace, "--to", "1.0.0")
    bench.kubectl("set", "env", "deployment/gateway", "DEBUG=1")
    bench.relman("upgrade", f"{namespace}/store", "--to", "1.1.0", "--on-failure", "keep", code=8)
    done = bench.relman("upgrade", namespace, "--to", "1.2.0", "-o", "json")
    left = {one["service"]: one["leftovers"] for one in done.data["services"]}
    assert left["store"] == ["Pod/store-1 was deleted: its StatefulSet waited for it in vain"]
    assert left["gateway"] == [
        "Deployment/gateway: spec.template.spec.containers[main].env[DEBUG], set by kubectl-set, was removed"
    ]
    names = bench.kubectl("get", "deployment/gateway", "-o", "jsonpath={.spec.template.spec.containers[0].env[*].name}")
    assert names == "LEVEL DB_PASSWORD"
    assert bench.kubectl("get", "statefulset", "store", "-o", "jsonpath={.status.readyReplicas}") == "2"
    assert bench.relman("upgrade", namespace, "--to", "1.2.0", "-o", "json").data["outcome"] == "nothing"
