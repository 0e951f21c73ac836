"""A Helm release must fit into one Secret (T141): a warning while there is still time."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, RenderedRule
from chartgen.checks.reading.size import LIMIT, WARN_AT, ReleaseSize
from chartgen.render import RenderedService


def check(service: RenderedService, size: ReleaseSize) -> Iterator[Hit]:
    """Find releases that come near the limit."""
    if WARN_AT < size.total <= LIMIT:
        yield Hit(f"release {service.release} takes {size}")


RULE = RenderedRule(
    "release-size",
    "warning",
    "Helm keeps the chart, the values and all objects of a release in one Secret of 1 MiB at most. Beyond that every "
    "upgrade fails, the one that would make it smaller included (T141).",
    "Move large texts out of the values, into ConfigMaps of their own, or split the service.",
    check,
)
