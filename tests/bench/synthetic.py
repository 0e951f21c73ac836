"""A platform of any size, for measuring how the tools grow."""

from __future__ import annotations

from pathlib import Path

_HEAD = """\
[platform]
name = "synthetic"
version = "1.0.0"
default_environment = "dev"
[registries.company]
host = "registry.example:5000"
[presets.spring]
archetype = "spring-service"
resources = { memory = "512Mi" }
probes = { startup_budget = "120s" }
"""


def write_platform(folder: Path, services: int) -> None:
    """Write a release manifest with this many services, twenty to a namespace, each depending on the one before."""
    parts = [_HEAD]
    parts += [f"[namespaces.ns-{number}]\n" for number in range((services + 19) // 20)]
    for number in range(services):
        depends = f'depends_on = ["service-{number - 1}"]\n' if number % 20 else ""
        parts.append(
            f"[services.service-{number}]\n"
            'preset = "spring"\n'
            f'namespace = "ns-{number // 20}"\n'
            f'image = {{ registry = "company", repository = "group/service-{number}" }}\n'
            f'version = "{number}"\n'
            "replicas = 2\n"
            "ports.http = 8080\n"
            f'env = {{ CHANNEL = "standalone", NUMBER = "{number}", IP_ADDR = {{ field = "status.podIP" }} }}\n'
            f"{depends}"
        )
    (folder / "values").mkdir(parents=True)
    (folder / "releases.toml").write_text("".join(parts))
    (folder / "values" / "dev.toml").write_text("[environment]\n")
    (folder / "values" / "prod.toml").write_text(
        "[environment]\nprotected = true\n[services.service-0]\nreplicas = 3\n"
    )
