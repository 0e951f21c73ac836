"""Security contexts as chart values.

spring-service is valid under Pod Security "restricted" unless it says `run_as = "image"`; statefulset-infra under
"baseline", and under "restricted" once it says which user it runs as.
"""

from __future__ import annotations

from chartgen.archetypes.archetype import Values
from chartgen.vocabulary.workload import RunAs, Workload

_PRIVILEGED_BELOW = 1024


def build_security(workload: Workload, default_user: RunAs | None) -> Values:
    """Return `podSecurityContext` and `securityContext`.

    Args:
        workload: What the service states.
        default_user: Who it runs as when it says nothing; None leaves that to the image.
    """
    stated = workload.run_as
    user = default_user if stated is None else stated
    container: Values = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": workload.read_only_root}
    pod: Values = {"seccompProfile": {"type": "RuntimeDefault"}}
    if isinstance(user, RunAs):
        pod |= _ordinary_user(user)
        container["capabilities"] = {"drop": ["ALL"]}
        if _listens_low(workload):
            # Lets an ordinary user listen on port 80 (T155); a safe sysctl, allowed by "restricted".
            pod["sysctls"] = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    return {"podSecurityContext": pod, "securityContext": container}


def _ordinary_user(user: RunAs) -> Values:
    group = user.group or user.user
    return {
        "runAsNonRoot": True,
        "runAsUser": user.user,
        "runAsGroup": group,
        "fsGroup": group,
        # Without this, every start walks through all files of a large volume.
        "fsGroupChangePolicy": "OnRootMismatch",
    }


def _listens_low(workload: Workload) -> bool:
    return any(port.target < _PRIVILEGED_BELOW for port in getattr(workload, "ports", {}).values())
