"""Which services of which environment are meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chartgen.manifest.keypath import did_you_mean
from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedPlatform
from chartgen.workspace import choose_environment
from helmkit.errors import UsageError


@dataclass(frozen=True)
class Selection:
    """Some services of one environment."""

    platform: ResolvedPlatform
    environment: ResolvedEnvironment
    keys: tuple[str, ...]
    """Sorted."""


def select_services(
    platform: ResolvedPlatform, environment: str | None, namespace: str | None, services: Sequence[str]
) -> Selection:
    """Return the services meant.

    Args:
        platform: The platform.
        environment: Its name; the default environment when None.
        namespace: Only services that live there.
        services: Keys; all when empty.

    Raises:
        UsageError: There is no such environment, namespace or service.
    """
    found = choose_environment(platform, environment or platform.default_environment)
    for key in services:
        _check("service", key, found.services, found.name)
    if namespace is not None:
        _check("namespace", namespace, found.namespaces, found.name)
    wanted = sorted(set(services) or found.services)
    return Selection(
        platform, found, tuple(key for key in wanted if namespace in (None, found.services[key].namespace))
    )


def _check(kind: str, name: str, known: Iterable[str], environment: str) -> None:
    names = sorted(known)
    if name not in names:
        message = f"there is no {kind} called {name!r} in the environment {environment}"
        raise UsageError(message, hint=did_you_mean(name, names, f"There are: {', '.join(names)}."))
