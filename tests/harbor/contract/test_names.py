"""Names: encodings, numbers, what is missing."""

from __future__ import annotations

from tests.harbor.contract.wire import Wire, fault, items


async def test_a_slash_in_a_repository_name_is_encoded_twice(wire: Wire) -> None:
    digest = await wire.push_chart("platform/gateway", "1.0.0")
    path = f"/projects/{wire.project}/repositories"
    twice = await wire.api("GET", f"{path}/{wire.run}%252Fplatform%252Fgateway")
    assert twice.json()["name"] == f"{wire.project}/{wire.run}/platform/gateway"
    artifact = await wire.api("GET", f"{path}/{wire.run}%252Fplatform%252Fgateway/artifacts/1.0.0")
    assert artifact.json()["digest"] == digest


async def test_a_slash_encoded_once_is_not_found_behind_the_proxy(wire: Wire) -> None:
    await wire.push_chart("platform/gateway", "1.0.0")
    path = f"/projects/{wire.project}/repositories/{wire.run}%2Fplatform%2Fgateway"
    answer = await wire.api("GET", path)
    if wire.real and answer.status_code == 200:
        return  # Straight to the core service both encodings work.
    assert answer.status_code == 404


async def test_addition_links_are_encoded_twice(wire: Wire) -> None:
    await wire.push_chart("platform/gateway", "1.0.0")
    artifact = (await wire.api("GET", f"{wire.artifacts('platform/gateway')}/1.0.0")).json()
    link = artifact["addition_links"]["values.yaml"]["href"]
    assert f"{wire.run}%252Fplatform%252Fgateway" in link
    assert (await wire.call("GET", link)).text.startswith("# Values of gateway")


async def test_a_version_with_build_metadata_is_a_tag_with_an_underscore(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.2.0+build.7")
    path = wire.artifacts("gateway")
    assert (await wire.api("GET", f"{path}/1.2.0_build.7")).json()["digest"] == digest
    for plus in ("1.2.0+build.7", "1.2.0%2Bbuild.7"):
        refused = fault(await wire.api("GET", f"{path}/{plus}"))
        assert refused[:2] == (404, "NOT_FOUND")
        assert "1.2.0+build.7 not found" in refused[2]
    refused = fault(await wire.api("POST", f"{path}/{digest}/tags", body={"name": "1.2.0+bad"}))
    assert refused == (400, "BAD_REQUEST", "bad request: invalid tag name: 1.2.0+bad")


async def test_a_manifest_under_a_tag_with_a_plus_sign_is_refused(wire: Wire) -> None:
    await wire.may_push()
    headers = await wire.bearer("gateway")
    manifest = await wire.manifest("gateway", headers, config=b'{"name":"gateway"}', layers=[b"x"])
    refused = fault(await wire.put("gateway", "1.0.0+x", manifest, headers))
    assert refused == (400, "BAD_REQUEST", "bad request: invalid tag name: 1.0.0+x")


async def test_missing_versions_and_repositories_are_404(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.0.0")
    missing = fault(await wire.api("GET", f"{wire.artifacts('gateway')}/9.9.9"))
    assert missing == (404, "NOT_FOUND", f"artifact {wire.project}/{wire.run}/gateway:9.9.9 not found")
    missing = fault(await wire.api("GET", f"{wire.artifacts('absent')}/1.0.0"))
    assert missing == (404, "NOT_FOUND", f"repository {wire.project}/{wire.run}/absent not found")


async def test_the_versions_of_a_missing_repository_are_an_empty_list(wire: Wire) -> None:
    answer = wire.need(await wire.api("GET", wire.artifacts("absent")), 200, "list artifacts")
    assert (items(answer), answer.headers["x-total-count"]) == ([], "0")


async def test_a_missing_project_is_told_to_administrators_only(wire: Wire) -> None:
    name = wire.run
    me = await wire.api("GET", "/users/current")
    answer = await wire.api("GET", f"/projects/{name}")
    if me.status_code == 200 and me.json()["sysadmin_flag"]:
        assert fault(answer) == (404, "NOT_FOUND", f"project {name} not found")
    else:
        assert fault(answer)[:2] == (403, "FORBIDDEN")
    assert (await wire.api("GET", f"/projects/{name}", account=None)).status_code == 401


async def test_head_tells_anybody_logged_in_whether_a_project_exists(wire: Wire) -> None:
    assert (await wire.api("HEAD", f"/projects?project_name={wire.project}")).status_code == 200
    assert (await wire.api("HEAD", f"/projects?project_name={wire.run}")).status_code == 404
    assert (await wire.api("HEAD", f"/projects?project_name={wire.project}", account=None)).status_code == 401
    assert (await wire.api("HEAD", "/projects")).status_code == 422


async def test_a_number_is_a_project_id_but_not_below_repositories(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.0.0")
    project = wire.need(await wire.api("GET", f"/projects/{wire.project}"), 200, "read the project").json()
    number = project["project_id"]
    assert (await wire.api("GET", f"/projects/{number}")).json()["name"] == wire.project
    as_name = await wire.api("GET", f"/projects/{number}", headers={"X-Is-Resource-Name": "true"})
    assert as_name.status_code in {403, 404}
    assert (await wire.api("GET", f"/projects/{number}/repositories")).status_code in {403, 404}


async def test_a_location_holds_the_id_unless_the_name_is_asked_for(wire: Wire) -> None:
    wire.only_double("it would make projects outside the one it was given")
    by_id = await wire.api("POST", "/projects", body={"project_name": "by-id"})
    assert (by_id.status_code, by_id.content) == (201, b"")
    assert by_id.headers["location"].rpartition("/")[2].isdigit()
    headers = {"X-Resource-Name-In-Location": "true"}
    by_name = await wire.api("POST", "/projects", body={"project_name": "by-name"}, headers=headers)
    assert by_name.headers["location"] == "/api/v2.0/projects/by-name"


async def test_a_project_name_is_taken_once(wire: Wire) -> None:
    wire.only_double("it would make projects outside the one it was given")
    assert fault(await wire.api("POST", "/projects", body={"project_name": "charts"}))[:2] == (409, "CONFLICT")
    assert fault(await wire.api("POST", "/projects", body={"project_name": "Charts Upper"}))[:2] == (400, "BAD_REQUEST")
    assert (await wire.api("POST", "/projects", body={"project_name": "x"}, account=None)).status_code == 401
