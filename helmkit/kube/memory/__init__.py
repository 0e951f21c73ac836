"""A cluster in memory: `Kube` on an API server that is a few dictionaries.

Only the server is replaced; paths, retries, errors, release records and watches are those of the real `Kube`. It is
deterministic and keeps what the contract tests (tests/contract) ask of both. What it is not: a validator of objects
(it takes any field), a defaulter, or a controller, except for the stand-ins of `workloads`.

    MemoryKube  ->  server (requests)  ->  reads, writes (API semantics)  ->  store (objects, history)
"""

from __future__ import annotations

import asyncio

from helmkit.kube.client import Kube
from helmkit.kube.memory.faults import crash, fail, forbid, verb_of
from helmkit.kube.memory.server import Hook, MemoryServer
from helmkit.kube.memory.workloads import Workloads

__all__ = ["Hook", "MemoryKube", "MemoryServer", "crash", "fail", "forbid", "verb_of"]


class MemoryKube(Kube):
    """A cluster in memory. Two of them on one `MemoryServer` are two clients of one cluster.

    `memory.requests` holds what was asked, `memory.hooks` takes faults, `memory.store.forget_history()` makes
    watches expire.

    Args:
        memory: The API server; a new one when None.
        workloads: Let workloads, Jobs and claims become ready (see `workloads`); a new server only.
        context: As if from a kubeconfig.
        namespace: As if from a kubeconfig.
    """

    def __init__(
        self,
        memory: MemoryServer | None = None,
        *,
        workloads: bool = True,
        context: str = "memory",
        namespace: str = "default",
    ) -> None:
        self.memory = memory or MemoryServer()
        if memory is None and workloads:
            Workloads(self.memory.store)
        super().__init__(
            self.memory, server="memory://cluster", context=context, namespace=namespace, user="memory", sleep=_no_pause
        )


async def _no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)
