"""`onhand erase`: a look at whose orders go, a question, and then nobody knows the person."""

import pytest

from db.engine import Sessions
from db.orders.receivers import open_receiver
from tests.api.orders.world import rows, seed_order, seed_shop
from tests.commands.terminal import ended, variables
from tests.people import VAULT, change_receiver, say
from tests.people import said as said_of

KEY = bytes(32)  # what people are seeded with
REASON = ("--reason", "asked for it")
REMARK = "放在金丝雀便利店"


@pytest.fixture
async def three(sessions: Sessions) -> None:
    """Closed orders 1 and 2 of one phone, and order 3 of another, which is open."""
    await seed_shop(sessions)
    for number in "123":
        await seed_order(sessions, number)
        await change_receiver(sessions, f"ord_{number}", phone=f"1390000000{number == '3':d}")
        await say(sessions, f"ord_{number}", buyer_remark=REMARK)
    await rows(
        sessions, "UPDATE sales_order SET status = 'completed' WHERE id <> 'ord_3' RETURNING 1"
    )


@pytest.mark.usefixtures("three")
async def test_all_orders_of_a_phone_are_erased_and_no_other(
    sessions: Sessions, database_url: str
) -> None:
    done = ended(variables(database_url, KEY), "erase", "--phone", "+86 139 0000 0000", *REASON,
                 "--yes")  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "2 orders no longer know who their people were." in done.stdout
    async with sessions.begin() as session:
        known = [await open_receiver(session, VAULT, f"ord_{number}") for number in "123"]
    assert [one is not None and one.erased for one in known] == [True, True, False]
    keys = await rows(sessions, "SELECT order_id, wrapped = '' FROM order_key ORDER BY 1")
    assert keys == [("ord_1", True), ("ord_2", True), ("ord_3", False)]
    assert await said_of(sessions, "order/ord_1") == {}
    assert await said_of(sessions, "order/ord_3") == {"buyer_remark": REMARK}
    audited = "SELECT actor, reason, after->'orders' FROM audit_log WHERE action = 'person.erased'"
    assert await rows(sessions, audited) == [("command line", "asked for it", ["ord_1", "ord_2"])]
    await say(sessions, "ord_1", buyer_remark="a late word")  # nothing is kept any more
    assert await said_of(sessions, "order/ord_1") == {}


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("words", "says", "why"),
    [
        (("--order", "O-3", "--yes"), "", "not over yet: O-3"),
        (("--order", "O-9", "--yes"), "", "nobody|no such order"),
        (("--order", "O-1"), "n\n", "Erase them"),
        (("--yes",), "", "Either --phone or --order"),
        (("--phone", "13900000000", "--order", "O-1", "--yes"), "", "Either --phone or --order"),
    ],
)
async def test_nobody_is_erased_by_a_slip(
    sessions: Sessions, database_url: str, words: tuple[str, ...], says: str, why: str
) -> None:
    done = ended(variables(database_url, KEY), "erase", *words, *REASON, says=says)

    assert done.returncode != 0
    assert any(one in done.stdout + done.stderr for one in why.split("|")), done
    assert "Traceback" not in done.stderr
    assert await rows(sessions, "SELECT count(*) FROM order_key WHERE wrapped = ''") == [(0,)]
    assert await said_of(sessions, "order/ord_1") == {"buyer_remark": REMARK}
