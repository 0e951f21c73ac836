"""What Harbor's management API tells, as far as this project reads it. Unknown fields are ignored.

Times are RFC 3339 in UTC as Harbor writes them; `when` turns the one that means never into None. Sizes are bytes.
"""

from __future__ import annotations

from typing import Any

import msgspec

_NEVER = "0001-01-01"
CHART = "CHART"
"""The `type` of a Helm chart."""
CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json"


def when(text: str) -> str | None:
    """Return a time, or None for one that never came.

    >>> when("0001-01-01T00:00:00.000Z")
    """
    return None if not text or text.startswith(_NEVER) else text


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project; `metadata` holds `public`, `retention_id` and switches, all as text."""

    name: str
    project_id: int
    metadata: dict[str, str] | None = None
    repo_count: int = 0
    owner_name: str = ""
    creation_time: str = ""

    @property
    def public(self) -> bool:
        """Whether anybody may pull from it."""
        return (self.metadata or {}).get("public") == "true"

    @property
    def retention_id(self) -> int | None:
        """The id of its retention policy, when it has one."""
        text = (self.metadata or {}).get("retention_id", "")
        return int(text) if text.isdigit() else None


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository; `name` starts with the project's."""

    name: str
    artifact_count: int = 0
    pull_count: int = 0
    description: str = ""
    update_time: str = ""


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag; `immutable` is true only when the immutable status was asked for."""

    name: str
    immutable: bool = False
    push_time: str = ""
    pull_time: str = ""


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A label; `scope` is `g` for all projects, `p` for one."""

    id: int
    name: str
    scope: str = "p"
    description: str = ""
    color: str = ""


class Accessory(msgspec.Struct, frozen=True, kw_only=True):
    """Something attached to an artifact: a signature, for example (`signature.cosign`)."""

    digest: str
    type: str = ""
    size: int = 0


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A version: a manifest and what Harbor knows of it. Of a chart, `extra_attrs` is its Chart.yaml."""

    digest: str
    type: str = ""
    size: int = 0
    push_time: str = ""
    pull_time: str = ""
    repository_name: str = ""
    media_type: str = ""
    artifact_type: str = ""
    tags: tuple[Tag, ...] | None = None
    labels: tuple[Label, ...] | None = None
    accessories: tuple[Accessory, ...] | None = None
    annotations: dict[str, str] | None = None
    extra_attrs: dict[str, Any] | None = None
    scan_overview: dict[str, Any] | None = None

    @property
    def chart(self) -> dict[str, Any]:
        """Its Chart.yaml; empty when it is no chart."""
        return (self.extra_attrs or {}) if self.type == CHART else {}

    @property
    def signed(self) -> bool:
        """Whether a signature is attached; only known when accessories were asked for."""
        return any(one.type.startswith("signature.") for one in self.accessories or ())


class Selector(msgspec.Struct, frozen=True, kw_only=True):
    """Chooses tags or repositories by a pattern. Sent whole: a rule whose `kind` is missing guards nothing."""

    kind: str = "doublestar"
    decoration: str = "matches"
    pattern: str = "**"
    extras: str = ""


class ImmutableRule(msgspec.Struct, frozen=True, kw_only=True):
    """Guards tags of a project. A selector kind that Harbor does not know switches off all rules after it."""

    id: int = 0
    disabled: bool = False
    tag_selectors: tuple[Selector, ...] | None = None
    scope_selectors: dict[str, tuple[Selector, ...]] | None = None

    @property
    def broken(self) -> bool:
        """Whether Harbor stumbles over it, and with it over every rule that follows."""
        selectors = [*(self.tag_selectors or ()), *(s for v in (self.scope_selectors or {}).values() for s in v)]
        return not self.disabled and any(s.kind != "doublestar" for s in selectors)


class RetentionRule(msgspec.Struct, frozen=True, kw_only=True):
    """Keeps what it selects; what no rule of the policy keeps is deleted."""

    template: str
    params: dict[str, Any] | None = None
    tag_selectors: tuple[Selector, ...] | None = None
    scope_selectors: dict[str, tuple[Selector, ...]] | None = None
    disabled: bool = False


class RetentionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When and by which rules a project forgets."""

    id: int = 0
    rules: tuple[RetentionRule, ...] | None = None
    trigger: dict[str, Any] | None = None
    scope: dict[str, Any] | None = None
    algorithm: str = "or"

    @property
    def cron(self) -> str:
        """When it runs (six fields, seconds first); empty: only by hand."""
        return str(((self.trigger or {}).get("settings") or {}).get("cron") or "")


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """What a project may store and stores; -1 is without limit."""

    id: int
    hard: dict[str, int]
    used: dict[str, int]


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """One right of a robot."""

    resource: str
    action: str


class PermissionSet(msgspec.Struct, frozen=True, kw_only=True):
    """The rights of a robot in one project (`*`: in all)."""

    kind: str = "project"
    namespace: str = ""
    access: tuple[Permission, ...] = ()


class Robot(msgspec.Struct, frozen=True, kw_only=True):
    """A robot account as Harbor lists it: with its prefix, without its secret."""

    id: int
    name: str
    description: str = ""
    disable: bool = False
    duration: int = -1
    """Days; -1: for ever."""
    expires_at: int = -1
    """Seconds since 1970; -1: never."""
    level: str = "project"
    permissions: tuple[PermissionSet, ...] | None = None


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the audit log; `resource` is `project/repository:tag` or `…@digest`."""

    resource: str
    operation: str = ""
    username: str = ""
    op_time: str = ""


class SystemInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What Harbor says of itself; anonymous callers are not told the version."""

    auth_mode: str = ""
    harbor_version: str = ""
    external_url: str = ""
    registry_url: str = ""
    read_only: bool = False
