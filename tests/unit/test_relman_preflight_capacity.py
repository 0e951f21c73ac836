"""Room for a rollout: what must fail is refused, what may fail is a warning."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from relman.core.preflight import decide_report
from relman.core.preflight.facts import Facts, Moved, Node, Quota
from relman.core.preflight.quantity import format_amount, parse_quantity, pod_amounts

KEY = ("Deployment", "shop", "web")


def web(replicas: int | None = 3, memory: str = "1Gi", tag: str = "2", **more: Any) -> dict[str, Any]:
    """A Deployment as the server would keep it: one surge pod, none of the old ones may go before."""
    pod: dict[str, Any] = {
        "containers": [{"name": "m", "image": f"i:{tag}", "resources": {"requests": {"memory": memory}}}],
        **more.pop("pod", {}),
    }
    rolling = {"maxSurge": more.pop("surge", 1), "maxUnavailable": more.pop("unavailable", 0)}
    spec = {
        "replicas": replicas,
        "strategy": {"type": more.pop("strategy", "RollingUpdate"), "rollingUpdate": rolling},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": spec,
    }


def facts(new: dict[str, Any], live: dict[str, Any] | None, **more: Any) -> Facts:
    moved = Moved("web", "shop", "web", "upgrade", (new,))
    return Facts(moved=(moved,), live={KEY: live}, admitted={KEY: new}, **more)


def quota(hard: str, used: str) -> tuple[Quota, ...]:
    return (Quota("shop", "q", {"requests.memory": hard}, {"requests.memory": used}),)


def node(memory: str, used: str = "0", **labels: str) -> Node:
    return Node("n", "linux/amd64", labels, {"memory": memory, "pods": "110"}, {"memory": used})


def found(given: Facts) -> list[tuple[str, str]]:
    return [(one.severity, one.message) for one in decide_report(given, frozenset({"capacity"})).findings]


@pytest.mark.parametrize(
    ("new", "live", "hard", "used", "severity"),
    [
        (web(), None, "3Gi", "0", None),
        (web(), None, "2Gi", "0", "refuse"),
        (web(), None, "3Gi", "1Gi", "refuse"),
        (web(), web(tag="1"), "4Gi", "3Gi", None),
        (web(), web(tag="1"), "3Gi", "3Gi", "refuse"),
        (web(), web(tag="2"), "3Gi", "3Gi", None),
        (web(unavailable=1), web(tag="1"), "3Gi", "3Gi", "warn"),
        (web(surge=0, unavailable=1), web(tag="1"), "3Gi", "3Gi", None),
        (web(strategy="Recreate"), web(tag="1"), "3Gi", "3Gi", None),
        (web(memory="512Mi"), web(tag="1"), "3Gi", "3Gi", "refuse"),
        (web(replicas=None), web(tag="1", replicas=3), "4Gi", "3Gi", None),
    ],
    ids=["fits", "too-much", "others", "surge-fits", "no-room-to-begin", "no-restart", "may-replace", "replaces",
         "recreates", "shrinks-but-cannot-begin", "autoscaled"],
)  # fmt: skip
def test_quotas_are_arithmetic(new: Any, live: Any, hard: str, used: str, severity: str | None) -> None:
    got = found(facts(new, live, quotas=quota(hard, used)))
    assert [one for one, _ in got] == ([severity] if severity else [])


def test_a_quota_that_is_not_touched_says_nothing() -> None:
    other = (Quota("shop", "q", {"requests.cpu": "0", "persistentvolumeclaims": "0"}, {}),)
    assert found(facts(web(), None, quotas=other)) == []


def test_what_a_limit_range_adds_counts() -> None:
    bare = web()
    bare["spec"]["template"]["spec"]["containers"][0].pop("resources")
    given = {"spec": web(memory="2Gi")["spec"]["template"]["spec"]}
    [(severity, message)] = found(facts(bare, None, quotas=quota("5Gi", "0"), pods={KEY: given}))
    assert severity == "refuse"
    assert message == "quota q of namespace shop allows requests.memory 5Gi; it would need 6Gi"


@pytest.mark.parametrize(
    ("new", "live", "nodes", "words"),
    [
        (web(), None, (node("3Gi"),), None),
        (web(), None, (node("4Gi", "2Gi"),), "no node has room for 1 of the 3 more pods"),
        (web(), web(tag="1"), (node("4Gi", "3Gi"),), None),
        (
            web(),
            web(tag="1"),
            (node("3Gi", "3Gi"),),
            "1 of the 1 more pods of Deployment/web: each asks for memory 1Gi",
        ),
        (web(pod={"nodeSelector": {"disk": "ssd"}}), None, (node("9Gi"),), "no node has the labels"),
        (web(pod={"nodeSelector": {"disk": "ssd"}}), None, (node("9Gi", disk="ssd"),), None),
    ],
)
def test_nodes_only_warn(new: Any, live: Any, nodes: tuple[Node, ...], words: str | None) -> None:
    got = found(facts(new, live, nodes=nodes))
    assert [one for one, _ in got] == (["warn"] if words else [])
    assert all(words in message for _, message in got if words)


def test_required_spreading_needs_a_node_for_the_surge_pod() -> None:
    """T049."""
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}
    pod = {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
    nodes = tuple(node("64Gi") for _ in range(3))
    got = found(facts(web(pod=pod), web(tag="1", pod=pod), nodes=nodes))
    assert "needs 4 nodes, and there are 3" in got[0][1]
    assert found(facts(web(pod=pod, surge=0, unavailable=1), web(tag="1", pod=pod), nodes=nodes)) == []


def test_what_runs_is_not_guessed() -> None:
    given = Facts(moved=facts(web(), None).moved, quotas=quota("0", "0"))
    assert found(given) == []


def test_pods_ask_for_what_the_scheduler_counts() -> None:
    def container(memory: str, **more: Any) -> dict[str, Any]:
        return {"resources": {"requests": {"memory": memory}}, **more}

    spec = {
        "containers": [container("1Gi"), {"resources": {"limits": {"cpu": "500m"}}}],
        "initContainers": [container("4Gi"), container("1Gi", restartPolicy="Always")],
    }
    assert pod_amounts(spec, "requests") == {"memory": Decimal(4 * 2**30), "cpu": Decimal("0.5"), "pods": Decimal(1)}
    assert pod_amounts(spec, "limits") == {"cpu": Decimal("0.5"), "pods": Decimal(1)}


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("100m", "0.1"), ("1k", 1000), ("1Ki", 1024), ("1.5Gi", 1610612736), ("1e3", 1000), ("?", 0)],
)
def test_quantities_are_exact(text: str, number: Any) -> None:
    assert parse_quantity(text) == Decimal(number)


def test_amounts_are_written_as_people_do() -> None:
    assert format_amount("memory", Decimal(1536 * 2**20)) == "1536Mi"
    assert format_amount("cpu", Decimal(2)) == "2"
    assert format_amount("cpu", Decimal("0.25")) == "250m"
