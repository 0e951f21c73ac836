"""Find and load the umbrella chart that `--from` means."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from helmkit.charts import load_chart, parse_archive
from helmkit.errors import HelmkitError, UsageError
from helmkit.yaml import parse_yaml
from relman.ports import SourcePort
from relman.source.platform import Platform, read_platform

OCI = "oci://"


@dataclass(frozen=True)
class Source:
    """Where umbrellas are: a folder, an archive, or a repository of a registry."""

    location: str
    plain_http: bool = False

    @property
    def remote(self) -> bool:
        """Whether it is in a registry."""
        return self.location.startswith(OCI)

    def recorded(self) -> str:
        """Return what to write into records: folders as absolute paths, so that they mean the same tomorrow."""
        return self.location if self.remote else str(Path(self.location).resolve())


async def load_platform(
    source: Source,
    version: str,
    *,
    folder: Path,
    fetch: SourcePort,
    platform: str = "",
    signed_only: bool = False,
) -> Platform:
    """Load one version of a platform.

    Args:
        source: Where.
        version: Which; the umbrella must call itself that.
        folder: A private folder to unpack into.
        fetch: Gets archives from registries.
        platform: Its name, when it is known: chooses among several umbrellas in one folder.
        signed_only: Take nothing that `fetch` has not seen a signature of.

    Raises:
        UsageError: There is nothing to be found, it is another version, or it cannot be signed.
        HelmkitError: It cannot be read or fetched.
    """
    if source.remote:
        archive, digest = await fetch(source.location, version, plain_http=source.plain_http)
        _, files = parse_archive(archive, f"{source.location}:{version}")
        found = read_platform(files, f"{source.location}:{version}", folder, digest)
    elif signed_only:
        message = f"--verify: {source.location} is on disk, and only what is in a registry carries a signature"
        raise UsageError(message, hint="Name the registry with --from oci://…, or leave --verify out.")
    else:
        found = await asyncio.to_thread(_from_disk, Path(source.location), version, platform, folder)
    if found.bom.version != version:
        message = f"{found.source} is {found.bom.platform} {found.bom.version}, not {version}"
        raise UsageError(message, hint=f"Build {version} with `chartgen build`, or say --to {found.bom.version}.")
    return found


def _from_disk(path: Path, version: str, platform: str, folder: Path) -> Platform:
    if path.is_file():
        _, files = parse_archive(path.read_bytes(), str(path))
        return read_platform(files, str(path), folder)
    if not path.is_dir():
        msg = f"--from {path}: there is no such file or folder"
        raise UsageError(msg, hint="Name an umbrella chart, or dist/.")
    if (path / "Chart.yaml").is_file():
        return read_platform(load_chart(path), str(path), folder)
    archive = _archive_in(path, version, platform)
    if archive is not None:
        _, files = parse_archive(archive.read_bytes(), str(archive))
        return read_platform(files, str(archive), folder)
    chart = _folder_in(path, version, platform)
    if chart is not None:
        return read_platform(load_chart(chart), str(chart), folder)
    message = f"--from {path}: there is no {platform or 'umbrella chart'} {version} in it{_what_is_there(path)}"
    raise UsageError(message, hint=f"Build it with `chartgen build`, or name the folder that holds {version}.")


def _archive_in(path: Path, version: str, platform: str) -> Path | None:
    wanted = f"{platform}-{version}.tgz" if platform else f"*-{version}.tgz"
    # Subchart packages may lie beside the umbrella: only one with a bill of materials counts.
    return _single(path, [a for a in sorted(path.glob(wanted)) if _has_bom(a)], version)


def _has_bom(archive: Path) -> bool:
    try:
        return "bom.json" in parse_archive(archive.read_bytes(), str(archive))[1]
    except HelmkitError:
        return False


def _folder_in(path: Path, version: str, platform: str) -> Path | None:
    charts = sorted(bom.parent for bom in path.glob("*/bom.json") if platform in ("", bom.parent.name))
    fitting = [chart for chart in charts if _version_of(chart) == version]
    return _single(path, fitting, version)


def _version_of(chart: Path) -> str:
    return str((parse_yaml((chart / "Chart.yaml").read_bytes()) or {}).get("version", ""))


def _single(path: Path, found: list[Path], version: str) -> Path | None:
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        msg = f"--from {path}: {version} could be any of {names}"
        raise UsageError(msg, hint="Name one of them with --from.")
    return found[0] if found else None


def _what_is_there(path: Path) -> str:
    names: Iterable[str] = sorted(
        {*(a.name for a in path.glob("*.tgz")), *(b.parent.name for b in path.glob("*/bom.json"))}
    )
    listed = ", ".join(list(names)[:8])
    return f" (it has {listed})" if listed else ""
