"""The record of one set revision: what a run meant, did and left behind in one namespace (pure).

The schema is versioned and final in its structure: fields are only added. A record holds no values and no secrets,
so that reading history needs no right on Secrets. Times are RFC 3339 in UTC, written by whoever ran the command;
no decision compares them with another clock.
"""

from __future__ import annotations

import msgspec

from helmkit.bom import FieldChange, Migration
from helmkit.freeze import FreezeWindow
from relman.core.probing import ProbeRecord

SCHEMA_MAJOR = 1
SCHEMA = f"{SCHEMA_MAJOR}.0"

RUNNING = "running"
DONE = "done"
FAILED = "failed"
RESTORED = "restored"
NOT_RESTORED = "not-restored"
INTERRUPTED = "interrupted"


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a service runs, by digests: equal digests mean equal objects."""

    chart: str
    chart_version: str
    content_digest: str
    """Over the subchart without its version."""
    values_digest: str
    """Over the values given to it, `global` included."""
    platform_version: str
    """The platform version this content was taken from."""
    archetype: str = ""
    app_version: str = ""
    images: tuple[str, ...] = ()
    rollback: str = ""
    """A limit people declared on rolling back from this content; empty when there is none."""
    node_ports: tuple[int, ...] = ()
    migrations: tuple[Migration, ...] = ()
    """All it knows of: the way back over them is known here alone."""

    def same_as(self, other: Content | None) -> bool:
        """Tell whether both run the same: digests alone count, versions are names."""
        return other is not None and self.identity == other.identity

    @property
    def identity(self) -> tuple[str, str]:
        """The two digests that decide what runs."""
        return (self.content_digest, self.values_digest)

    @property
    def label(self) -> str:
        """The version as people know it: of the application, else of the chart."""
        return self.app_version or self.chart_version


class ObjectMark(msgspec.Struct, frozen=True, omit_defaults=True):
    """How relman left one live object, to notice who changed it since."""

    uid: str
    generation: int = 0
    """0 for kinds that have none."""
    foreign: tuple[str, ...] = ()
    """Field managers other than Helm and Kubernetes that were there already, each with the time of its last change."""


class ReleaseState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service as it stands after one Helm revision."""

    uid: str
    """UID of the release Secret. Revision numbers restart after an uninstall, UIDs do not."""
    revision: int
    content: Content | None = None
    """Unknown for a revision somebody else made."""
    good: bool = False
    """relman saw this revision through to healthy."""
    objects: dict[str, ObjectMark] = {}
    """By `apiVersion/Kind/name`."""


class CauseRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a service failed, in words. Never a secret."""

    kind: str
    summary: str
    detail: str = ""
    objects: tuple[str, ...] = ()
    hint: str = ""


class MigrationRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A migration that was about to be carried out when this was written; going back is the same with sides swapped."""

    object: str
    """`Kind/name`."""
    kind: str
    uid: str
    """Of the object that was to go."""
    changes: tuple[FieldChange, ...]
    """From what was there to what was wanted."""
    migrations: tuple[str, ...] = ()
    """Ids, as the bill of materials has them."""
    backwards: tuple[str, ...] = ()
    """Those of them that were undone."""


class ServiceRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One service in one set revision: what it was, what was meant, what it is now."""

    release: str
    action: str
    """`install`, `upgrade`, `rollback`, `restart`, `uninstall`, or `none`."""
    reason: str
    outcome: str = "pending"
    """One of the words in `relman.core.outcome`."""
    before: ReleaseState | None = None
    now: ReleaseState | None = None
    """What the namespace has of it after the newest effect; None when it is not installed."""
    made: ReleaseState | None = None
    """The revision this run made, when that is not where the service ended (it failed, or was restored)."""
    wanted: Content | None = None
    """What the step was meant to bring; None when nothing was to change."""
    intent: str = ""
    """The effect that was about to happen when this was written: `apply`, `restore`, `remove` or empty."""
    depends_on: tuple[str, ...] = ()
    time_limit: int = 0
    """Seconds its rollout may take, for whoever goes back to it later."""
    causes: tuple[CauseRecord, ...] = ()
    started: str = ""
    finished: str = ""
    migrations: tuple[MigrationRecord, ...] = ()
    """What this run did to objects that cannot be changed, in order; journalled before each."""
    leftovers: tuple[str, ...] = ()
    """What was found beside the chart's own, in words: removed, or to be looked at."""


class Who(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who ran it, as the cluster and as the host know them."""

    cluster_user: str = ""
    local_user: str = ""
    """`user@host`."""
    ci_url: str = ""
    pid: int = 0

    def __str__(self) -> str:
        """Return the shortest text that names a person or a job."""
        return self.local_user or self.cluster_user or "unknown"


class Hold(msgspec.Struct, frozen=True, omit_defaults=True):
    """A content a person rejected by rolling its service back."""

    service: str
    content: Content
    since: str = ""
    who: str = ""
    why: str = ""


class RunOptions(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a run was asked to behave, for whoever carries it on."""

    timeout: int = 0
    """Seconds for each rollout; 0: computed."""
    release_holds: bool = False
    prune: bool = False
    """A rollback removes what was added since."""
    accept_irreversible: bool = False


class RecordRef(msgspec.Struct, frozen=True):
    """Where another record is."""

    namespace: str
    name: str


class SetRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One revision of a release set."""

    schema: str
    platform: str
    namespace: str
    number: int
    run: str
    """Random id of the run: the nonce that tells our writes from others', also found in Helm's descriptions."""
    action: str
    """`upgrade`, `rollback`, `abort`, `restart`, `uninstall` or `prune`."""
    version: str
    """The platform version asked for."""
    stands_at: str = ""
    """The platform version the whole set stands at: the one asked for once it is done, the one before until then.
    Empty when no single version describes it: services were moved alone, or one is on hold."""
    aim: str = ""
    """What `stands_at` becomes once the run is done."""
    environment: str
    cluster: str = ""
    bom_digest: str = ""
    source: str = ""
    """Where the umbrella came from: a folder, an archive or an `oci://` repository, without credentials."""
    source_digest: str = ""
    """The manifest digest in the registry; empty for a folder."""
    plain_http: bool = False
    whole: bool = True
    """False when only some services of the namespace were asked for."""
    target: int = 0
    """For a rollback, the set revision gone back to."""
    previous: int = 0
    continues: bool = False
    """It carries on, or takes back, the unfinished run of `previous`."""
    on_failure: str = "restore"
    outcome: str = RUNNING
    why: str = ""
    who: Who = Who()
    started: str = ""
    finished: str = ""
    helm_limit: int = 0
    """Seconds after which no helm process of this run can still live."""
    skipped_checks: tuple[str, ...] = ()
    asked: RunOptions = RunOptions()
    protected: bool = False
    """The environment is protected: who changes it is asked."""
    freeze: tuple[FreezeWindow, ...] = ()
    """When the environment is frozen, as the version asked for has it."""
    holds: tuple[Hold, ...] = ()
    coordinator: RecordRef | None = None
    services: dict[str, ServiceRecord] = {}
    notes: tuple[str, ...] = ()
    probes: tuple[ProbeRecord, ...] = ()
    """What requests at a fixed rate saw during the run."""
    events: tuple[str, ...] = ()
    """What was done to it from outside its run, in words: who took its lock away, and why."""

    @property
    def good(self) -> bool:
        """Whether every service of the set stands at a revision that was seen healthy."""
        return all(s.now is None or s.now.good for s in self.services.values())

    @property
    def finished_well(self) -> bool:
        """Whether the run did what it was asked to, and left everything healthy."""
        return self.outcome == DONE and self.good

    @property
    def name(self) -> str:
        """The name of its ConfigMap."""
        return record_name(self.platform, self.number)


class Coordinator(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The one record of a run over several namespaces: it holds the decision to commit or to restore."""

    schema: str
    platform: str
    number: int
    run: str
    version: str
    environment: str
    decision: str = ""
    """Empty while undecided, then `commit` or `restore`."""
    outcome: str = RUNNING
    records: tuple[RecordRef, ...] = ()
    why: str = ""
    who: Who = Who()
    started: str = ""
    finished: str = ""


def record_name(platform: str, number: int) -> str:
    """Return the name of the ConfigMap of a set revision."""
    return f"relman.v1.{platform}.{number}"


def coordinator_name(platform: str, number: int) -> str:
    """Return the name of the ConfigMap of a run over several namespaces."""
    return f"relman.all.v1.{platform}.{number}"
