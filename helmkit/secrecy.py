"""Secrets in Kubernetes objects: compared as they are, never shown. Pure.

Hidden are all values of a Secret, texts under a key that is named like a secret, environment variables of such a name,
and what follows an option of such a name; inside other texts the user and password of URLs, assignments to such names
and private keys. Not even a digest is shown: it would help guessing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "(hidden)"
MASK = "***"

_SECRET_NAME = re.compile(
    r"passw|passphrase|(?:^|[-_.])pass$|[-_.]pwd$|secret|token|credential|(?:api|access|private|encrypt)[-_.]?key",
    re.IGNORECASE,
)
_NAMES_ONLY = ("Name", "Ref", "Class")
"""`secretName` and `secretKeyRef` name a secret and hold none."""
_KEYS = r"(?:pass(?:word|wd|phrase)?|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|credentials?)"
_VALUE = r"""\$\([^)\n]*\) | \$\{[^}\n]*\} | "[^"\n]*"? | '[^'\n]*'? | [^\s,;&"'}\])]+"""
_ASSIGNED = re.compile(rf"""(?ix) ( \b [\w.-]{{0,60}} {_KEYS} ["']? \s* [=:] \s* ) ( {_VALUE} )""")
_REFERENCE = re.compile(r"\$[({][^)}]*[)}]")
_OPTION = re.compile(rf"(?i)--?[\w.-]*{_KEYS}")
_USERINFO = re.compile(r"(://)([^/\s@\"']+)@")
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)


class Hidden:
    """A value that compares as itself and never shows itself."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden) and bool(other._value == self._value)

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return HIDDEN


def mask_object(item: Any) -> Any:
    """Return an object, or a part of one, in which every value that is named like a secret hides itself."""
    if isinstance(item, Mapping) and item.get("kind") == "Secret":
        hidden = {part: {k: Hidden(v) for k, v in (item.get(part) or {}).items()} for part in ("data", "stringData")}
        return {**item, **{part: content for part, content in hidden.items() if content}}
    return _mask(item)


def mask_text(text: str) -> str:
    """Return `text` without the secrets in it; what refers to another variable stays.

    >>> mask_text("jdbc:mysql://app:pw@db/elk?password=x1&user=app")
    'jdbc:mysql://***@db/elk?password=***&user=app'
    >>> mask_text("--password=$(DB_PASSWORD)")
    '--password=$(DB_PASSWORD)'
    """
    text = _PEM.sub(rf"-----BEGIN \1----- {MASK}", text)
    text = _USERINFO.sub(_userinfo, text)
    return _ASSIGNED.sub(_assigned, text)


def _userinfo(match: re.Match[str]) -> str:
    return match[0] if _REFERENCE.fullmatch(match[2].rpartition(":")[2]) else f"{match[1]}{MASK}@"


def _assigned(match: re.Match[str]) -> str:
    # A reference says where the secret is kept, which is what readers want to know.
    kept = _REFERENCE.match(match[2].strip("\"'")) is not None or match[2] == HIDDEN
    return match[0] if kept else f"{match[1]}{MASK}"


def _mask(value: Any) -> Any:
    if isinstance(value, Mapping):
        name = value.get("name")
        if isinstance(name, str) and isinstance(value.get("value"), str) and _is_secret(name, value["value"]):
            return {**value, "value": Hidden(value["value"])}
        return {key: _mask_entry(str(key), entry) for key, entry in value.items()}
    return _mask_list(value) if isinstance(value, list) else value


def _mask_entry(key: str, value: Any) -> Any:
    if isinstance(value, str) and not key.endswith(_NAMES_ONLY) and _is_secret(key, value):
        return Hidden(value)
    return _mask(value)


def _mask_list(values: list[Any]) -> list[Any]:
    """Hide also the word that follows an option such as `--password`."""
    masked = []
    for number, value in enumerate(values):
        before = values[number - 1] if number else None
        after_option = isinstance(before, str) and _OPTION.fullmatch(before) is not None
        masked.append(Hidden(value) if after_option and isinstance(value, str) else _mask(value))
    return masked


def _is_secret(name: str, text: str) -> bool:
    return _SECRET_NAME.search(name) is not None and not _REFERENCE.fullmatch(text)
