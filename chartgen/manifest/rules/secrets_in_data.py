"""Secrets in clear text inside Kubernetes objects and values of charts (T152). Found are places, never shown values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chartgen.manifest.rules.secrets import find_secret, is_secret

# Keys that say where a secret is kept: existingSecret, passwordSecretKey, secretName, tokenRef.
_REFERS = re.compile(r"(?i)existing|secret_?(?:key_?)?(?:name|ref|key)|(?:name|ref|key|class|enabled|policy)s?$")
Path = tuple[str | int, ...]


def find_literal_secrets(found: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the path of every secret in clear text below `found`, and what kind it is.

    Values of Secrets count as secrets whatever they are called; elsewhere the name decides, or the text's own form.
    """
    if isinstance(found, Mapping):
        if found.get("kind") == "Secret" and "apiVersion" in found:
            yield from _in_secret(found, path)
            return
        name = found.get("name")
        if isinstance(name, str) and isinstance(found.get("value"), str) and is_secret(name, found["value"]):
            yield (*path, "value"), f"{name} looks like a secret in clear text"
            return
        for key, value in found.items():
            yield from _in_entry(str(key), value, (*path, str(key)))
    elif isinstance(found, list):
        for number, entry in enumerate(found):
            yield from find_literal_secrets(entry, (*path, number))
    elif isinstance(found, str):
        kind = find_secret(found)
        if kind:
            yield path, kind


def _in_secret(found: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    for part in ("data", "stringData"):
        for key, value in (found.get(part) or {}).items():
            if value not in ("", None):
                yield (*path, part, str(key)), "a Secret holds its value in clear text"


def _in_entry(key: str, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str) and not _REFERS.search(key) and is_secret(key, value):
        yield path, "looks like a secret in clear text"
    else:
        yield from find_literal_secrets(value, path)
