"""Who gets an order is sealed at rest, bound to the order, and still found and compared."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from db.engine import Sessions
from db.keys import order_key
from db.migrate import migrate
from db.orders.queries import OrderFilter, OrderQueries
from db.orders.receivers import (
    Person,
    correct_receiver,
    open_person,
    save_receiver,
    sealed_columns,
    sealed_correction,
)
from db.sql import run
from db.vault import (
    CannotOpen,
    KeyNeeded,
    Vault,
    correction_context,
    receiver_context,
    shop_context,
)
from domain.shared.address import Address, Contact, MaskedReceiver
from tests.api.orders.world import seed_order, seed_shop
from tests.people import VAULT, columns_of, receiver_of
from tests.shops import VAULT as ANOTHER

LI = Contact(
    "李雷",
    "+86 139 1111 2222",
    Address(province="浙江省", city="杭州市", detail="学院路 7 号"),
    "小米",
)
PLAIN = Person("王小明", "13800000001", "网易", "文一西路 969 号", "oaid-1")


async def test_what_was_sealed_for_one_order_cannot_be_opened_for_another(
    sessions: Sessions,
) -> None:
    async with sessions.begin() as session:
        sealed = (await sealed_columns(session, await order_key(session, VAULT, "ord_1"), PLAIN))[
            "sealed"
        ]
    for told in (sealed, columns_of("ord_1", PLAIN)["sealed"]):  # now, and before orders had keys
        async with sessions.begin() as session:
            assert await open_person(session, VAULT, "ord_1", told) == PLAIN
            with pytest.raises(CannotOpen):
                await open_person(session, VAULT, "ord_2", told)
            with pytest.raises(CannotOpen):
                await open_person(session, ANOTHER, "ord_1", told)


async def test_two_who_make_the_key_of_an_order_at_once_have_the_same(sessions: Sessions) -> None:
    async def key() -> bytes:
        async with sessions.begin() as session:
            return (await order_key(session, VAULT, "ord_1")).key

    assert len(set(await asyncio.gather(*(key() for _ in range(8))))) == 1


async def test_a_digest_tells_a_change_and_nothing_without_the_key(sessions: Sessions) -> None:
    async def columns(order_id: str, person: Person, vault: Vault = VAULT) -> dict[str, Any]:
        async with sessions.begin() as session:
            key = await order_key(session, vault, order_id)
            return await sealed_columns(session, key, replace(person, phone=""))

    once, again = [await columns("ord_1", PLAIN) for _ in range(2)]

    assert once["sealed"] != again["sealed"]
    assert once["digest"] == again["digest"]
    for name in ("name", "company", "detail", "oaid"):
        other = replace(PLAIN, **{name: "x"})
        assert (await columns("ord_1", other))["digest"] != once["digest"], name
    assert (await columns("ord_2", PLAIN))["digest"] != once["digest"]
    with pytest.raises(CannotOpen):
        await columns("ord_1", PLAIN, ANOTHER)


async def test_a_receiver_is_another_only_when_something_about_him_is(sessions: Sessions) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)

    async def told(receiver: Any, *, edited: bool = False) -> tuple[bool, int]:
        async with sessions.begin() as session:
            saved = await save_receiver(session, VAULT, "ord_1", receiver, edited=edited)
        return saved, (await receiver_of(sessions)).version

    assert await told(LI) == (True, 2)
    assert await told(LI) == (False, 2)
    assert await told(replace(LI, company="")) == (True, 3)
    hidden = MaskedReceiver("oaid-2", "李*", "*******2222", LI.address)
    assert await told(hidden) == (True, 4)
    assert (await receiver_of(sessions)).told == hidden
    assert await told(LI, edited=True) == (True, 5)
    assert await told(hidden) == (False, 5)
    assert (await receiver_of(sessions)).told == LI


async def test_no_word_about_a_person_stands_in_the_table(
    sessions: Sessions, database_url: str
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    with psycopg.connect(database_url) as connection:
        [row] = connection.execute("SELECT r::text FROM receiver r").fetchall()
    for word in ("王小明", "13800000001", "文一西路"):
        assert word not in row[0]
        assert word.encode().hex() not in row[0]
    assert "余杭区" in row[0]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("2222", True), ("+86 139 1111 2222", True), ("8613911112222", True),
        ("139-1111-2222", True), ("１３９１１１１２２２２", True), ("0086 13911112222", True),
        ("1112222", False), ("13911112223", False), ("13811112222", False),
    ],
)  # fmt: skip
async def test_an_order_is_found_by_its_sealed_phone_in_any_form_and_by_its_last_four_digits(
    sessions: Sessions, search: str, found: bool
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_order(sessions, "2")
    async with sessions.begin() as session:
        await save_receiver(session, VAULT, "ord_2", LI)
        page = await OrderQueries(session).page(OrderFilter(search), VAULT)
    assert [row.no for row in page.rows] == (["O-2"] if found else [])


async def test_a_correction_is_taken_over_once_and_then_forgotten(sessions: Sessions) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    values = {"phone": "13900000009", "detail": "学院路 8 号", "longitude": None}
    async with sessions.begin() as session:
        await run(
            session, "INSERT INTO correction (id, workflow_id, step_id, data, actor) VALUES"
            " ('c', 'o', 'address', CAST(:data AS jsonb), 'kefu')",
            data=json.dumps(
                sealed_correction(await order_key(session, VAULT, "ord_1"), "c", values)
            ),
        )  # fmt: skip

    for _ in range(2):
        async with sessions.begin() as session:
            await correct_receiver(session, VAULT, "ord_1", "c")
            [kept] = await run(session, "SELECT data FROM correction")
        receiver = await receiver_of(sessions)
        assert (receiver.name, receiver.phone) == ("王小明", "13900000009")
        assert (receiver.address.detail, receiver.address.longitude) == ("学院路 8 号", None)
        assert (receiver.edited_by_us, receiver.version, kept.data) == (True, 2, {})


def _old_database(url: str, receivers: int = 1) -> None:
    """As it was before receivers were sealed, with orders in it."""
    migrate(url, "0010")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO shop (id, channel, external_id, name, base_url, secrets, settings,"
            " active) VALUES ('s', 'own', 's', 's', '', %s, '{}', true)",
            [VAULT.seal_secrets({"secret": "x"}, shop_context("s"))],
        )
        connection.execute(
            "INSERT INTO sales_order SELECT (jsonb_populate_record(NULL::sales_order, d || "
            " jsonb_build_object('id', 'ord_' || n, 'no', n, 'external_no', n,"
            " 'workflow_id', n))).* FROM generate_series(1, %s) n, (SELECT coalesce("
            " jsonb_object_agg(column_name, CASE data_type WHEN 'boolean' THEN 'false'::jsonb"
            " WHEN 'bigint' THEN '0'::jsonb ELSE '\"\"'::jsonb END), '{}')"
            ' || \'{"shop_id": "s", "channel": "own", "created_at": "2026-01-01",'
            ' "updated_at": "2026-01-01"}\' AS d FROM information_schema.columns'
            " WHERE table_name = 'sales_order' AND is_nullable = 'NO') x",
            [receivers],
        )
        connection.execute(
            "INSERT INTO receiver (order_id, kind, name, phone, phone_last4, company, oaid,"
            " country, province, city, district, detail, postcode, division_code, edited_by_us)"
            " SELECT 'ord_' || n, 'contact', '王小明', '13800000001', '0001', '网易', 'oaid-1',"
            " 'CN', '浙江省', '杭州市', '余杭区', '文一西路 969 号', '', '330110', false"
            " FROM generate_series(1, %s) n",
            [receivers],
        )
        connection.execute(
            "INSERT INTO correction (id, workflow_id, step_id, data, actor) VALUES"
            " ('c', 'o', 'address', '{\"name\": \"王小明\"}', 'kefu'),"
            " ('w', 'o', 'label', '{\"carrier\": \"sf\"}', 'kefu')"
        )


def test_what_stood_in_plain_text_is_sealed_by_migrating(empty_database_url: str) -> None:
    _old_database(empty_database_url, receivers=2003)

    for _ in range(2):
        migrate(empty_database_url, vault=VAULT)

    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute("SELECT order_id, sealed, digest FROM receiver").fetchall()
        corrections: dict[str, Any] = dict(
            connection.execute("SELECT id, data FROM correction").fetchall()
        )
        [path] = connection.execute("SELECT pg_relation_filepath('receiver')").fetchall()
        connection.commit()
        connection.autocommit = True
        connection.execute("CHECKPOINT")
        [pages] = connection.execute("SELECT pg_read_binary_file(%s)", path).fetchall()
    assert len(rows) == 2003
    for order_id, sealed, digest in rows:
        assert Person(**json.loads(VAULT.open(sealed, receiver_context(order_id)))) == PLAIN
        assert digest == columns_of(order_id, PLAIN)["digest"]
    opened = VAULT.open(bytes.fromhex(corrections["c"]["sealed"]), correction_context("c"))
    assert "王小明" in opened.decode()
    assert corrections["w"] == {"carrier": "sf"}
    assert "余杭区".encode() in pages[0]
    for word in ("王小明", "13800000001", "文一西路"):
        assert word.encode() not in pages[0], word


@pytest.mark.parametrize(
    ("vault", "why"), [(None, "the key is missing"), (ANOTHER, "this is another key")]
)
def test_without_the_right_key_nothing_is_migrated(
    empty_database_url: str, vault: Vault | None, why: str
) -> None:
    _old_database(empty_database_url)

    with pytest.raises(KeyNeeded, match=why):
        migrate(empty_database_url, vault=vault)

    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT name FROM receiver").fetchall() == [("王小明",)]
        [version] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert version == ("0010",)
