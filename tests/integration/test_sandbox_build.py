"""Building the sandbox's programs, with a stand-in for Go: nothing twice, nothing half, errors that help."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from helmkit.errors import HelmkitError, UsageError
from sandbox.building import build_parts, is_built
from sandbox.parts import PARTS, TEST_PARTS
from sandbox.progress import Progress

GO = """#!{python}
import os, pathlib, sys
here = pathlib.Path(__file__).parent
if sys.argv[1] == "env":
    print("{version}")
    print("local")
    sys.exit()
(here / "calls").open("a").write(" ".join(sys.argv[1:]) + chr(10))
if (here / "broken").exists():
    sys.exit("go: the network is down")
programs = [name.split("@")[0].rsplit("/", 1)[-1] for name in sys.argv if "/cmd/" in name]
target = pathlib.Path(os.environ["GOBIN"])
for name in programs or ["etcd"]:
    (target / name).touch()
"""


@pytest.fixture
def go(tmp_path: Path) -> Path:
    folder = tmp_path / "go"
    folder.mkdir()
    write_go(folder, "go1.26.0")
    return folder


def write_go(folder: Path, version: str) -> None:
    program = folder / "go"
    program.write_text(GO.format(python=sys.executable, version=version))
    program.chmod(0o755)


def calls(go: Path) -> list[str]:
    file = go / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_builds_everything_once(tmp_path: Path, go: Path) -> None:
    cache = tmp_path / "cache"

    folders = build_parts(cache, {"PATH": str(go)}, Progress())

    assert list(folders) == [part.name for part in PARTS]
    assert all((folders[part.name] / program).exists() for part in PARTS for program in part.programs)
    assert is_built(cache)
    assert len(calls(go)) == len(PARTS)
    assert build_parts(cache, {}, Progress()) == folders, "without Go, too"
    assert len(calls(go)) == len(PARTS)


def test_a_sandbox_does_not_wait_for_what_only_tests_run(tmp_path: Path, go: Path) -> None:
    cache = tmp_path / "cache"

    folders = build_parts(cache, {"PATH": str(go)}, Progress(), TEST_PARTS)

    assert list(folders) == ["cosign"]
    assert (folders["cosign"] / "cosign").exists()
    assert is_built(cache, TEST_PARTS)
    assert not is_built(cache)


def test_a_failed_build_leaves_nothing_and_says_what_go_said(tmp_path: Path, go: Path) -> None:
    cache = tmp_path / "cache"
    (go / "broken").touch()

    with pytest.raises(HelmkitError, match=r"building helm v.* failed: go ended with code 1\ngo: the network") as error:
        build_parts(cache, {"PATH": str(go)}, Progress())

    assert "python -m sandbox build" in str(error.value.hint)
    assert {path.name for path in cache.iterdir()} == {"helm.lock", "logs"}


def test_leftovers_of_a_killed_build_go(tmp_path: Path, go: Path) -> None:
    leftover = tmp_path / "cache" / ".helm-killed"
    leftover.mkdir(parents=True)

    build_parts(tmp_path / "cache", {"PATH": str(go)}, Progress())

    assert not leftover.exists()


def test_an_old_go_is_refused_with_the_remedy(tmp_path: Path, go: Path) -> None:
    write_go(go, "go1.25.3")

    with pytest.raises(UsageError, match=r"is go1\.25\.3, and 1\.26 is needed") as error:
        build_parts(tmp_path / "cache", {"PATH": str(go)}, Progress())

    assert error.value.exit_code == 2
    assert "https://go.dev/doc/install" in str(error.value.hint)


def test_no_go_is_an_error_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.toolchain._USUAL_PLACE", str(tmp_path))

    with pytest.raises(UsageError, match="there is no `go` on PATH"):
        build_parts(tmp_path / "cache", {"PATH": str(tmp_path)}, Progress())
