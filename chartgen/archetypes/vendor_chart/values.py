"""A third party's chart as an archetype: its files are its author's, its values those of the release manifest."""

from __future__ import annotations

from typing import cast

from chartgen.archetypes.archetype import Archetype, Surroundings, Values
from chartgen.archetypes.vendor_chart.model import VendorChart
from chartgen.manifest.resolved import ResolvedService
from chartgen.vendoring.address import parse_address
from chartgen.vendoring.archive import adopt_chart, find_kept
from helmkit.charts import ChartFiles
from helmkit.errors import UsageError


def build_values(service: ResolvedService, around: Surroundings) -> Values:  # noqa: ARG001 - an archetype's signature
    """Return nothing: the values are the author's words, which only the author's chart understands."""
    return {}


def whole_chart(service: ResolvedService, around: Surroundings) -> ChartFiles:
    """Return the chart's files under the service's key.

    Raises:
        UsageError: It was not fetched yet.
    """
    model = cast("VendorChart", service.model)
    kept = find_kept(model.chart, model.version, around.place.files)
    if kept is None:
        address = parse_address(model.chart)
        message = f"services.{service.key}: its chart is not there yet: {address.kept_as(model.version)}"
        hint = "`chartgen build` fetches it." if address.remote else "Put it there, or name another place."
        raise UsageError(message, hint=hint)
    return adopt_chart(kept, service.key)


def _immutable_fields(values: Values) -> dict[str, str]:  # noqa: ARG001 - an archetype's signature
    return {}


VENDOR_CHART = Archetype(
    name="vendor-chart",
    suffix="vendor",
    summary="A chart that somebody else wrote.",
    package="chartgen.archetypes.vendor_chart",
    shared_templates=(),
    fields=(),
    build_values=build_values,
    immutable_fields=_immutable_fields,
    whole_chart=whole_chart,
)
