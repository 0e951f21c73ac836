"""JSON schemas (draft 7) of single values and small maps that several charts' values share."""

from __future__ import annotations

from typing import Any

from chartgen.archetypes.archetype import Schema

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_NAME = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
# The characters YAML would need escapes for are no danger (templates quote), but a repository never has them (T086).
REPOSITORY = r"^[a-z0-9]+([._/-]+[a-z0-9]+)*$"

TEXT: Schema = {"type": "string"}
LABEL: Schema = {"type": "string", "pattern": DNS_LABEL, "maxLength": 63}
OBJECT_NAME: Schema = {"type": "string", "pattern": DNS_NAME, "maxLength": 253}
PATH: Schema = {"type": "string", "pattern": "^/"}
BOOLEAN: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
PORT_NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
NODE_PORT: Schema = {"type": "integer", "minimum": 30000, "maximum": 32767}
PROTOCOL: Schema = {"enum": ["TCP", "UDP", "SCTP"]}
INT_OR_PERCENT: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+%$"}]}
TEXTS: Schema = {"type": "array", "items": TEXT}
TEXT_MAP: Schema = {"type": "object", "additionalProperties": TEXT}
KUBERNETES: Schema = {"type": "object"}
"""A block handed to Kubernetes as it is; the API server checks it."""


def closed(properties: dict[str, Any], *required: str) -> Schema:
    """Return the schema of a map with these keys and no others.

    A key that Helm may leave out because it differs between environments must not be required: the subchart's own
    values hold only what all environments share.
    """
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    if required:
        schema["required"] = list(required)
    return schema


def by_name(item: Schema, pattern: str = DNS_LABEL) -> Schema:
    """Return the schema of a map from names of this pattern to `item`."""
    return {"type": "object", "additionalProperties": False, "patternProperties": {pattern: item}}


def reference(definition: str) -> Schema:
    """Return a reference to one of the archetype's definitions."""
    return {"$ref": f"#/definitions/{definition}"}


IMAGE: Schema = closed(
    {
        "registry": TEXT,
        "repository": {"type": "string", "pattern": REPOSITORY},
        "tag": {"type": "string", "pattern": r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$"},
        "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    }
)
SERVICE_PORTS: Schema = by_name(
    closed(
        {
            "port": PORT_NUMBER,
            "targetPort": {"anyOf": [TEXT, PORT_NUMBER]},
            "nodePort": NODE_PORT,
            "protocol": PROTOCOL,
            "appProtocol": TEXT,
        }
    )
)
INGRESS: Schema = by_name(
    closed(
        {
            "className": OBJECT_NAME,
            "host": TEXT,
            "path": PATH,
            "pathType": {"enum": ["Prefix", "Exact", "ImplementationSpecific"]},
            "service": LABEL,
            "port": TEXT,
            "tlsSecret": OBJECT_NAME,
            "stripPrefix": PATH,
            "annotations": TEXT_MAP,
        }
    ),
    DNS_NAME,
)
