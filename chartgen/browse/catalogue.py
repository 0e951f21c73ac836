"""What browsing needs of a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chartgen.browse.records import ChartListing, VersionDetail, VersionListing
from chartgen.harbor.place import Place

if TYPE_CHECKING:
    from chartgen.harbor.connection import Connection


class Catalogue(Protocol):
    """Looks charts up."""

    kind: str
    """`harbor` or `oci`."""

    async def list_charts(self, place: Place, search: str) -> ChartListing:
        """Return the charts of a registry, or of one project, whose name or description holds `search`."""
        ...

    async def list_versions(self, place: Place) -> VersionListing:
        """Return the versions of a chart.

        Raises:
            HelmkitError: There is no such chart.
        """
        ...

    async def detail(self, place: Place) -> VersionDetail:
        """Return one version.

        Raises:
            HelmkitError: There is none.
        """
        ...

    async def text(self, place: Place, name: str) -> str:
        """Return `values.yaml` or `README.md` of one version; empty when it has none."""
        ...

    async def archive(self, place: Place) -> bytes:
        """Return the .tgz of one version. Registries count it as a pull."""
        ...


def open_catalogue(connection: Connection) -> Catalogue:
    """Return the catalogue of a registry: Harbor's, or what plain OCI can tell."""
    if connection.harbor is not None:
        from chartgen.browse.harbor_catalogue import HarborCatalogue

        return HarborCatalogue(connection.harbor, connection.registry)
    from chartgen.browse.oci_catalogue import OciCatalogue

    return OciCatalogue(connection.registry)
