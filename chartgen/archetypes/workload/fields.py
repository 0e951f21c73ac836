"""The chart values that every workload has, described once.

Keys follow `helm create` where it has a word (`replicaCount`, `image.tag`, `imagePullSecrets`, `podSecurityContext`,
`nodeSelector`, `ingress`) and Kubernetes where a block is handed on as it is.
"""

from __future__ import annotations

from chartgen.archetypes.archetype import Schema, ValueField
from chartgen.archetypes.workload import autoscaling, config, containers, placement, schemas
from chartgen.archetypes.workload.schemas import by_name, closed, reference
from chartgen.archetypes.workload.volumes import VOLUME

_ENV_NAME = r"^[-._a-zA-Z][-._a-zA-Z0-9]*$"
_KEY_REFERENCE = closed({"name": schemas.OBJECT_NAME, "key": schemas.TEXT, "optional": schemas.BOOLEAN})
_NAME_REFERENCE = closed({"name": schemas.OBJECT_NAME, "optional": schemas.BOOLEAN})
_ENV: Schema = by_name(
    {
        "anyOf": [
            schemas.TEXT,
            {
                **closed(
                    {
                        "fieldRef": closed({"fieldPath": schemas.TEXT}),
                        "secretKeyRef": _KEY_REFERENCE,
                        "configMapKeyRef": _KEY_REFERENCE,
                        "ownReplicas": {"const": True},
                        "ownPeers": closed(
                            {
                                "port": schemas.PORT_NUMBER,
                                "format": schemas.TEXT,
                                "join": schemas.TEXT,
                                "host": {"enum": ["fqdn", "namespace", "name"]},
                            }
                        ),
                    }
                ),
                "maxProperties": 1,
            },
        ]
    },
    _ENV_NAME,
)
_ENV_FROM: Schema = by_name(
    closed({"secretRef": _NAME_REFERENCE, "configMapRef": _NAME_REFERENCE, "prefix": schemas.TEXT})
)

DEFINITIONS: dict[str, Schema] = {
    "image": schemas.IMAGE,
    "env": _ENV,
    "envFrom": _ENV_FROM,
    "servicePorts": schemas.SERVICE_PORTS,
}

NAMING = (
    ValueField(
        "name",
        "Name of the objects, and the `app` label that selects the pods. Changing it makes new objects.",
        schemas.LABEL,
    ),
    ValueField("component", "Label app.kubernetes.io/component.", schemas.TEXT),
    ValueField("partOf", "Label app.kubernetes.io/part-of: the platform.", schemas.TEXT),
)

POD = (
    ValueField(
        "selector",
        "Labels that select the pods instead of `app`. Cannot be changed later.",
        {**schemas.TEXT_MAP, "minProperties": 1},
        required=False,
    ),
    ValueField("replicaCount", "How many pods run.", schemas.COUNT),
    ValueField(
        "maxReplicas",
        "More pods than this are refused when the chart is rendered.",
        {"type": "integer", "minimum": 1},
        required=False,
    ),
    *autoscaling.FIELDS,
    ValueField(
        "image",
        "The image. A digest pins its content, the tag is then information. A tag is a text: --set-string image.tag=5.",
        reference("image"),
    ),
    ValueField(
        "imagePullSecrets",
        "Secrets of type kubernetes.io/dockerconfigjson that must exist in the namespace.",
        {"type": "array", "items": closed({"name": schemas.OBJECT_NAME})},
    ),
    ValueField("containerName", "Name of the container.", schemas.LABEL),
    ValueField("command", "Instead of the image's ENTRYPOINT.", schemas.TEXTS, required=False),
    ValueField("args", "Instead of the image's CMD.", schemas.TEXTS, required=False),
    ValueField(
        "clusterDomain",
        "DNS domain of the cluster, for the addresses in `ownPeers`.",
        schemas.TEXT,
        required=False,
    ),
    ValueField(
        "env",
        "Environment variables by name: a text, or one of fieldRef, secretKeyRef, configMapKeyRef, ownPeers (the "
        "addresses of all replicas) and ownReplicas (their number), which follow replicaCount. $(NAME) in a text is "
        "another variable: references stand first in the pod, then the texts of envOrder, then the others by name.",
        reference("env"),
    ),
    ValueField(
        "envOrder",
        "Texts of `env` that other texts use by $(NAME), in order of use.",
        schemas.TEXTS,
        required=False,
    ),
    ValueField(
        "envFrom",
        "Whole Secrets and ConfigMaps as environment variables, in the order of the names given here.",
        reference("envFrom"),
    ),
    ValueField(
        "ports",
        "Ports the container listens on, by name.",
        by_name(closed({"containerPort": schemas.PORT_NUMBER, "protocol": schemas.PROTOCOL})),
    ),
    ValueField(
        "startupBudgetSeconds",
        "How long a pod may take to start; the startup probe allows that much.",
        {"type": "integer", "minimum": 1},
    ),
    ValueField(
        "startupProbe",
        "Tells that the pod has started; its failureThreshold is computed from startupBudgetSeconds.",
        {"type": "object", "required": ["periodSeconds"]},
        required=False,
    ),
    ValueField(
        "livenessProbe",
        "Restarts the container when it fails. Must not depend on other systems.",
        schemas.KUBERNETES,
        required=False,
    ),
    ValueField("readinessProbe", "Gives the pod traffic while it succeeds.", schemas.KUBERNETES, required=False),
    ValueField(
        "drainSeconds",
        "How long a stopping pod goes on serving, until everybody has noticed (preStop sleep).",
        schemas.COUNT,
    ),
    ValueField(
        "deregister",
        "Command that takes the instance out of its registry, started before a stopping pod drains; needs sh.",
        schemas.TEXTS,
        required=False,
    ),
    ValueField(
        "gracefulSeconds",
        "How long the process may take to stop after that; the grace period is both and 5 seconds.",
        schemas.COUNT,
    ),
    ValueField("minReadySeconds", "How long a new pod must be ready before it counts.", schemas.COUNT),
    ValueField("revisionHistoryLimit", "Old revisions that the controller keeps.", schemas.COUNT),
    ValueField("resources", "CPU and memory, as Kubernetes has it.", schemas.KUBERNETES),
    ValueField("volumes", "Volumes by name: where they are mounted, and their source.", by_name(VOLUME)),
    *config.FIELDS,
    *containers.FIELDS,
    ValueField(
        "spread",
        "Replicas on different nodes: preferred, required or none.",
        {"enum": ["preferred", "required", "none"]},
    ),
    *placement.FIELDS,
    ValueField("nodeSelector", "Labels a node must have.", schemas.TEXT_MAP),
    ValueField("podSecurityContext", "Security context of the pod.", schemas.KUBERNETES),
    ValueField("securityContext", "Security context of every container.", schemas.KUBERNETES),
    ValueField(
        "serviceAccountName",
        "An existing ServiceAccount whose token the pods get; without it they get none.",
        schemas.OBJECT_NAME,
        required=False,
    ),
    ValueField(
        "enableServiceLinks",
        "Variables for every Service of the namespace; they collide with Spring's.",
        schemas.BOOLEAN,
    ),
    ValueField(
        "podDisruptionBudget",
        "How many pods a node drain may take at once; made from `fromReplicas` replicas on.",
        closed(
            {
                "name": schemas.OBJECT_NAME,
                "fromReplicas": schemas.COUNT,
                "maxUnavailable": schemas.INT_OR_PERCENT,
                "minAvailable": schemas.INT_OR_PERCENT,
            }
        ),
        required=False,
    ),
)
