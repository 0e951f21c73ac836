"""Findings that are meant to be so: accepted with a reason, listed, and never for ever."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chartgen.cli import cli
from chartgen.review import review
from chartgen.verify import CheckReport, inspect_values
from chartgen.workspace import load_workspace
from helmkit.errors import UsageError
from tests.builders.releases import HEAD, SPRING

BAD = SPRING + 'replicas = 2\nresources = { memory = "1Gi" }\nenv.DB = "10.0.0.1:80"\n'


def check(
    folder: Path, text: str, /, environments: Sequence[str] = (), *, with_helm: bool = True, **layers: str
) -> CheckReport:
    (folder / "values").mkdir(exist_ok=True)
    files = {"releases.toml": text, **{f"values/{name}.toml": layer for name, layer in (layers or {"dev": ""}).items()}}
    for name, content in files.items():
        (folder / name).write_text(content)
    workspace = load_workspace(folder)
    chosen = tuple(environments or workspace.platform.environments)
    found = inspect_values(workspace, chosen)
    contents: dict[str, Any] = {name: content.encode() for name, content in files.items()}
    return review(found, workspace, chosen, contents, with_helm=with_helm)


def rules(report: CheckReport) -> list[tuple[str, str]]:
    return [(one.rule, one.service) for one in report.findings]


def test_a_finding_has_its_place(tmp_path: Path) -> None:
    text = HEAD + BAD
    line = text.splitlines().index('env.DB = "10.0.0.1:80"') + 1
    (found,) = check(tmp_path, text).findings
    assert (found.rule, found.where) == ("literal-ip", f"releases.toml:{line}:10")
    layer = '[services.gateway]\nenv.DB = "10.0.0.2:80"\n'
    places = {one.where for one in check(tmp_path, text, dev="", prod=layer).findings}
    assert places == {f"releases.toml:{line}:10", "values/prod.toml:2:10"}


@pytest.mark.parametrize("scope", ["platform", "service", "environment"])
def test_a_reason_takes_it_out_of_the_way_and_shows_it(tmp_path: Path, scope: str) -> None:
    text, layer = HEAD + BAD, ""
    if scope == "platform":
        text = text.replace('default_environment = "dev"', 'default_environment = "dev"\naccept.literal-ip = "why"')
    elif scope == "service":
        text += 'accept.literal-ip = "why"\n'
    else:
        layer = '[environment]\naccept.literal-ip = "why"\n'
    report = check(tmp_path, text, dev=layer)
    assert report.findings == ()
    assert [(one.rule, one.accepted, one.environment) for one in report.accepted] == [("literal-ip", "why", "dev")]


def test_an_environment_accepts_for_itself_alone(tmp_path: Path) -> None:
    report = check(tmp_path, HEAD + BAD, dev="", prod='[environment]\naccept.literal-ip = "why"\n')
    assert [(one.rule, one.environment) for one in report.findings] == [("literal-ip", "dev")]
    assert [one.environment for one in report.accepted] == ["prod"]


def test_what_accepts_nothing_is_found_with_its_place(tmp_path: Path) -> None:
    text = HEAD.replace('environment = "dev"', 'environment = "dev"\naccept.mutable-tag = "x"') + BAD
    text += 'accept.litteral-ip = "x"\n'
    report = check(tmp_path, text, dev='[environment]\naccept.single-replica = "x"\n')
    assert ("literal-ip", "gateway") in rules(report)
    found = {one.where.rpartition(":")[0]: one.message for one in report.findings if one.rule == "unused-acceptance"}
    last = len(text.splitlines())
    assert set(found) == {"releases.toml:5", f"releases.toml:{last}", "values/dev.toml:2"}
    assert 'did you mean "literal-ip"?' in found[f"releases.toml:{last}"]


def test_what_was_not_looked_at_is_not_called_unused(tmp_path: Path) -> None:
    text = (
        HEAD + BAD + 'accept.single-replica = "prod is small"\naccept.release-size = "known"\naccept.literal-ip = "y"\n'
    )
    assert check(tmp_path, text, ["dev"], dev="", prod="").findings == ()
    assert rules(check(tmp_path, text, dev="", prod="", with_helm=False)) == [("unused-acceptance", "gateway")]
    prod = "[environment]\nprotected = true\n[services.gateway]\nreplicas = 1\n"
    assert check(tmp_path, text, dev="", prod=prod, with_helm=False).findings == ()


def test_errors_cannot_be_accepted(tmp_path: Path) -> None:
    text = HEAD + SPRING + "rollout = { max_surge = 0, max_unavailable = 0 }\n" + 'accept.stuck-rollout = "please"\n'
    report = check(tmp_path, text)
    assert set(rules(report)) == {("stuck-rollout", "gateway"), ("accepted-error", "gateway")}
    assert report.failed


def test_the_command_tells_of_rules(tmp_path: Path) -> None:
    run = CliRunner()
    one = run.invoke(cli, ["check", "--explain", "literal-ip"])
    assert one.exit_code == 0
    assert "external-endpoint" in one.output
    listed = run.invoke(cli, ["check", "--rules", "-o", "json"])
    assert '"id": "manifest-secrets"' in listed.output
    wrong = run.invoke(cli, ["check", "--explain", "literal-pi"])
    assert isinstance(wrong.exception, UsageError)
    (tmp_path / "releases.toml").write_text(HEAD + BAD + 'accept.literal-ip = "it is a sample"\n')
    done = run.invoke(cli, ["check", str(tmp_path), "--no-helm", "--strict"])
    assert done.exit_code == 0
    assert "literal-ip of gateway: it is a sample" in done.output
