"""The registry side: tokens, manifests, blobs, referrers, and what errors look like."""

from __future__ import annotations

import json
from urllib.parse import quote

from tests.harbor.contract.wire import Wire, digest_of, fault

ACCEPT = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
NOBODY = ("nobody-such", "Wrong-12345")
ZERO = "sha256:" + "0" * 64


def target(wire: Wire, name: str, rest: str) -> str:
    return f"/v2/{wire.project}/{wire.run}/{name}/{rest}"


async def test_a_token_is_in_token_and_lives_half_an_hour(wire: Wire) -> None:
    body = (await wire.token(f"repository:{wire.project}/x:pull")).json()
    assert (body["access_token"], body["expires_in"], bool(body["token"])) == ("", 1800, True)


async def test_a_wrong_password_gets_a_token_without_rights_when_it_asks_for_a_scope(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.0.0")
    with_scope = await wire.token(f"repository:{wire.project}/{wire.run}/gateway:pull", NOBODY)
    assert with_scope.status_code == 200
    headers = {"Authorization": f"Bearer {with_scope.json()['token']}", **ACCEPT}
    public = (await wire.call("GET", target(wire, "gateway", "manifests/1.0.0"), headers=headers)).status_code
    assert public in ({200, 401} if wire.real else {401})
    without = await wire.call("GET", "/service/token?service=harbor-registry", account=NOBODY)
    assert (without.status_code, without.content) == (401, b"")


async def test_the_token_service_knows_get_and_one_service(wire: Wire) -> None:
    assert (await wire.call("POST", "/service/token", content=b"grant_type=password")).status_code == 405
    assert (await wire.call("GET", "/service/token?service=other")).status_code == 400


async def test_a_token_opens_the_whole_project_with_all_its_owner_may_do(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.0.0")
    await wire.push_chart("platform/gateway", "1.0.0")
    headers = await wire.bearer("gateway", "pull")
    assert (await wire.call("GET", target(wire, "platform/gateway", "tags/list"), headers=headers)).status_code == 200
    started = await wire.call("POST", target(wire, "platform/gateway", "blobs/uploads/"), headers=headers, content=b"")
    assert started.status_code == 202


async def test_a_manifest_is_given_only_to_those_who_accept_its_kind(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.0.0")
    headers = await wire.bearer("gateway")
    path = target(wire, "gateway", "manifests/1.0.0")
    refused = fault(await wire.call("GET", path, headers={**headers, "Accept": "application/json"}))
    assert refused[:2] == (404, "MANIFEST_UNKNOWN")
    given = await wire.call("GET", path, headers={**headers, **ACCEPT})
    assert (given.headers["docker-content-digest"], digest_of(given.content)) == (digest, digest)
    unchanged = await wire.call("GET", path, headers={**headers, **ACCEPT, "If-None-Match": f'"{digest}"'})
    assert unchanged.status_code == 304
    head = await wire.call("HEAD", path, headers={**headers, **ACCEPT})
    assert (head.status_code, head.headers["docker-content-digest"]) == (200, digest)


async def test_a_missing_project_is_401_on_the_registry_side(wire: Wire) -> None:
    name = f"{wire.run}-absent"
    answer = await wire.call("GET", f"/v2/{name}/x/tags/list")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "UNAUTHORIZED")


async def test_a_repository_needs_a_project_before_it(wire: Wire) -> None:
    assert (await wire.call("HEAD", f"/v2/{wire.run}/manifests/1.0.0")).status_code == 400


async def test_errors_of_the_registry_side_say_everything_twice(wire: Wire) -> None:
    answer = await wire.call("GET", "/v2/", account=None)
    assert answer.json()["errors"][0]["message"] == "unauthorized: unauthorized"


async def test_a_manifest_whose_blobs_are_missing_is_refused(wire: Wire) -> None:
    await wire.may_push()
    headers = await wire.bearer("gateway")
    manifest = await wire.manifest("gateway", headers, config=b'{"name":"gateway"}', layers=[b"x"])
    manifest["layers"][0]["digest"] = ZERO
    answer = await wire.put("gateway", "1.0.0", manifest, headers)
    assert fault(answer)[:2] == (400, "MANIFEST_BLOB_UNKNOWN")
    assert answer.json()["errors"][0]["detail"] == ZERO


async def test_a_broken_manifest_and_a_wrong_digest_are_refused(wire: Wire) -> None:
    await wire.may_push()
    headers = await wire.bearer("gateway")
    assert fault(await wire.put("gateway", "1.0.0", b"{not json", headers))[:2] == (400, "MANIFEST_INVALID")
    manifest = await wire.manifest("gateway", headers, config=b'{"name":"gateway"}', layers=[b"x"])
    assert fault(await wire.put("gateway", ZERO, manifest, headers))[:2] == (400, "DIGEST_INVALID")


async def test_an_upload_is_started_and_put(wire: Wire) -> None:
    await wire.may_push()
    headers = await wire.bearer("gateway")
    stored = await wire.upload("gateway", b"content", headers)
    assert (stored.status_code, stored.headers["docker-content-digest"]) == (201, digest_of(b"content"))
    head = await wire.call("HEAD", target(wire, "gateway", f"blobs/{digest_of(b'content')}"), headers=headers)
    assert (head.status_code, head.headers["content-length"]) == (200, "7")
    other = await wire.call("HEAD", target(wire, "other", f"blobs/{digest_of(b'content')}"), headers=headers)
    assert other.status_code == 404


async def test_a_single_post_with_a_digest_stores_nothing(wire: Wire) -> None:
    await wire.may_push()
    headers = await wire.bearer("gateway")
    digest = digest_of(b"single-" + wire.run.encode())
    path = target(wire, "gateway", f"blobs/uploads/?digest={quote(digest, safe='')}")
    assert (await wire.call("POST", path, headers=headers, content=b"single")).status_code == 202
    assert (await wire.call("HEAD", target(wire, "gateway", f"blobs/{digest}"), headers=headers)).status_code == 404


async def test_a_blob_is_mounted_from_a_repository_of_the_same_owner(wire: Wire) -> None:
    await wire.may_push()
    headers = await wire.bearer("gateway")
    digest = digest_of(b"content")
    await wire.upload("gateway", b"content", headers)
    query = f"mount={quote(digest, safe='')}&from={quote(f'{wire.project}/{wire.run}/gateway', safe='')}"
    mounted = await wire.call("POST", target(wire, "mounted", f"blobs/uploads/?{query}"), headers=headers, content=b"")
    assert (mounted.status_code, mounted.headers["docker-content-digest"]) == (201, digest)
    query = query.replace(quote(digest, safe=""), quote(ZERO, safe=""))
    started = await wire.call("POST", target(wire, "mounted", f"blobs/uploads/?{query}"), headers=headers, content=b"")
    assert started.status_code == 202


async def test_tags_are_listed_at_once_or_in_pages(wire: Wire) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        await wire.push_chart("gateway", version)
    headers = await wire.bearer("gateway")
    path = target(wire, "gateway", "tags/list")
    assert (await wire.call("GET", path, headers=headers)).json()["tags"] == ["1.0.0", "1.1.0", "1.2.0"]
    page = await wire.call("GET", f"{path}?n=2", headers=headers)
    assert page.json()["tags"] == ["1.0.0", "1.1.0"]
    assert page.headers["link"].endswith('tags/list?last=1.1.0&n=2>; rel="next"')
    assert (await wire.call("GET", f"{path}?n=-1", headers=headers)).status_code == 400
    absent = await wire.call("GET", target(wire, "absent", "tags/list"), headers=headers)
    assert fault(absent)[:2] == (404, "NOT_FOUND")


async def test_what_has_a_subject_is_a_referrer_and_no_version(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.0.0")
    headers = await wire.bearer("gateway")
    subject = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 500}
    kind = "application/vnd.dev.cosign.artifact.sig.v1+json"
    signature = await wire.manifest(
        "gateway",
        headers,
        config=b"{}",
        layers=[b"signature"],
        config_type="application/vnd.dev.cosign.simplesigning.v1+json",
        subject=subject,
        artifactType=kind,
    )
    pushed = await wire.put("gateway", digest_of(json.dumps(signature).encode()), signature, headers)
    assert (pushed.status_code, pushed.headers["oci-subject"]) == (201, digest)
    path = target(wire, "gateway", f"referrers/{digest}")
    assert len((await wire.call("GET", path, headers=headers)).json()["manifests"]) == 1
    filtered = await wire.call("GET", f"{path}?artifactType=application%2Fother", headers=headers)
    assert (filtered.json()["manifests"], filtered.headers["x-total-count"]) == ([], "1")
    assert filtered.headers["oci-filters-applied"] == "artifactType"
    listed = await wire.api("GET", f"{wire.artifacts('gateway')}?with_accessory=true")
    assert [a["digest"] for a in listed.json()] == [digest]
    assert [a["type"] for a in listed.json()[0]["accessories"]] == ["signature.cosign"]


async def test_a_manifest_is_deleted_by_digest_only(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.0.0")
    headers = await wire.bearer("gateway", "pull,push,delete")
    by_tag = await wire.call("DELETE", target(wire, "gateway", "manifests/1.0.0"), headers=headers)
    assert by_tag.status_code in {400, 401}
    if by_tag.status_code == 400:
        assert fault(by_tag)[1] == "UNSUPPORTED"
    path = target(wire, "gateway", f"manifests/{digest}")
    wire.need(await wire.call("DELETE", path, headers=headers), 202, "delete manifests")
    assert (await wire.call("DELETE", path, headers=headers)).status_code == 404


async def test_the_proxy_answers_unknown_old_paths_with_a_page(wire: Wire) -> None:
    answer = await wire.call("GET", "/v1/search", account=None)
    assert answer.status_code == 404
    if not wire.real:
        assert answer.headers["content-type"].startswith("text/html")


async def test_unknown_paths_and_methods_of_the_api_answer_in_json(wire: Wire) -> None:
    unknown = fault(await wire.api("GET", "/no-such-thing"))
    assert unknown == (404, "NOT_FOUND", "path /api/v2.0/no-such-thing was not found")
    assert fault(await wire.api("PATCH", "/projects"))[:2] == (405, "METHOD_NOT_ALLOWED")
    assert (await wire.api("GET", "/projects", headers={"Accept": "text/html"})).status_code == 422
    echoed = await wire.api("GET", "/ping", headers={"X-Request-Id": "client-chosen-id-1"})
    assert (echoed.text, echoed.headers["x-request-id"]) == ("Pong", "client-chosen-id-1")
