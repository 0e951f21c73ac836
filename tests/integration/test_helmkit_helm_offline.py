"""Rendering and linting with real helm 4 and 3."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import HelmkitError
from helmkit.helm import Helm, HelmFailedError, RenderError
from helmkit.yaml import parse_yaml
from sandbox.cluster import Sandbox

TEMPLATE = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {out: "{{ toJson .Values | b64enc }}"}\n'


@pytest.fixture(params=["helm", "helm3"])
def helm(request: pytest.FixtureRequest, sandbox: Sandbox) -> Helm:
    return Helm(getattr(sandbox, request.param), {**os.environ, **sandbox.environ})


def write(folder: Path, template: str = TEMPLATE, **files: str) -> Path:
    (folder / "templates").mkdir(parents=True)
    (folder / "crds").mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: demo\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text("a: chart\nb: chart\nc: chart\nd: chart\n")
    (folder / "templates/x.yaml").write_text(template)
    (folder / "crds/w.yaml").write_text("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n")
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def values(rendered: str) -> Any:
    import base64
    import json

    return json.loads(base64.b64decode(parse_yaml(rendered)["data"]["out"]))


async def test_later_values_beat_earlier_ones(helm: Helm, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text("b: file\nc: file\nd: file\n")
    rendered = await helm.template(
        "x",
        write(tmp_path / "demo"),
        namespace="n",
        value_files=[file],
        values={"c": "given", "d": "given"},
        set_values={"d": "a,b", "tags.shop": "true"},
    )
    assert values(rendered) == {"a": "chart", "b": "file", "c": "given", "d": "a,b", "tags": {"shop": True}}


async def test_versions_crds_and_validation(helm: Helm, tmp_path: Path) -> None:
    chart = write(tmp_path / "demo", "v: {{ .Capabilities.KubeVersion }}\n")
    rendered = await helm.template("x", chart, namespace="n", kube_version="1.29.3")
    assert "v: v1.29.3" in rendered
    assert "CustomResourceDefinition" not in rendered
    assert "CustomResourceDefinition" in await helm.template("x", chart, namespace="n", include_crds=True)
    bogus = write(tmp_path / "bogus", "apiVersion: v1\nkind: Bogus\nmetadata: {name: x}\n")
    await helm.template("x", bogus, namespace="default")
    with pytest.raises(HelmFailedError, match="Bogus"):
        await helm.template("x", bogus, namespace="default", validate=True)


@pytest.mark.parametrize(
    ("template", "said"),
    [('{{ fail "not so" }}', "not so"), ("{{ .Values.a", "unclosed action"), ("a: [", "error converting YAML")],
)
async def test_templates_that_are_wrong(helm: Helm, tmp_path: Path, template: str, said: str) -> None:
    with pytest.raises(RenderError, match=said) as caught:
        await helm.template("x", write(tmp_path / "demo", template), namespace="n")
    assert caught.value.message.startswith(f"rendering {tmp_path}/demo as x failed: ")


async def test_values_against_the_schema(helm: Helm, tmp_path: Path) -> None:
    chart = write(tmp_path / "demo")
    (chart / "values.schema.json").write_text('{"properties": {"a": {"type": "string"}}}')
    with pytest.raises(RenderError, match="schema"):
        await helm.template("x", chart, namespace="n", values={"a": 1})


async def test_lint_tells_and_refuses(helm: Helm, tmp_path: Path) -> None:
    chart = write(tmp_path / "demo")
    assert await helm.lint(chart) == ["[INFO] Chart.yaml: icon is recommended"]
    bad = write(tmp_path / "bad", "{{ .Values.a.b.c }}")
    with pytest.raises(HelmFailedError, match=r"\[ERROR\] templates/") as caught:
        await helm.lint(bad)
    assert "[INFO]" not in caught.value.message
    with pytest.raises(HelmkitError):
        await helm.lint(tmp_path)
