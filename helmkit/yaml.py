"""YAML that Helm reads back exactly as it was meant, and strict YAML reading.

PyYAML's plain style loses strings when Helm's YAML library reads them: `92558e5` becomes a float, `0595464` a
number, `y` a boolean. Every string that could be mistaken is quoted here. Both directions use libyaml.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import yaml

from helmkit.plain_yaml import NotPlain, dump_plain

_MISTAKABLE = re.compile(r"[-+.0-9]|(?:y|Y|n|N|=|<<)\Z")
_OPEN_END = re.compile(r"(?:\A|[\n\r\x85\u2028\u2029])[\n\r\x85\u2028\u2029]\Z")
_BASE_DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_BASE_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _HelmSafeDumper(_BASE_DUMPER):  # type: ignore[misc]
    """Writes strings so that Helm keeps them, and repeats shared data instead of writing aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    if _OPEN_END.search(text):
        # A literal block that keeps all its line ends makes libyaml end the document with `...`, and Helm stops there.
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    if "\n" in text:
        # The literal style cannot carry trailing blanks or tabs before a line end; PyYAML then falls back itself.
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    style = "'" if _MISTAKABLE.match(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_HelmSafeDumper.add_representer(str, _represent_text)


class _StrictLoader(_BASE_LOADER):  # type: ignore[misc]
    """Refuses a key that is given twice (T122), which PyYAML silently accepts."""


def _construct_mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            problem = f"the key {key!r} is given twice"
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        seen.add(key)
    loader.flatten_mapping(node)
    return {loader.construct_object(k, deep=True): loader.construct_object(v, deep=True) for k, v in node.value}


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
# YAML 1.1 gives a plain `=` or `<<` a meaning that nobody uses in values; helm writes them for the texts.
for _tag in ("value", "merge"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _BASE_LOADER.construct_yaml_str)


def dump_yaml(data: object) -> str:
    """Return `data` as block YAML in key order as given, ending in a newline; maps can be joined to one document.

    Lists and maps of str, int, float, bool and None only; anything else raises yaml.representer.RepresenterError.
    """
    try:
        return dump_plain(data, _quoted)
    except NotPlain:
        return _dump_any(data)


@functools.lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return _dump_any([text])[len("- ") : -1]


def _dump_any(data: object) -> str:
    text = yaml.dump(
        data, Dumper=_HelmSafeDumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=10_000
    )
    return str(text)


def dump_yaml_documents(documents: list[dict[str, Any]]) -> str:
    """Return several documents, each after a `---` line."""
    return "".join(f"---\n{dump_yaml(document)}" for document in documents)


def parse_yaml(text: str | bytes) -> Any:
    """Return the one document in `text`.

    Raises:
        yaml.YAMLError: It is not YAML, or a key is given twice.
    """
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of the safe loader


def parse_yaml_documents(text: str | bytes) -> Iterator[Any]:
    """Yield every document in `text` that is not empty, strictly as `parse_yaml` does."""
    for document in yaml.load_all(text, Loader=_StrictLoader):
        if document is not None:
            yield document
