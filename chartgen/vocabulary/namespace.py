"""What a namespace says for all pods in it."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, model_validator

from chartgen.vocabulary.scalars import Entry, Quantity
from helmkit import names

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")

ObjectQuantity = Annotated[int, Field(ge=0)] | Quantity
"""A count, or a quantity such as `8Gi`."""


def check_annotation_key(text: str) -> str:
    """Return `text` if it may be the key of an annotation.

    Raises:
        ValueError: It may not.
    """
    prefix, slash, name = text.rpartition("/")
    if not _NAME.fullmatch(name) or (slash and not names.is_dns_name(prefix)):
        msg = f"{text!r} is not a valid annotation key"
        raise ValueError(msg)
    return text


class Amounts(Entry):
    """CPU and memory of one container."""

    cpu: Quantity | None = None
    memory: Quantity | None = None


class ContainerLimits(Entry):
    """What one container may ask for, and gets if it says nothing."""

    default: Amounts = Amounts()
    """The limit of who states none."""
    default_request: Amounts = Amounts()
    """The request of who states none."""
    min: Amounts = Amounts()
    max: Amounts = Amounts()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        parts = (self.default, self.default_request, self.min, self.max)
        if not any(part.cpu or part.memory for part in parts):
            msg = 'says nothing; write it like { default = { memory = "512Mi" } }'
            raise ValueError(msg)
        return self
