"""Everything that can go wrong on the way: each a clear error, and only what is safe is tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from helmkit.errors import HelmkitError, TimedOutError, UnreachableError
from helmkit.harbor import (
    CredentialsError,
    Harbor,
    HarborError,
    Login,
    NotAllowedError,
    NotHarborError,
    ReadOnlyError,
    transport,
)
from helmkit.harbor.faults import Deed, Refusal
from helmkit.http.pool import HttpExchange
from tests.harbor.double import Fault, HarborDouble

PAGE = b"<html><head><title>502 Bad Gateway</title></head></html>"
HTML = {"Content-Type": "text/html"}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Waits between attempts are noted, not waited."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    keywords = transport.Transport.__init__.__kwdefaults__ or {}
    monkeypatch.setitem(keywords, "sleep", note)
    return iter([waited])


@pytest.fixture
def client(double: HarborDouble, exchange: HttpExchange) -> Harbor:
    return Harbor(exchange, double.url, Login("admin", "Harbor-12345"))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_passing_fault_of_the_server_is_outwaited(double: HarborDouble, client: Harbor, status: int) -> None:
    double.fail(Fault("GET .*/projects", status=status, body=PAGE, headers=HTML, times=3))
    assert [p.name for p in await client.projects.list_visible()] == ["charts", "library"]


async def test_a_server_that_asks_for_patience_gets_it(
    double: HarborDouble, client: Harbor, no_waiting: Iterator[list[float]]
) -> None:
    double.fail(Fault("GET .*/projects", status=429, headers={"Retry-After": "7"}, times=1))
    await client.projects.list_visible()
    assert next(no_waiting) == [7.0]


async def test_patience_ends(double: HarborDouble, client: Harbor) -> None:
    double.fail(Fault("GET .*/projects", status=503, body=PAGE, headers=HTML, times=99))
    with pytest.raises(UnreachableError, match="listing projects failed"):
        await client.projects.list_visible()
    assert len(double.seen) == len(transport.PATIENCE.pauses) + 1


async def test_an_internal_error_is_not_tried_again(double: HarborDouble, client: Harbor) -> None:
    with pytest.raises(UnreachableError, match="has a fault of its own"):
        await client.protection.get_retention(999)
    assert len(double.seen) == 1


async def test_an_empty_error_body_is_no_trouble(double: HarborDouble, client: Harbor) -> None:
    double.fail(Fault("GET .*/projects", status=500))
    with pytest.raises(UnreachableError, match=r"\(HTTP 500\)$"):
        await client.projects.list_visible()


async def test_a_cut_connection_is_made_again_for_reading(double: HarborDouble, client: Harbor) -> None:
    double.fail(Fault("GET .*/projects", cut=0, times=2))
    assert len(await client.projects.list_visible()) == 2


async def test_a_write_whose_answer_is_lost_is_not_repeated(double: HarborDouble, client: Harbor) -> None:
    double.fail(Fault("POST .*/projects", close_after=True))
    with pytest.raises(UnreachableError, match="creating project staging failed: there is no connection"):
        await client.projects.create("staging", public=False)
    assert "staging" in double.state.projects


async def test_an_idempotent_write_whose_answer_is_lost_is_repeated(double: HarborDouble, client: Harbor) -> None:
    double.fail(Fault("PUT .*/projects/charts", close_after=True))
    await client.projects.update("charts", {"public": "true"})
    double.fail(Fault("DELETE .*/immutabletagrules", close_after=True))
    await client.protection.delete_rule("charts", 1)


async def test_nothing_listens(exchange: HttpExchange) -> None:
    with pytest.raises(UnreachableError, match=r"there is no connection to Harbor at 127\.0\.0\.1:1"):
        await Harbor(exchange, "http://127.0.0.1:1").projects.list_visible()


async def test_a_slow_server(double: HarborDouble, client: Harbor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client._transport._exchange, "timeout", 0.05)
    double.fail(Fault("GET .*/projects", delay=5.0, times=99))
    started = time.monotonic()
    with pytest.raises(TimedOutError, match="did not answer in time"):
        await client.projects.list_visible()
    assert time.monotonic() - started < 2


async def test_a_login_page_in_place_of_data(double: HarborDouble, client: Harbor) -> None:
    double.fail(Fault("GET .*/projects", status=200, body=b"<html>Sign in</html>", headers=HTML))
    with pytest.raises(NotHarborError, match="answers with a web page in place of data"):
        await client.projects.list_visible()
    double.fail(Fault("GET .*/projects", status=404, body=PAGE, headers=HTML))
    with pytest.raises(NotHarborError, match="answers with a web page in place of data"):
        await client.projects.list_visible()


async def test_json_that_harbor_does_not_speak(double: HarborDouble, client: Harbor) -> None:
    double.fail(Fault("GET .*/projects", status=200, body=b'{"a": 1}', headers={"Content-Type": "application/json"}))
    with pytest.raises(NotHarborError, match="in a form that Harbor 2 does not use"):
        await client.projects.list_visible()


async def test_a_wrong_password(double: HarborDouble, exchange: HttpExchange) -> None:
    wrong = Harbor(exchange, double.url, Login("robot$charts+ci", "Wrong-12345"))
    with pytest.raises(CredentialsError, match=r"does not accept the password of 'robot\$charts\+ci'") as caught:
        await wrong.repositories.list_of("charts")
    assert "helm registry login" in (caught.value.hint or "")
    assert caught.value.exit_code == 5


async def test_no_login_at_all(double: HarborDouble, exchange: HttpExchange) -> None:
    with pytest.raises(CredentialsError, match="shows this to nobody without a login"):
        await Harbor(exchange, double.url).repositories.list_of("charts")


async def test_a_missing_right_is_named(double: HarborDouble, exchange: HttpExchange) -> None:
    robot = double.add_robot("charts", "cluster", "Secret12345", [("repository", "pull")])
    client = Harbor(exchange, double.url, Login(robot.name, "Secret12345"))
    with pytest.raises(NotAllowedError, match="listing versions of charts/platform/gateway failed") as caught:
        await client.artifacts.list_versions("charts", "platform/gateway")
    assert "It needs the right artifact:list in project 'charts', if that exists." in (caught.value.hint or "")


async def test_read_only_mode(double: HarborDouble, client: Harbor) -> None:
    double.state.read_only = True
    with pytest.raises(ReadOnlyError, match="is in read-only mode"):
        await client.projects.create("staging", public=False)


async def test_other_refusals_keep_harbors_words(double: HarborDouble, client: Harbor) -> None:
    with pytest.raises(HarborError, match="project name is not in lower case") as caught:
        await client.projects.create("Upper Case", public=False)
    assert (caught.value.status, caught.value.exit_code) == (400, 1)


def test_what_is_said_twice_is_told_once() -> None:
    body = b'{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized: unauthorized"}]}'
    assert Refusal("h", "a", 401, "application/json", body).text == "unauthorized"


def test_no_foreign_error_leaks() -> None:
    for status in (400, 401, 403, 404, 405, 409, 412, 413, 422, 429, 500, 502, 503, 504):
        for kind, body in (("application/json", b"{}"), ("application/json", b"[]"), ("text/html", PAGE), ("", b"")):
            from helmkit.harbor.faults import explain

            error = explain(Deed("reading", "charts", "gateway", "1.0.0"), Refusal("h", "a", status, kind, body))
            assert isinstance(error, HelmkitError)
            assert "reading charts/gateway:1.0.0 failed" in error.message
