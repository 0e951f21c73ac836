"""Copies inside one Harbor, robots' rights, the audit log."""

from __future__ import annotations

from urllib.parse import quote

from tests.harbor.contract.wire import Wire, fault, items


def source(wire: Wire, reference: str) -> str:
    return f"from={quote(f'{wire.project}/{wire.run}/{reference}', safe='')}"


async def test_a_copy_by_tag_brings_one_tag_by_digest_all(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.1.0")
    path = wire.artifacts("gateway")
    wire.need(await wire.api("POST", f"{path}/1.1.0/tags", body={"name": "stable"}), 201, "create tags")
    by_tag = await wire.api("POST", f"{wire.artifacts('one')}?{source(wire, 'gateway:1.1.0')}")
    assert wire.need(by_tag, 201, "copy artifacts").content == b""
    by_digest = await wire.api("POST", f"{wire.artifacts('all')}?{source(wire, f'gateway@{digest}')}")
    assert by_digest.status_code == 201
    for name, tags in (("one", ["1.1.0"]), ("all", ["1.1.0", "stable"])):
        copied = items(await wire.api("GET", f"{wire.artifacts(name)}?with_tag=true"))
        assert [(a["digest"], sorted(t["name"] for t in a["tags"])) for a in copied] == [(digest, tags)]


async def test_the_location_of_a_nested_copy_is_encoded_once(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.1.0")
    answer = await wire.api("POST", f"{wire.artifacts('platform/gateway')}?{source(wire, 'gateway:1.1.0')}")
    location = wire.need(answer, 201, "copy artifacts").headers["location"]
    assert f"{wire.run}%2Fplatform%2Fgateway/artifacts/1.1.0" in location


async def test_a_copy_moves_an_existing_tag_without_a_word(wire: Wire) -> None:
    older = await wire.push_chart("old/gateway", "1.1.0", description="one")
    newer = await wire.push_chart("new/gateway", "1.1.0", description="two")
    target = wire.artifacts("target")
    for name in ("old/gateway", "new/gateway"):
        answer = await wire.api("POST", f"{target}?{source(wire, f'{name}:1.1.0')}")
        wire.need(answer, 201, "copy artifacts")
    copied = items(await wire.api("GET", f"{target}?with_tag=true"))
    assert {a["digest"]: len(a["tags"] or []) for a in copied} == {newer: 1, older: 0}


async def test_a_copy_onto_an_immutable_tag_with_other_content_is_refused(wire: Wire) -> None:
    await wire.push_chart("old/gateway", "1.3.0", description="one")
    await wire.push_chart("new/gateway", "1.3.0", description="two")
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    refused = await wire.api("POST", f"{wire.artifacts('old/gateway')}?{source(wire, 'new/gateway:1.3.0')}")
    assert fault(refused) == (412, "PRECONDITION", "the tag 1.3.0 configured as immutable, cannot be updated")


async def test_the_same_copy_again_is_fine(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.1.0")
    target = f"{wire.artifacts('target')}?{source(wire, 'gateway:1.1.0')}"
    wire.need(await wire.api("POST", target), 201, "copy artifacts")
    assert (await wire.api("POST", target)).status_code == 201


async def test_a_missing_source_is_a_bad_request(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.1.0")
    target = wire.artifacts("target")
    for reference in ("gateway:9.9.9", "absent:1.0.0"):
        answer = wire.need(await wire.api("POST", f"{target}?{source(wire, reference)}"), 400, "copy artifacts")
        assert fault(answer)[2] == f"artifact {wire.project}/{wire.run}/{reference} not found"
    assert (await wire.api("POST", target)).status_code == 422
    assert (await wire.api("POST", f"{target}?{source(wire, 'gateway:1.1.0')}", account=None)).status_code == 401


async def test_a_robot_does_only_what_its_rights_name(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.1.0")
    made = wire.need(await wire.add_robot("repository:pull"), 201, "create robot accounts").json()
    robot = (made["name"], made["secret"])
    path = wire.artifacts("gateway")
    assert fault(await wire.api("GET", path, account=robot)) == (403, "FORBIDDEN", "forbidden")
    assert (await wire.api("GET", f"{path}/1.1.0/additions/values.yaml", account=robot)).status_code == 403
    copy = await wire.api("POST", f"{wire.artifacts('target')}?{source(wire, 'gateway:1.1.0')}", account=robot)
    assert copy.status_code == 403
    headers = await wire.bearer("gateway", account=robot)
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    target = f"/v2/{wire.project}/{wire.run}/gateway/manifests/1.1.0"
    assert (await wire.call("GET", target, headers={**headers, **accept})).status_code == 200


async def test_a_push_without_the_right_is_401_not_403(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.1.0")
    made = wire.need(await wire.add_robot("repository:pull"), 201, "create robot accounts").json()
    headers = await wire.bearer("gateway", account=(made["name"], made["secret"]))
    status, code, message = fault(await wire.upload("gateway", b"x", headers))
    assert (status, code) == (401, "UNAUTHORIZED")
    name = f"{wire.project}/{wire.run}/gateway"
    assert message.startswith(f"unauthorized to access repository: {name}, action: push")


async def test_robots_of_a_project_are_listed_by_a_filter_only(wire: Wire) -> None:
    wire.need(await wire.add_robot("repository:pull"), 201, "create robot accounts")
    project = wire.need(await wire.api("GET", f"/projects/{wire.project}"), 200, "read the project").json()
    query = f"q=Level%3Dproject%2CProjectID%3D{project['project_id']}&page_size=100"
    own = f"robot${wire.project}+{wire.run}"
    assert own in [r["name"] for r in items(await wire.api("GET", f"/robots?{query}"))]
    system = await wire.api("GET", "/robots?page_size=100")
    assert system.status_code == 403 or own not in [r["name"] for r in items(system)]


async def test_a_robots_secret_is_shown_once_and_renewed_on_request(wire: Wire) -> None:
    made = wire.need(await wire.add_robot("repository:list"), 201, "create robot accounts").json()
    shown = (await wire.api("GET", f"/robots/{made['id']}")).json()
    assert "secret" not in shown
    renewed = (await wire.api("PATCH", f"/robots/{made['id']}", body={"secret": ""})).json()["secret"]
    path = f"/projects/{wire.project}/repositories"
    assert (await wire.api("GET", path, account=(made["name"], renewed))).status_code == 200
    assert (await wire.api("GET", path, account=(made["name"], made["secret"]))).status_code == 401


async def test_a_robot_needs_a_life_time_and_a_name_of_its_own(wire: Wire) -> None:
    wire.need(await wire.add_robot("repository:pull"), 201, "create robot accounts")
    assert (await wire.add_robot("repository:pull")).status_code == 409
    refused = fault(await wire.add_robot("repository:pull", days=0))
    assert refused[2].endswith("duration must be either -1(Never) or a positive integer")
    assert fault(await wire.add_robot("repository:fly"))[2] == "bad request permission: repository:fly"


async def test_the_audit_log_names_who_pushed(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.1.0")
    query = "page_size=100&q=operation%3Dcreate%2Cresource_type%3Dartifact"
    answer = await wire.api("GET", f"/projects/{wire.project}/auditlog-exts?{query}")
    entries = items(wire.need(answer, 200, "read the audit log"))
    own = next(e for e in entries if e["resource"] == f"{wire.project}/{wire.run}/gateway:1.1.0")
    assert (own["operation"], own["resource_type"], own["username"]) == ("create", "artifact", wire.account[0])


async def test_the_old_audit_log_and_others_log_are_not_refused_but_empty(wire: Wire) -> None:
    made = wire.need(await wire.add_robot("repository:pull"), 201, "create robot accounts").json()
    answer = await wire.api("GET", "/auditlog-exts", account=(made["name"], made["secret"]))
    assert (answer.status_code, items(answer)) == (200, [])


async def test_search_shows_robots_nothing(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.1.0")
    made = wire.need(await wire.add_robot("repository:pull", "repository:list"), 201, "create robot accounts").json()
    robot = (made["name"], made["secret"])
    found = (await wire.api("GET", f"/search?q={wire.run}", account=robot)).json()
    assert found["repository"] in ([], None)
    assert (await wire.api("GET", "/search?q=")).status_code == 422
    listed = await wire.api("GET", f"/repositories?q=name%3D~{wire.run}", account=robot)
    assert [r["name"] for r in items(listed)] == [f"{wire.project}/{wire.run}/gateway"]
