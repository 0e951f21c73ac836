"""What a name on the command line means: a namespace, or a service in one (pure).

gateway                    a namespace or a service, whichever exists; an error when both do
test-basic-gateway/        the namespace
test-basic-gateway/nginx   the service of that name (or key) in that namespace
nginx -n NAMESPACE         the same
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from helmkit.errors import UsageError


@dataclass(frozen=True, order=True)
class ServiceName:
    """A service as people may name it."""

    namespace: str
    key: str
    release: str


@dataclass(frozen=True)
class Scope:
    """What a command works on."""

    namespaces: tuple[str, ...]
    """Sorted, never empty."""
    services: frozenset[str] | None = None
    """Service keys; None means everything in the namespaces."""
    platform_wide: bool = False
    """Everything the platform has was asked for (`--all`)."""

    @property
    def whole(self) -> bool:
        """Whether whole namespaces are meant."""
        return self.services is None

    def covers(self, namespace: str, key: str) -> bool:
        """Tell whether a service is meant."""
        return namespace in self.namespaces and (self.services is None or key in self.services)


def resolve_scope(
    name: str | None, *, namespace: str | None, everything: bool, services: Iterable[ServiceName]
) -> Scope:
    """Find out what is meant.

    Args:
        name: As typed: NAMESPACE, SERVICE, NAMESPACE/ or NAMESPACE/SERVICE.
        namespace: The --namespace option.
        everything: The --all option.
        services: All services there are; a namespace without services is not known.

    Raises:
        UsageError: Nothing, something unknown, or something ambiguous is named. It says how to be exact.
    """
    known = sorted(services)
    namespaces = tuple(sorted({service.namespace for service in known}))
    if everything:
        if name or namespace:
            msg = "--all means every namespace, so no name can stand beside it"
            raise UsageError(msg, hint="Leave one of them out.")
        if not namespaces:
            msg = "the platform has no services in this environment"
            raise UsageError(msg)
        return Scope(namespaces, platform_wide=True)
    head, slash, tail = (name or "").partition("/")
    if slash and namespace and head != namespace:
        msg = f"{name} and --namespace {namespace} name two namespaces"
        raise UsageError(msg, hint="Leave one of them out.")
    if slash:
        return _exact(head, tail, known, namespaces)
    if namespace:
        return _exact(namespace, head, known, namespaces)
    if not head:
        msg = "nothing is named"
        raise UsageError(msg, hint="Name a namespace or a service, or say --all.")
    return _either(head, known, namespaces)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` for the known name most like `name`, or nothing."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {match[0]}?" if match else ""


def _exact(namespace: str, name: str, known: list[ServiceName], namespaces: tuple[str, ...]) -> Scope:
    if namespace not in namespaces:
        message = f"there is no namespace {namespace!r} in this platform{nearest(namespace, namespaces)}"
        raise UsageError(message, hint=f"It has: {', '.join(namespaces) or 'none'}.")
    if not name:
        return Scope((namespace,))
    inside = [service for service in known if service.namespace == namespace]
    return _one_service(name, inside, f" in namespace {namespace}")


def _either(name: str, known: list[ServiceName], namespaces: tuple[str, ...]) -> Scope:
    is_service = any(name in (service.key, service.release) for service in known)
    if name in namespaces and is_service:
        message = f"{name} is both a namespace and a service"
        where = sorted({s.namespace for s in known if name in (s.key, s.release)})
        raise UsageError(message, hint=f"Say {name}/ for the namespace, or {where[0]}/{name} for the service.")
    if name in namespaces:
        return Scope((name,))
    return _one_service(name, known, "")


def _one_service(name: str, known: list[ServiceName], where: str) -> Scope:
    # A key is unique in the platform and wins over a release name, which may occur in several namespaces.
    found = [s for s in known if s.key == name] or [s for s in known if s.release == name]
    if not found:
        names = {s.release for s in known} | {s.key for s in known} | {s.namespace for s in known}
        message = f"there is no namespace or service {name!r}{where}{nearest(name, names)}"
        raise UsageError(message, hint="`relman status` lists what is installed, bom.json what a version has.")
    if len(found) > 1:
        places = ", ".join(f"{service.namespace}/{service.release}" for service in found)
        msg = f"{name} is the name of {len(found)} services{where}"
        raise UsageError(msg, hint=f"Say which: {places}.")
    return Scope((found[0].namespace,), frozenset({found[0].key}))
