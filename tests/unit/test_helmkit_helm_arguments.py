"""The argv of every helm command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmkit.helm.arguments import (
    lint_arguments,
    rollback_arguments,
    template_arguments,
    uninstall_arguments,
    upgrade_arguments,
)

CHART = Path("/charts/gateway")
UPGRADE: dict[str, Any] = {
    "namespace": "shop",
    "timeout": 300,
    "major": 4,
    "description": "",
    "install": True,
    "wait": False,
    "dry_run": "none",
    "force_conflicts": True,
    "server_side": True,
    "labels": {},
}
ROLLBACK: dict[str, Any] = {
    key: UPGRADE[key] for key in ("namespace", "timeout", "major", "wait", "force_conflicts", "server_side")
} | {"description": None}
TEMPLATE: dict[str, Any] = {
    "namespace": "shop",
    "value_files": (),
    "stdin": False,
    "set_values": {},
    "kube_version": None,
    "include_crds": False,
    "validate": False,
    "major": 4,
}


def upgrade(**changes: Any) -> list[str]:
    return upgrade_arguments("gateway", CHART, **{**UPGRADE, **changes})


def rollback(**changes: Any) -> list[str]:
    return rollback_arguments("gateway", 3, **{**ROLLBACK, **changes})


def test_upgrade() -> None:
    assert upgrade() == [
        "upgrade",
        "gateway",
        "/charts/gateway",
        "--namespace=shop",
        "--values=-",
        "--output=json",
        "--history-max=0",
        "--timeout=300s",
        "--reset-values",
        "--install",
        "--server-side=true",
        "--force-conflicts",
    ]


@pytest.mark.parametrize(
    ("changes", "added", "missing"),
    [
        ({"description": "-x"}, ["--description=-x"], []),
        ({"wait": True}, ["--wait"], []),
        ({"install": False}, [], ["--install"]),
        ({"dry_run": "server"}, ["--dry-run=server"], []),
        ({"force_conflicts": False}, ["--server-side=true"], ["--force-conflicts"]),
        # Helm refuses the combination.
        ({"server_side": False}, ["--server-side=false"], ["--force-conflicts"]),
        ({"major": 3}, [], ["--force-conflicts", "--server-side=true"]),
        ({"labels": {"b": "2", "a": "1"}}, ["--labels=a=1,b=2"], []),
    ],
)
def test_upgrade_options(changes: dict[str, Any], added: list[str], missing: list[str]) -> None:
    arguments = upgrade(**changes)
    assert set(added) <= set(arguments)
    assert not set(missing) & set(arguments)


def test_rollback() -> None:
    assert rollback(description="d" * 300) == [
        "rollback",
        "gateway",
        "3",
        "--namespace=shop",
        "--history-max=0",
        "--timeout=300s",
        "--description=" + "d" * 256,
        "--server-side=true",
        "--force-conflicts",
    ]
    assert rollback(major=3, description="why", wait=True) == [
        "rollback",
        "gateway",
        "3",
        "--namespace=shop",
        "--history-max=0",
        "--timeout=300s",
        "--wait",
    ]


def test_uninstall() -> None:
    plain = ["uninstall", "gateway", "--namespace=shop", "--timeout=60s"]
    assert uninstall_arguments("gateway", namespace="shop", timeout=60, keep_history=False) == plain
    assert uninstall_arguments("gateway", namespace="shop", timeout=60, keep_history=True) == [*plain, "--keep-history"]


def test_template_and_lint() -> None:
    changes = {
        "value_files": (Path("a.yaml"), Path("b.yaml")),
        "stdin": True,
        "set_values": {"tags.shop": "true", "x": "a,b\\c"},
        "kube_version": "1.30.0",
        "include_crds": True,
        "validate": True,
    }
    assert template_arguments("gateway", CHART, **{**TEMPLATE, **changes}) == [
        "template",
        "gateway",
        "/charts/gateway",
        "--namespace=shop",
        "--values=a.yaml",
        "--values=b.yaml",
        "--values=-",
        "--set=tags.shop=true",
        "--set=x=a\\,b\\\\c",
        "--kube-version=1.30.0",
        "--include-crds",
        "--dry-run=server",
    ]
    assert "--validate" in template_arguments("gateway", CHART, **{**TEMPLATE, "validate": True, "major": 3})
    assert lint_arguments(CHART, value_files=(), stdin=False, set_values={}, strict=True) == [
        "lint",
        "/charts/gateway",
        "--strict",
    ]
