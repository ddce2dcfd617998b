"""`onhand audit --repair`: what differs is shown, a question is asked, and it is put right."""

import pytest

from db.engine import Sessions
from tests.api.orders.world import rows
from tests.commands.terminal import ended, variables
from tests.db.test_audit import execute, lived_in  # noqa: F401  (used by pytest)

KEY = bytes(32)
BALANCE = "SELECT on_hand FROM stock_balance WHERE sku = 'A' AND location_id = 'HQ'"


@pytest.fixture
async def too_many(lived_in: None, sessions: Sessions, owner_sessions: Sessions) -> int:  # noqa: F811
    """One unit of A more stands at HQ than ever came; returns what is right."""
    [(right,)] = await rows(sessions, BALANCE)
    await execute(owner_sessions, "UPDATE stock_balance SET on_hand = on_hand + 1 WHERE sku = 'A'")
    return int(right)


async def test_it_shows_asks_and_repairs(
    sessions: Sessions, database_url: str, too_many: int
) -> None:
    done = ended(variables(database_url, KEY), "audit", "--repair", says="y\n")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Repair these 1 rows?" in done.stdout
    assert "1 rows were repaired." in done.stdout
    assert "Everything adds up." in done.stdout
    assert await rows(sessions, BALANCE) == [(too_many,)]
    [(actor, before, after)] = await rows(
        sessions, "SELECT actor, before->>'on_hand', after->>'on_hand' FROM audit_log"
        " WHERE action = 'audit.repaired'",
    )  # fmt: skip
    assert actor.startswith("command line")
    assert (before, after) == (str(too_many + 1), str(too_many))
    again = ended(variables(database_url, KEY), "audit", "--repair", "--yes")
    assert again.returncode == 0
    assert "repaired" not in again.stdout


@pytest.mark.parametrize(
    ("words", "says"), [(("--repair",), "n\n"), (("--dry-run",), ""), (("--repair",), "")]
)
async def test_nothing_is_repaired_without_a_yes(
    sessions: Sessions, database_url: str, too_many: int, words: tuple[str, ...], says: str
) -> None:
    done = ended(variables(database_url, KEY), "audit", *words, says=says)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"on_hand {too_many}" in " ".join(done.stdout.split())
    assert await rows(sessions, BALANCE) == [(too_many + 1,)]
    assert await rows(sessions, "SELECT count(*) FROM audit_finding") == [(0,)]


@pytest.mark.parametrize("words", [("--chain", "--repair"), ("--yes", "--dry-run")])
async def test_what_cannot_go_together_is_refused(
    database_url: str, words: tuple[str, ...]
) -> None:
    done = ended(variables(database_url, KEY), "audit", *words)

    assert done.returncode != 0
    assert "Traceback" not in done.stderr
