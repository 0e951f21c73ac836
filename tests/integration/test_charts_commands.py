"""`chartgen check` and `render` with the real helm."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chartgen.archetypes.archetype import Archetype
from chartgen.build.templates import chart_templates
from chartgen.cli import cli
from helmkit.console import run_cli
from helmkit.yaml import parse_yaml_documents
from sandbox.cluster import Sandbox
from tests.builders.releases import EXTERNAL, HEAD, SPRING, STATEFUL

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "values").mkdir()
    (tmp_path / "releases.toml").write_text(HEAD + STATEFUL + EXTERNAL + SPRING + 'depends_on = ["zk"]\n')
    (tmp_path / "values" / "dev.toml").write_text("")
    (tmp_path / "values" / "prod.toml").write_text("services.gateway.replicas = 5\n")
    return tmp_path


@pytest.fixture
def chartgen(
    sandbox: Sandbox, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    for name, value in sandbox.environ.items():
        monkeypatch.setenv(name, value)

    def run(*args: str) -> tuple[int, str, str]:
        code = run_cli(cli, ["-C", str(folder), *args], prog_name="chartgen", environ=os.environ)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize("major", [3, 4])
def test_check_runs_helm_on_everything(
    sandbox: Sandbox, chartgen: Run, monkeypatch: pytest.MonkeyPatch, major: int
) -> None:
    monkeypatch.setenv("HELM_BINARY", str(sandbox.helm if major == 4 else sandbox.helm3))
    code, out, err = chartgen("check", "-o", "json")
    assert code == 0, err
    report = json.loads(out)
    assert (report["charts"], report["environments"], report["findings"]) == (3, ["dev", "prod"], [])


def test_what_helm_refuses_is_a_finding(chartgen: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = b'{{- if gt (int64 .Values.replicaCount) 1 }}{{ fail "no" }}{{ end }}'

    def with_broken(archetype: Archetype, chart: str) -> dict[str, bytes]:
        return {**chart_templates(archetype, chart), "templates/x.yaml": broken}

    monkeypatch.setattr("chartgen.build.subchart.chart_templates", with_broken)
    code, out, _ = chartgen("check", "-o", "json")
    assert code == 1
    found = {(one["rule"], one["service"], one["environment"]) for one in json.loads(out)["findings"]}
    assert ("helm-template", "gateway", "prod") in found
    assert ("helm-template", "zk", "dev, prod") in found
    assert not any(service == "gateway" and "dev" in where for _, service, where in found)


def test_render_prints_what_helm_will_apply_in_dependency_order(chartgen: Run) -> None:
    code, out, _ = chartgen("render", "-e", "prod")
    assert code == 0
    documents = list(parse_yaml_documents(out))
    assert all(one["metadata"]["namespace"] in ("apps", "data") for one in documents)
    sources = [
        line.split("/")[0].removeprefix("# Source: ") for line in out.splitlines() if line.startswith("# Source")
    ]
    assert list(dict.fromkeys(sources)) == ["db", "zk", "gateway"]
    (deployment,) = [one for one in documents if one["kind"] == "Deployment"]
    assert deployment["spec"]["replicas"] == 5
    assert deployment["metadata"]["labels"]["app.kubernetes.io/instance"] == "gateway"


def test_render_chooses(chartgen: Run) -> None:
    code, out, _ = chartgen("render", "gateway", "db", "-n", "apps", "-o", "json")
    assert code == 0
    assert {(one["kind"], one["metadata"]["name"]) for one in json.loads(out)} == {
        ("Deployment", "gateway"),
        ("Service", "gateway"),
    }


def test_neither_writes_anything(chartgen: Run, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    chartgen("check")
    chartgen("render")
    assert sorted(folder.rglob("*")) == before
