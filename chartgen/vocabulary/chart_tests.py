"""What `helm test` checks: that the Service answers (W43)."""

from __future__ import annotations

from chartgen.vocabulary.image import Image, ImageTag
from chartgen.vocabulary.scalars import AbsolutePath, Duration, Entry, PortName


class TestsSection(Entry):
    """`[tests]`: the image of the pods that `helm test` runs. Without this section there are none.

    The image needs a shell, `wget` and `nc`, as busybox has them.
    """

    image: Image
    version: ImageTag


class ChartTest(Entry):
    """The test of one service. By default each TCP port of its Service must accept connections."""

    path: AbsolutePath | None = None
    """Ask for this path by HTTP instead; an answer of 400 and above fails."""
    port: PortName | None = None
    """Only this port. With `path` the default is the first TCP port."""
    timeout: Duration = 30
    """How long the Service may take to answer."""
