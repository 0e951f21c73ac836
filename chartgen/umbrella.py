"""An umbrella chart as it is published: found on disk, taken apart into the charts to push, or into a lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmkit.bom import FILE_NAME as BOM_FILE
from helmkit.bom import BillOfMaterials, parse_bom
from helmkit.charts import ChartFiles, content_digest, load_chart, parse_archive, subchart
from helmkit.errors import HelmkitError, UsageError
from helmkit.oci import ChartReference, RegistryClient, pull_chart
from helmkit.yaml import parse_yaml

if TYPE_CHECKING:
    from chartgen.lockfile import Lock

_REBUILD = "Build it again with `chartgen build`; changes to generated charts belong into the release manifest."


@dataclass(frozen=True)
class Umbrella:
    """An umbrella chart and its bill of materials."""

    source: str
    files: ChartFiles
    bom: BillOfMaterials

    def versions(self) -> dict[str, str]:
        """Return the version of each subchart by its name."""
        dependencies = parse_yaml(self.files["Chart.yaml"]).get("dependencies") or []
        return {entry["name"]: entry["version"] for entry in dependencies}

    def subcharts(self) -> dict[str, ChartFiles]:
        """Return the files of each subchart by its name."""
        return {name: subchart(self.files, name) for name in self.versions()}


def load_umbrella(path: Path) -> Umbrella:
    """Load the umbrella at `path`: its folder, its archive, or a folder that holds exactly one.

    Raises:
        UsageError: There is none, or more than one.
        HelmkitError: It is not an umbrella that chartgen made.
    """
    if path.is_file():
        return read_umbrella(parse_archive(path.read_bytes(), str(path))[1], str(path))
    if not path.is_dir():
        message = f"there is no umbrella chart at {path}"
        raise UsageError(message, hint="Run `chartgen build`, or name the chart's folder or archive with --from.")
    if (path / "Chart.yaml").is_file():
        return read_umbrella(load_chart(path), str(path))
    found = [chart.parent for chart in sorted(path.glob(f"*/{BOM_FILE}"))] or _umbrella_archives(path)
    if len(found) != 1:
        listed = f" ({', '.join(one.name for one in found)})" if found else ""
        message = f"{path} holds {len(found)} umbrella charts{listed}, and one is needed"
        raise UsageError(message, hint="Run `chartgen build`, or name the chart's folder or archive with --from.")
    return load_umbrella(found[0])


def read_umbrella(files: ChartFiles, source: str) -> Umbrella:
    """Return an umbrella from its files.

    Raises:
        HelmkitError: It has no bill of materials.
    """
    if BOM_FILE not in files:
        message = f"{source} is not an umbrella chart of chartgen: it has no {BOM_FILE}"
        raise HelmkitError(message, hint="Name what `chartgen build` wrote.")
    return Umbrella(source, files, parse_bom(files[BOM_FILE], f"{source}/{BOM_FILE}"))


def check_contents(umbrella: Umbrella) -> None:
    """Make sure that the subcharts are those the bill of materials lists.

    Raises:
        HelmkitError: Somebody changed one by hand; names all of them.
    """
    promised = {
        entry.chart: entry.content_digest
        for environment in umbrella.bom.environments.values()
        for entry in environment.services.values()
    }
    found = {name: content_digest(files) for name, files in umbrella.subcharts().items()}
    wrong = sorted(name for name in promised.keys() | found.keys() if promised.get(name) != found.get(name))
    if wrong:
        message = f"{umbrella.source} is not what its {BOM_FILE} says: {', '.join(wrong)} was changed or is missing"
        raise HelmkitError(message, hint=_REBUILD)


def recover_lock(umbrella: Umbrella) -> Lock:
    """Return the lock that a published umbrella was built with.

    Since when an environment uses a chart is not recorded there; the chart's version stands for it.
    """
    # Pushing needs none of them, and they take a while to import.
    from chartgen.lockfile import Lock, LockEntry

    values = {name: parse_yaml(umbrella.files[f"environments/{name}.yaml"]) or {} for name in umbrella.bom.environments}
    versions = umbrella.versions()
    entries = {}
    for name, files in umbrella.subcharts().items():
        immutable = _immutable(umbrella.bom, name, parse_yaml(files.get("values.yaml", b"")) or {}, values)
        since = dict.fromkeys(immutable, versions[name])
        migrations = {
            environment: entry.migrations
            for environment, found in umbrella.bom.environments.items()
            for entry in found.services.values()
            if entry.chart == name and entry.migrations
        }
        entries[name] = LockEntry(versions[name], content_digest(files), since, immutable, migrations)
    return Lock(umbrella.bom.platform, dict(sorted(entries.items())))


def _immutable(
    bom: BillOfMaterials, chart: str, base: dict[str, Any], values: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, str]]:
    from chartgen.archetypes.catalogue import ARCHETYPES
    from chartgen.build.split import merge_values

    return {
        name: ARCHETYPES[entry.archetype].immutable_fields(merge_values(base, values[name].get(chart, {})))
        for name, environment in bom.environments.items()
        for entry in environment.services.values()
        if entry.chart == chart
    }


def _umbrella_archives(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.tgz")) if BOM_FILE in parse_archive(path.read_bytes(), str(path))[1]]


async def fetch_umbrella(client: RegistryClient, reference: ChartReference) -> Umbrella:
    """Return a published umbrella: the one the reference names, else the newest final version.

    Raises:
        HelmkitError: There is none, or the registry cannot be reached.
    """
    tag = reference.digest or reference.tag or _newest(await client.list_tags(reference.repository))
    if not tag:
        message = f"oci://{client.host}/{reference.repository} has no final version"
        raise HelmkitError(message, hint="Name one with --from, or build anew with `chartgen build`.")
    archive, _ = await pull_chart(client, reference.repository, tag)
    source = str(ChartReference(client.host, reference.repository, tag))
    return read_umbrella(parse_archive(archive, source)[1], source)


def _newest(tags: list[str]) -> str:
    from semver import Version

    versions = {tag: Version.parse(tag.replace("_", "+")) for tag in tags if Version.is_valid(tag.replace("_", "+"))}
    final = [tag for tag, version in versions.items() if not version.prerelease]
    return max(final, key=lambda tag: versions[tag], default="")
