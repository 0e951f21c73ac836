"""What a Harbor holds: projects, repositories, artifacts, tags, rules, accounts. Plain data, no HTTP."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

NEVER = "0001-01-01T00:00:00.000Z"
ROLE_ADMIN, ROLE_DEVELOPER, ROLE_GUEST, ROLE_MAINTAINER = 1, 2, 3, 4


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclass
class Tag:
    id: int
    name: str
    artifact_id: int
    push_time: str = field(default_factory=now)
    pull_time: str = NEVER


@dataclass
class Artifact:
    id: int
    digest: str
    raw: bytes
    manifest: dict[str, Any]
    media_type: str
    """Of the manifest."""
    config: dict[str, Any]
    type: str
    push_time: str = field(default_factory=now)
    pull_time: str = NEVER
    label_ids: list[int] = field(default_factory=list)
    subject: str | None = None

    @property
    def config_type(self) -> str:
        return str(self.manifest.get("config", {}).get("mediaType") or self.media_type)

    @property
    def artifact_type(self) -> str:
        return str(self.manifest.get("artifactType") or self.config_type)

    @property
    def size(self) -> int:
        parts = [self.manifest.get("config", {}), *self.manifest.get("layers", []), *self.manifest.get("manifests", [])]
        return len(self.raw) + sum(int(part.get("size", 0)) for part in parts)


@dataclass
class Repository:
    id: int
    name: str
    """Inside its project, such as `platform/gateway`."""
    project: Project
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)
    description: str = ""
    pull_count: int = 0
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)

    @property
    def full_name(self) -> str:
        return f"{self.project.name}/{self.name}"

    def find(self, reference: str) -> Artifact | None:
        if reference.startswith("sha256:"):
            return self.artifacts.get(reference)
        tag = self.tags.get(reference)
        return next((a for a in self.artifacts.values() if tag and a.id == tag.artifact_id), None)

    def tags_of(self, artifact: Artifact) -> list[Tag]:
        return sorted((t for t in self.tags.values() if t.artifact_id == artifact.id), key=lambda t: -t.id)

    def accessories_of(self, artifact: Artifact) -> list[Artifact]:
        return [a for a in self.artifacts.values() if a.subject == artifact.digest]


@dataclass
class Project:
    id: int
    name: str
    quota_id: int
    public: bool = False
    owner: str = "admin"
    created: str = field(default_factory=now)
    metadata: dict[str, str] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    rules: dict[int, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    hard_limit: int = -1
    """Bytes; -1 is none."""
    charged: dict[str, int] = field(default_factory=dict)
    """Blob and manifest digests counted once per project, in bytes."""

    @property
    def used(self) -> int:
        return sum(self.charged.values())


@dataclass
class User:
    id: int
    name: str
    password: str
    admin: bool = False
    realname: str = ""


@dataclass
class Robot:
    id: int
    name: str
    """With its prefix, as it logs in."""
    secret: str
    record: dict[str, Any]
    project: str | None
    """The project it belongs to; none for a system robot."""

    def may(self, project: str, resource: str, action: str) -> bool:
        for permission in self.record["permissions"]:
            if permission["namespace"] not in {project, "*"}:
                continue
            if any(a["resource"] == resource and a["action"] == action for a in permission["access"]):
                return True
        return False


@dataclass
class State:
    """Everything one Harbor knows."""

    version: str = "v2.15.2-080b0220"
    read_only: bool = False
    registry_url: str = ""
    """The host Harbor believes to have; empty: the one it was asked under."""
    projects: dict[str, Project] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    robots: dict[int, Robot] = field(default_factory=dict)
    labels: dict[int, dict[str, Any]] = field(default_factory=dict)
    retentions: dict[int, dict[str, Any]] = field(default_factory=dict)
    audit: list[dict[str, Any]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    _ids: dict[str, itertools.count[int]] = field(default_factory=dict)

    def next_id(self, kind: str) -> int:
        return next(self._ids.setdefault(kind, itertools.count(1)))

    def add_project(self, name: str, *, public: bool = False, owner: str = "admin") -> Project:
        project = Project(self.next_id("project"), name, self.next_id("quota"), public=public, owner=owner)
        project.members[owner] = ROLE_ADMIN
        self.projects[name] = project
        return project

    def add_user(self, name: str, password: str, *, admin: bool = False) -> User:
        user = User(self.next_id("user"), name, password, admin, realname=name)
        self.users[name] = user
        return user

    def add_robot(self, name: str, secret: str, record: dict[str, Any]) -> Robot:
        number = self.next_id("robot")
        project = record["permissions"][0]["namespace"] if record["level"] == "project" else None
        full = f"robot${project}+{name}" if project else f"robot${name}"
        stamp = now()
        kept = {"creation_time": stamp, "creator_ref": 1, "creator_type": "local", "disable": False, "editable": True}
        robot = Robot(
            number, full, secret, {**kept, **record, "id": number, "name": full, "update_time": stamp}, project
        )
        self.robots[number] = robot
        return robot

    def project_by(self, reference: str, *, is_name: bool = False) -> Project | None:
        """A number is an id, unless the caller says that it is a name."""
        if reference.isdigit() and not is_name:
            return next((p for p in self.projects.values() if p.id == int(reference)), None)
        return self.projects.get(reference)

    def repository(self, project: Project, name: str) -> Repository:
        """Return the repository, made on first use as a push makes it."""
        if name not in project.repositories:
            project.repositories[name] = Repository(self.next_id("repository"), name, project)
        return project.repositories[name]

    def find_repository(self, project: str, name: str) -> Repository | None:
        found = self.projects.get(project)
        return found.repositories.get(name) if found else None

    def set_tag(self, repository: Repository, name: str, artifact: Artifact) -> Tag:
        """Put the tag on the artifact; whatever held it before stays behind without it."""
        tag = repository.tags.get(name)
        if tag is None or tag.artifact_id != artifact.id:
            tag = Tag(self.next_id("tag"), name, artifact.id)
            repository.tags[name] = tag
        repository.updated = now()
        return tag

    def log(self, user: str, operation: str, resource: str, description: str) -> None:
        self.audit.append(
            {
                "id": self.next_id("audit"),
                "op_time": now(),
                "operation": operation,
                "operation_description": description,
                "operation_result": True,
                "resource": resource,
                "resource_type": "artifact",
                "username": user,
            }
        )
