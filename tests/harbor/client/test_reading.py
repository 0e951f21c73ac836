"""What the client reads, and how few requests it takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from helmkit.errors import UnreachableError
from helmkit.harbor import CredentialsError, Harbor, Login, NotFoundError, is_harbor
from helmkit.http.exchange import Reply
from helmkit.http.pool import HttpExchange
from tests.harbor.double import HarborDouble
from tests.harbor.double.seeding import chart_files, seed_chart


def seed(double: HarborDouble, repository: str, *versions: str, by: str = "admin", **chart: Any) -> None:
    project = double.state.projects["charts"]
    for version in versions:
        files = chart_files(repository.rpartition("/")[2], version, **chart)
        seed_chart(double.state, project, repository, files, by=by)


async def test_a_thousand_versions_take_ten_requests_at_once(double: HarborDouble, harbor: Harbor) -> None:
    seed(double, "platform/gateway", *(f"1.0.{n}" for n in range(1000)))
    versions = await harbor.artifacts.list_versions("charts", "platform/gateway")
    assert [v.tags[0].name for v in versions if v.tags] == [f"1.0.{n}" for n in reversed(range(1000))]
    assert len(double.seen) == 10
    assert all("page_size=100" in target and "platform%252Fgateway" in target for _, target, _ in double.seen)


async def test_the_filter_of_the_latest_charts_keeps_its_plus_sign(double: HarborDouble, harbor: Harbor) -> None:
    for number in range(150):
        seed(double, f"service-{number}", "1.0.0", "1.1.0")
    latest = await harbor.artifacts.list_latest_charts("charts")
    assert len(latest) == 150
    assert {a.chart["version"] for a in latest} == {"1.1.0"}


async def test_a_version_is_read_with_its_chart_and_its_texts(double: HarborDouble, harbor: Harbor) -> None:
    seed(double, "gateway", "1.2.0+build.7", dependencies=[{"name": "routes", "version": "0.3.0"}])
    artifact = await harbor.artifacts.get("charts", "gateway", "1.2.0+build.7")
    assert artifact.chart["version"] == "1.2.0+build.7"
    where = ("charts", "gateway", "1.2.0+build.7")
    assert await harbor.artifacts.text(*where, "values.yaml") == "# Values of gateway\nreplicaCount: 1\n"
    assert await harbor.artifacts.text(*where, "readme.md") == "# gateway 1.2.0+build.7\n"
    assert [d["name"] for d in await harbor.artifacts.dependencies(*where)] == ["routes"]


async def test_a_chart_without_dependencies_has_an_empty_list(double: HarborDouble, harbor: Harbor) -> None:
    seed(double, "gateway", "1.0.0")
    assert await harbor.artifacts.dependencies("charts", "gateway", "1.0.0") == []


async def test_what_is_missing_is_none_or_an_error_that_names_it(double: HarborDouble, harbor: Harbor) -> None:
    seed(double, "platform/gateway", "1.0.0")
    assert await harbor.artifacts.find("charts", "platform/gateway", "9.9.9") is None
    assert await harbor.repositories.find("charts", "absent") is None
    with pytest.raises(NotFoundError, match=r"reading charts/platform/gateway:9\.9\.9 failed"):
        await harbor.artifacts.get("charts", "platform/gateway", "9.9.9")


async def test_who_pushed_is_in_the_audit_log(double: HarborDouble, harbor: Harbor) -> None:
    seed(double, "gateway", "1.0.0", by="robot$charts+ci")
    seed(double, "gateway-admin", "1.0.0", by="somebody")
    pushes = await harbor.artifacts.list_pushes("charts", "gateway")
    assert [(p.resource, p.username) for p in pushes] == [("charts/gateway:1.0.0", "robot$charts+ci")]


async def test_whoami_tells_users_robots_and_nobody_apart(double: HarborDouble, exchange: HttpExchange) -> None:
    robot = double.add_robot("charts", "ci", "Secret12345")
    admin = await Harbor(exchange, double.url, Login("admin", "Harbor-12345")).whoami()
    assert (admin.kind, admin.name, admin.administrator) == ("user", "admin", True)
    assert (await Harbor(exchange, double.url, Login(robot.name, "Secret12345")).whoami()).kind == "robot"
    assert (await Harbor(exchange, double.url).whoami()).kind == "anonymous"
    for wrong in (Login("admin", "wrong"), Login(robot.name, "wrong")):
        with pytest.raises(CredentialsError, match="does not accept the password"):
            await Harbor(exchange, double.url, wrong).whoami()


async def test_no_cookie_is_ever_sent(double: HarborDouble, harbor: Harbor) -> None:
    # The double refuses the second write of a client that returns the session cookie of the first answer.
    await harbor.projects.create("one", public=False)
    await harbor.projects.create("two", public=False)
    assert {"one", "two"} <= {p.name for p in await harbor.projects.list_visible()}


class Other:
    """A registry that is no Harbor."""

    def __init__(self, status: int, body: bytes) -> None:
        self.reply = Reply(status, {"content-type": "text/html"}, body, "")

    async def send(self, *_: object, **__: object) -> Reply:
        return self.reply

    async def aclose(self) -> None:
        pass


async def test_a_harbor_is_told_from_another_registry(double: HarborDouble, exchange: HttpExchange) -> None:
    assert await is_harbor(exchange, double.url)
    assert not await is_harbor(Other(404, b"404 page not found"), "http://registry.example")
    assert not await is_harbor(Other(200, b"<html></html>"), "http://registry.example")
    assert not await is_harbor(Other(200, b"{}"), "http://registry.example")
    with pytest.raises(UnreachableError, match="no connection"):
        await is_harbor(exchange, "http://127.0.0.1:1")


async def test_one_pool_of_connections_serves_everything(double: HarborDouble, harbor: Harbor) -> None:
    seed(double, "gateway", *(f"1.0.{n}" for n in range(300)))
    for _ in range(5):
        await harbor.artifacts.list_versions("charts", "gateway")
    assert double.connections <= 4


async def test_secrets_are_in_no_repr(double: HarborDouble, exchange: HttpExchange) -> None:
    login = Login("admin", "Harbor-12345")
    assert "Harbor-12345" not in repr(login)
    with pytest.raises(CredentialsError) as caught:
        await Harbor(exchange, double.url, Login("admin", "very-Secret-1")).whoami()
    assert "very-Secret-1" not in f"{caught.value} {caught.value.hint}"


async def test_a_project_may_have_a_number_for_a_name(double: HarborDouble, harbor: Harbor) -> None:
    charts = double.state.projects["charts"]
    await harbor.projects.create(str(charts.id), public=True)
    found = await harbor.projects.get(str(charts.id))
    assert found.project_id != charts.id
    assert await harbor.protection.list_rules(str(charts.id)) == []


async def test_a_wrong_password_is_answered_late_and_locks_a_user_but_no_robot() -> None:
    async with HarborDouble(wrong_password_seconds=0.3) as harbor:
        harbor.add_project("charts")
        robot = harbor.add_robot("charts", "ci", "Secret12345")
        exchange = HttpExchange(harbor.url, {}, None)

        async def whoami(name: str, password: str) -> str:
            try:
                return (await Harbor(exchange, harbor.url, Login(name, password)).whoami()).kind
            except CredentialsError:
                return "refused"

        async def later(name: str, password: str) -> str:
            await asyncio.sleep(0.1)
            return await whoami(name, password)

        try:
            attempts = [whoami("admin", "wrong"), later("admin", "Harbor-12345")]
            assert await asyncio.gather(*attempts) == ["refused", "refused"]
            assert await whoami("admin", "Harbor-12345") == "user"
            attempts = [whoami(robot.name, "wrong"), later(robot.name, "Secret12345")]
            assert await asyncio.gather(*attempts) == ["refused", "robot"]
        finally:
            await exchange.aclose()
