"""Configuration files: read beside the release manifest, kept byte for byte, refused when they lead astray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chartgen.build import build_platform
from chartgen.manifest.load import load_platform
from helmkit.errors import InputError
from helmkit.yaml import parse_yaml
from tests.builders.releases import HEAD, SPRING


def platform(folder: Path, more: str, **layers: str) -> Path:
    (folder / "values").mkdir(parents=True, exist_ok=True)
    (folder / "releases.toml").write_text(HEAD + SPRING + more)
    for name, text in (layers or {"dev": ""}).items():
        (folder / "values" / f"{name}.toml").write_text(text)
    return folder


def config_of(folder: Path, environment: str = "") -> dict[str, Any]:
    built = build_platform(load_platform(folder))
    if environment:
        return dict(built.environments[environment].get("gateway", {}).get("config", {}))
    values: dict[str, Any] = parse_yaml(built.files["charts/gateway/values.yaml"])
    return dict(values["config"])


def test_configuration_files_travel_byte_for_byte(tmp_path: Path) -> None:
    texts = {"a.yml": "x: {{ .Values }}\r\n\ttab\n  \n\n", "1e3": "", "on": "ä 🚀 \\ \"q\" 'q'\n", "trail": "a \n b"}
    data = {"b.bin": b"\x00\xff", "bell": b"a\x07", "latin": "ä".encode("latin-1")}
    folder = tmp_path / "config" / "all"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    for name, content in data.items():
        (folder / name).write_bytes(content)
    (folder / ".gitkeep").write_text("")
    found = config_of(platform(tmp_path, 'config.all = { from = "config/all", mount = "/c", executable = true }\n'))
    assert found["all"].pop("files") == texts
    assert found["all"].pop("binaryFiles") == {"b.bin": "AP8=", "bell": "YQc=", "latin": "5A=="}
    assert found["all"] == {"name": "gateway-all", "mountPath": "/c", "executable": True}


def test_a_single_file_is_mounted_as_itself(tmp_path: Path) -> None:
    (tmp_path / "logback.xml").write_text("<x/>")
    found = config_of(platform(tmp_path, 'config.log = { from = "logback.xml", mount = "/a.xml", name = "log" }\n'))
    assert found == {
        "log": {"name": "log", "mountPath": "/a.xml", "file": "logback.xml", "files": {"logback.xml": "<x/>"}}
    }


def test_a_layer_names_another_directory_and_nothing_of_the_first_stays(tmp_path: Path) -> None:
    for name in ("dev/only-dev", "dev/both", "prod/only-prod", "prod/both"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    layer = 'services.gateway.config.c.from = "prod"\n'
    folder = platform(tmp_path, 'config.c = { from = "dev", mount = "/c" }\n', dev="", prod=layer)
    (folder / "releases.toml").write_text(HEAD + SPRING + 'config.c = { from = "dev", mount = "/c" }\n')
    assert config_of(folder)["c"]["files"] == {"both": "dev/both"}
    assert config_of(folder, "dev")["c"] == {"files": {"only-dev": "dev/only-dev"}}
    assert config_of(folder, "prod")["c"] == {"files": {"both": "prod/both", "only-prod": "prod/only-prod"}}


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_platform(folder)
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "platform"
    (inside / "config").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (inside / "config" / "a").symlink_to(tmp_path / "secret")
    (inside / "link").symlink_to(tmp_path)
    more = 'config.a = { from = "config", mount = "/a" }\nconfig.b = { from = "link/platform", mount = "/b" }\n'
    more += 'config.c = { from = "link/secret", mount = "/c" }\nconfig.d = { from = "loop", mount = "/d" }\n'
    (inside / "loop").symlink_to(inside / "loop")
    said = refusal(platform(inside, more))
    assert "services.gateway.config.a.from: config/a leads out of the release manifest's folder" in said
    assert "services.gateway.config.c.from: link/secret leads out of" in said
    assert "services.gateway.config.d.from: loop cannot be read: its links lead in a circle" in said


def test_what_no_configmap_can_hold_is_refused(tmp_path: Path) -> None:
    for name, content in {
        "big/a": b"a" * 2**20,
        "big/b": b"b",
        "odd/a b": b"",
        "empty/.keep": b"",
        "fits/a": b"a" * 2**20,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    names = ("big", "odd", "empty", "fits", "gone")
    more = "".join(f'config.{name} = {{ from = "{name}", mount = "/{name}" }}\n' for name in names)
    said = refusal(platform(tmp_path, more))
    assert "config.big.from: big has more than 1024 KiB" in said
    assert "config.odd.from: odd has a file 'a b', which no ConfigMap can hold" in said
    assert "config.empty.from: empty holds no file" in said
    assert "config.gone.from: gone cannot be read: No such file or directory" in said
    assert "config.fits" not in said
