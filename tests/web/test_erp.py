"""Account books at ERPs on their pages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from runtime.posting import Posting
from tests.api.finance.test_erp_accounts import SECRETS
from tests.fakes.outside import FakeErp
from tests.web.world import Person, change, person

ONE = "/finance/erp/k1"


@pytest_asyncio.fixture
async def admin(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.ADMIN) as client:
        yield client


@pytest_asyncio.fixture
async def finance(
    app: FastAPI, admin: Person, sessions: Sessions, web_sessions: Sessions, order: str
) -> AsyncIterator[Person]:
    """Somebody of finance; an administrator has added an account book."""
    await Posting(sessions).all()
    answer = await admin.send_form(
        "/finance/erp/new", vendor="kingdee", account_id="k1", name="总账",
        base_url="https://erp.example.cn/k3cloud",
        **{f"secret.{name}": value for name, value in SECRETS.items()},
        **{"setting.account_book": "001"},
    )  # fmt: skip
    assert (answer.status_code, answer.headers["location"]) == (303, ONE)
    async with await person(app, web_sessions, Role.FINANCE) as client:
        yield client


async def test_finance_finds_the_erp_from_the_books(finance: Person) -> None:
    assert 'href="/finance/erp"' in (await finance.get("/finance")).text
    listed = (await finance.get("/finance/erp")).text

    assert 'href="/finance/erp/k1"' in listed
    assert "by hand only" in listed
    assert "/finance/erp/new" not in listed
    shown = (await finance.get(ONE)).text
    assert "Renew credentials" not in shown
    assert 'name="code.bank"' in shown


async def test_days_are_sent_and_the_voucher_says_where_it_went(finance: Person) -> None:
    answer = await finance.send_form(f"{ONE}/exports", first="2000-01-01", last="2099-12-31")
    assert answer.status_code == 303
    shown = (await finance.get(f"{ONE}?state=wanted")).text
    number = shown.split('href="/finance/vouchers/')[1].split('"')[0]

    assert "not there yet" in shown
    assert "总账" in (await finance.get(f"/finance/vouchers/{number}")).text
    assert "No vouchers here" in (await finance.get(f"{ONE}?state=skipped")).text


async def test_codes_are_saved_in_one_table_and_one_party_s_beside_it(finance: Person) -> None:
    answer = await finance.send_form(
        f"{ONE}/codes",
        **{"code.bank": "1002", "code.channel_receivable": "1122", "code.sales": ""},
        party="channel_receivable|shop/mini",
        party_code="1122.05",
    )

    assert answer.status_code == 303, answer.text
    shown = (await finance.get(ONE)).text
    assert 'name="code.bank" value="1002"' in shown
    assert 'name="code.channel_receivable.shop/mini" value="1122.05"' in shown
    await finance.send_form(f"{ONE}/codes", **{"code.channel_receivable.shop/mini": ""})
    assert "1122.05" not in (await finance.get(ONE)).text


async def test_a_day_from_which_they_go_by_themselves_is_set_and_taken_back(
    finance: Person,
) -> None:
    await finance.send_form(f"{ONE}/beginning", exports_from="2026-01-01")
    assert 'name="exports_from" value="2026-01-01"' in (await finance.get(ONE)).text
    await finance.send_form(f"{ONE}/beginning", exports_from="")
    assert 'name="exports_from" value=""' in (await finance.get(ONE)).text
    bad = await finance.send_form(f"{ONE}/beginning", exports_from="soon")
    assert bad.status_code == 422


async def test_the_connection_is_tried_from_the_page(app: FastAPI, finance: Person) -> None:
    class Clients:
        async def erp(self, account_id: str) -> FakeErp:
            return FakeErp()

    app.state.adapters = Clients()
    await finance.send_form(f"{ONE}/trial")

    assert "works" in (await finance.get(ONE)).text


async def test_what_waits_for_a_person_leads_to_its_decision(
    finance: Person, sessions: Sessions, app: FastAPI, web_sessions: Sessions
) -> None:
    await finance.send_form(f"{ONE}/exports", first="2000-01-01", last="2099-12-31")
    await change(
        sessions,
        "INSERT INTO attention (id, workflow_id, step_id, system, cause, code, error, fingerprint,"
        " attempts, actions, input_fields, resolved_by, resolution, note)"
        " SELECT 'att_1', 'voucher-export/k1%2F' || voucher_no, 'voucher_export', 'erp/k1',"
        " 'Rejected', '500', '会计期间已结账', 'f', 1,"
        ' \'["retry", "retry_with", "done_by_hand", "skip"]\','
        " '{\"booked_on\": \"text\", \"erp_no\": \"text\"}', '', '', '' FROM voucher_export",
    )

    shown = (await finance.get(ONE)).text
    assert "会计期间已结账" in shown
    assert 'href="/attention/att_1"' in shown
    item = (await finance.get("/attention/att_1")).text
    assert "Send a voucher to the ERP" in item
    assert "Number in the ERP" in item
    async with await person(app, web_sessions, Role.FINANCE, language="zh") as chinese:
        assert "推送凭证到 ERP" in (await chinese.get("/attention/att_1")).text
        assert "金蝶云星空" in (await chinese.get(ONE)).text


async def test_an_account_is_paused_and_resumed(finance: Person) -> None:
    assert "until the account is resumed" in (await finance.get(f"{ONE}/pause")).text
    await finance.send_form(f"{ONE}/pause", reason="audit")
    assert "audit" in (await finance.get(ONE)).text
    await finance.send_form(f"{ONE}/resume")
    assert "audit" not in (await finance.get(ONE)).text


async def test_the_administrator_renews_secrets_and_settings(
    admin: Person, finance: Person
) -> None:
    for path in ("credentials", "settings"):
        assert (await admin.get(f"{ONE}/{path}")).status_code == 200
        assert (await finance.get(f"{ONE}/{path}")).status_code == 403
    saved = await admin.send_form(f"{ONE}/settings", **{"setting.account_book": "002"})
    assert saved.status_code == 303
    saved = await admin.send_form(f"{ONE}/credentials", **{"secret.app_secret": "another"})
    assert saved.status_code == 303


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/finance/erp/none", 404),
        ("/finance/erp/%00", 404),
        ("/finance/erp/k1?before=x", 422),
        ("/finance/erp/k1?state=gone", 422),
    ],
)
async def test_strange_addresses_are_refused(finance: Person, path: str, status: int) -> None:
    assert (await finance.get(path)).status_code == status


async def test_managers_read_and_others_do_not(
    finance: Person, app: FastAPI, web_sessions: Sessions
) -> None:
    async with await person(app, web_sessions, Role.MANAGER) as manager:
        assert 'name="code.bank"' not in (await manager.get(ONE)).text
        assert (await manager.send_form(f"{ONE}/trial")).status_code == 403
    async with await person(app, web_sessions, Role.WAREHOUSE) as warehouse:
        assert (await warehouse.get(ONE)).status_code == 403
