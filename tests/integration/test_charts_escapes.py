"""Patches and objects of one's own through real helm: what it renders is what was meant."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chartgen.build.escapes import render_escape
from chartgen.objects.merging import merge_patch
from helmkit.charts import write_chart
from helmkit.yaml import parse_yaml
from sandbox.cluster import Sandbox
from tests.builders.helm import objects, refusal, render, write
from tests.builders.releases import SPRING, build
from tests.unit import test_chartgen_raw_objects as raw

_LEAVES = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=5),
    st.booleans(),
    st.integers(-9, 9**9),
)
_NAMES = st.sampled_from(["a", "b", "env", "ports", "containers", "volumes"])
_GONE = st.just({"$patch": "delete"})


def _entries(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    entry = st.fixed_dictionaries(
        {"name": st.sampled_from("xyz")}, optional={"value": inner, "$patch": st.just("delete")}
    )
    return st.lists(entry, max_size=3, unique_by=lambda one: one["name"])


def _trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.dictionaries(_NAMES, inner, max_size=4), st.lists(inner, max_size=3), _entries(inner)
        ),
        max_leaves=12,
    )


_BASES = st.dictionaries(_NAMES, _trees(_LEAVES), max_size=4).map(lambda tree: merge_patch(None, tree))
_PATCHES = st.dictionaries(_NAMES, _trees(st.one_of(_LEAVES, _GONE)), max_size=4)
_MERGING = """\
{{- range $number, $case := .Values.cases }}
{{ $number }}: {{ include "it.merged" (dict "base" $case.base "over" $case.over "field" "") }}
{{- end }}
"""


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(cases=st.lists(st.tuples(_BASES, _PATCHES), min_size=30, max_size=40))
def test_the_template_merges_as_the_program_does(sandbox: Sandbox, cases: list[tuple[Any, Any]]) -> None:
    values = {f"c{number}": {"base": base, "over": over} for number, (base, over) in enumerate(cases)}
    files = {
        "Chart.yaml": b"apiVersion: v2\nname: it\nversion: 1.0.0\n",
        "templates/_patches.tpl": render_escape("_patches.tpl", "it"),
        "templates/merged.yaml": _MERGING.encode(),
    }
    with tempfile.TemporaryDirectory() as folder:
        write_chart(Path(folder), files)
        found = parse_yaml(render(sandbox, Path(folder), values={"cases": values}))
    for number, (base, over) in enumerate(cases):
        assert found[f"c{number}"]["value"] == merge_patch(base, over), json.dumps([base, over])


PATCHES = """
ingress.web = { host = "a.example", path = "/", class = "nginx", port = "http" }
[services.gateway.patches]
host = { kind = "Deployment", name = "gateway", merge = { spec = { template = { spec = { hostNetwork = true } } } } }
all = { kind = "Ingress", merge = { metadata = { annotations = { "a.b/c" = "{{ d }}" } } } }
"""


def test_patches_change_what_they_name_and_set_still_works(sandbox: Sandbox, tmp_path: Path) -> None:
    chart = write(build(SPRING + PATCHES), tmp_path) / "charts" / "gateway"
    plain = write(build(SPRING + PATCHES.partition("[")[0]), tmp_path / "plain") / "charts" / "gateway"
    found = objects(render(sandbox, chart, "--set=replicaCount=3"))
    expected = objects(render(sandbox, plain, "--set=replicaCount=3"))
    expected["Deployment", "gateway"]["spec"]["template"]["spec"]["hostNetwork"] = True
    expected["Ingress", "web"]["metadata"].setdefault("annotations", {})["a.b/c"] = "{{ d }}"
    assert found == expected
    assert found == objects(render(sandbox, chart, "--set=replicaCount=3", helm=sandbox.helm3))


def test_a_patch_that_matches_nothing_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    chart = write(build(SPRING + PATCHES.replace('"Ingress"', '"CronJob"')), tmp_path) / "charts" / "gateway"
    assert "patches.all matches nothing: this chart renders no CronJob" in refusal(sandbox, chart)


TEXTS = ["1e3", "0755", "on", "null", "~", "a: b", "{{ .Values.x }}", "line\nline \n", "é😀", "- x", "'", '"', "#", "%"]


def test_texts_of_files_survive(sandbox: Sandbox, tmp_path: Path) -> None:
    data = {f"t{number}": text for number, text in enumerate(TEXTS)}
    files = {"a.yaml": raw.DAEMONSET, "b.yaml": raw.configmap("c", data=data)}
    chart = write(raw.build(raw.AGENT, files), tmp_path) / "charts" / "agent"
    assert objects(render(sandbox, chart))["ConfigMap", "c"]["data"] == data
