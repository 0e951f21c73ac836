"""A plan: what a run will do and why, as data that can be shown, stored and compared (pure).

Services are named by their key, which is unique in the platform. Everything a step needs is in it, except chart
bytes and values: those are found by their digests.
"""

from __future__ import annotations

import msgspec

from relman.core.record import Content, Hold, ReleaseState

SCHEMA = "1.0"

INSTALL = "install"
UPGRADE = "upgrade"
ROLLBACK = "rollback"
UNINSTALL = "uninstall"
RESTART = "restart"
ADOPT = "adopt"


class FormerOwner(msgspec.Struct, frozen=True):
    """Another Helm release that an adoption takes objects from."""

    namespace: str
    release: str
    objects: tuple[str, ...] = ()
    """Everything this run takes from it, as `namespace:apiVersion/Kind/name`: its record is retired after the last."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one release."""

    service: str
    namespace: str
    release: str
    action: str
    """`install` and `upgrade` apply a chart, `rollback` goes to a stored Helm revision, `uninstall` removes, `restart`
    replaces the pods of the revision that is there."""
    reason: str
    content: Content | None = None
    """What it brings; None for an uninstall."""
    before: ReleaseState | None = None
    """Where a restore goes back to; None means the service is not installed."""
    to_revision: int = 0
    """For a rollback: the Helm revision to go to."""
    to_state: ReleaseState | None = None
    """For a rollback: that revision as it was recorded."""
    node: str = ""
    """Its own name in the order, where the service has another step: it moves, and this one removes the old release."""
    waits_for: tuple[str, ...] = ()
    """Ids of the steps of this plan that must be through before."""
    depends_on: tuple[str, ...] = ()
    """As the bill of materials has it."""
    time_limit: int = 0
    """Seconds its rollout may take."""
    heal: bool = False
    """A pending revision of a dead helm is marked failed first."""
    takes: tuple[str, ...] = ()
    """For an adoption: the live objects that become the release's, as `apiVersion/Kind/name`."""
    names_namespace: bool = False
    """For an adoption: the chart states the namespace in its objects, and so does their record."""
    former: tuple[FormerOwner, ...] = ()
    """For an adoption: the other Helm releases they come from."""

    @property
    def id(self) -> str:
        """What the order calls it: the service's key, but for one that moves."""
        return self.node or self.service


class Skip(msgspec.Struct, frozen=True, kw_only=True):
    """A service nothing is done to, and why."""

    service: str
    namespace: str
    release: str
    outcome: str
    """`unchanged`, `held` or `kept`."""
    reason: str
    content: Content | None = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A reason to refuse the whole plan before anything moves."""

    kind: str
    service: str
    namespace: str
    message: str
    hint: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run will do. Nothing to do means no steps and no records to close."""

    schema: str
    action: str
    platform: str
    version: str
    environment: str
    cluster: str = ""
    namespaces: tuple[str, ...] = ()
    """Sorted."""
    whole: bool = True
    stands_at: str = ""
    """The platform version the namespaces stand at once it is done; empty when no single one describes them."""
    steps: tuple[Step, ...] = ()
    skips: tuple[Skip, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    holds: tuple[Hold, ...] = ()
    """Holds that stand after the run."""
    target: int = 0
    warnings: tuple[str, ...] = ()
    """What preflight found that does not refuse the plan, and what it could not see; empty when it did not look."""
    notes: tuple[str, ...] = ()
    """What a person should know before it starts: unfinished runs, kept services, what cannot be undone."""
    unfinished: tuple[str, ...] = ()
    """Namespaces whose newest record is still open; the run closes it first."""

    relabel: tuple[str, ...] = ()
    """Namespaces where nothing moves, but which stand at this version from now on; their history says so."""
    continues: bool = False
    """It carries on, or takes back, the unfinished run of the records before."""
    back_at: dict[str, str] = {}
    """For an abort: the platform version each namespace stands at once it is back."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do, not even to write a record."""
        return not (self.steps or self.unfinished or self.relabel)

    @property
    def recorded(self) -> tuple[str, ...]:
        """The namespaces that get a new set revision, sorted."""
        return tuple(sorted({*self.relabel, *self.unfinished, *(step.namespace for step in self.steps)}))

    def steps_of(self, namespace: str) -> tuple[Step, ...]:
        """Return the steps in one namespace."""
        return tuple(step for step in self.steps if step.namespace == namespace)

    def skips_of(self, namespace: str) -> tuple[Skip, ...]:
        """Return the services nothing is done to in one namespace."""
        return tuple(skip for skip in self.skips if skip.namespace == namespace)
