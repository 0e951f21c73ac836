"""The words of vendor-chart."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from semver import Version

from chartgen.archetypes.service import ServiceModel
from chartgen.vendoring.address import check_address
from chartgen.vocabulary.patches import check_data
from chartgen.vocabulary.scalars import Duration

_OURS = {"enabled": "the umbrella reads it; say enabled = false beside values, in a layer"}


def _check_version(text: str) -> str:
    if not Version.is_valid(text.removeprefix("v")):
        msg = f"{text!r} is not one version of a chart; ranges and latest are not pinned"
        raise ValueError(msg)
    return text


def _check_values(values: dict[str, Any]) -> dict[str, Any]:
    check_data(values)
    for key, reason in _OURS.items():
        if key in values:
            msg = f"cannot hold {key}: {reason}"
            raise ValueError(msg)
    return values


class VendorChart(ServiceModel):
    """A chart that somebody else wrote, pinned by version and digest (S17, S28, S29, S30)."""

    chart: Annotated[str, AfterValidator(check_address)]
    """Where it is: `oci://host/path/chart`, `https://host/repository/chart` (a repository with an index), the URL of
    a .tgz, or a folder or .tgz beside `releases.toml`. The same in all environments."""
    version: Annotated[str, AfterValidator(_check_version)]
    """The chart's own version, exactly. The same in all environments."""
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    """sha256 of the archive; `chartgen build` tells it when it is missing. The same in all environments."""
    plain_http: bool = False
    """The registry speaks HTTP without TLS (T094)."""
    values: Annotated[dict[str, Any], AfterValidator(_check_values)] = {}
    """The chart's own values, in the chart's own words."""
    startup_budget: Duration = 300
    """How long one pod may take to become ready."""
