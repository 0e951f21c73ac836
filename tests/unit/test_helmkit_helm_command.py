"""HelmCommand starts helm as it should be started, whatever the binary is called."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path

import pytest

from helmkit.errors import HelmkitError, TimedOutError, UsageError
from helmkit.helm import Helm, HelmFailedError, find_helm, hard_limit
from helmkit.helm.command import HelmCommand, build_environment

FAKE = f"""#!{sys.executable} -S
import json, os, sys, time
cmdline = "/proc/self/cmdline"
argv = open(cmdline, "rb").read().decode().split("\\0")[:-1] if os.path.exists(cmdline) else []
if sys.argv[1] == "version":
    print(os.environ.get("FAKE_VERSION", "v4.3.1"))
elif sys.argv[1] == "argv":
    stdin = sys.stdin.read()
    print(json.dumps({{"argv": argv, "args": sys.argv, "environ": dict(os.environ), "stdin": stdin}}))
elif sys.argv[1] == "sleep":
    time.sleep(60)
elif sys.argv[1] == "upgrade":
    sys.stdin.read()
    print("Pulled: x")
    print(os.environ.get("FAKE_RELEASE", ""))
else:
    sys.stderr.write("Error: something broke\\n")
    sys.exit(1)
"""
RELEASE = {"name": "r", "namespace": "n", "version": 3, "info": {"status": "deployed"}, "manifest": "a: 1\n"}


def fake_helm(folder: Path, name: str = "helm") -> Path:
    path = folder / name
    path.write_text(FAKE)
    path.chmod(0o755)
    return path


@pytest.fixture
def environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@pytest.mark.parametrize("name", ["helm", "helm-v4.3.1"])
async def test_argv_0_is_helm_whatever_the_file_is_called(tmp_path: Path, environ: dict[str, str], name: str) -> None:
    command = HelmCommand(fake_helm(tmp_path, name), environ)
    seen = json.loads(await command.run(["argv"]))
    # A script's argv[0] is its interpreter's; the script's own path is what the program was started as.
    assert Path(seen["args"][0]).name == "helm"


async def test_values_and_secrets_never_stand_in_argv_or_logs(
    tmp_path: Path, environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    environ = {**environ, "HELM_KUBETOKEN": "token-of-ours", "FAKE_RELEASE": json.dumps(RELEASE)}
    made = build_environment(environ, kubeconfig=Path("/k"), context="c", registry_config=Path("/r"))
    seen = json.loads(await HelmCommand(fake_helm(tmp_path), made).run(["argv"], b"password: hunter2"))
    assert seen["stdin"] == "password: hunter2"
    assert "hunter2" not in json.dumps([seen["argv"], seen["args"]])
    helm = Helm(fake_helm(tmp_path), environ)
    await helm.upgrade("r", tmp_path, namespace="n", values={"password": "hunter2"}, timeout=5)
    assert "hunter2" not in caplog.text
    assert "token-of-ours" not in caplog.text


def test_what_would_make_helm_see_something_else_is_taken_out() -> None:
    given = {
        "PATH": "/bin",
        "HELM_KUBETOKEN": "t",
        "HELM_KUBEAPISERVER": "https://other",
        "HELM_KUBECONTEXT": "prod",
        "HELM_DRIVER": "configmap",
        "HELM_NAMESPACE": "elsewhere",
        "HELM_DEBUG": "1",
        "KUBECONFIG": "/theirs",
        "HTTPS_PROXY": "http://proxy",
    }
    kept = build_environment(given, kubeconfig=None, context=None, registry_config=None)
    assert kept == {
        "PATH": "/bin",
        "HELM_KUBECONTEXT": "prod",
        "HELM_DRIVER": "secret",
        "KUBECONFIG": "/theirs",
        "HTTPS_PROXY": "http://proxy",
    }
    chosen = build_environment(given, kubeconfig=Path("/k"), context="dev", registry_config=Path("/r"))
    assert (chosen["KUBECONFIG"], chosen["HELM_KUBECONTEXT"], chosen["HELM_REGISTRY_CONFIG"]) == ("/k", "dev", "/r")


async def test_pyhelm3_methods_work_on_top(tmp_path: Path, environ: dict[str, str]) -> None:
    assert (await HelmCommand(fake_helm(tmp_path), environ).version()).strip() == "v4.3.1"


async def test_a_failure_is_ours(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(HelmFailedError, match="trying things failed: something broke") as caught:
        await HelmCommand(fake_helm(tmp_path), environ).run(["nonsense"], doing="trying things")
    assert caught.value.hint


async def test_the_hard_limit_is_a_timeout(tmp_path: Path, environ: dict[str, str]) -> None:
    begin = time.monotonic()
    with pytest.raises(TimedOutError, match=r"sleeping took longer than 0\.3 s"):
        await HelmCommand(fake_helm(tmp_path), environ, grace=1).run(["sleep"], doing="sleeping", limit=0.3)
    assert time.monotonic() - begin < 5


async def test_a_binary_that_cannot_start_is_an_error_with_a_way_out(tmp_path: Path, environ: dict[str, str]) -> None:
    broken = tmp_path / "helm"
    broken.write_text("no program")
    command = HelmCommand(broken, {**environ, "PATH": str(tmp_path)})
    with pytest.raises(HelmkitError) as caught:
        await command.run(["version"])
    assert caught.value.hint


def test_find_helm(tmp_path: Path) -> None:
    helm = fake_helm(tmp_path)
    assert find_helm({"PATH": str(tmp_path)}) == helm
    assert find_helm({"PATH": "", "HELM_BINARY": str(helm)}) == helm
    with pytest.raises(UsageError, match="not on the PATH") as caught:
        find_helm({"PATH": "/nonexistent"})
    assert "HELM_BINARY" in str(caught.value.hint)
    with pytest.raises(UsageError, match="HELM_BINARY=/nope"):
        find_helm({"PATH": str(tmp_path), "HELM_BINARY": "/nope"})


@pytest.mark.parametrize(
    ("text", "fine"),
    [("v4.3.1", True), ("v3.18.0", True), ("v4.0.0-rc.1", True), ("v3.17.9", False), ("v2.16.1", False), ("hi", False)],
)
async def test_version_is_checked_and_asked_once(
    tmp_path: Path, environ: dict[str, str], text: str, fine: bool
) -> None:
    helm = Helm(fake_helm(tmp_path), {**environ, "FAKE_VERSION": text})
    if fine:
        assert str(await helm.version()) == text.removeprefix("v").partition("-")[0]
        (tmp_path / "helm").unlink()
        assert await helm.version() == await helm.version()
    else:
        with pytest.raises(UsageError):
            await helm.version()


async def test_upgrade_reads_the_release_behind_chatter(tmp_path: Path, environ: dict[str, str]) -> None:
    helm = Helm(fake_helm(tmp_path), {**environ, "FAKE_RELEASE": json.dumps(RELEASE)})
    release = await helm.upgrade("r", tmp_path, namespace="n", values={}, timeout=5)
    assert (release.name, release.namespace, release.revision, release.status) == ("r", "n", 3, "deployed")
    with pytest.raises(HelmFailedError, match="its answer cannot be read"):
        await Helm(fake_helm(tmp_path), environ).upgrade("r", tmp_path, namespace="n", values={}, timeout=5)


async def test_names_and_charts_are_checked_before_anything_runs(tmp_path: Path, environ: dict[str, str]) -> None:
    helm = Helm(tmp_path / "no-helm", environ)
    with pytest.raises(UsageError, match="cannot be the name"):
        await helm.uninstall("--help", namespace="n", timeout=5)
    with pytest.raises(HelmkitError, match="does not exist"):
        await helm.lint(tmp_path / "no-chart")


def test_the_hard_limit_is_beyond_helms_own() -> None:
    assert hard_limit(300) == 330
