"""Fetch umbrellas from a registry, with the credentials Helm and Docker use."""

from __future__ import annotations

from collections.abc import Mapping

from helmkit.oci import RegistryClient, load_credentials, parse_oci_url, pull_chart


async def fetch_umbrella(url: str, version: str, *, plain_http: bool, environ: Mapping[str, str]) -> tuple[bytes, str]:
    """Return the archive of one version and its manifest digest.

    Args:
        url: The umbrella's own repository, `oci://host/project/platform`.
        version: Which.
        plain_http: Whether the registry speaks HTTP.
        environ: Where credentials and proxies are named.

    Raises:
        HelmkitError: It is not there, or the registry does not answer.
    """
    reference = parse_oci_url(url)
    credentials = await load_credentials(reference.host, environ)
    client = RegistryClient(reference.host, plain_http=plain_http, credentials=credentials, environ=environ)
    async with client:
        return await pull_chart(client, reference.repository, reference.digest or version)
