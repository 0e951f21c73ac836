"""Fixtures for tests on the sandbox: one control plane and registry per test run, shared by all xdist workers."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from helmkit.errors import UsageError
from sandbox.building import build_parts, is_built
from sandbox.cluster import Sandbox, here
from sandbox.parts import PARTS, TEST_PARTS, Part
from sandbox.progress import ConsoleProgress, Progress
from sandbox.toolchain import find_go

# The name of this run's sandbox, and the process it goes down with; xdist workers get both from the controller.
RUN = pytest.StashKey[str]()
OWNER = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    inherited = getattr(config, "workerinput", {})
    config.stash[RUN] = inherited.get("sandbox_name", f"test-{secrets.token_hex(4)}")
    config.stash[OWNER] = inherited.get("sandbox_owner", os.getpid())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Hand this run's name and owner to an xdist worker."""
    config: pytest.Config = node.config  # type: ignore[attr-defined]
    node.workerinput |= {"sandbox_name": config.stash[RUN], "sandbox_owner": config.stash[OWNER]}  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    # Only the process that owns the sandbox, that is the controller, may end it: other workers may still use it.
    if config.stash.get(OWNER, None) == os.getpid():
        Sandbox.attach(config.stash[RUN]).down()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the sandbox, so that `-m 'not sandbox'` leaves it out."""
    for item in items:
        if "sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.sandbox)


@pytest.fixture(scope="session")
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """A control plane and a registry on free ports, started by the first test that asks and kept for the whole run.

    Without Go, and without programs built earlier, the test is skipped; where CI is set it fails instead.
    """
    progress = _building_progress(PARTS)
    config = request.config
    return Sandbox.up(config.stash[RUN], free_ports=True, owner=config.stash[OWNER], progress=progress)


@pytest.fixture(scope="session")
def cosign() -> Path:
    """The real cosign, built if need be; skipped without Go, but not in CI."""
    progress = _building_progress(TEST_PARTS)
    return build_parts(here().cache, os.environ, progress, TEST_PARTS)["cosign"] / "cosign"


def _building_progress(parts: Sequence[Part]) -> Progress:
    """Skip the test if the parts are missing and cannot be built; minutes of silence would look like a hang."""
    if is_built(here().cache, parts):
        return Progress()
    try:
        find_go(os.environ)
    except UsageError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{error.message}; {error.hint}")
    return ConsoleProgress(sys.__stderr__ or sys.stderr)


@pytest.fixture
def empty_sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox of the test's own, for what uses fixed namespaces and node ports."""
    own = Sandbox.up(f"own-{secrets.token_hex(4)}", free_ports=True, owner=os.getpid())
    yield own
    own.down()


@pytest.fixture
def unique_name(request: pytest.FixtureRequest) -> str:
    """A name no other test and no other run uses, good for a namespace or a release; it says whose it is."""
    plain = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).removeprefix("test-")
    return f"{plain[:30].strip('-')}-{secrets.token_hex(3)}"


@pytest.fixture
def namespace(sandbox: Sandbox, unique_name: str) -> Iterator[str]:
    """A namespace of the test's own, with a service account to run pods; removed afterwards."""
    sandbox.make_namespace(unique_name)
    yield unique_name
    sandbox.api.delete(f"/api/v1/namespaces/{unique_name}")
