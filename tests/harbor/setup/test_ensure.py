"""`chartgen harbor ensure` and `doctor` from end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harbor.commands import Run, log_in, runner
from tests.harbor.double import Fault, HarborDouble
from tests.harbor.double.seeding import chart_files, seed_chart
from tests.harbor.threaded import running_double

MANIFEST = """
[charts]
repository = "oci://{host}/team-charts"
plain_http = true

[harbor]
keep_prereleases = 5
quota = "20Gi"
robots.ci = {{ role = "push", days = 365 }}
robots.cluster = {{ role = "pull" }}
"""


@pytest.fixture
def double() -> Iterator[HarborDouble]:
    with running_double() as harbor:
        yield harbor


@pytest.fixture
def folder(double: HarborDouble, tmp_path: Path) -> Path:
    (tmp_path / "releases.toml").write_text(MANIFEST.format(host=double.host))
    log_in(tmp_path, double.host, "admin", "Harbor-12345")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    from chartgen.cli.harbor import harbor

    return runner(harbor, folder, capsys, monkeypatch)


def writes(double: HarborDouble) -> list[str]:
    return [
        f"{method} {target.partition('?')[0]}" for method, target, _ in double.seen if method not in {"GET", "HEAD"}
    ]


def test_it_makes_everything_once(run: Run, double: HarborDouble, folder: Path) -> None:
    secrets = folder / "robots.json"
    code, out, err = run("ensure", "--secrets-file", str(secrets))
    assert code == 0, err
    project = double.state.projects["team-charts"]
    assert (project.public, project.hard_limit, len(project.rules), len(double.state.retentions)) == (
        False,
        20 << 30,
        1,
        1,
    )
    assert [r.name for r in double.state.robots.values()] == ["robot$team-charts+ci", "robot$team-charts+cluster"]
    assert out.splitlines()[1].split()[:3] == ["create", "project", "team-charts"]
    assert secrets.stat().st_mode & 0o777 == 0o600
    held = json.loads(secrets.read_text())
    assert held["registry"] == double.host
    assert {r["username"]: r["password"] for r in held["robots"]} == {
        r.name: r.secret for r in double.state.robots.values()
    }
    done = len(writes(double))
    code, out, _ = run("ensure")
    assert (code, out) == (0, "Project team-charts is as declared; nothing to change.\n")
    assert len(writes(double)) == done


def test_a_dry_run_changes_nothing_and_shows_all(run: Run, double: HarborDouble) -> None:
    code, out, _ = run("ensure", "--dry-run", "-o", "json")
    report = json.loads(out)
    assert code == 0
    assert [s["kind"] for s in report["steps"]] == ["project", "quota", "rule", "retention", "robot", "robot"]
    assert report["applied"] is False
    assert writes(double) == []


def test_secrets_need_a_place_before_anything_changes(run: Run, double: HarborDouble, folder: Path) -> None:
    code, _, err = run("ensure")
    assert code == 9
    assert "--secrets-file FILE" in err
    (folder / "there.json").write_text("precious")
    assert run("ensure", "--secrets-file", str(folder / "there.json"))[0] == 2
    assert run("ensure", "--secrets-file", str(folder / "no" / "such.json"))[0] == 2
    assert (folder / "there.json").read_text() == "precious"
    assert writes(double) == []


def test_secrets_are_shown_on_stdout_only_on_request(run: Run, double: HarborDouble) -> None:
    code, out, err = run("ensure", "--show-secrets")
    assert code == 0
    for robot in double.state.robots.values():
        assert f"{robot.name} {robot.secret}\n" in out
        assert robot.secret not in err


def test_a_secret_is_on_the_disk_before_a_later_failure(run: Run, double: HarborDouble, folder: Path) -> None:
    double.fail(Fault("POST /api/v2.0/robots", status=500, skip=1))
    secrets = folder / "robots.json"
    code, _, err = run("ensure", "--secrets-file", str(secrets))
    assert code == 5
    assert "creating robot account cluster of team-charts failed" in err
    assert [r["username"] for r in json.loads(secrets.read_text())["robots"]] == ["robot$team-charts+ci"]
    # The next run does what is left.
    code, _, err = run("ensure", "--secrets-file", str(folder / "more.json"))
    assert code == 0, err
    assert len(double.state.robots) == 2


def test_what_drifted_comes_back(run: Run, double: HarborDouble) -> None:
    run("ensure", "--show-secrets")
    project = double.state.projects["team-charts"]
    robot = next(iter(double.state.robots.values()))
    secret = robot.secret
    project.public = True
    project.rules.clear()
    robot.record["disable"] = True
    code, out, _ = run("ensure")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["update", "create", "update"]
    assert (project.public, len(project.rules), robot.record["disable"]) == (False, 1, False)
    assert robot.secret == secret


def test_a_broken_rule_is_removed_so_that_ours_guards(run: Run, double: HarborDouble) -> None:
    project = double.add_project("team-charts")
    scope = {"repository": [{"kind": "doublestar", "decoration": "repoMatches", "pattern": "**"}]}
    project.rules[1] = {"id": 1, "tag_selectors": [{"kind": "regex", "pattern": ".*"}], "scope_selectors": scope}
    double.state.next_id("rule")
    run("ensure", "--show-secrets")
    seed_chart(double.state, project, "gateway", chart_files("gateway", "1.0.0"))
    from tests.harbor.double.rules import is_immutable

    assert is_immutable(project.repositories["gateway"], "1.0.0")
    assert not is_immutable(project.repositories["gateway"], "1.0.0-rc.1")


def test_a_secret_is_renewed_on_request(run: Run, double: HarborDouble) -> None:
    run("ensure", "--show-secrets")
    robot = next(iter(double.state.robots.values()))
    old = robot.secret
    code, out, _ = run("ensure", "--rotate", "ci", "--show-secrets")
    assert code == 0
    assert robot.secret != old
    assert f"{robot.name} {robot.secret}" in out
    code, _, err = run("ensure", "--rotate", "absent", "--show-secrets")
    assert code == 1
    assert "there is no robot account team-charts+absent" in err


def test_an_account_without_the_rights_is_told_which(run: Run, double: HarborDouble, folder: Path) -> None:
    double.add_project("team-charts")
    robot = double.add_robot("team-charts", "some", "Secret12345")
    log_in(folder, double.host, robot.name, "Secret12345")
    code, out, err = run("ensure", "--dry-run")
    assert code == 0
    assert "not compared: rules: listing immutable rules of team-charts failed" in err
    assert "retention policy" in out
    double.state.projects["team-charts"].metadata["retention_id"] = "999"
    (folder / "releases.toml").write_text(
        f'[charts]\nrepository = "oci://{double.host}/team-charts"\nplain_http = true\n'
    )
    assert run("ensure")[1] == "What this account may read of project team-charts is as declared.\n"


def test_a_wrong_section_is_shown_with_its_place(run: Run, folder: Path) -> None:
    (folder / "releases.toml").write_text(
        '[charts]\nrepository = "oci://h/c"\n[harbor]\nquota = "20 GB"\nimutable = true\n'
    )
    code, _, err = run("ensure")
    assert code == 2
    assert "2 problems" in err
    assert "releases.toml:4:" in err
    assert "releases.toml:5:" in err


def test_a_registry_that_is_no_harbor_is_refused(run: Run, double: HarborDouble) -> None:
    double.fail(Fault("/api/v2.0/systeminfo", status=404, body=b"404 page not found", times=9))
    code, _, err = run("ensure")
    assert code == 5
    assert "is not a Harbor" in err


def test_doctor_is_content_after_ensure(run: Run, double: HarborDouble) -> None:
    run("ensure", "--show-secrets")
    code, out, err = run("doctor", "-o", "json")
    assert code == 0, err
    states = {(d["check"], d["state"]) for d in json.loads(out)}
    assert {("push", "ok"), ("state", "ok"), ("project", "ok"), ("content", "ok"), ("quota", "ok")} <= states
    assert double.state.projects["team-charts"].repositories == {}


def test_doctor_names_what_is_missing_and_how_to_get_it(run: Run, double: HarborDouble, folder: Path) -> None:
    code, out, _ = run("doctor")
    assert code == 1
    assert "team-charts does not exist" in out
    assert "chartgen harbor ensure" in out
    log_in(folder, double.host, "admin", "Wrong-12345")
    code, out, _ = run("doctor")
    assert code == 1
    assert "does not accept the password of 'admin'" in out


def test_doctor_knows_that_a_pull_robot_cannot_push(run: Run, double: HarborDouble, folder: Path) -> None:
    double.add_project("team-charts")
    robot = double.add_robot("team-charts", "cluster", "Secret12345", [("repository", "pull")])
    log_in(folder, double.host, robot.name, "Secret12345")
    code, out, _ = run("doctor", "-o", "json")
    found = {d["check"]: d for d in json.loads(out)}
    assert code == 1
    assert found["push"]["state"] == "problem"
    assert found["browsing"]["state"] == "unknown"
    assert found["login"]["found"] == "robot$team-charts+cluster (robot account)"


def test_doctor_sees_images_among_charts_and_a_read_only_harbor(run: Run, double: HarborDouble) -> None:
    run("ensure", "--show-secrets")
    project = double.state.projects["team-charts"]
    artifact = seed_chart(double.state, project, "gateway", chart_files("gateway", "1.0.0"))
    artifact.type = "IMAGE"
    project.rules.clear()
    double.state.read_only = True
    code, out, _ = run("doctor", "-o", "json")
    found = json.loads(out)
    assert code == 1
    assert any(d["check"] == "content" and d["state"] == "warning" for d in found)
    assert any(d["check"] == "mode" and d["state"] == "problem" for d in found)
    assert any(d["found"].startswith("missing: immutable rule for release versions") for d in found)


def test_doctor_sees_a_proxy_with_another_name(run: Run, double: HarborDouble) -> None:
    run("ensure", "--show-secrets")
    double.state.registry_url = "harbor.internal"
    code, out, _ = run("doctor", "-o", "json")
    found = {d["check"]: d for d in json.loads(out)}
    assert code == 0
    assert found["address"]["found"] == "Harbor believes to be harbor.internal"
    assert "external_url" in found["address"]["remedy"]
