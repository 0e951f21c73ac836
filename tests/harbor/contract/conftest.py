"""The contract suite runs against the double, and unchanged against a real Harbor when these are set:

HARBOR_URL, HARBOR_USERNAME, HARBOR_PASSWORD, HARBOR_PROJECT

It then touches nothing outside that project, names every repository after the run, removes what it made, and skips
what the account may not do.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.harbor.contract.wire import Wire
from tests.harbor.double import HarborDouble
from tests.harbor.double.harbor import ADMIN, PASSWORD

VARIABLES = ("HARBOR_URL", "HARBOR_USERNAME", "HARBOR_PASSWORD", "HARBOR_PROJECT")


@pytest.fixture
async def wire(double: HarborDouble) -> AsyncIterator[Wire]:
    """Speaks to the real Harbor of the environment, else to a double."""
    url, username, password, project = (os.environ.get(name, "") for name in VARIABLES)
    # A real Harbor answers a wrong password after 1.5 s, and hashes right ones.
    async with httpx2.AsyncClient(timeout=60.0) as http:
        if url and username and password and project:
            speaker = Wire(http, url.rstrip("/"), (username, password), project, real=True)
        else:
            speaker = Wire(http, double.url, (ADMIN, PASSWORD), "charts", real=False)
        try:
            yield speaker
        finally:
            await speaker.clean_up()
