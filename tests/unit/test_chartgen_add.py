"""`chartgen add`: a block as people write it, and nothing at all when anything is wrong."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from chartgen.cli import cli
from chartgen.editing.place import append_block, place_value, toml_text
from chartgen.manifest.load import parse_platform
from chartgen.scaffold.addition import add_service
from chartgen.scaffold.block import NewService
from chartgen.scaffold.words import (
    NewClaim,
    NewPort,
    parse_claim,
    parse_container,
    parse_port,
    parse_tagged_image,
    registry_key,
)
from helmkit.console import run_cli
from helmkit.errors import InputError, UsageError
from tests.builders.releases import EXTERNAL, HEAD, SPRING

WEB = NewService(
    key="web",
    archetype="spring-service",
    namespace="shop",
    image=parse_tagged_image("harbor.example.com/shop/web:1.0"),
    replicas=2,
    memory="512Mi",
    cpu="250m",
    ports=(NewPort("http", 8080),),
    host="shop.example.com",
    depends_on=("db",),
)
FILES = {"releases.toml": (HEAD + EXTERNAL).encode()}


def test_the_form_of_the_seed_becomes_a_block() -> None:
    added = add_service(FILES, WEB)
    assert added.block.splitlines() == [
        "[services.web]",
        'archetype = "spring-service"',
        'namespace = "shop"',
        'image = { registry = "harbor-example-com", repository = "shop/web" }',
        'version = "1.0"',
        "replicas = 2",
        "ports.http = 8080",
        'resources = { memory = "512Mi", cpu = "250m" }',
        'depends_on = ["db"]',
        'ingress.web = { host = "shop.example.com", port = "http" }',
    ]
    assert added.declared == ("namespace shop", "registry harbor-example-com (harbor.example.com)")
    service = parse_platform({"releases.toml": added.content}).environments["dev"].services["web"]
    assert (service.namespace, service.depends_on) == ("shop", ("db",))


def test_the_rest_of_the_file_keeps_its_bytes() -> None:
    before = FILES["releases.toml"].replace(b"apps = {}\n", b"apps = {} # ours\n")
    after = add_service({"releases.toml": before}, WEB).content
    new = after.splitlines()
    marks = [line[:2] for line in difflib.ndiff(before.decode().splitlines(), after.decode().splitlines())]
    assert set(marks) == {"  ", "+ "}
    assert new[new.index(b"data = {}") + 1] == b"shop = {}"


def test_a_declared_registry_is_found_by_its_host_also_in_an_included_file() -> None:
    main = b'include = ["parts/*.toml"]\n' + FILES["releases.toml"]
    part = b'[registries]\nharbor = { host = "harbor.example.com" }\n[namespaces]\nshop = {}\n'
    added = add_service({"releases.toml": main, "parts/a.toml": part}, WEB)
    assert 'registry = "harbor"' in added.block
    assert added.declared == ()


def test_a_new_registry_never_takes_anothers_key() -> None:
    main = FILES["releases.toml"].replace(
        b"[namespaces]", b'harbor-example-com = { host = "old.example.com" }\n[namespaces]'
    )
    assert 'registry = "harbor-example-com-2"' in add_service({"releases.toml": main}, WEB).block


def test_external_endpoints_and_stores() -> None:
    outer = NewService("mysql", "external-endpoint", "data", addresses=("10.1.2.3",), ports=(NewPort("mysql", 3306),))
    assert 'addresses = ["10.1.2.3"]' in add_service(FILES, outer).block
    store = NewService(
        key="mongo", archetype="statefulset-infra", namespace="data", image=parse_tagged_image("mongo:7.0"),
        ports=(NewPort("mongodb", 27017),), claims=(NewClaim("data", "/data/db", "5Gi"),),
    )  # fmt: skip
    block = add_service(FILES, store).block
    assert 'claims.data = { mount = "/data/db", size = "5Gi" }' in block
    assert 'image = { registry = "hub", repository = "library/mongo" }' in block


def test_plain_yaml_and_charts_of_others() -> None:
    objects = b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: agent, image: x}]}\n"
    image = parse_tagged_image("harbor.example.com/shop/agent:1.0")
    plain = NewService("agents", "raw-objects", "apps", files=("objects/*.yaml",), containers={"agent": image})
    added = add_service({**FILES, "objects/a.yaml": objects}, plain)
    assert added.block.splitlines()[3:] == [
        'files = ["objects/*.yaml"]',
        'images.agent = { registry = "harbor-example-com", repository = "shop/agent", version = "1.0" }',
    ]
    assert added.declared == ("registry harbor-example-com (harbor.example.com)",)
    vendor = NewService("redis", "vendor-chart", "apps", chart="oci://host.example/charts/redis", version="1.2.3")
    assert 'chart = "oci://host.example/charts/redis"\nversion = "1.2.3"\n' in add_service(FILES, vendor).block


def test_errors_are_those_of_the_block_and_all_at_once() -> None:
    wrong = NewService("web", "spring-service", "apps", memory="much", depends_on=("nope",))
    with pytest.raises(InputError) as caught:
        add_service(FILES, wrong)
    text = str(caught.value)
    assert "the new block:4:" in text
    assert {"image", "version"} <= {word for word in ("image", "version") if word in text}
    assert "1  [services.web]" in str(caught.value.hint)


def test_a_platform_that_is_wrong_already_is_said_to_be() -> None:
    broken = {"releases.toml": FILES["releases.toml"].replace(b"3306", b'"x"')}
    with pytest.raises(InputError, match="wrong as it is"):
        add_service(broken, WEB, shown_in="here/")
    with pytest.raises(InputError, match=r"here/releases.toml:\d+:\d+: services.db: is there already"):
        add_service(FILES, NewService("db", "external-endpoint", "data"), shown_in="here/")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_no_word_breaks_out_of_its_place(text: str) -> None:
    service = NewService("db2", "external-endpoint", "data", description=text, addresses=("10.0.0.1",),
                         ports=(NewPort("x", 1),))  # fmt: skip
    try:
        added = add_service(FILES, service)
    except InputError:
        return  # a character that does not survive Helm
    table = tomli.loads(added.content.decode())["services"]["db2"]
    assert table["description"] == text


def test_words_are_understood() -> None:
    assert parse_port("8080", "spring-service") == NewPort("http", 8080)
    assert parse_port("http=8080:31333", "spring-service") == NewPort("http", 8080, 31333)
    assert parse_claim("data=/var/lib/x:5Gi") == NewClaim("data", "/var/lib/x", "5Gi")
    assert registry_key("192.168.88.159:5000") == "registry-192-168-88-159-5000"


@pytest.mark.parametrize("word", ["http", "=80", "http=x", "a=1:y", "UPPER=1", ""])
def test_ports_that_are_none(word: str) -> None:
    with pytest.raises(UsageError):
        parse_port(word, "spring-service")


def test_a_port_of_a_store_needs_a_name() -> None:
    with pytest.raises(UsageError, match="no valid name"):
        parse_port("3306", "external-endpoint")


@pytest.mark.parametrize("word", ["data", "data=/x", "data=x:5Gi", "=/x:5Gi", "data=/x:"])
def test_claims_that_are_none(word: str) -> None:
    with pytest.raises(UsageError):
        parse_claim(word)


@pytest.mark.parametrize("word", ["web", "web@sha256:" + "a" * 64, "Web:1", "web:a b"])
def test_images_that_cannot_be(word: str) -> None:
    with pytest.raises(UsageError):
        parse_tagged_image(word)


PATH = ("services", "a", "image", "digest")
FORMS = {
    b'[services.a]\nimage = { repository = "r" } # c\n': b'image = { repository = "r", digest = "D" } # c\n',
    b'[services.a]\nimage.repository = "r" # c\nx = 1\n': b'image.repository = "r" # c\nimage.digest = "D"\nx = 1\n',
    b'[services.a]\nx = 1\n[services.a.image]\nrepository = "r"\n': b'repository = "r"\ndigest = "D"\n',
    b'[services.a]\nx = 1 # c\n\n[services.a.env]\nX = "1"\n': b'x = 1 # c\nimage.digest = "D"\n\n[services.a.env]\n',
    b"services.a.replicas = 5\n[x]\n": b'services.a.replicas = 5\nservices.a.image.digest = "D"\n[x]\n',
    b"[services]\na = { x = 1 }\n": b'a = { x = 1, image.digest = "D" }\n',
    b"[services.a]\nimage = {}\n": b'image = { digest = "D" }\n',
    b"[services.a.image]\ndigest = 'old' # c\n": b'digest = "D" # c\n',
    b"[services.b]\nx = 1\n": b'x = 1\n\n[services.a]\nimage.digest = "D"\n',
    b"[services.a]\r\nx = 1\r\n[b]\r\n": b'x = 1\r\nimage.digest = "D"\r\n[b]\r\n',
    b"[services.a] # header\n[services.a.env]\n": b'[services.a] # header\nimage.digest = "D"\n[services.a.env]\n',
    b"": b'[services.a]\nimage.digest = "D"\n',
}


@pytest.mark.parametrize(("before", "part"), FORMS.items())
def test_a_value_is_put_where_the_file_has_its_kin(before: bytes, part: bytes) -> None:
    after = place_value("releases.toml", before, PATH, '"D"')
    assert part in after
    assert tomli.loads(after.decode())["services"]["a"]["image"]["digest"] == "D"
    assert place_value("releases.toml", after, PATH, '"D"') == after


def test_what_cannot_be_edited_is_left_alone() -> None:
    with pytest.raises(InputError, match="no safe place"):
        place_value("releases.toml", b"services = 1\n", PATH, '"D"')
    with pytest.raises(InputError, match="left as it is"):
        place_value("releases.toml", b"services = \n", PATH, '"D"')


def test_blocks_follow_an_empty_line_and_texts_are_escaped() -> None:
    assert append_block(b"a = 1\n\n\n", "b = 2\n") == b"a = 1\n\nb = 2\n"
    assert tomli.loads("a = " + toml_text('"\\\n\x7f\U0001f600'))["a"] == '"\\\n\x7f\U0001f600'


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    (tmp_path / "releases.toml").write_text(HEAD + SPRING)

    def run(*args: str) -> tuple[int, str, str]:
        code = run_cli(cli, ["-C", str(tmp_path), "add", *args], prog_name="chartgen", environ=os.environ)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


MYSQL = (
    "db",
    "--archetype",
    "external-endpoint",
    "--namespace",
    "outer",
    "--address",
    "10.0.0.9",
    "--port",
    "mysql=3306",
)


def test_the_command_writes_and_shows(tmp_path: Path, run: Run) -> None:
    code, out, err = run(*MYSQL)
    assert code == 0
    assert out.startswith("[services.db]\n")
    assert "namespace outer is declared as well" in err
    assert out in (tmp_path / "releases.toml").read_text()


def test_a_platform_with_files_beside_it_can_get_more(tmp_path: Path, run: Run) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects/a.yaml").write_text(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\n"
        "spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: tidy}]}}}}}\n"
    )
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/app.yml").write_text("a: 1\n")
    with (tmp_path / "releases.toml").open("a") as file:
        file.write('config.app = { mount = "/config", from = "conf" }\n')
    image = "--container", "tidy=harbor.example.com/shop/tidy:1.0"
    raw = "--archetype", "raw-objects", "--namespace", "apps", "--file", "objects/*.yaml"
    code, _, err = run("jobs", *raw)
    assert code == 2
    assert "nothing says which image container tidy runs" in err
    assert run("jobs", *raw, *image)[0] == 0
    chart = "--archetype", "vendor-chart", "--namespace", "apps", "--chart", "oci://host.example/charts/redis"
    assert run("redis", *chart, "--chart-version", "1.2.3")[0] == 0
    assert run(*MYSQL)[0] == 0


@pytest.mark.parametrize("word", ["tidy", "=harbor/x:1", "tidy=harbor.example.com/x"])
def test_containers_that_are_none(word: str) -> None:
    with pytest.raises(UsageError):
        parse_container(word)


@pytest.mark.parametrize("args", [(*MYSQL, "--dry-run"), MYSQL[:-2], ("gateway", *MYSQL[1:]), ("a b", *MYSQL[1:])])
def test_the_command_writes_nothing_otherwise(tmp_path: Path, run: Run, args: tuple[str, ...]) -> None:
    before = (tmp_path / "releases.toml").read_bytes()
    assert run(*args)[0] == (0 if "--dry-run" in args else 2)
    assert (tmp_path / "releases.toml").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["releases.toml"]
