"""Registries that are opened with the first question for an image: most commands have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from helmkit.oci import Credentials
    from relman.core.preflight.facts import ImageSeen
    from relman.preflight.registry import Registries


class ImagesOnDemand:
    """An `ImageLookup` over `Registries`. Use it as an async context manager.

    Args:
        environ: Where proxies and SSL_CERT_FILE come from.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._registries: Registries | None = None

    async def __call__(
        self, image: str, credentials: Sequence[Credentials], *, plain_http: bool, platforms: bool
    ) -> ImageSeen:
        """Return what the image's registry says; see `ImageLookup`. Raises nothing."""
        if self._registries is None:
            from relman.preflight.registry import Registries

            self._registries = Registries(self._environ)
        return await self._registries(image, credentials, plain_http=plain_http, platforms=platforms)

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        if self._registries is not None:
            await self._registries.__aexit__(kind, error, trace)
