"""Ask a Kubernetes API server: retries, and every failure as an error of ours. The one place that translates."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from helmkit.errors import ForbiddenError, HelmkitError, UnreachableError
from helmkit.kube.errors import AlreadyExistsError, ConflictError, ExpiredError, NotFoundError, RejectedError
from helmkit.kube.transport import JSON, TEXT, Answer, ConnectionFailedError, LoginFailedError, Request, Transport

BACK_OFF = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each further attempt."""

_PASSING = frozenset({429, 500, 502, 503, 504})
_LONGEST_WAIT = 10.0
_NO_FIT = "failed to create typed patch object"
"""What an API server answers, with status 500, to a server-side apply that does not fit the schema."""
_NO_SUCH_PATH = b"404 page not found"
"""What an API server answers, as plain text, for an API group it does not serve."""
_LACKS_RIGHT = re.compile(r"cannot (\S+) (resource|path|\S+)|User \"")

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Purpose:
    """What a request is for, so that its failure can be explained."""

    doing: str
    """`listing secrets in namespace shop`."""
    verb: str
    """As RBAC names it."""
    resource: str
    """The plural, or a path."""
    namespace: str | None = None

    @property
    def remedy(self) -> str:
        """Tell which right to ask for."""
        where = f" in namespace {self.namespace}" if self.namespace else ""
        flag = f" -n {self.namespace}" if self.namespace else ""
        return (
            f"Ask for the right to {self.verb} {self.resource}{where}; "
            f"`kubectl auth can-i {self.verb} {self.resource}{flag}` tells when you have it."
        )


class Api:
    """Sends requests and repeats those that may be repeated.

    Reads, and writes that carry their own precondition, are repeated after a lost connection and after 429, 500, 502,
    503 and 504; other writes only when the server certainly did not act (429, or the connection never stood).

    Args:
        transport: Brings requests to the server.
        server: Its URL, for errors.
        sleep: Replaced in tests.
    """

    def __init__(self, transport: Transport, server: str, *, sleep: Sleep = asyncio.sleep) -> None:
        self.transport = transport
        self.server = server
        self.sleep = sleep

    async def call(
        self,
        purpose: Purpose,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | None] | None = None,
        body: object = None,
        encoded: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        repeat: bool | None = None,
    ) -> Answer:
        """Return a successful answer.

        Args:
            purpose: What it is for.
            method: HTTP's.
            path: Below the server's URL.
            params: The query; None values are left out.
            body: Sent as JSON when not None.
            encoded: Sent as it is.
            content_type: Of the body.
            accept: What to answer with.
            repeat: Whether the request may arrive twice; only GET may when None.

        Raises:
            HelmkitError: As the module's docstring says.
        """
        request = Request(
            method=method,
            path=path,
            params={key: value for key, value in (params or {}).items() if value is not None},
            body=msgspec.json.encode(body) if body is not None else encoded,
            content_type=content_type,
            accept=accept,
        )
        repeatable = method == "GET" if repeat is None else repeat
        for pause in BACK_OFF:
            answer = await self._attempt(request, purpose, repeatable=repeatable, last=False)
            if answer is None or _may_pass(answer, repeatable=repeatable):
                wait = answer.retry_after if answer and answer.retry_after is not None else pause
                await self.sleep(min(wait, _LONGEST_WAIT))
                continue
            return self._judge(request, answer, purpose)
        answer = await self._attempt(request, purpose, repeatable=repeatable, last=True)
        if answer is None:  # the last attempt raises instead
            raise AssertionError
        return self._judge(request, answer, purpose)

    async def _attempt(self, request: Request, purpose: Purpose, *, repeatable: bool, last: bool) -> Answer | None:
        """Send once; None when the connection failed and another attempt is allowed."""
        try:
            return await self.transport.send(request)
        except ConnectionFailedError as error:
            if last or (error.sent and not repeatable):
                raise self.unreachable(purpose, error) from error
            return None
        except LoginFailedError as error:
            raise no_login(purpose, error) from error

    def _judge(self, request: Request, answer: Answer, purpose: Purpose) -> Answer:
        meant = isinstance(answer.body, dict) if request.accept == JSON else bool(answer.raw) or request.accept == TEXT
        if 200 <= answer.status < 300 and meant:
            return answer
        raise translate(answer, purpose, self.server)

    def unreachable(self, purpose: Purpose, error: ConnectionFailedError) -> UnreachableError:
        """Return the error for a server that does not answer."""
        message = f"{purpose.doing} failed: the cluster at {self.server} does not answer: {error.reason}"
        return UnreachableError(message, hint="Check the kubeconfig and the way to it: `kubectl cluster-info`.")


def no_login(purpose: Purpose, error: LoginFailedError) -> UnreachableError:
    """Return the error for credentials that cannot be obtained."""
    message = f"{purpose.doing} failed: no credentials for the cluster: {error}"
    return UnreachableError(message, hint="Log in to the cluster again, then repeat the command.")


def _may_pass(answer: Answer, *, repeatable: bool) -> bool:
    if _does_not_fit(answer):
        return False
    return answer.status == 429 or (repeatable and answer.status in _PASSING)


def _does_not_fit(answer: Answer) -> bool:
    return isinstance(answer.body, dict) and _NO_FIT in str(answer.body.get("message"))


def translate(answer: Answer, purpose: Purpose, server: str) -> HelmkitError:
    """Return the error that an unsuccessful answer stands for."""
    status = answer.body if isinstance(answer.body, dict) else {}
    said = str(status.get("message") or f"HTTP status {answer.status}")
    message = f"{purpose.doing} failed: {said}"
    if status.get("kind") != "Status" and answer.status != 401 and not answer.raw.startswith(_NO_SUCH_PATH):
        message = f"{purpose.doing} failed: {server} answered {answer.status} with something that is not Kubernetes'"
        return UnreachableError(message, hint="Is the kubeconfig's server right? A proxy may have answered instead.")
    match answer.status:
        case 401:
            message = f"{purpose.doing} failed: {server} does not accept your credentials; they may have expired"
            return UnreachableError(message, hint="Log in to the cluster again, then repeat the command.")
        case 403 if _LACKS_RIGHT.search(said):
            return ForbiddenError(message, hint=purpose.remedy)
        case 404:
            return NotFoundError(message, hint="Check the name, the namespace and the kubeconfig's context.")
        case 409 if status.get("reason") == "AlreadyExists":
            return AlreadyExistsError(message, hint="Somebody made it meanwhile; look at it before you go on.")
        case 409:
            return ConflictError(message, hint="Somebody changed it meanwhile; read it again and decide anew.")
        case 410:
            return ExpiredError(message, hint="Repeat the command.")
        case code if code in _PASSING and not _does_not_fit(answer):
            return UnreachableError(message, hint="The API server is overloaded or restarting; try again later.")
    return RejectedError(message, hint="The message is the cluster's own; correct the object or ask its administrator.")
