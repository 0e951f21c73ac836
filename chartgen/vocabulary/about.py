"""What people read about charts in a registry's web page: home, icon, sources, keywords and licences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from chartgen.vocabulary.scalars import Entry, Text

_URL = re.compile(r"https?://[^\s@]+")
_LICENSE = re.compile(r"[A-Za-z0-9.+() -]+")


def _check_url(text: str) -> str:
    if not _URL.fullmatch(text):
        # Not repeated: a password may stand in it.
        msg = "it is not a URL that charts may show; write it like https://example.org/shop, without a user name"
        raise ValueError(msg)
    return text


def _check_license(text: str) -> str:
    if not _LICENSE.fullmatch(text):
        msg = f'{text!r} is not an SPDX expression; write it like "Apache-2.0" or "MIT OR Apache-2.0"'
        raise ValueError(msg)
    return text


Url = Annotated[str, AfterValidator(_check_url)]


@dataclass(frozen=True)
class About:
    """What every chart of a platform says of itself besides its name, version and description."""

    home: str = ""
    icon: str = ""
    sources: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    licenses: str = ""

    def fields(self) -> dict[str, Any]:
        """Return what is known of Chart.yaml's own fields, in Helm's order."""
        known = {
            "keywords": list(self.keywords),
            "home": self.home,
            "sources": list(self.sources),
            "icon": self.icon,
        }
        return {name: value for name, value in known.items() if value}

    def annotations(self) -> Mapping[str, str]:
        """Return what Chart.yaml has no field for; it goes along into the published manifest."""
        if not self.licenses:
            return {}
        return {"artifacthub.io/license": self.licenses, "org.opencontainers.image.licenses": self.licenses}


class AboutEntry(Entry):
    """The same as people write it, in `[platform]`."""

    home: Url | None = None
    """Web page about the platform, shown with every chart."""
    icon: Url | None = None
    """Picture that registries show with every chart."""
    sources: list[Url] = []
    """Where the sources are; the first one is the `source` of every published chart."""
    keywords: list[Annotated[Text, Field(min_length=1)]] = []
    """What people search for."""
    licenses: Annotated[str, AfterValidator(_check_license)] | None = None
    """Licence of the charts: an SPDX expression, `Apache-2.0`."""

    @property
    def about(self) -> About:
        """What the charts are built with."""
        return About(self.home or "", self.icon or "", tuple(self.sources), tuple(self.keywords), self.licenses or "")
