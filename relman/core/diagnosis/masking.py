"""Cluster and log text made safe to show: no obvious secrets, no terminal control sequences (core, pure)."""

from __future__ import annotations

import re

MASK = "***"

_KEYS = r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|credentials?|auth)"
# The key may be the end of a longer name: spring.datasource.password, DB_PASSWORD, "client-secret".
_ASSIGNED = re.compile(
    rf"""(?ix) ( \b [\w.-]{{0,60}} {_KEYS} ["']? \s* [=:] \s* ) ( "[^"\n]*"? | '[^'\n]*'? | [^\s,;&"'}}\])]+ )"""
)
_FLAG = re.compile(rf"(?i)(--?[\w-]{{0,60}}{_KEYS}\s+)(?!-)(\S+)")
_SCHEME = re.compile(r"\b((?i:bearer|basic))\s+(?=\S*[A-Z0-9_=])[\w.~+/=-]{6,}")
_HEADER = re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(\s*[:=]\s*).*")
_USERINFO = re.compile(r"(://)[^/\s@\"']+@")
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")
_AWS = re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def safe_text(text: str) -> str:
    """Return `text` without obvious secrets, terminal escapes and control characters; newlines and tabs stay.

    Masked: values of password, secret, token and key settings in any `key=value` or `key: value` form, credentials in
    URLs, authorization headers, JSON web tokens, private keys. What merely names a Secret stays readable.

    >>> safe_text('jdbc:mysql://app:pw@db/elk?password=x1 secret "db" not found')
    'jdbc:mysql://***@db/elk?password=*** secret "db" not found'
    """
    text = _ANSI.sub("", text.replace("\r\n", "\n"))
    text = _CONTROL.sub("", text)
    text = _PEM.sub(rf"-----BEGIN \1----- {MASK}", text)
    text = _HEADER.sub(rf"\1\2{MASK}", text)
    text = _SCHEME.sub(rf"\1 {MASK}", text)
    text = _USERINFO.sub(rf"\1{MASK}@", text)
    text = _JWT.sub(MASK, text)
    text = _AWS.sub(MASK, text)
    text = _FLAG.sub(rf"\1{MASK}", text)
    return _ASSIGNED.sub(rf"\1{MASK}", text)
