"""Check `capacity`: quotas and nodes have room for the height of the rollout (core, pure; T049, T050, T054, T055).

Quotas are arithmetic: what cannot fit even after everything that may go is gone is refused. Nodes come and go, so they
only warn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from relman.core.preflight.demand import Demand, demands_of
from relman.core.preflight.facts import Facts, Node, Quota
from relman.core.preflight.finding import CAPACITY, REFUSE, WARN, Finding, Severity
from relman.core.preflight.pods import runs_on
from relman.core.preflight.quantity import Amounts, add, format_amount, format_amounts, parse_amounts

_ZERO = Decimal(0)


def check_capacity(facts: Facts) -> Iterator[Finding]:
    """Yield quotas and nodes without room."""
    demands = list(demands_of(facts))
    for quota in facts.quotas:
        yield from _quota(quota, [one for one in demands if one.maker.namespace == quota.namespace])
    if facts.nodes is not None:
        yield from _nodes(demands, facts.nodes)
        for one in demands:
            yield from _spread(one, facts.nodes)


def _quota(quota: Quota, demands: Sequence[Demand]) -> Iterator[Finding]:
    hard, used = parse_amounts(quota.hard), parse_amounts(quota.used)
    before = add(_times(one.old, one.now) for one in demands)
    after = add(_times(one.charged, one.wanted) for one in demands)
    peak = add(_times(one.charged, one.surge) for one in demands)
    for name in sorted(hard):
        if not after.get(name):
            continue
        others = max(_ZERO, used.get(name, _ZERO) - before.get(name, _ZERO))
        final = others + after[name]
        leading = _no_lead(name, hard[name], used.get(name, _ZERO), demands)
        if final > hard[name]:
            yield _exceeded(quota, name, final, hard[name], "it would need", REFUSE, demands)
        elif leading:
            amount = used.get(name, _ZERO) + leading.charged.get(name, _ZERO)
            words = f"to begin the rollout of {_label(leading)} it would need"
            yield _exceeded(quota, name, amount, hard[name], words, REFUSE, [leading])
        elif max(final, used.get(name, _ZERO)) + peak.get(name, _ZERO) > hard[name]:
            amount = max(final, used.get(name, _ZERO)) + peak.get(name, _ZERO)
            yield _exceeded(quota, name, amount, hard[name], "at the height of the rollout it may need", WARN, demands)


def _no_lead(name: str, hard: Decimal, used: Decimal, demands: Sequence[Demand]) -> Demand | None:
    """Return a workload that needs one more pod to begin, and cannot get it whatever the others give back."""
    for one in demands:
        freed = add(_shrinks(other) for other in demands if other is not one)
        if one.lead and used - freed.get(name, _ZERO) + one.charged.get(name, _ZERO) > hard:
            return one
    return None


def _shrinks(demand: Demand) -> Amounts:
    # While it rolls, all of its pods may be gone for a moment at most.
    return _times(demand.old, demand.now)


def _nodes(demands: Sequence[Demand], nodes: tuple[Node, ...]) -> Iterator[Finding]:
    free = {node.name: _free(node) for node in nodes}
    # The largest pods first: they are the hardest to place.
    for one in sorted(demands, key=lambda d: d.requests.get("memory", _ZERO), reverse=True):
        allowed = [node.name for node in nodes if runs_on(one.maker.spec, node.labels)]
        if one.extra and not allowed:
            message = f"no node has the labels that the pods of {_label(one)} ask for (nodeSelector)"
            yield _finding(one, WARN, message, "Label a node, or correct the service's placement.")
            continue
        lacking = sum(not _place(one.requests, allowed, free) for _ in range(one.extra))
        if lacking:
            yield _no_room(one, lacking, [free[name] for name in allowed])


def _place(requests: Amounts, allowed: Sequence[str], free: dict[str, dict[str, Decimal]]) -> bool:
    fitting = [name for name in allowed if all(free[name].get(r, _ZERO) >= a for r, a in requests.items() if a)]
    if not fitting:
        return False
    best = max(fitting, key=lambda name: free[name].get("memory", _ZERO))
    free[best] = add([free[best], _times(requests, -1)])
    return True


def _free(node: Node) -> dict[str, Decimal]:
    return add([parse_amounts(node.allocatable), _times(parse_amounts(node.used), -1)])


def _no_room(one: Demand, lacking: int, free: Iterable[Mapping[str, Decimal]]) -> Finding:
    rooms = list(free)
    best = {name: max(room.get(name, _ZERO) for room in rooms) for name in one.requests if name != "pods"}
    asked = format_amounts(one.requests)
    message = (
        f"no node has room for {lacking} of the {one.extra} more pods of {_label(one)}: each asks for {asked}; "
        f"the most that is free on a node is {format_amounts(best)}"
    )
    remedy = "Add nodes, lower its resources, or let the rollout replace pods instead of adding one (max_surge = 0)."
    return _finding(one, WARN, message, remedy)


def _spread(one: Demand, nodes: tuple[Node, ...]) -> Iterator[Finding]:
    """T049: with required spreading, a surge pod needs a node of its own."""
    if not _one_per_node(one):
        return
    allowed = sum(runs_on(one.maker.spec, node.labels) for node in nodes)
    needed = one.wanted + (1 if one.lead else 0)
    if needed > allowed:
        message = f"{_label(one)} wants each pod on a node of its own: it needs {needed} nodes, and there are {allowed}"
        yield _finding(one, WARN, message, "Make the spreading preferred, or replace pods one by one (max_surge = 0).")


def _one_per_node(one: Demand) -> bool:
    affinity = (one.maker.spec.get("affinity") or {}).get("podAntiAffinity") or {}
    labels = (one.maker.template.get("metadata") or {}).get("labels") or {}
    for term in affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ():
        wanted = (term.get("labelSelector") or {}).get("matchLabels") or {}
        if term.get("topologyKey") == "kubernetes.io/hostname" and wanted and wanted.items() <= labels.items():
            return True
    return False


def _exceeded(
    quota: Quota, name: str, amount: Decimal, hard: Decimal, words: str, severity: Severity, demands: Sequence[Demand]
) -> Finding:
    short = name.rpartition(".")[2]
    return Finding(
        check=CAPACITY,
        severity=severity,
        message=f"quota {quota.name} of namespace {quota.namespace} allows {name} {format_amount(short, hard)}; "
        f"{words} {format_amount(short, amount)}",
        remedy="Ask for a larger quota, or lower replicas, resources or the surge of the services.",
        namespace=quota.namespace,
        services=tuple(sorted({one.maker.service for one in demands})),
    )


def _times(amounts: Amounts, factor: int) -> dict[str, Decimal]:
    return {name: amount * factor for name, amount in amounts.items()}


def _label(one: Demand) -> str:
    return f"{one.maker.kind}/{one.maker.name}"


def _finding(one: Demand, severity: Severity, message: str, remedy: str) -> Finding:
    return Finding(
        check=CAPACITY, severity=severity, message=message, remedy=remedy, namespace=one.maker.namespace,
        services=(one.maker.service,),
    )  # fmt: skip
