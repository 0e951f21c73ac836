"""examples/book on a real control plane: from development to production and back, under the names that clients know."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from chartgen.build import build_platform
from chartgen.manifest.load import load_platform
from chartgen.package import write_packages
from sandbox.cluster import Sandbox
from tests.builders.benches import Bench

BOOK = Path(__file__).parents[2] / "examples" / "book"
STORES = ("mongodb", "mysql", "rabbitmq")
SECRETS = {
    "config-server-secrets": ("ENCRYPT_KEY", "SPRING_SECURITY_USER_NAME", "SPRING_SECURITY_USER_PASSWORD"),
    "config-client-credentials": ("CONFIG_SERVER_USR", "CONFIG_SERVER_PWD"),
    "review-db": ("user", "password", "root-password"),
}
QUIET = ("recommendation", "auth-server", "gateway", "product-composite", "zipkin-server")
"""Left out: more of the same, and a node port that is the cluster's."""


def open_bench(sandbox: Sandbox, namespace: str, folder: Path) -> Bench:
    """Build the example with the namespace in place of hands-on; nothing is pulled where kwok plays the kubelets."""
    for name in ("values", "config"):
        shutil.copytree(BOOK / name, folder / name)
    text = (BOOK / "releases.toml").read_text()
    text = text.replace("[namespaces.hands-on]", f"[namespaces.{namespace}]")
    text = text.replace('namespace = "hands-on"', f'namespace = "{namespace}"')
    text = text.replace('name = "book-platform"', f'name = "{namespace}"')
    for name in QUIET:
        text = text.replace(f"[services.{name}]\n", f"[services.{name}]\nenabled = false\n")
    (folder / "releases.toml").write_text(text)
    bench = Bench(sandbox, folder / "dist", namespace)
    write_packages(build_platform(load_platform(folder)), bench.folder)
    for name, keys in SECRETS.items():
        bench.kubectl("create", "secret", "generic", name, *(f"--from-literal={key}=try" for key in keys))
    return bench


def get(bench: Bench, *what: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(bench.kubectl("get", *what, "-o", "json"))["items"]
    return found


def pod_addresses(bench: Bench, selector: str) -> dict[str, set[str]]:
    return {one["metadata"]["labels"]["app"]: {one["status"]["podIP"]} for one in get(bench, "pods", "-l", selector)}


def addresses(bench: Bench, service: str) -> set[str]:
    slices = get(bench, "endpointslices", "-l", f"kubernetes.io/service-name={service}")
    return {address for one in slices for entry in one["endpoints"] or () for address in entry["addresses"]}


def test_stores_go_outside_and_come_back(sandbox: Sandbox, namespace: str, tmp_path: Path) -> None:
    bench = open_bench(sandbox, namespace, tmp_path)
    upgrade = ("upgrade", namespace, "--to", "1.0.0", "--skip", "image", "--yes", "-o", "json")

    bench.relman(*upgrade, "-e", "dev")
    assert {one["metadata"]["name"] for one in get(bench, "statefulsets")} == set(STORES)
    inside = pod_addresses(bench, f"app in ({', '.join(STORES)})")
    assert {name: addresses(bench, name) for name in STORES} == inside

    bench.relman(*upgrade, "-e", "prod", "--change-environment")
    assert get(bench, "statefulsets") == []
    assert {name: addresses(bench, name) for name in STORES} == {name: {"172.17.0.1"} for name in STORES}
    found = {one["metadata"]["name"]: one for one in get(bench, "deployments")}
    assert {name: one["status"]["readyReplicas"] for name, one in found.items()} == {
        "product": 2,
        "review": 2,
        "config-server": 2,
    }
    (container,) = found["product"]["spec"]["template"]["spec"]["containers"]
    assert (container["name"], container["image"]) == ("pro", "docker.io/hands-on/product-service:v1")

    bench.relman(*upgrade, "-e", "dev", "--change-environment")
    back = pod_addresses(bench, f"app in ({', '.join(STORES)})")
    assert {name: addresses(bench, name) for name in STORES} == back
