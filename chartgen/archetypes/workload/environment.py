"""Environment variables as chart values, and the order in which they must stand in the pod.

Helm walks a map in key order, Kubernetes expands `$(NAME)` only for what stands before. The charts therefore write
references first, then the texts named in `envOrder`, then the rest by name. `envOrder` exists only where one text
uses another, so that most values stay a plain map which `--set env.NAME=…` may change.
"""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.archetypes.archetype import Values
from chartgen.manifest.env_order import ordered, uses
from chartgen.manifest.resolved import OwnPeers, OwnReplicas, ResolvedEnvValue
from chartgen.vocabulary.env import (
    ConfigMapReference,
    EnvFrom,
    EnvFromSecret,
    FieldReference,
    SecretReference,
)


def build_env(env: Mapping[str, ResolvedEnvValue], time_zone: str | None = None) -> Values:
    """Return `env`, and `envOrder` if needed, as chart values.

    Args:
        env: In the order in which the variables must stand in the pod.
        time_zone: Becomes TZ unless `env` says it (T116).
    """
    if time_zone is not None:
        env = ordered({"TZ": time_zone, **env})
    values = {name: _env_value(value) for name, value in env.items()}
    order = _order_of_use(env)
    return {"env": dict(sorted(values.items())), **({"envOrder": order} if order else {})}


def build_env_from(sources: EnvFrom) -> Values:
    """Return `envFrom` entries by their keys."""
    return {
        key: {
            **({"prefix": source.prefix} if source.prefix else {}),
            "secretRef" if isinstance(source, EnvFromSecret) else "configMapRef": _target(source),
        }
        for key, source in sorted(sources.items())
    }


def _target(source: object) -> Values:
    name = getattr(source, "secret", None) or getattr(source, "configmap", None)
    return {"name": name, **({"optional": True} if getattr(source, "optional", False) else {})}


def _env_value(value: ResolvedEnvValue) -> str | Values:
    match value:
        case str():
            return value
        case FieldReference():
            return {"fieldRef": {"fieldPath": value.field}}
        case SecretReference():
            return {"secretKeyRef": {**_target(value), "key": value.key}}
        case ConfigMapReference():
            return {"configMapKeyRef": {**_target(value), "key": value.key}}
        case OwnPeers():
            own = {"port": value.port, "format": value.format, "join": value.join, "host": value.host_form}
            return {"ownPeers": own}
        case OwnReplicas():
            return {"ownReplicas": True}


def _order_of_use(env: Mapping[str, ResolvedEnvValue]) -> list[str]:
    used = {name for value in env.values() for name in uses(_text_of(value))}
    # What Kubernetes takes from elsewhere stands before all texts anyway.
    return [name for name, value in env.items() if name in used and isinstance(value, str | OwnPeers | OwnReplicas)]


def _text_of(value: ResolvedEnvValue) -> str:
    if isinstance(value, OwnPeers):
        return f"{value.format} {value.join}"
    return value if isinstance(value, str) else ""
