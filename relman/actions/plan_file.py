"""Plans as files: what was decided and what was asked for, to be reviewed and carried out later as it is.

No values and no secrets are in it: contents are named by their digests.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from helmkit.errors import HelmkitError, UsageError
from relman.actions.upgrade import UpgradeOptions
from relman.core.plan import SCHEMA, Plan
from relman.core.record import Who
from relman.source import Source

_PRIVATE = 0o600


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an upgrade was asked to do."""

    version: str
    name: str = ""
    namespace: str = ""
    everything: bool = False
    source: str = ""
    """Empty: where the newest set revision took its charts from."""
    plain_http: bool = False
    environment: str = ""
    change_environment: bool = False
    restore: bool = True
    timeout: int = 0
    release_holds: bool = False
    skip: tuple[str, ...] = ()


class PlanFile(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, and how it came to be."""

    schema: str
    written: str
    who: Who
    asked: Asked
    plan: Plan


def build_plan_file(plan: Plan, options: UpgradeOptions, *, who: Who, written: str) -> PlanFile:
    """Return a plan as a document."""
    asked = Asked(
        version=options.version,
        name=options.name or "",
        namespace=options.namespace or "",
        everything=options.everything,
        source=options.source.recorded() if options.source else "",
        plain_http=bool(options.source and options.source.plain_http),
        environment=plan.environment,
        change_environment=options.change_environment,
        restore=options.restore,
        timeout=options.timeout,
        release_holds=options.release_holds,
        skip=options.skip,
    )
    return PlanFile(schema=SCHEMA, written=written, who=who, asked=asked, plan=plan)


def write_plan(path: Path, document: PlanFile) -> None:
    """Write a plan that only its owner can read.

    Raises:
        UsageError: An unfinished run stands in the way: the plan would change by closing it.
        HelmkitError: The file cannot be written.
    """
    if document.plan.unfinished:
        msg = f"a plan over an unfinished run cannot be stored ({', '.join(document.plan.unfinished)})"
        raise UsageError(msg, hint="Finish it first: `relman resume`, or `relman abort`.")
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
            file.write(text + b"\n")
    except OSError as error:
        msg = f"the plan cannot be written to {path}: {error.strerror}"
        raise HelmkitError(msg, hint="Choose another place with --out.") from error


def load_plan(path: Path) -> PlanFile:
    """Read a stored plan.

    Raises:
        UsageError: It is none, or a newer relman wrote it.
    """
    try:
        document = msgspec.json.decode(path.read_bytes(), type=PlanFile)
    except OSError as error:
        msg = f"--plan {path}: {error.strerror}"
        raise UsageError(msg, hint="Write one with `relman upgrade … --dry-run --out FILE`.") from error
    except (ValueError, msgspec.MsgspecError) as error:
        msg = f"--plan {path} is not a plan of relman: {error}"
        raise UsageError(msg, hint="Write one with `relman upgrade … --dry-run --out FILE`.") from error
    if document.schema.partition(".")[0] != SCHEMA.partition(".")[0]:
        msg = f"--plan {path} has schema {document.schema}, and this relman reads {SCHEMA}"
        raise UsageError(msg, hint="Plan again with this version.")
    return document


def planned_options(document: PlanFile) -> UpgradeOptions:
    """Return what to ask for so that the same plan is made again; it must then fit."""
    asked = document.asked
    return UpgradeOptions(
        version=asked.version,
        name=asked.name or None,
        namespace=asked.namespace or None,
        everything=asked.everything,
        source=Source(asked.source, asked.plain_http) if asked.source else None,
        environment=asked.environment,
        change_environment=asked.change_environment,
        restore=asked.restore,
        timeout=asked.timeout,
        release_holds=asked.release_holds,
        skip=asked.skip,
        expected=document.plan,
    )
