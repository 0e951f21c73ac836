"""Fetch charts of third parties and keep them beside the release manifest: the next build needs no network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urljoin

import yaml

from chartgen.archetypes.vendor_chart.model import VendorChart
from chartgen.manifest.resolved import ResolvedPlatform
from chartgen.output import write_file
from chartgen.vendoring.address import Address, parse_address
from chartgen.vendoring.archive import check_kept, find_kept
from helmkit.errors import HelmkitError, UnreachableError, UsageError

_INDEX_LIMIT = 64 * 1024 * 1024
"""Bytes of an index.yaml; the largest public ones have about 20 MB."""
_ARCHIVE_LIMIT = 32 * 1024 * 1024
_FOUND = 200


def missing_charts(platform: ResolvedPlatform) -> dict[str, VendorChart]:
    """Return the charts that must be fetched, by the name of the file that will hold them."""
    return {
        parse_address(model.chart).kept_as(model.version): model
        for environment in platform.environments.values()
        for model in _models(platform, environment.name)
        if parse_address(model.chart).remote and find_kept(model.chart, model.version, environment.files) is None
    }


async def fetch_charts(platform: ResolvedPlatform, folder: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Fetch what is missing and write it below `folder`; idempotent.

    Returns:
        The names of the files that are new, sorted.

    Raises:
        UsageError: What came is not what is pinned; nothing of it is kept.
        UnreachableError: A server does not answer.
        HelmkitError: There is no such chart.
    """
    wanted = missing_charts(platform)
    names = sorted(wanted)
    archives = await asyncio.gather(*(fetch_chart(wanted[name], environ) for name in names))
    for name, archive in zip(names, archives, strict=True):
        write_file(folder / name, archive)
    return tuple(names)


async def fetch_chart(model: VendorChart, environ: Mapping[str, str]) -> bytes:
    """Return a chart's archive, which is the one that is pinned.

    Raises:
        UsageError: It is another one, or nothing is pinned; the message tells the digest.
        HelmkitError: It cannot be fetched.
    """
    address = parse_address(model.chart)
    if address.kind == "oci":
        archive = await _from_registry(address, model, environ)
    else:
        url = address.place
        if address.kind == "repository":
            url = await _find_in_index(address, model.version, environ)
        archive = await _get(url, environ, _ARCHIVE_LIMIT)
    where = address.kept_as(model.version)
    kept = find_kept(model.chart, model.version, {where: archive})
    fault, hint = check_kept(kept, model.version, model.digest) if kept else ("is no chart", "")
    if fault:
        message = f"services.{model.name}: {model.chart} {model.version} {fault}"
        raise UsageError(message, hint=f"{hint[:1].upper()}{hint[1:]}." if hint else None)
    return archive


def _models(platform: ResolvedPlatform, environment: str) -> Iterator[VendorChart]:
    for service in platform.environments[environment].services.values():
        if isinstance(service.model, VendorChart):
            yield service.model


async def _from_registry(address: Address, model: VendorChart, environ: Mapping[str, str]) -> bytes:
    from helmkit.oci import RegistryClient, load_credentials, parse_oci_url, pull_chart

    reference = parse_oci_url(address.place)
    credentials = await load_credentials(reference.host, environ)
    async with RegistryClient(
        reference.host, plain_http=model.plain_http, credentials=credentials, environ=environ
    ) as client:
        return (await pull_chart(client, reference.repository, model.version))[0]


async def _find_in_index(address: Address, version: str, environ: Mapping[str, str]) -> str:
    index = f"{address.place}/index.yaml"
    text = await _get(index, environ, _INDEX_LIMIT)
    try:
        entries = (yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {})["entries"]  # noqa: S506
        listed = entries.get(address.name) or []
        found = [one for one in listed if str(one["version"]).removeprefix("v") == version.removeprefix("v")]
        urls = [str(url) for one in found for url in one["urls"]]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        message = f"{index} is not the index of a chart repository"
        raise HelmkitError(message, hint="Check the address: https://host/repository/chart.") from error
    if not urls:
        known = ", ".join(str(one.get("version")) for one in listed[:5])
        message = f"{address.place} has no {address.name} {version}" + (f"; newest: {known}" if known else "")
        raise HelmkitError(message[:_FOUND], hint="Check the chart's name and version.")
    return urljoin(f"{address.place}/", urls[0])


async def _get(url: str, environ: Mapping[str, str], limit: int) -> bytes:
    from helmkit.http.exchange import ConnectionLostError
    from helmkit.http.pool import HttpExchange

    exchange = HttpExchange(url, environ, None)
    try:
        # What is packed already must come as it is: its digest is over exactly these bytes.
        reply = await exchange.send("GET", url, headers={"Accept-Encoding": "identity"}, limit=limit)
    except ConnectionLostError as error:
        message = f"fetching {url} failed: {error}"
        raise UnreachableError(
            message, hint="Check the address and the proxy; a kept copy needs no network."
        ) from error
    finally:
        await exchange.aclose()
    if reply.status != 200:
        message = f"fetching {url} failed: the server answered {reply.status}"
        raise HelmkitError(message, hint="Check the chart's address and version.")
    return reply.body
