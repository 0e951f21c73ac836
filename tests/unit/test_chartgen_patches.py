"""Patches: how they merge, what they may say, and what a chart with one looks like."""

from __future__ import annotations

from typing import Any

import pytest

from chartgen.objects.merging import merge_patch
from helmkit.errors import InputError
from helmkit.yaml import parse_yaml
from tests.builders.releases import SPRING, build, resolve

GONE = {"$patch": "delete"}
A, B = {"name": "a", "value": "1"}, {"name": "b", "value": "2"}

MERGES: dict[str, tuple[Any, Any, Any]] = {
    "maps by key": ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}),
    "a scalar over a map": ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
    "a key goes": ({"a": 1, "b": 2}, {"a": GONE}, {"b": 2}),
    "what is not there goes": ({"b": 2}, {"a": GONE, "c": {"d": GONE, "e": 1}}, {"b": 2, "c": {"e": 1}}),
    "a map replaced": ({"a": {"b": 1}}, {"a": {"$patch": "replace", "c": 2}}, {"a": {"c": 2}}),
    "named entries merge": ({"env": [A, B]}, {"env": [{"name": "b", "x": 1}]}, {"env": [A, {**B, "x": 1}]}),
    "a new entry is last": ({"env": [A]}, {"env": [B]}, {"env": [A, B]}),
    "an entry goes": ({"env": [A, B]}, {"env": [{"name": "a", **GONE}]}, {"env": [B]}),
    "mounts by their path": (
        {"volumeMounts": [{"mountPath": "/a", "name": "x"}]},
        {"volumeMounts": [{"mountPath": "/a", "readOnly": True}]},
        {"volumeMounts": [{"mountPath": "/a", "name": "x", "readOnly": True}]},
    ),
    "ports without names": (
        {"ports": [{"containerPort": 1}]},
        {"ports": [{"containerPort": 1, "hostPort": 2}]},
        {"ports": [{"containerPort": 1, "hostPort": 2}]},
    ),
    "ports that share no key": ({"ports": [{"port": 1}]}, {"ports": [{"name": "a"}]}, {"ports": [{"name": "a"}]}),
    "other lists are replaced": ({"args": ["a", "b"]}, {"args": ["c"]}, {"args": ["c"]}),
    "an empty list empties": ({"env": [A]}, {"env": []}, {"env": []}),
    "deep inside": (
        {"containers": [{"name": "x", "env": [A], "image": "i"}]},
        {"containers": [{"name": "x", "env": [B]}]},
        {"containers": [{"name": "x", "env": [A, B], "image": "i"}]},
    ),
}


@pytest.mark.parametrize(("base", "over", "expected"), MERGES.values(), ids=MERGES)
def test_a_patch_is_laid_over(base: Any, over: Any, expected: Any) -> None:
    before = repr((base, over))
    assert merge_patch(base, over) == expected
    assert repr((base, over)) == before


PATCH = '[services.gateway.patches.host]\nkind = "Deployment"\nmerge.spec.template.spec.hostNetwork = true\n'


def test_a_chart_without_patches_knows_nothing_of_them() -> None:
    plain = build(SPRING)
    assert not [path for path in plain.files if "patch" in path]


def test_patches_are_values_and_the_templates_stay_as_they_are() -> None:
    plain, patched = build(SPRING), build(SPRING + PATCH)
    template = "charts/gateway/templates/{}deployment.yaml".format
    assert patched.files[template("_")] == plain.files[template("")]
    assert template("") not in patched.files
    values = parse_yaml(patched.files["charts/gateway/values.yaml"])
    merge = {"spec": {"template": {"spec": {"hostNetwork": True}}}}
    assert values["patches"] == {"host": {"kind": "Deployment", "merge": merge}}


def test_a_patch_of_one_environment_stands_there_alone() -> None:
    built = build(SPRING, dev="", prod=PATCH)
    assert "patches" not in parse_yaml(built.files["charts/gateway/values.yaml"])
    assert list(built.environments["prod"]["gateway"]["patches"]) == ["host"]


REFUSED = {
    "another name": ('merge.metadata.name = "x"', "cannot change metadata.name"),
    "the selector": ('merge.spec.selector.a = "b"', "cannot change spec.selector"),
    "an unknown directive": ('merge.spec = { "$patch" = "remove" }', '"$patch" is "delete" or "replace"'),
    "a date": ("merge.spec.since = 2026-01-01", "put it in quotes"),
    "a number that Helm rounds": ("merge.spec.size = 9007199254740993", "has more digits than Helm keeps"),
    "nothing": ("merge = {}", "merge"),
    "a secret": (
        'merge.spec.template.spec.containers = [{ name = "x", env = [{ name = "TOKEN", value = "abc" }] }]',
        "TOKEN looks like a secret in clear text",
    ),
}


@pytest.mark.parametrize(("line", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_a_patch_may_not_say(line: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(SPRING + f'[services.gateway.patches.x]\nkind = "Deployment"\n{line}\n')
    assert expected in str(caught.value)
    assert "abc" not in str(caught.value)
