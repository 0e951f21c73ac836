"""Where in a file a path stands."""

from __future__ import annotations

import pytest

from chartgen.manifest.findings import Part
from chartgen.manifest.keypath import KeyPath, did_you_mean, dotted, nearest, parse_dotted
from chartgen.manifest.positions import PositionIndex

TEXT = """\
a = 1
"ä.b" = "x" # a quoted key
[t.u]
k.l = { m = 2, n = [3, { o = 4 }] }
'q' = ""
[t]
z = 5
[[list]]
v = 6
[list.sub]
w = 7
[[list]]
v = 8
""".encode()


@pytest.mark.parametrize(
    ("path", "part", "expected"),
    [
        (("a",), "key", (1, 1)),
        (("a",), "value", (1, 5)),
        (("ä.b",), "value", (2, 9)),
        (("t",), "table", (6, 1)),
        (("t", "u"), "table", (3, 1)),
        (("t", "u"), "key", (3, 4)),
        (("t", "u", "k"), "key", (4, 1)),
        (("t", "u", "k", "l"), "table", (4, 7)),
        (("t", "u", "k", "l", "m"), "value", (4, 13)),
        (("t", "u", "k", "l", "n"), "value", (4, 20)),
        (("t", "u", "k", "l", "n", 0), "value", (4, 21)),
        (("t", "u", "k", "l", "n", 1, "o"), "value", (4, 30)),
        (("t", "u", "q"), "key", (5, 1)),
        (("t", "z"), "value", (7, 5)),
        (("list", 0, "v"), "value", (9, 5)),
        (("list", 0, "sub", "w"), "value", (11, 5)),
        (("list", 1, "v"), "value", (13, 5)),
        # What is not there is answered by what is above it.
        (("t", "u", "missing"), "value", (3, 1)),
        (("a", "b", "c"), "value", (1, 5)),
        (("missing",), "value", (0, 0)),
        ((), "value", (0, 0)),
    ],
)
def test_find(path: KeyPath, part: Part, expected: tuple[int, int]) -> None:
    assert PositionIndex(TEXT).find(path, part) == expected


def test_the_text_of_a_value_is_as_the_file_has_it() -> None:
    index = PositionIndex(b"version = 1.10\r\nx = 0x_ff\n")
    assert index.text(("version",)) == "1.10"
    assert index.text(("missing",)) is None


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[[[", b"a = {", b"a = [\n" * 300, b"=" * 9, b"a." * 3000 + b"a = 1"]
)
def test_whatever_is_no_toml_is_survived(content: bytes) -> None:
    assert PositionIndex(content).find(("nothing",)) == (0, 0)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("a", "b-c", "D_1"), "a.b-c.D_1"),
        (("a", 0, "b"), "a[0].b"),
        (("a", "x.y/z"), 'a."x.y/z"'),
        (("a", 'q"\\'), 'a."q\\"\\\\"'),
    ],
)
def test_dotted(path: KeyPath, text: str) -> None:
    assert dotted(path) == text
    if all(isinstance(part, str) for part in path):
        assert parse_dotted(text) == path


@pytest.mark.parametrize("text", ["", "a b", "a = 1\nb", "a.", "[a]", "a # b", "{}", "a." * 9000 + "b", "1 = 2\n3"])
def test_what_is_no_dotted_key(text: str) -> None:
    with pytest.raises(ValueError, match="is not a dotted key"):
        parse_dotted(text)


def test_nearest() -> None:
    assert nearest("replicaz", ["replicas", "max_replicas"]) == "replicas"
    assert nearest("mysql", ["mysql-outer", "redis"]) == "mysql-outer"
    assert nearest("xyz", ["replicas"]) is None
    assert did_you_mean("xyz", ["replicas"], "else") == "else"
    assert did_you_mean("xyz", ["replicas"]) is None
