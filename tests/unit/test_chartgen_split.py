"""Splitting values between subchart and environments."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chartgen.build.split import merge_values, split_values

LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.text(max_size=3), st.integers(0, 2), st.booleans(), st.lists(st.integers(0, 2), max_size=2), st.just({})
)
VALUES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(LEAVES, lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, max_size=3), max_leaves=6),
    max_size=3,
)
ENVIRONMENTS = st.dictionaries(st.sampled_from(["dev", "prod", "test"]), VALUES, min_size=1, max_size=3)


def exactly(value: Any) -> Any:
    """Return what tells 1 from True, which Python's == does not."""
    if isinstance(value, dict):
        return {key: exactly(one) for key, one in value.items()}
    return (type(value), [exactly(one) for one in value] if isinstance(value, list) else value)


@given(ENVIRONMENTS, st.data())
def test_merging_gives_every_environment_back(full: dict[str, dict[str, Any]], data: st.DataObject) -> None:
    shared, own = split_values(full, data.draw(st.sampled_from(sorted(full))))
    for name, values in full.items():
        assert exactly(merge_values(shared, own[name])) == exactly(values)


@given(ENVIRONMENTS)
def test_there_is_never_a_null(full: dict[str, dict[str, Any]]) -> None:
    shared, own = split_values(full, min(full))
    assert "None" not in repr([shared, own])


def test_the_preferred_environment_fills_what_differs() -> None:
    full = {"dev": {"a": 1, "b": {"x": 1}}, "prod": {"a": 2, "b": {"x": 1}}}
    assert split_values(full, "dev") == ({"a": 1, "b": {"x": 1}}, {"dev": {}, "prod": {"a": 2}})
    assert split_values(full, "prod")[0]["a"] == 2


def test_what_is_not_everywhere_stands_in_the_environments_alone() -> None:
    shared, own = split_values({"dev": {"a": 1, "b": 2}, "prod": {"a": 1}}, "dev")
    assert shared == {"a": 1}
    assert own == {"dev": {"b": 2}, "prod": {}}


def test_a_text_here_and_a_map_there_are_never_merged() -> None:
    full: dict[str, dict[str, Any]] = {"dev": {"E": "text"}, "prod": {"E": {"secretKeyRef": {"name": "s"}}}}
    shared, own = split_values(full, "dev")
    assert shared == {}
    assert own == full


def test_true_is_not_one() -> None:
    full: dict[str, dict[str, Any]] = {"dev": {"a": True, "l": [0]}, "prod": {"a": 1, "l": [False]}}
    assert split_values(full, "dev")[1]["prod"] == {"a": 1, "l": [False]}
