"""All rules, for looking them up: `chartgen check --explain RULE`, `chartgen check --rules`."""

from __future__ import annotations

from dataclasses import dataclass

from chartgen.checks import PLATFORM_RULES, RENDERED_RULES, RULES, TOGETHER_RULES, accepted_error, unused_acceptance
from chartgen.checks.finding import Described, PlatformRule, RefusedRule, RenderedRule, Rule
from chartgen.checks.refusals import refused_rules
from chartgen.manifest.keypath import did_you_mean
from helmkit.errors import UsageError

_HELM_REMEDY = "Correct the release manifest; if it is right, report this as a bug in chartgen's templates."
HELM_LINT = Described("helm-lint", "error", "`helm lint --strict` refuses the chart.", _HELM_REMEDY)
HELM_TEMPLATE = Described("helm-template", "error", "helm cannot render the chart.", _HELM_REMEDY)


@dataclass(frozen=True)
class RuleEntry:
    """One rule as people look it up."""

    id: str
    severity: str
    looks_at: str
    """`values`, `objects`, `platform`, `manifest`, `helm` or `acceptances`."""
    reason: str
    remedy: str
    acceptable: bool
    """A reason in the release manifest may accept what it finds."""


def list_rules() -> list[RuleEntry]:
    """Return every rule, sorted by id."""
    every: list[Described] = [
        *(*RULES, *RENDERED_RULES, *PLATFORM_RULES, *TOGETHER_RULES),
        *(HELM_LINT, HELM_TEMPLATE, unused_acceptance.RULE, accepted_error.RULE),
        *refused_rules(),
    ]
    return sorted((_entry(rule) for rule in every), key=lambda entry: entry.id)


def explain_rule(name: str) -> RuleEntry:
    """Return one rule by its id.

    Raises:
        UsageError: There is none of that id; names the nearest.
    """
    rules = {entry.id: entry for entry in list_rules()}
    if name not in rules:
        message = f"there is no rule called {name!r}"
        raise UsageError(message, hint=did_you_mean(name, rules, "`chartgen check --rules` lists all."))
    return rules[name]


def _entry(rule: Described) -> RuleEntry:
    acceptable = rule.severity == "warning" and rule is not unused_acceptance.RULE
    return RuleEntry(rule.id, rule.severity, _looks_at(rule), rule.reason, rule.remedy, acceptable)


def _looks_at(rule: Described) -> str:
    if isinstance(rule, Rule):
        return "values"
    if isinstance(rule, PlatformRule):
        return "platform"
    if isinstance(rule, RefusedRule):
        return "manifest"
    if rule in (HELM_LINT, HELM_TEMPLATE):
        return "helm"
    if rule in (unused_acceptance.RULE, accepted_error.RULE):
        return "acceptances"
    return "objects" if isinstance(rule, RenderedRule) or rule in TOGETHER_RULES else "platform"
