"""How many pods a workload needs at the height of its rollout, and what each asks for (core, pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import Any

from relman.core.preflight.facts import Facts, Object
from relman.core.preflight.pods import PodMaker, pod_makers
from relman.core.preflight.quantity import Amounts, add, pod_amounts


@dataclass(frozen=True)
class Demand:
    """One workload's need."""

    maker: PodMaker
    wanted: int
    """Pods once the rollout is through."""
    now: int
    """Pods it has today."""
    surge: int
    """Pods beyond the wanted ones that a rollout may add."""
    lead: bool
    """A rollout cannot begin without one more pod: none of the old ones may go before."""
    requests: Amounts
    limits: Amounts
    old: Amounts
    """What each pod of today asks for, by quota names."""

    @property
    def extra(self) -> int:
        """Pods beside those of today that are needed at once, at the height of the rollout."""
        return max(0, self.wanted - self.now) + self.surge

    @property
    def charged(self) -> Amounts:
        """What one new pod is charged, by quota names."""
        return _charged(self.requests, self.limits)


def demands_of(facts: Facts) -> Iterator[Demand]:
    """Yield the demand of each workload whose pods run for good, or once."""
    for maker in pod_makers(facts.moved):
        if maker.kind not in ("Deployment", "StatefulSet", "DaemonSet", "Job", "Pod", "ReplicaSet"):
            continue
        if maker.kind != "DaemonSet" and maker.key not in facts.live:
            # Without knowing what runs, every pod would count twice.
            continue
        yield _demand(facts, maker)


def _demand(facts: Facts, maker: PodMaker) -> Demand:
    live = facts.live.get(maker.key)
    admitted = facts.admitted.get(maker.key, maker.item)
    pod = (facts.pods.get(maker.key) or {}).get("spec") or maker.spec
    wanted, now = _replicas(maker, admitted, live)
    surge, lead = _surge(maker, admitted, wanted) if live and _restarts(admitted, live, facts, maker) else (0, False)
    requests, limits = pod_amounts(pod, "requests"), pod_amounts(pod, "limits")
    before = _template(live) if live else {}
    old = _charged(pod_amounts(before, "requests"), pod_amounts(before, "limits"))
    return Demand(maker, wanted, now, surge, lead, requests, limits, old)


def _replicas(maker: PodMaker, admitted: Object, live: Object | None) -> tuple[int, int]:
    spec, was = admitted.get("spec") or {}, (live or {}).get("spec") or {}
    if maker.kind in ("Pod", "DaemonSet"):
        # A DaemonSet has as many pods as there are nodes; they come and go with those.
        return (0, 0) if maker.kind == "DaemonSet" else (1, 1 if live else 0)
    field = "parallelism" if maker.kind == "Job" else "replicas"
    now = int(was.get(field, 1)) if live else 0
    # An autoscaler sets what is not stated.
    stated = spec.get(field)
    return (now or 1) if stated is None else int(stated), now


def _restarts(admitted: Object, live: Object, facts: Facts, maker: PodMaker) -> bool:
    if maker.key not in facts.admitted:
        return True
    return bool((admitted.get("spec") or {}).get("template") != (live.get("spec") or {}).get("template"))


def _surge(maker: PodMaker, admitted: Object, wanted: int) -> tuple[int, bool]:
    strategy = (admitted.get("spec") or {}).get("strategy") or {}
    if maker.kind != "Deployment" or strategy.get("type") == "Recreate" or not wanted:
        return 0, False
    rolling = strategy.get("rollingUpdate") or {}
    surge = _count(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = _count(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return surge, unavailable == 0 and surge > 0


def _count(value: Any, wanted: int, *, up: bool) -> int:
    text = str(value)
    if not text.endswith("%"):
        return int(text)
    share = Decimal(text[:-1]) * wanted / 100
    return ceil(share) if up else floor(share)


def _template(live: Object) -> Mapping[str, Any]:
    template = (live.get("spec") or {}).get("template") or {}
    return template.get("spec") or {}


def _charged(requests: Amounts, limits: Amounts) -> dict[str, Decimal]:
    named = {
        **requests,
        **{f"requests.{name}": amount for name, amount in requests.items()},
        **{f"limits.{name}": amount for name, amount in limits.items()},
    }
    return add([named, {"count/pods": Decimal(1)}])
