"""Our clients and the ERP sandboxes speak the same protocol; the vectors prove the signatures."""

from dataclasses import replace
from datetime import date

import httpx
import pytest

from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    RateLimited,
    Rejected,
    SettingsRefused,
    Unavailable,
)
from domain.shared.money import Money
from integrations.erp.kingdee import Kingdee
from integrations.erp.port import ErpEntry
from integrations.erp.yonyou import Yonyou
from tests.integrations.erp.world import VENDORS, Ledger, ledger_world, open_erp, voucher

SAVE = {"kingdee": "Save", "yonyou": "addVoucher"}
ASK = {"kingdee": "ExecuteBillQuery", "yonyou": "queryVouchers"}


@pytest.fixture(params=VENDORS)
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return ledger_world(request.param)


async def test_a_voucher_is_entered_to_the_cent_and_found_by_our_key(ledger: Ledger) -> None:
    saved = await ledger.client.save(voucher())

    assert saved.number
    assert await ledger.client.find(voucher()) == saved
    (kept,) = await ledger.vouchers()
    assert kept["text"].startswith("OH202605-000001-0a1b2c 买家付款 O-1")
    assert [(one["account"], one["debit"], one["credit"]) for one in kept["entries"]] == [
        ("1122.01", "25.50", "0.00"),
        ("2203", "0.00", "25.50"),
    ]


async def test_a_voucher_that_is_not_there_is_not_found(ledger: Ledger) -> None:
    await ledger.client.save(voucher(1))

    assert await ledger.client.find(voucher(2)) is None


async def test_a_key_does_not_find_one_that_only_begins_like_it(ledger: Ledger) -> None:
    await ledger.client.save(voucher(key="OH202605-000001-0a1b2c7"))

    assert await ledger.client.find(voucher()) is None


async def test_a_lost_answer_is_found_by_our_key(ledger: Ledger) -> None:
    await ledger.world.fault(
        vendor=ledger.vendor, operation=SAVE[ledger.vendor], kind="error_after", times=1
    )
    with pytest.raises(AnswerLost):
        await ledger.client.save(voucher())

    found = await ledger.client.find(voucher())

    assert found is not None
    assert len(await ledger.vouchers()) == 1


async def test_the_same_voucher_again_is_never_a_second_one(ledger: Ledger) -> None:
    first = await ledger.client.save(voucher())
    if ledger.vendor == "yonyou":  # keeps each business id once, and tells it
        assert await ledger.client.save(voucher()) == first
    else:
        with pytest.raises(Rejected, match="重复"):
            await ledger.client.save(voucher())

    assert len(await ledger.vouchers()) == 1


@pytest.mark.parametrize("kind", ["error_before", "error_after"])
async def test_a_failure_of_theirs_may_have_been_done(ledger: Ledger, kind: str) -> None:
    for operation in (SAVE[ledger.vendor], ASK[ledger.vendor]):
        await ledger.world.fault(vendor=ledger.vendor, operation=operation, kind=kind, times=1)

    with pytest.raises(AnswerLost):
        await ledger.client.save(voucher())
    with pytest.raises(Unavailable) as caught:
        await ledger.client.find(voucher())
    assert not isinstance(caught.value, AnswerLost)


async def test_throttling_is_told_as_such(ledger: Ledger) -> None:
    await ledger.world.fault(
        vendor=ledger.vendor, operation=SAVE[ledger.vendor], kind="throttle", times=1
    )

    with pytest.raises(RateLimited):
        await ledger.client.save(voucher())


async def test_an_account_the_erp_does_not_have_is_refused_by_name(ledger: Ledger) -> None:
    paid, nothing = Money(100, "CNY"), Money(0, "CNY")
    entries = (ErpEntry("9999", "x", paid, nothing), ErpEntry("2203", "x", nothing, paid))

    with pytest.raises(Rejected, match="9999") as caught:
        await ledger.client.save(voucher(entries=entries))

    assert not isinstance(caught.value, CredentialsRefused)
    assert await ledger.vouchers() == []


async def test_a_closed_month_is_refused_and_another_day_is_taken(ledger: Ledger) -> None:
    await ledger.close("2026-05")
    with pytest.raises(Rejected, match="已结账"):
        await ledger.client.save(voucher())

    await ledger.client.save(voucher(booked_on=date(2026, 6, 1)))

    assert [one["month"] for one in await ledger.vouchers()] == ["2026-06"]


async def test_another_currency_is_refused_before_anything_is_sent(ledger: Ledger) -> None:
    with pytest.raises(Rejected, match="USD"):
        await ledger.client.save(voucher(currency="USD"))

    assert await ledger.world.calls(vendor=ledger.vendor, operation=SAVE[ledger.vendor]) == []


async def test_without_an_account_book_the_setting_is_named(ledger: Ledger) -> None:
    client = open_erp(ledger.world, ledger.vendor, account_book="")

    with pytest.raises(SettingsRefused, match="account_book"):
        await client.save(voucher())


@pytest.mark.parametrize(
    ("vendor", "secret"),
    [
        ("kingdee", {"app_secret": "wrong"}),
        ("kingdee", {"app_id": "onhanddemo_BBECAwQFBgcICQoLDA0ODxAREhMUFRYX"}),
        ("kingdee", {"user_name": "somebody"}),
        ("kingdee", {"account_set": "another"}),
        ("yonyou", {"app_secret": "wrong"}),
        ("yonyou", {"app_key": "wrong"}),
    ],
)
async def test_wrong_secrets_are_told_as_refused_credentials(
    vendor: str, secret: dict[str, str]
) -> None:
    ledger = ledger_world(vendor, **secret)

    with pytest.raises(CredentialsRefused):
        await ledger.client.check()
    with pytest.raises(CredentialsRefused):
        await ledger.client.save(voucher())
    assert await ledger.vouchers() == []


async def test_a_connection_is_tried_without_a_change(ledger: Ledger) -> None:
    await ledger.client.check()

    assert await ledger.vouchers() == []


async def test_a_session_or_token_that_ended_is_made_anew(ledger: Ledger) -> None:
    await ledger.client.save(voucher(1))
    await ledger.world.pass_time(10_000)
    if ledger.vendor == "kingdee":  # the next call says so, the one after makes a new session
        with pytest.raises(Unavailable, match="会话"):
            await ledger.client.save(voucher(2))

    await ledger.client.save(voucher(2))

    assert len(await ledger.vouchers()) == 2


async def test_a_token_that_was_taken_back_is_asked_for_once_more() -> None:
    ledger = ledger_world("yonyou")
    await ledger.client.save(voucher(1))
    ledger.world.sandbox.store.execute("DELETE FROM document WHERE kind = 'token'")

    await ledger.client.save(voucher(2))

    assert len(await ledger.world.calls(operation="getAccessToken")) == 2


async def test_two_accounts_on_one_server_share_no_session() -> None:
    ledger = ledger_world("kingdee")
    first = ledger.client
    assert isinstance(first, Kingdee)
    other = Kingdee(replace(first.access, account_id="other"))
    for client in (first, other, first, other):
        await client.check()

    sessions = ledger.world.sandbox.store.rows("SELECT key FROM document WHERE kind = 'session'")
    assert len(sessions) == 2


NOISE = (
    b"", b"null", b"[]", b"{}", b"[[1]]", b"[[]]", b"\xff\xfe", b"[" * 100_000, b'{"Result": 1}',
    b'{"Result": {"ResponseStatus": {"IsSuccess": true}}}', b'{"code": 200, "data": []}',
    b'{"code": "200", "data": {"recordList": 7}}', b"response_error:", b"<html>502</html>",
    b'{"code": "00000", "data": {"access_token": ""}}', b'[[{"Result": null}]]',
)  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("noise", NOISE)
async def test_an_answer_nobody_can_read_is_never_taken_for_done(vendor: str, noise: bytes) -> None:
    ledger = ledger_world(vendor)

    def answer(request: httpx.Request) -> httpx.Response:
        if "getAccessToken" in str(request.url):
            told = {"code": "00000", "data": {"access_token": "t", "expire": 60}}
            return httpx.Response(200, json=told)
        return httpx.Response(200, content=noise)

    ledger.world.vendor_http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    client = open_erp(ledger.world, vendor)

    with pytest.raises((AnswerLost, Rejected, Unavailable)):
        await client.save(voucher())
    if noise not in (b"[]", b"[[1]]"):  # an empty table says that nothing is there
        with pytest.raises((Rejected, Unavailable)):
            await client.find(voucher())


def test_the_clients_are_what_the_registry_says() -> None:
    assert isinstance(ledger_world("yonyou").client, Yonyou)
