"""A Harbor of its own for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from helmkit.harbor import Harbor, Login
from helmkit.http.pool import HttpExchange
from tests.harbor.double import HarborDouble
from tests.harbor.double.harbor import ADMIN, PASSWORD


@pytest.fixture
async def double() -> AsyncIterator[HarborDouble]:
    """A Harbor with the empty project `charts`."""
    async with HarborDouble() as harbor:
        harbor.add_project("charts")
        yield harbor


@pytest.fixture
async def exchange(double: HarborDouble) -> AsyncIterator[HttpExchange]:
    """One connection pool, as registry client and management client share it."""
    pool = HttpExchange(double.url, {}, None)
    try:
        yield pool
    finally:
        await pool.aclose()


@pytest.fixture
def harbor(double: HarborDouble, exchange: HttpExchange) -> Harbor:
    """The administrator's view of the double."""
    return Harbor(exchange, double.url, Login(ADMIN, PASSWORD))
