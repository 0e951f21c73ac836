"""Volumes, claims and mounts of one service."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.workload.config import config_map_name
from chartgen.manifest.checked import Checked, View
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath
from chartgen.vocabulary.workload import Claim, Workload


def check(service: Checked) -> Iterator[Finding]:
    """Find volumes, claims and configuration files of one name, and two mounts at one path."""
    model = service.model
    if not isinstance(model, Workload):
        return
    claims: dict[str, Claim] = getattr(model, "claims", {})
    for name in sorted(claims.keys() & model.volumes.keys()):
        yield service.finding(("claims", name), f'there is a volume "{name}" as well; pods know both by their names')
    for name in sorted(model.config.keys() & {*model.volumes, *claims}):
        kind = "volume" if name in model.volumes else "claim"
        yield service.finding(("config", name), f'there is a {kind} "{name}" as well; pods know both by their names')
    objects: dict[str, str] = {}
    for name, config in model.config.items():
        first = objects.setdefault(config_map_name(config, service.model.name, name), name)
        if first != name:
            yield service.finding(("config", name, "name"), f"config.{first} is the ConfigMap of that name already")
    mounts: dict[str, str] = {}
    stated: list[tuple[KeyPath, str]] = [(("volumes", name), v.mount) for name, v in model.volumes.items()]
    stated += [(("claims", name), claim.mount) for name, claim in claims.items()]
    stated += [(("config", name), config.mount) for name, config in model.config.items() if config.mount]
    for path, mount in stated:
        first = mounts.setdefault(mount.rstrip("/"), str(path[1]))
        if first != path[1]:
            yield service.finding((*path, "mount"), f'{mount} is where "{first}" is mounted already')


def check_pod_security(view: View) -> Iterator[Finding]:
    """Find volumes that the API server would refuse under the namespace's Pod Security level."""
    for service in view.services.values():
        namespace = view.namespaces.get(service.model.namespace)
        if namespace is None or not isinstance(service.model, Workload):
            continue
        level = namespace.pod_security
        for name, volume in service.model.volumes.items():
            refused = {"host_path": volume.host_path, "nfs": volume.nfs if level == "restricted" else None}
            for kind, value in refused.items():
                if value is not None and level != "privileged":
                    needed = "privileged" if kind == "host_path" else "baseline"
                    message = f'namespace {service.model.namespace} has pod_security "{level}", which refuses {kind}'
                    hint = f'take a claim, or set namespaces.{service.model.namespace}.pod_security = "{needed}"'
                    yield service.finding(("volumes", name, kind), message, hint)
