"""Environments belong to clusters: nothing of one is ever done to another."""

from __future__ import annotations

from helmkit.bom import EnvironmentEntry
from helmkit.errors import ForbiddenError, PreflightError
from relman.actions.ports import World


async def check_cluster(world: World, entry: EnvironmentEntry, environment: str) -> str:
    """Return the cluster's UID, empty when it may not be read and does not matter.

    Args:
        world: The ports.
        entry: The environment, as the bill of materials has it.
        environment: Its name.

    Raises:
        PreflightError: The environment belongs to another cluster.
        ForbiddenError: It belongs to one, and we may not read which this is.
    """
    try:
        uid = await world.kube.cluster_uid()
    except ForbiddenError:
        if entry.cluster:
            raise
        return ""
    if entry.cluster and entry.cluster != uid:
        msg = f"environment {environment} belongs to cluster {entry.cluster}, and this is {uid}"
        raise PreflightError(
            msg,
            hint="Choose the right cluster with --kube-context, or the right environment with -e.",
        )
    return uid
