"""Browsing a Harbor: its management API tells nearly everything, and none of it counts as a pull."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chartgen.browse.images import annotated_images
from chartgen.browse.records import ChartListing, ChartSummary, VersionDetail, VersionListing, VersionSummary
from chartgen.harbor.place import Place
from helmkit.harbor import Harbor, HarborError, NotAllowedError, NotFoundError, version_of
from helmkit.harbor.artifacts import Addition
from helmkit.harbor.records import CHART, Artifact, Project, when
from helmkit.tasks import both, gather

if TYPE_CHECKING:
    from helmkit.oci import RegistryClient


class HarborCatalogue:
    """Looks charts up in a Harbor."""

    kind = "harbor"

    def __init__(self, harbor: Harbor, registry: RegistryClient) -> None:
        self._harbor = harbor
        self._registry = registry

    async def list_charts(self, place: Place, search: str) -> ChartListing:
        """Return the charts of one project or of all that this account sees, newest version each; see `Catalogue`."""
        # Where anybody may read, a wrong password goes unnoticed: this is what notices.
        account, projects = await both(self._harbor.whoami(), self._projects(place))
        found = await gather(*(self._charts_of(project) for project in projects))
        charts = [chart for listed, _ in found for chart in listed]
        notes = [note for _, note in found if note]
        if account.kind == "anonymous":
            notes.append(f"nobody is logged in: only public projects are shown (helm registry login {place.host})")
        below = f"{place.path}/"
        kept = [c for c in charts if f"{c.repository}/".startswith(below) or not place.path]
        kept = [c for c in kept if search.lower() in f"{c.repository} {c.description or ''}".lower()]
        return ChartListing(place.host, "harbor", tuple(sorted(kept, key=lambda c: c.repository)), tuple(notes))

    async def _projects(self, place: Place) -> list[Project]:
        if not place.path:
            return await self._harbor.projects.list_visible()
        found = await self._harbor.projects.find(place.project)
        return [found or Project(name=place.project, project_id=0)]

    async def _charts_of(self, project: Project) -> tuple[list[ChartSummary], str]:
        try:
            latest = await self._harbor.artifacts.list_latest_charts(project.name)
        except NotAllowedError:
            return await self._repositories_of(project)
        return [_chart(one, project) for one in latest if one.type == CHART], ""

    async def _repositories_of(self, project: Project) -> tuple[list[ChartSummary], str]:
        """Fall back on names: a robot may see repositories without seeing what is in them."""
        try:
            held = await self._harbor.repositories.list_of(project.name)
        except NotAllowedError as error:
            return [], f"{project.name}: not shown: {error.message}"
        names = [ChartSummary(one.name, description=one.description or None) for one in held]
        return names, f"{project.name}: names alone, because this account lacks the right artifact:list there"

    async def list_versions(self, place: Place) -> VersionListing:
        """Return a chart's versions with who pushed them; see `Catalogue`."""
        where = (place.project, place.repository)
        artifacts, (pushers, note) = await both(self._versions(*where), self._pushers(*where))
        versions = tuple(_version(one, pushers) for one in artifacts)
        if not versions and await self._harbor.repositories.find(*where) is None:
            message = f"there is no chart {place}"
            raise NotFoundError(message, hint="`chartgen browse` lists what there is.", status=404)
        return VersionListing(place.host, place.path, "harbor", versions, tuple(filter(None, [note])))

    async def _versions(self, project: str, repository: str) -> list[Artifact]:
        return await self._harbor.artifacts.list_versions(project, repository)

    async def _pushers(self, project: str, repository: str) -> tuple[dict[str, str], str]:
        """Return who pushed, by `:tag` and `@digest`, or why that is unknown."""
        try:
            entries = await self._harbor.artifacts.list_pushes(project, repository)
        except HarborError:
            return {}, "pushed by: unknown, because this account may not read the project's audit log"
        prefix = len(f"{project}/{repository}")
        # Newest first: the last one to move a tag wins.
        return {entry.resource[prefix:]: entry.username for entry in reversed(entries)}, ""

    async def detail(self, place: Place) -> VersionDetail:
        """Return one version; see `Catalogue`."""
        where = (place.project, place.repository)
        artifact, (pushers, note) = await both(self._harbor.artifacts.get(*where, place.version), self._pushers(*where))
        if artifact.type != CHART:
            message = f"{place} is no chart but {artifact.type or 'something unknown'}"
            raise HarborError(message, hint="`chartgen browse` lists the charts.")
        chart: dict[str, Any] = artifact.chart
        return VersionDetail(
            place.host,
            place.path,
            _version(artifact, pushers),
            chart,
            tuple(chart.get("dependencies") or ()),
            tuple(annotated_images(chart)),
            dict(artifact.annotations or {}),
            tuple(filter(None, [note])),
        )

    async def text(self, place: Place, name: str) -> str:
        """Return a chart's values or readme; see `Catalogue`."""
        addition: Addition = "readme.md" if name.lower() == "readme.md" else "values.yaml"
        return await self._harbor.artifacts.text(place.project, place.repository, place.version, addition)

    async def archive(self, place: Place) -> bytes:
        """Return the archive; see `Catalogue`."""
        from helmkit.oci import pull_chart

        archive, _ = await pull_chart(self._registry, place.path, place.version)
        return archive


def _chart(artifact: Artifact, project: Project) -> ChartSummary:
    chart = artifact.chart
    return ChartSummary(
        artifact.repository_name,
        str(chart["version"]) if chart.get("version") else None,
        _text(chart.get("appVersion")),
        when(artifact.push_time),
        _text(chart.get("description")),
        project.public if project.project_id else None,
    )


def _version(artifact: Artifact, pushers: dict[str, str]) -> VersionSummary:
    tags = sorted(artifact.tags or (), key=lambda tag: (tag.name != _own_tag(artifact), tag.push_time))
    names = [version_of(tag.name) for tag in tags]
    by = [pushers.get(f":{tag.name}") for tag in tags] + [pushers.get(f"@{artifact.digest}")]
    return VersionSummary(
        version=names[0] if names else None,
        digest=artifact.digest,
        size=artifact.size,
        pushed=when(artifact.push_time),
        pushed_by=next(filter(None, by), None),
        pulled=when(artifact.pull_time),
        labels=tuple(sorted(label.name for label in artifact.labels or ())),
        immutable=any(tag.immutable for tag in tags),
        signed=artifact.signed,
        scan=_scan(artifact),
        app_version=_text(artifact.chart.get("appVersion")),
        other_tags=tuple(names[1:]),
    )


def _own_tag(artifact: Artifact) -> str:
    return str(artifact.chart.get("version", "")).replace("+", "_")


def _scan(artifact: Artifact) -> str | None:
    """Return the worst severity that a scanner found; None when none looked."""
    for report in (artifact.scan_overview or {}).values():
        if isinstance(report, dict) and report.get("scan_status") == "Success":
            total = (report.get("summary") or {}).get("total", 0)
            return f"{report.get('severity') or 'None'} ({total})" if total else "clean"
        if isinstance(report, dict):
            return _text(report.get("scan_status"))
    return None


def _text(value: object) -> str | None:
    return str(value) if value not in {None, ""} else None
