"""relman with exactly the rights that docs/how-to/rbac.yaml gives, as real service accounts on a real control plane."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from helmkit.charts import write_chart
from sandbox.cluster import Sandbox
from tests.builders import releases
from tests.builders.benches import Bench
from tests.builders.crds import install_crds
from tests.builders.helm import write
from tests.builders.platforms import Service

RIGHTS = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "rbac.yaml"


@pytest.fixture
def bench(sandbox: Sandbox, namespace: str, tmp_path: Path) -> Bench:
    bench = Bench(sandbox, tmp_path, namespace)
    for version, tag in (("1.0.0", "1"), ("1.1.0", "2"), ("1.2.0", "missing-3")):
        bench.publish(
            version,
            Service("store", namespace, kind="StatefulSet"),
            Service("gateway", namespace, tag=tag, depends_on=("store",)),
            Service("db", namespace, kind="External"),
        )
    bench.kubectl("apply", "-f", str(RIGHTS))
    return bench


@pytest.fixture
def become(bench: Bench, tmp_path: Path) -> Callable[[str], Bench]:
    """Return a bench that is a service account, by a token of its own."""
    whole = yaml.safe_load(bench.sandbox.kubeconfig.read_text())

    def make(account: str) -> Bench:
        token = bench.kubectl("create", "token", account).strip()
        config = {**whole, "users": [{"name": "me", "user": {"token": token}}]}
        current = next(one for one in whole["contexts"] if one["name"] == whole["current-context"])
        context = {**current["context"], "user": "me", "namespace": bench.namespace}
        config["contexts"] = [{**current, "context": context}]
        path = tmp_path / f"{account}.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        other = Bench(bench.sandbox, bench.folder, bench.namespace)
        other.environ = {**bench.environ, "KUBECONFIG": str(path)}
        return other

    return make


def without(bench: Bench, role: str, resource: str) -> None:
    """Take one resource out of a role."""
    found: dict[str, Any] = json.loads(bench.kubectl("get", "role", role, "-o", "json"))
    for rule in found["rules"]:
        rule["resources"] = [one for one in rule["resources"] if one != resource] or ["nothing"]
    path = bench.folder / "role.json"
    path.write_text(json.dumps(found))
    bench.kubectl("replace", "-f", str(path))


def test_ci_does_its_whole_work_with_the_rights_of_its_role(bench: Bench, become: Callable[[str], Bench]) -> None:
    ns, ci = bench.namespace, become("relman-ci")
    chart = bench.folder / "by-hand"
    write_chart(chart, Service("gateway", ns).chart_files("0.1.0"))
    bench.helm("install", "gateway", str(chart))
    adopted = ci.relman("adopt", f"{ns}/gateway", "--to", "1.0.0", "-e", "dev", "-o", "json")
    assert adopted.outcomes()["gateway"] == "adopted"
    first = ci.relman("upgrade", ns, "--to", "1.0.0")
    # Only what no role of one namespace can give is left out by preflight.
    assert f"in namespace {ns}" not in "".join(one for one in first.err.splitlines() if "no right" in one)
    assert ci.relman("upgrade", ns, "--to", "1.1.0", "-o", "json").outcomes()["gateway"] == "upgraded"
    failed = ci.relman("upgrade", f"{ns}/", "--to", "1.2.0", code=7)
    assert "missing-3" in failed.err
    shown = ci.relman("show", f"{ns}/", "-o", "json").data
    assert shown["who"]["cluster_user"] == f"system:serviceaccount:{ns}:relman-ci"
    ci.relman("rollback", f"{ns}/gateway", "-m", "slow")
    ci.relman("restart", f"{ns}/gateway")
    assert ci.relman("drift", f"{ns}/", "--exit-code", "-o", "json").data["services"]
    ci.relman("images", f"{ns}/")
    examined = ci.relman("doctor", f"{ns}/", "-o", "json").data["findings"]
    assert not [one for one in examined if one["kind"] == "missing-right"]
    ci.relman("test", f"{ns}/")
    ci.relman("diff", f"{ns}/", "--to", "1.1.0")
    ci.relman("diff", f"{ns}/", "--revisions", "1", "2")
    ci.relman("unlock", ns, "-m", "nobody holds it")
    ci.relman("abort", ns)
    ci.relman("prune", ns, "--yes")
    assert not ci.relman("status", f"{ns}/").err.count("not seen")
    ci.relman("uninstall", f"{ns}/", "--yes")
    assert bench.kubectl("get", "deployments,statefulsets", "-o", "name") == ""


def test_a_reader_sees_what_is_no_secret_and_is_told_what_it_cannot_see(
    bench: Bench, become: Callable[[str], Bench]
) -> None:
    ns = bench.namespace
    bench.relman("upgrade", ns, "--to", "1.0.0")
    bench.relman("upgrade", ns, "--to", "1.1.0")
    reader = become("relman-reader")
    status = reader.relman("status", ns, "-o", "json")
    assert {one["health"] for one in status.data["sets"][0]["services"]} <= {"healthy", "-"}
    assert "list secrets" in status.err
    assert len(reader.relman("history", ns, "-o", "json").data) == 2
    assert reader.relman("show", ns, "2", "-o", "json").data["revision"] == 2
    assert reader.relman("diff", ns, "--revisions", "1", "2", "-o", "json").data["services"]
    assert reader.relman("images", ns, "-o", "json").data
    clean = reader.relman("drift", ns, "--exit-code", "-o", "json")
    assert not any(one["drifted"] for one in clean.data["services"])
    assert "which fields differ (list secrets)" in " ".join(clean.data["unseen"])
    bench.kubectl("set", "image", "deployment/gateway", "main=registry.example/app:9")
    drifted = reader.relman("drift", ns, "--exit-code", "-o", "json", code=3).data["services"]
    assert [one["detail"] for one in drifted if one["drifted"]] == ["Deployment/gateway was changed by kubectl-set"]
    seen = reader.relman("status", ns, "-o", "json").data["sets"][0]["services"]
    states = {one["service"]: one["state"] for one in seen}
    assert states["gateway"] == "drifted"
    examined = reader.relman("doctor", ns, "-o", "json").data["findings"]
    told = [one["summary"] for one in examined if one["kind"] == "missing-right"]
    assert "not seen: Helm's releases and drift" in told
    assert any("create secrets" in one and "update leases" in one for one in told)
    for refused in (("diff", ns, "--to", "1.0.0"), ("upgrade", ns, "--to", "1.0.0"), ("rollback", f"{ns}/gateway")):
        assert "secrets" in reader.relman(*refused, code=1).err
    assert "leases" in reader.relman("unlock", ns, "-m", "x", code=1).err


@pytest.mark.parametrize("resource", ["configmaps", "leases", "deployments", "pods"])
def test_a_right_that_is_missing_is_named(bench: Bench, become: Callable[[str], Bench], resource: str) -> None:
    without(bench, "relman-ci", resource)
    refused = become("relman-ci").relman("upgrade", bench.namespace, "--to", "1.0.0", "--timeout", "20s", code=None)
    assert resource in refused.err


AROUND = """
rbac.own = {{ resources = ["{resource}"], verbs = ["get", "list"] }}
network = true
metrics.discovery = "{discovery}"
routes.a = {{ gateway = {{ name = "edge" }}, any_host = true, port = "http" }}
ingress.b = {{ any_host = true, path = "/b", class = "traefik", port = "http", strip_prefix = true }}
"""


def test_ci_installs_what_stands_around_a_service_and_hands_out_no_rights_it_has_not(
    bench: Bench, become: Callable[[str], Bench], tmp_path: Path
) -> None:
    install_crds(bench.sandbox)
    ci, reader = become("relman-ci"), become("relman-reader")
    for resource, discovery, fine in (("configmaps", "pod-monitor", True), ("limitranges", "service-monitor", False)):
        more = AROUND.format(resource=resource, discovery=discovery)
        chart = write(releases.build(releases.SPRING + more), tmp_path / resource) / "charts" / "gateway"
        options = ["upgrade", "--install", "around", str(chart), f"--namespace={bench.namespace}"]
        command = [str(bench.sandbox.helm), *options]
        done = subprocess.run(command, env=ci.environ, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is fine, done.stderr
        assert ("attempting to grant RBAC permissions not currently held" in done.stderr) is not fine
    kinds = "httproutes,middlewares,podmonitors,servicemonitors,roles,rolebindings,networkpolicies"
    assert "httproute" in reader.kubectl("get", kinds, "-o", "name")
