"""Which cluster this is, who we are there, and what it says about its objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helmkit.errors import ForbiddenError
from helmkit.kube.api import Api, Purpose
from helmkit.kube.errors import NotFoundError, RejectedError
from helmkit.kube.objects import Objects


@dataclass(frozen=True)
class ServerVersion:
    """The API server's version."""

    major: int
    minor: int
    text: str
    """As the server writes it: `v1.36.3`."""

    def __str__(self) -> str:
        """Return the server's own text."""
        return self.text


@dataclass(frozen=True)
class ObjectEvent:
    """A Kubernetes event: something that happened to an object."""

    type: str
    """`Normal` or `Warning`."""
    reason: str
    message: str
    count: int
    last_seen: str
    """RFC 3339; empty when the cluster does not say."""
    kind: str
    """Of the object it happened to."""
    name: str
    uid: str


class Cluster(Objects):
    """The cluster itself.

    Args:
        api: How to ask it.
        user: The kubeconfig's name for us, for clusters that do not tell.
    """

    def __init__(self, api: Api, user: str = "") -> None:
        super().__init__(api)
        self._user = user

    async def server_version(self) -> ServerVersion:
        """Return the API server's version."""
        purpose = Purpose("asking the cluster for its version", "get", "/version")
        body = (await self._api.call(purpose, "GET", "/version")).body
        # Some providers write the minor as `33+`.
        numbers = ["".join(filter(str.isdecimal, str(body.get(key)))) or "0" for key in ("major", "minor")]
        return ServerVersion(int(numbers[0]), int(numbers[1]), str(body.get("gitVersion") or "unknown"))

    async def cluster_uid(self) -> str:
        """Return the UID of the namespace kube-system, which names the cluster (it is made once in its life).

        Raises:
            ForbiddenError: The right to read that namespace is missing.
        """
        namespace = await self.get_object("v1", "Namespace", None, "kube-system")
        if namespace is None:
            message = "the cluster has no namespace kube-system, so it cannot be told from others"
            raise NotFoundError(message, hint="Is this a Kubernetes cluster?")
        return str(namespace["metadata"]["uid"])

    async def whoami(self) -> str:
        """Return our user name as the cluster knows it; the kubeconfig's when the cluster does not tell."""
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        purpose = Purpose("asking the cluster who we are", "create", "selfsubjectreviews")
        try:
            answer = await self._api.call(purpose, "POST", path, body=review, repeat=True)
        except (ForbiddenError, NotFoundError, RejectedError):
            return self._user
        return str(((answer.body.get("status") or {}).get("userInfo") or {}).get("username") or self._user)

    async def list_events(
        self, namespace: str, *, uid: str | None = None, name: str | None = None
    ) -> list[ObjectEvent]:
        """Return the events of a namespace, the oldest first.

        Args:
            namespace: Where.
            uid: Only those of the object with this UID.
            name: Only those of objects with this name.
        """
        wanted = {"involvedObject.uid": uid, "involvedObject.name": name}
        selector = ",".join(f"{key}={value}" for key, value in wanted.items() if value)
        events = await self.list_objects("v1", "Event", namespace, field_selector=selector or None)
        return sorted((_event(event) for event in events), key=lambda event: event.last_seen)


def _event(event: Mapping[str, Any]) -> ObjectEvent:
    involved = event.get("involvedObject") or {}
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return ObjectEvent(
        type=str(event.get("type") or ""),
        reason=str(event.get("reason") or ""),
        message=str(event.get("message") or ""),
        count=int(series.get("count") or event.get("count") or 1),
        last_seen=next((str(time) for time in times if time), ""),
        kind=str(involved.get("kind") or ""),
        name=str(involved.get("name") or ""),
        uid=str(involved.get("uid") or ""),
    )
