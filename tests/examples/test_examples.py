"""Every platform below examples/: it builds, nothing is found in it, and a real API server takes its objects."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chartgen.build import BuiltPlatform, build_platform
from chartgen.manifest.load import load_platform, load_sources
from chartgen.review import review
from chartgen.verify import inspect_values
from chartgen.workspace import load_workspace
from helmkit.bom import EnvironmentEntry
from helmkit.yaml import dump_yaml, dump_yaml_documents, parse_yaml_documents
from sandbox.cluster import Sandbox
from tests.builders.crds import install_crds
from tests.builders.helm import all_tags, run, write

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(path.parent for path in FOLDER.glob("*/releases.toml"))
_CHARTGEN = "import sys; from chartgen.cli import main; main()"
_SOURCE = re.compile(r"^# Source: [^/]+/charts/([^/]+)/", re.MULTILINE)

every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)


def check(sandbox: Sandbox, example: Path, *options: str) -> dict[str, Any]:
    argv = [sys.executable, "-c", _CHARTGEN, "check", str(example), "-o", "json", *options]
    environ = {**os.environ, **sandbox.environ}
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_there_is_one_for_each_source() -> None:
    assert [path.name for path in EXAMPLES] == ["book", "form", "hello", "shop"]


@every_example
def test_nothing_is_found_that_is_not_accepted_with_a_reason(sandbox: Sandbox, example: Path) -> None:
    """By chartgen in all environments; by helm lint in one, and by helm template in all further down."""
    workspace = load_workspace(example)
    environments = tuple(workspace.platform.environments)
    assert sorted(environments) == sorted(path.stem for path in (example / "values").iterdir())
    found = inspect_values(workspace, environments)
    report = review(found, workspace, environments, load_sources(example), "", with_helm=False, sizes=[])
    assert not report.findings
    assert check(sandbox, example, "-e", "sandbox")["findings"] == []


@every_example
def test_placeholders_are_said_to_be_some(example: Path) -> None:
    """An address of the documentation range stands for one that nobody stated, and the line says so."""
    for path in example.rglob("*.toml"):
        for line in path.read_text().splitlines():
            assert "192.0.2." not in line or "documentation address" in line, f"{path}: {line}"


@every_example
def test_the_readme_tells_what_was_corrected(example: Path) -> None:
    text = (example / "README.md").read_text()
    traps = set(re.findall(r"\bT\d{3}\b", text))
    known = tomllib.loads((FOLDER.parent / "docs" / "data" / "traps.toml").read_text())
    assert len(traps) >= 5
    assert traps <= known.keys()
    environments = {path.stem for path in (example / "values").iterdir()}
    assert all(f"`{name}`" in text for name in environments)


@pytest.fixture
def namespaces(sandbox: Sandbox, unique_name: str) -> Iterator[Mapping[str, str]]:
    """A namespace of its own for each level of Pod Security; what runs elsewhere is not touched."""
    install_crds(sandbox)
    found = {}
    for level in ("restricted", "baseline", "privileged"):
        labels = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "warn")}
        found[level] = f"{unique_name}-{level}"
        sandbox.make_namespace(found[level], labels=labels)
    yield found
    for name in found.values():
        sandbox.api.delete(f"/api/v1/namespaces/{name}")


@every_example
def test_the_api_server_takes_every_object(
    sandbox: Sandbox, namespaces: Mapping[str, str], example: Path, tmp_path: Path
) -> None:
    built = build_platform(load_platform(example))
    umbrella = write(built, tmp_path)
    for environment, entry in built.bom.environments.items():
        found = rendered(sandbox, built, umbrella, environment)
        assert {service for service, _ in found} == {one.chart for one in entry.services.values()}
        for level, namespace in namespaces.items():
            own = [moved(one, namespace) for service, one in found if level_of(service, entry) == level]
            if own:
                done = dry_run(sandbox, namespace, own)
                assert done.returncode == 0, done.stderr
                assert "Warning" not in done.stderr, done.stderr


def rendered(
    sandbox: Sandbox, built: BuiltPlatform, umbrella: Path, environment: str
) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects of a whole environment, each with the name of its chart; helm tests are left out."""
    options = ["--namespace=test", "--kube-version=1.36.0", "--skip-tests", "--include-crds", "--values=-"]
    values = dump_yaml(built.environments[environment])
    done = run(sandbox, sandbox.helm, "template", "it", str(umbrella), *options, *all_tags(built), stdin=values)
    assert done.returncode == 0, done.stderr
    found = []
    for part in done.stdout.split("\n---\n"):
        service = _SOURCE.search(part)
        if service:
            found += [(service[1], one) for one in parse_yaml_documents(part) if one]
    return found


def level_of(chart: str, entry: EnvironmentEntry) -> str:
    service = next(one for one in entry.services.values() if one.chart == chart)
    return entry.namespaces[service.namespace].labels["pod-security.kubernetes.io/enforce"]


def moved(one: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return the object in another namespace, with node ports that nobody else takes."""
    found: dict[str, Any] = json.loads(re.sub(r'"nodePort": \d+', '"nodePort": 0', json.dumps(one)))
    if "namespace" in found["metadata"]:
        found["metadata"]["namespace"] = namespace
    return found


def dry_run(sandbox: Sandbox, namespace: str, documents: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    options = ["--server-side", "--dry-run=server", "--force-conflicts", "--field-manager=helm"]
    options += [f"--namespace={namespace}", "--validate=strict", "-f", "-"]
    return run(sandbox, sandbox.kubectl, "apply", *options, stdin=dump_yaml_documents(documents))


def chartgen(folder: Path, *arguments: str) -> str:
    argv = [sys.executable, "-c", _CHARTGEN, *arguments]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def copied(name: str, folder: Path) -> Path:
    """Return a copy without what a build left there."""
    return Path(
        shutil.copytree(FOLDER / name, folder / name, ignore=shutil.ignore_patterns("charts", "dist", "*.lock"))
    )


def test_a_filled_form_is_the_command_that_the_readme_shows(tmp_path: Path) -> None:
    folder = copied("form", tmp_path)
    (command,) = re.findall(r"^chartgen (add .*?[^\\])$", (folder / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    arguments = shlex.split(command.replace("\\\n", " "))
    key = arguments[1]
    chartgen(folder, *arguments)
    platform = load_platform(folder)
    assert all(key in environment.services for environment in platform.environments.values())
    assert "shop-window.apps.example.com" in chartgen(folder, "emit", "dns", "--target", "192.0.2.40", "-e", "prod")


def test_the_next_version_of_the_book_moves_product_alone_and_where_versions_are_stated(tmp_path: Path) -> None:
    folder = copied("book", tmp_path)
    before = build_platform(load_platform(folder))
    chartgen(folder, "set", "product=v2")
    chartgen(folder, "bump", "patch")
    after = build_platform(load_platform(folder), before.lock)
    was = before.bom.environments
    found = {
        environment: {key for key, one in entry.services.items() if one != was[environment].services[key]}
        for environment, entry in after.bom.environments.items()
    }
    assert found == {"dev": set(), "prod": {"product"}, "sandbox": {"product"}}
    assert after.bom.environments["prod"].services["product"].images[0] == "docker.io/hands-on/product-service:v2"
