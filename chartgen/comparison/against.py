"""What a comparison is made with: understand the word that was typed, and load it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Literal

from semver import Version

from chartgen.comparison.commit import load_commit
from chartgen.comparison.sides import Side, load_side, umbrella_side
from chartgen.umbrella import Umbrella

Kind = Literal["url", "path", "version", "commit"]
_PATHS = ("/", "./", "../", "~")
Fetch = Callable[[str], Awaitable[Umbrella]]
"""Takes a version or an oci:// URL and returns the umbrella that is published there."""


def kind_of(word: str) -> Kind:
    """Return what `word` names, the first of these that fits.

    An oci:// URL; a folder or archive that exists; a version as it is published (1.4.2); a commit, branch or tag. A
    branch that is called like a folder is meant by `heads/NAME`, a tag that looks like a version by `tags/NAME`.
    """
    if word.startswith("oci://"):
        return "url"
    if Path(word).exists() or word.startswith(_PATHS) or word.endswith(".tgz"):
        return "path"
    return "version" if Version.is_valid(word) else "commit"


async def load_other(folder: Path, word: str, environ: Mapping[str, str], fetch: Fetch) -> Side:
    """Return what to compare the platform of `folder` with.

    Raises:
        HelmkitError: It is not there, is broken, or cannot be reached.
    """
    kind = kind_of(word)
    if kind == "path":
        return load_side(Path(word))
    if kind == "commit":
        return await load_commit(folder, word, environ)
    return umbrella_side(await fetch(word))
