"""What guards a project: immutable rules, retention, quota, labels."""

from __future__ import annotations

import contextlib
from typing import Any

from helmkit.harbor.addresses import segment
from helmkit.harbor.errors import ConflictError
from helmkit.harbor.faults import Deed
from helmkit.harbor.records import ImmutableRule, Label, Quota, RetentionPolicy, RetentionRule, Selector
from helmkit.harbor.transport import Transport


def immutable_rule(tags: Selector, repositories: Selector, *, disabled: bool = False) -> dict[str, Any]:
    """Return the body of a rule.

    Selectors must be doublestar ones: Harbor takes any other kind too, and it then switches off all rules after it.
    """
    return {
        "disabled": disabled,
        "action": "immutable",
        "template": "immutable_template",
        "tag_selectors": [tags],
        "scope_selectors": {"repository": [repositories]},
    }


class Protection:
    """Reads and changes a project's rules and limits."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list_rules(self, project: str) -> list[ImmutableRule]:
        """Return a project's immutable rules, in the order in which Harbor looks at them."""
        deed = Deed("listing immutable rules of", project, permission="immutable-tag:list")
        return await self._transport.collect(deed, f"/projects/{segment(project)}/immutabletagrules", ImmutableRule)

    async def add_rule(self, project: str, body: dict[str, Any]) -> None:
        """Add an immutable rule; the same one again is fine."""
        deed = Deed("adding an immutable rule to", project, permission="immutable-tag:create")
        path = f"/projects/{segment(project)}/immutabletagrules"
        await self._transport.send(deed, "POST", path, body=body, accept=frozenset({409}))

    async def update_rule(self, project: str, rule_id: int, body: dict[str, Any]) -> None:
        """Replace an immutable rule."""
        deed = Deed("changing an immutable rule of", project, permission="immutable-tag:update")
        path = f"/projects/{segment(project)}/immutabletagrules/{rule_id}"
        await self._transport.send(deed, "PUT", path, body={**body, "id": rule_id})

    async def delete_rule(self, project: str, rule_id: int) -> None:
        """Delete an immutable rule; none is fine."""
        deed = Deed("deleting an immutable rule of", project, permission="immutable-tag:delete")
        path = f"/projects/{segment(project)}/immutabletagrules/{rule_id}"
        await self._transport.send(deed, "DELETE", path, accept=frozenset({404}))

    async def get_retention(self, policy_id: int) -> RetentionPolicy:
        """Return a retention policy; its id stands in the project's metadata."""
        deed = Deed(f"reading retention policy {policy_id}", permission="tag-retention:read")
        return await self._transport.get(deed, f"/retentions/{policy_id}", RetentionPolicy)

    async def set_retention(
        self, project: str, project_id: int, policy_id: int | None, rules: list[RetentionRule], cron: str
    ) -> None:
        """Make or replace a project's retention policy.

        Args:
            project: Its name, for errors.
            project_id: Its id.
            policy_id: Of the policy it has, from its metadata; None: it has none.
            rules: What is kept; anything no rule keeps is deleted at the next run.
            cron: When it runs, six fields with seconds first; empty: only by hand.
        """
        deed = Deed("setting the retention of", project, permission="tag-retention:create")
        body = {
            "algorithm": "or",
            "scope": {"level": "project", "ref": project_id},
            "trigger": {"kind": "Schedule", "references": {}, "settings": {"cron": cron}},
            "rules": [{"action": "retain", **_rule(rule)} for rule in rules],
        }
        if policy_id is None:
            await self._transport.send(deed, "POST", "/retentions", body=body)
        else:
            await self._transport.send(deed, "PUT", f"/retentions/{policy_id}", body={**body, "id": policy_id})

    async def get_quota(self, project_id: int) -> Quota | None:
        """Return a project's quota; None when this Harbor counts none for it."""
        deed = Deed("reading the quota of project", str(project_id), permission="quota:list")
        params = {"reference": "project", "reference_id": str(project_id)}
        found = await self._transport.collect(deed, "/quotas", Quota, params)
        return found[0] if found else None

    async def set_quota(self, project: str, quota_id: int, storage: int) -> None:
        """Set how many bytes a project may store; -1: no limit. Only administrators may."""
        deed = Deed("setting the quota of", project, permission="quota:update")
        await self._transport.send(deed, "PUT", f"/quotas/{quota_id}", body={"hard": {"storage": storage}})

    async def get_summary(self, project: str) -> dict[str, Any]:
        """Return a project's numbers; its quota is readable here for its members too."""
        deed = Deed("reading the summary of", project, permission="project:read")
        return await self._transport.get(deed, f"/projects/{segment(project)}/summary", dict[str, Any])

    async def list_labels(self, project_id: int | None, name: str = "") -> list[Label]:
        """Return the labels of a project, or the global ones; `name` is part of their names."""
        scope = {"scope": "g"} if project_id is None else {"scope": "p", "project_id": str(project_id)}
        params = {**scope, **({"name": name} if name else {})}
        return await self._transport.collect(Deed("listing labels"), "/labels", Label, params)

    async def ensure_label(self, project_id: int, name: str, *, color: str = "", description: str = "") -> Label:
        """Return the project's label `name`, made if need be."""
        deed = Deed(f"creating label {name}", permission="label:create")
        body = {"name": name, "scope": "p", "project_id": project_id, "color": color, "description": description}
        held = [one for one in await self.list_labels(project_id, name) if one.name == name]
        if not held:
            with contextlib.suppress(ConflictError):  # Somebody else was faster.
                await self._transport.send(deed, "POST", "/labels", body=body)
            held = [one for one in await self.list_labels(project_id, name) if one.name == name]
        return held[0]


def _rule(rule: RetentionRule) -> dict[str, Any]:
    return {
        "template": rule.template,
        "params": rule.params or {},
        "disabled": rule.disabled,
        "tag_selectors": list(rule.tag_selectors or ()),
        "scope_selectors": {name: list(found) for name, found in (rule.scope_selectors or {}).items()},
    }
