"""One Harbor: its parts over one transport, who we are to it, and whether it is one at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from helmkit.errors import UnreachableError
from helmkit.harbor.addresses import BASE
from helmkit.harbor.artifacts import Artifacts
from helmkit.harbor.faults import Deed
from helmkit.harbor.projects import Projects, Repositories
from helmkit.harbor.protection import Protection
from helmkit.harbor.records import SystemInfo
from helmkit.harbor.robots import Robots
from helmkit.harbor.transport import Credentials, Transport
from helmkit.http.exchange import ConnectionLostError, Exchange


@dataclass(frozen=True)
class Account:
    """Who we are to a Harbor."""

    kind: Literal["user", "robot", "anonymous"]
    name: str
    administrator: bool = False


class _User(msgspec.Struct, frozen=True):
    username: str
    sysadmin_flag: bool = False


class Harbor:
    """Harbor's management API.

    Every request carries Basic credentials: registry tokens are no use here. Harbor hashes a user's password for each
    of them (95 ms), a robot's secret costs next to nothing.

    Args:
        exchange: Sends requests; share it with the registry client of the same host: one connection pool.
        address: `https://harbor.example`, without a path.
        credentials: None for what anybody may see.
    """

    def __init__(self, exchange: Exchange, address: str, credentials: Credentials | None = None) -> None:
        self._transport = Transport(exchange, address, credentials)
        self.projects = Projects(self._transport)
        self.repositories = Repositories(self._transport)
        self.artifacts = Artifacts(self._transport)
        self.protection = Protection(self._transport)
        self.robots = Robots(self._transport)

    @property
    def host(self) -> str:
        """Host and port, as it was given."""
        return self._transport.host

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return self._transport.address

    async def info(self) -> SystemInfo:
        """Return what it says of itself."""
        return await self._transport.get(Deed("reading system information"), "/systeminfo", SystemInfo)

    async def whoami(self) -> Account:
        """Check the credentials and tell whose they are. The only sure way: elsewhere a wrong password goes unnoticed.

        Raises:
            CredentialsError: They are not right.
        """
        if not self._transport.account:
            return Account("anonymous", "")
        deed = Deed("logging in")
        response = await self._transport.send(deed, "GET", "/users/current", accept=frozenset({412}))
        if response.status == 412:
            # Harbor has no current *user* for a robot; with a wrong secret it would have been 401.
            return Account("robot", self._transport.account)
        user = self._transport.read(deed, response, _User)
        return Account("user", user.username, user.sysadmin_flag)


async def is_harbor(exchange: Exchange, address: str) -> bool:
    """Tell whether a registry is a Harbor; any other answer than Harbor's own means that it is not.

    Raises:
        UnreachableError: Nothing answers there.
    """
    url = f"{address.rstrip('/')}{BASE}/systeminfo"
    try:
        reply = await exchange.send("GET", url, headers={"Accept": "application/json"}, limit=1 << 20)
    except ConnectionLostError as error:
        message = f"there is no connection to the registry at {address}: {error}"
        raise UnreachableError(message, hint="Check the address, and whether it needs plain HTTP.") from error
    if reply.status != 200:
        return False
    try:
        return bool(msgspec.json.decode(reply.body, type=SystemInfo).auth_mode)
    except msgspec.MsgspecError:
        return False
