"""Lists come in as files through pages: looked at first, mended, applied; and are taken away."""

import csv
import io
import re
import zipfile

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from tests.activities.platform.test_importing import query
from tests.importing import csv_file, states_of, worked, xlsx_file
from tests.seeds import seed_network
from tests.web.world import Person, person

GOOD = csv_file("商品编码,商品名称,重量（克）", "A,SKU A,500", "B,新品,300")
BAD = csv_file("sku,name,weight_g", "A,x,1.5", "B,y,2")


async def upload(
    client: Person, content: bytes, kind: str = "products", name: str = "../../清单.csv"
) -> str:
    answer = await client.post(
        "/imports",
        data={"csrf_token": client.csrf_token, "kind": kind},
        files={"file": (name, content, "text/csv")},
        follow_redirects=False,
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.mark.usefixtures("engine")
async def test_a_file_shows_what_it_would_change_and_changes_it_when_applied(
    app: FastAPI, sessions: Sessions
) -> None:
    await seed_network(sessions, skus=("A",))
    async with await person(app, app.state.office, Role.BUYER) as buyer:
        address = await upload(buyer, GOOD)
        await worked(sessions, address.rpartition("/")[2])
        seen = (await buyer.get(address)).text

        assert "清单.csv" in seen
        assert "Apply 1 row<" in seen
        assert "Name: <b>新品</b>" in seen
        assert await query(sessions, "SELECT code FROM sku") == [("A",)]
        await buyer.send_form(f"{address}/decision", decision="apply")
        await worked(sessions, address.rpartition("/")[2])
        done = (await buyer.get(address)).text
        assert "done" in done
        assert await upload(buyer, GOOD) == f"{address}?again=1"
        assert "This very file came before" in (await buyer.get(f"{address}?again=1")).text
        history = (await buyer.get("/imports")).text
        assert "清单.csv" in history
        assert "Li Lei" in history
    assert await query(sessions, "SELECT code FROM sku ORDER BY 1") == [("A",), ("B",)]


@pytest.mark.usefixtures("engine")
async def test_bad_rows_come_back_in_the_file_and_nothing_is_applied(
    app: FastAPI, sessions: Sessions
) -> None:
    async with await person(app, app.state.office, Role.BUYER) as buyer:
        address = await upload(buyer, BAD)
        await worked(sessions, address.rpartition("/")[2])
        seen = (await buyer.get(address)).text
        file = await buyer.get(f"{address}/file")

        assert "1 row is bad: nothing is applied" in seen
        assert "Weight g: is no whole number" in seen
        assert "Apply only the 1 good rows" in seen
        table = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
        assert table == [
            ["sku", "name", "weight_g", "Result", "Problem"],
            ["A", "x", "1.5", "bad", "Weight g: is no whole number"],
            ["B", "y", "2", "new", ""],
        ]
        mended = file.text.replace("1.5", "15").encode()
        again = await upload(buyer, mended)
        await worked(sessions, again.rpartition("/")[2])
        assert "Apply 2 rows" in (await buyer.get(again)).text
        await buyer.send_form(f"{address}/decision", decision="discard")
        assert "discarded" in (await buyer.get(address)).text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "Choose a file"),
        (b"%PDF-1.7", "a PDF"),
        (b"name\nx\n", "The first row names no column sku"),
        (b"sku,SKU\nx,y\n", "Two columns are named sku"),
        (b"sku,name\n", "no rows below its headings"),
        (b"PK\x03\x04" + bytes(99), "damaged"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_a_sentence(
    app: FastAPI, content: bytes, text: str
) -> None:
    async with await person(app, app.state.office, Role.BUYER) as buyer:
        answer = await buyer.post(
            "/imports",
            data={"csrf_token": buyer.csrf_token, "kind": "products"},
            files={"file": ("x.csv", content, "text/csv")},
        )

    assert answer.status_code == 422
    assert text in answer.text


async def test_somebody_brings_in_and_sees_only_lists_that_are_theirs(
    app: FastAPI, sessions: Sessions
) -> None:
    async with await person(app, app.state.office, Role.BUYER) as buyer:
        address = await upload(buyer, GOOD)
    async with await person(app, app.state.office, Role.WAREHOUSE) as staff:
        answer = await staff.post(
            "/imports",
            data={"csrf_token": staff.csrf_token, "kind": "products"},
            files={"file": ("x.csv", GOOD, "text/csv")},
        )
        assert answer.status_code == 403
        for path in ("", "/now", "/file"):
            assert (await staff.get(f"{address}{path}")).status_code == 404
        sent = await staff.send_form(f"{address}/decision", decision="apply")
        assert sent.status_code == 404
        assert "清单" not in (await staff.get("/imports")).text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_templates_come_in_the_readers_language_and_can_be_brought_in_as_they_are(
    app: FastAPI, language: str
) -> None:
    async with await person(app, app.state.office, Role.ADMIN, language=language) as admin:
        for kind in ("products", "stock", "suppliers", "supplier_items", "dealers",
                     "orders"):  # fmt: skip
            for form in ("csv", "xlsx"):
                file = await admin.get(f"/imports/templates/{kind}?form={form}")
                assert file.status_code == 200
                assert (await upload(admin, file.content, kind)).startswith("/imports/imp_")
        text = (await admin.get("/imports/templates/products?form=csv")).text
        assert ("商品编码" in text) is (language == "zh")


async def test_a_list_that_was_taken_away_comes_in_again_without_changes(
    app: FastAPI, sessions: Sessions
) -> None:
    await seed_network(sessions, skus=("A", "=B", "+86"))
    async with await person(app, app.state.office, Role.ADMIN) as admin:
        for form in ("csv", "xlsx"):
            file = await admin.get(f"/exports/products?form={form}")
            address = await upload(admin, file.content)
            await worked(sessions, address.rpartition("/")[2])
            seen = (await admin.get(address)).text
            assert "There is nothing to apply" in seen, form
        taken = (
            "SELECT subject, after->>'form' FROM audit_log WHERE action = 'list.exported'"
            " ORDER BY id"
        )
        assert await query(sessions, taken) == [
            ("list/products", "csv"), ("list/products", "xlsx"),
        ]  # fmt: skip


async def test_nothing_in_an_exported_file_runs(app: FastAPI, sessions: Sessions) -> None:
    await seed_network(sessions, skus=("A",))
    await query(sessions, "UPDATE sku SET name = '=cmd|'' /C calc''!A0' WHERE code = 'A'")
    async with await person(app, app.state.office, Role.ADMIN) as admin:
        text = (await admin.get("/exports/products?form=csv")).text
        sheet = (await admin.get("/exports/products?form=xlsx")).content

    assert "\"'=cmd|" in text
    with zipfile.ZipFile(io.BytesIO(sheet)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


async def test_partners_people_are_masked_for_those_who_may_not_change_them(
    app: FastAPI, sessions: Sessions
) -> None:
    async with await person(app, app.state.office, Role.ADMIN) as admin:
        address = await upload(
            admin, csv_file("code,name,contact,phone", "D1,x,王小芳,13912345678"), "dealers"
        )
        await worked(sessions, address.rpartition("/")[2])
        await admin.send_form(f"{address}/decision", decision="apply")
        await worked(sessions, address.rpartition("/")[2])
        assert "13912345678" in (await admin.get("/exports/dealers")).text
    async with await person(app, app.state.office, Role.MANAGER) as manager:
        text = (await manager.get("/exports/dealers")).text

    assert "139****5678" in text
    assert "王***" in text
    assert "王小芳" not in text


async def test_a_large_list_of_products_is_exported_whole(app: FastAPI, sessions: Sessions) -> None:
    await query(
        sessions,
        "INSERT INTO sku (code, name, gtin, weight_g, length_mm, width_mm, height_mm, price_minor,"
        " currency, active) SELECT 'S' || lpad(n::text, 6, '0'), 'x', '', 0, 0, 0, 0, 0, 'CNY',"
        " true FROM generate_series(1, 5001) n",
    )
    async with await person(app, app.state.office, Role.BUYER) as buyer:
        lines = (await buyer.get("/exports/products")).text.splitlines()

    assert len(lines) == 5_002
    assert re.match(r'"S005001"', lines[-1])


async def test_a_workbook_is_imported_like_a_csv_file(app: FastAPI, sessions: Sessions) -> None:
    async with await person(app, app.state.office, Role.BUYER) as buyer:
        address = await upload(buyer, xlsx_file([["SKU", "Name", "Price"], ["007", "x", 12.5]]))
        await worked(sessions, address.rpartition("/")[2])
        await buyer.send_form(f"{address}/decision", decision="apply")
        await worked(sessions, address.rpartition("/")[2])
        file = (await buyer.get(f"{address}/file")).content

    assert await query(sessions, "SELECT code, price_minor FROM sku") == [("007", 1250)]
    assert file.startswith(b"PK")


async def test_a_count_that_moves_very_many_units_needs_a_second_person(
    app: FastAPI, sessions: Sessions
) -> None:
    await seed_network(sessions, skus=("A",))
    content = csv_file("location,sku,counted", "HQ,A,1001")
    async with await person(app, app.state.office, Role.WAREHOUSE) as staff:
        address = await upload(staff, content, "stock")
        await worked(sessions, address.rpartition("/")[2])
        asked = await staff.send_form(f"{address}/decision", decision="apply")
        assert asked.headers["location"].startswith("/approvals/")
        assert await worked(sessions, address.rpartition("/")[2]) == "checked"
    ((approval,),) = await query(sessions, "SELECT id FROM approval")
    async with await person(app, app.state.office, Role.MANAGER) as manager:
        seen = (await manager.get(f"/approvals/{approval}")).text
        assert "+1,001" in seen
        await manager.send_form(f"/approvals/{approval}/decide", decision="approve")
    assert await worked(sessions, address.rpartition("/")[2]) == "done"
    assert await query(sessions, "SELECT on_hand FROM stock_balance") == [(1001,)]


@pytest.mark.usefixtures("engine")
async def test_somebody_with_limits_counts_at_his_places_and_sees_his_own_files(
    app: FastAPI, sessions: Sessions
) -> None:
    await seed_network(sessions, ("HQ", "S1"), skus=("A",))
    own = [Limit("S1")]
    counts = csv_file("location,sku,counted", "HQ,A,5", "S1,A,7")
    async with (
        await person(app, app.state.office, Role.WAREHOUSE) as other,
        await person(app, app.state.office, Role.WAREHOUSE, limits=own) as keeper,
        await person(app, app.state.office, Role.ADMIN, limits=own) as chief,
    ):
        theirs = await upload(other, csv_file("location,sku,counted", "S1,A,1"), "stock")
        mine = await upload(keeper, counts, "stock")
        await worked(sessions, mine.rpartition("/")[2])
        await keeper.send_form(f"{mine}/decision", decision="apply_partly")
        await worked(sessions, mine.rpartition("/")[2])

        assert "there is no such location" in (await keeper.get(mine)).text
        assert (await keeper.get(theirs)).status_code == 404
        assert theirs not in (await keeper.get("/imports")).text
        assert mine in (await keeper.get("/imports")).text
        assert (await other.get(mine)).status_code == 200
        assert 'value="dealers"' not in (await chief.get("/imports")).text
    moved = await query(sessions, "SELECT location_id, on_hand::int FROM stock_balance")
    assert moved == [("S1", 7)]


@pytest.mark.usefixtures("engine")
async def test_people_are_brought_in_and_taken_away_by_administrators_of_the_company(
    app: FastAPI, sessions: Sessions
) -> None:
    await seed_network(sessions, ("HQ", "S1"), ())
    people = csv_file("login,name,roles,places", "lina,李娜,仓库,HQ S1", "wang,Wang,manager,all")
    async with (
        await person(app, app.state.office, Role.ADMIN) as admin,
        await person(app, app.state.office, Role.ADMIN, limits=[Limit("S1")]) as regional,
        await person(app, app.state.office, Role.MANAGER) as manager,
    ):
        address = await upload(admin, people, "users")
        await worked(sessions, address.rpartition("/")[2])
        await admin.send_form(f"{address}/decision", decision="apply")
        await worked(sessions, address.rpartition("/")[2])
        assert "Without a password yet: 2" in (await admin.get("/people")).text
        taken = await admin.get("/exports/users?form=csv")
        assert "password" not in taken.text.lower()
        again = await upload(admin, taken.content, "users")
        assert await worked(sessions, again.rpartition("/")[2]) == "checked"
        assert await states_of(sessions, again.rpartition("/")[2]) == ["same"] * 5
        for other in (regional, manager):
            assert 'value="users"' not in (await other.get("/imports")).text
            assert (await other.get("/exports/users?form=csv")).status_code == 403
            assert (await other.get(address)).status_code in (403, 404)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\list.csv", "list.csv"),
        ('x"; filename="y.csv', None),
        ("长" * 150 + ".csv", None),
        ("..", None),
    ],
)
async def test_what_a_file_is_called_leads_nowhere(
    app: FastAPI, sessions: Sessions, name: str, kept: str | None
) -> None:
    await seed_network(sessions, skus=("A",))
    async with await person(app, app.state.office, Role.BUYER) as buyer:
        address = await upload(buyer, GOOD, name=name)
        await worked(sessions, address.rpartition("/")[2])
        seen = await buyer.get(address)
        file = await buyer.get(f"{address}/file")

    ((stored,),) = await query(sessions, "SELECT name FROM import_file")
    assert not set(stored) & set("/\\\0\r\n")
    assert stored not in ("", ".", "..")
    assert len(stored) <= 200
    assert kept is None or stored == kept
    assert (seen.status_code, file.status_code) == (200, 200)
    assert re.fullmatch(r'attachment; filename="[\w.-]+"', file.headers["content-disposition"])
