"""Lists out of files against the real tables: compared, applied once, and told row by row."""

import re
from typing import Any

import pytest

from activities.platform import importing
from api.language import translate
from api.platform.import_words import FAULT
from api.platform.importing import fault_in_words
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow
from db.shared.importing.desk import ImportDesk
from db.sql import run
from domain.inventory.stock import Document, ReserveStock, StockKey, StockLine
from domain.platform.importing import ImportRef
from domain.platform.sheets import Kind
from domain.shared.errors import ActionNotAllowed
from domain.shared.ids import LocationId, Sku
from tests.importing import VAULT, csv_file, decided, given, rows_of, states_of, worked
from tests.seeds import seed_network


async def query(sessions: Sessions, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    async with sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement, **values)]


async def test_products_are_compared_first_and_applied_when_somebody_says_so(
    sessions: Sessions,
) -> None:
    await seed_network(sessions, skus=("A", "B"))
    content = csv_file(
        "sku,name,weight_g,price,cost,brand,category", "A,SKU A,500,10.00,,,", "B,,650,,4.20,,",
        "007,New,,1.5,,山间茶事,茶叶",
    )  # fmt: skip

    import_id = await given(sessions, Kind.PRODUCTS, content)

    assert await worked(sessions, import_id) == "checked"
    assert await states_of(sessions, import_id) == ["same", "changed", "new"]
    assert (await rows_of(sessions, import_id))[1].before == {"weight_g": 500, "cost_minor": 0}
    assert await query(sessions, "SELECT code FROM sku ORDER BY 1") == [("A",), ("B",)]
    assert await decided(sessions, import_id) == "done"
    found = "SELECT code, name, weight_g, price_minor, cost_minor, brand, category FROM sku"
    assert await query(sessions, f"{found} ORDER BY 1") == [
        ("007", "New", 0, 150, 0, "山间茶事", "茶叶"), ("A", "SKU A", 500, 1000, 0, "", ""),
        ("B", "SKU B", 650, 1000, 420, "", ""),
    ]  # fmt: skip


async def test_one_bad_row_keeps_all_out_unless_the_good_ones_alone_are_wanted(
    sessions: Sessions,
) -> None:
    content = csv_file("sku,name,price", "A,x,1", "B,y,1.005", "C,,2")

    import_id = await given(sessions, Kind.PRODUCTS, content, apply=True)

    assert await worked(sessions, import_id) == "checked"
    assert await query(sessions, "SELECT code FROM sku") == []
    assert [[f.code for f in row.faults] for row in await rows_of(sessions, import_id)] == [
        [], ["too_many_decimals"], ["missing"],
    ]  # fmt: skip
    assert await decided(sessions, import_id) == "checked"
    assert await decided(sessions, import_id, partial=True) == "done"
    assert await query(sessions, "SELECT code FROM sku") == [("A",)]
    assert await states_of(sessions, import_id) == ["applied", "bad", "bad"]


async def test_the_same_file_twice_is_one_import_until_it_is_discarded(sessions: Sessions) -> None:
    content = csv_file("sku,name", "A,x")

    first = await given(sessions, Kind.PRODUCTS, content)
    again = await given(sessions, Kind.PRODUCTS, content)
    await worked(sessions, first)
    async with sessions.begin() as session:
        await ImportDesk(session, VAULT).discard(first, "account:li", request_id="r3")
    other = await given(sessions, Kind.PRODUCTS, content)

    assert again == first
    assert other != first


async def test_an_import_that_is_busy_or_over_takes_no_decision(sessions: Sessions) -> None:
    import_id = await given(sessions, Kind.PRODUCTS, csv_file("sku,name", "A,x"), apply=True)

    with pytest.raises(ActionNotAllowed):
        await decided(sessions, import_id)
    assert await worked(sessions, import_id) == "done"
    with pytest.raises(ActionNotAllowed):
        await decided(sessions, import_id)


async def test_a_barcode_of_another_product_is_a_fault(sessions: Sessions) -> None:
    await seed_network(sessions, skus=("A", "B"))
    await query(sessions, "UPDATE sku SET gtin = '6901234567892' WHERE code = 'A'")

    import_id = await given(sessions, Kind.PRODUCTS, csv_file("sku,gtin", "B,6901234567892"))
    await worked(sessions, import_id)

    (row,) = await rows_of(sessions, import_id)
    assert [(fault.code, fault.about) for fault in row.faults] == [("gtin_taken", "A")]


async def test_counted_stock_becomes_moves_with_the_import_as_their_document(
    sessions: Sessions,
) -> None:
    await seed_network(sessions, skus=("A", "B", "C"))
    await _receive(sessions, {"A": 10, "B": 5})
    content = csv_file("location,sku,counted", "HQ,A,7", "HQ,B,5", "HQ,C,4")

    import_id = await given(sessions, Kind.STOCK, content, apply=True)

    assert await worked(sessions, import_id) == "done"
    changes = [(row.before, row.after) for row in await rows_of(sessions, import_id)]
    assert changes == [
        ({"on_hand": 10, "difference": 0}, {"on_hand": 7, "difference": -3}),
        (None, None),
        (None, {"on_hand": 4, "difference": 4}),
    ]
    moves = "SELECT sku, quantity, reason, actor FROM stock_move WHERE document_no = :no ORDER BY 1"
    assert await query(sessions, moves, no=import_id) == [
        ("A", 3, "count", "account:li"), ("C", 4, "opening", "account:li"),
    ]  # fmt: skip
    assert await query(sessions, "SELECT sku, on_hand FROM stock_balance ORDER BY 1") == [
        ("A", 7), ("B", 5), ("C", 4),
    ]  # fmt: skip


async def test_a_count_of_a_product_that_asks_for_lots_names_them(sessions: Sessions) -> None:
    await seed_network(sessions, skus=("A", "B"))
    await _receive(sessions, {"A": 10, "B": 5})
    await query(sessions, "UPDATE sku SET tracks_lots = true WHERE code = 'A' RETURNING 1")
    content = csv_file(
        "location,sku,lot,condition,counted", "HQ,A,,,12", "HQ,A,L1,,2", "HQ,A,,quarantine,1",
        "HQ,B,,,6",
    )  # fmt: skip

    import_id = await given(sessions, Kind.STOCK, content)
    await worked(sessions, import_id)

    faults = [
        [(f.column, f.code) for f in row.faults] for row in await rows_of(sessions, import_id)
    ]
    assert faults == [[("lot", "lot_missing")], [], [], []]


async def test_promised_units_and_unknown_places_are_faults_of_a_count(sessions: Sessions) -> None:
    await seed_network(sessions, skus=("A",))
    await _receive(sessions, {"A": 10})
    async with sessions.begin() as session:
        line = StockLine(StockKey(Sku("A"), LocationId("HQ")), 6)
        await StockRepository(session).reserve_batch([ReserveStock("r", (line,))])
    content = csv_file("location,sku,counted", "HQ,A,5", "XX,A,1", "HQ,X,1")

    import_id = await given(sessions, Kind.STOCK, content)
    await worked(sessions, import_id)

    faults = [[(f.code, f.about) for f in row.faults] for row in await rows_of(sessions, import_id)]
    assert faults == [[("below_reserved", "6")], [("unknown_location", "")], [("unknown_sku", "")]]


async def test_a_row_that_went_bad_meanwhile_fails_alone(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SLICE", 1)
    await seed_network(sessions, skus=("A", "B"))
    await _receive(sessions, {"A": 10, "B": 10})
    content = csv_file("location,sku,counted", "HQ,A,5", "HQ,B,5")
    import_id = await given(sessions, Kind.STOCK, content, apply=True)
    work = importing.ImportActivities(sessions, VAULT).work
    while (await work(ImportRef(import_id))).state == "checking":
        pass
    async with sessions.begin() as session:
        line = StockLine(StockKey(Sku("B"), LocationId("HQ")), 8)
        await StockRepository(session).reserve_batch([ReserveStock("r", (line,))])

    assert await worked(sessions, import_id) == "done"
    assert await states_of(sessions, import_id) == ["applied", "failed"]
    assert await query(sessions, "SELECT on_hand FROM stock_balance ORDER BY sku") == [(5,), (10,)]


@pytest.mark.parametrize("kind", [Kind.SUPPLIERS, Kind.DEALERS])
async def test_partners_come_in_with_their_people_sealed(sessions: Sessions, kind: Kind) -> None:
    table = kind.removesuffix("s")
    content = csv_file("code,name,contact,phone,currency", "P1,茶厂,王小芳,13912345678,USD")

    import_id = await given(sessions, kind, content, apply=True)

    assert await worked(sessions, import_id) == "done"
    ((name, contact, currency),) = await query(
        sessions, f"SELECT name, contact, currency FROM {table}"
    )
    assert (name, currency) == ("茶厂", "USD")
    assert "王小芳".encode() not in contact
    told = VAULT.open_secrets(contact, f"{table}/P1")
    assert told == {"contact": "王小芳", "phone": "13912345678"}
    again = await given(sessions, kind, csv_file("code,phone", "P1,13912345678"))
    assert await worked(sessions, again) == "checked"
    assert await states_of(sessions, again) == ["same"]


async def test_terms_of_suppliers_come_in_and_a_product_has_one_that_is_preferred(
    sessions: Sessions,
) -> None:
    await seed_network(sessions, skus=("A", "B"))
    partners = csv_file("code,name,currency", "P1,茶厂,CNY", "P2,瓷厂,JPY")
    await worked(sessions, await given(sessions, Kind.SUPPLIERS, partners, apply=True))
    header = "supplier,sku,price,moq,multiple,preferred"
    first = csv_file(header, "P1,A,41.5,48,12,yes", "P1,B,3,,,", "P2,A,900,,,no")
    await worked(sessions, await given(sessions, Kind.SUPPLIER_ITEMS, first, apply=True))
    second = csv_file(header, "P2,A,,,,yes", "P1,B,3,,,", "P1,NO,1,,,", "NO,A,1,,,", "P2,B,1.5,,,",
                      "P2,B,,0,,")  # fmt: skip

    import_id = await given(sessions, Kind.SUPPLIER_ITEMS, second)
    await worked(sessions, import_id)
    states = await states_of(sessions, import_id)
    await decided(sessions, import_id, partial=True)

    assert states == ["changed", "same", "bad", "bad", "bad", "bad"]
    found = (
        "SELECT supplier, sku, price_minor, moq, multiple, preferred FROM supplier_item"
        " ORDER BY supplier, sku"
    )
    assert await query(sessions, found) == [
        ("P1", "A", 4150, 48, 12, False), ("P1", "B", 300, 1, 1, False),
        ("P2", "A", 900, 1, 1, True),
    ]  # fmt: skip


async def test_a_dealers_location_must_be_one_of_a_dealer(sessions: Sessions) -> None:
    await seed_network(sessions)
    async with sessions.begin() as session:
        session.add(LocationRow(id="D1", name="D1", kind="dealer"))
    content = csv_file("code,name,location,credit_limit", "A,a,D1,5000", "B,b,HQ,1")

    import_id = await given(sessions, Kind.DEALERS, content)
    await worked(sessions, import_id)
    await decided(sessions, import_id, partial=True)

    found = "SELECT code, location_id, credit_limit_minor FROM dealer"
    assert await query(sessions, found) == [("A", "D1", 500_000)]


ORDERS = (
    "shop,order_no,placed_at,paid,sku,quantity,payable,receiver,phone,province,city,address",
    "mini,W1,2026-03-01 10:30,yes,A,2,20.00,张三,13800000001,浙江省,杭州市,文一西路 1 号",
    "mini,W2,2026-03-01 11:00,yes,A,1,10.00,李四,13800000002,浙江省,杭州市,文一西路 2 号",
    "mini,W1,2026-03-01 10:30,yes,B,1,5.50,张三,13800000001,浙江省,杭州市,文一西路 1 号",
)


async def test_orders_come_through_the_intake_each_once(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SLICE", 1)  # an order's rows are taken together all the same
    await _own_shop(sessions)

    import_id = await given(sessions, Kind.ORDERS, csv_file(*ORDERS), apply=True)

    assert await worked(sessions, import_id) == "done"
    numbers = "SELECT external_no, topic FROM inbox ORDER BY 1"
    assert await query(sessions, numbers) == [("W1", "order"), ("W2", "order")]
    ((raw, inbox_id),) = await query(sessions, "SELECT raw, id FROM inbox WHERE external_no = 'W1'")
    message = VAULT.open(raw, inbox_id).decode()
    assert message.count('"line_no"') == 2
    more = await given(sessions, Kind.ORDERS, csv_file(*ORDERS, ""), apply=True)
    assert await worked(sessions, more) == "done"
    assert await states_of(sessions, more) == ["same", "same", "same"]
    assert len(await query(sessions, numbers)) == 2


async def test_one_bad_row_keeps_its_whole_order_out(sessions: Sessions) -> None:
    await _own_shop(sessions)
    other = ORDERS[3].replace("张三", "王五").replace("5.50", "5.505")
    stranger = ORDERS[2].replace("mini", "none")

    content = csv_file(ORDERS[0], ORDERS[1], stranger, other)
    import_id = await given(sessions, Kind.ORDERS, content)
    await worked(sessions, import_id)

    faults = [[f.code for f in row.faults] for row in await rows_of(sessions, import_id)]
    assert faults == [["differs_within_order"], ["unknown_shop"], ["order_has_faults"]]
    assert await decided(sessions, import_id, partial=True) == "done"
    assert await query(sessions, "SELECT 1 FROM inbox") == []


async def test_thousands_of_products_go_in_slice_by_slice(sessions: Sessions) -> None:
    rows = (f"S{number},Name {number},{number % 900}" for number in range(3_000))

    import_id = await given(
        sessions, Kind.PRODUCTS, csv_file("sku,name,weight_g", *rows), apply=True
    )

    assert await worked(sessions, import_id) == "done"
    assert await query(sessions, "SELECT count(*), sum(weight_g) FROM sku") == [
        (3_000, sum(number % 900 for number in range(3_000)))
    ]


async def test_no_row_of_a_file_stands_in_the_tables_in_plain_text(sessions: Sessions) -> None:
    await _own_shop(sessions)
    import_id = await given(sessions, Kind.ORDERS, csv_file(*ORDERS))
    await worked(sessions, import_id)

    for (row,) in await query(sessions, "SELECT r::text FROM import_row r"):
        assert "张三" not in row
        assert "张三".encode().hex() not in row


async def _receive(sessions: Sessions, units: dict[str, int]) -> None:
    async with sessions.begin() as session:
        lines = [StockLine(StockKey(Sku(s), LocationId("HQ")), n) for s, n in units.items()]
        await StockRepository(session).receive(Document("receipt", "1", "k1"), lines)


async def _own_shop(sessions: Sessions) -> None:
    await seed_network(sessions, skus=("A", "B"))
    async with sessions.begin() as session:
        session.add(ShopRow(id="mini", channel="own", external_id="mini", name="Mini"))


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        (("13800000001", "138x0000"), "phone", "not_a_phone"),
        (("13800000001", "123"), "phone", "not_a_phone"),
        (("20.00", "20.001"), "payable", "too_many_decimals"),
        (("浙江省,杭州市", ","), "province", "needs_place"),
        (("W1", "W" * 65), "order_no", "too_long"),
        (("张三", "张" * 101), "receiver", "too_long"),
        ((",A,", ",,"), "sku", "missing"),
    ],
)
async def test_what_the_intake_would_refuse_is_told_by_column_in_both_languages(
    sessions: Sessions, change: tuple[str, str], column: str, code: str
) -> None:
    await _own_shop(sessions)
    content = csv_file(ORDERS[0], ORDERS[1].replace(*change))
    import_id = await given(sessions, Kind.ORDERS, content)
    await worked(sessions, import_id)

    [row] = await rows_of(sessions, import_id)
    assert [(fault.column, fault.code) for fault in row.faults] == [(column, code)]
    [chinese] = [fault_in_words(fault, "zh") for fault in row.faults]
    assert not re.search("[a-z]{2}", chinese), chinese
    assert fault_in_words(row.faults[0], "en").isascii()


def test_every_fault_of_a_file_has_words_in_both_languages() -> None:
    for code, text in FAULT.items():
        assert re.search("[\u4e00-\u9fff]", translate("zh", text)), code
        assert translate("en", text).isascii(), code
