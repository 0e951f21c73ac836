"""Volumes as chart values: where they are mounted, and what Kubernetes takes them from."""

from __future__ import annotations

from chartgen.archetypes.archetype import Schema, Values
from chartgen.archetypes.workload import schemas
from chartgen.archetypes.workload.derived_env import POD_NAME
from chartgen.archetypes.workload.schemas import closed
from chartgen.vocabulary.workload import Volume

VOLUME: Schema = closed(
    {
        "mountPath": schemas.PATH,
        "readOnly": schemas.BOOLEAN,
        "subPath": schemas.TEXT,
        "subPathExpr": schemas.TEXT,
        "source": schemas.KUBERNETES,
    }
)


def build_volume(volume: Volume) -> Values:
    """Return one volume."""
    found: Values = {"mountPath": volume.mount}
    if volume.read_only:
        found["readOnly"] = True
    if volume.per_pod:
        # Kubernetes expands variables here, and takes $$ for a dollar sign.
        above = f"{volume.sub_path.rstrip('/').replace('$', '$$')}/" if volume.sub_path else ""
        found["subPathExpr"] = f"{above}$({POD_NAME})"
    elif volume.sub_path:
        found["subPath"] = volume.sub_path
    return {**found, "source": _source(volume)}


def _source(volume: Volume) -> Values:
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
