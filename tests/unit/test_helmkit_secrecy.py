"""Secrets in Kubernetes objects never show themselves, and still compare."""

from __future__ import annotations

import pytest

from helmkit.secrecy import Hidden, mask_object


@pytest.mark.parametrize("name", ["DB_PASSWORD", "DB_PASS", "redis.pwd", "apiKey", "pass"])
def test_variables_and_keys_that_are_named_like_secrets_are_hidden(name: str) -> None:
    masked = mask_object({"env": [{"name": name, "value": "hunter2"}], name: "hunter2"})
    assert "hunter2" not in repr(masked)
    assert masked[name] == Hidden("hunter2")
    assert masked[name] != Hidden("hunter3")


@pytest.mark.parametrize("name", ["BYPASS", "PWD", "compass", "secretName"])
def test_others_are_not(name: str) -> None:
    assert mask_object({name: "shown"}) == {name: "shown"}
