"""chartgen's daily commands with the real helm, git and a registry: init, add, diff, emit, pin."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chartgen.cli import cli
from helmkit.console import run_cli
from sandbox.cluster import Sandbox
from tests.builders.releases import EXTERNAL, HEAD, SPRING, STATEFUL
from tests.contract.fake_registry import FakeRegistry, error

Run = Callable[..., tuple[int, str, str]]
LOADED = EXTERNAL + SPRING.replace("ports.http", 'env.LEVEL = "info"\nports.http')


@pytest.fixture
def run(sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run chartgen in `tmp_path`, with the sandbox's helm and nothing of the user's own."""
    for name, value in {**sandbox.environ, "HOME": str(tmp_path / "home"), "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> tuple[int, str, str]:
        code = run_cli(cli, args, prog_name="chartgen", environ=os.environ)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def git(folder: Path, *args: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *identity, *args], check=True, capture_output=True)


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    """A committed platform in a folder below the repository's root, with a generated chart beside it."""
    folder = tmp_path / "teams" / "shop"
    (folder / "values").mkdir(parents=True)
    (folder / "releases.toml").write_text(HEAD + LOADED)
    (folder / "values" / "dev.toml").write_text("")
    (folder / "values" / "prod.toml").write_text("services.gateway.replicas = 3\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "teams")
    git(tmp_path, "commit", "-q", "-m", "first")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_what_is_not_committed_is_told_with_the_pods_that_restart(platform: Path, run: Run) -> None:
    assert run("-C", str(platform), "diff", "--exit-code")[0] == 0
    edit(platform / "releases.toml", 'version = "1"\nenv.LEVEL = "info"', 'version = "2"\nenv.LEVEL = "debug"')
    edit(platform / "releases.toml", "192.168.88.190", "192.168.88.191")
    code, out, _ = run("-C", str(platform), "diff", "--exit-code", "-o", "json")
    found = json.loads(out)
    assert (code, found["old"].partition(" ")[0]) == (3, "HEAD")
    db, gateway = found["services"]
    assert (db["service"], db["restarts"], db["change"]) == ("db", [], "changed")
    assert (gateway["old"], gateway["new"], gateway["restarts"]) == ("1", "2", ["Deployment/gateway"])
    assert sorted(gateway["why"]) == ["spec.containers[gateway].env[LEVEL].value", "spec.containers[gateway].image"]
    text = run("-C", str(platform), "diff", "gateway")[1]
    assert "  ! spec.template.spec.containers[gateway].env[LEVEL].value: info -> debug\n" in text
    assert "db" not in text


def test_a_layer_changes_one_environment(platform: Path, run: Run) -> None:
    edit(platform / "values" / "prod.toml", "3", "5")
    assert run("-C", str(platform), "diff", "--exit-code")[0] == 0
    code, out, _ = run("-C", str(platform), "diff", "--exit-code", "-e", "prod")
    assert code == 3
    assert "    spec.replicas: 3 -> 5\n" in out
    assert "restart" not in out


def test_commits_branches_and_folders(tmp_path: Path, platform: Path, run: Run) -> None:
    edit(platform / "releases.toml", 'version = "1"', 'version = "2"')
    git(tmp_path, "commit", "-q", "-a", "-m", "second")
    git(tmp_path, "tag", "v2")
    assert "No service changes in dev since v2 (" in run("-C", str(platform), "diff", "--against", "v2")[1]
    assert run("-C", str(platform), "diff", "--against", "v2~1", "--exit-code")[0] == 3
    assert run("-C", str(platform), "build", "--charts", str(tmp_path / "old"), "--no-dist")[0] == 0
    edit(platform / "releases.toml", 'version = "2"', 'version = "3"')
    for other in (tmp_path / "old", tmp_path / "old" / "shop"):
        code, out, _ = run("-C", str(platform), "diff", "--against", str(other), "-o", "json")
        (service,) = json.loads(out)["services"]
        assert (code, service["old"], service["new"]) == (0, "2", "3")


def test_what_cannot_be_compared_is_said(tmp_path: Path, platform: Path, run: Run) -> None:
    for word, message in [
        ("nope", "no commit, published version or folder 'nope'"),
        ("./nope", "no umbrella chart at nope"),
        ("1.2.3", "no chart repository"),
    ]:
        code, _, err = run("-C", str(platform), "diff", "--against", word)
        assert (code, message in err) == (2, True), err
    edit(platform / "releases.toml", "3306", '"x"')
    git(tmp_path, "commit", "-q", "-a", "-m", "broken")
    edit(platform / "releases.toml", '"x"', "3306")
    code, _, err = run("-C", str(platform), "diff")
    assert code == 2
    assert "HEAD:releases.toml:" in err
    assert str(tmp_path / "new") not in err


def test_a_platform_that_no_commit_has(tmp_path: Path, platform: Path, run: Run) -> None:
    assert run("init", str(tmp_path / "new"))[0] == 0
    code, _, err = run("-C", str(tmp_path / "new"), "diff")
    assert (code, "has no releases.toml in this folder" in err) == (2, True), err


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry in a thread of its own: the commands run an event loop themselves."""
    found = FakeRegistry(auth="bearer")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(found.__aenter__(), loop).result()
    try:
        yield found
    finally:
        asyncio.run_coroutine_threadsafe(found.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def login(registry: FakeRegistry, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "login.json"
    path.write_text(json.dumps({"auths": {registry.host: {"username": "joe", "password": "s3cret"}}}))
    monkeypatch.setenv("HELM_REGISTRY_CONFIG", str(path))


@pytest.mark.usefixtures("login")
def test_a_published_version(platform: Path, registry: FakeRegistry, run: Run) -> None:
    edit(
        platform / "releases.toml",
        "[registries]",
        f'[charts]\nrepository = "oci://{registry.host}/charts"\nplain_http = true\n[registries]',
    )
    run("-C", str(platform), "build", "--no-dist")
    code, _, err = run("-C", str(platform), "push")
    assert code == 0, err
    edit(platform / "releases.toml", 'env.LEVEL = "info"\n', "")
    code, out, _ = run("-C", str(platform), "diff", "--against", "1.0.0", "--exit-code")
    assert code == 3
    assert "! spec.template.spec.containers[gateway].env" in out
    url = f"oci://{registry.host}/charts/shop:1.0.0"
    assert run("-C", str(platform), "diff", "--against", url, "--plain-http", "--exit-code")[0] == 3
    assert run("-C", str(platform), "diff", "--against", "9.9.9")[0] == 1


def push_image(registry: FakeRegistry, repository: str, tag: str, content: bytes) -> None:
    registry.manifests[repository, tag] = ("application/vnd.oci.image.index.v1+json", content)
    registry.repositories.add(repository)


@pytest.mark.usefixtures("login")
def test_tags_become_digests_and_a_moved_tag_is_noticed(platform: Path, registry: FakeRegistry, run: Run) -> None:
    manifest = platform / "releases.toml"
    registry.auth = "basic"
    manifest.write_text(manifest.read_text() + STATEFUL.replace('"hub"', '"company"'))
    edit(manifest, "192.168.88.159:5000", registry.host)
    before = manifest.read_text()
    push_image(registry, "gateway-k8s", "1", b"{}")
    push_image(registry, "library/zookeeper", "3.8", b"{}  ")
    code, out, err = run("-C", str(platform), "pin", "--dry-run")
    assert (code, manifest.read_text(), "would change" in err) == (0, before, True), err
    assert run("-C", str(platform), "pin")[0] == 0
    pinned = manifest.read_text()
    assert re.sub(r', digest = "sha256:[0-9a-f]{64}"', "", pinned) == before
    assert run("-C", str(platform), "pin", "--check")[0] == 0
    assert "@sha256:" in run("-C", str(platform), "emit", "images")[1]
    assert run("-C", str(platform), "check", "--no-helm")[0] == 0
    push_image(registry, "gateway-k8s", "1", b"{} ")
    code, out, _ = run("-C", str(platform), "pin", "--check", "-o", "json")
    assert (code, {one["state"] for one in json.loads(out)}) == (3, {"stale", "unchanged"})
    assert manifest.read_text() == pinned
    assert run("-C", str(platform), "pin", "gateway")[0] == 0
    assert run("-C", str(platform), "pin", "--check")[0] == 0
    assert "restart: Deployment/gateway" in run("-C", str(platform), "diff")[1]


@pytest.mark.usefixtures("login")
def test_a_registry_that_refuses_is_named_per_service(platform: Path, registry: FakeRegistry, run: Run) -> None:
    manifest = platform / "releases.toml"
    manifest.write_text(manifest.read_text().replace("192.168.88.159:5000", registry.host) + STATEFUL)
    edit(
        manifest,
        'hub = { host = "docker.io" }',
        f'hub = {{ host = "localhost:{registry.host.partition(":")[2]}", plain_http = true }}',
    )
    before = manifest.read_text()
    push_image(registry, "gateway-k8s", "1", b"{}")
    registry.faults.append(lambda asked: error(403, "DENIED") if "zookeeper" in asked.path else None)
    code, out, err = run("-C", str(platform), "pin", "-o", "json")
    assert code == 1
    assert {one["service"]: one["state"] for one in json.loads(out)} == {"gateway": "pinned", "zk": "refused"}
    assert "zk in dev: " in err
    assert "s3cret" not in out + err
    assert manifest.read_text() != before


def test_a_service_from_nothing_to_rendered_objects(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "new"
    assert run("init", str(folder), "--name", "shop", "--schema")[0] == 0
    code, out, err = run("-C", str(folder), "check", "--strict")
    assert code == 0, out + err
    add = "--archetype spring-service --namespace shop --image harbor.example.com/shop/web:1.0 --replicas 2"
    more = "--memory 512Mi --cpu 250m --port 8080:30080 --host shop.example.com --depends-on db"
    assert run("-C", str(folder), "add", "web", *add.split(), *more.split())[0] == 2
    db = "--archetype external-endpoint --namespace shop --address 192.168.88.190 --port mysql=3306"
    assert run("-C", str(folder), "add", "db", *db.split())[0] == 0
    assert run("-C", str(folder), "add", "web", *add.split(), *more.split())[0] == 0
    store = (
        "--archetype statefulset-infra --namespace shop --image mongo:7.0 --port mongodb=27017 --claim d=/data/db:5Gi"
    )
    assert run("-C", str(folder), "add", "mongo", *store.split())[0] == 0
    code, out, err = run("-C", str(folder), "check")
    assert code == 0, out + err
    kinds = [one["kind"] for one in json.loads(run("-C", str(folder), "render", "web", "db", "mongo", "-o", "json")[1])]
    assert {"Deployment", "StatefulSet", "Ingress", "EndpointSlice"} <= set(kinds)
    assert run("-C", str(folder), "emit", "hosts", "--node", "10.0.0.1")[1].startswith("10.0.0.1  shop.example.com")
    assert "server 10.0.0.1:30080" in run("-C", str(folder), "emit", "upstreams", "--node", "10.0.0.1")[1]
