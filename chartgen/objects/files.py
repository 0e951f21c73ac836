"""Files of plain YAML beside the release manifest: which a pattern means, and the objects in them with their places."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from chartgen.vocabulary.scalars import check_text, is_exact
from helmkit.errors import Position
from helmkit.yaml import parse_yaml_documents

SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class FileObject:
    """One object of a file."""

    file: str
    line: int
    """Where its document begins, from 1."""
    content: dict[str, Any]

    @property
    def where(self) -> Position:
        """Return its place."""
        return Position(self.file, self.line, 1)


@dataclass(frozen=True)
class Fault:
    """Something wrong in a file."""

    message: str
    where: Position
    hint: str | None = None


def stays_inside(path: str) -> bool:
    """Tell whether a path or pattern with slashes stays inside the folder it is relative to."""
    parts = path.split("/")
    return bool(path) and not path.startswith("/") and not {"", ".", ".."} & set(parts) and not set("\\\0") & set(path)


def match_files(pattern: str, names: Iterable[str]) -> list[str]:
    """Return the names that a pattern means, sorted: `*` and `?` inside a folder, `**` for any number of folders.

    >>> match_files("objects/*.yaml", ["objects/b.yaml", "objects/a.yaml", "objects/x/c.yaml"])
    ['objects/a.yaml', 'objects/b.yaml']
    """
    parts = tuple(pattern.split("/"))
    return sorted(name for name in names if _matches(tuple(name.split("/")), parts))


def _matches(name: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(_matches(name[skip:], pattern[1:]) for skip in range(len(name) + 1))
    return bool(name) and fnmatch.fnmatchcase(name[0], pattern[0]) and _matches(name[1:], pattern[1:])


@functools.lru_cache(maxsize=1024)
def parse_objects(name: str, content: bytes) -> tuple[tuple[FileObject, ...], tuple[Fault, ...]]:
    """Return the objects of one file, lists of them taken apart, and what is wrong with it.

    Cached: every environment asks for the same files. Nobody may change what comes out.
    """
    found: list[FileObject] = []
    faults: list[Fault] = []
    try:
        text = content.decode()
        documents = list(parse_yaml_documents(text))
        nodes = [node for node in yaml.compose_all(text, Loader=_LOADER) if not _is_null(node)]
        faults += [fault for node in nodes for fault in _doubtful(name, node)]
    except UnicodeDecodeError:
        return (), (Fault("is not valid UTF-8", Position(name)),)
    except (yaml.YAMLError, RecursionError) as error:
        return (), (_yaml_fault(name, error),)
    if faults:
        return (), tuple(faults)
    for line, document in zip((node.start_mark.line + 1 for node in nodes), documents, strict=True):
        items = document.get("items") if isinstance(document, dict) and document.get("kind") == "List" else [document]
        for item in items if isinstance(items, list) else [items]:
            fault = _shape_fault(item)
            if fault or not isinstance(item, dict):
                faults.append(Fault(fault, Position(name, line, 1), _SHAPE_HINT))
            else:
                found.append(FileObject(name, line, item))
    return tuple(found), tuple(faults)


_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Base 60 for YAML 1.1, a text for 1.2; and the other way round for what only some take for a number.
_DOUBTFUL = re.compile(
    r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+|0o[0-7]+"
)
_ROUNDED = re.compile(r"[-+]?[0-9]{16,}")
_PLAIN = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "value", "merge")}
_SHAPE_HINT = "every document is one Kubernetes object"


def _doubtful(name: str, node: yaml.Node) -> Iterator[Fault]:
    """Yield plain scalars that YAML libraries read differently, and texts that Helm would lose."""
    if isinstance(node, yaml.ScalarNode):
        where = Position(name, node.start_mark.line + 1, node.start_mark.column + 1)
        plain = not node.style
        if node.tag not in _PLAIN:
            yield Fault(f"{node.tag.rpartition(':')[2]} is no data that Kubernetes knows", where, "put it in quotes")
        elif plain and _DOUBTFUL.fullmatch(node.value):
            yield Fault(f"{node.value} is read differently by different programs", where, "put it in quotes")
        elif plain and _ROUNDED.fullmatch(node.value) and not is_exact(int(node.value)):
            yield Fault(f"{node.value} has more digits than Helm keeps", where, "put it in quotes")
        try:
            check_text(node.value)
        except ValueError as error:
            yield Fault(str(error), where)
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _doubtful(name, entry)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _doubtful(name, key)
            yield from _doubtful_key(name, key)
            yield from _doubtful(name, value)


def _doubtful_key(name: str, key: yaml.Node) -> Iterator[Fault]:
    """Yield a key such as `on`, which kubectl takes for `true`."""
    if isinstance(key, yaml.ScalarNode) and key.tag == "tag:yaml.org,2002:bool":
        where = Position(name, key.start_mark.line + 1, key.start_mark.column + 1)
        yield Fault(f"the key {key.value} is a boolean in YAML", where, "put it in quotes")


def _is_null(node: yaml.Node | None) -> bool:
    return node is None or node.tag == "tag:yaml.org,2002:null"


def _yaml_fault(name: str, error: Exception) -> Fault:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or type(error).__name__
    where = Position(name, mark.line + 1, mark.column + 1) if mark else Position(name)
    return Fault(f"is not YAML: {reason}", where, _template_hint(error))


def _template_hint(error: Exception) -> str | None:
    if "'{'" in str(error) or "unhashable" in str(error):
        return "templates are not read here; {{ }} inside a text needs quotes around the text"
    return None


def _shape_fault(item: object) -> str:
    if not isinstance(item, dict):
        return "is not a Kubernetes object but a " + ("list" if isinstance(item, list) else "single value")
    metadata = item.get("metadata")
    for key, value in (("apiVersion", item.get("apiVersion")), ("kind", item.get("kind"))):
        if not isinstance(value, str) or not value:
            return f"has no {key}"
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        return f"{item['kind']} has no metadata.name"
    return ""
