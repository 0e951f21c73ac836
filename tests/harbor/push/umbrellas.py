"""Umbrellas to publish: a bill of materials and small subcharts that agree with it."""

from __future__ import annotations

from pathlib import Path

from chartgen.umbrella import Umbrella, read_umbrella
from helmkit.bom import BillOfMaterials, EnvironmentEntry, ServiceEntry, render_bom
from helmkit.charts import content_digest, write_chart
from tests.harbor.double.seeding import chart_files


def make_umbrella(services: dict[str, str], version: str = "1.4.2", *, description: str = "") -> Umbrella:
    """Return `shop` with its services (name to chart version); `description` changes the content of each."""
    charts = {
        name: chart_files(name, published, description=description or f"The {name} chart")
        for name, published in services.items()
    }
    entries = {
        name: ServiceEntry(
            release=name,
            namespace="shop",
            archetype="spring-service",
            chart=name,
            version=services[name],
            content_digest=content_digest(files),
            values_digest="sha256:" + "0" * 64,
        )
        for name, files in charts.items()
    }
    dependencies = [{"name": name, "version": published} for name, published in services.items()]
    files = chart_files("shop", version, dependencies=dependencies)
    files["bom.json"] = render_bom(
        BillOfMaterials("1.0", "shop", version, {"prod": EnvironmentEntry(services=entries)})
    )
    for name, chart in charts.items():
        files |= {f"charts/{name}/{path}": content for path, content in chart.items()}
    return read_umbrella(files, "shop")


def write_umbrella(folder: Path, umbrella: Umbrella) -> Path:
    """Write an umbrella where `chartgen push` looks for it and return its folder."""
    place = folder / "charts" / umbrella.bom.platform
    write_chart(place, umbrella.files)
    return place
