"""The pods of a workload as chart values: everything that spring-service and statefulset-infra share."""

from __future__ import annotations

from typing import Literal

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.archetypes.spring_service.model import SpringService
from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.archetypes.workload.environment import build_env, build_env_from
from chartgen.archetypes.workload.exposure import (
    build_container_ports,
    build_service,
    client_name,
)
from chartgen.archetypes.workload.probes import build_probes, startup_budget
from chartgen.manifest.resolved import OwnPeers, ResolvedService
from chartgen.vocabulary.exposure import ClientService
from chartgen.vocabulary.image import Image
from chartgen.vocabulary.workload import Disruption, Resources, Volume, Workload

AnyWorkload = SpringService | StatefulsetInfra

_SCRATCH = "tmp"


def build_naming(service: ResolvedService, around: Surroundings) -> Values:
    """Return the values that names and labels are made of."""
    return {"name": service.name, "component": service.archetype, "partOf": around.platform}


def build_pod(service: ResolvedService, model: AnyWorkload, around: Surroundings, paths: dict[str, str]) -> Values:
    """Return the values of the pods, without security, exposure and what only one archetype has.

    Args:
        service: The service, its environment variables resolved.
        model: The same service's model.
        around: What stands around it.
        paths: Health paths per probe to ask when the service says nothing.
    """
    every = [service.env, *service.init_env.values()]
    peers = [value for env in every for value in env.values() if isinstance(value, OwnPeers)]
    found: Values = {
        "replicaCount": model.replicas,
        "maxReplicas": model.max_replicas,
        "image": build_image(model.image, model.version, around),
        "imagePullSecrets": [{"name": name} for name in _pull_secrets(model, around)],
        "containerName": model.container or model.name,
        "command": model.command,
        "args": model.args,
        "clusterDomain": around.cluster_domain if peers else None,
        **build_env(service.env, model.time_zone),
        "envFrom": build_env_from(model.env_from),
        "ports": build_container_ports(model.ports),
        "startupBudgetSeconds": startup_budget(model.probes),
        **build_probes(model.probes, model.ports, paths),
        "drainSeconds": model.drain,
        "gracefulSeconds": model.graceful,
        "minReadySeconds": model.min_ready,
        "revisionHistoryLimit": model.revision_history,
        "resources": _resources(model.resources),
        "volumes": {name: _volume(volume) for name, volume in sorted(model.volumes.items())},
        "initContainers": _init_containers(service, model, around),
        "spread": model.spread,
        "nodeSelector": dict(sorted(model.node_selector.items())),
        "serviceAccountName": model.service_account,
        "enableServiceLinks": model.service_links,
        "podDisruptionBudget": _disruption(model),
    }
    return {key: value for key, value in found.items() if value is not None}


def build_client_service(model: AnyWorkload, client: ClientService | Literal[False]) -> Values:
    """Return `service`, or nothing when the workload has none."""
    if client is False:
        return {}
    return {"service": build_service(client_name(client, model.name), model.ports, client.ports)}


def build_image(image: Image, tag: str, around: Surroundings) -> Values:
    """Return an image as chart values, its registry's host looked up."""
    digest = {"digest": image.digest} if image.digest else {}
    host = around.registries[image.registry].host
    return {
        "registry": host,
        "repository": image.repository,
        "tag": tag,
        **digest,
        "pullPolicy": image.pull_policy,
    }


def add_scratch(values: Values) -> None:
    """Give the container a writable /tmp unless something is mounted there (T100)."""
    mounted = [*values["volumes"].values(), *values.get("claims", {}).values()]
    if any(volume["mountPath"].rstrip("/") == "/tmp" for volume in mounted):  # noqa: S108 - a path in the container
        return
    name = _SCRATCH
    while name in values["volumes"] or name in values.get("claims", {}):
        name += "-scratch"
    scratch = {"mountPath": "/tmp", "source": {"emptyDir": {}}}  # noqa: S108 - a path in the container
    values["volumes"] = dict(sorted({**values["volumes"], name: scratch}.items()))


def _pull_secrets(model: Workload, around: Surroundings) -> list[str]:
    images = [model.image, *(init.image for init in model.init_containers.values())]
    registries = [around.registries[image.registry].pull_secret for image in images]
    named = [name for name in (*registries, *model.pull_secrets) if name]
    return list(dict.fromkeys(named))


def _resources(resources: Resources) -> Values:
    requests = {"cpu": resources.cpu, "memory": resources.memory_request or resources.memory}
    limits = {"cpu": resources.cpu_limit, "memory": resources.memory}
    found = {
        "requests": {key: value for key, value in requests.items() if value},
        "limits": {key: value for key, value in limits.items() if value},
    }
    return {key: block for key, block in found.items() if block}


def _volume(volume: Volume) -> Values:
    found: Values = {"mountPath": volume.mount}
    if volume.read_only:
        found["readOnly"] = True
    if volume.sub_path:
        found["subPath"] = volume.sub_path
    return {**found, "source": _volume_source(volume)}


def _volume_source(volume: Volume) -> Values:
    if volume.nfs:
        return {"nfs": {"server": volume.nfs.server, "path": volume.nfs.path}}
    if volume.configmap:
        return {"configMap": {"name": volume.configmap}}
    if volume.secret:
        return {"secret": {"secretName": volume.secret}}
    if volume.host_path:
        return {"hostPath": {"path": volume.host_path, "type": "DirectoryOrCreate"}}
    empty = {} if volume.empty is None else {"sizeLimit": volume.empty.size}
    medium = {"medium": "Memory"} if volume.empty and volume.empty.memory else {}
    return {"emptyDir": {key: value for key, value in {**empty, **medium}.items() if value}}


def _init_containers(service: ResolvedService, model: Workload, around: Surroundings) -> Values:
    found = {}
    for name, init in sorted(model.init_containers.items()):
        found[name] = {
            "image": build_image(init.image, init.version, around),
            **({"command": list(init.command)} if init.command else {}),
            **({"args": list(init.args)} if init.args else {}),
            **build_env(service.init_env.get(name, {})),
            "mounts": dict(sorted(init.mounts.items())),
        }
    return found


def _disruption(model: Workload) -> Values | None:
    stated = model.disruption
    if stated is False:
        return None
    budget = stated or Disruption()
    found: Values = {"name": budget.name or getattr(model, "name", ""), "fromReplicas": 1 if stated else 2}
    if budget.min_available is not None:
        return {**found, "minAvailable": budget.min_available}
    return {**found, "maxUnavailable": 1 if budget.max_unavailable is None else budget.max_unavailable}
