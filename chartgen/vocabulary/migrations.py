"""Acknowledged changes of what Kubernetes does not let an upgrade change (T041, T075)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from chartgen.vocabulary.scalars import Entry

_OBJECT = re.compile(r"[A-Z][A-Za-z]*/[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_VERSION = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}")


class Acknowledgement(Entry):
    """How one object gets from its old form to the new one."""

    kind: Literal["claim-growth", "orphan-delete-and-recreate", "recreate"]
    """`claim-growth` enlarges the claims and makes the StatefulSet anew around its running pods;
    `orphan-delete-and-recreate` does only the latter; `recreate` deletes the object with its pods: an interruption."""
    reason: Annotated[str, Field(min_length=1)]
    """Why; told in plans and in the history."""
    reversible: bool = True
    """`false` when going back would lose something: relman then asks for --accept-irreversible."""


def _check_object(text: str) -> str:
    if not _OBJECT.fullmatch(text):
        msg = f'{text!r} is not an object; write it like "StatefulSet/nacos"'
        raise ValueError(msg)
    return text


def _check_version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        msg = f'{text!r} is not a final platform version; write it like "1.5.0"'
        raise ValueError(msg)
    return text


Migrations = dict[
    Annotated[str, AfterValidator(_check_version)],
    dict[Annotated[str, AfterValidator(_check_object)], Acknowledgement],
]
"""By the platform version that makes the change, then by object."""
