"""Rules of `chartgen check` about how pods stop and where they write."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartgen.build import build_platform
from chartgen.verify import inspect_values
from chartgen.workspace import Workspace
from tests.builders.releases import SPRING, resolve

OPEN = '[namespaces.apps]\npod_security = "privileged"\n'
LEAVE = 'deregister = ["curl", "-XPOST", "http://127.0.0.1:8080/actuator/serviceregistry"]\n'
LOGS = 'volumes.logs = { mount = "/logs", host_path = "/data/logs"'


def findings(more: str) -> list[tuple[str, str]]:
    platform = resolve(SPRING + more, dev=OPEN)
    workspace = Workspace(Path(), platform, build_platform(platform), None, None, lock_is_stale=False)
    return [(finding.rule, finding.message) for finding in inspect_values(workspace, ["dev"])]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", []),
        (f'discovery = "eureka"\n{LEAVE}', []),
        (f'discovery = "nacos"\n{LEAVE}drain = "46s"\n', []),
        ('discovery = "eureka"\n', ["is found through eureka, and stays registered there while its pods drain"]),
        (
            f'discovery = "nacos"\n{LEAVE}drain = "30s"\n',
            ["drains for 30s; with their defaults the caches of nacos's clients live 45s"],
        ),
    ],
)
def test_an_instance_leaves_its_registry_before_it_drains(more: str, said: list[str]) -> None:
    assert findings(more) == [("registry-drain", message) for message in said]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (LOGS + " }\n", True),
        (LOGS + ", read_only = true }\n", False),
        (LOGS + ' }\nrun_as = "image"\n', False),
        ('volumes.logs = { mount = "/logs", empty = {} }\n', False),
    ],
)
def test_a_directory_of_the_node_belongs_to_root(more: str, found: bool) -> None:
    message = "volumes.logs is /data/logs of the node, and the pods run as user 10001"
    assert (("unwritable-host-path", message) in findings(more)) == found
