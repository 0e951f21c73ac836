"""Who is asking: wrong passwords, robots, sessions."""

from __future__ import annotations

import base64

from tests.harbor.contract.wire import Wire, fault, items

NOBODY = ("nobody-such", "Wrong-12345")


async def test_the_current_user_tells_right_credentials_from_wrong_ones(wire: Wire) -> None:
    right = await wire.api("GET", "/users/current")
    # A robot is no user: 412 says that its secret is right.
    assert right.status_code in {200, 412}
    assert fault(await wire.api("GET", "/users/current", account=NOBODY)) == (401, "UNAUTHORIZED", "unauthorized")
    assert fault(await wire.api("GET", "/users/current", account=None)) == (401, "UNAUTHORIZED", "unauthorized")


async def test_a_wrong_password_sees_what_anybody_sees(wire: Wire) -> None:
    wrong = await wire.api("GET", "/projects?page_size=100", account=NOBODY)
    anybody = await wire.api("GET", "/projects?page_size=100", account=None)
    assert wrong.status_code == anybody.status_code == 200
    assert [p["name"] for p in items(wrong)] == [p["name"] for p in items(anybody)]


async def test_a_robot_has_no_current_user_but_its_secret_is_checked(wire: Wire) -> None:
    made = wire.need(await wire.add_robot("repository:pull"), 201, "create robot accounts").json()
    robot = (made["name"], made["secret"])
    answer = await wire.api("GET", "/users/current", account=robot)
    assert fault(answer) == (412, "PRECONDITION", "get current user not available for security context: robot")
    wrong = await wire.api("GET", "/users/current", account=(made["name"], "Wrong-12345"))
    assert wrong.status_code == 401


async def test_the_prefix_is_part_of_a_robots_name(wire: Wire) -> None:
    made = wire.need(await wire.add_robot("repository:list"), 201, "create robot accounts").json()
    assert made["name"] == f"robot${wire.project}+{wire.run}"
    path = f"/projects/{wire.project}/repositories"
    assert (await wire.api("GET", path, account=(made["name"], made["secret"]))).status_code == 200
    bare = await wire.api("GET", path, account=(wire.run, made["secret"]))
    assert bare.status_code == 401


async def test_every_answer_sets_a_session_cookie(wire: Wire) -> None:
    answer = await wire.api("GET", "/projects")
    assert answer.headers["set-cookie"].startswith("sid=")


async def test_a_kept_cookie_makes_the_next_write_fail(wire: Wire) -> None:
    digest = await wire.push_chart("gateway", "1.0.0")
    sid = (await wire.api("GET", "/projects")).headers["set-cookie"].partition(";")[0]
    path = f"{wire.artifacts('gateway')}/{digest}/tags"
    refused = await wire.api("POST", path, body={"name": "kept"}, headers={"Cookie": sid})
    assert fault(refused) == (403, "FORBIDDEN", "CSRF token not found in request")
    assert (await wire.api("GET", "/users/current", headers={"Cookie": sid})).status_code in {200, 412}
    assert (await wire.api("POST", path, body={"name": "kept"})).status_code == 201


async def test_a_malformed_authorization_is_anonymous(wire: Wire) -> None:
    answer = await wire.api("GET", "/users/current", headers={"Authorization": "Basic !!!"})
    assert answer.status_code == 401


async def test_a_registry_token_is_no_use_on_the_management_api(wire: Wire) -> None:
    headers = await wire.bearer("gateway", "pull")
    answer = await wire.api("GET", f"/projects/{wire.project}", headers=headers)
    assert answer.status_code == 401


async def test_the_version_is_told_to_those_who_are_logged_in(wire: Wire) -> None:
    anonymous = (await wire.api("GET", "/systeminfo", account=None)).json()
    assert "auth_mode" in anonymous
    assert "harbor_version" not in anonymous
    known = (await wire.api("GET", "/systeminfo")).json()
    assert known["harbor_version"].startswith("v")
    assert {"external_url", "registry_url", "read_only"} <= set(known)


async def test_basic_credentials_need_no_token_on_the_registry_side(wire: Wire) -> None:
    assert (await wire.call("GET", "/v2/")).status_code == 200
    refused = await wire.call("GET", "/v2/", account=NOBODY)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Basic realm="harbor"'
    anonymous = await wire.call("GET", "/v2/", account=None)
    assert anonymous.headers["www-authenticate"].startswith('Bearer realm="')
    assert 'service="harbor-registry"' in anonymous.headers["www-authenticate"]


async def test_the_account_name_may_hold_a_dollar_and_a_plus(wire: Wire) -> None:
    made = wire.need(await wire.add_robot("repository:list"), 201, "create robot accounts").json()
    text = base64.b64encode(f"{made['name']}:{made['secret']}".encode()).decode()
    answer = await wire.api("GET", f"/projects/{wire.project}/repositories", headers={"Authorization": f"Basic {text}"})
    assert answer.status_code == 200
