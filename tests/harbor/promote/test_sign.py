"""`chartgen sign` and `chartgen verify`: with a stand-in for cosign, and with the real one where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harbor.commands import Run, log_in, runner
from tests.harbor.double import HarborDouble
from tests.harbor.platforms import digests, seed_platform
from tests.harbor.threaded import running_double

SERVICES = {"gateway": "1.4.2", "nacos": "1.3.0"}
STAND_IN = """#!/bin/sh
echo "$@" >> "$HOME/argv"
cp "$DOCKER_CONFIG/config.json" "$HOME/seen.json"; stat -c %a "$DOCKER_CONFIG/config.json" > "$HOME/mode"
case "$*" in verify*nacos*) [ -e "$HOME/unsigned" ] && { echo "Error: no signatures found" >&2; exit 10; };; esac
[ -e "$HOME/broken" ] && { echo "Error: reading key: no such file" >&2; exit 1; }
exit 0
"""


@pytest.fixture
def double() -> Iterator[HarborDouble]:
    with running_double() as harbor:
        seed_platform(harbor.state, harbor.add_project("charts"), "1.4.2", SERVICES)
        harbor.add_project("stable")
        yield harbor


@pytest.fixture
def run(
    double: HarborDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Run]:
    repository = f'[charts]\nrepository = "oci://{double.host}/charts"\nplain_http = true\n'
    (tmp_path / "releases.toml").write_text(repository)
    log_in(tmp_path, double.host, "admin", "Harbor-12345")
    monkeypatch.setenv("HOME", str(tmp_path))

    def of(name: str) -> Run:
        from chartgen.cli import promote, sign

        command = {"sign": sign.sign, "verify": sign.verify, "promote": promote.promote}[name]
        return runner(command, tmp_path, capsys, monkeypatch)

    return of


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "cosign"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


def test_all_charts_are_signed_by_digest(run: Callable[[str], Run], double: HarborDouble, stand_in: Path) -> None:
    code, out, err = run("sign")("shop:1.4.2", "--key", "cosign.key", "-o", "json")
    assert code == 0, err
    held = digests(double.state.projects["charts"])
    assert {one["name"].partition("/")[2]: one["digest"] for one in json.loads(out)} == held
    calls = (stand_in / "argv").read_text().splitlines()
    assert sorted(call.rpartition("/charts/")[2] for call in calls) == sorted(
        f"{name.rpartition(':')[0]}@{digest}" for name, digest in held.items()
    )
    assert all("--tlog-upload=false" in call for call in calls)


def test_credentials_are_in_a_throw_away_file_alone(
    run: Callable[[str], Run], double: HarborDouble, stand_in: Path
) -> None:
    run("sign")("shop:1.4.2", "--key", "cosign.key")
    assert list(json.loads((stand_in / "seen.json").read_text())["auths"]) == [double.host]
    assert (stand_in / "mode").read_text().strip() == "600"
    assert "Harbor-12345" not in (stand_in / "argv").read_text()


def test_a_chart_without_a_signature_is_named(run: Callable[[str], Run], stand_in: Path) -> None:
    assert run("verify")("shop:1.4.2", "--key", "cosign.pub")[0] == 0
    (stand_in / "unsigned").touch()
    code, _, err = run("verify")("shop:1.4.2", "--key", "cosign.pub")
    assert code == 1
    assert "charts/shop/nacos@sha256:" in err
    assert "carries no signature of the key cosign.pub" in err


def test_cosigns_own_words_are_told(run: Callable[[str], Run], stand_in: Path) -> None:
    (stand_in / "broken").touch()
    code, _, err = run("sign")("shop:1.4.2", "--key", "absent.key")
    assert code == 1
    assert "reading key: no such file" in err


def test_without_cosign_it_is_told_how_to_get_it(run: Callable[[str], Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    code, _, err = run("verify")("shop:1.4.2", "--key", "cosign.pub")
    assert code == 2
    assert "go install github.com/sigstore/cosign" in err


@pytest.mark.skipif(shutil.which("cosign") is None, reason="there is no cosign on the PATH")
def test_the_real_cosign_signs_and_promoted_charts_stay_signed(
    run: Callable[[str], Run], double: HarborDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    monkeypatch.chdir(tmp_path)
    subprocess.run(["cosign", "generate-key-pair"], check=True, capture_output=True)
    public = str(tmp_path / "cosign.pub")
    assert run("verify")("shop:1.4.2", "--key", public)[0] == 1
    code, _, err = run("sign")("shop:1.4.2", "--key", str(tmp_path / "cosign.key"))
    assert code == 0, err
    assert run("verify")("shop:1.4.2", "--key", public)[0] == 0
    with running_double() as other:
        other.add_project("inside")
        login = {"username": "admin", "password": "Harbor-12345"}
        (tmp_path / "config.json").write_text(json.dumps({"auths": {double.host: login, other.host: login}}))
        target = f"oci://{other.host}/inside"
        assert run("promote")("shop:1.4.2", target, "--plain-http-for", other.host)[0] == 0
        code, _, err = run("verify")(f"{target}/shop:1.4.2", "--plain-http", "--key", public)
        assert code == 0, err
