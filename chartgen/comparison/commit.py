"""A platform as a git commit has it: its files are read from the object store, the working folder is left alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from chartgen.comparison.sides import Side, build_side
from chartgen.manifest.load import display_prefix
from chartgen.manifest.sources import MAIN
from helmkit.errors import HelmkitError, InputError, Position, Problem, UsageError
from helmkit.process import LimitReachedError, run_process

_LIMIT = 60
"""Seconds that git may take."""
_LARGEST = 4 * 1024 * 1024
"""Bytes of a file that could be input: more than any release manifest, or a ConfigMap, may have."""
_GENERATED = ("charts/", "dist/")
_INSTEAD = "Name something else to compare with: --against 1.4.2 (published), or --against FOLDER."


async def find_commit(folder: Path, name: str, environ: Mapping[str, str]) -> str | None:
    """Return the hash of the commit that `name` means in the repository of `folder`; None where it means none."""
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    code, output, _ = await _git(folder, arguments, environ)
    return output.decode().strip() if code == 0 else None


async def load_commit(folder: Path, name: str, environ: Mapping[str, str]) -> Side:
    """Build the platform of `folder` as the commit `name` has it.

    Raises:
        UsageError: There is no git, no repository, no such commit, or no platform in it.
        InputError: The release manifest was wrong then.
    """
    commit = await find_commit(folder, name, environ)
    if commit is None:
        await _refuse(folder, name, environ)
    tree = f"{commit}:{await _prefix(folder, environ)}"
    if (await _git(folder, ("rev-parse", "--verify", "--quiet", tree), environ))[0] != 0:
        _refuse_missing(name, commit)
    with tempfile.TemporaryDirectory(prefix="chartgen-") as place:
        await _write_tree(folder, tree, Path(place), environ)
        return _build(Path(place), name, commit)


def _build(place: Path, name: str, commit: str) -> Side:
    if not (place / MAIN).is_file():
        _refuse_missing(name, commit)
    try:
        return build_side(place, f"{name} ({commit[:7]})")
    except InputError as error:
        problems = [_relabel(problem, display_prefix(place), name) for problem in error.problems]
        message = f"the release manifest of {name} is wrong"
        raise InputError(message, problems, hint=_INSTEAD) from error


def _refuse_missing(name: str, commit: str) -> NoReturn:
    message = f"{name} ({commit[:7]}) has no {MAIN} in this folder"
    raise UsageError(message, hint=f"Commit it first. {_INSTEAD}")


def parse_tree(listing: bytes) -> Iterator[tuple[str, str]]:
    r"""Yield path and hash of every file that can be input, from the output of `git ls-tree -r -l -z`.

    Links, submodules, generated charts and what is too large to be input are left out.

    >>> list(parse_tree(b"100644 blob 5f1 12\treleases.toml\0" + b"120000 blob 5f2 3\tlink\0"))
    [('releases.toml', '5f1')]
    """
    for entry in listing.split(b"\0"):
        head, _, path = entry.decode(errors="surrogateescape").partition("\t")
        words = head.split()
        if len(words) != 4 or not words[0].startswith("100") or path.startswith(_GENERATED):
            continue
        if int(words[3]) <= _LARGEST:
            yield path, words[2]


def parse_blobs(output: bytes) -> Iterator[bytes]:
    r"""Yield the contents that `git cat-file --batch` gives.

    >>> list(parse_blobs(b"5f1 blob 3\nabc\n5f2 blob 0\n\n"))
    [b'abc', b'']
    """
    start = 0
    while start < len(output):
        end = output.index(b"\n", start)
        size = int(output[start:end].split()[-1])
        yield output[end + 1 : end + 1 + size]
        start = end + 1 + size + 1


async def _write_tree(folder: Path, tree: str, place: Path, environ: Mapping[str, str]) -> None:
    listing = await _checked(folder, ("ls-tree", "-r", "-l", "-z", "--full-tree", tree), environ)
    found = list(parse_tree(listing))
    wanted = "".join(f"{digest}\n" for _, digest in found).encode()
    contents = parse_blobs(await _checked(folder, ("cat-file", "--batch"), environ, wanted))
    for (path, _), content in zip(found, contents, strict=True):
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


async def _prefix(folder: Path, environ: Mapping[str, str]) -> str:
    return (await _checked(folder, ("rev-parse", "--show-prefix"), environ)).decode().rstrip("\n").rstrip("/")


async def _refuse(folder: Path, name: str, environ: Mapping[str, str]) -> NoReturn:
    code, _, error = await _git(folder, ("rev-parse", "--git-dir"), environ)
    if code != 0:
        message = f"{folder} is in no git repository: {_last_line(error)}"
        raise UsageError(message, hint=_INSTEAD)
    what = "there is no commit yet" if name == "HEAD" else f"there is no commit, published version or folder {name!r}"
    raise UsageError(what, hint=f"`git log --oneline` lists commits. {_INSTEAD}")


def _relabel(problem: Problem, prefix: str, name: str) -> Problem:
    if problem.where is None:
        return problem
    where = problem.where
    return replace(problem, where=Position(f"{name}:{where.file.removeprefix(prefix)}", where.line, where.column))


async def _checked(
    folder: Path, arguments: tuple[str, ...], environ: Mapping[str, str], stdin: bytes | None = None
) -> bytes:
    code, output, error = await _git(folder, arguments, environ, stdin)
    if code != 0:
        message = f"git {arguments[0]} failed: {_last_line(error)}"
        raise HelmkitError(message, hint=_INSTEAD)
    return output


async def _git(
    folder: Path, arguments: tuple[str, ...], environ: Mapping[str, str], stdin: bytes | None = None
) -> tuple[int, bytes, bytes]:
    argv = ("git", "-C", str(folder), "--no-optional-locks", *arguments)
    try:
        done = await run_process(argv, environ=environ, stdin=stdin, limit=_LIMIT)
    except FileNotFoundError as error:
        message = "git is not on the PATH"
        raise UsageError(message, hint=f"Install it. {_INSTEAD}") from error
    except LimitReachedError as error:
        message = f"git {arguments[0]} took more than {_LIMIT} seconds"
        raise HelmkitError(message, hint=_INSTEAD) from error
    return done.returncode, done.stdout, done.stderr


def _last_line(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it does not say why"
