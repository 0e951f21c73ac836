"""Environment variables that follow from other words: time zone, profiles, Spring Boot, JVM options, tracing agent.

What a service states itself wins over all of them; JAVA_TOOL_OPTIONS is put together from both (T098).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from chartgen.archetypes.workload.tracing import agent_path
from chartgen.manifest.env_order import ordered
from chartgen.manifest.resolved import ResolvedEnvValue
from chartgen.vocabulary.env import FieldReference
from chartgen.vocabulary.jvm import Jvm
from chartgen.vocabulary.quantities import parse_quantity
from chartgen.vocabulary.spring import has_probe_groups
from chartgen.vocabulary.workload import Workload

JVM_OPTIONS = "JAVA_TOOL_OPTIONS"
_STATED_OPTIONS = "JAVA_TOOL_OPTIONS_OF_SERVICE"
"""Holds what the service takes from a Secret or the like, so that the options can be put before it."""
POD_NAME = "POD_NAME"
_RELAXED = re.compile(r"[^a-z0-9]")
_MIB = 2**20


def complete_env(
    env: Mapping[str, ResolvedEnvValue], model: Workload, collector: str = ""
) -> Mapping[str, ResolvedEnvValue]:
    """Return the variables of the service's container with those that follow, in the order they must stand.

    Args:
        env: What the service states, resolved.
        model: The service.
        collector: Where the tracing agent sends to, resolved.
    """
    stated = {_relaxed(name) for name in env}
    found = {name: value for name, value in derived_env(model, collector).items() if _relaxed(name) not in stated}
    options = jvm_options(model)
    if options:
        found |= _with_stated(options, env.get(JVM_OPTIONS))
    return ordered({**env, **found}) if found else env


def complete_side_env(
    env: Mapping[str, ResolvedEnvValue], model: Workload, mounts: Iterable[str]
) -> Mapping[str, ResolvedEnvValue]:
    """Return the variables of an init container or a sidecar with those that follow; time zone and pod name alone."""
    found: dict[str, ResolvedEnvValue] = {}
    if model.time_zone is not None:
        found["TZ"] = model.time_zone
    if any(name in model.volumes and model.volumes[name].per_pod for name in mounts):
        found[POD_NAME] = FieldReference(field="metadata.name")
    return ordered({**found, **env}) if found else env


def derived_env(model: Workload, collector: str = "") -> dict[str, ResolvedEnvValue]:
    """Return the variables that follow from other words of the service, JAVA_TOOL_OPTIONS left out."""
    found: dict[str, ResolvedEnvValue] = {}
    if model.time_zone is not None:
        found["TZ"] = model.time_zone
    if any(volume.per_pod for volume in model.volumes.values()):
        found[POD_NAME] = FieldReference(field="metadata.name")
    if model.profiles:
        found["SPRING_PROFILES_ACTIVE"] = ",".join(model.profiles)
    if model.spring_boot and has_probe_groups(model.spring_boot):
        found["MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED"] = "true"
        found["SERVER_SHUTDOWN"] = "graceful"
        found["SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE"] = f"{model.graceful}s"
    if model.skywalking:
        found["SW_AGENT_NAME"] = model.skywalking.service_name or str(getattr(model, "name", ""))
        found["SW_AGENT_COLLECTOR_BACKEND_SERVICES"] = collector
        if model.skywalking.namespace:
            found["SW_AGENT_NAMESPACE"] = model.skywalking.namespace
    return found


def derived_names(model: Workload) -> set[str]:
    """Return the names of all variables that follow from other words of the service."""
    return {*derived_env(model), *([JVM_OPTIONS] if jvm_options(model) else [])}


def jvm_options(model: Workload) -> list[str]:
    """Return the options that go to the JVM before those which the service states itself."""
    agent = [f"-javaagent:{agent_path(model.skywalking)}"] if model.skywalking else []
    if model.jvm is None:
        return agent
    return [*agent, *_heap(model.jvm, model.resources.memory), *model.jvm.options]


def _heap(jvm: Jvm, limit: str | None) -> list[str]:
    if jvm.heap is False or limit is None:
        return []
    percent = int(jvm.heap.rstrip("%"))
    if jvm.heap_option == "Xmx":
        return [f"-Xmx{max(int(parse_quantity(limit) * percent / 100 / _MIB), 1)}m"]
    # With a decimal point, which every JVM reads: the option is a floating-point number.
    return [f"-XX:MaxRAMPercentage={Decimal(percent):.1f}"]


def _with_stated(options: list[str], stated: ResolvedEnvValue | None) -> dict[str, ResolvedEnvValue]:
    if stated is None or isinstance(stated, str):
        # The last of two equal options wins, so what the service states stands last.
        return {JVM_OPTIONS: " ".join([*options, *([stated] if stated else [])])}
    return {_STATED_OPTIONS: stated, JVM_OPTIONS: " ".join([*options, f"$({_STATED_OPTIONS})"])}


def _relaxed(name: str) -> str:
    """Return a name as Spring's relaxed binding compares it: `server.shutdown` is SERVER_SHUTDOWN."""
    return _RELAXED.sub("", name.lower())
