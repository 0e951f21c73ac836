"""Volumes, claims and mounts of one service."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.manifest.checked import Checked, View
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath, did_you_mean
from chartgen.vocabulary.workload import Claim, Workload


def check(service: Checked) -> Iterator[Finding]:
    """Find volumes and claims of one name, two mounts at one path, and init containers that mount what is not there."""
    model = service.model
    if not isinstance(model, Workload):
        return
    claims: dict[str, Claim] = getattr(model, "claims", {})
    for name in sorted(claims.keys() & model.volumes.keys()):
        yield service.finding(("claims", name), f'there is a volume "{name}" as well; pods know both by their names')
    mounts: dict[str, str] = {}
    stated: list[tuple[KeyPath, str]] = [(("volumes", name), v.mount) for name, v in model.volumes.items()]
    stated += [(("claims", name), claim.mount) for name, claim in claims.items()]
    for path, mount in stated:
        first = mounts.setdefault(mount.rstrip("/"), str(path[1]))
        if first != path[1]:
            yield service.finding((*path, "mount"), f'{mount} is where "{first}" is mounted already')
    known = {*model.volumes, *claims}
    for name, container in model.init_containers.items():
        for volume in container.mounts:
            if volume not in known:
                hint = did_you_mean(volume, known, f"known: {', '.join(sorted(known)) or 'none'}")
                path = ("init_containers", name, "mounts", volume)
                yield service.finding(path, f'there is no volume or claim "{volume}"', hint)


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
