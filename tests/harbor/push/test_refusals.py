"""What can go wrong with a push: each a clear error that names the place and the remedy, and nothing half-published."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from chartgen.origin import Origin
from chartgen.publish import plan_charts, publish
from helmkit.errors import ForbiddenError, HelmkitError, TimedOutError, UnreachableError
from helmkit.oci import Credentials, ImmutableTagError, QuotaError, RegistryClient, RegistryError, parse_oci_url
from tests.harbor.double import Fault, HarborDouble
from tests.harbor.double.harbor import ADMIN, PASSWORD
from tests.harbor.push.umbrellas import make_umbrella

PAGE = b"<html><head><title>502 Bad Gateway</title></head></html>"
HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}
IMMUTABLE = (
    b'{"errors":[{"code":"PRECONDITION","message":"Failed to process request due to \'shop/gateway:1.4.2\''
    b' configured as immutable."}]}'
)
HEAD, BEGIN, BLOB, MANIFEST, TOKEN = (
    "HEAD .*/manifests/",
    "POST .*/blobs/uploads",
    "PUT .*/blobs/uploads",
    "PUT .*/manifests/",
    "GET /service/token",
)


async def no_wait(seconds: float) -> None:
    pass


def silent(name: str, state: str) -> None:
    pass


Push = Callable[..., Awaitable[None]]


@pytest.fixture
def push(double: HarborDouble) -> Push:
    """Returns what publishes a platform of one service, as somebody, to a project."""

    async def attempt(who: Credentials | None = None, project: str = "charts", *, anonymous: bool = False) -> None:
        login = None if anonymous else who or Credentials(ADMIN, PASSWORD)
        async with RegistryClient(double.host, plain_http=True, credentials=login, environ={}, sleep=no_wait) as client:
            target = parse_oci_url(f"oci://{double.host}/{project}")
            await publish(client, plan_charts(make_umbrella({"gateway": "1.4.2"}), target, Origin()), silent)

    return attempt


def umbrella_published(double: HarborDouble) -> bool:
    held = double.state.projects["charts"].repositories.get("shop")
    return held is not None and bool(held.tags)


CASES = {
    "immutable": (Fault(MANIFEST, 412, IMMUTABLE, JSON), ImmutableTagError, "immutable", "chartgen bump"),
    "busy": (Fault(HEAD, 429, times=99), UnreachableError, "status 429", "Too many requests"),
    "restarting": (Fault(BEGIN, 503, times=99), UnreachableError, "status 503", "try again later"),
    "empty body": (Fault(BLOB, 500, times=99), UnreachableError, "status 500", "try again later"),
    "page for a lookup": (Fault(HEAD, 200, PAGE, HTML, times=99), UnreachableError, "web page", "registry's address"),
    "page for an upload": (Fault(BEGIN, 502, PAGE, HTML, times=99), UnreachableError, "web page", "proxy or portal"),
    "page for a blob": (Fault(BLOB, 404, PAGE, HTML, times=99), UnreachableError, "web page", "proxy or portal"),
    "page for a manifest": (Fault(MANIFEST, 403, PAGE, HTML), UnreachableError, "web page", "proxy or portal"),
    "page for a token": (Fault(TOKEN, 200, PAGE, HTML, times=99), UnreachableError, "no token", "helm registry login"),
    "token service down": (Fault(TOKEN, 503, times=99), UnreachableError, "token service", "Check the address"),
    "too large for a proxy": (Fault(BLOB, 413, PAGE, HTML), RegistryError, "of that size", "client_max_body_size"),
    "not a registry": (Fault("/v2/", 404, b"no route", {}, times=99), RegistryError, "not as a registry", "address"),
    "connection cut": (Fault(BLOB, cut=20, times=99), UnreachableError, "does not answer", "Check the address"),
    "nowhere to upload": (Fault(BEGIN, 202), RegistryError, "where to upload", "proxy may have answered"),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_fault_is_told_with_place_and_remedy(double: HarborDouble, push: Push, name: str) -> None:
    fault, kind, said, remedy = CASES[name]
    double.fail(replace(fault))
    with pytest.raises(kind, match=said) as caught:
        await push()
    assert f"{double.host}/charts/shop" in caught.value.message
    assert ":1.4.2" in caught.value.message
    assert remedy in (caught.value.hint or "")
    assert not umbrella_published(double)


@pytest.mark.parametrize("stage", [HEAD, BEGIN, BLOB, MANIFEST, TOKEN])
@pytest.mark.parametrize("status", [429, 503])
async def test_what_passes_is_outwaited(double: HarborDouble, push: Push, stage: str, status: int) -> None:
    double.fail(Fault(stage, status, times=2))
    await push()
    assert umbrella_published(double)


async def test_a_wrong_password(double: HarborDouble, push: Push) -> None:
    """The token service gives a token all the same, one without rights."""
    for who in (Credentials(ADMIN, "Wrong-12345"), Credentials("robot$charts+ci", "Wrong-12345")):
        with pytest.raises(UnreachableError, match="does not let us in") as caught:
            await push(who)
        assert f"helm registry login {double.host}" in (caught.value.hint or "")
        assert "Wrong-12345" not in f"{caught.value} {caught.value.hint}"
    # One try is enough to know: every further one costs a user's right password some seconds.
    assert len([target for _, target, _ in double.seen if "/service/token" in target]) == 2


async def test_nobody_is_logged_in(double: HarborDouble, push: Push) -> None:
    with pytest.raises(UnreachableError, match="does not let us in") as caught:
        await push(anonymous=True)
    assert "Log in with" in (caught.value.hint or "")


async def test_no_right_to_push(double: HarborDouble, push: Push) -> None:
    robot = double.add_robot("charts", "cluster", "Secret12345", [("repository", "pull")])
    with pytest.raises(UnreachableError, match="action: push") as caught:
        await push(Credentials(robot.name, "Secret12345"))
    assert "the project 'charts' exists and that the account may push there" in (caught.value.hint or "")
    # What Harbor says twice is told once.
    assert caught.value.message.count("action: push") == 1


async def test_a_project_that_does_not_exist(double: HarborDouble, push: Push) -> None:
    with pytest.raises(UnreachableError, match="absent/shop") as caught:
        await push(project="absent")
    assert "the project 'absent' exists" in (caught.value.hint or "")


async def test_a_full_project(double: HarborDouble, push: Push) -> None:
    double.state.projects["charts"].hard_limit = 900
    with pytest.raises(QuotaError, match="will exceed the configured upper limit") as caught:
        await push()
    assert isinstance(caught.value, ForbiddenError)
    assert "storage quota of project 'charts' is used up" in (caught.value.hint or "")
    assert "chartgen harbor ensure" in (caught.value.hint or "")
    assert not umbrella_published(double)
    double.state.projects["charts"].hard_limit = -1
    await push()
    assert umbrella_published(double)


async def test_a_harbor_in_read_only_mode(double: HarborDouble, push: Push) -> None:
    double.state.read_only = True
    with pytest.raises(ForbiddenError, match="read only mode") as caught:
        await push()
    assert "administrator" in (caught.value.hint or "")


async def test_a_server_that_is_too_slow(double: HarborDouble) -> None:
    async with RegistryClient(
        double.host, plain_http=True, credentials=Credentials(ADMIN, PASSWORD), environ={}, sleep=no_wait
    ) as client:
        client.exchange.timeout = 0.1  # type: ignore[attr-defined]
        double.fail(Fault(HEAD, delay=5.0, times=99))
        with pytest.raises(TimedOutError, match=r"charts/shop:1\.4\.2 failed: .* did not answer in time") as caught:
            await client.resolve("charts/shop", "1.4.2")
    assert "run it again" in (caught.value.hint or "")
    assert caught.value.exit_code == 6


async def test_errors_are_ours_alone(double: HarborDouble, push: Push) -> None:
    for status in (401, 404, 409, 501):
        for body, headers in ((b"", {}), (b"{}", JSON), (b"[]", JSON), (PAGE, HTML)):
            double._server.faults[:] = [Fault(BEGIN, status, body, headers, times=99)]
            with pytest.raises(HelmkitError) as caught:
                await push()
            assert f"{double.host}/charts/shop/gateway:1.4.2" in caught.value.message
            assert caught.value.hint
