"""The table of parts, and where they and the sandboxes lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from helmkit.errors import UsageError
from sandbox.building import go_arguments, go_environ
from sandbox.parts import MINIMUM_GO, PARTS, TEST_PARTS, Part, link_flags, part_folder, recipe_digest, wrapper_module
from sandbox.places import find_places
from sandbox.toolchain import new_enough

BY_NAME = {part.name: part for part in PARTS}


def test_helm_comes_first() -> None:
    assert PARTS[0].name == "helm"


def test_every_package_gives_a_program() -> None:
    assert all(len(part.packages) == len(part.programs) for part in (*PARTS, *TEST_PARTS))


@pytest.mark.parametrize("part", [part for part in PARTS if part.wrapped], ids=lambda part: part.name)
def test_wrapper_modules_pin_the_version_of_the_table(part: Part) -> None:
    module = (wrapper_module(part) / "go.mod").read_text()

    assert f" {part.version}" in module
    assert f"go {'.'.join(map(str, MINIMUM_GO))}." in module
    assert all(package.split("/cmd/")[0] in module for package in part.packages)
    assert (wrapper_module(part) / "go.sum").stat().st_size > 0


def test_staging_modules_have_kubernetes_own_version() -> None:
    lines = (wrapper_module(BY_NAME["kubernetes"]) / "go.mod").read_text().splitlines()
    replaced = [line.split()[-1] for line in lines if "=>" in line]

    assert len(replaced) > 30
    assert set(replaced) == {BY_NAME["kubernetes"].version.replace("v1.", "v0.")}


def test_stamps_agree_with_the_version() -> None:
    for part in PARTS:
        versions = [value for name, value in part.stamps if not name.endswith(("Major", "Minor"))]
        assert set(versions) <= {part.version}
    assert "-X k8s.io/component-base/version.gitMinor=36" in link_flags(BY_NAME["kubernetes"])


def test_folders_are_keyed_by_part_version_and_recipe() -> None:
    helm = BY_NAME["helm"]

    assert part_folder(helm) == f"helm-{helm.version}-{recipe_digest(helm)}"
    assert recipe_digest(helm) == recipe_digest(replace(helm))
    assert recipe_digest(helm) != recipe_digest(replace(helm, stamps=()))
    assert len({part_folder(part) for part in PARTS}) == len(PARTS)


def test_go_arguments(tmp_path: Path) -> None:
    assert go_arguments(BY_NAME["kwok"], tmp_path)[-1] == f"sigs.k8s.io/kwok/cmd/kwok@{BY_NAME['kwok'].version}"
    kubernetes = go_arguments(BY_NAME["kubernetes"], tmp_path)
    assert kubernetes[:2] == ["build", "-mod=readonly"]
    assert f"{tmp_path}/" in kubernetes
    assert f"{tmp_path}/etcd" in go_arguments(BY_NAME["etcd"], tmp_path)


def test_go_builds_static_programs_for_this_machine(tmp_path: Path) -> None:
    environ = go_environ({"PATH": "/bin", "GOOS": "plan9", "GOPROXY": "direct"}, tmp_path)

    assert environ == {"PATH": "/bin", "GOPROXY": "direct", "CGO_ENABLED": "0", "GOWORK": "off", "GOBIN": str(tmp_path)}


@pytest.mark.parametrize(
    ("version", "switching", "enough"),
    [
        ("go1.26.0", "local", True),
        ("go1.30", "local", True),
        ("go2.0.1", "local", True),
        ("devel go1.28-abc", "local", True),
        ("go1.25.9", "local", False),
        ("go1.25.9", "auto", True),
        ("go1.19", "", False),
    ],
)
def test_a_go_is_new_enough(version: str, switching: str, enough: bool) -> None:
    assert new_enough(version, switching) is enough


def test_places_follow_the_environment() -> None:
    home = Path("/home/somebody")

    assert find_places({}, home).cache == home / ".cache/chartgen-relman/sandbox"
    assert find_places({}, home).state == home / ".local/state/chartgen-relman/sandbox"
    assert find_places({"XDG_CACHE_HOME": "/c"}, home).cache == Path("/c/chartgen-relman/sandbox")
    assert find_places({"XDG_STATE_HOME": "not/absolute"}, home).state == find_places({}, home).state
    assert find_places({"SANDBOX_CACHE": "/x", "SANDBOX_STATE": "/y"}, home).sandbox("demo") == Path("/y/demo")


@pytest.mark.parametrize("name", ["", "../up", "UPPER", "-dash", "dash-", "x" * 41])
def test_unfit_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="can be named"):
        find_places({}, Path("/")).sandbox(name)
