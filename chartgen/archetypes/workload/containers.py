"""Init containers and sidecars as chart values."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.archetypes.archetype import Schema, Surroundings, ValueField, Values
from chartgen.archetypes.workload import schemas
from chartgen.archetypes.workload.derived_env import complete_side_env
from chartgen.archetypes.workload.environment import build_env, build_env_from
from chartgen.archetypes.workload.images import build_image
from chartgen.archetypes.workload.probes import build_probes, startup_budget
from chartgen.archetypes.workload.schemas import by_name, closed, reference
from chartgen.archetypes.workload.tracing import build_agent_container
from chartgen.manifest.resolved import ResolvedEnvValue, ResolvedService
from chartgen.vocabulary.containers import Resources, Sidecar, SideContainer
from chartgen.vocabulary.ports import Port
from chartgen.vocabulary.workload import Workload

_COMMON: dict[str, Schema] = {
    "image": reference("image"),
    "command": schemas.TEXTS,
    "args": schemas.TEXTS,
    "env": reference("env"),
    "envOrder": schemas.TEXTS,
    "envFrom": reference("envFrom"),
    "mounts": by_name(schemas.PATH),
    "resources": schemas.KUBERNETES,
}
_SIDECAR: Schema = closed(
    {
        **_COMMON,
        "beforeInitContainers": schemas.BOOLEAN,
        "ports": by_name(schemas.PORT_NUMBER),
        "startupBudgetSeconds": {"type": "integer", "minimum": 1},
        "startupProbe": {"type": "object", "required": ["periodSeconds"]},
        "livenessProbe": schemas.KUBERNETES,
        "readinessProbe": schemas.KUBERNETES,
    }
)

FIELDS = (
    ValueField(
        "initContainers",
        "Containers that run to their end first, in the order of their names. Without resources of their own they get "
        "the service's, with an empty map none.",
        by_name(closed(_COMMON)),
    ),
    ValueField(
        "sidecars",
        "Containers that start before the service, in the order of their names, run beside it and stop after it.",
        by_name(_SIDECAR),
        required=False,
    ),
)


def build_resources(resources: Resources) -> Values:
    """Return requests and limits, those that there are."""
    requests = {"cpu": resources.cpu, "memory": resources.memory_request or resources.memory}
    limits = {"cpu": resources.cpu_limit, "memory": resources.memory}
    found = {
        "requests": {key: value for key, value in requests.items() if value},
        "limits": {key: value for key, value in limits.items() if value},
    }
    return {key: block for key, block in found.items() if block}


def build_init_containers(service: ResolvedService, model: Workload, around: Surroundings) -> Values:
    """Return `initContainers` by their names, that of the tracing agent among them."""
    found = dict(build_agent_container(model.skywalking, around))
    for name, init in model.init_containers.items():
        own = {} if init.resources is None else {"resources": build_resources(init.resources)}
        found[name] = {**_common(init, service.init_env.get(name, {}), model, around), **own}
    return dict(sorted(found.items()))


def build_sidecars(service: ResolvedService, model: Workload, around: Surroundings) -> Values | None:
    """Return `sidecars` by their names, or None when there are none."""
    found = {
        name: {**_common(sidecar, service.sidecar_env.get(name, {}), model, around), **_own(sidecar)}
        for name, sidecar in sorted(model.sidecars.items())
    }
    return found or None


def _common(
    container: SideContainer, env: Mapping[str, ResolvedEnvValue], model: Workload, around: Surroundings
) -> Values:
    return {
        "image": build_image(container.image, container.version, around),
        **({"command": list(container.command)} if container.command else {}),
        **({"args": list(container.args)} if container.args else {}),
        **build_env(complete_side_env(env, model, container.mounts)),
        **({"envFrom": build_env_from(container.env_from)} if container.env_from else {}),
        "mounts": dict(sorted(container.mounts.items())),
    }


def _own(sidecar: Sidecar) -> Values:
    found: Values = {"resources": build_resources(sidecar.resources)}
    if sidecar.before_init_containers:
        found["beforeInitContainers"] = True
    if sidecar.ports:
        found["ports"] = dict(sorted(sidecar.ports.items()))
    ports = {name: Port(port=number) for name, number in sidecar.ports.items()}
    probes = build_probes(sidecar.probes, ports, {})
    if "startupProbe" in probes:
        found["startupBudgetSeconds"] = startup_budget(sidecar.probes)
    return {**found, **probes}
