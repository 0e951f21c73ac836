"""What containers wrote."""

from __future__ import annotations

from urllib.parse import quote

from helmkit.kube.api import Purpose
from helmkit.kube.objects import Objects
from helmkit.kube.transport import TEXT

_MOST = 256 * 1024
"""Bytes: a single log line can be megabytes long."""


class Logs(Objects):
    """Logs of containers. Needs the right to `get pods/log`."""

    async def read_log(self, namespace: str, pod: str, container: str, *, previous: bool = False, lines: int) -> str:
        """Return the last lines a container wrote, with what is no UTF-8 replaced; empty when it wrote nothing.

        The text is the container's own and may hold secrets: mask it before it is shown (`helmkit.secrecy.mask_text`).
        Asked once, not repeated: the node, not the API server, has the log, and one that is away stays away.

        Args:
            namespace: Of the pod.
            pod: Its name.
            container: The container's name.
            previous: Of the attempt before the one that runs or waits now.
            lines: How many at most; 256 KiB in all.

        Raises:
            ForbiddenError: The right is missing.
            NotFoundError: There is no such pod.
            RejectedError: It has no such container, or there is no log: it never started, or there was no attempt.
            UnreachableError: The node does not answer.
        """
        where = f"the log of container {container} of pod {pod} in namespace {namespace}"
        answer = await self._api.call(
            Purpose(f"reading {where}", "get", "pods/log", namespace),
            "GET",
            f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/log",
            params={
                "container": container,
                "previous": "true" if previous else None,
                "tailLines": str(lines),
                "limitBytes": str(_MOST),
            },
            accept=TEXT,
            repeat=False,
        )
        return answer.raw.decode(errors="replace")
