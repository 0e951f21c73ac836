"""The command line: fast to ask for help, exact exit codes, and nothing heavy imported without need."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from helmkit.errors import InterruptedRunError, NotRestoredError, RestoredError
from relman.actions.run import RunResult
from relman.cli.ages import age
from relman.cli.group import COMMANDS, relman
from relman.cli.options import DURATION
from relman.cli.run_output import build_report, finish_run
from relman.core.plan import SCHEMA, Plan

HEAVY = ("pydantic", "lightkube", "httpx2", "rich", "jinja2", "pyhelm3", "yaml", "msgspec", "asyncio", "chartgen")


def _imported(code: str) -> list[str]:
    script = f"{code}\nimport sys, json; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("arguments", [["--help"], ["upgrade", "--help"], ["--version"], []])
def test_help_imports_nothing_but_click(arguments: list[str]) -> None:
    run = "import sys, atexit; sys.argv[1:] = {}; from relman.cli import main\ntry: main()\nexcept SystemExit: pass"
    assert _imported(run.format(arguments)) == []


def test_no_command_imports_pydantic_a_client_or_the_other_tool_before_it_needs_them() -> None:
    modules = "relman.actions.upgrade, relman.actions.rollback, relman.actions.status, relman.cli.compose"
    found = _imported(f"import {modules}, relman.cli.run_output, relman.core.rollout, helmkit.helm, helmkit.kube")
    assert set(found) <= {"msgspec", "yaml", "asyncio"}


def test_help_is_fast() -> None:
    # The budget is 150 ms on an idle machine, of which click takes two thirds; a busy one slows both alike.
    click_alone = min(_cpu_seconds("import click") for _ in range(5))
    asked = min(_cpu_seconds("from relman.cli import main; main()", "--help") for _ in range(5))
    assert asked < 1.5 * click_alone + 0.02


def _cpu_seconds(code: str, *arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_ends_well(name: str) -> None:
    result = CliRunner().invoke(relman, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "--output" in result.output
    assert "--kube-context" in result.output


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(relman, ["adopt"]).exit_code == 2


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400)])
def test_durations(text: str, seconds: int) -> None:
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "5 minutes", "m", "1d", "-5s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a duration"):
        DURATION.convert(text, None, None)


def test_ages() -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    times = ("2026-01-02T03:04:00Z", "2026-01-02T02:00:00Z", "2025-12-30T00:00:00Z", "2026-01-02T03:04:05Z", "")
    assert [age(text, now) for text in times] == ["5s", "1h", "3d", "0s", "-"]


def _result(outcome: str) -> RunResult:
    plan = Plan(schema=SCHEMA, action="upgrade", platform="shop", version="1", environment="dev", namespaces=("ns",))
    return RunResult(plan, outcome)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ("done", None), ("nothing", None), ("planned", None), ("restored", RestoredError), ("failed", NotRestoredError),
        ("not-restored", NotRestoredError), ("interrupted", InterruptedRunError),
    ],
)  # fmt: skip
def test_every_end_of_a_run_has_its_exit_code(
    outcome: str, error: type[Exception] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    from helmkit.console.printer import Console

    console = Console(sys.stdout, sys.stderr)
    if error is None:
        assert finish_run(console, _result(outcome), "json") == 0
    else:
        with pytest.raises(error):
            finish_run(console, _result(outcome), "json")
    assert json.loads(capsys.readouterr().out)["outcome"] == outcome


def test_a_plan_without_steps_says_so() -> None:
    assert build_report(_result("nothing")).services == ()
