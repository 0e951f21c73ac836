"""Strings that YAML writers usually lose arrive in real helm as they are, as values and through server-side apply."""

from __future__ import annotations

import base64
import json
import os
import random
from pathlib import Path

import pytest

from helmkit.helm import Helm
from helmkit.yaml import dump_yaml, parse_yaml
from sandbox.cluster import Sandbox

WORDS = """
~ null Null NULL true True TRUE false False FALSE yes Yes YES no No NO on On ON off Off OFF y Y n N = << - -- --- ...
. : ? | > ! & * @ ` % # ' " , [ ] { } [] {} - -a ?a :a a: a:b #a a# !a &a *a @a %a `a |a >a 'a' "a" .inf -.inf +.Inf
.nan .NaN 0 00 007 0o7 0o17 0x1F 0b11 08 09 1_000 1,000 1e3 1E3 1e+3 .5 5. +1 -1 +.5 1:30 190:20:30 12e03 0.1e1
6.02e23 Infinity 2026-11-21 2026-11-21T10:00:00Z 1.2.3 1.0 3.6.9 v1 92558e5 0595464 1e10000 9007199254740993
1.7976931348623157e309 !!str !!binary %YAML {{ }} {{.Values.x}} $(VAR) ${VAR} \\ \\n \\x7f \\u0000
""".split()  # noqa: SIM905 - a list literal would be three screens of quotes
SPACES = ["", " ", "  ", " a", "a ", "a: b", "a #b", "- a", "? a", "a\tb", "\ta", "a\t", "x" * 300, "x " * 300]
LINES = [
    *("\n", "\n\n", "a\n", "a\n\n", "\na", "\n\na", "a\nb", "a\n b", " a\nb", "  a\n b\n", "a \nb", "a\t\nb", "a\n\tb"),
    *("a\n\n\nb\n", "a\r\nb", "\r", "a\rb", "# a\nb", "---\na", "a\n---\n", "a\n...\n", "- a\n- b\n", "a: 1\nb: 2\n"),
    *("{{ if }}\n{{ end }}\n", ("y" * 70 + "\n") * 5, "a🚀\nb", "a\u2028b\nc"),
]
LETTERS = ["ünïcödé", "日本語", "🚀", "e\u0301", "\u00a0", "\u2028", "\u2029", "\ufeff", "a\ufeff", "\u200b", "\u202e"]
TRAPS = [*WORDS, *SPACES, *LINES, *LETTERS, "\ufffd", "\ue000", "\U0010fffd"]


def hard_strings() -> list[str]:
    """Return the known traps, and random strings that look like commits, numbers and YAML."""
    chance = random.Random(2026)  # noqa: S311 - the same strings every time
    hexes = ["".join(chance.choices("0123456789abcdef", k=7)) for _ in range(3000)]
    exponents = [f"{chance.randrange(10**5)}e{chance.randrange(10)}" for _ in range(300)]
    numbers = ["".join(chance.choices("0123456789.eE+-_xob:", k=chance.randint(1, 8))) for _ in range(3000)]
    odd = " \n\t-:?#'\"|>&*!%@`{}[],=<ay1é🚀"
    noise = ["".join(chance.choices(odd, k=chance.randint(1, 12))) for _ in range(3000)]
    return [*TRAPS, *hexes, *exponents, *numbers, *noise]


def carry_chart(folder: Path) -> Path:
    """Write a chart that hands back the values it was given, out of YAML's reach."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: carry\nversion: 1.0.0\n")
    (folder / "templates/out.yaml").write_text("out: {{ toJson .Values.given | b64enc | quote }}\n")
    return folder


@pytest.mark.parametrize("name", ["helm", "helm3"])
async def test_values_arrive_as_they_are(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    strings = hard_strings()
    given = {"list": strings, "keys": {text: number for number, text in enumerate(dict.fromkeys(strings))}}
    helm = Helm(getattr(sandbox, name), {**os.environ, **sandbox.environ})
    chart = carry_chart(tmp_path / "carry")
    output = parse_yaml(await helm.template("x", chart, namespace="n", values={"given": given}))
    arrived = json.loads(base64.b64decode(output["out"]))
    assert [pair for pair in zip(strings, arrived["list"], strict=True) if pair[0] != pair[1]] == []
    assert arrived["keys"] == given["keys"]


@pytest.mark.parametrize("name", ["helm", "helm3"])
async def test_value_files_arrive_as_they_are(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    strings = TRAPS
    file = tmp_path / "values.yaml"
    file.write_text(dump_yaml({"given": strings}), newline="")
    helm = Helm(getattr(sandbox, name), {**os.environ, **sandbox.environ})
    output = parse_yaml(await helm.template("x", carry_chart(tmp_path / "carry"), namespace="n", value_files=[file]))
    assert json.loads(base64.b64decode(output["out"])) == strings
