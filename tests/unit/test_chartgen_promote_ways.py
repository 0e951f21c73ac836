"""Credentials given by hand reach the registry they are for, and no other."""

from __future__ import annotations

from chartgen.harbor.connection import Access
from chartgen.promote.promotion import find_ways
from helmkit.oci import Credentials


def test_a_password_by_hand_is_for_the_target_alone() -> None:
    access = Access({}, credentials=Credentials("robot$stable+ci", "s3cret"))
    ways = find_ways(access, ["source.example", "target.example"], ["images.example"])
    assert ways.to("target.example").credentials == access.credentials
    for host in ("source.example", "images.example", "docker.io"):
        assert ways.to(host).credentials is None
    assert [ways.to(host).plain_http for host in ("images.example", "docker.io", "target.example")] == [
        True,
        False,
        False,
    ]


def test_inside_one_registry_it_is_for_both() -> None:
    access = Access({}, plain_http=True, credentials=Credentials("u", "p"))
    ways = find_ways(access, ["one.example", "one.example"], [])
    assert ways.to("one.example").credentials == access.credentials
    assert ways.to("one.example").plain_http
    assert not ways.to("docker.io").plain_http
