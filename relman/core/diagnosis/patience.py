"""How long each thing that looks wrong may last before waiting on is pointless (core, pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace

NEVER = 10**9
"""A count no container reaches."""


@dataclass(frozen=True)
class Patience:
    """Thresholds of the fail-fast rules. Durations are seconds since the symptom was first seen, counts are restarts.

    What is not here never dooms a rollout: it may heal, and only the time limit ends it.
    """

    image_first: float = 10
    """An image that is authoritatively not there, seen in the first failed pull only: one registry replica may lag
    behind a push by seconds. In back-off (that is, seen again) there is no patience left."""
    image_denied: float = 30
    """No right to pull: pull Secrets are often copied into a namespace by an operator moments after its pods."""
    missing_config: float = 30
    """A Secret or ConfigMap that is not there yet: operators such as external-secrets make them after the pod."""
    container_config: float = 60
    """Other reasons for which a container cannot be created: a slow node reports some of them in passing."""
    volume_mount: float = 90
    """A volume that cannot be mounted: detaching from the old node takes up to a minute."""
    unschedulable: float = 30
    """No node fits: terminating pods free their room within the usual grace period of 30 s."""
    scale_up: float = 600
    """No node fits, but an autoscaler announced a new one: machines take minutes."""
    claim: float = 60
    """Provisioning failed: provisioners retry after some seconds."""
    claim_without_class: float = 30
    """A claim nothing can provision: only a volume made by hand helps."""
    quota: float = 30
    """A quota that is full while nothing of ours is terminating."""
    admission: float = 10
    """An admission refusal is a verdict on the object itself; only a change of policy helps."""
    webhook: float = 120
    """An admission webhook that does not answer: its own pods may be restarting in the same run."""
    service_account: float = 30
    """A ServiceAccount that is not there yet."""
    paused: float = 30
    """A Deployment somebody paused."""
    blocked: float = 60
    """A StatefulSet blocked by a broken pod of an older revision: whoever rolls back deletes it right after."""
    missing_object: float = 30
    """An object that was applied and is not there."""
    restarts: int = 3
    """A crash loop: kubelet waited 10, 20 and 40 s in between, so a dependency had a minute to come up."""
    oom_restarts: int = 2
    """Out of memory: the second time with the same limit is no accident."""
    startup_kills: int = 2
    """Killed by its startup probe: it had its whole startup budget twice."""
    settled: float = 60
    """What is older than this when the wait begins was there before the release was applied …"""
    inherited: float = 330
    """… and gets the time of one retry: kubelet backs off for at most 300 s, and the reason may just have been fixed
    (a Secret created, an image pushed) without any change to the pod."""

    def for_jobs(self) -> Patience:
        """Return the patience with pods of a Job: how often they may fail is the Job's own `backoffLimit`."""
        return replace(self, restarts=NEVER, oom_restarts=NEVER, startup_kills=NEVER)


DEFAULT_PATIENCE = Patience()
