"""The order of environment variables in a pod: Kubernetes expands `$(NAME)` only from what stands before (T153)."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping

from chartgen.manifest.resolved import OwnPeers, ResolvedEnvValue

_EXPANSION = re.compile(r"\$(?:\$|\(([^)]*)\))")
"""As the kubelet reads it: `$$` is an escaped dollar sign, so `$$(NAME)` is no use of NAME."""


def uses(text: str) -> Iterator[str]:
    """Yield the names that `text` uses as `$(NAME)`, in order, escaped ones left out.

    >>> list(uses("http://$(USER):$(PASS)@x/$$(NOT_THIS)"))
    ['USER', 'PASS']
    """
    for match in _EXPANSION.finditer(text):
        if match[1] is not None:
            yield match[1]


def _text_of(value: object) -> str:
    if isinstance(value, OwnPeers):
        return f"{value.format} {value.join}"
    return value if isinstance(value, str) else ""


def ordered(env: Mapping[str, ResolvedEnvValue]) -> dict[str, ResolvedEnvValue]:
    """Return variables as they must stand in the pod.

    References come first, by name; then texts, each after those it uses, ties by name. A list of own peers whose
    format uses other variables counts as text. What takes part in a cycle comes last, by name.
    """
    if not any("$(" in _text_of(value) for value in env.values()):
        return dict(sorted(env.items(), key=lambda item: (_rank(item[1], set()), item[0])))
    needs = {name: {used for used in uses(_text_of(value)) if used in env} for name, value in env.items()}
    users: dict[str, list[str]] = {}
    for name, used in needs.items():
        for other in used:
            users.setdefault(other, []).append(name)
    waiting = {name: len(used) for name, used in needs.items()}
    ready = [(_rank(env[name], needs[name]), name) for name, count in waiting.items() if not count]
    heapq.heapify(ready)
    result: dict[str, ResolvedEnvValue] = {}
    while ready:
        _, name = heapq.heappop(ready)
        result[name] = env[name]
        for user in users.get(name, ()):
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, (_rank(env[user], needs[user]), user))
    return result | {name: env[name] for name in sorted(env) if name not in result}


def _rank(value: ResolvedEnvValue, used: set[str]) -> int:
    return 1 if isinstance(value, str) or used else 0
