"""Kubernetes quantities as exact numbers, and what a pod asks for in them (core, pure)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

Amounts = Mapping[str, Decimal]
"""By resource: `cpu`, `memory`, …; `pods` counts pods."""

_QUANTITY = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(m|u|n|[kMGTPE]|[KMGTPE]i)?")
_FACTORS = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1), "k": Decimal(1000),
    **{unit: Decimal(1000) ** (power + 2) for power, unit in enumerate("MGTPE")},
    **{f"{unit}i": Decimal(1024) ** (power + 1) for power, unit in enumerate("KMGTPE")},
}  # fmt: skip


def parse_quantity(text: Any) -> Decimal:
    """Return a quantity as a number; 0 when it is none, as the API server has the last word on that.

    >>> parse_quantity("500m"), parse_quantity("1Gi"), parse_quantity(2)
    (Decimal('0.500'), Decimal('1073741824'), Decimal('2'))
    """
    found = _QUANTITY.fullmatch(str(text).strip())
    if found is None or found[1].count(".") > 1 or not any(map(str.isdecimal, found[1])):
        return Decimal(0)
    return Decimal(found[1]) * _FACTORS[found[2] or ""]


def format_amount(resource: str, amount: Decimal) -> str:
    """Return an amount as people write it.

    >>> format_amount("memory", Decimal(1610612736)), format_amount("cpu", Decimal("0.5"))
    ('1536Mi', '500m')
    """
    if resource.endswith(("memory", "storage")):
        for unit in ("Gi", "Mi", "Ki"):
            if amount and amount % _FACTORS[unit] == 0:
                return f"{int(amount / _FACTORS[unit])}{unit}"
        return f"{amount / _FACTORS['Mi']:.0f}Mi"
    return f"{int(amount)}" if amount == int(amount) else f"{int(amount * 1000)}m"


def format_amounts(amounts: Amounts) -> str:
    """Return amounts on one line: `cpu 500m, memory 1Gi`."""
    return ", ".join(f"{name} {format_amount(name, amounts[name])}" for name in sorted(amounts) if name != "pods")


def parse_amounts(raw: Mapping[str, Any] | None) -> dict[str, Decimal]:
    """Return quantities by resource."""
    return {str(name): parse_quantity(text) for name, text in (raw or {}).items()}


def add(parts: Iterable[Amounts]) -> dict[str, Decimal]:
    """Return the sum of amounts."""
    total: Counter[str] = Counter()
    for part in parts:
        for name, amount in part.items():
            total[name] += amount  # type: ignore[assignment]
    return {name: Decimal(amount) for name, amount in total.items()}


def pod_amounts(spec: Mapping[str, Any], field: str) -> dict[str, Decimal]:
    """Return what one pod asks for, as the scheduler and quotas count it, with `pods` 1.

    Args:
        spec: The pod's spec.
        field: `requests` or `limits`. A request that is not stated is the limit.
    """
    inits = spec.get("initContainers") or ()
    sidecars = [one for one in inits if one.get("restartPolicy") == "Always"]
    running = add(_of_container(one, field) for one in (*(spec.get("containers") or ()), *sidecars))
    starting = [_of_container(one, field) for one in inits if one.get("restartPolicy") != "Always"]
    names = {*running, *(name for one in starting for name in one)}
    peak = {name: max([running.get(name, Decimal(0)), *(s.get(name, Decimal(0)) for s in starting)]) for name in names}
    return {**add([peak, parse_amounts(spec.get("overhead"))]), "pods": Decimal(1)}


def _of_container(container: Mapping[str, Any], field: str) -> dict[str, Decimal]:
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    stated = resources.get("requests") or {}
    return parse_amounts({**limits, **stated} if field == "requests" else limits)
