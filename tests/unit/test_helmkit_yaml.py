"""The YAML writer and the strict reader; tests/integration/test_helmkit_hard_strings.py shows that helm agrees."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helmkit.yaml import dump_yaml, dump_yaml_documents, parse_yaml, parse_yaml_documents

# Control characters are refused in manifests; \r and \x85 cannot stand in a literal block.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=30)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


@given(DATA)
def test_what_is_written_is_read_back(data: Any) -> None:
    assert parse_yaml(dump_yaml(data)) == data
    assert dump_yaml(data) == dump_yaml(parse_yaml(dump_yaml(data)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"version": "92558e5"}, "version: '92558e5'\n"),
        (
            {"octal": "0595464", "yes": True, "nothing": None, "one": 1},
            "octal: '0595464'\n'yes': true\nnothing: null\none: 1\n",
        ),
        ({"answer": "y"}, "answer: 'y'\n"),
        ({"b": 1, "a": 2}, "b: 1\na: 2\n"),
        ({"script": "one\ntwo\n"}, "script: |\n  one\n  two\n"),
        ({"emoji": "🚀"}, 'emoji: "\\U0001F680"\n'),
        ({"long": "word " * 40 + "end"}, "long: " + "word " * 40 + "end\n"),
        ({"list": [1, {"a": []}], "map": {}}, "list:\n- 1\n- a: []\nmap: {}\n"),
    ],
)
def test_style(data: object, expected: str) -> None:
    assert dump_yaml(data) == expected


@settings(max_examples=40)
@given(st.dictionaries(TEXT, TEXT, max_size=3), st.dictionaries(TEXT, TEXT, max_size=3))
@example({"A": "two lines end it\n\n", "B": "x"}, {"C": "y"})
@example({"A": "\n"}, {"C": "y"})
def test_pieces_of_one_file_can_stand_one_after_the_other(first: dict[str, str], second: dict[str, str]) -> None:
    # A values.yaml is written piece by piece; helm stops reading at the end of a document.
    assert parse_yaml(dump_yaml({"first": first}) + dump_yaml({"second": second})) == {"first": first, "second": second}


def test_shared_data_is_repeated() -> None:
    shared = {"a": [1]}
    assert "&" not in dump_yaml([shared, shared])


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(yaml.YAMLError):
        dump_yaml(object())


def test_documents() -> None:
    text = dump_yaml_documents([{"a": 1}, {"b": "---\n"}])
    assert text.startswith("---\na: 1\n---\nb:")
    assert list(parse_yaml_documents(text + "---\n---\n# nothing\n")) == [{"a": 1}, {"b": "---\n"}]


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: {b: 1, b: 2}\n", "- {x: 1, 'x': 2}\n"])
def test_keys_given_twice_are_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="given twice"):
        parse_yaml(text)


@pytest.mark.parametrize("text", ["a: [", "!!python/object/apply:os.system [ls]", "a: 1\n---\nb: 1\n"])
def test_what_is_no_single_plain_document_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        parse_yaml(text)
