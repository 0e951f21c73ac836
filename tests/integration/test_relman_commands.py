"""test, doctor, --probe and --watch on a real control plane, as people type them."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from helmkit.errors import UnreachableError
from helmkit.kube import Kube, NotFoundError, RejectedError
from sandbox.cluster import Sandbox
from tests.builders.benches import Bench
from tests.builders.platforms import Service

_HOOK = """apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations: {helm.sh/hook: test, helm.sh/hook-delete-policy: before-hook-creation}
spec:
  restartPolicy: Never
  containers: [{name: check, image: "registry.example/check:%s"}]
"""


class Answers(BaseHTTPRequestHandler):
    """Answers 200, but for one 503."""

    count = 0

    def do_GET(self) -> None:
        type(self).count += 1
        self.send_response(503 if type(self).count == 3 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    Answers.count = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://user:pw@127.0.0.1:{server.server_port}/health?token=x"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bench(sandbox: Sandbox, namespace: str, tmp_path: Path) -> Bench:
    bench = Bench(sandbox, tmp_path, namespace)
    for version, tag in (("1.0.0", "1"), ("1.1.0", "2")):
        bench.publish(
            version,
            Service("gateway", namespace, tag=tag, extra={"test.yaml": _HOOK % "1"}),
            Service("orders", namespace, extra={"test.yaml": _HOOK % "crash"}),
        )
    return bench


def test_a_day_with_probes_tests_and_the_doctor(bench: Bench, url: str) -> None:
    ns = bench.namespace
    bench.relman("upgrade", ns, "--to", "1.0.0")
    watching = bench.start("status", f"{ns}/", "--watch")
    done = bench.relman("upgrade", ns, "--to", "1.1.0", "--probe", url, "-o", "json")
    (probe,) = done.data["probes"]
    assert probe["url"].endswith("/health")
    assert "pw" not in probe["url"]
    assert (probe["failures"], probe["first_failure"]) == (1, "status 503")
    assert probe["requests"] == Answers.count >= 5
    assert "1 of" in done.err
    assert [one["service"] for one in probe["services"]] == ["gateway"]

    tested = bench.relman("test", f"{ns}/", "--timeout", "30s", "-o", "json", code=1)
    assert {one["service"]: one["outcome"] for one in tested.data["services"]} == {
        "gateway": "passed",
        "orders": "failed",
    }
    assert "orders-test" in tested.err
    (failed,) = next(one for one in tested.data["services"] if one["service"] == "orders")["tests"]
    assert "no log" in failed["logs"]["orders-test/check"], "kwok runs no containers, so there is no log to be had"

    bench.kubectl("set", "image", "deployment/gateway", "main=registry.example/app:missing-9")
    bench.kubectl("create", "-f", str(claim(bench)))
    found = {one["kind"]: one for one in doctor(bench, code=1)}
    assert "missing-9" in found["unhealthy"]["summary"]
    assert "kubectl-set" in found["drift"]["detail"]
    assert "kubectl -n" in found["claim-not-bound"]["next"]

    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=30)
    assert watching.returncode == 130
    assert "Traceback" not in err
    assert f"{ns}/gateway: 1 -> 2" in out


def doctor(bench: Bench, code: int) -> list[dict[str, str]]:
    done = bench.relman("doctor", f"{bench.namespace}/", "--exit-code", "-o", "json", code=code)
    found: list[dict[str, str]] = done.data["findings"]
    return found


def claim(bench: Bench) -> Path:
    path = bench.folder / "claim.json"
    spec = {"storageClassName": "nobody-has-it", "accessModes": ["ReadWriteOnce"]}
    spec |= {"resources": {"requests": {"storage": "1Gi"}}}  # type: ignore[dict-item]  # a plain document
    item = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "lost"}, "spec": spec}
    path.write_text(json.dumps(item))
    return path


async def test_the_api_server_says_why_a_log_cannot_be_had(sandbox: Sandbox, namespace: str) -> None:
    """kwok's nodes serve no logs; every way in which one can be missing is an error of ours."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": namespace}}
    spec = {"nodeName": "nowhere", "containers": [{"name": "main", "image": "registry.example/app:1"}]}
    async with await Kube.connect(sandbox.kubeconfig, None, {}) as kube:
        await kube.create_object({**pod, "spec": spec})
        with pytest.raises(RejectedError, match="not valid for pod"):
            await kube.read_log(namespace, "one", "other", lines=5)
        with pytest.raises(NotFoundError):
            await kube.read_log(namespace, "two", "main", lines=5)
        with pytest.raises((UnreachableError, RejectedError, NotFoundError), match="log of container main"):
            await kube.read_log(namespace, "one", "main", previous=True, lines=5)
