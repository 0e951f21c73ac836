"""Choose how to talk to the cluster that a kubeconfig names."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from helmkit.errors import UsageError
from helmkit.kube.direct import DirectTransport, is_plain
from helmkit.kube.kubeconfig import Settings, load_settings
from helmkit.kube.transport import Transport


@dataclass(frozen=True)
class Connection:
    """A cluster that can be asked."""

    transport: Transport
    server: str
    context: str
    namespace: str
    user: str


def open_connection(path: Path | None, context: str | None, environ: Mapping[str, str]) -> Connection:
    """Prepare a connection; nothing is sent yet. Arguments and errors are those of `load_settings`."""
    settings = load_settings(path, context, environ)
    return Connection(
        transport=_open_transport(settings, environ),
        server=settings.server,
        context=settings.context,
        namespace=settings.namespace,
        user=settings.user_name,
    )


def _open_transport(settings: Settings, environ: Mapping[str, str]) -> Transport:
    def general() -> Transport:
        from helmkit.kube.connection import open_general

        return open_general(settings, environ)

    if not is_plain(settings, environ):
        return general()
    try:
        return DirectTransport(settings, general)
    except (OSError, ssl.SSLError, ValueError) as error:
        message = f"the context {settings.context} in {settings.source} cannot be used: {error}"
        raise UsageError(message, hint="Correct the kubeconfig; `kubectl cluster-info` must work with it.") from error
