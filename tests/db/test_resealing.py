"""A key is replaced: old and new open everything meanwhile, and afterwards the old one can go."""

import json
from datetime import UTC, datetime

import psycopg
import pytest

from db.engine import Sessions
from db.keys import order_key, phone_digest
from db.logistics.tables import CarrierAccountRow
from db.orders.receivers import open_receiver, save_receiver
from db.platform.tables import CorrectionRow
from db.shared import resealing
from db.shared.intake import accept
from db.shared.resealing import SEALED, count_others, reseal
from db.sql import run
from db.vault import CannotOpen, Vault, carrier_context
from domain.shared.address import Address, Contact
from tests.api.orders.world import seed_order, seed_shop

OLD_KEY, NEW_KEY = bytes(range(32)), bytes(reversed(range(32)))
OLD, BOTH, NEW = Vault(OLD_KEY), Vault(NEW_KEY, older=[OLD_KEY]), Vault(NEW_KEY)
LI = Contact("李雷", "13800001111", Address(province="浙江省", city="杭州市", detail="学院路 7 号"))
CARRIERS = ("sf", "sto", "yto", "zto")


async def seed(sessions: Sessions) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    async with sessions.begin() as session:
        for code in CARRIERS:
            secrets = OLD.seal_secrets({"key": code}, carrier_context(code))
            session.add(
                CarrierAccountRow(code=code, name=code, base_url="https://x", secrets=secrets)
            )
        await save_receiver(session, OLD, "ord_1", LI)
        [order] = await run(session, "SELECT id, workflow_id FROM sales_order")
        data = OLD.seal(json.dumps({"name": "韩梅梅"}).encode(), "correction/cor_1").hex()
        session.add(
            CorrectionRow(
                id="cor_1", workflow_id=order.workflow_id, step_id="address",
                at=datetime.now(UTC), data={"sealed": data},
            )
        )  # fmt: skip
        await accept(
            session, OLD, source="own", shop_id="mini", channel="own", message_id="m",
            topic="order", external_no="9", raw=b"{}",
        )  # fmt: skip


async def all_of(sessions: Sessions, vault: Vault) -> tuple[int, list[str]]:
    """Everything once; how many rows were sealed anew, and what could not be."""
    done, lost = 0, list[str]()
    for sealed in SEALED:
        after, more = "", True
        while more:
            async with sessions.begin() as session:
                batch = await reseal(session, vault, sealed, after)
            done, after, more = done + batch.done, batch.last, bool(batch.last)
            lost.extend(batch.lost)
    return done, lost


async def left(sessions: Sessions, vault: Vault) -> int:
    async with sessions.begin() as session:
        return sum([await count_others(session, vault, sealed) for sealed in SEALED])


async def test_every_sealed_column_is_listed(sessions: Sessions, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'bytea'"
        ).fetchall()

    assert {(one.table, one.column) for one in SEALED} == {*found, ("correction", "data")}


async def test_everything_is_sealed_anew_in_batches_and_nothing_twice(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seed(sessions)
    monkeypatch.setattr(resealing, "BATCH", 3)
    before = await left(sessions, NEW)
    async with sessions.begin() as session:
        with pytest.raises(CannotOpen):
            await open_receiver(session, NEW, "ord_1")

    assert before >= len(CARRIERS) + 3
    assert await all_of(sessions, BOTH) == (before, [])
    assert await left(sessions, NEW) == 0
    assert await all_of(sessions, BOTH) == (0, [])

    async with sessions.begin() as session:
        known = await open_receiver(session, NEW, "ord_1")
        rows = await run(session, "SELECT code, secrets FROM carrier_account ORDER BY code")
        (correction,) = await run(session, "SELECT data FROM correction")
        (message,) = await run(session, "SELECT id, raw FROM inbox WHERE message_id = 'm'")
        found = await run(
            session,
            "SELECT 1 FROM receiver WHERE phone_digest = :digest",
            digest=await phone_digest(session, NEW, "13800001111"),
        )
    assert known is not None
    assert known.told == LI
    assert [NEW.open_secrets(row.secrets, carrier_context(row.code)) for row in rows] == [
        {"key": code} for code in CARRIERS
    ]
    async with sessions.begin() as session:
        key = await order_key(session, NEW, "ord_1")
    opened = key.open(bytes.fromhex(correction.data["sealed"]), "correction/cor_1")
    assert json.loads(opened) == {"name": "韩梅梅"}
    assert NEW.open(message.raw, message.id) == b"{}"
    assert found


async def test_what_no_key_opens_stays_and_is_named(sessions: Sessions) -> None:
    await seed(sessions)
    async with sessions.begin() as session:
        other = Vault(bytes(32)).seal_secrets({"key": "x"}, carrier_context("sf"))
        statement = "UPDATE carrier_account SET secrets = :other WHERE code = 'sf'"
        await run(session, statement, other=other)

    _, lost = await all_of(sessions, BOTH)

    assert "carrier_account sf" in lost
    assert await left(sessions, NEW) == len(lost)


async def test_with_a_new_key_the_same_receiver_is_no_other_and_is_found_by_his_phone(
    sessions: Sessions,
) -> None:
    await seed(sessions)

    async with sessions.begin() as session:
        assert not await save_receiver(session, BOTH, "ord_1", LI)
        found = await run(
            session,
            "SELECT 1 FROM receiver WHERE phone_digest = :digest",
            digest=await phone_digest(session, BOTH, "13800001111"),
        )
    assert found
