"""The quick way to write YAML gives the bytes that libyaml gives."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helmkit import yaml as helm_yaml
from helmkit.plain_yaml import NotPlain, dump_plain
from helmkit.yaml import dump_yaml

NAMES = st.text("abnoyEN_/.:@+-# 0179", max_size=12)
ANY = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=30)
LINES = st.lists(st.text("ab: -#|'", max_size=6), max_size=4).map("\n".join)
WORDS = st.sampled_from(["yes", "No", "TRUE", "null", "~", "", "y", "=", "<<", "---", "- a", "a:", "a: b", "é", "1e3"])
TEXT = NAMES | ANY | LINES | LINES.map(lambda text: text + "\n") | WORDS
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=25
)


def by_libyaml(data: object) -> str:
    """Return what PyYAML with libyaml writes with this project's rules for texts."""
    dump = functools.partial(yaml.dump, Dumper=helm_yaml._HelmSafeDumper)
    return str(dump(data, sort_keys=False, allow_unicode=True, default_flow_style=False, width=10_000))


@settings(max_examples=150)
@given(DATA)
@example({"a": [[{"b": "one\n\n two\n"}], {}, [[]], {"c": [{"d": {}}]}]})
@example(["one\n", {"k" * 200: 1}, "x" * 3000, {"é" * 60: "ü"}])
@example({"x" * 99: "long " * 150 + "end", "tail": "blank ", "line": "tab\there\n"})
def test_the_bytes_are_libyamls(data: Any) -> None:
    assert dump_yaml(data) == by_libyaml(data)


@pytest.mark.parametrize("data", [{}, [], "text", 1, {"a": 1.5}, {1: "a"}, {"a": "x\n\n"}, {"a": "x \ny\n"}])
def test_what_is_not_plain_is_left_to_libyaml(data: object) -> None:
    with pytest.raises(NotPlain):
        dump_plain(data, str)


def test_plain_data_needs_no_libyaml() -> None:
    def refuse(text: str) -> str:
        raise AssertionError(text)

    data = {"image": {"repository": "shop/orders", "tag": "v1.2"}, "args": ["run", "a:b"], "note": "one\n  two\n"}
    assert dump_plain(data, refuse) == (
        "image:\n  repository: shop/orders\n  tag: v1.2\nargs:\n- run\n- a:b\nnote: |\n  one\n    two\n"
    )
