"""What stands around the pods through real helm and on a real API server: that it does what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from chartgen.build import BuiltPlatform, build_platform
from chartgen.manifest.load import load_platform
from helmkit.yaml import dump_yaml_documents
from sandbox.cluster import Sandbox
from tests.builders.helm import objects, render, run, write
from tests.builders.releases import SPRING, STATEFUL, build
from tests.integration.test_charts_helm import hostile_texts, table

CASE = Path(__file__).parents[1] / "golden" / "cases" / "around"
"""The golden platform that says everything; that the API server takes its objects is proved with the other cases."""
TESTS = """
[tests]
image = { registry = "hub", repository = "library/busybox", pull_policy = "Always" }
version = "1.37"
"""


@pytest.fixture(scope="module")
def built() -> BuiltPlatform:
    return build_platform(load_platform(CASE))


def chart_of(built: BuiltPlatform, folder: Path, name: str) -> Path:
    return write(built, folder) / "charts" / name


def test_routes_split_their_requests(sandbox: Sandbox, built: BuiltPlatform, tmp_path: Path) -> None:
    folder = chart_of(built, tmp_path, "gateway")
    values = built.environments["dev"]["gateway"]
    found = objects(render(sandbox, folder, "--set=routes.shop.canary.weight=25", values=values))
    rules = found["HTTPRoute", "shop"]["spec"]["rules"]
    weights = [[(one["name"], one["weight"]) for one in rule["backendRefs"]] for rule in rules]
    assert weights == [
        [("gateway", 0), ("gateway-next", 100)],
        [("gateway", 100), ("gateway-next", 0)],
        [("gateway", 75), ("gateway-next", 25)],
    ]
    asked = [{one["name"]: one["value"] for one in rule["matches"][0]["headers"]} for rule in rules]
    assert [headers.get("X-Canary") for headers in asked] == ["always", "never", None]
    assert {headers["X-Version"] for headers in asked} == {"1"}
    rewrite = rules[2]["filters"][0]["urlRewrite"]
    assert rewrite["path"] == {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}


def test_traefik_takes_a_prefix_away_by_a_middleware_of_the_same_namespace(
    sandbox: Sandbox, built: BuiltPlatform, tmp_path: Path
) -> None:
    found = objects(render(sandbox, chart_of(built, tmp_path, "gateway"), namespace="elsewhere"))
    named = found["Ingress", "traefik"]["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.middlewares"]
    assert named == "elsewhere-traefik-strip@kubernetescrd"
    assert found["Middleware", "traefik-strip"]["spec"] == {"stripPrefix": {"prefixes": ["/v1"]}}


def test_rights_of_two_namespaces_do_not_collide(sandbox: Sandbox, built: BuiltPlatform, tmp_path: Path) -> None:
    folder = chart_of(built, tmp_path, "gateway")
    for namespace in ("one", "two"):
        found = objects(render(sandbox, folder, namespace=namespace))
        assert ("ClusterRole", f"{namespace}:gateway") in found
        binding = found["ClusterRoleBinding", f"{namespace}:gateway"]
        subject = {"kind": "ServiceAccount", "name": "gateway", "namespace": namespace}
        assert binding["subjects"] == [subject]
        pod = found["Deployment", "gateway"]["spec"]["template"]["spec"]
        assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("gateway", True)
    without = objects(render(sandbox, chart_of(built, tmp_path / "plain", "plain")))
    pod = without["Deployment", "plain"]["spec"]["template"]["spec"]
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("default", False)


def test_an_account_may_do_what_its_rules_say(
    sandbox: Sandbox, namespace: str, built: BuiltPlatform, tmp_path: Path
) -> None:
    found = objects(render(sandbox, chart_of(built, tmp_path, "gateway"), namespace=namespace))
    wanted = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    documents = [one for (kind, _), one in found.items() if kind in wanted]
    run(sandbox, sandbox.kubectl, "apply", "-f", "-", stdin=dump_yaml_documents(documents))
    me = f"--as=system:serviceaccount:{namespace}:gateway"
    try:
        for verb, what, answer in (("list", "pods", "yes"), ("delete", "pods", "no"), ("get", "nodes", "yes")):
            question = ["auth", "can-i", verb, what, me, f"--namespace={namespace}"]
            assert run(sandbox, sandbox.kubectl, *question).stdout.strip() == answer, (verb, what)
    finally:
        cluster = [f"clusterrole/{namespace}:gateway", f"clusterrolebinding/{namespace}:gateway"]
        run(sandbox, sandbox.kubectl, "delete", *cluster)


@pytest.mark.parametrize("major", [3, 4])
def test_helm_test_runs_a_pod_that_no_service_selects(
    sandbox: Sandbox, namespace: str, tmp_path: Path, major: int
) -> None:
    helm = sandbox.helm if major == 4 else sandbox.helm3
    folder = chart_of(build(SPRING, TESTS, version="7.7.7"), tmp_path, "gateway")
    place = f"--namespace={namespace}"
    done = run(sandbox, helm, "install", "gateway", str(folder), place, "--wait", "--timeout=60s")
    assert done.returncode == 0, done.stderr
    pod = objects(run(sandbox, helm, "get", "hooks", "gateway", place).stdout)["Pod", "gateway-test"]
    assert "7.7.7" not in json.dumps(pod)
    assert "app" not in pod["metadata"]["labels"]
    generation = get(sandbox, namespace, "deployment", "gateway")["metadata"]["generation"]
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(run, sandbox, helm, "test", "gateway", place, "--timeout=60s")
        for awaited in ("create", "jsonpath={.status.phase}=Running"):
            run(sandbox, sandbox.kubectl, "wait", f"--for={awaited}", "pod/gateway-test", place)
        listed = run(sandbox, sandbox.kubectl, "get", "endpointslices", place, "-o", "json").stdout
        # Containers of the sandbox run for ever.
        succeeded = ["--subresource=status", "--type=merge", '-p={"status": {"phase": "Succeeded"}}']
        run(sandbox, sandbox.kubectl, "patch", "pod", "gateway-test", place, *succeeded)
        assert asked.result().returncode == 0, asked.result().stderr
    names = [one["targetRef"]["name"] for item in json.loads(listed)["items"] for one in item["endpoints"]]
    assert len(names) == 1
    assert "gateway-test" not in names
    assert get(sandbox, namespace, "deployment", "gateway")["metadata"]["generation"] == generation
    left = run(sandbox, sandbox.kubectl, "get", "pods", place, "-o", "name").stdout
    assert "gateway-test" not in left


_PROGRAM = """#!{python}
import sys, urllib.request, socket
if sys.argv[0].endswith("nc"):
    assert sys.argv[1:4] == ["-z", "-w", "5"]
    socket.create_connection((sys.argv[4], int(sys.argv[5])), 5)
else:
    assert sys.argv[1:6] == ["-q", "-T", "5", "-O", "/dev/null"]
    urllib.request.urlopen(sys.argv[6], timeout=5)
"""


def test_the_test_pod_tells_who_does_not_answer(sandbox: Sandbox, tmp_path: Path) -> None:
    chart = chart_of(build(SPRING, TESTS), tmp_path, "gateway")
    container = objects(render(sandbox, chart))["Pod", "gateway-test"]["spec"]["containers"][0]
    assert {one["name"]: one["value"] for one in container["env"]}["HOST"] == "gateway.test"
    for name in ("nc", "wget"):
        program = tmp_path / name
        program.write_text(_PROGRAM.replace("{python}", sys.executable))
        program.chmod(0o755)
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        port = str(server.server_address[1])
        for path, status in (("", 0), ("/", 0), ("/no-such-file", 1)):
            environ = {"HOST": "127.0.0.1", "PORTS": port, "ASKED_PATH": path, "TIMEOUT": "0"}
            environ["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
            done = subprocess.run(container["command"], env=environ, capture_output=True, text=True, check=False)
            assert done.returncode == status, done.stderr
            said = f"127.0.0.1:{port}{path} "
            assert said + ("does not answer" if status else "answers") in done.stdout + done.stderr
        server.shutdown()


def get(sandbox: Sandbox, namespace: str, kind: str, name: str) -> dict[str, Any]:
    done = run(sandbox, sandbox.kubectl, "get", kind, name, f"--namespace={namespace}", "-o", "json")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_lists_of_peers_follow_five_replicas_and_claims_are_labelled_by_kubernetes(
    sandbox: Sandbox, namespace: str, tmp_path: Path
) -> None:
    peers = 'env.PEERS = { peers = "zk", port = "server", form = "name" }\npod_management = "Parallel"\n'
    folder = chart_of(build(STATEFUL + peers + "ordinals_start = 1\n"), tmp_path, "zk")
    place = f"--namespace={namespace}"
    done = run(sandbox, sandbox.helm, "install", "zk", str(folder), place, "--set=replicaCount=5")
    assert done.returncode == 0, done.stderr
    stateful = get(sandbox, namespace, "statefulset", "zk")["spec"]
    (env,) = stateful["template"]["spec"]["containers"][0]["env"]
    assert env["value"] == ",".join(f"zk-{number}.zk-headless:2888" for number in range(1, 6))
    assert (stateful["podManagementPolicy"], stateful["ordinals"]) == ("Parallel", {"start": 1})
    assert stateful["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    deadline = time.monotonic() + 20
    while True:
        listed = run(sandbox, sandbox.kubectl, "get", "pvc", "--selector=app=zk", place, "-o", "name").stdout.split()
        if len(listed) == 5 or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert sorted(listed) == [f"persistentvolumeclaim/data-zk-{number}" for number in range(1, 6)]


def test_hostile_texts_stay_texts(sandbox: Sandbox, tmp_path: Path) -> None:
    texts = hostile_texts()
    named = table("a", texts)
    listed = json.dumps(texts, ensure_ascii=False)
    headers = table("h", [text for text in texts if text][:16])
    more = f"""
account.annotations = {named}
expose.more.annotations = {named}
rbac.r = {{ resources = {listed}, names = {listed}, verbs = {listed} }}
test.path = "/'; exit 0; echo '$(id)`id`\\n\\u007b\\u007b fail }}}}"
metrics = {{ discovery = "pod-monitor", labels = {named} }}
network.from.other = {{ namespace = "other", pods = {named} }}
[services.gateway.routes.r]
gateway = {{ name = "edge" }}
any_host = true
port = "http"
headers = {headers}
set_headers = {headers}
"""
    folder = chart_of(build(SPRING + more, TESTS), tmp_path, "gateway")
    wanted = {f"a{number}": text for number, text in enumerate(texts)}
    for helm in (sandbox.helm, sandbox.helm3):
        found = objects(render(sandbox, folder, helm=helm))
        assert found["ServiceAccount", "gateway"]["metadata"]["annotations"] == wanted
        assert found["Service", "more"]["metadata"]["annotations"] == wanted
        assert found["Role", "gateway"]["rules"][0]["verbs"] == texts
        assert wanted.items() <= found["PodMonitor", "gateway"]["metadata"]["labels"].items()
        peers = [one for rule in found["NetworkPolicy", "gateway"]["spec"]["ingress"] for one in rule.get("from", [])]
        assert wanted in [one.get("podSelector", {}).get("matchLabels") for one in peers]
        (rule,) = found["HTTPRoute", "r"]["spec"]["rules"]
        assert {one["value"] for one in rule["matches"][0]["headers"]} == set([text for text in texts if text][:16])
        (container,) = found["Pod", "gateway-test"]["spec"]["containers"]
        env = {one["name"]: one["value"] for one in container["env"]}
        assert env["ASKED_PATH"] == "/'; exit 0; echo '$(id)`id`\n{{ fail }}"
        assert "id" not in container["command"][2].split()
