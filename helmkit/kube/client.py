"""The Kubernetes client: everything this project asks of a cluster, on one connection pool."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from helmkit.kube.api import Api, Sleep
from helmkit.kube.cluster import Cluster
from helmkit.kube.configmaps import ConfigMaps
from helmkit.kube.logs import Logs
from helmkit.kube.release_writing import ReleaseWriting
from helmkit.kube.transport import Transport
from helmkit.kube.watching import Watching


class Kube(ReleaseWriting, ConfigMaps, Watching, Logs, Cluster):
    """A cluster. Made by `connect`; use it as an async context manager, or call `aclose`.

    Args:
        transport: Brings requests to the API server.
        server: The API server's URL, for errors.
        context: The kubeconfig's context in use.
        namespace: The context's namespace.
        user: The context's user, by the kubeconfig's name for it.
        sleep: Replaced in tests.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        server: str,
        context: str = "",
        namespace: str = "default",
        user: str = "",
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(Api(transport, server, sleep=sleep), user)
        self._transport = transport
        self.server = server
        self.context = context
        self.namespace = namespace

    @classmethod
    async def connect(cls, kubeconfig: Path | None, context: str | None, environ: Mapping[str, str]) -> Kube:
        """Prepare to talk to the cluster that helm would talk to; nothing is sent yet.

        Args:
            kubeconfig: The kubeconfig file; else those of `KUBECONFIG`, else ~/.kube/config, else the service account
                of the pod this runs in.
            context: One of its contexts; else `HELM_KUBECONTEXT`, else its current one.
            environ: The environment.

        Raises:
            UsageError: There is no such file or context, or it cannot be used.
        """
        from helmkit.kube.opening import open_connection

        connection = open_connection(kubeconfig, context, environ)
        return Kube(
            connection.transport,
            server=connection.server,
            context=connection.context,
            namespace=connection.namespace,
            user=connection.user,
        )

    async def aclose(self) -> None:
        """Close all connections; a second time does nothing."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self.aclose()
