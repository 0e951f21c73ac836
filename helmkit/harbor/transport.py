"""Requests to Harbor's management API: no cookies, retries where they are safe, whole lists in parallel."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from helmkit.errors import TimedOutError, UnreachableError
from helmkit.harbor.addresses import BASE
from helmkit.harbor.errors import NotHarborError
from helmkit.harbor.faults import Deed, Refusal, explain
from helmkit.http.exchange import ConnectionLostError, Exchange, Reply
from helmkit.http.retry import Patience, Sleep, send_patiently
from helmkit.tasks import gather

PAGE_SIZE = 100
"""The largest page Harbor gives. (0 gives everything on every page, so that a walk would never end.)"""

# 500 is not among them: Harbor answers so to what it will never be able to do, for example a missing retention policy.
PATIENCE = Patience((0.5, 1.0, 2.0), 20.0, frozenset({429, 502, 503, 504}), jitter=0.5)

AT_ONCE = 16
"""Requests in flight at most; more gained nothing against a real Harbor."""

_ANSWER_LIMIT = 64 << 20
_SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE"})

Item = TypeVar("Item")


class Credentials(Protocol):
    """A user name and a password; of a robot, its whole name and its secret."""

    @property
    def username(self) -> str:
        """Who."""
        ...

    @property
    def password(self) -> str:
        """The secret; never shown."""
        ...


@dataclass(frozen=True)
class Login:
    """Credentials that show no secret when printed."""

    username: str
    password: str = field(repr=False)


class Transport:
    """Sends requests to one Harbor.

    Args:
        exchange: Sends requests, without cookies: Harbor wants a CSRF token from everybody who returns its session
            cookie. May be shared with a registry client, so that both use one connection pool.
        address: `https://harbor.example`, without a path.
        credentials: None for the anonymous view.
        sleep: Waits between attempts (seconds).
    """

    def __init__(
        self,
        exchange: Exchange,
        address: str,
        credentials: Credentials | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._exchange = exchange
        self.address = address.rstrip("/")
        self.host = urlsplit(self.address).netloc
        self.account = credentials.username if credentials else ""
        # Otherwise a project whose name is a number would be taken for the project with that id.
        self._headers = {"Accept": "application/json, text/plain, text/markdown", "X-Is-Resource-Name": "true"}
        if credentials:
            self._headers["Authorization"] = _basic(credentials)
        self._sleep = sleep
        self._room = asyncio.Semaphore(AT_ONCE)

    async def send(
        self,
        deed: Deed,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        again: bool | None = None,
        accept: frozenset[int] = frozenset(),
    ) -> Reply:
        """Send one request and return its successful answer.

        Args:
            deed: What it does, for errors.
            method: HTTP method.
            path: Below the API's base, already encoded.
            params: Query, not encoded.
            body: What becomes the JSON body; msgspec structs are welcome.
            again: Whether it may be repeated; by default when its method is idempotent. A connection that could not
                be made is tried again in any case: nothing was sent.
            accept: Statuses to return although they are no success.

        Raises:
            UnreachableError, TimedOutError: There is no answer, or the credentials are not accepted.
            HarborError: Harbor refuses.
        """
        safe = method in _SAFE if again is None else again

        async def send() -> Reply:
            return await self._once(method, path, params, body)

        try:
            reply = await send_patiently(send, PATIENCE, repeat=safe, accept=accept, sleep=self._sleep)
        except ConnectionLostError as error:
            raise self._lost(deed, error) from error
        if 200 <= reply.status < 300 or reply.status in accept:
            return reply
        raise explain(deed, self._refusal(reply))

    async def _once(self, method: str, path: str, params: Mapping[str, str] | None, body: Any) -> Reply:
        headers, content = self._headers, None
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
            content = msgspec.json.encode(body)
        query = f"?{urlencode(params, quote_via=quote, safe='')}" if params else ""
        url = f"{self.address}{BASE}{path}{query}"
        async with self._room:
            return await self._exchange.send(method, url, headers=headers, content=content, limit=_ANSWER_LIMIT)

    def _refusal(self, reply: Reply) -> Refusal:
        return Refusal(self.host, self.account, reply.status, reply.headers.get("content-type", ""), reply.body)

    def _lost(self, deed: Deed, error: ConnectionLostError) -> UnreachableError | TimedOutError:
        if error.timed_out:
            message = f"{deed} failed: Harbor at {self.host} did not answer in time"
            hint = "Try again. It hashes a user's password for every request: a robot account is much faster."
            return TimedOutError(message, hint=hint)
        message = f"{deed} failed: there is no connection to Harbor at {self.host}: {error}"
        hint = f"Check the address, and the network: curl -v {self.address}{BASE}/ping"
        return UnreachableError(message, hint=hint)

    async def get(self, deed: Deed, path: str, kind: type[Item], params: Mapping[str, str] | None = None) -> Item:
        """Return one object."""
        return self.read(deed, await self.send(deed, "GET", path, params=params), kind)

    async def collect(
        self, deed: Deed, path: str, kind: type[Item], params: Mapping[str, str] | None = None, *, limit: int = 0
    ) -> list[Item]:
        """Return a whole list in the server's order; its first page tells how many there are, the rest come at once.

        Args:
            deed: What it does, for errors.
            path: Below the API's base, already encoded.
            kind: Of the items.
            params: Query, not encoded.
            limit: Leave it at about so many items (whole pages); 0: all.
        """
        first = await self._page(deed, path, params, 1)
        items = self.read(deed, first, list[kind])  # type: ignore[valid-type]
        # The server's `Link` cannot be followed: its query comes back decoded, and a plus sign in it is lost.
        total = int(first.headers.get("x-total-count") or len(items))
        wanted = min(total, limit) if limit else total
        rest = range(2, -(-wanted // PAGE_SIZE) + 1)
        for page in await gather(*(self._page(deed, path, params, number) for number in rest)):
            items += self.read(deed, page, list[kind])  # type: ignore[valid-type]
        return items

    async def _page(self, deed: Deed, path: str, params: Mapping[str, str] | None, number: int) -> Reply:
        paging = {"page": str(number), "page_size": str(PAGE_SIZE)}
        return await self.send(deed, "GET", path, params={**(params or {}), **paging})

    def read(self, deed: Deed, reply: Reply, kind: type[Item]) -> Item:
        """Decode a JSON answer.

        Raises:
            NotHarborError: It is something else: a login page of a proxy, most likely.
        """
        try:
            return msgspec.json.decode(reply.body, type=kind)
        except msgspec.MsgspecError as error:
            what = "in a form that Harbor 2 does not use"
            if "json" not in reply.headers.get("content-type", ""):
                what = "with a web page in place of data"
            message = f"{deed} failed: {self.host} answers {what}: {error}"
            hint = "Is this Harbor's own address? A proxy in front of it must let /api/v2.0/ and /v2/ through."
            raise NotHarborError(message, hint=hint) from error


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}".encode()
    return "Basic " + base64.b64encode(pair).decode()
