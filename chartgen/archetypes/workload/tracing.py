"""The SkyWalking agent: where it is, and the init container and volume that bring it.

The image is laid out as Apache publishes it (apache/skywalking-java-agent): the agent stands in /skywalking/agent.
"""

from __future__ import annotations

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.archetypes.workload.images import build_image
from chartgen.vocabulary.spring import SkyWalking

NAME = "skywalking-agent"
"""Of the init container and of the volume."""
_MOUNT = "/skywalking"
_IN_INIT = "/skywalking-agent"


def agent_path(stated: SkyWalking) -> str:
    """Return the path of the agent in the service's container."""
    return stated.path or f"{_MOUNT}/agent/skywalking-agent.jar"


def build_agent_volume(stated: SkyWalking | None) -> Values:
    """Return the volume that holds the agent, by its name; nothing when it is in the service's image."""
    if stated is None or stated.image is None:
        return {}
    return {NAME: {"mountPath": _MOUNT, "source": {"emptyDir": {}}}}


def build_agent_container(stated: SkyWalking | None, around: Surroundings) -> Values:
    """Return the init container that brings the agent, by its name; nothing when it is in the service's image."""
    if stated is None or stated.image is None or stated.version is None:
        return {}
    copy = {
        "image": build_image(stated.image, stated.version, around),
        "command": ["cp", "-R", "/skywalking/agent", f"{_IN_INIT}/"],
        "env": {},
        "mounts": {NAME: _IN_INIT},
    }
    return {NAME: copy}
