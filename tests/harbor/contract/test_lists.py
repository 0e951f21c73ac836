"""Lists: pages, totals, links, filters."""

from __future__ import annotations

import pytest

from tests.harbor.contract.wire import Wire, fault, items

VERSIONS = ["1.0.0", "1.1.0", "1.2.0-rc.1", "1.2.0+build.7"]
CONFIG_TYPE = "application%2Fvnd.cncf.helm.config.v1"


@pytest.fixture
async def charts(wire: Wire) -> Wire:
    for version in VERSIONS:
        await wire.push_chart("gateway", version)
    return wire


async def test_pages_count_the_filtered_set(charts: Wire) -> None:
    path = charts.artifacts("gateway")
    first = await charts.api("GET", f"{path}?page=1&page_size=3&q=type%3DCHART&with_tag=true")
    assert (len(items(first)), first.headers["x-total-count"]) == (3, "4")
    last = await charts.api("GET", f"{path}?page=2&page_size=3&q=type%3DCHART")
    assert (len(items(last)), last.headers["x-total-count"]) == (1, "4")
    assert 'rel="prev"' in last.headers["link"]
    assert 'rel="next"' not in last.headers["link"]


async def test_links_are_relative_and_their_query_is_decoded(charts: Wire) -> None:
    path = charts.artifacts("gateway")
    answer = await charts.api("GET", f"{path}?page=2&page_size=1&q=type%3DCHART&with_tag=true")
    previous, following = answer.headers["link"].split(" , ")
    assert previous.endswith('?page=1&page_size=1&q=type=CHART&with_tag=true>; rel="prev"')
    assert following.endswith('?page=3&page_size=1&q=type=CHART&with_tag=true>; rel="next"')
    assert following.startswith("</api/v2.0/projects/")


async def test_the_newest_push_comes_first(charts: Wire) -> None:
    answer = await charts.api("GET", f"{charts.artifacts('gateway')}?with_tag=true")
    assert [a["tags"][0]["name"] for a in items(answer)] == ["1.2.0_build.7", "1.2.0-rc.1", "1.1.0", "1.0.0"]


async def test_a_page_holds_at_most_a_hundred(charts: Wire) -> None:
    refused = await charts.api("GET", f"{charts.artifacts('gateway')}?page_size=101")
    message = "validation failure list:\npage_size in query should be less than or equal to 100"
    assert fault(refused) == (422, "UNPROCESSABLE_ENTITY", message)


@pytest.mark.parametrize("page", [1, 2])
async def test_page_size_zero_gives_everything_on_every_page(charts: Wire, page: int) -> None:
    answer = await charts.api("GET", f"{charts.artifacts('gateway')}?page={page}&page_size=0")
    assert (len(items(answer)), "link" in answer.headers) == (4, False)


async def test_a_page_past_the_end_is_empty(charts: Wire) -> None:
    answer = await charts.api("GET", f"{charts.artifacts('gateway')}?page=9999&page_size=100")
    assert (answer.status_code, items(answer), answer.headers["x-total-count"]) == (200, [], "4")


async def test_a_page_that_is_no_number_is_refused(wire: Wire) -> None:
    assert (await wire.api("GET", "/projects?page=abc")).status_code == 422


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("type%3DCHART", 4),
        ("type%3Dchart", 0),  # case counts
        ("type=CHART", 4),
        ("nosuchkey%3Dx", 4),  # ignored without a word
        ("tags%3D1.1.0", 1),
        ("tags%3D~1.2", 2),
        ("tags%3D*", 4),
        ("tags%3Dnil", 0),
        ("type%3DCHART%2Ctags%3D1.1.0", 1),
        (f"media_type%3D{CONFIG_TYPE}%2Bjson", 0),  # decoded twice: the plus sign became a blank
        (f"media_type%3D{CONFIG_TYPE}%252Bjson", 4),
    ],
)
async def test_filters(charts: Wire, query: str, count: int) -> None:
    answer = await charts.api("GET", f"{charts.artifacts('gateway')}?q={query}")
    assert (answer.status_code, len(items(answer)), answer.headers["x-total-count"]) == (200, count, str(count))


async def test_a_filter_without_an_equals_sign_is_refused(wire: Wire) -> None:
    answer = await wire.api("GET", f"/projects/{wire.project}/repositories?q=name")
    assert fault(answer)[:2] == (400, "BAD_REQUEST")


async def test_labels_are_filtered_by_ids_that_all_hold(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.0.0")
    answer = await wire.api("GET", f"{wire.artifacts('gateway')}?with_label=true&q=labels%3D%7B1%202%7D")
    assert fault(answer)[:2] == (400, "BAD_REQUEST")


async def test_a_boolean_that_is_none_counts_as_false(charts: Wire) -> None:
    answer = await charts.api("GET", f"{charts.artifacts('gateway')}?with_tag=maybe")
    assert [a["tags"] for a in items(answer)] == [None] * 4


async def test_the_latest_of_every_chart_needs_a_media_type(charts: Wire) -> None:
    await charts.push_chart("platform/routes", "0.3.0")
    path = f"/projects/{charts.project}/artifacts?page_size=100&latest_in_repository=true"
    assert fault(await charts.api("GET", path))[:2] == (400, "BAD_REQUEST")
    answer = await charts.api("GET", f"{path}&with_tag=true&q=media_type%3D{CONFIG_TYPE}%252Bjson")
    own = {a["repository_name"]: a["tags"] for a in items(answer) if f"/{charts.run}/" in a["repository_name"]}
    names = {name.removeprefix(f"{charts.project}/{charts.run}/"): tags[0]["name"] for name, tags in own.items()}
    assert names == {"gateway": "1.2.0_build.7", "platform/routes": "0.3.0"}


async def test_repository_names_are_filtered_with_their_project(charts: Wire) -> None:
    path = f"/projects/{charts.project}/repositories"
    full = f"{charts.project}/{charts.run}/gateway"
    exact = await charts.api("GET", f"{path}?q=name%3D{full.replace('/', '%2F')}")
    assert [r["name"] for r in items(exact)] == [full]
    short = await charts.api("GET", f"{path}?q=name%3Dgateway")
    assert full not in [r["name"] for r in items(short)]
    fuzzy = await charts.api("GET", f"{path}?q=name%3D~{charts.run}")
    assert [r["name"] for r in items(fuzzy)] == [full]
