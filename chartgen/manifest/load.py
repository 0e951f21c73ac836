"""Read a release manifest: from a folder, or from texts. The one way in.

    files -> sources -> document -> layers -> checked views -> rules -> resolved platform

Every step collects what is wrong and goes on with the rest, so that people see all problems at once.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from chartgen.manifest.attached import is_source, read_attached
from chartgen.manifest.config_files import Reader, load_contents, read_folder, read_mapping
from chartgen.manifest.document import build_document, fault_of_pattern
from chartgen.manifest.findings import Finding, Place, combine, to_problems
from chartgen.manifest.resolve import resolve
from chartgen.manifest.rules import check_views, config_secrets
from chartgen.manifest.sources import MAIN, Source, parse_source, source_digest
from chartgen.manifest.views import build_views
from helmkit.errors import InputError, Position

if TYPE_CHECKING:
    from chartgen.manifest.resolved import ResolvedPlatform

_Attach = Callable[[list[Source]], Mapping[str, bytes]]


def load_platform(folder: Path) -> ResolvedPlatform:
    """Read `releases.toml`, what it includes and `values/*.toml` below `folder`, and resolve every environment.

    Raises:
        InputError: Something is wrong; carries every problem of every file with its file, line and column. File names
            begin with `folder` as it was given, or are relative to the working directory when that is shorter.
    """
    contents, findings = _read_sources(folder)
    return _parse(contents, findings, display_prefix(folder), *_beside(folder))


def load_edited(folder: Path, contents: Mapping[str, bytes]) -> ResolvedPlatform:
    """Resolve the platform in `folder` as if its TOML files were `contents`: what an edit would mean.

    What services name beside them (plain YAML, charts, configuration files) is read from `folder`.

    Raises:
        InputError: Something would be wrong; carries every problem. File names are those of `contents`.
    """
    return _parse(contents, [], "", *_beside(folder))


def _beside(folder: Path) -> tuple[_Attach, Reader]:
    return functools.partial(read_attached, folder), read_folder(folder)


def parse_platform(sources: Mapping[str, str | bytes]) -> ResolvedPlatform:
    """Resolve a platform from texts. Pure.

    Args:
        sources: Content by name: `releases.toml`, `values/<environment>.toml`; every other TOML file counts as
            included, and all that is no TOML is attached: what services name as files.

    Raises:
        InputError: Something is wrong; carries every problem of every file.
    """
    attached = {name: _bytes(content) for name, content in sources.items() if not is_source(name)}
    return _parse(
        {name: content for name, content in sources.items() if is_source(name)},
        [],
        "",
        lambda _: attached,
        read_mapping(attached),
    )


def load_sources(folder: Path) -> dict[str, bytes]:
    """Return the content of all files of the platform in `folder` by name, whatever they say.

    This is what `set_versions`, `bump_version` and `explain` work on.

    Raises:
        InputError: A file cannot be read, or an include pattern matches none.
    """
    contents, findings = _read_sources(folder)
    if findings:
        _refuse(findings, (), [Source(name, content) for name, content in contents.items()], display_prefix(folder))
    return contents


def display_prefix(folder: Path) -> str:
    """Return what to put before file names so that they can be clicked: empty for the working directory."""
    given = str(folder)
    relative = os.path.relpath(folder)
    shown = relative if len(relative) < len(given) else given
    return "" if shown == "." else f"{shown}/"


def _read_sources(folder: Path) -> tuple[dict[str, bytes], list[Finding]]:
    contents: dict[str, bytes] = {}
    findings: list[Finding] = []
    main = _read(folder, MAIN, contents, findings)
    for path in sorted((folder / "values").glob("*.toml")):
        _read(folder, path.relative_to(folder).as_posix(), contents, findings)
    patterns = main.table.get("include") if main else None
    for number, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        if not isinstance(pattern, str) or fault_of_pattern(pattern):
            continue  # said when the document is built
        try:
            matches = sorted(path for path in folder.glob(pattern) if path.is_file())
        except (ValueError, NotImplementedError, OSError) as error:
            findings.append(Finding(f"include[{number}]: {error}", Place(MAIN, ("include", number))))
            continue
        names = [path.relative_to(folder).as_posix() for path in matches]
        names = [name for name in names if name != MAIN and not name.startswith("values/")]
        if not names:
            message = f"include[{number}]: no file matches {pattern!r}"
            findings.append(Finding(message, Place(MAIN, ("include", number)), "patterns start at this file's folder"))
        for name in names:
            if name not in contents:
                _read(folder, name, contents, findings)
    return contents, findings


def _read(folder: Path, name: str, contents: dict[str, bytes], findings: list[Finding]) -> Source | None:
    try:
        contents[name] = (folder / name).read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = "`chartgen --help` tells how to name another folder" if name == MAIN else None
        findings.append(Finding(f"cannot be read: {reason}", Position(name), hint))
        return None
    return parse_source(name, contents[name])[0]


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _parse(
    contents: Mapping[str, str | bytes],
    findings: list[Finding],
    shown_in: str,
    attach: _Attach,
    read_config: Reader,
) -> ResolvedPlatform:
    sources: list[Source] = []
    incomplete = bool(findings)
    for name, content in sorted(contents.items()):
        source, faults = parse_source(name, content)
        sources.append(source)
        findings += faults
        incomplete = incomplete or (source.broken and not source.environment)
    if MAIN not in contents and not incomplete:
        findings.append(Finding("is missing", Position(MAIN)))
        incomplete = True
    if incomplete:
        # What the unread file would have said cannot be told from what is missing, so nothing else is checked.
        _refuse(findings, (), sources, shown_in)
    attached = attach(sources)
    views = build_views(build_document(sources))
    views.views = [replace(view, files=attached) for view in views.views]
    findings += views.findings
    findings += check_views(views)
    configs, faults = load_contents(views.views, read_config)
    findings += [*faults, *config_secrets.check(views.views, configs)]
    if findings or views.platform is None:
        _refuse(findings, tuple(view.name for view in views.views), sources, shown_in)
    sources += [Source(name, content) for name, content in attached.items()]
    sources += [Source(f"{path}/{name}", data) for path, found in configs.items() for name, data in found.files.items()]
    return resolve(views, views.platform, source_digest(sources), configs)


def _refuse(
    findings: Iterable[Finding], environments: tuple[str, ...], sources: Iterable[Source], shown_in: str
) -> NoReturn:
    contents = {source.name: source.content for source in sources}
    problems = to_problems(combine(findings, environments), contents, shown_in)
    raise InputError("the release manifest is wrong", problems)
