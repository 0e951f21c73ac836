"""Which loopback ports a sandbox listens on."""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack
from dataclasses import dataclass

from helmkit.errors import UsageError

LOOPBACK = "127.0.0.1"

DEFAULT_REGISTRY_PORT = 5055
"""Fixed, so that values/sandbox.toml can name it and be committed."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """One port for each program that listens. etcd has none: it listens on a socket in the state folder."""

    api: int
    controllers: int
    scheduler: int
    kwok: int
    registry: int


def choose_ports(registry: int | None) -> Ports:
    """Return ports nobody listens on.

    Args:
        registry: The registry's port; None for any free one.

    Raises:
        UsageError: The registry's port is taken.
    """
    if registry is not None and not _is_free(registry):
        message = f"the registry cannot listen on {LOOPBACK}:{registry}: another program does"
        raise UsageError(
            message,
            hint="stop it (another sandbox? `python -m sandbox down --name NAME`), "
            "or choose another port with --registry-port or --free-ports",
        )
    with ExitStack() as stack:
        # All are held at once: released one by one, the same port could come twice.
        sockets = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(5)]
        api, controllers, scheduler, kwok, spare = (int(open_socket.getsockname()[1]) for open_socket in sockets)
    return Ports(api=api, controllers=controllers, scheduler=scheduler, kwok=kwok, registry=registry or spare)


def _is_free(port: int) -> bool:
    try:
        with socket.create_server((LOOPBACK, port)):
            return True
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
