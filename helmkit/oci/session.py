"""Requests to a registry with proof of who we are, repeated where that helps; every failure an error of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urljoin, urlsplit

from helmkit.http.exchange import ConnectionLostError, Reply, StreamingExchange
from helmkit.http.retry import Patience, Sleep, send_patiently
from helmkit.oci.errors import RegistryError
from helmkit.oci.refusals import PASSING, Purpose, explain, explain_loss, explain_stranger
from helmkit.oci.tokens import Authenticator, TokenRefusedError

PATIENCE = Patience((0.3, 0.7, 1.5, 3.0), 15.0, PASSING)

_LIMIT = 8 << 20
"""Longest answer that is no blob, in bytes; registries take manifests up to 4 MiB."""
_OK = frozenset({200})


class Session:
    """Sends requests to one registry.

    Nearly all of them may be repeated: reads, manifests, and the start of an upload, which leaves nothing behind when
    it is forgotten. The upload itself may not: a server that kept half of it would add the second try to that.

    Args:
        exchange: Sends requests.
        base: The registry's URL.
        host: Its host and port, for messages.
        authenticator: Proves who we are.
        sleep: Replaced in tests.
    """

    def __init__(
        self,
        exchange: StreamingExchange,
        base: str,
        host: str,
        authenticator: Authenticator,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._exchange = exchange
        self._base = base
        self.host = host
        self._authenticator = authenticator
        self.sleep = sleep

    @property
    def harbor(self) -> bool:
        """Whether the registry has shown itself to be a Harbor; not before its first answer."""
        return self._authenticator.harbor

    async def call(
        self,
        purpose: Purpose,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        limit: int = _LIMIT,
        accept: frozenset[int] = _OK,
        repeat: bool = True,
    ) -> Reply:
        """Return the answer, whose status is one of `accept`.

        Args:
            purpose: What it is for.
            method: HTTP's.
            url: Below the registry's URL, or a whole one of the same registry.
            headers: Besides `Authorization`.
            content: The body.
            limit: Longest answer, in bytes.
            accept: Statuses that are no failure.
            repeat: Whether the request may be sent again.

        Raises:
            HelmkitError: As `helmkit.oci.errors` says.
        """
        whole, sent = self._whole(url), headers or {}

        async def send() -> Reply:
            return await self._authorised(purpose, method, whole, sent, content, limit)

        try:
            reply = await send_patiently(send, PATIENCE, repeat=repeat, accept=accept, sleep=self.sleep)
        except ConnectionLostError as error:
            raise explain_loss(error, purpose, self.host, self._base) from error
        except TokenRefusedError as error:
            raise explain_stranger(str(error), purpose, self.host) from error
        if reply.status in accept and not reply.is_page:
            return reply
        raise explain(reply, purpose, self.host)

    @asynccontextmanager
    async def download(self, purpose: Purpose, url: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give an answer's body in pieces. The caller verifies it.

        Raises:
            ConnectionLostError: It broke off; begin again.
            HelmkitError: The registry refuses.
        """
        whole = self._whole(url)
        for attempt in range(2):
            headers = await self._stated(purpose, whole)
            async with self._exchange.download(whole, headers=headers) as (reply, body):
                again = self._authenticator.learn(reply, purpose.scope, headers.get("Authorization"))
                if reply.status == 200 and not reply.is_page:
                    yield body
                    return
                if attempt == 1 or not again:
                    raise explain(reply, purpose, self.host)

    async def upload(self, purpose: Purpose, url: str, content: AsyncIterator[bytes], size: int) -> Reply:
        """Send a body in pieces (PUT) and return whatever is answered.

        Raises:
            ConnectionLostError: It broke off; begin again.
        """
        whole = self._whole(url)
        headers = await self._stated(purpose, whole)
        return await self._exchange.upload(whole, headers=headers, content=content, size=size)

    def locate(self, reply: Reply, purpose: Purpose) -> str:
        """Return the URL that an upload goes to, from the answer that began it.

        A registry behind a proxy names itself with the scheme, port and host it was configured with. Its own paths are
        looked for where we reached it: there our credentials belong, and nowhere else.

        Raises:
            RegistryError: The answer names none.
        """
        location = reply.headers.get("location", "")
        if not location:
            message = f"{purpose.doing} failed: {self.host} does not say where to upload to"
            raise RegistryError(message, hint="Is it the registry's address? A proxy may have answered.")
        return self.find(reply.url, location, purpose.repository)

    def find(self, asked: str, location: str, repository: str) -> str:
        """Return a URL that the registry names, on the scheme, host and port we use when it is the registry's own."""
        url = urljoin(asked, location)
        parts, ours = urlsplit(url), urlsplit(self._base)
        same = (parts.hostname, parts.port or ours.port) == (ours.hostname, ours.port)
        if same or parts.path.startswith(f"/v2/{repository}/"):
            return parts._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()
        return url

    async def _authorised(
        self, purpose: Purpose, method: str, url: str, headers: Mapping[str, str], content: bytes | None, limit: int
    ) -> Reply:
        """Send once, and again when the registry asks who we are."""
        for attempt in range(4):
            # Nothing is proved to servers that an answer sent us to, and nothing learnt from them.
            trusted = url.startswith(f"{self._base}/")
            proof = await self._authenticator.header(purpose.scope) if trusted else None
            sent = {**headers, "Authorization": proof} if proof else headers
            reply = await self._exchange.send(method, url, headers=sent, content=content, limit=limit)
            if attempt == 3 or not trusted or not self._authenticator.learn(reply, purpose.scope, proof):
                return reply
        raise AssertionError

    async def _stated(self, purpose: Purpose, url: str) -> dict[str, str]:
        """Return the headers of a request in pieces, which cannot be sent again with other ones."""
        header = await self._authenticator.header(purpose.scope) if url.startswith(f"{self._base}/") else None
        return {"Authorization": header} if header else {}

    def _whole(self, url: str) -> str:
        return url if "://" in url else f"{self._base}{url}"
