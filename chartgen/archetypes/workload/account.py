"""A ServiceAccount of a service's own and its rights, as chart values."""

from __future__ import annotations

from chartgen.archetypes.archetype import Values
from chartgen.archetypes.workload.pod import AnyWorkload
from chartgen.vocabulary.account import Account, Rule


def account_name(model: AnyWorkload) -> str | None:
    """Return the name of the ServiceAccount made with a service, or None when none is made."""
    if model.service_account or not (model.account or model.rbac):
        return None  # rights go to the account that exists
    return (model.account.name if model.account else None) or model.name


def build_account(model: AnyWorkload) -> Values:
    """Return `serviceAccount` and `rbac`, those that there are."""
    found: Values = {}
    name = account_name(model)
    if name:
        account = model.account or Account()
        found["serviceAccount"] = {
            "name": name,
            "automount": bool(model.rbac) if account.token is None else account.token,
            **({"annotations": dict(sorted(account.annotations.items()))} if account.annotations else {}),
        }
    if model.rbac:
        kinds = {"rules": False, "clusterRules": True}
        found["rbac"] = {
            key: {name: _rule(rule) for name, rule in sorted(model.rbac.items()) if rule.cluster is cluster}
            for key, cluster in kinds.items()
        }
    return found


def _rule(rule: Rule) -> Values:
    if rule.urls:
        return {"nonResourceURLs": list(rule.urls), "verbs": list(rule.verbs)}
    names = {"resourceNames": list(rule.names)} if rule.names else {}
    return {"apiGroups": list(rule.groups), "resources": list(rule.resources), **names, "verbs": list(rule.verbs)}
