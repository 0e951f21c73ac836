"""Artifacts: versions of charts and images, what hangs on them, and copies of them."""

from __future__ import annotations

from typing import Any, Literal

from helmkit.harbor.addresses import artifact_path, filter_query, repository_path, segment, tag_of
from helmkit.harbor.errors import HarborError, NotFoundError
from helmkit.harbor.faults import Deed
from helmkit.harbor.records import CHART, CHART_CONFIG, Artifact, AuditEntry, Tag
from helmkit.harbor.transport import Transport

Addition = Literal["values.yaml", "readme.md"]

EVERYTHING = {
    "with_tag": "true",
    "with_label": "true",
    "with_accessory": "true",
    # Without it every tag says that it is not immutable.
    "with_immutable_status": "true",
    "with_scan_overview": "true",
}
_AUDIT_LIMIT = 1000


class Artifacts:
    """Reads, tags, copies and deletes artifacts."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list_versions(
        self, project: str, repository: str, *, kind: str = CHART, tag: str = "", untagged: bool = False
    ) -> list[Artifact]:
        """Return a repository's artifacts, newest push first, with tags, labels and signatures.

        A repository that does not exist is empty, and for administrators so is one in a missing project.

        Args:
            project: The project's name (a number here is a name).
            repository: Inside the project, such as `platform/gateway`.
            kind: Harbor's `type`; empty: all.
            tag: Only what carries this tag.
            untagged: Only what carries none.
        """
        deed = Deed("listing versions of", project, repository, permission="artifact:list")
        filters = {"type": kind} if kind else {}
        if tag or untagged:
            filters["tags"] = tag_of(tag) if tag else "nil"
        params = {**EVERYTHING, **({"q": filter_query(filters)} if filters else {})}
        path = f"{repository_path(project, repository)}/artifacts"
        found = await self._transport.collect(deed, path, Artifact, params)
        # Somebody may push between two pages, which moves an artifact onto the next one.
        return [*{artifact.digest: artifact for artifact in found}.values()]

    async def list_latest_charts(self, project: str) -> list[Artifact]:
        """Return the most recently pushed version of every chart in a project, in one walk."""
        deed = Deed("listing charts of", project, permission="artifact:list")
        params = {"with_tag": "true", "latest_in_repository": "true", "q": filter_query({"media_type": CHART_CONFIG})}
        found = await self._transport.collect(deed, f"/projects/{segment(project)}/artifacts", Artifact, params)
        return [*{artifact.repository_name: artifact for artifact in found}.values()]

    async def count(self, project: str, *, kind: str) -> int:
        """Return how many artifacts of a `type` a whole project holds, in one small request."""
        deed = Deed("counting artifacts of", project, permission="artifact:list")
        params = {"q": filter_query({"type": kind}), "page_size": "1"}
        reply = await self._transport.send(deed, "GET", f"/projects/{segment(project)}/artifacts", params=params)
        return int(reply.headers.get("x-total-count") or 0)

    async def list_image_repositories(self, project: str) -> list[str]:
        """Return the full names of a project's repositories that hold images, in one small request where none does."""
        if not await self.count(project, kind="IMAGE"):
            return []
        deed = Deed("listing images of", project, permission="artifact:list")
        params = {"q": filter_query({"type": "IMAGE"})}
        found = await self._transport.collect(deed, f"/projects/{segment(project)}/artifacts", Artifact, params)
        return sorted({artifact.repository_name for artifact in found})

    async def get(self, project: str, repository: str, reference: str) -> Artifact:
        """Return one artifact by version, tag or digest.

        Raises:
            NotFoundError: There is none.
        """
        deed = Deed("reading", project, repository, reference, permission="artifact:read")
        response = await self._transport.send(
            deed, "GET", artifact_path(project, repository, reference), params=EVERYTHING
        )
        return self._transport.read(deed, response, Artifact)

    async def find(self, project: str, repository: str, reference: str) -> Artifact | None:
        """Return one artifact, or None."""
        try:
            return await self.get(project, repository, reference)
        except NotFoundError:
            return None

    async def text(self, project: str, repository: str, reference: str, addition: Addition) -> str:
        """Return a chart's values or readme; empty when it has none.

        Raises:
            HarborError: It is no chart.
            UnreachableError: Its archive is broken: Harbor never looked at it before.
        """
        deed = Deed(f"reading {addition} of", project, repository, reference, permission="artifact-addition:read")
        path = f"{artifact_path(project, repository, reference)}/additions/{addition}"
        return (await self._transport.send(deed, "GET", path)).body.decode("utf-8", "replace")

    async def dependencies(self, project: str, repository: str, reference: str) -> list[dict[str, Any]]:
        """Return a chart's dependencies as its Chart.yaml has them."""
        deed = Deed("reading dependencies of", project, repository, reference, permission="artifact-addition:read")
        path = f"{artifact_path(project, repository, reference)}/additions/dependencies"
        response = await self._transport.send(deed, "GET", path)
        # A chart without dependencies has `null` there.
        return self._transport.read(deed, response, list[dict[str, Any]] | None) or []  # type: ignore[arg-type]

    async def copy(self, source: str, project: str, repository: str) -> None:
        """Copy an artifact inside this Harbor, bit-identical; doing it again changes nothing.

        By tag one tag comes along and moves if it exists with other content, so look first; by digest all come.

        Args:
            source: `project/repository:tag` or `project/repository@digest`.
            project: Where to.
            repository: Where to, inside the project.

        Raises:
            ImmutableTagError: The tag is there with other content, and immutable.
            NotFoundError: The source or the project is missing.
        """
        deed = Deed(f"copying {source} to", project, repository, permission="artifact:create")
        path = f"{repository_path(project, repository)}/artifacts"
        try:
            await self._transport.send(deed, "POST", path, params={"from": source}, again=True)
        except HarborError as error:
            # A missing source is a bad request to Harbor. Its Location is not used: it is encoded once too little.
            if error.status == 400 and "not found" in error.message:
                raise NotFoundError(error.message, hint=error.hint, status=404) from error
            raise

    async def list_tags(self, project: str, repository: str, reference: str) -> list[Tag]:
        """Return the tags of one artifact, newest first."""
        deed = Deed("listing tags of", project, repository, reference, permission="tag:list")
        path = f"{artifact_path(project, repository, reference)}/tags"
        return await self._transport.collect(deed, path, Tag, {"with_immutable_status": "true"})

    async def add_tag(self, project: str, repository: str, reference: str, tag: str) -> None:
        """Put another tag on an artifact.

        Raises:
            ConflictError: The repository has the tag already, also on this very artifact.
        """
        deed = Deed(f"tagging {tag}", project, repository, reference, permission="tag:create")
        path = f"{artifact_path(project, repository, reference)}/tags"
        await self._transport.send(deed, "POST", path, body={"name": tag})

    async def delete_tag(self, project: str, repository: str, reference: str, tag: str) -> None:
        """Take one tag off; none is fine. Deleting the artifact by a tag would take all of them."""
        deed = Deed(f"removing tag {tag} from", project, repository, reference, permission="tag:delete")
        path = f"{artifact_path(project, repository, reference)}/tags/{segment(tag_of(tag))}"
        await self._transport.send(deed, "DELETE", path, accept=frozenset({404}))

    async def delete(self, project: str, repository: str, digest: str) -> None:
        """Delete an artifact with all its tags; none is fine.

        Raises:
            ImmutableTagError: One of its tags is immutable.
        """
        deed = Deed("deleting", project, repository, digest, permission="artifact:delete")
        await self._transport.send(deed, "DELETE", artifact_path(project, repository, digest), accept=frozenset({404}))

    async def add_label(self, project: str, repository: str, reference: str, label_id: int) -> None:
        """Put a label on an artifact; one that is there already is fine."""
        deed = Deed("labelling", project, repository, reference, permission="artifact-label:create")
        path = f"{artifact_path(project, repository, reference)}/labels"
        await self._transport.send(deed, "POST", path, body={"id": label_id}, accept=frozenset({409}), again=True)

    async def list_pushes(self, project: str, repository: str) -> list[AuditEntry]:
        """Return who pushed what to a repository, newest first, from the audit log: at most about 1,000 events.

        Raises:
            NotAllowedError: The account may not read the log: project administrators may.
        """
        deed = Deed("reading the audit log of", project, permission="log:list")
        name = f"{project}/{repository}"
        filters = {"operation": "create", "resource_type": "artifact", "resource": f"~{name}"}
        path = f"/projects/{segment(project)}/auditlog-exts"
        entries = await self._transport.collect(
            deed, path, AuditEntry, {"q": filter_query(filters)}, limit=_AUDIT_LIMIT
        )
        # Harbor ignores filters it does not know, older ones know fewer.
        return [e for e in entries if e.operation == "create" and e.resource.startswith((f"{name}:", f"{name}@"))]
