"""Publishing charts to a Harbor: what a plain registry does not teach."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from helmkit.charts import build_archive
from helmkit.errors import HelmkitError, UnreachableError
from helmkit.harbor import Harbor
from helmkit.harbor.protection import immutable_rule
from helmkit.harbor.records import Selector
from helmkit.oci import AlreadyPublishedError, Credentials, PushResult, RegistryClient, pull_chart, push_chart
from tests.harbor.double import Fault, HarborDouble
from tests.harbor.double.harbor import ADMIN, PASSWORD
from tests.harbor.double.seeding import chart_files

GUARD = immutable_rule(Selector(decoration="excludes", pattern="*-*"), Selector(decoration="repoMatches"))
REPOSITORY = "charts/platform/gateway"


@pytest.fixture
async def client(double: HarborDouble) -> AsyncIterator[RegistryClient]:
    async def no_wait(seconds: float) -> None:
        pass

    credentials = Credentials(ADMIN, PASSWORD)
    async with RegistryClient(
        double.host, plain_http=True, credentials=credentials, environ={}, sleep=no_wait
    ) as registry:
        yield registry


@pytest.fixture
def as_robot(double: HarborDouble) -> Callable[..., RegistryClient]:
    def connect(*allowed: tuple[str, str]) -> RegistryClient:
        robot = double.add_robot("charts", "some", "Secret12345", list(allowed))
        return RegistryClient(
            double.host, plain_http=True, credentials=Credentials(robot.name, "Secret12345"), environ={}
        )

    return connect


async def publish(client: RegistryClient, version: str, *, repository: str = REPOSITORY, **chart: str) -> PushResult:
    files = chart_files("gateway", version, **chart)
    archive = build_archive("gateway", files)
    return await push_chart(client, repository, "gateway", version, archive, files["Chart.yaml"], created=None)


async def test_a_pushed_chart_is_a_chart_with_all_its_texts(
    double: HarborDouble, client: RegistryClient, harbor: Harbor
) -> None:
    result = await publish(client, "1.4.2", appVersion="7.4")
    artifact = await harbor.artifacts.get("charts", "platform/gateway", "1.4.2")
    assert (artifact.digest, artifact.type, artifact.chart["appVersion"]) == (result.digest, "CHART", "7.4")
    readme = await harbor.artifacts.text("charts", "platform/gateway", "1.4.2", "readme.md")
    assert readme == "# gateway 1.4.2\n"
    # helm puts the manifest twice, by digest first, and reads it back: two push events and a pull for one chart.
    puts = [target for method, target, _ in double.seen if method == "PUT" and "/manifests/" in target]
    assert puts == [f"/v2/{REPOSITORY}/manifests/1.4.2"]
    assert artifact.pull_time.startswith("0001")


async def test_a_published_version_is_skipped_also_where_it_is_immutable(
    client: RegistryClient, harbor: Harbor
) -> None:
    await harbor.protection.add_rule("charts", GUARD)
    first = await publish(client, "1.4.2")
    again = await publish(client, "1.4.2")
    assert (again.action, again.digest) == ("unchanged", first.digest)


async def test_other_content_is_refused_and_leaves_nothing_behind(
    double: HarborDouble, client: RegistryClient, harbor: Harbor
) -> None:
    await harbor.protection.add_rule("charts", GUARD)
    first = await publish(client, "1.4.2")
    used = double.state.projects["charts"].used
    with pytest.raises(AlreadyPublishedError, match=first.digest):
        await publish(client, "1.4.2", description="other")
    assert await harbor.artifacts.list_versions("charts", "platform/gateway", untagged=True) == []
    assert double.state.projects["charts"].used == used


async def test_an_immutable_tag_that_comes_in_between_is_told(double: HarborDouble, client: RegistryClient) -> None:
    text = "Failed to process request due to 'platform/gateway:1.4.2' configured as immutable."
    body = f'{{"errors":[{{"code":"PRECONDITION","message":"{text}"}}]}}'.encode()
    double.fail(Fault("PUT .*/manifests/", status=412, body=body, headers={"Content-Type": "application/json"}))
    with pytest.raises(HelmkitError, match="configured as immutable") as caught:
        await publish(client, "1.4.2")
    assert "publish under a new version" in (caught.value.hint or "")


async def test_build_metadata_is_published_under_an_underscore(client: RegistryClient) -> None:
    await publish(client, "1.4.2+build.7")
    assert await client.list_tags(REPOSITORY) == ["1.4.2_build.7"]
    archive, _ = await pull_chart(client, REPOSITORY, "1.4.2+build.7")
    assert archive


async def test_a_missing_project_looks_like_a_missing_right(client: RegistryClient) -> None:
    with pytest.raises(UnreachableError, match="absent/gateway") as caught:
        await publish(client, "1.4.2", repository="absent/gateway")
    assert "project" in (caught.value.hint or "")


async def test_a_robot_that_may_only_pull_is_refused(
    double: HarborDouble, client: RegistryClient, as_robot: Callable[..., RegistryClient]
) -> None:
    await publish(client, "1.4.2")
    async with as_robot(("repository", "pull")) as robot:
        assert (await pull_chart(robot, REPOSITORY, "1.4.2"))[0]
        with pytest.raises(UnreachableError, match="action: push"):
            await publish(robot, "1.4.3")


async def test_a_wrong_password_is_refused_although_the_token_service_gives_a_token(double: HarborDouble) -> None:
    async with RegistryClient(
        double.host, plain_http=True, credentials=Credentials(ADMIN, "Wrong-12345"), environ={}
    ) as client:
        with pytest.raises(UnreachableError, match="does not let us in"):
            await publish(client, "1.4.2")


async def test_an_expired_token_is_renewed(double: HarborDouble, client: RegistryClient) -> None:
    await publish(client, "1.4.2")
    double._oci.tokens.clear()
    assert (await publish(client, "1.4.3")).action == "pushed"


async def test_a_full_project_and_a_read_only_harbor_say_so(double: HarborDouble, client: RegistryClient) -> None:
    double.state.projects["charts"].hard_limit = 10
    with pytest.raises(HelmkitError, match="will exceed the configured upper limit"):
        await publish(client, "1.4.2")
    double.state.read_only = True
    with pytest.raises(HelmkitError, match="read only mode"):
        await publish(client, "1.4.2")
    assert double.state.projects["charts"].repositories.get("platform/gateway") is None


async def test_a_manifest_whose_blobs_are_missing_is_told(double: HarborDouble, client: RegistryClient) -> None:
    error = b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}'
    headers = {"Content-Type": "application/json"}
    double.fail(Fault("PUT .*/manifests/", status=400, body=error, headers=headers, times=2))
    with pytest.raises(HelmkitError, match="MANIFEST_BLOB_UNKNOWN"):
        await publish(client, "1.4.2")


@pytest.mark.parametrize(
    "fault", [Fault("PUT .*/blobs/uploads", cut=50), Fault("PUT .*/blobs/uploads", close_after=True)]
)
async def test_a_connection_cut_in_the_middle_of_a_blob(
    double: HarborDouble, client: RegistryClient, fault: Fault
) -> None:
    double.fail(fault)
    assert (await publish(client, "1.4.2")).action == "pushed"
    assert (await pull_chart(client, REPOSITORY, "1.4.2"))[0]


async def test_no_session_cookie_is_returned(double: HarborDouble, client: RegistryClient, harbor: Harbor) -> None:
    # One pool for both: the management API refuses writes of those who return the cookie of a push.
    shared = Harbor(client.exchange, double.url, Credentials(ADMIN, PASSWORD))
    await publish(client, "1.4.2")
    await shared.artifacts.add_tag("charts", "platform/gateway", "1.4.2", "stable")


async def test_a_harbor_behind_a_proxy_with_another_name(double: HarborDouble, client: RegistryClient) -> None:
    """Its challenges and locations name the address it was configured with; what is its own is found where we are."""
    double._oci.external = "http://harbor.internal:8080"
    assert (await publish(client, "1.4.2")).action == "pushed"
    assert (await pull_chart(client, REPOSITORY, "1.4.2"))[0]
