"""Paths into a TOML file: tuples of keys and list indices, and the dotted form that people read and write."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import tomli

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def quote_key(key: str) -> str:
    """Return `key` as TOML writes it: bare where that is possible, else in double quotes."""
    if _BARE.fullmatch(key):
        return key
    escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def dotted(path: KeyPath) -> str:
    """Return a path as people write it.

    >>> dotted(("services", "gateway", "args", 0))
    'services.gateway.args[0]'
    >>> dotted(("node_selector", "kubernetes.io/os"))
    'node_selector."kubernetes.io/os"'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + quote_key(part)
    return text


def parse_dotted(text: str) -> tuple[str, ...]:
    """Return the keys of a dotted path, quoted as TOML quotes keys.

    >>> parse_dotted('ingress.web.annotations."nginx.ingress.kubernetes.io/rewrite-target"')
    ('ingress', 'web', 'annotations', 'nginx.ingress.kubernetes.io/rewrite-target')

    Raises:
        ValueError: It is not a dotted key.
    """
    try:
        found: Any = tomli.loads(f"{text} = 0")
    except (ValueError, RecursionError):
        found = None
    path: list[str] = []
    # Anything but one chain of single keys means that `text` was more than a key, a newline for example.
    while isinstance(found, dict) and len(found) == 1:
        ((key, found),) = found.items()
        path.append(key)
    if not path or found != 0:
        message = f"{text!r} is not a dotted key"
        raise ValueError(message)
    return tuple(path)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most like `word`, or None when none is alike; deterministic."""
    import difflib

    candidates = sorted(known)
    found = difflib.get_close_matches(word, candidates, n=1, cutoff=0.65)
    if found:
        return found[0]
    # difflib scores a short word inside a long one low: `mysql` for `mysql-outer`.
    parts = [c for c in candidates if len(word) > 2 and (c.startswith(word) or word.startswith(c))]
    return parts[0] if parts else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str | None:
    """Return a hint that names the nearest known word, or `otherwise` when there is none near."""
    near = nearest(word, known)
    return f'did you mean "{near}"?' if near else otherwise or None
