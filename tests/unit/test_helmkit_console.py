"""Data on stdout, everything else on stderr; every end of a command is an exit code."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
import pytest

from helmkit.console import Console, Output, Table, exit_code_for, run_async, run_cli
from helmkit.console.printer import ReaderGoneError
from helmkit.errors import HelmkitError, LockHeldError, UsageError
from helmkit.yaml import parse_yaml

RED, PLAIN = "\x1b[31m", "\x1b[0m"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def make(**options: Any) -> tuple[Console, io.StringIO, io.StringIO]:
    stdout, stderr = io.StringIO(), io.StringIO()
    return Console(stdout, stderr, **options), stdout, stderr


@dataclass(frozen=True)
class Row:
    name: str
    revision: int
    since: datetime
    note: str | None = None


DATA = [
    Row("gateway", 3, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    Row("nacos-ünï", 12, datetime(2026, 1, 1, tzinfo=UTC), "on"),
]


def table(rows: list[Row]) -> Table:
    return Table(["NAME", "REVISION", "NOTE"], [[row.name, row.revision, row.note] for row in rows], ["2 services"])


def printed(output: Output) -> str:
    console, stdout, stderr = make()
    console.print_data(DATA, output, table=table)
    assert stderr.getvalue() == ""
    return stdout.getvalue()


def test_tables_are_aligned() -> None:
    assert printed("table") == textwrap.dedent("""\
        NAME       REVISION  NOTE
        gateway    3         -
        nacos-ünï  12        on
        2 services
        """)


def test_json_and_yaml_hold_everything_in_order() -> None:
    assert [list(one) for one in json.loads(printed("json"))] == [["name", "revision", "since", "note"]] * 2
    assert printed("json") == printed("json")
    assert '"nacos-ünï"' in printed("json")
    assert parse_yaml(printed("yaml")) == json.loads(printed("json"))
    assert printed("json").endswith("]\n")


def test_structs_and_mappings_are_data_too() -> None:
    class Point(msgspec.Struct):
        x: int

    console, stdout, _ = make()
    console.print_data({"b": Point(1), "a": {2: None}}, "json", table=lambda _: Table([], []))
    assert stdout.getvalue() == '{\n  "b": {\n    "x": 1\n  },\n  "a": {\n    "2": null\n  }\n}\n'


def test_empty_tables_say_so() -> None:
    assert Table(["NAME"], [], empty="nothing is installed").render() == "nothing is installed\n"
    assert Table(["NAME"], []).render() == "NAME\n"


def test_wide_characters_and_line_breaks_keep_the_columns() -> None:
    rendered = Table(["A", "B"], [["日本", "x"], ["e\u0301", "two\nlines"], [True, False]]).render()
    assert rendered.splitlines() == ["A     B", "日本  x", "e\u0301     two lines", "yes   no"]


def test_what_a_terminal_would_obey_is_made_visible() -> None:
    console, _, stderr = make()
    console.print_error(HelmkitError("bad \x1b[2J\x07name\u202e", hint="\x9b31m"))
    assert stderr.getvalue() == "Error: bad \\x1b[2J\\x07name\\u202e\nNext: \\x9b31m\n"
    assert "\x1b" not in Table(["A"], [["\x1b[31mred"]]).render()


def test_text_is_printed_as_it_is() -> None:
    console, stdout, _ = make()
    console.print_text("a: 1")
    console.print_text("b\x1b\n")
    console.print_text("")
    assert stdout.getvalue() == "a: 1\nb\x1b\n"


def test_remarks_go_to_stderr_by_how_much_is_wanted() -> None:
    def said(**options: Any) -> str:
        console, stdout, stderr = make(**options)
        console.info("info")
        console.detail("detail")
        console.warn("warning")
        assert stdout.getvalue() == ""
        return stderr.getvalue()

    assert said() == "info\nWarning: warning\n"
    assert said(quiet=True) == "Warning: warning\n"
    assert said(verbose=1) == "info\ndetail\nWarning: warning\n"


def test_errors_with_and_without_colour() -> None:
    error = HelmkitError("it broke", hint="mend it")
    console, _, stderr = make()
    console.print_error(error)
    assert stderr.getvalue() == "Error: it broke\nNext: mend it\n"
    console, _, stderr = make(color=True)
    console.print_error(error)
    assert stderr.getvalue().startswith(f"{RED}Error:{PLAIN} it broke\n")


@pytest.mark.parametrize(
    ("environ", "terminal", "color"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(environ: dict[str, str], terminal: bool, color: bool) -> None:
    stderr = Terminal() if terminal else io.StringIO()
    Console.for_streams(io.StringIO(), stderr, environ).print_error(HelmkitError("x"))
    assert (RED in stderr.getvalue()) is color


def test_progress_in_plain_lines_tells_only_what_is_new() -> None:
    console, _, stderr = make()
    with console.progress("Upgrading shop") as progress:
        progress.report("gateway", "applying")
        progress.report("gateway", "applying")
        progress.report("gateway", "1/3 ready", "waiting for pods")
        progress.note("half way")
        progress.report("gateway", "applying")
    assert stderr.getvalue().splitlines() == [
        "Upgrading shop",
        "gateway: applying",
        "gateway: 1/3 ready (waiting for pods)",
        "half way",
        "gateway: applying",
    ]


def test_progress_when_quiet_is_nothing() -> None:
    console, _, stderr = make(quiet=True)
    with console.progress("Upgrading shop") as progress:
        progress.report("gateway", "applying")
        progress.note("half way")
    assert stderr.getvalue() == ""


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}])
def test_progress_on_a_terminal_is_a_table(environ: dict[str, str]) -> None:
    stderr = Terminal()
    console = Console.for_streams(io.StringIO(), stderr, environ)
    with console.progress("Upgrading shop") as progress:
        progress.report("gateway", "applying")
        progress.note("[bold]half way")
        progress.report("gateway", "3/3 ready", "[red]")
    shown = stderr.getvalue()
    assert "[bold]half way" in shown
    assert "3/3 ready" in shown.rsplit("NAME", 1)[1]
    assert "[red]" in shown
    # What was written last stays; the cursor comes back.
    assert "\x1b[?25h" in shown


def test_exit_codes() -> None:
    assert exit_code_for(UsageError("x")) == 2
    assert exit_code_for(LockHeldError("x")) == 4
    assert exit_code_for(KeyboardInterrupt()) == 130
    assert exit_code_for(asyncio.CancelledError()) == 130
    assert exit_code_for(ReaderGoneError()) == 141
    assert exit_code_for(ValueError()) == 1
    assert exit_code_for(ExceptionGroup("", [LockHeldError("x"), UsageError("y")])) == 4
    assert exit_code_for(BaseExceptionGroup("", [LockHeldError("x"), KeyboardInterrupt()])) == 130


@click.group()
@click.option("--debug", is_flag=True)
def cli(debug: bool) -> None:
    """A tool."""


def command(function: Any) -> Any:
    return cli.command()(function)


@command
def fine() -> None:
    """Do well."""


@command
def changes() -> int:
    """Return an exit code."""
    return 3


@command
def locked() -> None:
    """Fail on purpose."""
    raise LockHeldError("the set is locked by ann", hint="wait")


@command
def several() -> None:
    """Fail in two ways."""
    raise ExceptionGroup("both", [UsageError("one"), LockHeldError("two")])


@command
def buggy() -> None:
    """Fail by accident."""
    raise KeyError("name")


@command
def interrupted() -> None:
    """Get stopped."""
    raise KeyboardInterrupt


@command
@click.argument("number", type=int)
def typed(number: int) -> None:
    """Take a number."""


def run(*args: str) -> tuple[int, str]:
    stderr = io.StringIO()
    code = run_cli(cli, args, prog_name="tool", environ={}, stdout=io.StringIO(), stderr=stderr)
    return code, stderr.getvalue()


def test_how_commands_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fine") == (0, "")
    assert run("changes") == (3, "")
    assert run("locked") == (4, "Error: the set is locked by ann\nNext: wait\n")
    assert run("several") == (2, "Error: one\nError: two\n")
    assert run("interrupted") == (130, "Warning: interrupted\n")
    assert capsys.readouterr().err == "\n"
    code, said = run("typed", "x")
    assert code == 2
    assert "not a valid integer" in said
    assert run("nonsense")[0] == 2
    assert run("--help") == (0, "")
    assert "A tool." in capsys.readouterr().out


def test_bugs_are_called_bugs_and_explained_on_request() -> None:
    code, said = run("buggy")
    assert code == 1
    assert "This is a bug" in said
    assert "--debug" in said
    assert "Traceback" not in said
    code, said = run("--debug", "buggy")
    assert code == 1
    assert "Traceback" in said
    assert "Traceback" in run("--debug", "locked")[1]


def test_run_async_returns_and_raises() -> None:
    async def value() -> int:
        return 7

    async def stopped() -> None:
        raise asyncio.CancelledError

    assert run_async(value()) == 7
    with pytest.raises(KeyboardInterrupt):
        run_async(stopped())


SCRIPT = """
import asyncio, os, sys
import click
from helmkit.console import run_async, run_cli
@click.command()
def tool():
    async def work():
        try:
            print("started", flush=True)
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            print("cleaned up", flush=True)
    run_async(work())
sys.exit(run_cli(tool, [], prog_name="tool", environ=os.environ))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_cancel_and_leave_time_to_clean_up(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(0.1)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "cleaned up\n", "\nWarning: interrupted\n")


PIPE = """
import os, sys
import click
from helmkit.console import Console, Table, run_cli
@click.command()
def tool():
    Console(sys.stdout, sys.stderr).print_data([], table=lambda _: Table(["A"], [["x" * 100]] * 10000))
sys.exit(run_cli(tool, [], prog_name="tool", environ=os.environ))
"""


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", PIPE], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
