"""Findings of `chartgen check` that somebody looked at and left as they are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chartgen.vocabulary.scalars import Key, Text

Acceptances = dict[Key, Annotated[Text, Field(min_length=1)]]
"""The reason, by the rule's id. One that accepts nothing is found by `chartgen check` (unused-acceptance)."""
