"""One connection pool to one registry, and over it the registry's client and, where it is one, Harbor's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helmkit.errors import UnreachableError

if TYPE_CHECKING:
    from helmkit.harbor import Harbor
    from helmkit.oci import Credentials, RegistryClient


@dataclass(frozen=True)
class Access:
    """How to reach registries, and who we are."""

    environ: Mapping[str, str]
    plain_http: bool = False
    """Speak HTTP without TLS. Never guessed."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    credentials: Credentials | None = None
    """Given by hand; otherwise those that `helm registry login` or `docker login` left behind."""
    registry_config: Path | None = None
    """Helm's credentials file, where it is not the usual one."""


@dataclass(frozen=True)
class Connection:
    """A registry one can talk to."""

    host: str
    registry: RegistryClient
    harbor: Harbor | None
    """None: it is no Harbor, or one whose management API is shut off."""
    account: str
    """Who we are to it; empty: nobody."""

    def need_harbor(self) -> Harbor:
        """Return the Harbor.

        Raises:
            UnreachableError: The registry is none.
        """
        if self.harbor is None:
            message = f"{self.host} is not a Harbor: its management API (/api/v2.0/) does not answer as Harbor's does"
            raise UnreachableError(message, hint="Check the address; a proxy in front must let /api/v2.0/ through.")
        return self.harbor


@asynccontextmanager
async def connect(host: str, access: Access) -> AsyncIterator[Connection]:
    """Connect to a registry and find out whether it is a Harbor.

    Args:
        host: With its port, if it has one.
        access: How, and as whom.

    Raises:
        UnreachableError: Nothing answers.
        UsageError: The host, a certificate or a credentials file is wrong.
    """
    from helmkit.harbor import Harbor, is_harbor
    from helmkit.oci import RegistryClient, load_credentials

    who = access.credentials or await load_credentials(host, access.environ, registry_config=access.registry_config)
    registry = RegistryClient(
        host, plain_http=access.plain_http, credentials=who, environ=access.environ, ca_file=access.ca_file
    )
    async with registry:
        # An identity token is no use on the management API.
        login = who if who and who.username else None
        found = await is_harbor(registry.exchange, registry.address)
        harbor = Harbor(registry.exchange, registry.address, login) if found else None
        yield Connection(host, registry, harbor, login.username if login else "")
