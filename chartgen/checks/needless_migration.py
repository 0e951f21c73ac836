"""An acknowledged change that nothing makes."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.build import BuiltPlatform
from chartgen.checks.finding import Hit, PlatformRule
from chartgen.manifest.resolved import ResolvedPlatform


def check(platform: ResolvedPlatform, built: BuiltPlatform) -> Iterator[Hit]:
    """Find acknowledgements of this platform version without a migration in any environment."""
    version = platform.version.partition("-")[0]
    said = {
        (key, name)
        for environment in platform.environments.values()
        for key, service in environment.services.items()
        for name in service.model.migrations.get(version, {})
    }
    made = {
        (key, migration.object)
        for environment in built.bom.environments.values()
        for key, entry in environment.services.items()
        for migration in entry.migrations
        if migration.from_version.partition("-")[0] == version
    }
    for key, name in sorted(said - made):
        path = ("migrations", version, name)
        yield Hit(
            f"migrations.{version} acknowledges a change of {name}, but nothing immutable of it changes", path, key
        )


RULE = PlatformRule(
    "needless-migration",
    "warning",
    "An acknowledgement is meant for one change. One that lies about would let a later, unintended change of the "
    "same object through while this version is not published.",
    "Delete it.",
    check,
)
