"""A part of the requests goes to another service: the second track of a canary (W30, O36)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from chartgen.vocabulary.scalars import Entry, Key, PortName

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=256)]


class Canary(Entry):
    """Another service of the same namespace that takes a share of the requests, with its own version and replicas."""

    service: Key
    """Key of the service."""
    port: PortName | None = None
    """Its port. Default: the one of the same name."""
    weight: Annotated[int, Field(ge=0, le=100)] = 0
    """How many of a hundred requests it gets."""
    header: HeaderName | None = None
    """A request header that decides by itself: `always` leads to the canary, `never` past it."""

    @model_validator(mode="after")
    def _something_leads_there(self) -> Self:
        if "weight" not in self.model_fields_set and self.header is None:
            msg = 'needs weight = …, header = "…", or both'
            raise ValueError(msg)
        return self
