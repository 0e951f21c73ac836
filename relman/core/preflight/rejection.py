"""What the API server says when it does not accept an object, as a plain sentence (core, pure).

Values are never passed on: a rejected field's value may be a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from relman.core.diagnosis import safe_text

Kind = Literal[
    "immutable", "pod-security", "webhook", "webhook-silent", "quota", "quota-field", "node-port", "account", "schema",
    "other",
]  # fmt: skip

_LIMIT = 400
_QUOTA = re.compile(
    r"exceeded quota: (?P<name>[\w.-]+), requested: (?P<asked>.*?), used: (?P<used>.*?), limited: (?P<hard>.*)"
)
_QUOTA_FIELD = re.compile(r"failed quota: (?P<name>[\w.-]+): must specify (?P<fields>.*)")
_POD_SECURITY = re.compile(r"violates PodSecurity \"(?P<level>[a-z]+)[^\"]*\": (?P<why>.*)")
_DENIED = re.compile(r"admission webhook \"(?P<name>[^\"]+)\" denied the request(?:: (?P<why>.*))?")
_POLICY = re.compile(r"ValidatingAdmissionPolicy '(?P<name>[^']+)'.* denied request: (?P<why>.*)")
_SILENT = re.compile(r"failed calling webhook \"(?P<name>[^\"]+)\"")
_ACCOUNT = re.compile(r"error looking up service account|serviceaccount \"[^\"]+\" not found")
_TYPED = re.compile(r"failed to create typed patch object \([^)]*\): (?P<why>.*)")
_SET_FIELDS = re.compile(r"updates to (\w+) spec for fields other than")
_NOT_FOUND = re.compile(r"no \w+ with name (?P<bare>[\w.-]+) was found|\"(?P<quoted>[^\"]+)\" not found")
_PATH = r"[A-Za-z][\w.\[\]\"/*-]*"
_WORD = "Invalid value|Required value|Unsupported value|Duplicate value|Forbidden|Too long|Too many|Not found"
_VALUE_FIRST = ("Invalid value", "Unsupported value")
_VALUE_ONLY = ("Duplicate value", "Not found")
_FIELD = re.compile(rf"(?P<path>{_PATH}): (?P<word>{_WORD})(?P<rest>.*?)(?=, {_PATH}: (?:{_WORD})|\]?$)")


@dataclass(frozen=True)
class Rejection:
    """Why the API server does not accept an object."""

    kind: Kind
    text: str
    """A sentence for people."""
    missing: str = ""
    """The name of what it says is not there."""


def explain_rejection(said: str) -> Rejection:
    """Return why an object was rejected.

    >>> explain_rejection('Deployment.apps "d" is invalid: spec.selector: Invalid value: {"a":"b"}: field is immutable')
    Rejection(kind='immutable', text='spec.selector', missing='')
    """
    text = " ".join(safe_text(said).split())
    for explain in (_of_quota, _of_admission, _of_schema, _of_fields):
        found = explain(text)
        if found is not None:
            return found
    missing = _NOT_FOUND.search(text)
    name = (missing["bare"] or missing["quoted"]) if missing else ""
    _, forbidden, why = text.partition("is forbidden: ")
    return Rejection("other", _cut(why if forbidden else text), name)


def _of_quota(text: str) -> Rejection | None:
    found = _QUOTA.search(text)
    if found:
        words = (
            f"quota {found['name']} has no room: asked for {found['asked']}, used {found['used']} of {found['hard']}"
        )
        return Rejection("quota", _cut(words))
    found = _QUOTA_FIELD.search(text)
    if found:
        return Rejection("quota-field", _cut(f"quota {found['name']} demands {found['fields']}"))
    return None


def _of_admission(text: str) -> Rejection | None:
    found = _POD_SECURITY.search(text)
    if found:
        words = f"the namespace's Pod Security level {found['level']} does not allow them: {found['why']}"
        return Rejection("pod-security", _cut(words))
    found = _DENIED.search(text) or _POLICY.search(text)
    if found:
        return Rejection("webhook", _cut(f"policy {found['name']} denies it: {found['why'] or 'without a reason'}"))
    found = _SILENT.search(text)
    if found:
        return Rejection("webhook-silent", f"the admission webhook {found['name']} does not answer")
    return Rejection("account", _cut(text)) if _ACCOUNT.search(text) else None


def _of_schema(text: str) -> Rejection | None:
    found = _TYPED.search(text)
    if found is None:
        return None
    return Rejection("schema", _cut(re.sub(r"got \S+$", "got something else", found["why"])))


def _of_fields(text: str) -> Rejection | None:
    if "provided port is already allocated" in text:
        return Rejection("node-port", "a node port is taken")
    if _SET_FIELDS.search(text):
        return Rejection("immutable", "claims, service name, selector or pod management")
    _, invalid, rest = text.partition(" is invalid: ")
    found = list(_FIELD.finditer(rest)) if invalid else []
    if not found:
        return None
    fixed = [match["path"] for match in found if "immutable" in match["rest"]]
    if fixed:
        return Rejection("immutable", ", ".join(dict.fromkeys(fixed)))
    return Rejection("schema", _cut("; ".join(dict.fromkeys(_field(match) for match in found))))


def _field(match: re.Match[str]) -> str:
    word, rest = match["word"], match["rest"]
    supported = rest.partition("supported values: ")[2]
    if supported:
        reason = f"it may be {supported}"
    elif word in _VALUE_FIRST:
        # Between the word and the reason stands the value, and it may itself hold a colon.
        reason = rest.rpartition(": ")[2] if rest.count(": ") > 1 else ""
    else:
        reason = "" if word in _VALUE_ONLY else rest.removeprefix(": ")
    return f"{match['path']}: {word.lower()}" + (f", {reason}" if reason else "")


def _cut(text: str) -> str:
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"
