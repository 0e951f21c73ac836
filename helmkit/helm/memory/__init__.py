"""Helm in memory, on top of `helmkit.kube.memory`: same methods as `Helm`, no processes.

It writes the same release Secrets and moves through the same states as helm 4; the contract tests (tests/contract)
ask both the same questions. It has no template engine: see `render_simply`.

    MemoryHelm (client)  ->  Records (the Secrets), Deployer (the objects)  ->  Kube
"""

from helmkit.helm.memory.client import MemoryHelm, Operation
from helmkit.helm.memory.rendering import Renderer, render_simply

__all__ = ["MemoryHelm", "Operation", "Renderer", "render_simply"]
