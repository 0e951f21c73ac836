"""Golden trees: what chartgen makes of a small platform, file by file. `make golden` writes them anew."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh-golden", action="store_true", help="Write the expected trees anew.")


@pytest.fixture
def refresh(request: pytest.FixtureRequest) -> bool:
    # Unknown when pytest starts from a folder above, where this file is found too late.
    return bool(request.config.getoption("--refresh-golden", default=False))
