"""Faults to inject into the in-memory API server: append what these return to `MemoryKube.memory.hooks`."""

from __future__ import annotations

from collections.abc import Callable

from helmkit.kube.memory.server import Hook
from helmkit.kube.memory.writes import status
from helmkit.kube.transport import Answer, ConnectionFailedError, Request

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def verb_of(request: Request) -> str:
    """Return the request's verb as RBAC names it."""
    if request.method != "GET":
        return _VERBS[request.method]
    if "watch" in request.params:
        return "watch"
    segments = request.path.split("/")
    # …/<plural>/<name> is a get; a collection ends in its plural.
    after = segments[segments.index("namespaces") + 2 :] if "namespaces" in segments[:-2] else segments[-1:]
    return "get" if len(after) > 1 else "list"


def forbid(verb: str, plural: str, namespace: str | None = None, *, user: str = "memory-admin") -> Hook:
    """Take a right away: `forbid("list", "secrets")`, in one namespace or everywhere."""

    async def hook(request: Request) -> Answer | None:
        inside = namespace is None or f"/namespaces/{namespace}/" in request.path
        if verb_of(request) != verb or plural not in request.path.split("/") or not inside:
            return None
        where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
        said = f'{plural} is forbidden: User "{user}" cannot {verb} resource "{plural}" in API group ""{where}'
        return status(403, "Forbidden", said)

    return hook


def fail(times: int, answer: Answer | ConnectionFailedError, when: Callable[[Request], bool] | None = None) -> Hook:
    """Answer the next `times` requests (for which `when` holds) with `answer`, or break their connections."""
    left = times

    async def hook(request: Request) -> Answer | None:
        nonlocal left
        if left <= 0 or (when is not None and not when(request)):
            return None
        left -= 1
        if isinstance(answer, ConnectionFailedError):
            raise answer
        return answer

    return hook


def crash(before: int, error: BaseException) -> Hook:
    """Raise `error` instead of sending the writing request number `before` (from 1): this process dies there."""
    count = 0

    async def hook(request: Request) -> Answer | None:
        nonlocal count
        if request.method != "GET":
            count += 1
            if count == before:
                raise error
        return None

    return hook
