"""Small CustomResourceDefinitions of kinds that charts may hold: only the fields the charts write, all of them typed.

The API server refuses a field that is not listed (strict validation), so a misspelt one is found. The full definitions
of Gateway API, traefik and the Prometheus operator weigh half a megabyte each.
"""

from __future__ import annotations

from typing import Any

from helmkit.yaml import dump_yaml_documents
from sandbox.cluster import Sandbox
from tests.builders.helm import run

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_TEXTS = {"type": "array", "items": _TEXT}
_TEXT_MAP = {"type": "object", "additionalProperties": _TEXT}


def _map(*required: str, **properties: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": properties}
    return {**found, "required": list(required)} if required else found


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "maxItems": 16}


_PARENT = _map("name", group=_TEXT, kind=_TEXT, name=_TEXT, namespace=_TEXT, sectionName=_TEXT, port=_NUMBER)
_HEADER = _map("name", "value", type={"enum": ["Exact"], **_TEXT}, name=_TEXT, value=_TEXT)
_MATCH = _map(
    path=_map(type={"enum": ["Exact", "PathPrefix"], **_TEXT}, value={**_TEXT, "pattern": "^/"}),
    headers=_list(_HEADER),
)
_FILTER = _map(
    "type",
    type={"enum": ["URLRewrite", "RequestHeaderModifier"], **_TEXT},
    urlRewrite=_map(hostname=_TEXT, path=_map("type", type=_TEXT, replacePrefixMatch=_TEXT)),
    requestHeaderModifier=_map(set=_list(_HEADER), remove=_TEXTS),
)
_BACKEND = _map("name", group=_TEXT, kind=_TEXT, name=_TEXT, port=_NUMBER, weight={**_NUMBER, "minimum": 0})
_RULE = _map(
    matches=_list(_MATCH),
    filters=_list(_FILTER),
    timeouts=_map(request={**_TEXT, "pattern": r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"}),
    backendRefs=_list(_BACKEND),
)
_ROUTE = _map(parentRefs=_list(_PARENT), hostnames=_TEXTS, rules=_list(_RULE))
_LISTENER = _map(
    "name",
    name=_TEXT,
    protocol=_TEXT,
    port=_NUMBER,
    allowedRoutes=_map(namespaces=_map(**{"from": {"enum": ["All", "Same", "Selector"], **_TEXT}})),
)
_GATEWAY = _map("gatewayClassName", gatewayClassName=_TEXT, listeners=_list(_LISTENER))
_CLASS = _map("controllerName", controllerName=_TEXT)
_ENDPOINT = _map(
    port=_TEXT,
    path=_TEXT,
    scheme={"enum": ["http", "https"], **_TEXT},
    interval={**_TEXT, "pattern": "^[0-9]+s$"},
)
_SELECTOR = _map(matchLabels=_TEXT_MAP)


def _crd(
    kind: str, plural: str, group: str, version: str, spec: dict[str, Any], scope: str = "Namespaced"
) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"spec": spec}, "required": ["spec"]}
    # What stands below *.k8s.io is approved there; the API server asks for proof.
    approved = {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": approved if group.endswith(".k8s.io") else {},
        },
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}},
            ],
        },
    }


CRDS = [
    _crd("HTTPRoute", "httproutes", "gateway.networking.k8s.io", "v1", _ROUTE),
    _crd("Gateway", "gateways", "gateway.networking.k8s.io", "v1", _GATEWAY),
    _crd("GatewayClass", "gatewayclasses", "gateway.networking.k8s.io", "v1", _CLASS, "Cluster"),
    _crd("Middleware", "middlewares", "traefik.io", "v1alpha1", _map(stripPrefix=_map(prefixes=_TEXTS))),
    _crd(
        "PodMonitor",
        "podmonitors",
        "monitoring.coreos.com",
        "v1",
        _map("selector", selector=_SELECTOR, podMetricsEndpoints=_list(_ENDPOINT)),
    ),
    _crd(
        "ServiceMonitor",
        "servicemonitors",
        "monitoring.coreos.com",
        "v1",
        _map("selector", "endpoints", selector=_SELECTOR, endpoints=_list(_ENDPOINT)),
    ),
]


def install_crds(sandbox: Sandbox) -> None:
    """Teach the cluster these kinds; repeatable."""
    done = run(sandbox, sandbox.kubectl, "apply", "--server-side", "-f", "-", stdin=dump_yaml_documents(CRDS))
    assert done.returncode == 0, done.stderr
    names = [f"crd/{crd['metadata']['name']}" for crd in CRDS]
    done = run(sandbox, sandbox.kubectl, "wait", "--for=condition=Established", *names, "--timeout=30s")
    assert done.returncode == 0, done.stderr
