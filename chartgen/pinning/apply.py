"""Write digests into a platform's files, and prove that the platform then means exactly these. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from chartgen.editing.place import place_value, toml_text
from chartgen.manifest.load import parse_platform
from chartgen.manifest.resolved import ResolvedPlatform
from chartgen.pinning.decide import Edit, Pin
from chartgen.pinning.images import find_stated
from helmkit.errors import HelmkitError

Resolve = Callable[[Mapping[str, bytes]], ResolvedPlatform]
_WRITTEN = ("pinned", "updated", "unchanged")


def apply_edits(
    contents: Mapping[str, bytes],
    edits: Iterable[Edit],
    pins: Sequence[Pin],
    *,
    shown_in: str = "",
    resolve: Resolve = parse_platform,
) -> dict[str, bytes]:
    """Return the files that change.

    Args:
        contents: All TOML files of the platform by name.
        edits: What to write.
        pins: What every environment is to mean afterwards.
        shown_in: What stands before file names in errors (see load.display_prefix).
        resolve: Resolves a platform from its TOML files; knows the files that its services name.

    Raises:
        InputError: A file is written in a way that cannot be edited safely.
        HelmkitError: The platform would mean other digests than those that were decided.
    """
    changed = dict(contents)
    for edit in edits:
        changed[edit.file] = place_value(
            edit.file, changed[edit.file], edit.path, toml_text(edit.digest), shown_in=shown_in
        )
    result = {name: content for name, content in changed.items() if content != contents[name]}
    if result:
        _prove(changed, pins, resolve)
    return result


def _prove(contents: Mapping[str, bytes], pins: Sequence[Pin], resolve: Resolve) -> None:
    platform = resolve(contents)
    stated = find_stated(platform, platform.environments)
    found = {(image.environment, image.service, str(image.tag)): image.digest for image in stated}
    wrong = [
        f"{pin.service} in {pin.environment}"
        for pin in pins
        if pin.state in _WRITTEN and found.get((pin.environment, pin.service, pin.image)) != pin.new
    ]
    if wrong:
        message = f"the digests cannot be written so that all environments get theirs: {', '.join(wrong)}"
        raise HelmkitError(
            message, hint="Nothing is written. Pin these by hand: image.digest in releases.toml, values/."
        )
