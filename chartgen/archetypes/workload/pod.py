"""The pods of a workload as chart values: everything that spring-service and statefulset-infra share."""

from __future__ import annotations

from typing import Literal

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.archetypes.spring_service.model import SpringService
from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.archetypes.workload.autoscaling import build_autoscaling
from chartgen.archetypes.workload.config import build_config
from chartgen.archetypes.workload.containers import build_init_containers, build_resources, build_sidecars
from chartgen.archetypes.workload.derived_env import complete_env
from chartgen.archetypes.workload.environment import build_env, build_env_from
from chartgen.archetypes.workload.exposure import (
    build_container_ports,
    build_service,
    client_name,
)
from chartgen.archetypes.workload.images import build_image, build_pull_secrets
from chartgen.archetypes.workload.placement import build_tolerations
from chartgen.archetypes.workload.probes import build_probes, startup_budget
from chartgen.archetypes.workload.shutdown import drain_seconds
from chartgen.archetypes.workload.tracing import build_agent_volume
from chartgen.archetypes.workload.volumes import build_volume
from chartgen.manifest.resolved import OwnPeers, ResolvedService
from chartgen.vocabulary.exposure import ClientService
from chartgen.vocabulary.workload import Disruption, Workload

AnyWorkload = SpringService | StatefulsetInfra

_SCRATCH = "tmp"

POD_TEMPLATES = (
    *("_names.tpl", "_env.tpl", "_pod.tpl", "_containers.tpl", "_placement.tpl", "_config.tpl"),
    *("configmap.yaml", "horizontalpodautoscaler.yaml", "poddisruptionbudget.yaml"),
)
"""Templates of the pods and of what belongs to them alone."""


def build_naming(service: ResolvedService, around: Surroundings) -> Values:
    """Return the values that names and labels are made of."""
    selector = getattr(service.model, "selector", None)
    own = {"selector": dict(sorted(selector.items()))} if selector else {}
    return {"name": service.name, "component": service.archetype, "partOf": around.platform, **own}


def selector_text(values: Values) -> str:
    """Return the labels that select the pods, as `releases.lock` keeps them."""
    labels = values.get("selector") or {"app": values["name"]}
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels))


def build_pod(service: ResolvedService, model: AnyWorkload, around: Surroundings, paths: dict[str, str]) -> Values:
    """Return the values of the pods, without security, exposure and what only one archetype has.

    Args:
        service: The service, its environment variables resolved.
        model: The same service's model.
        around: What stands around it.
        paths: Health paths per probe to ask when the service says nothing.
    """
    every = [service.env, *service.init_env.values(), *service.sidecar_env.values()]
    peers = [value for env in every for value in env.values() if isinstance(value, OwnPeers)]
    found: Values = {
        "replicaCount": model.autoscaling.min if model.autoscaling else model.replicas,
        "maxReplicas": model.max_replicas,
        "autoscaling": build_autoscaling(model.autoscaling),
        "image": build_image(model.image, model.version, around),
        "imagePullSecrets": build_pull_secrets(model, around),
        "containerName": model.container or model.name,
        "clusterDomain": around.cluster_domain if peers else None,
        **_container(service, model, paths),
        "drainSeconds": drain_seconds(model),
        "deregister": model.deregister,
        "gracefulSeconds": model.graceful,
        "minReadySeconds": model.min_ready,
        "revisionHistoryLimit": model.revision_history,
        "resources": build_resources(model.resources),
        "volumes": _volumes(model),
        "config": build_config(model.config, service.config, model.name),
        "initContainers": build_init_containers(service, model, around),
        "sidecars": build_sidecars(service, model, around),
        "spread": model.spread,
        "spreadZones": None if model.spread_zones == "none" else model.spread_zones,
        "tolerations": build_tolerations(model.tolerations),
        "nodeSelector": dict(sorted(model.node_selector.items())),
        "serviceAccountName": model.service_account,
        "enableServiceLinks": model.service_links,
        "podDisruptionBudget": _disruption(model),
    }
    return {key: value for key, value in found.items() if value is not None}


def _container(service: ResolvedService, model: AnyWorkload, paths: dict[str, str]) -> Values:
    return {
        "command": model.command,
        "args": model.args,
        **build_env(complete_env(service.env, model, service.collector)),
        "envFrom": build_env_from(model.env_from),
        "ports": build_container_ports(model.ports),
        "startupBudgetSeconds": startup_budget(model.probes),
        **build_probes(model.probes, model.ports, paths),
    }


def build_client_service(model: AnyWorkload, client: ClientService | Literal[False]) -> Values:
    """Return `service`, or nothing when the workload has none."""
    if client is False:
        return {}
    return {"service": build_service(client_name(client, model.name), model.ports, client)}


def add_scratch(values: Values) -> None:
    """Give the container a writable /tmp unless something is mounted there (T100)."""
    mounted = [entry for part in ("volumes", "claims", "config") for entry in values.get(part, {}).values()]
    if any(volume.get("mountPath", "").rstrip("/") == "/tmp" for volume in mounted):  # noqa: S108 - a path in the container
        return
    name = _SCRATCH
    while any(name in values.get(part, {}) for part in ("volumes", "claims", "config")):
        name += "-scratch"
    scratch = {"mountPath": "/tmp", "source": {"emptyDir": {}}}  # noqa: S108 - a path in the container
    values["volumes"] = dict(sorted({**values["volumes"], name: scratch}.items()))


def _volumes(model: Workload) -> Values:
    stated = {name: build_volume(volume) for name, volume in model.volumes.items()}
    return dict(sorted({**stated, **build_agent_volume(model.skywalking)}.items()))


def _disruption(model: Workload) -> Values | None:
    stated = model.disruption
    if stated is False:
        return None
    budget = stated or Disruption()
    found: Values = {"name": budget.name or getattr(model, "name", ""), "fromReplicas": 1 if stated else 2}
    if budget.min_available is not None:
        return {**found, "minAvailable": budget.min_available}
    return {**found, "maxUnavailable": 1 if budget.max_unavailable is None else budget.max_unavailable}
