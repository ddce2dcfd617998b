"""The application with its pages on a fresh database, and people who use it."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.orders.world import seed_order, seed_shipment, seed_shop
from tests.api.served import served
from tests.web.world import Engine, Person, nobody, person


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest.fixture
def engine(app: FastAPI) -> Engine:
    """A workflow engine that takes every command."""
    app.state.temporal = Engine()
    found: Engine = app.state.temporal
    return found


@pytest_asyncio.fixture
async def order(sessions: Sessions) -> str:
    """The number of a paid order of 2 A and 1 B whose shipment `O-1-1` is to be picked."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    return "O-1"


@pytest_asyncio.fixture
async def service(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    """Somebody of customer service."""
    async with await person(app, web_sessions, Role.CUSTOMER_SERVICE) as client:
        yield client


@pytest_asyncio.fixture
async def staff(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    """Somebody of the warehouse."""
    async with await person(app, web_sessions, Role.WAREHOUSE) as client:
        yield client


@pytest_asyncio.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with nobody(app) as client:
        yield client
