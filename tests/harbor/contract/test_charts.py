"""What Harbor makes of a chart: its type, its additions, its tags."""

from __future__ import annotations

import json

import pytest

from tests.harbor.contract.wire import HELM_CONFIG, Wire, fault, items

FLAGS = "with_tag=true&with_immutable_status=true&with_label=true&with_accessory=true"


async def test_the_charts_config_is_what_harbor_shows(wire: Wire) -> None:
    dependencies = [{"name": "routes", "version": "0.3.0", "repository": ""}]
    digest = await wire.push_chart("gateway", "1.1.0", appVersion="7.4.1", dependencies=dependencies)
    artifact = (await wire.api("GET", f"{wire.artifacts('gateway')}/1.1.0?{FLAGS}")).json()
    assert (artifact["digest"], artifact["type"]) == (digest, "CHART")
    assert artifact["extra_attrs"]["appVersion"] == "7.4.1"
    assert artifact["extra_attrs"]["dependencies"] == dependencies
    assert artifact["media_type"] == artifact["artifact_type"] == HELM_CONFIG
    assert artifact["manifest_media_type"] == "application/vnd.oci.image.manifest.v1+json"
    assert [t["name"] for t in artifact["tags"]] == ["1.1.0"]
    assert artifact["labels"] is None
    assert artifact["accessories"] is None
    assert artifact["pull_time"] == "0001-01-01T00:00:00.000Z"


async def test_a_chart_has_three_additions(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.1.0", dependencies=[{"name": "routes", "version": "0.3.0", "repository": ""}])
    base = f"{wire.artifacts('gateway')}/1.1.0/additions"
    values = await wire.api("GET", f"{base}/values.yaml")
    assert (values.status_code, values.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert values.text == "# Values of gateway\nreplicaCount: 1\n"
    readme = await wire.api("GET", f"{base}/readme.md")
    assert (readme.headers["content-type"], readme.text) == ("text/markdown; charset=utf-8", "# gateway 1.1.0\n")
    dependencies = (await wire.api("GET", f"{base}/dependencies")).json()
    assert [(d["name"], d["version"]) for d in dependencies] == [("routes", "0.3.0")]


async def test_what_a_chart_lacks_is_empty_or_null(wire: Wire) -> None:
    await wire.may_push()
    from helmkit.charts import build_archive

    headers = await wire.bearer("bare")
    archive = build_archive("bare", {"Chart.yaml": b"apiVersion: v2\nname: bare\nversion: 1.0.0\n"})
    config = b'{"apiVersion":"v2","name":"bare","version":"1.0.0"}'
    manifest = await wire.manifest("bare", headers, config=config, layers=[archive])
    assert (await wire.put("bare", "1.0.0", manifest, headers)).status_code == 201
    base = f"{wire.artifacts('bare')}/1.0.0/additions"
    for addition in ("values.yaml", "readme.md"):
        answer = await wire.api("GET", f"{base}/{addition}")
        assert (answer.status_code, answer.content) == (200, b"")
    assert (await wire.api("GET", f"{base}/dependencies")).json() is None


async def test_other_additions_are_refused(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.0.0")
    base = f"{wire.artifacts('gateway')}/1.0.0/additions"
    known = fault(await wire.api("GET", f"{base}/build_history"))
    assert known == (400, "BAD_REQUEST", "addition BUILD_HISTORY isn't supported for CHART")
    assert fault(await wire.api("GET", f"{base}/chart.yaml"))[:2] == (422, "UNPROCESSABLE_ENTITY")
    assert fault(await wire.api("GET", f"{base}/VALUES.YAML"))[:2] == (422, "UNPROCESSABLE_ENTITY")
    missing = await wire.api("GET", f"{wire.artifacts('gateway')}/9.9.9/additions/values.yaml")
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("config_type", "artifact_type", "kind"),
    [
        (HELM_CONFIG, None, "CHART"),
        (HELM_CONFIG, "application/vnd.example.other.v1", "HELM"),
        ("application/json", None, "UNKNOWN"),
        ("application/vnd.oci.image.config.v1+json", None, "IMAGE"),
        ("application/vnd.example.thing.config.v1+json", None, "THING"),
    ],
)
async def test_the_type_follows_the_config(wire: Wire, config_type: str, artifact_type: str | None, kind: str) -> None:
    await wire.may_push()
    headers = await wire.bearer("typed")
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "name": "typed", "rootfs": {"type": "layers", "diff_ids": []}}
    )
    more = {"artifactType": artifact_type} if artifact_type else {}
    manifest = await wire.manifest(
        "typed", headers, config=config.encode(), layers=[b"x"], config_type=config_type, **more
    )
    assert (await wire.put("typed", "one", manifest, headers)).status_code == 201
    assert (await wire.api("GET", f"{wire.artifacts('typed')}/one")).json()["type"] == kind


async def test_nothing_checks_the_layer_until_somebody_looks(wire: Wire) -> None:
    await wire.may_push()
    headers = await wire.bearer("broken")
    manifest = await wire.manifest(
        "broken", headers, config=b'{"name":"bad","version":"1.0.0"}', layers=[b"no archive"]
    )
    assert (await wire.put("broken", "1.0.0", manifest, headers)).status_code == 201
    answer = await wire.api("GET", f"{wire.artifacts('broken')}/1.0.0/additions/values.yaml")
    assert fault(answer) == (500, "UNKNOWN", "internal server error")


async def test_a_chart_without_layers_is_taken_and_breaks_with_an_empty_body(wire: Wire) -> None:
    await wire.may_push()
    headers = await wire.bearer("nolayers")
    manifest = await wire.manifest("nolayers", headers, config=b'{"name":"n","version":"1.0.0"}', layers=[])
    assert (await wire.put("nolayers", "1.0.0", manifest, headers)).status_code == 201
    answer = await wire.api("GET", f"{wire.artifacts('nolayers')}/1.0.0/additions/values.yaml")
    assert (answer.status_code, answer.content) == (500, b"")


async def test_a_chart_config_that_is_not_json_is_an_internal_error(wire: Wire) -> None:
    await wire.may_push()
    headers = await wire.bearer("odd")
    manifest = await wire.manifest("odd", headers, config=b"name: not json", layers=[b"x"])
    answer = await wire.put("odd", "1.0.0", manifest, headers)
    assert fault(answer) == (500, "UNKNOWN", "internal server error")
    assert (await wire.api("GET", f"{wire.artifacts('odd')}/1.0.0")).status_code == 404


async def test_other_content_moves_the_tag_and_leaves_the_older_untagged(wire: Wire) -> None:
    older = await wire.push_chart("gateway", "1.1.0", description="one")
    newer = await wire.push_chart("gateway", "1.1.0", description="two")
    answer = await wire.api("GET", f"{wire.artifacts('gateway')}?with_tag=true")
    tags = {a["digest"]: [t["name"] for t in a["tags"] or []] for a in items(answer)}
    assert tags == {newer: ["1.1.0"], older: []}
    untagged = await wire.api("GET", f"{wire.artifacts('gateway')}?q=tags%3Dnil")
    assert [a["digest"] for a in items(untagged)] == [older]


async def test_pushing_the_same_again_changes_nothing(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.1.0")
    assert await wire.push_chart("gateway", "1.1.0") == digest
    assert len(items(await wire.api("GET", wire.artifacts("gateway")))) == 1


async def test_a_tag_is_made_once_and_without_a_location(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.1.0")
    await wire.push_chart("gateway", "1.2.0")
    path = wire.artifacts("gateway")
    made = wire.need(await wire.api("POST", f"{path}/1.1.0/tags", body={"name": "stable"}), 201, "create tags")
    assert (made.content, "location" in made.headers) == (b"", False)
    for reference in ("1.1.0", "1.2.0", digest):
        refused = fault(await wire.api("POST", f"{path}/{reference}/tags", body={"name": "stable"}))
        assert refused[:2] == (409, "CONFLICT")
    assert (await wire.api("POST", f"{path}/1.1.0/tags", body={"name": ""})).status_code == 422
    assert (await wire.api("POST", f"{path}/9.9.9/tags", body={"name": "x"})).status_code == 404


async def test_removing_a_tag_leaves_the_artifact_deleting_by_tag_takes_all(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.1.0")
    path = wire.artifacts("gateway")
    wire.need(await wire.api("POST", f"{path}/1.1.0/tags", body={"name": "stable"}), 201, "create tags")
    wire.need(await wire.api("POST", f"{path}/1.1.0/tags", body={"name": "fast"}), 201, "create tags")
    assert wire.need(await wire.api("DELETE", f"{path}/{digest}/tags/fast"), 200, "delete tags").content == b""
    assert (await wire.api("DELETE", f"{path}/{digest}/tags/fast")).status_code == 404
    assert (await wire.api("GET", f"{path}/stable")).status_code == 200
    assert wire.need(await wire.api("DELETE", f"{path}/stable"), 200, "delete artifacts").content == b""
    assert (await wire.api("GET", f"{path}/1.1.0")).status_code == 404


async def test_labels_hang_on_artifacts(wire: Wire) -> None:
    await wire.push_chart("gateway", "1.1.0")
    project = wire.need(await wire.api("GET", f"/projects/{wire.project}"), 200, "read the project").json()
    body = {"name": wire.run, "scope": "p", "project_id": project["project_id"], "color": "#0095D3"}
    made = wire.need(await wire.api("POST", "/labels", body=body), 201, "create labels")
    number = int(made.headers["location"].rpartition("/")[2])
    wire.labels.append(number)
    assert (await wire.api("POST", "/labels", body=body)).status_code == 409
    path = f"{wire.artifacts('gateway')}/1.1.0"
    added = wire.need(await wire.api("POST", f"{path}/labels", body={"id": number}), 200, "label artifacts")
    assert added.content == b""
    assert (await wire.api("POST", f"{path}/labels", body={"id": number})).status_code == 409
    assert [lb["name"] for lb in (await wire.api("GET", f"{path}?with_label=true")).json()["labels"]] == [wire.run]
    assert (await wire.api("GET", f"{wire.artifacts('gateway')}?q=labels%3D%28{number}%29")).headers[
        "x-total-count"
    ] == "1"
    assert (await wire.api("GET", "/labels")).status_code == 400
