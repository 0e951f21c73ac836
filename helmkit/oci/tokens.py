"""Proving to a registry who we are: its challenge, and tokens, one for each scope, kept while they live."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from helmkit.oci.credentials import Credentials
from helmkit.oci.exchange import ConnectionLostError, Exchange, Reply

_PARAMETER = re.compile(r'([a-zA-Z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_DEFAULT_LIFE = 60.0
"""Seconds a token lives when the service does not say (the token specification)."""
_MARGIN = 10.0
"""Seconds before its end at which a token is no longer used."""
_LIMIT = 1 << 20


class TokenRefusedError(Exception):
    """The token service gave no token. The message may be shown."""


@dataclass(frozen=True)
class Challenge:
    """What a registry wants to see: the `WWW-Authenticate` header of a 401."""

    scheme: str
    """`bearer` or `basic`."""
    parameters: Mapping[str, str]


def parse_challenge(header: str) -> Challenge | None:
    """Read a `WWW-Authenticate` header; None when it asks for nothing we know.

    >>> parse_challenge('Bearer realm="https://a/token",service="a"').parameters["service"]
    'a'
    """
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() not in {"bearer", "basic"}:
        return None
    found = _PARAMETER.findall(rest)
    return Challenge(scheme.lower(), {name.lower(): quoted or plain for name, quoted, plain in found})


class Authenticator:
    """Gives requests their `Authorization` header.

    Args:
        exchange: How to reach the token service.
        host: The registry's, for messages.
        credentials: Who we are; nobody when None.
        secure: Whether the registry itself is reached by HTTPS; then its token service must be, too.
    """

    def __init__(self, exchange: Exchange, host: str, credentials: Credentials | None, *, secure: bool) -> None:
        self._exchange = exchange
        self._host = host
        self._credentials = credentials
        self._secure = secure
        self._challenge: Challenge | None = None
        self._tokens: dict[str, tuple[str, float]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def header(self, scope: str) -> str | None:
        """Return the header for a request; None until the registry has asked for one."""
        if self._challenge is None:
            return None
        if self._challenge.scheme == "basic":
            return self._credentials.basic if self._credentials else None
        return f"Bearer {await self._token(self._challenge, scope)}"

    def learn(self, reply: Reply, scope: str, used: str | None) -> bool:
        """Take note of a 401; tell whether another attempt may succeed.

        Args:
            reply: The registry's answer.
            scope: What the request was for.
            used: The header it carried.
        """
        challenge = parse_challenge(reply.headers.get("www-authenticate", ""))
        if challenge is None or (challenge.scheme == "basic" and self._credentials is None):
            return False
        # A registry may ask for Basic after it refused a bearer token (harbor#18856).
        if self._challenge is None or self._challenge.scheme != challenge.scheme:
            self._challenge = challenge
            return True
        token = self._tokens.get(scope)
        if token is not None and used == f"Bearer {token[0]}":
            # It may have been withdrawn; once more with a new one.
            del self._tokens[scope]
        # What was sent before the registry had asked for anything deserves another attempt, too.
        return challenge.scheme == "bearer" or used is None

    async def _token(self, challenge: Challenge, scope: str) -> str:
        # One request to the token service for each scope, however many blobs wait for it.
        async with self._locks.setdefault(scope, asyncio.Lock()):
            known = self._tokens.get(scope)
            if known is None or known[1] <= time.monotonic():
                known = self._tokens[scope] = await self._fetch(challenge, scope)
            return known[0]

    async def _fetch(self, challenge: Challenge, scope: str) -> tuple[str, float]:
        realm = challenge.parameters.get("realm", "")
        parts = urlsplit(realm)
        if parts.scheme not in ({"https"} if self._secure else {"https", "http"}) or not parts.netloc:
            msg = f"{self._host} names a token service that cannot be trusted with credentials: {realm!r}"
            raise TokenRefusedError(msg)
        query = {"service": challenge.parameters.get("service", ""), "scope": scope}
        query = {key: value for key, value in query.items() if value}
        token = self._credentials.identity_token if self._credentials else ""
        if token:
            form = {**query, "grant_type": "refresh_token", "refresh_token": token, "client_id": "chartgen-relman"}
            reply = await self._exchange.send("POST", realm, headers={}, form=form, limit=_LIMIT)
        else:
            headers = {"Authorization": self._credentials.basic} if self._credentials else {}
            url = f"{realm}{'&' if parts.query else '?'}{urlencode(query)}"
            reply = await self._exchange.send("GET", url, headers=headers, limit=_LIMIT)
        return self._read(reply, parts.netloc)

    def _read(self, reply: Reply, service: str) -> tuple[str, float]:
        if reply.status == 429 or reply.status >= 500:
            msg = f"the token service {service} answered with status {reply.status}"
            raise ConnectionLostError(msg)
        body = reply.json()
        token = (body.get("token") or body.get("access_token")) if isinstance(body, dict) else None
        if reply.status != 200 or not token:
            msg = f"the token service {service} answered with status {reply.status} and no token"
            raise TokenRefusedError(msg)
        life = body.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else _DEFAULT_LIFE
        return str(token), time.monotonic() + max(seconds - _MARGIN, seconds / 2)
