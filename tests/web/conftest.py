"""The application with its pages on a fresh database, and people who use it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from runtime.embedded import EmbeddedPostgres
from tests.api.orders.world import seed_order, seed_shipment, seed_shop
from tests.api.served import served
from tests.conftest import clone
from tests.databases import Databases
from tests.web.day import seed_whole_day
from tests.web.world import Engine, Person, nobody, person


@pytest.fixture(scope="session")
def day(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The name of a database with the demo company's day, which is written once."""
    for url in clone(postgres, "template"):
        asyncio.run(seed_whole_day(url))
        yield url.rsplit("/", 1)[1]


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, postgres: EmbeddedPostgres, databases: Databases
) -> Iterator[str]:
    """Who looks at pages at an address sees that day, all others a company without one."""
    if "address" in request.fixturenames:
        yield from clone(postgres, request.getfixturevalue("day"))
    else:
        with databases.lent("template") as url:
            yield url


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
