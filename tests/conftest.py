"""Real servers for tests: one PostgreSQL per test process, a cloned database per test."""

import contextlib
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import certifi
import psycopg
import pytest
import pytest_asyncio
from hypothesis import settings
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.migrate import migrate
from runtime.embedded import EmbeddedPostgres, executable
from runtime.temporal import plugin
from tests.databases import Databases, copied, dropped, with_name
from tests.people import VAULT

settings.register_profile("onhand", deadline=None)  # how fast it is, is measured elsewhere
settings.load_profile("onhand")
_ROOM_BYTES = 2 * 1024**3
_BESIDE = Path(__file__).parents[2] / "shared" / "data"


# The longest files begin, so that no core waits for one of them at the end.
LONGEST_FIRST = ("tests/e2e/test_killed.py", "tests/e2e", "tests/web/test_in_browser.py",
                 "tests/web/test_input.py", "tests/web/test_stories_in_browser.py",
                 "tests/web/test_files_in_browser.py", "tests/api/test_fuzz.py",
                 "tests/workflows")  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((n for n, path in enumerate(LONGEST_FIRST) if item.nodeid.startswith(path)),
                    len(LONGEST_FIRST))  # fmt: skip

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was imported stays: no test looks for garbage in it."""
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    """No test asks an outside host: one authority is trusted, as reading all of them takes each
    of thousands of HTTP clients 20 ms."""
    end = "-----END CERTIFICATE-----\n"
    first, _, _ = Path(certifi.where()).read_text("utf-8").partition(end)
    folder = Path(tempfile.mkdtemp(prefix="onhand-test-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    authority = folder / "authority.pem"
    authority.write_text(first + end, "utf-8")
    folder.chmod(0o755)
    os.environ["SSL_CERT_FILE"] = str(authority)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the data to try Onhand on is, which is no part of the repository; how many stories of
    returns are drawn, which a campaign has more of."""
    parser.addoption("--shared-data", type=Path, default=_BESIDE)
    parser.addoption("--stories", type=int, default=12)


@pytest.fixture(scope="session")
def shared_data(request: pytest.FixtureRequest) -> Path:
    """The folder of that data; a test that needs it is skipped where it is absent."""
    folder: Path = request.config.getoption("--shared-data")
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}; tell another place with --shared-data")
    return folder


def _memory() -> Path | None:
    """A folder in memory with room for a server: copying a database there takes no time."""
    folder = Path("/dev/shm")
    if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < _ROOM_BYTES:
        return None
    return folder


@contextlib.contextmanager
def _reachable_folder(within: Path | None = None) -> Iterator[Path]:
    """Run by root, PostgreSQL is another user, and pytest shuts its own folders to others."""
    folder = Path(tempfile.mkdtemp(prefix="onhand-test-", dir=within))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """An empty folder in which a test may start servers."""
    with _reachable_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server without fsync, whose database `template` is migrated."""
    with _reachable_folder(_memory()) as folder:
        yield from _server(folder)


def _server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "postgres", durable=False)
    server.start()
    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE template")
        migrate(with_name(server.url, "template"))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Iterator[Databases]:
    """Databases that are emptied after a test, for the next."""
    kept = Databases(postgres)
    yield kept
    kept.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A migrated database as if it were fresh."""
    with databases.lent("template") as url:
        yield url


@pytest.fixture
def empty_database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database that nobody has migrated yet."""
    yield from clone(postgres, "template1")


def clone(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    """A copy of this database for as long as it is used."""
    name = copied(postgres, template)
    yield with_name(postgres.url, name)
    dropped(postgres, name)


@pytest_asyncio.fixture
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    """Sessions of a worker on a fresh database."""
    engine = create_engine(database_url, "onhand_worker", pool_size=16)
    yield sessions_of(engine, VAULT)
    await engine.dispose()


@pytest_asyncio.fixture
async def owner_sessions(database_url: str) -> AsyncIterator[Sessions]:
    """Sessions of the owner on the same database: to arrange what the application never may."""
    engine = create_engine(database_url, "onhand_owner", pool_size=2)
    yield sessions_of(engine, VAULT)
    await engine.dispose()


@pytest_asyncio.fixture
async def web_sessions(database_url: str) -> AsyncIterator[Sessions]:
    """Sessions of the web process on the same database as `sessions`, for somebody who sees the
    whole company."""
    engine = create_engine(database_url, "onhand_office", pool_size=16)
    yield sessions_of(engine, VAULT)
    await engine.dispose()


@pytest_asyncio.fixture
async def limited_sessions(database_url: str) -> AsyncIterator[Sessions]:
    """Sessions of the web process that nobody has told a scope."""
    engine = create_engine(database_url, "onhand_web", pool_size=4)
    yield sessions_of(engine, VAULT)
    await engine.dispose()


@pytest_asyncio.fixture
async def temporal_env() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server whose clock jumps over waiting."""
    async with await WorkflowEnvironment.start_time_skipping(
        plugins=[plugin()],
        test_server_existing_path=executable("temporal-test-server"),
    ) as env:
        yield env
