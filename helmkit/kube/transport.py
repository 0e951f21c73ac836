"""One request to a Kubernetes API server and its answer: the seam between what we ask and how it gets there.

`helmkit.kube.connection` sends requests to a real server, `helmkit.kube.memory` answers them itself. Everything
above the seam (paths, retries, errors, records, watches) is the same code for both.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

JSON = "application/json"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
APPLY_PATCH = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"
TEXT = "text/plain, */*"
"""Of a log: the answer is not looked into, even when it happens to be JSON. Refusals still come as JSON."""


@dataclass(frozen=True)
class Request:
    """What is asked of the API server."""

    method: str
    path: str
    """Below the server's URL: `/api/v1/namespaces/shop/secrets`."""
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = JSON
    accept: str = JSON


@dataclass(frozen=True)
class Answer:
    """What the API server answered."""

    status: int
    body: Any
    """The decoded JSON; None when it was no JSON."""
    raw: bytes = b""
    """The bytes as they came: of a metadata-only list, which is decoded elsewhere, of a log, and of what is no JSON."""
    retry_after: float | None = None
    """Seconds to wait, when the server says so."""


class ConnectionFailedError(Exception):
    """The request may not have arrived, or its answer did not. `sent` is False when it certainly never arrived."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


class LoginFailedError(Exception):
    """Credentials could not be obtained, for example from a kubeconfig's exec plugin."""


class StreamRefusedError(Exception):
    """The server did not open a stream but gave an ordinary answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"status {answer.status}")
        self.answer = answer


class Transport(Protocol):
    """Brings requests to an API server."""

    async def send(self, request: Request) -> Answer:
        """Send one request.

        Raises:
            ConnectionFailedError: There is no answer.
            LoginFailedError: There are no credentials to send.
        """
        ...

    def stream(self, request: Request) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events of a watch until the server ends it.

        Raises:
            StreamRefusedError: The server answered with an error.
            ConnectionFailedError: The connection broke.
            LoginFailedError: There are no credentials to send.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...
