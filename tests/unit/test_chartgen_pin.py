"""`chartgen pin`: which digest goes where, proven by what the platform means afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from chartgen.cli.pin import _exit_code
from chartgen.manifest.load import load_edited, load_platform, parse_platform
from chartgen.manifest.sources import parse_source
from chartgen.pinning.apply import apply_edits
from chartgen.pinning.decide import Decision, decide_pins
from chartgen.pinning.digests import Answer, fetch_digests
from chartgen.pinning.images import Tag, find_stated
from helmkit.errors import HelmkitError, UnreachableError
from tests.builders.releases import EXTERNAL, HEAD, SPRING, STATEFUL

COMPANY = "192.168.88.159:5000"


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


def tag(version: str = "1", host: str = COMPANY, repository: str = "gateway-k8s") -> Tag:
    return Tag(host, host == COMPANY, repository, version)


def run(
    services: str, answers: Mapping[Tag, Answer], *, only: tuple[str, ...] = (), check: bool = False, **layers: str
) -> tuple[Decision, dict[str, str], dict[str, str | None]]:
    """Return the decision, the files that change, and what gateway is pinned to afterwards in each environment."""
    contents = {"releases.toml": (HEAD + services).encode()}
    contents |= {f"values/{name}.toml": text.encode() for name, text in (layers or {"dev": ""}).items()}
    platform = parse_platform(contents)
    images = find_stated(platform, only or platform.environments)
    sources = [parse_source(name, content)[0] for name, content in contents.items()]
    decision = decide_pins(images, answers, sources, platform.default_environment, layers_only=bool(only), check=check)
    changed = apply_edits(contents, decision.edits, decision.pins)
    after = parse_platform({**contents, **changed})
    found = {i.environment: i.digest for i in find_stated(after, after.environments) if i.service == "gateway"}
    return decision, {name: content.decode() for name, content in changed.items()}, found


A, B = Answer(digest("a")), Answer(digest("b"))


def test_where_all_environments_agree_the_release_manifest_is_pinned() -> None:
    decision, changed, found = run(SPRING, {tag(): A}, dev="", prod="services.gateway.replicas = 3\n")
    assert list(changed) == ["releases.toml"]
    assert found == {"dev": digest("a"), "prod": digest("a")}
    assert [pin.state for pin in decision.pins] == ["pinned", "pinned"]
    assert f'repository = "gateway-k8s", digest = "{digest("a")}" }}' in changed["releases.toml"]


def test_a_platform_with_files_beside_it_is_pinned_as_well(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/app.yml").write_text("a: 1\n")
    text = HEAD + SPRING + 'config.app = { mount = "/config", from = "conf" }\n'
    (tmp_path / "releases.toml").write_text(text)
    images = find_stated(load_platform(tmp_path), ("dev",))
    sources = [parse_source("releases.toml", text)[0]]
    decision = decide_pins(images, {tag(): A}, sources, "dev", layers_only=False, check=False)
    contents = {"releases.toml": text.encode()}
    changed = apply_edits(contents, decision.edits, decision.pins, resolve=partial(load_edited, tmp_path))
    assert digest("a").encode() in changed["releases.toml"]


def test_a_layer_with_another_version_gets_its_own_digest() -> None:
    layers = {"dev": "", "prod": '[services.gateway] # prod\nversion = "2"\n'}
    _, changed, found = run(SPRING, {tag(): A, tag("2"): B}, dev=layers["dev"], prod=layers["prod"])
    assert found == {"dev": digest("a"), "prod": digest("b")}
    assert changed["values/prod.toml"] == layers["prod"] + f'image.digest = "{digest("b")}"\n'


def test_another_registry_with_the_same_content_needs_no_line_of_its_own() -> None:
    layers = {"dev": "", "prod": '[registries]\ncompany = { host = "harbor.example", plain_http = false }\n'}
    mirror = tag(host="harbor.example")
    assert list(run(SPRING, {tag(): A, mirror: A}, dev=layers["dev"], prod=layers["prod"])[1]) == ["releases.toml"]
    _, changed, found = run(SPRING, {tag(): A, mirror: B}, dev=layers["dev"], prod=layers["prod"])
    assert found == {"dev": digest("a"), "prod": digest("b")}
    assert "[services.gateway]\nimage.digest" in changed["values/prod.toml"]


def test_one_environment_is_pinned_in_its_layer_alone() -> None:
    _, changed, found = run(SPRING, {tag(): A}, only=("prod",), dev="", prod="")
    assert list(changed) == ["values/prod.toml"]
    assert found == {"dev": None, "prod": digest("a")}


def test_pinning_again_changes_nothing() -> None:
    layers = {"dev": "", "prod": '[services.gateway]\nversion = "2"\n'}
    answers = {tag(): A, tag("2"): B}
    _, changed, _ = run(SPRING, answers, dev=layers["dev"], prod=layers["prod"])
    pinned = changed["releases.toml"].removeprefix(HEAD)
    decision, again, _ = run(pinned, answers, dev="", prod=changed["values/prod.toml"])
    assert (again, {pin.state for pin in decision.pins}) == ({}, {"unchanged"})


def test_a_tag_that_moved_is_updated_in_place() -> None:
    old = SPRING.replace('"gateway-k8s" }', f"\"gateway-k8s\", digest = '{digest('c')}' }} # pinned")
    decision, changed, found = run(old, {tag(): A}, dev="", prod="")
    assert found == {"dev": digest("a"), "prod": digest("a")}
    assert decision.pins[0].state == "updated"
    assert f'digest = "{digest("a")}" }} # pinned' in changed["releases.toml"]


def test_a_stale_digest_of_a_layer_is_updated_too() -> None:
    layers = {"dev": "", "prod": f'[services.gateway]\nimage.digest = "{digest("c")}"\n'}
    assert run(SPRING, {tag(): A}, dev=layers["dev"], prod=layers["prod"])[2] == {
        "dev": digest("a"),
        "prod": digest("a"),
    }


def test_a_store_that_is_in_the_cluster_in_one_environment_alone() -> None:
    inside = (
        '[services.db]\narchetype = "statefulset-infra"\npersistent = false\nversion = "8"\n'
        'image = { registry = "hub", repository = "library/mysql" }\n'
    )
    answers = {tag("8", "docker.io", "library/mysql"): A}
    _, changed, _ = run(EXTERNAL, answers, dev="", prod=inside)
    assert list(changed) == ["values/prod.toml"]
    assert f'repository = "library/mysql", digest = "{digest("a")}"' in changed["values/prod.toml"]
    stateful = STATEFUL.replace("services.zk", "services.gateway")
    outside = '[services.gateway]\narchetype = "external-endpoint"\naddresses = ["10.0.0.1"]\n'
    answers = {tag("3.8", "docker.io", "library/zookeeper"): A}
    assert run(stateful, answers, dev=outside, prod="")[2] == {"prod": digest("a")}


def test_init_containers_are_pinned_as_well() -> None:
    init = '[services.gateway.init_containers.wait]\nimage.registry = "hub"\nimage.repository = "b"\nversion = "1"\n'
    _, changed, _ = run(SPRING + init, {tag(): A, tag("1", "docker.io", "b"): B})
    assert f'image.repository = "b"\nimage.digest = "{digest("b")}"\n' in changed["releases.toml"]


def test_presets_are_left_alone() -> None:
    preset = '[presets.p]\nimage = { registry = "company" }\n'
    service = SPRING.replace(
        'image = { registry = "company", repository = "gateway-k8s" }', 'preset = "p"\nimage.repository = "gateway-k8s"'
    )
    _, changed, found = run(preset + service, {tag(): A})
    assert found == {"dev": digest("a")}
    assert changed["releases.toml"].startswith(HEAD + preset)


@pytest.mark.parametrize("bad", [Answer(), Answer(error=UnreachableError("no route to it"))])
def test_a_service_is_pinned_everywhere_or_not_at_all(bad: Answer) -> None:
    layers = {"dev": "", "prod": '[services.gateway]\nversion = "2"\n'}
    zk = tag("3.8", "docker.io", "library/zookeeper")
    decision, changed, found = run(
        SPRING + STATEFUL, {tag(): A, tag("2"): bad, zk: B}, dev=layers["dev"], prod=layers["prod"]
    )
    assert found == {"dev": None, "prod": None}
    assert digest("b") in changed["releases.toml"]
    states = {(pin.service, pin.environment): pin.state for pin in decision.pins}
    assert states["gateway", "dev"] == "skipped"
    assert states["gateway", "prod"] == ("unreachable" if bad.error else "missing")
    assert _exit_code(decision.pins, check=False) == (5 if bad.error else 1)


def test_an_environment_that_takes_the_digest_away_is_left_alone() -> None:
    layers = {"dev": "", "prod": '[services.gateway]\nunset = ["image.digest"]\n'}
    pinned = SPRING.replace('"gateway-k8s" }', f'"gateway-k8s", digest = "{digest("c")}" }}')
    _, changed, found = run(pinned, {tag(): A}, dev=layers["dev"], prod=layers["prod"])
    assert found == {"dev": digest("a"), "prod": None}
    assert list(changed) == ["releases.toml"]


def test_looking_alone_writes_nothing() -> None:
    pinned = SPRING.replace('"gateway-k8s" }', f'"gateway-k8s", digest = "{digest("c")}" }}')
    for text, answer, state, code in [
        (pinned, A, "stale", 3),
        (pinned, Answer(digest("c")), "unchanged", 0),
        (SPRING, A, "unpinned", 0),
        (pinned, Answer(), "missing", 3),
        (SPRING, Answer(), "missing", 1),
    ]:
        decision, changed, _ = run(text, {tag(): answer}, check=True)
        assert (changed, decision.pins[0].state) == ({}, state)
        assert _exit_code(decision.pins, check=True) == code


class Registry:
    def __init__(self, asked: list[str]) -> None:
        self.asked = asked

    async def resolve(self, repository: str, reference: str) -> str | None:
        self.asked.append(f"{repository}:{reference}")
        if reference == "boom":
            message = "boom"
            raise UnreachableError(message)
        return digest("a") if reference == "1" else None


async def test_every_tag_is_asked_for_once_and_failures_stay_with_their_tag() -> None:
    asked: list[str] = []

    @asynccontextmanager
    async def connect(host: str, plain_http: bool) -> AsyncIterator[Registry]:
        if host == "broken.example":
            message = "the credentials cannot be read"
            raise HelmkitError(message)
        assert plain_http == (host == COMPANY)
        yield Registry(asked)

    wanted = [tag(), tag(), tag("2"), tag("boom"), tag(host="broken.example")]
    found = await fetch_digests(wanted, connect)
    assert sorted(asked) == ["gateway-k8s:1", "gateway-k8s:2", "gateway-k8s:boom"]
    assert (found[wanted[0]].digest, found[wanted[2]]) == (digest("a"), Answer())
    assert isinstance(found[wanted[3]].error, UnreachableError)
    assert "credentials" in str(found[wanted[4]].error)
