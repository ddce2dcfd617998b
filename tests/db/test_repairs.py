"""What has one provable right answer is put right: once, under lock, with before and after."""

import asyncio

import pytest
from sqlalchemy import text

from db.audit import CHECKS, audit, found_by
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.platform import findings
from db.repairs import REPAIRS, plan, preview, repair
from db.sql import run
from domain.inventory.stock import AdjustmentReason, Document, ReserveStock, StockLine
from domain.platform.auditing import REPAIRABLE
from domain.shared.errors import CannotBeRepaired, FindingNotFound
from tests.db.test_audit import DAMAGE, A, execute, lived_in  # noqa: F401  (used by pytest)
from web.words.auditing import AUDIT_CHECK

# Damage to what has to be repaired, where that of the audit's own tests is done to its proof.
BROKEN = DAMAGE | {
    "no_stock_held_for_closed_orders": """
        UPDATE sales_order SET status = 'cancelled' WHERE id = 'ord_2'""",
    "nothing_is_negative": """
        ALTER TABLE stock_balance DROP CONSTRAINT reserved_within_on_hand;
        UPDATE stock_balance SET on_hand = 0""",
    "goods_claims_are_told_to_the_books_once": """
        DELETE FROM voucher_entry e USING voucher v, book_fact f
        WHERE e.voucher_no = v.no AND v.fact_id = f.id AND f.subject = 'g1';
        DELETE FROM voucher_export e USING voucher v, book_fact f
        WHERE e.voucher_no = v.no AND v.fact_id = f.id AND f.subject = 'g1';
        DELETE FROM voucher v USING book_fact f WHERE v.fact_id = f.id AND f.subject = 'g1';
        DELETE FROM book_fact WHERE subject = 'g1'""",
    "what_is_credited_is_claimed": """
        DELETE FROM goods_claim_money; DELETE FROM goods_claim""",
    "claims_are_what_their_ledger_says": """
        UPDATE carrier_claim SET received_minor = 299""",
}


async def found(sessions: Sessions, check: str) -> list[str]:
    """The ids of what one check finds, kept as a night keeps it."""
    [made] = [one for one in CHECKS if one.name == check]
    async with sessions.begin() as session:
        rows = [one.row for one in await found_by(session, made)]
        await findings.keep(session, check, rows, 1)
        return await findings.note(session, check, rows)


async def put_right(sessions: Sessions, finding_id: str) -> dict[str, object]:
    async with sessions.begin() as session:
        return dict((await repair(session, finding_id, "admin", f"r/{finding_id}")).after)


@pytest.mark.parametrize("check", REPAIRABLE)
async def test_what_is_broken_is_found_repaired_and_right(
    check: str, sessions: Sessions, owner_sessions: Sessions
) -> None:
    await execute(owner_sessions, BROKEN[check])
    ids = await found(sessions, check)
    assert ids

    async with sessions() as session:  # what it would do is shown, and nothing of it stays
        assert (await preview(session, ids[0])).changed
        await session.rollback()
    assert await found(sessions, check) == ids
    for finding_id in ids:
        await put_right(sessions, finding_id)

    async with sessions.begin() as session:
        assert [one for one in await audit(session) if one.check == check] == []
        rows = await run(session, "SELECT * FROM audit_finding WHERE check_name = :c", c=check)
        told = await run(session, "SELECT * FROM audit_log WHERE action = 'audit.repaired'")
    assert {row.ending for row in rows} == {"repaired"}
    assert {row.repaired_by for row in rows} == {"admin"}
    assert {one.subject for one in told} == {f"finding/{finding_id}" for finding_id in ids}
    assert all(one.before != one.after for one in told)


async def test_a_repaired_finding_is_not_repaired_again(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    await execute(owner_sessions, DAMAGE["ledger_equals_balance"])
    [finding_id] = await found(sessions, "ledger_equals_balance")
    await put_right(sessions, finding_id)

    with pytest.raises(CannotBeRepaired):
        await put_right(sessions, finding_id)
    with pytest.raises(FindingNotFound):
        await put_right(sessions, "fnd_none")


async def test_what_is_right_by_now_only_ends(sessions: Sessions, owner_sessions: Sessions) -> None:
    await execute(owner_sessions, DAMAGE["ledger_equals_balance"])
    [finding_id] = await found(sessions, "ledger_equals_balance")
    await execute(owner_sessions, "UPDATE stock_balance SET on_hand = on_hand - 1")

    await put_right(sessions, finding_id)

    async with sessions.begin() as session:
        row = await findings.one(session, finding_id)
        told = await run(session, "SELECT 1 FROM audit_log WHERE action = 'audit.repaired'")
    assert row is not None
    assert (row.ending, row.repaired_by, len(told)) == ("by_itself", "", 0)


async def test_what_no_row_proves_is_left_to_a_person(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    # The ledger itself says that less lies there than is promised.
    await execute(
        owner_sessions,
        """ALTER TABLE stock_balance DROP CONSTRAINT reserved_within_on_hand;
        INSERT INTO stock_move (verb, sku, lot, condition, owner, quantity, from_place, to_place,
            document_kind, document_no, idempotency_key, line_no, reason, actor)
        VALUES ('transfer', 'A', '', 'good', 'own', 9, 'location:HQ', 'customer', '', '', 'x', 0,
            '', '')""",
    )
    [finding_id] = await found(sessions, "ledger_equals_balance")
    before = await balance(sessions)

    with pytest.raises(CannotBeRepaired, match="count the goods"):
        await put_right(sessions, finding_id)

    assert await balance(sessions) == before
    async with sessions.begin() as session:
        with pytest.raises(CannotBeRepaired):
            await plan(session, "vouchers_balance", {"no": "x"})


async def test_goods_that_may_have_left_unbooked_are_left_to_a_person(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    await execute(owner_sessions, "UPDATE sales_order SET status = 'completed'")

    for finding_id in await found(sessions, "no_stock_held_for_closed_orders"):
        with pytest.raises(CannotBeRepaired, match="left unbooked"):
            await put_right(sessions, finding_id)


async def test_who_moves_the_same_goods_meanwhile_loses_nothing(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    await execute(owner_sessions, "UPDATE stock_balance SET on_hand = on_hand - 1")
    [finding_id] = await found(sessions, "ledger_equals_balance")

    async def receive(n: int) -> None:
        async with sessions.begin() as session:
            await StockRepository(session).receive(Document("grn", f"N{n}", f"N{n}"),
                                                   [StockLine(A, 2)])  # fmt: skip

    async def reserve(n: int) -> None:
        async with sessions.begin() as session:
            asked = ReserveStock(f"N{n}", (StockLine(A, 1),), "ord_2", "order/2")
            await StockRepository(session).reserve_batch([asked])

    await asyncio.gather(
        *(receive(n) for n in range(8)), put_right(sessions, finding_id),
        *(reserve(n) for n in range(8)),
    )  # fmt: skip

    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_a_repair_waits_for_a_movement_in_flight_and_counts_it(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    await execute(owner_sessions, "UPDATE stock_balance SET on_hand = on_hand + 2")
    [finding_id] = await found(sessions, "ledger_equals_balance")
    before = await balance(sessions)
    async with sessions.begin() as session:
        await StockRepository(session).adjust(
            Document("count", "F", "F"), [StockLine(A, 1)], AdjustmentReason.COUNT
        )
        repairing = asyncio.create_task(put_right(sessions, finding_id))
        await asyncio.sleep(0.3)
        assert not repairing.done()

    await repairing
    assert await balance(sessions) == (before[0] + 1 - 2, before[1])
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_two_repairs_at_once_are_one(sessions: Sessions, owner_sessions: Sessions) -> None:
    await execute(owner_sessions, DAMAGE["sums_equal_balances"])
    [finding_id] = await found(sessions, "sums_equal_balances")

    done = await asyncio.gather(
        *(put_right(sessions, finding_id) for _ in range(4)), return_exceptions=True
    )

    assert sum(isinstance(one, CannotBeRepaired) for one in done) == 3
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_an_admin_s_page_repairs_the_sums_as_well(
    web_sessions: Sessions, sessions: Sessions, owner_sessions: Sessions
) -> None:
    for check in ("sums_equal_balances", "ledger_equals_balance", "ended_leases_gave_back"):
        await execute(owner_sessions, DAMAGE[check])
        for finding_id in await found(sessions, check):
            await put_right(web_sessions, finding_id)
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_findings_begin_are_seen_again_and_go(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    await execute(owner_sessions, DAMAGE["ledger_equals_balance"])
    check = "ledger_equals_balance"
    [made] = [one for one in CHECKS if one.name == check]

    async def night() -> list[str]:
        async with sessions.begin() as session:
            rows = [one.row for one in await found_by(session, made)]
            await findings.keep(session, check, rows, 3)
            return await findings.confirmed(session, check)

    assert await night() == []  # it may be a movement in flight
    [finding_id] = await night()
    async with sessions.begin() as session:
        assert await findings.conclude(session) == 1
        [item] = await run(session, "SELECT * FROM attention WHERE resolved_at IS NULL")
    assert (item.cause, item.system, item.code) == ("NumbersDiffer", "audit", check)
    await execute(owner_sessions, "UPDATE stock_balance SET on_hand = on_hand - 1")
    assert await night() == []
    async with sessions.begin() as session:
        assert await findings.conclude(session) == 0
        assert not await run(session, "SELECT 1 FROM attention WHERE resolved_at IS NULL")
        row = await findings.one(session, finding_id)
    assert row is not None
    assert (row.ending, row.seen) == ("by_itself", 2)


def test_every_repairable_check_has_its_repair() -> None:
    assert set(REPAIRABLE) == set(REPAIRS)
    assert set(REPAIRABLE) <= {check.name for check in CHECKS}


def test_every_check_has_words_of_its_own_on_the_page() -> None:
    assert {check.name: check.sentence for check in CHECKS} == AUDIT_CHECK


async def balance(sessions: Sessions) -> tuple[int, int]:
    async with sessions.begin() as session:
        connection = await session.connection()
        row = (await connection.execute(text("SELECT on_hand, reserved FROM stock_balance"))).one()
        return row.on_hand, row.reserved
