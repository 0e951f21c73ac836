"""Proving to a registry who we are: its challenge, learnt once, and tokens, as few as can be.

Who is about to use many repositories says so (`expect`), and they share a token: the token specification lets a request
name several scopes. A token of Harbor opens the whole project whatever it was asked for, so there it is one for each
project. Passwords go to the token service alone, once for each token: Harbor hashes a user's every time (95 ms).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from helmkit.http.exchange import ConnectionLostError, Exchange, Reply
from helmkit.oci.credentials import Credentials

_PARAMETER = re.compile(r'([a-zA-Z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_DEFAULT_LIFE = 60.0
"""Seconds a token lives when the service does not say (the token specification)."""
_MARGIN = 10.0
"""Seconds before its end at which a token is no longer used."""
_LIMIT = 1 << 20
_HARBOR = "harbor-registry"
"""How Harbor calls itself in its challenges; nobody changes that."""
_HARBOR_TOKENS = "/service/token"
_ROOM = 4000
"""Characters of scopes in one token request: they come back in the token, and proxies take headers up to 8 KiB."""


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


@dataclass
class _Grant:
    """A token for some scopes."""

    scopes: tuple[str, ...]
    token: str = ""
    expires: float = 0.0
    """When it is no longer used, in seconds of the monotonic clock."""
    unproved: bool = True
    """No request with it was let in yet."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Authenticator:
    """Gives requests their `Authorization` header.

    Args:
        exchange: How to reach the token service.
        base: The registry's URL.
        host: The registry's name, for messages.
        credentials: Who we are; nobody when None.
    """

    def __init__(self, exchange: Exchange, base: str, host: str, credentials: Credentials | None) -> None:
        self._exchange = exchange
        self._base = base
        self._host = host
        self._credentials = credentials
        self._challenge: Challenge | None = None
        self._grants: dict[str, _Grant] = {}

    @property
    def harbor(self) -> bool:
        """Whether the registry has shown itself to be a Harbor, by its challenge."""
        return self._challenge is not None and self._challenge.parameters.get("service") == _HARBOR

    def expect(self, scopes: Iterable[str]) -> None:
        """Let scopes that will be used together share tokens."""
        waiting: list[str] = []
        for scope in dict.fromkeys(scopes):
            if waiting and sum(map(len, waiting)) + len(scope) > _ROOM:
                self._join(waiting)
                waiting = []
            waiting.append(scope)
        self._join(waiting)

    def _join(self, scopes: list[str]) -> None:
        grant = _Grant(tuple(scopes))
        self._grants.update(dict.fromkeys(scopes, grant))

    async def header(self, scope: str) -> str | None:
        """Return the header for a request; None until the registry has asked for one."""
        if self._challenge is None:
            return None
        if self._challenge.scheme == "basic":
            return self._credentials.basic if self._credentials else None
        grant = self._grant(scope)
        # One request to the token service, however many blobs wait for it.
        async with grant.lock:
            if not grant.token or grant.expires <= time.monotonic():
                grant.token, grant.expires = await self._fetch(self._challenge, grant.scopes)
                grant.unproved = True
            return f"Bearer {grant.token}"

    def learn(self, reply: Reply, scope: str, used: str | None) -> bool:
        """Take note of an answer; tell whether another attempt may succeed where it was a 401.

        Args:
            reply: The registry's answer.
            scope: What the request was for.
            used: The header it carried.
        """
        if reply.status != 401:
            if used and self._challenge is not None and self._challenge.scheme == "bearer":
                self._grant(scope).unproved = False
            return False
        challenge = parse_challenge(reply.headers.get("www-authenticate", ""))
        if challenge is None or (challenge.scheme == "basic" and self._credentials is None):
            return False
        # A registry may ask for Basic after it refused a bearer token (harbor#18856).
        if self._challenge is None or self._challenge.scheme != challenge.scheme:
            self._challenge = challenge
            return True
        # What was sent before the registry had asked for anything deserves another attempt, too.
        return used is None or (challenge.scheme == "bearer" and self._withdraw(scope, used))

    def _withdraw(self, scope: str, used: str) -> bool:
        """Drop a refused token; tell whether another one may be better."""
        grant = self._grant(scope)
        if used != f"Bearer {grant.token}":
            return True  # Somebody else has fetched another one meanwhile.
        grant.token = ""
        if not grant.unproved:
            return True  # It was good before: it has expired, or was withdrawn.
        if len(grant.scopes) == 1 or self.harbor:
            return False
        # Some services give nothing to those who ask for one thing too many.
        self._grants[scope] = _Grant((scope,))
        return True

    def _grant(self, scope: str) -> _Grant:
        # Who may push may pull.
        wider = f"{scope},push"
        if self.harbor and scope:
            key = scope.partition(":")[2].partition("/")[0]
            scope = next((one for one in (wider, scope) if one in self._grants), scope)
            return self._grants.setdefault(f"project {key}", _Grant((scope,)))
        key = wider if wider in self._grants else scope
        return self._grants.setdefault(key, _Grant((scope,)))

    async def _fetch(self, challenge: Challenge, scopes: tuple[str, ...]) -> tuple[str, float]:
        realm = self._realm(challenge)
        parts = urlsplit(realm)
        service = challenge.parameters.get("service", "")
        query = [("service", service)] if service else []
        token = self._credentials.identity_token if self._credentials else ""
        if token:
            form = {**dict(query), "scope": " ".join(filter(None, scopes))}
            form |= {"grant_type": "refresh_token", "refresh_token": token, "client_id": "chartgen-relman"}
            reply = await self._exchange.send("POST", realm, headers={}, form=form, limit=_LIMIT)
        else:
            headers = {"Authorization": self._credentials.basic} if self._credentials else {}
            query += [("scope", scope) for scope in scopes if scope]
            url = f"{realm}{'&' if parts.query else '?'}{urlencode(query)}"
            reply = await self._exchange.send("GET", url, headers=headers, limit=_LIMIT)
        return self._read(reply, parts.netloc)

    def _realm(self, challenge: Challenge) -> str:
        """Return the token service's URL.

        Harbor gives its tokens itself, but names the address it was configured with: behind a proxy with another name
        that is not where we can or should send a password.
        """
        realm = challenge.parameters.get("realm", "")
        parts = urlsplit(realm)
        if self.harbor and parts.path == _HARBOR_TOKENS:
            return f"{self._base}{_HARBOR_TOKENS}"
        if (
            parts.scheme not in ({"https"} if self._base.startswith("https:") else {"https", "http"})
            or not parts.netloc
        ):
            msg = f"{self._host} names a token service that cannot be trusted with credentials: {realm!r}"
            raise TokenRefusedError(msg)
        return realm

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
