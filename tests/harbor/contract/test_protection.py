"""Immutable tags, quotas, retention, read-only mode."""

from __future__ import annotations

import json

from tests.harbor.contract.wire import Wire, fault, items
from tests.harbor.double import HarborDouble

FLAGS = "with_tag=true&with_immutable_status=true"


async def test_the_immutable_status_is_false_unless_asked_for(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.3.0")
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    path = f"{wire.artifacts('gateway')}/1.3.0"
    assert (await wire.api("GET", f"{path}?with_tag=true")).json()["tags"][0]["immutable"] is False
    assert (await wire.api("GET", f"{path}?{FLAGS}")).json()["tags"][0]["immutable"] is True


async def test_an_immutable_tag_refuses_even_the_same_digest(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.3.0")
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    headers = await wire.bearer("gateway")
    target = f"/v2/{wire.project}/{wire.run}/gateway/manifests/1.3.0"
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    held = await wire.call("GET", target, headers={**headers, **accept})
    refused = fault(await wire.put("gateway", "1.3.0", held.content, headers))
    assert refused[:2] == (412, "PRECONDITION")
    assert refused[2].startswith("Failed to process request due to '")
    assert refused[2].endswith("gateway:1.3.0' configured as immutable.")


async def test_a_refused_push_leaves_an_untagged_artifact_when_it_came_by_digest_first(wire: Wire) -> None:
    published = await wire.push_chart("gateway", "1.3.0", description="one")
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    left = await wire.push_chart("gateway", "1.3.0", description="two", by_digest=True)
    headers = await wire.bearer("gateway")
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    held = await wire.call(
        "GET", f"/v2/{wire.project}/{wire.run}/gateway/manifests/{left}", headers={**headers, **accept}
    )
    assert (await wire.put("gateway", "1.3.0", held.content, headers)).status_code == 412
    answer = await wire.api("GET", f"{wire.artifacts('gateway')}?{FLAGS}")
    tags = {a["digest"]: [t["name"] for t in a["tags"] or []] for a in items(answer)}
    assert tags == {published: ["1.3.0"], left: []}


async def test_a_refused_push_by_tag_alone_leaves_nothing(wire: Wire) -> None:
    published = await wire.push_chart("gateway", "1.3.0")
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    headers = await wire.bearer("gateway")
    manifest = await wire.manifest("gateway", headers, config=b'{"name":"other"}', layers=[b"x"])
    assert (await wire.put("gateway", "1.3.0", manifest, headers)).status_code == 412
    answer = await wire.api("GET", wire.artifacts("gateway"))
    assert [a["digest"] for a in items(answer)] == [published]


async def test_nothing_that_carries_an_immutable_tag_is_deleted(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.3.0")
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    expected = (412, "PRECONDITION", "the tag 1.3.0 configured as immutable, cannot be deleted")
    path = wire.artifacts("gateway")
    assert fault(await wire.api("DELETE", f"{path}/1.3.0/tags/1.3.0")) == expected
    assert fault(await wire.api("DELETE", f"{path}/{digest}")) == expected
    assert fault(await wire.api("DELETE", wire.repository("gateway"))) == expected


async def test_new_tags_are_free_under_a_rule(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.3.0")
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    path = f"{wire.artifacts('gateway')}/1.3.0/tags"
    assert wire.need(await wire.api("POST", path, body={"name": "1.3.9"}), 201, "create tags").content == b""


async def test_a_rule_may_guard_all_tags_but_some(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.3.0")
    await wire.push_chart("gateway", "1.3.0-rc.1")
    wire.need(await wire.add_rule("*-*", decoration="excludes"), 201, "create immutable rules")
    answer = await wire.api("GET", f"{wire.artifacts('gateway')}?{FLAGS}")
    guarded = {t["name"]: t["immutable"] for a in items(answer) for t in a["tags"]}
    assert guarded == {"1.3.0": True, "1.3.0-rc.1": False}


async def test_a_rule_of_an_unknown_kind_switches_off_the_rules_after_it(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.3.0")
    wire.need(await wire.add_rule(".*", kind="regex"), 201, "create immutable rules")
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    path = f"{wire.artifacts('gateway')}/1.3.0?{FLAGS}"
    guarded = (await wire.api("GET", path)).json()["tags"][0]["immutable"]
    if wire.real and guarded:
        # A rule of the project itself, looked at before ours, may guard the tag.
        return
    assert guarded is False


async def test_the_same_rule_again_is_a_conflict(wire: Wire) -> None:
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    assert fault(await wire.add_rule("1.3.*")) == (409, "CONFLICT", "immutable rule already exists")


async def test_rules_are_listed_without_what_is_default(wire: Wire) -> None:
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    answer = await wire.api("GET", f"/projects/{wire.project}/immutabletagrules?page_size=100")
    own = next(r for r in items(answer) if r["id"] == wire.rules[0])
    assert own["tag_selectors"] == [{"decoration": "matches", "kind": "doublestar", "pattern": "1.3.*"}]
    assert "disabled" not in own


async def test_a_rule_is_deleted_once(wire: Wire) -> None:
    wire.need(await wire.add_rule("1.3.*"), 201, "create immutable rules")
    path = f"/projects/{wire.project}/immutabletagrules/{wire.rules[0]}"
    deleted = await wire.api("DELETE", path)
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert (await wire.api("DELETE", path)).status_code == 404


async def test_a_project_has_one_retention_policy_found_in_its_metadata(wire: Wire, double: HarborDouble) -> None:
    wire.only_double("it would leave a retention policy behind: they cannot be deleted")
    number = double.state.projects["charts"].id
    every = [{"kind": "doublestar", "decoration": "matches", "pattern": "**", "extras": '{"untagged":true}'}]
    scope = {"repository": [{"kind": "doublestar", "decoration": "repoMatches", "pattern": "**"}]}
    rule = {"action": "retain", "template": "latestPushedK", "params": {"latestPushedK": 10}}
    body = {
        "algorithm": "or",
        "scope": {"level": "project", "ref": number},
        "trigger": {"kind": "Schedule", "references": {}, "settings": {"cron": ""}},
        "rules": [{**rule, "tag_selectors": every, "scope_selectors": scope}],
    }
    made = await wire.api("POST", "/retentions", body=body)
    assert (made.status_code, made.headers["location"]) == (201, "/api/v2.0/retentions/1")
    assert (await wire.api("GET", "/projects/charts")).json()["metadata"]["retention_id"] == "1"
    again = await wire.api("POST", "/retentions", body=body)
    assert fault(again)[:2] == (400, "BAD_REQUEST")


async def test_a_missing_retention_policy_is_an_internal_error(wire: Wire) -> None:
    answer = wire.need(await wire.api("GET", "/retentions/999999"), 500, "read retention policies")
    assert fault(answer) == (500, "UNKNOWN", "internal server error")


async def test_a_full_project_refuses_the_upload_and_keeps_what_was_sent(wire: Wire) -> None:
    project = wire.need(await wire.api("GET", f"/projects/{wire.project}"), 200, "read the project").json()
    number = project["project_id"]
    quotas = await wire.api("GET", f"/quotas?reference=project&reference_id={number}")
    quota = items(wire.need(quotas, 200, "read quotas"))[0]
    await wire.push_chart("gateway", "1.0.0")
    used = items(await wire.api("GET", f"/quotas?reference=project&reference_id={number}"))[0]["used"]["storage"]
    path = f"/quotas/{quota['id']}"
    try:
        limit = {"hard": {"storage": used + 100}}
        wire.need(await wire.api("PUT", path, body=limit), 200, "set quotas")
        headers = await wire.bearer("gateway")
        assert (await wire.upload("gateway", b"a" * 80, headers)).status_code == 201
        refused = fault(await wire.upload("gateway", b"b" * 80, headers))
        assert refused[:2] == (403, "DENIED")
        assert "will exceed the configured upper limit of" in refused[2]
        assert (await wire.api("PUT", path, body={"hard": {"storage": 0}})).status_code == 400
        assert (await wire.api("PUT", path, body={"hard": {"count": 10}})).status_code == 400
    finally:
        await wire.api("PUT", path, body={"hard": {"storage": quota["hard"]["storage"]}})


async def test_read_only_mode_refuses_writes_on_both_sides(wire: Wire) -> None:
    wire.only_double("it would stop the whole Harbor")
    await wire.push_chart("gateway", "1.0.0")
    headers = await wire.bearer("gateway")
    assert (await wire.api("PUT", "/configurations", body={"read_only": True})).status_code == 200
    message = "The system is in read only mode. Any modification is prohibited."
    path = f"{wire.artifacts('gateway')}/1.0.0/tags"
    assert fault(await wire.api("POST", path, body={"name": "ro"})) == (403, "DENIED", message)
    assert fault(await wire.upload("gateway", b"x", headers)) == (403, "DENIED", message)
    assert (await wire.api("GET", "/systeminfo")).json()["read_only"] is True
    assert (await wire.api("PUT", "/configurations", body={"read_only": False})).status_code == 200


async def test_what_an_index_holds_is_not_deleted(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.0.0")
    headers = await wire.bearer("gateway")
    kind = "application/vnd.oci.image.index.v1+json"
    held = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 500}
    index = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": [held]}).encode()
    target = f"/v2/{wire.project}/{wire.run}/gateway/manifests/index"
    pushed = await wire.call("PUT", target, headers={**headers, "Content-Type": kind}, content=index)
    assert pushed.status_code == 201
    refused = fault(await wire.api("DELETE", f"{wire.artifacts('gateway')}/1.0.0"))
    assert refused == (412, "VIOLATE_FOREIGN_KEY_CONSTRAINT", "the deleting artifact is referenced by others")
