"""Configuration files as chart values: texts as they are, everything else in base64."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from chartgen.archetypes.archetype import ValueField, Values
from chartgen.archetypes.workload import schemas
from chartgen.archetypes.workload.schemas import by_name, closed
from chartgen.manifest.config_content import ConfigContent
from chartgen.vocabulary.config import ConfigFiles
from chartgen.vocabulary.scalars import survives_helm

_FILE_NAME = r"^[-._a-zA-Z0-9]+$"

FIELDS = (
    ValueField(
        "config",
        "ConfigMaps of configuration files by the names of their volumes. Nothing in the files is a template. When a "
        "file changes, the pods restart.",
        by_name(
            closed(
                {
                    "name": schemas.OBJECT_NAME,
                    "mountPath": schemas.PATH,
                    "file": {"type": "string", "pattern": _FILE_NAME},
                    "executable": schemas.BOOLEAN,
                    "files": by_name(schemas.TEXT, _FILE_NAME),
                    "binaryFiles": by_name(schemas.TEXT, _FILE_NAME),
                }
            )
        ),
        required=False,
    ),
)


def config_map_name(stated: ConfigFiles, service: str, key: str) -> str:
    """Return the name of the ConfigMap."""
    return stated.name or f"{service}-{key}"


def build_config(
    stated: Mapping[str, ConfigFiles], contents: Mapping[str, ConfigContent], service: str
) -> Values | None:
    """Return `config` by its keys, or None when there is none.

    Args:
        stated: What the service states.
        contents: The files, by the same keys.
        service: The service's name.
    """
    found = {key: _one(one, contents[key], config_map_name(one, service, key)) for key, one in sorted(stated.items())}
    return found or None


def _one(stated: ConfigFiles, content: ConfigContent, name: str) -> Values:
    texts = {file: text for file, data in sorted(content.files.items()) if (text := _as_text(data)) is not None}
    binary = {
        file: base64.b64encode(data).decode() for file, data in sorted(content.files.items()) if file not in texts
    }
    return {
        "name": name,
        **({"mountPath": stated.mount} if stated.mount else {}),
        **({"file": next(iter(content.files))} if content.is_file else {}),
        **({"executable": True} if stated.executable else {}),
        **({"files": texts} if texts else {}),
        **({"binaryFiles": binary} if binary else {}),
    }


def _as_text(data: bytes) -> str | None:
    """Return a file's text, or None where Helm would not hand it through byte for byte."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if survives_helm(text) else None
