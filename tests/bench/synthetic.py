"""A platform of any size, for measuring how the tools grow."""

from __future__ import annotations

from pathlib import Path

_HEAD = """\
[platform]
name = "synthetic"
version = "@VERSION@"
default_environment = "dev"
[registries.company]
host = "@HOST@"
plain_http = true
[presets.spring]
archetype = "spring-service"
resources = { memory = "64Mi" }
probes = { startup_budget = "120s" }
"""


def write_platform(
    folder: Path, services: int, *, host: str = "registry.example:5000", version: str = "1.0.0", inside: int = 20,
    chain: int = 20, replicas: int = 2, changed: int | None = None,
) -> None:  # fmt: skip
    """Write a release manifest.

    Args:
        folder: Where to.
        services: How many.
        host: The registry of their images.
        version: Of the platform.
        inside: Services in one namespace.
        chain: Length of the chains of services of which each depends on the one before.
        replicas: Pods of each.
        changed: The number of a service that has another version than usual.
    """
    parts = [_HEAD.replace("@HOST@", host).replace("@VERSION@", version)]
    parts += [f"[namespaces.ns-{number}]\n" for number in range((services + inside - 1) // inside)]
    for number in range(services):
        depends = f'depends_on = ["service-{number - 1}"]\n' if number % inside % chain else ""
        parts.append(
            f"[services.service-{number}]\n"
            'preset = "spring"\n'
            f'namespace = "ns-{number // inside}"\n'
            f'image = {{ registry = "company", repository = "group/service-{number}" }}\n'
            f'version = "{number + 1000 if number == changed else number}"\n'
            f"replicas = {replicas}\n"
            "ports.http = 8080\n"
            f'env = {{ CHANNEL = "standalone", NUMBER = "{number}", IP_ADDR = {{ field = "status.podIP" }} }}\n'
            f"{depends}"
        )
    (folder / "values").mkdir(parents=True, exist_ok=True)
    (folder / "releases.toml").write_text("".join(parts))
    (folder / "values" / "dev.toml").write_text("[environment]\n")
    (folder / "values" / "prod.toml").write_text(
        "[environment]\nprotected = true\n[services.service-0]\nreplicas = 3\n"
    )
