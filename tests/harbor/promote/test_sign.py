"""`chartgen sign`, `chartgen verify` and `relman upgrade --verify`, with the real cosign."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helmkit.cosign import NotSignedError
from helmkit.errors import UsageError
from relman.cli.registry import fetch_umbrella
from relman.source import Source, load_platform
from tests.harbor.commands import Run, log_in, runner
from tests.harbor.double import HarborDouble
from tests.harbor.platforms import digests, seed_platform
from tests.harbor.push.umbrellas import make_umbrella, write_umbrella
from tests.harbor.threaded import running_double

SERVICES = {"gateway": "1.4.2", "nacos": "1.3.0"}
WRITTEN_DOWN = """#!/bin/sh
echo "$@" >> "$HOME/argv"
cp "$DOCKER_CONFIG/config.json" "$HOME/seen.json"; stat -c %a "$DOCKER_CONFIG/config.json" > "$HOME/mode"
exec {cosign} "$@"
"""


@pytest.fixture
def double() -> Iterator[HarborDouble]:
    with running_double() as harbor:
        seed_platform(harbor.state, harbor.add_project("charts"), "1.4.2", SERVICES)
        yield harbor


@pytest.fixture
def on_path(cosign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a key pair and with what cosign was called with; cosign is on the PATH."""
    program = tmp_path / "bin" / "cosign"
    program.parent.mkdir()
    program.write_text(WRITTEN_DOWN.format(cosign=cosign))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    subprocess.run([cosign, "generate-key-pair"], check=True, capture_output=True, cwd=tmp_path)
    return tmp_path


@pytest.fixture
def run(
    double: HarborDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Run]:
    repository = f'[charts]\nrepository = "oci://{double.host}/charts"\nplain_http = true\n'
    (tmp_path / "releases.toml").write_text(repository)
    log_in(tmp_path, double.host, "admin", "Harbor-12345")

    def of(name: str) -> Run:
        from chartgen.cli import promote, push, sign

        commands = {"sign": sign.sign, "verify": sign.verify, "promote": promote.promote, "push": push.push}
        command = commands[name]
        return runner(command, tmp_path, capsys, monkeypatch)

    return of


def test_every_chart_is_signed_by_digest_and_then_verified(
    run: Callable[[str], Run], double: HarborDouble, on_path: Path
) -> None:
    public = str(on_path / "cosign.pub")
    code, _, err = run("verify")("shop:1.4.2", "--key", public)
    assert code == 1
    assert "carries no signature of the key" in err

    code, out, err = run("sign")("shop:1.4.2", "--key", str(on_path / "cosign.key"), "-o", "json")

    assert code == 0, err
    held = {name: digest for name, digest in digests(double.state.projects["charts"]).items() if ".sig" not in name}
    assert {one["name"].partition("/")[2]: one["digest"] for one in json.loads(out)} == held
    assert run("verify")("shop:1.4.2", "--key", public)[0] == 0
    calls = (on_path / "argv").read_text().splitlines()
    assert all("tlog" in call for call in calls), "nothing goes to a public log"


def test_push_signs_what_it_publishes(run: Callable[[str], Run], double: HarborDouble, on_path: Path) -> None:
    write_umbrella(on_path, make_umbrella({"gateway": "1.5.0"}, version="1.5.0"))
    code, _, err = run("push")("--sign", str(on_path / "cosign.key"))
    assert code == 0, err
    assert f"signed 2 charts of {double.host}/charts/shop:1.5.0" in err
    assert run("verify")("shop:1.5.0", "--key", str(on_path / "cosign.pub"))[0] == 0


@pytest.mark.parametrize(("path", "key", "why"), [(None, "absent.key", "there is no file"), ("/nowhere", "", "cosign")])
def test_nothing_is_pushed_that_could_not_be_signed(
    run: Callable[[str], Run],
    double: HarborDouble,
    on_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str | None,
    key: str,
    why: str,
) -> None:
    write_umbrella(on_path, make_umbrella({"gateway": "1.5.0"}, version="1.5.0"))
    if path:
        monkeypatch.setenv("PATH", path)
    for more in ([], ["--dry-run"]):
        code, _, err = run("push")("--sign", key or str(on_path / "cosign.key"), *more)
        assert code == 2
        assert why in err
    assert not any("1.5.0" in name for name in digests(double.state.projects["charts"]))


def test_credentials_are_in_a_throw_away_file_alone(
    run: Callable[[str], Run], double: HarborDouble, on_path: Path
) -> None:
    assert run("sign")("shop:1.4.2", "--key", str(on_path / "cosign.key"))[0] == 0

    assert list(json.loads((on_path / "seen.json").read_text())["auths"]) == [double.host]
    assert (on_path / "mode").read_text().strip() == "600"
    assert "Harbor-12345" not in (on_path / "argv").read_text()


def test_signatures_go_along_with_what_is_promoted(
    run: Callable[[str], Run], double: HarborDouble, on_path: Path
) -> None:
    assert run("sign")("shop:1.4.2", "--key", str(on_path / "cosign.key"))[0] == 0
    with running_double() as other:
        other.add_project("inside")
        login = {"username": "admin", "password": "Harbor-12345"}
        (on_path / "config.json").write_text(json.dumps({"auths": {double.host: login, other.host: login}}))
        target = f"oci://{other.host}/inside"
        assert run("promote")("shop:1.4.2", target, "--plain-http-for", other.host)[0] == 0

        code, _, err = run("verify")(f"{target}/shop:1.4.2", "--plain-http", "--key", str(on_path / "cosign.pub"))

        assert code == 0, err


def test_relman_takes_only_what_the_key_signed(run: Callable[[str], Run], double: HarborDouble, on_path: Path) -> None:
    url, environ = f"oci://{double.host}/charts/shop", {**os.environ, "HELM_REGISTRY_CONFIG": f"{on_path}/config.json"}

    def fetch() -> tuple[bytes, str]:
        key = str(on_path / "cosign.pub")
        return asyncio.run(fetch_umbrella(url, "1.4.2", plain_http=True, environ=environ, verify_key=key))

    with pytest.raises(NotSignedError, match=r"charts/shop@sha256:.* carries no signature of the key"):
        fetch()
    assert run("sign")("shop:1.4.2", "--key", str(on_path / "cosign.key"))[0] == 0
    assert fetch()[1] == digests(double.state.projects["charts"])["shop:1.4.2"]
    subprocess.run(["cosign", "generate-key-pair"], check=True, capture_output=True, cwd=on_path, input=b"y\n")
    with pytest.raises(NotSignedError):
        fetch()


def test_relman_takes_no_folder_when_a_signature_is_asked_for(tmp_path: Path) -> None:
    async def fetch(url: str, version: str, *, plain_http: bool) -> tuple[bytes, str]:
        raise AssertionError(url)

    with pytest.raises(UsageError, match="only what is in a registry carries a signature"):
        asyncio.run(load_platform(Source(str(tmp_path)), "1.4.2", folder=tmp_path, fetch=fetch, signed_only=True))


def test_a_key_that_is_not_there_is_named(run: Callable[[str], Run], on_path: Path) -> None:
    code, _, err = run("sign")("shop:1.4.2", "--key", "absent.key")
    assert code == 2
    assert "there is no file absent.key" in err


def test_without_cosign_it_is_told_how_to_get_it(
    run: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cosign.pub").touch()
    monkeypatch.setenv("PATH", "/nowhere")
    code, _, err = run("verify")("shop:1.4.2", "--key", str(tmp_path / "cosign.pub"))
    assert code == 2
    assert "go install github.com/sigstore/cosign" in err
