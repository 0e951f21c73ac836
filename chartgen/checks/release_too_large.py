"""A Helm release that does not fit into one Secret cannot be installed (T141)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, RenderedRule
from chartgen.checks.reading.size import LIMIT, ReleaseSize
from chartgen.render import RenderedService


def check(service: RenderedService, size: ReleaseSize) -> Iterator[Hit]:
    """Find releases beyond the limit."""
    if size.total > LIMIT:
        yield Hit(f"release {service.release} takes {size}")


RULE = RenderedRule(
    "release-too-large",
    "error",
    "Helm keeps the chart, the values and all objects of a release in one Secret of 1 MiB at most; the API server "
    "refuses a larger one, and with it the release (T141).",
    "Move large texts out of the values, into ConfigMaps of their own, or split the service.",
    check,
)
