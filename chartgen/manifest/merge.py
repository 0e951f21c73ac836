"""How tables are laid over each other: maps by key, scalars and lists replaced. Pure, inputs are never changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chartgen.manifest.keypath import KeyPath

Table = Mapping[str, Any]

_ENV_KINDS = frozenset({"field", "secret", "configmap", "peers", "endpoint", "replicas"})
_ACTIONS = frozenset({"path", "tcp", "exec", "grpc"})
_ANY = "*"
_CHOICES: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
    (("volumes", _ANY), frozenset({"nfs", "empty", "configmap", "secret", "host_path"})),
    (("probes", "startup"), _ACTIONS),
    (("probes", "liveness"), _ACTIONS),
    (("probes", "readiness"), _ACTIONS),
    (("probes",), _ACTIONS),
    (("ingress", _ANY), frozenset({"host", "any_host"})),
    (("routes", _ANY), frozenset({"host", "any_host"})),
    (("rbac", _ANY), frozenset({"resources", "urls"})),
    (("network", "from", _ANY), frozenset({"service", "namespace", "cidr"})),
    (("network", "to", _ANY), frozenset({"service", "namespace", "cidr"})),
    (("disruption",), frozenset({"max_unavailable", "min_available"})),
    ((), frozenset({"addresses", "dns_name"})),
    ((), frozenset({"replicas", "autoscaling"})),
    (("sidecars", _ANY, "probes"), _ACTIONS),
    (("sidecars", _ANY, "probes", "startup"), _ACTIONS),
    (("sidecars", _ANY, "probes", "liveness"), _ACTIONS),
    (("sidecars", _ANY, "probes", "readiness"), _ACTIONS),
    (("skywalking",), frozenset({"image", "path"})),
    (("autoscaling", _ANY, "policies", _ANY), frozenset({"pods", "percent"})),
)
"""Keys that exclude each other: who says one of them takes it from the others, without `unset`."""
_RIVALS = frozenset().union(*(rivals for _, rivals in _CHOICES))
_REFERENCES: tuple[tuple[str, ...], ...] = (
    *(("env", _ANY), ("env_from", _ANY), ("skywalking", "collector")),
    *(("init_containers", _ANY, "env", _ANY), ("init_containers", _ANY, "env_from", _ANY)),
    *(("sidecars", _ANY, "env", _ANY), ("sidecars", _ANY, "env_from", _ANY)),
)
"""Tables whose other keys belong to their kind: another kind replaces the whole."""


def _fits(path: KeyPath, pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(p in (_ANY, k) for k, p in zip(path, pattern, strict=True))


def _is_other_kind(path: KeyPath, base: Table, over: Table) -> bool:
    kinds = over.keys() & _ENV_KINDS
    return bool(kinds) and kinds.isdisjoint(base) and any(_fits(path, pattern) for pattern in _REFERENCES)


def _without_rivals(path: KeyPath, base: Table, over: Table) -> dict[str, Any]:
    if _RIVALS.isdisjoint(over):
        return dict(base)
    for pattern, rivals in _CHOICES:
        if not over.keys().isdisjoint(rivals) and _fits(path, pattern):
            return {key: value for key, value in base.items() if key not in rivals or key in over}
    return dict(base)


def merge(base: Table, over: Table, path: KeyPath = ()) -> dict[str, Any]:
    """Return `base` with `over` laid on it.

    Tables merge key by key, whatever their depth; everything else in `over` replaces what is in `base`. Two refinements
    make layers say only what differs: of keys that exclude each other (the sources of a volume, the actions of a probe,
    addresses and dns_name) the upper one wins, and an env reference of another kind replaces the lower one whole.

    Args:
        base: The weaker table of a service.
        over: The stronger one.
        path: Where both are inside the service; () for the service itself.
    """
    result = _without_rivals(path, base, over)
    for key, value in over.items():
        below = result.get(key)
        here = (*path, key)
        if isinstance(value, dict) and isinstance(below, dict) and not _is_other_kind(here, below, value):
            result[key] = merge(below, value, here)
        else:
            result[key] = value
    return result


def normalise(table: Table) -> Table:
    """Return a service's table with short forms written out, so that they merge: `ports.http = 8848`."""
    exposed = table.get("expose")
    if isinstance(exposed, dict):
        long = {name: _long_ports(one) if isinstance(one, dict) else one for name, one in exposed.items()}
        table = {**table, "expose": long}
    return _long_ports(table)


def _long_ports(table: Table) -> Table:
    ports = table.get("ports")
    if not isinstance(ports, dict):
        return table
    long = {
        name: {"port": port} if isinstance(port, int) and not isinstance(port, bool) else port
        for name, port in ports.items()
    }
    return {**table, "ports": long}


def without(table: Table, path: KeyPath) -> Table:
    """Return `table` without what is at `path`; the same table if nothing is there."""
    head, *rest = path
    if not isinstance(head, str) or head not in table:
        return table
    if not rest:
        return {key: value for key, value in table.items() if key != head}
    inner = table[head]
    if not isinstance(inner, dict):
        return table
    reduced = without(inner, tuple(rest))
    return table if reduced is inner else {**table, head: reduced}


def has(table: Any, path: KeyPath) -> bool:
    """Tell whether something is at `path`."""
    for part in path:
        in_list = isinstance(table, list) and isinstance(part, int) and part < len(table)
        if not in_list and not (isinstance(table, dict) and part in table):
            return False
        table = table[part]
    return True
