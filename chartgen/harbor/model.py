"""`[harbor]` of the release manifest: the declared state of the project that the charts are published in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chartgen.vocabulary.scalars import Entry, Key, Text

FOR_EVER = -1


class RobotSection(Entry):
    """`[harbor.robots.<name>]`: an account for a machine, with the least rights its role takes."""

    role: Literal["push", "pull", "promote"]
    """`push`: CI that publishes and browses. `pull`: clusters; nothing but pulling. `promote`: what push may, and
    copying into this project on the server."""
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """After how many days it expires. Default: never."""
    description: Text = ""


class HarborSection(Entry):
    """`[harbor]`: what `chartgen harbor ensure` brings about."""

    project: Annotated[str, Field(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", max_length=255)] | None = None
    """The Harbor project. Default: the first part of the path in `[charts] repository`."""
    public: bool = False
    """Whether anybody may pull without logging in."""
    immutable: bool = True
    """Release versions (without a hyphen: 1.4.2, not 1.4.3-rc.1) can be neither changed nor deleted once they are
    published."""
    keep_prereleases: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """How many pre-releases of each chart are kept; older ones, and what has no tag any more, are deleted at night.
    Release versions are always kept. Default: everything is kept."""
    quota: Annotated[str, Field(pattern=r"^[1-9][0-9]*(Mi|Gi|Ti)$")] | None = None
    """How much the project may store, such as `20Gi`. Default: not touched."""
    robots: dict[Key, RobotSection] = {}
