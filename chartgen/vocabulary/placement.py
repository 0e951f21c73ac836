"""Where pods may run, besides node labels: taints they bear."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from chartgen.vocabulary.scalars import Entry
from helmkit import names

_LABEL_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def _check_label_key(text: str) -> str:
    prefix, slash, name = text.rpartition("/")
    if not _LABEL_NAME.fullmatch(name) or (slash and not names.is_dns_name(prefix)):
        msg = f"{text!r} is not a valid label key"
        raise ValueError(msg)
    return text


def _check_label_value(text: str) -> str:
    if text and not _LABEL_NAME.fullmatch(text):
        msg = f"{text!r} is not a valid label value (63 letters, digits, hyphens, underscores and dots)"
        raise ValueError(msg)
    return text


LabelKey = Annotated[str, AfterValidator(_check_label_key)]
"""Key of a label or a taint, with or without a prefix: `app`, `node.kubernetes.io/unreachable`."""
LabelValue = Annotated[str, AfterValidator(_check_label_value)]


class Toleration(Entry):
    """A taint of nodes that the pods bear."""

    key: LabelKey | None = None
    """Default: every taint."""
    operator: Literal["Equal", "Exists"] | None = None
    """Default: Equal when `value` is stated, else Exists."""
    value: LabelValue | None = None
    """Value of the taint, for Equal."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Default: every effect."""
    seconds: Annotated[int, Field(ge=0)] | None = None
    """How long a pod stays once the taint is there (NoExecute). Default: for good."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.effective_operator == "Exists" and self.value is not None:
            msg = "operator Exists looks at the key alone; leave out value, or say Equal"
            raise ValueError(msg)
        if self.effective_operator == "Equal" and (self.key is None or self.value is None):
            msg = "operator Equal needs key and value"
            raise ValueError(msg)
        if self.seconds is not None and self.effect != "NoExecute":
            msg = 'seconds belongs to effect = "NoExecute"'
            raise ValueError(msg)
        return self

    @property
    def effective_operator(self) -> str:
        """Return the operator, its default filled in."""
        return self.operator or ("Exists" if self.value is None else "Equal")
