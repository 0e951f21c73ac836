"""Compose the charts of a platform: a resolved release manifest in, paths and bytes out. Pure.

    variants -> values per environment -> split (chart, environments) -> charts -> digests, versions -> umbrella

Same input, same bytes: nothing here knows the clock, the disk, the locale or the order of a set.
"""

from chartgen.build.built import BuiltChart, BuiltPlatform
from chartgen.build.platform import build_platform

__all__ = ["BuiltChart", "BuiltPlatform", "build_platform"]
