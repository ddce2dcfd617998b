"""`onhand reseal` killed in the middle: both keys open everything, and the next one ends it."""

import subprocess
import time

import psycopg

from db.engine import Sessions
from db.vault import Vault, order_key_context
from tests.api.orders.world import seed_order, seed_shop
from tests.commands.terminal import ROOT, ended, typed, variables
from tests.people import said as said_of
from tests.people import say

OLD, NEW = bytes(32), bytes(reversed(range(32)))
KEYS = 30_000
_LEFT = "SELECT count(*) FROM order_key WHERE substring(wrapped FROM 2 FOR 4) <> %s"


def _left(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(_LEFT, [Vault(NEW).key_id]).fetchone()
    assert row is not None
    return int(row[0])


def _wrapped(url: str) -> dict[str, bytes]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT order_id, wrapped FROM order_key").fetchall()
    return {order_id: bytes(wrapped) for order_id, wrapped in found}


def _kill_in_the_middle(environment: dict[str, str], url: str, before: int) -> None:
    with subprocess.Popen(
        typed("reseal"), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    ) as running:  # fmt: skip
        until = time.monotonic() + 120
        while _left(url) == before and time.monotonic() < until:
            time.sleep(0.02)
        running.kill()


async def test_a_rotation_that_was_killed_goes_on_where_it_was(
    sessions: Sessions, database_url: str
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    await say(sessions, "ord_1", buyer_remark="放在便利店")
    keys = {f"x{n:05}": n.to_bytes(32, "big") for n in range(KEYS)}
    into = "COPY order_key (order_id, wrapped) FROM STDIN"
    with (
        psycopg.connect(database_url) as connection,
        connection.cursor() as cursor,
        cursor.copy(into) as copy,
    ):
        for order_id, key in keys.items():
            copy.write_row((order_id, Vault(OLD).seal(key, order_key_context(order_id))))
    environment = variables(database_url, NEW, OLD)
    before = _left(database_url)

    _kill_in_the_middle(environment, database_url, before)
    middle = _left(database_url)
    assert 0 < middle < before
    both = Vault(NEW, older=[OLD])
    for order_id, wrapped in _wrapped(database_url).items():
        opened = both.open(wrapped, order_key_context(order_id))
        assert opened == keys.get(order_id, opened)

    done = ended(environment, "reseal")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is sealed with the current key." in done.stdout
    assert _left(database_url) == 0
    alone = Vault(NEW)
    for order_id, wrapped in _wrapped(database_url).items():
        opened = alone.open(wrapped, order_key_context(order_id))
        assert opened == keys.get(order_id, opened)
    assert await said_of(sessions_with(sessions, alone), "order/ord_1") == {
        "buyer_remark": "放在便利店"
    }


def sessions_with(sessions: Sessions, vault: Vault) -> Sessions:
    """The same database seen by a process that has another key."""
    changed = {**sessions.kw, "info": {"vault": vault}}
    return Sessions(**changed)
