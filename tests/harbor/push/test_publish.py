"""A whole platform published to a Harbor: how often it is asked, in which order, and what a cut leaves behind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import pytest

from chartgen.origin import Origin
from chartgen.publish import BOM_DIGEST, PLATFORM, Published, plan_charts, preview, publish
from chartgen.umbrella import Umbrella
from helmkit.charts import bytes_digest
from helmkit.errors import HelmkitError, UnreachableError
from helmkit.oci import (
    AlreadyPublishedError,
    ChartPackage,
    Credentials,
    MixedContentError,
    RegistryClient,
    parse_oci_url,
)
from tests.harbor.double import Fault, HarborDouble
from tests.harbor.double.harbor import ADMIN, PASSWORD
from tests.harbor.platforms import digests, seed_image
from tests.harbor.push.umbrellas import make_umbrella

SERVICES = {f"service-{number}": "1.4.2" for number in range(6)}
COMMIT = Origin("4f0c" * 10, "2026-11-20T10:00:00Z")


async def no_wait(seconds: float) -> None:
    pass


def silent(name: str, state: str) -> None:
    pass


Connect = Callable[..., RegistryClient]


@pytest.fixture
def connect(double: HarborDouble) -> Connect:
    def make(username: str = ADMIN, password: str = PASSWORD) -> RegistryClient:
        who = Credentials(username, password)
        return RegistryClient(double.host, plain_http=True, credentials=who, environ={}, sleep=no_wait)

    return make


@pytest.fixture
async def client(connect: Connect) -> AsyncIterator[RegistryClient]:
    async with connect() as made:
        yield made


def packed(double: HarborDouble, umbrella: Umbrella, origin: Origin = COMMIT) -> list[ChartPackage]:
    return plan_charts(umbrella, parse_oci_url(f"oci://{double.host}/charts"), origin)


async def run(client: RegistryClient, charts: Sequence[ChartPackage]) -> list[Published]:
    return await publish(client, charts, silent)


def asked(double: HarborDouble, since: int = 0) -> dict[str, int]:
    """Count requests by what they are about."""
    counts: dict[str, int] = {}
    for method, target, status in double.seen[since:]:
        kind = next((k for k in ("/service/token", "/manifests/", "/blobs/", "/tags/", "/api/") if k in target), target)
        key = f"{method} {kind}" + (" 401" if status == 401 else "")
        counts[key] = counts.get(key, 0) + 1
    return counts


async def test_one_token_and_six_requests_for_each_chart(double: HarborDouble, client: RegistryClient) -> None:
    done = await run(client, packed(double, make_umbrella(SERVICES)))
    charts = len(SERVICES) + 1
    assert [one.action for one in done] == ["pushed"] * charts
    assert asked(double) == {
        "HEAD /manifests/ 401": 1,
        "GET /service/token": 1,
        "HEAD /manifests/": charts,
        # The images of the whole project, in one request.
        "GET /api/": 1,
        "POST /blobs/": 2 * charts,
        "PUT /blobs/": 2 * charts,
        "PUT /manifests/": charts,
    }


async def test_a_second_push_asks_once_for_each_chart(double: HarborDouble, connect: Connect) -> None:
    charts = packed(double, make_umbrella(SERVICES))
    async with connect() as first:
        published = await run(first, charts)
    seen = len(double.seen)
    async with connect() as again:
        done = await run(again, charts)
    assert {one.action for one in done} == {"unchanged"}
    assert [one.digest for one in done] == [one.digest for one in published]
    # Besides: the challenge and the token, once each.
    expected = {"HEAD /manifests/ 401": 1, "GET /service/token": 1, "HEAD /manifests/": len(charts)}
    assert asked(double, seen) == expected


async def test_a_password_is_hashed_once_for_the_token_and_once_for_the_images(double: HarborDouble) -> None:
    """95 ms each on a real Harbor: a push with a user's account must not pay that for every request."""
    hashed: list[str] = []
    log_in = double._log_in

    async def note(request: object) -> object:
        if getattr(request, "headers", {}).get("authorization", "").startswith("Basic "):
            hashed.append(getattr(request, "target", ""))
        return await log_in(request)  # type: ignore[arg-type]

    double._log_in = note  # type: ignore[method-assign, assignment]
    who = Credentials(ADMIN, PASSWORD)
    async with RegistryClient(double.host, plain_http=True, credentials=who, environ={}) as client:
        await run(client, packed(double, make_umbrella(SERVICES)))
    assert [target.partition("?")[0] for target in hashed] == ["/service/token", "/api/v2.0/projects/charts/artifacts"]


async def test_the_umbrella_comes_last(double: HarborDouble, client: RegistryClient) -> None:
    await run(client, packed(double, make_umbrella(SERVICES)))
    puts = [target for method, target, _ in double.seen if method == "PUT" and "/manifests/" in target]
    assert puts[-1] == "/v2/charts/shop/manifests/1.4.2"
    assert len(puts) == len(set(puts)) == len(SERVICES) + 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST .*/blobs/uploads", cut=0, skip=5, times=999),
        Fault("PUT .*/blobs/uploads", cut=20, skip=5, times=999),
        Fault("PUT .*/manifests/", cut=20, skip=2, times=999),
    ],
)
async def test_a_push_that_was_cut_goes_on_where_it_was(double: HarborDouble, connect: Connect, fault: Fault) -> None:
    charts = packed(double, make_umbrella(SERVICES))
    double.fail(replace(fault))
    async with connect() as first:
        with pytest.raises(UnreachableError, match="does not answer"):
            await run(first, charts)
    project = double.state.projects["charts"]
    assert "shop" not in project.repositories or not project.repositories["shop"].tags
    stored = set(double.state.blobs)
    double._server.faults.clear()
    seen = len(double.seen)
    async with connect() as second:
        done = await run(second, charts)
    assert {one.action for one in done} <= {"pushed", "unchanged"}
    assert digests(project)["shop:1.4.2"] == charts[-1].digest
    sent = [target.rpartition("digest=")[2] for method, target, _ in double.seen[seen:] if method == "PUT"]
    # Nothing that was there was sent again.
    assert not stored & set(sent)


async def test_other_content_is_refused_with_both_digests_before_anything_moves(
    double: HarborDouble, client: RegistryClient
) -> None:
    published = await run(client, packed(double, make_umbrella({"gateway": "1.4.2"})))
    seen = len(double.seen)
    charts = packed(double, make_umbrella({"gateway": "1.4.2", "nacos": "1.4.2"}, description="other"))
    with pytest.raises(AlreadyPublishedError, match="nothing was pushed: 2 of 3 versions") as caught:
        await run(client, charts)
    assert f"{double.host}/charts/shop/gateway:1.4.2" in caught.value.message
    for digest in (published[0].digest, charts[0].digest, published[1].digest, charts[2].digest):
        assert digest in caught.value.message
    assert "chartgen bump" in (caught.value.hint or "")
    assert {method for method, _, _ in double.seen[seen:]} <= {"GET", "HEAD"}
    looked = await preview(client, charts)
    assert [one.action for one in looked] == ["refused", "push", "refused"]
    assert (looked[0].digest, looked[0].refused_digest) == (published[0].digest, charts[0].digest)


async def test_the_same_charts_from_another_commit_are_unchanged(double: HarborDouble, client: RegistryClient) -> None:
    umbrella = make_umbrella({"gateway": "1.4.2"})
    published = await run(client, packed(double, umbrella))
    later = packed(double, umbrella, Origin("a" * 40, "2026-12-24T00:00:00Z"))
    assert later[0].digest != published[0].digest
    done = await run(client, later)
    # What is in the registry stays as it was first published.
    assert [(one.action, one.digest) for one in done] == [("unchanged", one.digest) for one in published]


async def test_manifests_tell_where_charts_come_from(double: HarborDouble, client: RegistryClient) -> None:
    umbrella = make_umbrella({"gateway": "1.4.2"})
    charts = packed(double, umbrella)
    await run(client, charts)
    for repository in ("charts/shop/gateway", "charts/shop"):
        manifest, _ = await client.fetch_manifest(repository, "1.4.2")
        told = manifest.annotations
        assert told["org.opencontainers.image.created"] == COMMIT.created
        assert told["org.opencontainers.image.revision"] == COMMIT.revision
        assert told["org.opencontainers.image.version"] == "1.4.2"
        assert told["org.opencontainers.image.title"] == repository.rpartition("/")[2]
        assert told["org.opencontainers.image.description"]
        assert (told[PLATFORM], told[BOM_DIGEST]) == ("shop", bytes_digest(umbrella.files["bom.json"]))
    assert [one.digest for one in packed(double, umbrella)] == [one.digest for one in charts]
    unknown = json.loads(packed(double, umbrella, Origin())[0].manifest)["annotations"]
    assert not {"org.opencontainers.image.created", "org.opencontainers.image.revision"} & unknown.keys()


async def test_images_of_the_same_name_are_not_pushed_over(double: HarborDouble, client: RegistryClient) -> None:
    """T092: one tag, one manifest; whoever pushes last wins."""
    seed_image(double.state, double.state.projects["charts"], "gateway", "latest")
    seed_image(double.state, double.state.projects["charts"], "base/jre", "21")
    charts = packed(double, make_umbrella({"gateway": "1.4.2"}))
    for attempt in (run, preview):
        with pytest.raises(MixedContentError, match=r"holds images under the names of charts") as caught:
            await attempt(client, charts)
        assert "charts/gateway (chart charts/shop/gateway)" in caught.value.message
        assert "jre" not in caught.value.message
        assert "project of their own" in (caught.value.hint or "")
    assert {method for method, _, _ in double.seen} <= {"GET", "HEAD"}


async def test_images_of_other_names_are_no_obstacle(double: HarborDouble, client: RegistryClient) -> None:
    seed_image(double.state, double.state.projects["charts"], "base/jre", "21")
    done = await run(client, packed(double, make_umbrella({"gateway": "1.4.2"})))
    assert {one.action for one in done} == {"pushed"}


async def test_a_robot_that_may_not_list_finds_images_all_the_same(double: HarborDouble, connect: Connect) -> None:
    seed_image(double.state, double.state.projects["charts"], "shop/gateway", "latest")
    robot = double.add_robot("charts", "ci", "Secret12345", [("repository", "push"), ("repository", "pull")])
    charts = packed(double, make_umbrella({"gateway": "1.4.2", "nacos": "1.4.2"}))
    async with connect(robot.name, "Secret12345") as client:
        with pytest.raises(MixedContentError, match=r"charts/shop/gateway:latest \(application/vnd\.oci\.image\.index"):
            await run(client, charts)


async def test_an_image_under_the_very_tag(double: HarborDouble, connect: Connect) -> None:
    seed_image(double.state, double.state.projects["charts"], "shop/gateway", "1.4.2")
    async with connect() as client:
        with pytest.raises(MixedContentError, match=r"shop/gateway:1\.4\.2 is published, and it is no chart"):
            await run(client, packed(double, make_umbrella({"gateway": "1.4.2"})))


async def test_a_token_that_expires_in_the_middle_is_renewed_once(double: HarborDouble, client: RegistryClient) -> None:
    charts = packed(double, make_umbrella(SERVICES))
    await preview(client, charts)
    double._oci.tokens.clear()
    seen = len(double.seen)
    assert {one.action for one in await run(client, charts)} == {"pushed"}
    counted = asked(double, seen)
    # The umbrella is looked up first and alone: it alone meets the refusal.
    assert (counted["GET /service/token"], counted["HEAD /manifests/ 401"]) == (1, 1)


async def test_blobs_that_the_registry_only_believes_to_have_are_sent_again(
    double: HarborDouble, client: RegistryClient
) -> None:
    error = b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}'
    fault = Fault("PUT .*/manifests/", status=400, body=error, headers={"Content-Type": "application/json"})
    double.fail(fault)
    done = await run(client, packed(double, make_umbrella({"gateway": "1.4.2"})))
    assert {one.action for one in done} == {"pushed"}
    double.fail(Fault(fault.path, status=400, body=error, headers=fault.headers, times=99))
    with pytest.raises(HelmkitError, match="MANIFEST_BLOB_UNKNOWN") as caught:
        await run(client, packed(double, make_umbrella({"gateway": "1.4.3"}, "1.4.3")))
    assert f"pushing {double.host}/charts/shop/gateway:1.4.3 failed" in caught.value.message
    assert "push again" in (caught.value.hint or "")
