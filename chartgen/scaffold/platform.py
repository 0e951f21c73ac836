"""The files of a new platform. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from chartgen.build import build_platform
from chartgen.editing.place import toml_text
from chartgen.manifest.load import parse_platform
from chartgen.manifest.schema import build_schema
from chartgen.manifest.sources import MAIN
from helmkit.errors import InputError

IGNORE = ".gitignore"
SCHEMA, LAYER_SCHEMA = "releases.schema.json", "layer.schema.json"
_IGNORED = "dist/"


@dataclass(frozen=True)
class NewPlatform:
    """What the user said of a new platform."""

    name: str
    repository: str | None = None
    """`oci://host/project`, where charts are published."""
    plain_http: bool = False
    """It speaks HTTP without TLS."""
    sample: bool = True
    """With a service that runs as it is."""


def render_platform(platform: NewPlatform, found: Mapping[str, bytes], *, schema: bool = False) -> dict[str, bytes]:
    """Return the files of a new platform by path; they load, build and check as they are.

    Args:
        platform: What was said.
        found: Files that are there already, by path: .gitignore is added to, schemas are pointed at.
        schema: Write the JSON schemas too, for editors.

    Raises:
        InputError: A name or the repository is not valid.
        UsageError: The name cannot be that of a platform.
    """
    files: dict[str, str] = {}
    if schema:
        files[SCHEMA] = _json(build_schema("manifest"))
        files[LAYER_SCHEMA] = _json(build_schema("layer"))
    known = files.keys() | found.keys()
    main_hint = f"#:schema ./{SCHEMA}\n" if SCHEMA in known else ""
    layer_hint = f"#:schema ../{LAYER_SCHEMA}\n" if LAYER_SCHEMA in known else ""
    toml = {
        "values/dev.toml": layer_hint + (_named(_DEV, platform) if platform.sample else _EMPTY_DEV),
        "values/prod.toml": layer_hint + (_named(_PROD, platform) if platform.sample else _EMPTY_PROD),
        MAIN: main_hint + _main(platform),
    }
    _check(toml)
    ignored = _ignore(found.get(IGNORE, b""))
    # The release manifest is last: a folder with it is whole.
    return {
        **{path: text.encode() for path, text in files.items()},
        **({IGNORE: ignored} if ignored else {}),
        **{path: text.encode() for path, text in toml.items()},
    }


def _check(files: Mapping[str, str]) -> None:
    try:
        build_platform(parse_platform(files))
    except InputError as error:
        # The lines are of files that were never written.
        problems = [replace(problem, where=None) for problem in error.problems]
        raise InputError("the platform cannot be begun like this", problems, hint="Nothing is written.") from error


def _main(platform: NewPlatform) -> str:
    plain = "plain_http = true\n" if platform.plain_http else ""
    charts = (
        f"[charts]\nrepository = {toml_text(platform.repository)} # where `chartgen push` publishes\n{plain}"
        if platform.repository
        else _NO_REPOSITORY
    )
    head = _HEAD.replace("@NAME@", toml_text(platform.name)).replace("@CHARTS@", charts)
    return head + (_named(_SAMPLE, platform) if platform.sample else _NO_SAMPLE)


def _named(text: str, platform: NewPlatform) -> str:
    # A service cannot be called like the umbrella chart.
    return text.replace("hello", "welcome") if platform.name == "hello" else text


def _ignore(before: bytes) -> bytes:
    """Return .gitignore with the folder of archives in it; empty when it is there already."""
    lines = [line.strip() for line in before.decode(errors="replace").splitlines()]
    if _IGNORED in lines or "/dist/" in lines or "dist" in lines:
        return b""
    gap = b"" if not before or before.endswith(b"\n") else b"\n"
    return before + gap + b"# Archives that `chartgen build` packs\n" + _IGNORED.encode() + b"\n"


def _json(schema: object) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


_HEAD = """\
# Every service of the platform, in one file.
#
#   chartgen add NAME --archetype spring-service ...   one more service
#   chartgen check                                     is everything right?
#   chartgen build                                     this file and values/ -> charts/
#   chartgen diff -e prod                              what changes, and which pods restart

[platform]
name = @NAME@
version = "0.1.0" # of all together; `chartgen bump patch` raises it
default_environment = "dev"

@CHARTS@
# Where images come from. Every image names one of these by its key: another host moves all its images.
[registries]
docker-hub = { host = "docker.io" }
# company = { host = "harbor.example.com", pull_secret = "harbor" }

# Every namespace that services may name.
[namespaces]
"""
_NO_REPOSITORY = """\
# [charts]
# repository = "oci://harbor.example.com/charts" # where `chartgen push` publishes
"""
_NO_SAMPLE = """\
# shop = {}

# Services: `chartgen add` writes them here.
"""
_SAMPLE = """\
hello = { pod_security = "restricted" }

# A service that runs as it is: take it away when you have your own.
[services.hello]
archetype = "spring-service" # stateless; others: statefulset-infra, external-endpoint
namespace = "hello"
image = { registry = "docker-hub", repository = "nginxinc/nginx-unprivileged" }
version = "1.27.5" # the image's tag, and the only line that a new version changes: `chartgen set hello=1.27.6`
replicas = 2
ports.http = 8080
probes = { path = "/", startup_budget = "30s" } # without a path: Spring Boot's own health pages
resources = { memory = "64Mi", cpu = "50m" } # memory is request and limit
# env.DB_URL = { endpoint = "db", port = "mysql", format = "jdbc:mysql://{host}:{port}/shop" }
# env.DB_PASSWORD = { secret = "db", key = "password" }
# ingress.hello = { host = "hello.example.com", port = "http" }
"""
_DEV = """\
# Development: what differs from releases.toml.

[services.hello]
replicas = 1
"""
_PROD = """\
# Production: what differs from releases.toml.

[environment]
protected = true # relman asks before it changes anything here
# cluster = "..."  UID that `kubectl get namespace kube-system -o jsonpath={.metadata.uid}` prints: no other cluster

[services.hello]
replicas = 3
"""
_EMPTY_DEV = """\
# Development: what differs from releases.toml.
"""
_EMPTY_PROD = _PROD.partition("\n[services.hello]")[0]
