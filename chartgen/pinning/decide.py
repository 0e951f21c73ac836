"""Decide which digests to write where, and say what becomes of every image. Pure.

A digest wins over a tag, so one that was meant for another environment's tag would silently run something else.
Therefore an image is pinned for all environments that are looked at, or not at all: the release manifest gets the
digest of the default environment, and every layer that means another tag or another registry with other content gets
its own. An environment that takes `image.digest` away (`unset`) is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chartgen.manifest.keypath import dotted
from chartgen.manifest.sources import Source
from chartgen.manifest.wording import value_at
from chartgen.pinning.digests import Answer
from chartgen.pinning.images import StatedImage, Tag
from helmkit.errors import UnreachableError

State = Literal["pinned", "updated", "unchanged", "stale", "unpinned", "missing", "refused", "unreachable", "skipped"]


@dataclass(frozen=True)
class Edit:
    """A digest to write."""

    file: str
    path: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Pin:
    """What becomes of one image of one service in one environment."""

    service: str
    environment: str
    image: str
    """With its tag."""
    state: State
    """`pinned` and `updated` (written), `unchanged`; `stale` (its tag is something else now) and `unpinned` when only
    looking; `missing` (no such tag), `refused` (by the registry), `unreachable`; `skipped`, because of another
    environment or of `unset`."""
    old: str | None
    new: str | None
    reason: str = ""


@dataclass(frozen=True)
class Decision:
    """What to write, and what to say."""

    edits: tuple[Edit, ...]
    pins: tuple[Pin, ...]


def decide_pins(
    images: Sequence[StatedImage],
    answers: Mapping[Tag, Answer],
    sources: Sequence[Source],
    default: str,
    *,
    layers_only: bool,
    check: bool,
) -> Decision:
    """Return what to write and what to say.

    Args:
        images: What the environments state.
        answers: What the registries say, by tag.
        sources: The platform's files.
        default: Name of the default environment.
        layers_only: Write into layers alone, because not all environments are looked at.
        check: Only look: write nothing.
    """
    groups: dict[tuple[str, ...], list[StatedImage]] = {}
    for image in images:
        groups.setdefault(image.path, []).append(image)
    edits: list[Edit] = []
    pins: list[Pin] = []
    for path, group in groups.items():
        kept = [image for image in group if not _is_unset(image, sources)]
        failed = [image for image in kept if not answers[image.tag].digest]
        pins += [_left(image) for image in group if image not in kept]
        if not check and not failed:
            edits += _edits(path, kept, answers, sources, "" if layers_only else default)
        pins += [
            _failed(image, answers[image.tag], failed[0])
            if image in failed or (failed and not check)
            else _pin(image, answers[image.tag], check=check)
            for image in kept
        ]
    return Decision(tuple(edits), tuple(pins))


def _edits(
    path: tuple[str, ...],
    group: Sequence[StatedImage],
    answers: Mapping[Tag, Answer],
    sources: Sequence[Source],
    default: str,
) -> list[Edit]:
    layers = {source.environment: source for source in sources if source.environment}
    home = next((s.name for s in sources if not s.environment and value_at(s.table, path[:2]) is not None), "")
    # A layer with another archetype takes nothing of the release manifest's image.
    plain = [i for i in group if not _says(layers.get(i.environment), (*path[:2], "archetype"))]
    chosen = next((i for i in plain if i.environment == default), plain[0] if plain and default else None)
    base = answers[chosen.tag].digest if chosen else None
    edits = []
    inherited = next((i.digest for i in plain if not _says(layers.get(i.environment), (*path, "digest"))), None)
    if base and base != inherited:
        edits.append(Edit(home, (*path, "digest"), base))
    for image in group:
        wanted = answers[image.tag].digest or ""
        layer = layers.get(image.environment)
        if layer is None:
            if not base and wanted != image.digest:
                edits.append(Edit(home, (*path, "digest"), wanted))
            continue
        stated = value_at(layer.table, (*path, "digest"))
        below = (base or image.digest) if image in plain else None
        if wanted != (stated or below):
            edits.append(Edit(layer.name, (*path, "digest"), wanted))
    return edits


def _says(layer: Source | None, path: tuple[str, ...]) -> bool:
    return layer is not None and value_at(layer.table, path) is not None


def _is_unset(image: StatedImage, sources: Sequence[Source]) -> bool:
    wanted = {dotted((*image.path[2:], "digest")), dotted(image.path[2:])}
    for source in sources:
        if source.environment == image.environment:
            taken = value_at(source.table, (*image.path[:2], "unset"))
            return isinstance(taken, list) and any(word in wanted for word in taken)
    return False


def _left(image: StatedImage) -> Pin:
    reason = f"values/{image.environment}.toml takes the digest away"
    return Pin(image.service, image.environment, str(image.tag), "skipped", image.digest, None, reason)


def _failed(image: StatedImage, answer: Answer, first: StatedImage) -> Pin:
    state: State
    if answer.error:
        state = "unreachable" if isinstance(answer.error, UnreachableError) else "refused"
        reason = answer.error.message
    elif answer.digest is None:
        state, reason = "missing", "there is no such tag"
    else:
        state, reason = "skipped", f"{first.tag} of {first.environment} has no digest"
    return Pin(image.service, image.environment, str(image.tag), state, image.digest, answer.digest, reason)


def _pin(image: StatedImage, answer: Answer, *, check: bool) -> Pin:
    state: State
    if image.digest == answer.digest:
        state = "unchanged"
    elif image.digest is None:
        state = "unpinned" if check else "pinned"
    else:
        state = "stale" if check else "updated"
    return Pin(image.service, image.environment, str(image.tag), state, image.digest, answer.digest)
