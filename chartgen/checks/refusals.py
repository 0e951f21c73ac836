"""What chartgen refuses to build at all, as rules that people can look up: the modules of chartgen.manifest.rules."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from chartgen.checks.finding import RefusedRule
from chartgen.manifest import rules

PREFIX = "manifest-"
_REMEDY = "Correct what the message names; every message has its file, line and column."
_SAID: Mapping[str, tuple[str, str]] = {
    "autoscaling": (
        "An autoscaler and a fixed number undo each other's work, and without requests it has nothing to compare with "
        "(T051).",
        "Keep one of replicas and autoscaling; state what the container requests.",
    ),
    "composition": (
        "Kubernetes leaves a $(NAME) that is not defined before it as it is: the program gets the text itself (T108).",
        "Define the variable in the same env; a loop must be taken apart.",
    ),
    "config-secrets": (
        "The file would stand in the chart, in the registry, in a ConfigMap that many may read, and in every Helm "
        "release (T152).",
        "Mount it from a Secret (volumes.NAME.secret), or let the program take the value from a variable.",
    ),
    "containers": (
        "The API server refuses two containers of one name; two that listen on one port never start together.",
        "Rename one of them, or give it another port.",
    ),
    "declared": (
        "A namespace that is misspelt in one place becomes another namespace (T001), an image without a registry comes "
        "from somewhere (T010, T086), and charts beside images of the same name overwrite them (T092).",
        "Declare it in [namespaces] or [registries]; give charts a project of their own.",
    ),
    "dependencies": (
        "Services that wait for each other never start, and one that waits for an unknown one waits for ever (T139).",
        "Break the cycle that the message prints; correct the name.",
    ),
    "jvm": (
        "A share needs a whole: without a memory limit the JVM would take it of the node (T053). What is said twice "
        "is decided by chance.",
        "State resources.memory; keep one of the two.",
    ),
    "limits": (
        "More replicas than a service may have break it (T070); the API server refuses requests above their limits.",
        "Lower the one or raise the other.",
    ),
    "names": (
        "Two releases cannot own one object: the second installation fails or takes it from the first (T004, T006).",
        'Give one of them another name = "…".',
    ),
    "node-ports": (
        "A node port exists once in a cluster, whatever the namespace: the second Service is refused (T039).",
        "Give one of them another port between 30000 and 32767.",
    ),
    "objects": (
        "Two releases cannot own one object, and what belongs to no namespace exists once in a cluster (T146); hooks "
        "stand in no history; a patch of nothing would be silently without effect.",
        "Correct the file at the place the message names, or say it in patches.",
    ),
    "ports": (
        "A port that is not there makes a Service without backends or a probe that never succeeds (T030, T038).",
        "Name one of the service's ports.",
    ),
    "references": (
        "An address that its target cannot answer for is found at run time only (T046, T078, T102).",
        "Refer to what the target has; the message lists it.",
    ),
    "secrets": (
        "A password in the release manifest is in git, in the chart, in the registry and in every Helm release (T152).",
        'Take it from a Secret: NAME = { secret = "…", key = "…" }; inside a longer text as $(NAME) (T153).',
    ),
    "secrets-in-data": (
        "Objects and values stand in git, in the chart, in the registry and in every Helm release (T152).",
        "Refer to a Secret of the cluster by its name.",
    ),
    "storage": (
        "The API server refuses pods with two volumes of one name or two mounts at one path.",
        "Rename one of them.",
    ),
    "vendor": (
        "What is not the pinned archive was changed by somebody, and the umbrella carries each chart once.",
        "Look at what changed, then pin its digest; the message tells it.",
    ),
}


def refused_rules() -> tuple[RefusedRule, ...]:
    """Return one entry for each module of rules, sorted by id."""
    return tuple(_rule(one.name) for one in sorted(pkgutil.iter_modules(rules.__path__), key=lambda one: one.name))


def _rule(module: str) -> RefusedRule:
    name = module.replace("_", "-")
    full = f"{rules.__name__}.{module}"
    docs = (importlib.import_module(full).__doc__ or "").strip().split("\n\n")[0]
    reason, remedy = _SAID.get(name, ("", _REMEDY))
    about = " ".join(docs.split())
    return RefusedRule(PREFIX + name, "error", f"{about} {reason}".strip(), remedy, full)
