"""The chart values of what stands around the pods, described once."""

from __future__ import annotations

from chartgen.archetypes.archetype import Schema, ValueField
from chartgen.archetypes.workload import schemas
from chartgen.archetypes.workload.schemas import by_name, closed, reference

_HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
_HEADERS: Schema = by_name(schemas.TEXT, _HEADER_NAME)
_OPTIONS: dict[str, Schema] = {
    "annotations": schemas.TEXT_MAP,
    "externalTrafficPolicy": {"enum": ["Cluster", "Local"]},
    "sessionAffinity": {"enum": ["None", "ClientIP"]},
    "loadBalancerClass": schemas.TEXT,
    "loadBalancerSourceRanges": schemas.TEXTS,
}
_TYPE: Schema = {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]}
_POLICY_PORTS: Schema = by_name(closed({"port": schemas.PORT_NUMBER, "protocol": schemas.PROTOCOL}))
_PEERS: Schema = by_name(
    closed(
        {
            "namespace": schemas.LABEL,
            "pods": schemas.TEXT_MAP,
            "networks": schemas.TEXTS,
            "ports": _POLICY_PORTS,
        }
    )
)
_RULES: Schema = by_name(
    closed(
        {
            "apiGroups": schemas.TEXTS,
            "resources": schemas.TEXTS,
            "resourceNames": schemas.TEXTS,
            "nonResourceURLs": schemas.TEXTS,
            "verbs": schemas.TEXTS,
        }
    )
)
_BACKEND: dict[str, Schema] = {"service": schemas.LABEL, "port": schemas.PORT_NUMBER}

SERVICE = ValueField(
    "service",
    "The Service that clients use. `targetPort` is the name of a container port.",
    closed({"name": schemas.LABEL, "type": _TYPE, "ports": reference("servicePorts"), **_OPTIONS}),
    required=False,
)

_SERVICES = ValueField(
    "services",
    "More Services over the same pods, by name. `headless` cannot be changed later.",
    by_name(
        closed(
            {
                "type": _TYPE,
                "headless": schemas.BOOLEAN,
                "publishNotReadyAddresses": schemas.BOOLEAN,
                "ports": reference("servicePorts"),
                **_OPTIONS,
            }
        )
    ),
    required=False,
)

PUBLISHED = (
    ValueField(
        "ingress",
        "Ingresses by name, one rule each. `stripPrefix` is for traefik, which takes it away from the path.",
        schemas.INGRESS,
    ),
    ValueField(
        "routes",
        "HTTPRoutes of the Gateway API by name. `canary` gets `weight` of a hundred requests; its `header` decides by "
        "itself: always leads there, never past it.",
        by_name(
            closed(
                {
                    "gateway": closed(
                        {
                            "name": schemas.OBJECT_NAME,
                            "namespace": schemas.LABEL,
                            "sectionName": schemas.OBJECT_NAME,
                            "port": schemas.PORT_NUMBER,
                        }
                    ),
                    "host": schemas.TEXT,
                    "path": schemas.PATH,
                    "pathType": {"enum": ["PathPrefix", "Exact"]},
                    "headers": _HEADERS,
                    **_BACKEND,
                    "stripPrefix": schemas.BOOLEAN,
                    "hostHeader": schemas.OBJECT_NAME,
                    "setHeaders": _HEADERS,
                    "removeHeaders": schemas.TEXTS,
                    "timeoutSeconds": {"type": "integer", "minimum": 1},
                    "canary": closed(
                        {
                            **_BACKEND,
                            "weight": {"type": "integer", "minimum": 0, "maximum": 100},
                            "header": {"type": "string", "pattern": _HEADER_NAME},
                        }
                    ),
                }
            ),
            schemas.DNS_NAME,
        ),
        required=False,
    ),
    ValueField(
        "test",
        "What `helm test` asks: each of `ports` must accept connections, or answer on `path` by HTTP.",
        closed(
            {
                "image": schemas.IMAGE,
                "pullSecrets": {"type": "array", "items": schemas.OBJECT_NAME},
                "service": schemas.LABEL,
                "timeoutSeconds": {"type": "integer", "minimum": 1},
                "path": schemas.PATH,
                "ports": by_name(schemas.PORT_NUMBER),
            }
        ),
        required=False,
    ),
)

AROUND = (
    SERVICE,
    _SERVICES,
    *PUBLISHED,
    ValueField(
        "serviceAccount",
        "A ServiceAccount of the service's own. Pods get its token only with `automount`.",
        closed({"name": schemas.OBJECT_NAME, "automount": schemas.BOOLEAN, "annotations": schemas.TEXT_MAP}),
        required=False,
    ),
    ValueField(
        "rbac",
        "What the pods' account may do: rules of a Role, and of a ClusterRole that is named after the namespace too.",
        closed({"rules": _RULES, "clusterRules": _RULES}),
        required=False,
    ),
    ValueField(
        "networkPolicy",
        "Who may reach the pods (`from`), and where they may go (`to`; without it anywhere). An entry without "
        "namespace, pods and networks is open to everybody, one without ports to every port.",
        closed({"from": _PEERS, "to": _PEERS}),
        required=False,
    ),
    ValueField(
        "metrics",
        "Where metrics are, and how Prometheus learns of them: by annotations of the pods, a PodMonitor or a "
        "ServiceMonitor.",
        closed(
            {
                "discovery": {"enum": ["annotations", "pod-monitor", "service-monitor"]},
                "path": schemas.PATH,
                "port": schemas.LABEL,
                "containerPort": schemas.PORT_NUMBER,
                "scheme": {"enum": ["http", "https"]},
                "interval": schemas.TEXT,
                "labels": schemas.TEXT_MAP,
            }
        ),
        required=False,
    ),
)
