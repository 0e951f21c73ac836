"""Where charts and values come from: the umbrella chart of one platform version, checked against its own promises."""

from relman.source.load import Source, load_platform
from relman.source.platform import Platform

__all__ = ["Platform", "Source", "load_platform"]
