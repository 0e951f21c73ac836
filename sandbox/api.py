"""Plain requests to a server on loopback: enough for health checks, a handful of objects, and the tests.

Standard library only, so that `up` does not spend its seconds importing clients.
"""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from helmkit.errors import HelmkitError
from sandbox.ports import LOOPBACK

_SECONDS = 10.0


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is a success."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.body)


class Api:
    """A server on a loopback port, over TLS if its certificate is given.

    Args:
        port: Where it listens.
        certificate: Its certificate in PEM, which also is its own authority; None for plain HTTP.
        token: A bearer token to send.
    """

    def __init__(self, port: int, *, certificate: str | None = None, token: str | None = None) -> None:
        self._port = port
        self._tls = ssl.create_default_context(cadata=certificate) if certificate else None
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def request(self, method: str, path: str, body: Any = None, *, media: str = "application/json") -> Reply:
        """Send one request over a connection of its own, and return the reply whatever its status.

        Raises:
            OSError: Nothing answers there (`http.client.HTTPException` if what answers is not HTTP).
        """
        connection = self._connect()
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, body=data, headers={**self._headers, "Content-Type": media})
            response = connection.getresponse()
            return Reply(response.status, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """Return the parsed object at `path`, or None if there is none.

        Raises:
            HelmkitError: The server refused.
        """
        reply = self.request("GET", path)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        return _checked(reply, f"GET {path}").json()

    def create(self, path: str, body: Any) -> Any:
        """Create an object in the collection at `path` and return it; one that exists already stays as it is.

        Raises:
            HelmkitError: The server refused.
        """
        reply = self.request("POST", path, body)
        if reply.status == HTTPStatus.CONFLICT:
            return body
        return _checked(reply, f"POST {path}").json()

    def delete(self, path: str) -> None:
        """Delete the object at `path`, dependents in the background; one that is not there is fine.

        Raises:
            HelmkitError: The server refused.
        """
        reply = self.request("DELETE", path, {"propagationPolicy": "Background"})
        if reply.status != HTTPStatus.NOT_FOUND:
            _checked(reply, f"DELETE {path}")

    def healthy(self, path: str) -> bool:
        """Tell whether a GET of `path` succeeds; a server that does not answer is not healthy."""
        try:
            return self.request("GET", path).ok
        except (OSError, http.client.HTTPException):
            return False

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(LOOPBACK, self._port, timeout=_SECONDS)
        return http.client.HTTPSConnection(LOOPBACK, self._port, timeout=_SECONDS, context=self._tls)


def _checked(reply: Reply, what: str) -> Reply:
    if reply.ok:
        return reply
    message = f"{what}: the sandbox's server answered {reply.status}: {reply.body.decode(errors='replace')}"
    raise HelmkitError(message)
