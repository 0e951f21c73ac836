"""Edits by tools: one value in the file is replaced, everything else keeps its bytes, comments and layout included.

The whole file is parsed again afterwards: what is returned differs from what was given in that value and in nothing
else. A change that would change nothing is an error, because it usually means that the wrong thing was named (T082).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

from semver import Version

from chartgen.manifest.findings import Finding, Place, to_problems
from chartgen.manifest.keypath import KeyPath, did_you_mean, dotted
from chartgen.manifest.positions import PositionIndex
from chartgen.manifest.sections import check_version
from chartgen.manifest.sources import MAIN, Source, parse_source
from chartgen.manifest.wording import value_at
from helmkit.errors import InputError, Position
from helmkit.names import is_tag

BumpPart = Literal["major", "minor", "patch", "pre"]


@dataclass(frozen=True)
class _Change:
    source: Source
    path: KeyPath
    value: str


def set_versions(
    contents: Mapping[str, str | bytes], versions: Mapping[str, str], *, shown_in: str = ""
) -> dict[str, bytes]:
    """Return the files that change when services get other versions.

    Args:
        contents: All files of the platform by name; layers are left alone.
        versions: The new version (image tag) by service key.
        shown_in: What stands before file names in errors (see load.display_prefix).

    Raises:
        InputError: A service is unknown, has no version of its own or that very version already, or a version is no
            image tag. Nothing is changed then, and every problem is named.
    """
    sources, findings = _read(contents)
    if findings:
        _refuse("the versions cannot be set", findings, sources, shown_in)
    changes: list[_Change] = []
    for key, version in versions.items():
        for found in _plan(key, version, sources):
            if isinstance(found, _Change):
                changes.append(found)
            else:
                findings.append(found)
    if findings:
        _refuse("the versions cannot be set", findings, sources, shown_in)
    changed = {source.name: source for source in sources}
    for change in changes:
        current = changed[change.source.name]
        changed[current.name] = _apply(_Change(current, change.path, change.value), shown_in)
    names = dict.fromkeys(change.source.name for change in changes)
    return {name: changed[name].content for name in names}


def bump_version(content: str | bytes, part: BumpPart, *, shown_in: str = "") -> bytes:
    """Return `releases.toml` with the platform's next version.

    Args:
        content: The release manifest.
        part: `major`, `minor` and `patch` as in SemVer, a pre-release becoming the version it led to (1.4.3-rc.2 ->
            1.4.3); `pre` leads to the next patch (1.4.2 -> 1.4.3-rc.1) or counts on (-> 1.4.3-rc.2).
        shown_in: What stands before file names in errors (see load.display_prefix).

    Raises:
        InputError: There is no valid `platform.version` in it.
    """
    sources, findings = _read({MAIN: content})
    path = ("platform", "version")
    version = value_at(sources[0].table, path)
    if not findings and not isinstance(version, str):
        findings.append(Finding('platform: needs "version", a text', Place(MAIN, path[:1], "table")))
    if not findings:
        try:
            check_version(version)
        except ValueError as error:
            findings.append(Finding(f"platform.version: {error}", Place(MAIN, path)))
    if findings:
        _refuse("the version cannot be bumped", findings, sources, shown_in)
    return _apply(_Change(sources[0], path, next_version(version, part)), shown_in).content


def next_version(version: str, part: BumpPart) -> str:
    """Return the version that follows `version`.

    >>> next_version("1.4.2", "pre"), next_version("1.4.3-rc.1", "pre"), next_version("1.4.3-rc.2", "patch")
    ('1.4.3-rc.1', '1.4.3-rc.2', '1.4.3')
    """
    before = Version.parse(version)
    if part != "pre":
        return str(before.next_version(part))
    return str(before.bump_prerelease() if before.prerelease else before.bump_patch().bump_prerelease())


def _read(contents: Mapping[str, str | bytes]) -> tuple[list[Source], list[Finding]]:
    sources, findings = [], []
    for name, content in sorted(contents.items()):
        source, faults = parse_source(name, content)
        if not source.environment:
            sources.append(source)
            findings += faults
    return sources, findings


def _refuse(what: str, findings: list[Finding], sources: list[Source], shown_in: str) -> NoReturn:
    raise InputError(what, to_problems(findings, {source.name: source.content for source in sources}, shown_in))


def _plan(key: str, version: str, sources: list[Source]) -> Iterator[_Change | Finding]:
    tables = {source.name: value_at(source.table, ("services",)) for source in sources}
    known = {name for table in tables.values() if isinstance(table, dict) for name in table}
    home = next((s for s in sources if isinstance(value_at(s.table, ("services", key)), dict)), None)
    if home is None:
        yield Finding(f'unknown service "{key}"', Position(MAIN), did_you_mean(key, known))
        return
    path = ("services", key, "version")
    if not is_tag(version):
        yield Finding(f"{dotted(path)}: {version!r} is not an image tag", Place(home.name, path))
        return
    current = value_at(home.table, path)
    pin = ("services", key, "image", "digest")
    if value_at(home.table, pin) is not None:
        # A digest beats the tag: the pods would go on with the old content.
        hint = "take the digest out, set the version, then run `chartgen pin`"
        yield Finding(
            f"{dotted(pin)}: pins the image, so another version would change nothing", Place(home.name, pin), hint
        )
    elif current is None:
        yield from _explain_missing(key, home, sources)
    elif current == version:
        yield Finding(f'{dotted(path)}: is "{version}" already, so nothing would change', Place(home.name, path))
    else:
        yield _Change(home, path, version)


def _explain_missing(key: str, home: Source, sources: list[Source]) -> Iterator[Finding]:
    named = value_at(home.table, ("services", key, "preset"))
    for preset in reversed(named if isinstance(named, list) else [named]):
        path = ("presets", str(preset), "version")
        for source in sources:
            if value_at(source.table, path) is not None:
                message = f"services.{key}: has no version of its own, it comes from presets.{preset}"
                hint = f"change it there for all, or write a version into [services.{key}]"
                yield Finding(message, Place(source.name, path), hint)
                return
    message = f"services.{key}: states no version"
    yield Finding(message, Place(home.name, ("services", key), "table"), "something outside the cluster has none")


def _apply(change: _Change, shown_in: str) -> Source:
    source = change.source
    span = PositionIndex(source.content).span(change.path)
    expected = copy.deepcopy(dict(source.table))
    value_at(expected, change.path[:-1])[change.path[-1]] = change.value
    if span is not None:
        quote = "'" if source.content[span.start : span.start + 1] == b"'" else '"'
        value = f"{quote}{change.value}{quote}".encode()
        spliced, faults = parse_source(source.name, source.content[: span.start] + value + source.content[span.end :])
        # By their texts: nan equals nothing, not even itself.
        if not faults and repr(spliced.table) == repr(expected):
            return spliced
    message = f"{dotted(change.path)}: is written in a way that cannot be edited safely"
    finding = Finding(message, Place(source.name, change.path), "edit this line by hand")
    _refuse("the file is left as it is", [finding], [source], shown_in)
