"""What charts say of themselves: for a registry's web page, and for whoever searches there."""

from __future__ import annotations

import json

import pytest

from chartgen.build import BuiltPlatform, build_platform
from chartgen.manifest.load import parse_platform
from helmkit.charts import build_archive
from helmkit.errors import InputError
from helmkit.oci import build_package
from helmkit.yaml import parse_yaml
from tests.builders.releases import HEAD, SPRING

ABOUT = """\
home = "https://example.org/shop"
icon = "https://example.org/shop.svg"
sources = ["https://git.example.org/shop", "https://git.example.org/charts"]
keywords = ["shop", "spring-cloud"]
licenses = "Apache-2.0"
"""
URL = "https://git.example.org/shop"


def build(lines: str) -> BuiltPlatform:
    text = HEAD.replace("[platform]\n", f"[platform]\n{lines}") + SPRING
    return build_platform(parse_platform({"releases.toml": text, "values/dev.toml": ""}), None)


def test_every_chart_says_it_and_so_does_its_manifest() -> None:
    built = build(ABOUT)
    for path in ("Chart.yaml", "charts/gateway/Chart.yaml"):
        chart = parse_yaml(built.files[path])
        assert (chart["home"], chart["icon"]) == ("https://example.org/shop", "https://example.org/shop.svg")
        assert (chart["sources"][0], chart["keywords"]) == (URL, ["shop", "spring-cloud"])
        assert "maintainers" not in chart
        package = build_package("charts/x", "x", "1.0.0", build_archive("x", {"Chart.yaml": b""}), built.files[path])
        told = json.loads(package.manifest)["annotations"]
        assert told["org.opencontainers.image.source"] == URL
        assert told["org.opencontainers.image.url"] == "https://example.org/shop"
        assert told["org.opencontainers.image.licenses"] == told["artifacthub.io/license"] == "Apache-2.0"
        # Harbor shows the config as the chart's metadata.
        assert json.loads(package.config)["icon"] == "https://example.org/shop.svg"


def test_without_a_word_nothing_is_said() -> None:
    chart = parse_yaml(build("").files["Chart.yaml"])
    assert not {"home", "icon", "sources", "keywords"} & chart.keys()


@pytest.mark.parametrize(
    "line", ['home = "ftp://x"', 'icon = "https://joe:hunter2@x/y"', 'licenses = "a; b"', 'keywords = [""]']
)
def test_what_cannot_be_shown_is_refused_with_its_place(line: str) -> None:
    with pytest.raises(InputError) as caught:
        build(f"{line}\n")
    [problem] = caught.value.problems
    assert str(problem.where).startswith("releases.toml:2:")
    assert "hunter2" not in str(problem)
