"""Who may talk to the sandbox, what it runs, and where that listens."""

from __future__ import annotations

import base64
import re
import socket

import pytest
import yaml

from helmkit.errors import UsageError
from sandbox.components import build_components, render_registry_config
from sandbox.credentials import Tokens, new_service_account_key, render_kubeconfig, render_token_file
from sandbox.ports import Ports, choose_ports

PORTS = Ports(api=1, controllers=2, scheduler=3, kwok=4, registry=5)
TOKENS = Tokens(admin="a-token", viewer="v-token")


def test_kubeconfig_has_a_context_for_each_user() -> None:
    config = yaml.safe_load(render_kubeconfig("https://127.0.0.1:1", "PEM", TOKENS))

    assert config["current-context"] == "sandbox"
    assert [context["name"] for context in config["contexts"]] == ["sandbox", "sandbox-viewer"]
    assert [user["user"]["token"] for user in config["users"]] == ["a-token", "v-token"]
    assert base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]) == b"PEM"


def test_tokens_belong_to_their_groups_and_stay_out_of_logs() -> None:
    assert 'a-token,admin,admin,"system:masters"' in render_token_file(TOKENS)
    assert 'v-token,viewer,viewer,"viewers"' in render_token_file(TOKENS)
    assert "token" not in repr(TOKENS)


def test_service_account_key_is_an_ec_key() -> None:
    head, *body, tail = new_service_account_key().splitlines()
    der = base64.b64decode("".join(body))

    assert (head, tail) == ("-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----")
    assert der[1] == len(der) - 2, "the outer sequence spans the whole key"
    assert der[7] < 0x80
    assert new_service_account_key() != new_service_account_key()


def test_everything_listens_on_loopback_alone() -> None:
    for component in build_components(PORTS):
        addresses = re.findall(r"(\d+\.\d+\.\d+\.\d+)(?!/)", " ".join(component.arguments))
        assert set(addresses) <= {"127.0.0.1"}, component.name
    assert yaml.safe_load(render_registry_config(PORTS, "secret"))["http"]["addr"] == "127.0.0.1:5"


def test_no_component_has_an_absolute_path() -> None:
    assert not [a for component in build_components(PORTS) for a in component.arguments if "=/" in a]


def test_ports_are_distinct_and_a_taken_registry_port_is_an_error() -> None:
    ports = choose_ports(None)
    assert len({ports.api, ports.controllers, ports.scheduler, ports.kwok, ports.registry}) == 5

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError) as error:
        choose_ports(taken.getsockname()[1])
    assert "--registry-port" in str(error.value.hint)
