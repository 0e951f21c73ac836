"""Fetch umbrellas from a registry with the credentials Helm and Docker use, and show other credentials to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from helmkit.errors import ForbiddenError, HelmkitError
from helmkit.names import parse_image
from helmkit.oci import Credentials, RegistryClient, load_credentials, parse_oci_url, pull_chart
from relman.preflight.registry import is_denial, short_pause

if TYPE_CHECKING:
    from relman.actions.pull_secrets import Login


async def fetch_umbrella(
    url: str, version: str, *, plain_http: bool, environ: Mapping[str, str], verify_key: str = ""
) -> tuple[bytes, str]:
    """Return the archive of one version and its manifest digest.

    Args:
        url: The umbrella's own repository, `oci://host/project/platform`.
        version: Which.
        plain_http: Whether the registry speaks HTTP.
        environ: Where credentials and proxies are named.
        verify_key: A public key: what carries no cosign signature of it is refused. The umbrella's signature covers
            all subcharts: they are inside it.

    Raises:
        NotSignedError: It is not signed with the key.
        HelmkitError: It is not there, or the registry does not answer.
    """
    reference = parse_oci_url(url)
    credentials = await load_credentials(reference.host, environ)
    client = RegistryClient(reference.host, plain_http=plain_http, credentials=credentials, environ=environ)
    async with client:
        archive, digest = await pull_chart(client, reference.repository, reference.digest or version)
    if verify_key:
        from helmkit.cosign import Cosign

        cosign = Cosign(environ, reference.host, credentials, plain_http=plain_http)
        await cosign.verify(reference.repository, digest, verify_key)
    return archive, digest


@asynccontextmanager
async def show_credentials(environ: Mapping[str, str]) -> AsyncIterator[Login]:
    """Give what shows an account to a registry, by looking for an image with it; see `Login`."""
    async with AsyncExitStack() as stack:
        clients: dict[tuple[str, str, str, bool], RegistryClient] = {}

        async def login(image: str, credentials: Credentials, *, plain_http: bool) -> tuple[str, str]:
            reference = parse_image(image)
            key = (reference.registry, credentials.username, credentials.password, plain_http)
            if key not in clients:
                client = RegistryClient(
                    reference.registry, plain_http=plain_http, credentials=credentials, environ=environ,
                    sleep=short_pause,
                )  # fmt: skip
                clients[key] = await stack.enter_async_context(client)
            try:
                await clients[key].resolve(reference.repository, reference.digest or reference.tag or "latest")
            except ForbiddenError as error:
                return "refused", error.message
            except HelmkitError as error:
                return ("refused" if is_denial(error) else "unchecked"), error.message
            return "good", ""

        yield login
