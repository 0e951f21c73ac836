"""From findings to a report: where each stands in the release manifest, and which are meant to be so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from chartgen.acceptance import apply_acceptances
from chartgen.checks import RENDERED_RULES, TOGETHER_RULES
from chartgen.checks.catalogue import list_rules
from chartgen.checks.finding import Finding
from chartgen.manifest.sources import MAIN
from chartgen.manifest.whereabouts import Spot, find_positions, find_section, layer_of
from chartgen.verify import CheckReport, PredictedSize, summarize
from chartgen.workspace import Workspace


def review(
    findings: Iterable[Finding],
    workspace: Workspace,
    environments: Sequence[str],
    contents: Mapping[str, str | bytes],
    shown_in: str = "",
    *,
    with_helm: bool = True,
    sizes: Sequence[PredictedSize] = (),
) -> CheckReport:
    """Return the report of a check. Pure.

    Args:
        findings: Of one environment each, or of none.
        workspace: The platform.
        environments: Those that were checked.
        contents: Its files by name, to find lines in.
        shown_in: What to put before file names so that people can click them.
        with_helm: False when rules about rendered objects did not run.
        sizes: Of every release.
    """
    platform = workspace.platform
    severities = {entry.id: entry.severity for entry in list_rules()}
    skipped = () if with_helm else tuple(rule.id for rule in (*RENDERED_RULES, *TOGETHER_RULES))
    split = [replace(one, environment=name) for one in findings for name in one.environment.split(",")]
    found = apply_acceptances(split, platform, environments, severities, skipped)
    found = _locate(found, environments, contents, shown_in)
    open_, accepted = [one for one in found if not one.accepted], [one for one in found if one.accepted]
    built = workspace.built
    return CheckReport(
        built.name,
        built.version,
        len(built.charts),
        tuple(environments),
        summarize(open_),
        summarize(accepted),
        tuple(sizes),
    )


def _locate(
    findings: Sequence[Finding], environments: Collection[str], contents: Mapping[str, str | bytes], shown_in: str
) -> list[Finding]:
    default = next(iter(environments), "")
    spots = {one: Spot(one.environment or default, one.service, one.path) for one in findings if one.service}
    places = find_positions(contents, spots.values(), shown_in)
    located = []
    for one in findings:
        position = places.get(spots[one]) if one in spots else None
        if position is None and one.path[:1] == ("accept",):
            section = "environment" if one.environment else "platform"
            source = layer_of(one.environment, contents) if one.environment else MAIN
            position = find_section(contents, source, (section, *one.path), shown_in)
        located.append(replace(one, where=str(position) if position else ""))
    return located
