"""Immutable tags: which rules hold for a tag, with Harbor's own gap."""

from __future__ import annotations

from typing import Any

from tests.harbor.double.query import doublestar
from tests.harbor.double.server import Response, error
from tests.harbor.double.state import Artifact, Repository


def is_immutable(repository: Repository, tag: str) -> bool:
    """Walk the rules in order; one with a selector kind Harbor does not know ends the walk, guarding nothing."""
    for _, rule in sorted(repository.project.rules.items()):
        tags = rule.get("tag_selectors") or []
        scopes = (rule.get("scope_selectors") or {}).get("repository") or []
        if rule.get("disabled") or not tags or not scopes:
            continue
        if tags[0]["kind"] != "doublestar" or scopes[0]["kind"] != "doublestar":
            return False
        if _selects(scopes[0], repository.name) and _selects(tags[0], tag):
            return True
    return False


def _selects(selector: dict[str, Any], text: str) -> bool:
    found = any(doublestar(p.strip(), text) for p in [selector["pattern"]])
    excludes: bool = str(selector["decoration"]).lower().endswith("excludes")
    return found != excludes


def guard_artifact(repository: Repository, artifact: Artifact) -> Response | None:
    """Refuse to delete an artifact that carries an immutable tag."""
    return next((r for t in repository.tags_of(artifact) if (r := guard_tag(repository, t.name, "deleted"))), None)


def guard_tag(repository: Repository, tag: str, what: str) -> Response | None:
    if tag in repository.tags and is_immutable(repository, tag):
        return error(412, "PRECONDITION", f"the tag {tag} configured as immutable, cannot be {what}")
    return None


def guard_push(repository: Repository, tag: str) -> Response | None:
    """Refuse a manifest PUT on an existing immutable tag, whatever its digest."""
    if tag in repository.tags and is_immutable(repository, tag):
        message = f"Failed to process request due to '{repository.name}:{tag}' configured as immutable."
        return error(412, "PRECONDITION", message)
    return None
