"""Where Spring Boot tells how it is: other paths for other versions."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.vocabulary.spring import has_probe_groups

GROUPS: Mapping[str, str] = {
    "startup": "/actuator/health/liveness",
    "liveness": "/actuator/health/liveness",
    "readiness": "/actuator/health/readiness",
}
"""Spring Boot's own health groups (since 2.3); neither includes other systems (T058)."""


def health_paths(spring_boot: str | None, otherwise: Mapping[str, str]) -> Mapping[str, str]:
    """Return the paths to ask, by probe; liveness is left out where its path would include other systems (T058).

    Args:
        spring_boot: Version that the service states.
        otherwise: What to ask when it states none.
    """
    if spring_boot is None:
        return otherwise
    if has_probe_groups(spring_boot):
        return GROUPS
    path = "/health" if spring_boot.startswith("1.") else "/actuator/health"
    return {"startup": path, "readiness": path}
