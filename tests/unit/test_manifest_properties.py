"""Laws that hold for any input."""

from __future__ import annotations

import copy
import doctest
import importlib
from typing import Any

import pytest
import tomli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chartgen.manifest.archetype_models import MODELS
from chartgen.manifest.merge import has, merge
from chartgen.manifest.positions import PositionIndex
from tests.unit.manifest_samples import BASE, PLATFORM, problems

# Examples are small, but this may run beside much else.
settings.register_profile("manifest", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
ANY_SPEED = settings.get_profile("manifest")

WORDS = st.sampled_from(
    sorted(
        {name for model in MODELS.values() for name in model.model_fields}
        | {
            "a",
            "b",
            "port",
            "path",
            "secret",
            "key",
            "endpoint",
            "peers",
            "archetype",
            "preset",
            "unset",
            "x.y",
            "",
            "[key]",
        }
    )
)
TEXTS = st.sampled_from(
    ["", "a", "app", "nacos", "spring-service", "statefulset-infra", "1Gi", "$(A)", "{host}", "ä\u0085", "0"]
)
SCALARS = TEXTS | st.integers(-1, 70000) | st.booleans() | st.floats(allow_nan=True)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)
TABLES = st.dictionaries(WORDS, TREES, max_size=5)
# Without keys that exclude each other or belong together, merging follows plain laws.
PLAIN = st.recursive(SCALARS, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8)
PLAIN_TABLES = st.dictionaries(st.sampled_from("abc"), PLAIN, max_size=3)


@ANY_SPEED
@given(TABLES)
def test_nothing_and_itself_change_nothing(table: dict[str, Any]) -> None:
    assert repr(merge(table, {})) == repr(table)
    assert repr(merge({}, table)) == repr(table)
    assert repr(merge(table, table)) == repr(table)


@ANY_SPEED
@given(TABLES, TABLES)
def test_the_upper_table_is_in_effect_and_neither_is_changed(base: dict[str, Any], over: dict[str, Any]) -> None:
    before = repr((base, over))
    merged = merge(base, over)
    assert repr((base, over)) == before
    assert _contains(merged, over)
    assert all(repr(merged[key]) == repr(value) for key, value in base.items() if key not in over and key in merged)


@ANY_SPEED
@given(PLAIN_TABLES, PLAIN_TABLES)
def test_what_the_upper_table_does_not_name_stays(base: dict[str, Any], over: dict[str, Any]) -> None:
    merged = merge(base, over)
    assert merged.keys() == base.keys() | over.keys()
    for key in base.keys() & over.keys():
        if isinstance(base[key], dict) and isinstance(over[key], dict):
            assert repr(merged[key]) == repr(merge(base[key], over[key]))


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and _contains(whole[key], value) for key, value in part.items()
        )
    return repr(whole) == repr(part)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\u{ord(char):04X}" if ord(char) > 126 else char for char in text) + '"'


def _parses_or_says_why(files: dict[str, str | bytes]) -> None:
    text = "\n".join(problems(files))
    assert not any(word in text for word in ("pydantic", "function-after", "literal[", "Traceback", "<class"))


@ANY_SPEED
@given(TABLES, TABLES, st.sampled_from([*MODELS, None]))
def test_any_service_and_layer_parse_or_are_refused_in_words(
    service: dict[str, Any], layer: dict[str, Any], archetype: str | None
) -> None:
    stated = {**service, **({"archetype": archetype} if archetype else {})}
    _parses_or_says_why(
        {
            "releases.toml": f"{PLATFORM}[services]\nx = {_toml(stated)}\n",
            "base.toml": BASE,
            "values/dev.toml": f"[services]\nx = {_toml(layer)}\nnacos = {_toml(layer)}\n",
        }
    )


@ANY_SPEED
@given(
    st.dictionaries(
        st.sampled_from(["platform", "charts", "registries", "namespaces", "presets", "services", "include", "x"]),
        TREES,
    )
)
def test_any_document_parses_or_is_refused_in_words(document: dict[str, Any]) -> None:
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in document.items())
    tomli.loads(text)
    _parses_or_says_why({"releases.toml": text, "values/dev.toml": text})


@ANY_SPEED
@given(st.text(alphabet="[]{}=\"'.,#\n\\ab1- \t\x00é", max_size=60) | st.binary(max_size=40))
def test_any_text_parses_or_is_refused_in_words(text: str | bytes) -> None:
    _parses_or_says_why({"releases.toml": text, "a.toml": text, "values/dev.toml": text})


@ANY_SPEED
@given(st.text(alphabet="[]{}=\"'.,#\n\\ab1- \té", max_size=60))
def test_positions_lie_inside_the_text(text: str) -> None:
    content = text.encode()
    line, column = PositionIndex(content).find(("a", "b"))
    assert 0 <= line <= content.count(b"\n") + 1
    assert column >= 0


@ANY_SPEED
@given(TABLES)
def test_every_path_of_a_file_has_its_place(table: dict[str, Any]) -> None:
    text = f"x = {_toml(table)}"
    index = PositionIndex(text.encode())
    parsed = tomli.loads(text)
    for key in table:
        assert has(parsed, ("x", key))
        assert index.find(("x", key))[0] == 1
        assert repr(tomli.loads(f"v = {index.text(('x', key))}")["v"]) == repr(parsed["x"][key])


@ANY_SPEED
@given(PLAIN_TABLES)
def test_merging_shares_nothing_that_can_be_changed_by_accident(table: dict[str, Any]) -> None:
    original = copy.deepcopy(table)
    merged = merge(table, {"z": 1})
    merged["z"] = 2
    assert repr(table) == repr(original)


@pytest.mark.parametrize("name", ["keypath", "wording", "env_order", "splice", "rules.limits"])
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"chartgen.manifest.{name}")).failed == 0
