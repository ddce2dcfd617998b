"""Our client and the sandbox speak Nuonuo's protocol; the vector proves the signature."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.finance.invoices import Back, Buyer, InvoiceKind
from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    RateLimited,
    Rejected,
    SettingsRefused,
    Unavailable,
)
from integrations.access import FinanceAccess, Secrets
from integrations.invoices.nuonuo import Nuonuo
from integrations.invoices.port import InvoiceNews, Told
from integrations.invoices.signing import nuonuo_sign
from tests.integrations.invoices.world import (
    BUYER,
    LINES,
    Issuer,
    blue,
    issuer_world,
    line,
    open_issuer,
    red,
)

VECTORS = Path(__file__).parents[1] / "vectors" / "nuonuo.json"
BLUE, RED = InvoiceKind.BLUE, InvoiceKind.RED


@pytest.fixture
def issuer() -> Issuer:
    return issuer_world()


async def issued(issuer: Issuer, number: int = 1) -> InvoiceNews:
    """A blue invoice that is there."""
    ref = await issuer.client.issue(blue(number))
    await issuer.world.pass_time(5)
    news = await issuer.client.ask(BLUE, blue(number).key, ref)
    assert news is not None
    assert news.told is Told.ISSUED
    return news


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text())["vectors"])
def test_it_signs_as_the_vendor_s_kit(vector: dict[str, Any]) -> None:
    told = vector["inputs"]

    made = nuonuo_sign(
        vector["secret"], app_key=told["appkey"], senid=told["senid"], nonce=told["nonce"],
        timestamp=told["timestamp"], body=told["content"],
    )  # fmt: skip

    assert made == vector["expected"]


async def test_an_invoice_is_issued_to_the_cent_and_told_with_its_number(issuer: Issuer) -> None:
    ref = await issuer.client.issue(blue())

    assert await issuer.client.ask(BLUE, blue().key, ref) == InvoiceNews(Told.PROCESSING, ref)
    await issuer.world.pass_time(5)
    news = await issuer.client.ask(BLUE, blue().key, ref)

    assert news is not None
    assert (news.told, len(news.number), news.ref) == (Told.ISSUED, 20, ref)
    assert news.url.endswith(".pdf")
    (kept,) = await issuer.invoices()
    assert (kept["total"], kept["tax"], kept["buyer"]) == ("109.99", "12.33", BUYER.title)


async def test_a_key_that_nobody_knows_is_told_as_such(issuer: Issuer) -> None:
    assert await issuer.client.ask(BLUE, blue().key, "") is None
    assert await issuer.client.ask(RED, "IR260502-00000001", "") is None


async def test_a_lost_answer_is_found_by_our_key_and_never_doubled(issuer: Issuer) -> None:
    await issuer.world.fault(
        vendor="nuonuo", operation="requestBillingNew", kind="error_after", times=1
    )
    with pytest.raises(AnswerLost):
        await issuer.client.issue(blue())

    news = await issuer.client.ask(BLUE, blue().key, "")
    assert news is not None
    assert news.told is Told.PROCESSING
    assert await issuer.client.issue(blue()) == ""
    assert len(await issuer.invoices()) == 1


async def test_a_lost_red_one_is_found_by_our_key_and_never_doubled(issuer: Issuer) -> None:
    number = (await issued(issuer)).number
    await issuer.world.fault(
        vendor="nuonuo", operation="saveInvoiceRedConfirm", kind="error_after", times=1
    )
    with pytest.raises(AnswerLost):
        await issuer.client.reverse(red(number))

    assert await issuer.client.reverse(red(number)) == red(number).key
    assert len(await issuer.invoices()) == 2


async def test_a_whole_invoice_is_taken_back(issuer: Issuer) -> None:
    number = (await issued(issuer)).number

    ref = await issuer.client.reverse(red(number))
    before = await issuer.client.ask(RED, red(number).key, ref)
    await issuer.world.pass_time(5)
    news = await issuer.client.ask(RED, red(number).key, ref)

    assert before is not None
    assert before.told is Told.PROCESSING
    assert news is not None
    assert news.told is Told.ISSUED
    assert news.number not in ("", number)
    kept = (await issuer.invoices())[-1]
    assert (kept["total"], kept["of"]) == ("-109.99", number)
    with pytest.raises(Rejected, match="超过"):
        await issuer.client.reverse(red(number, number=2))


async def test_part_of_an_invoice_is_taken_back_line_by_line(issuer: Issuer) -> None:
    number = (await issued(issuer)).number

    await issuer.client.reverse(red(number, Back(1, 1, 3333, 383)))
    await issuer.client.reverse(red(number, Back(2, 0, 500, 41), number=2))

    kept = [one for one in await issuer.invoices() if one["kind"] == "red"]
    assert [(one["total"], one["tax"]) for one in kept] == [("-33.33", "-3.83"), ("-5.00", "-0.41")]
    with pytest.raises(Rejected, match="超过"):
        await issuer.client.reverse(red(number, Back(1, 2, 6667, 768), number=3))


@pytest.mark.parametrize("kind", [BLUE, RED])
async def test_a_failure_is_told_with_its_reason(issuer: Issuer, kind: InvoiceKind) -> None:
    number = (await issued(issuer, 9)).number if kind is RED else ""
    await issuer.outcome("failed", cause="购方税号不存在")
    key = red(number).key if kind is RED else blue().key
    ref = await (issuer.client.reverse(red(number)) if number else issuer.client.issue(blue()))
    await issuer.world.pass_time(5)

    news = await issuer.client.ask(kind, key, ref)

    assert news is not None
    assert (news.told, news.cause) == (Told.FAILED, "购方税号不存在")


async def test_an_invoice_without_its_seal_is_sealed_again(issuer: Issuer) -> None:
    await issuer.outcome("seal_failed")
    ref = await issuer.client.issue(blue())
    await issuer.world.pass_time(5)
    sealless = await issuer.client.ask(BLUE, blue().key, ref)
    await issuer.world.pass_time(5)
    news = await issuer.client.ask(BLUE, blue().key, ref)

    assert sealless is not None
    assert sealless.told is Told.PROCESSING
    assert news is not None
    assert news.told is Told.ISSUED
    assert len(await issuer.invoices()) == 1


async def test_a_red_one_that_the_buyer_must_confirm_goes_on(issuer: Issuer) -> None:
    number = (await issued(issuer)).number
    await issuer.outcome("buyer_confirms")
    ref = await issuer.client.reverse(red(number))
    await issuer.world.pass_time(5)

    news = await issuer.client.ask(RED, red(number).key, ref)

    assert news is not None
    assert news.told is Told.PROCESSING


@pytest.mark.parametrize("kind", ["error_before", "error_after"])
async def test_a_failure_of_theirs_may_have_been_done(issuer: Issuer, kind: str) -> None:
    for operation in ("requestBillingNew", "queryInvoiceResult"):
        await issuer.world.fault(vendor="nuonuo", operation=operation, kind=kind, times=1)

    with pytest.raises(AnswerLost):
        await issuer.client.issue(blue())
    with pytest.raises(Unavailable):
        await issuer.client.ask(BLUE, blue().key, "")


async def test_throttling_is_told_as_such(issuer: Issuer) -> None:
    await issuer.world.fault(
        vendor="nuonuo", operation="requestBillingNew", kind="throttle", times=1
    )

    with pytest.raises(RateLimited):
        await issuer.client.issue(blue())


@pytest.mark.parametrize(
    "secret",
    [{"app_key": "x"}, {"app_secret": "x"}, {"access_token": "x"}, {"tax_no": "x"}],
)
async def test_wrong_secrets_are_told_as_refused_credentials(secret: dict[str, str]) -> None:
    issuer = issuer_world(**secret)

    with pytest.raises(CredentialsRefused):
        await issuer.client.check()


async def test_a_clock_that_is_wrong_is_refused(issuer: Issuer) -> None:
    late = open_issuer(issuer.world)
    assert isinstance(late, Nuonuo)
    behind = issuer.world.clock - timedelta(minutes=10)

    with pytest.raises(CredentialsRefused):
        await replace(late, access=replace(late.access, now=lambda: behind)).check()


async def test_the_right_secrets_are_let_in(issuer: Issuer) -> None:
    await issuer.client.check()


@pytest.mark.parametrize("setting", ["tel", "address", "clerk"])
async def test_a_setting_that_is_needed_is_named(setting: str) -> None:
    issuer = issuer_world(**{setting: ""})

    with pytest.raises(SettingsRefused, match=setting):
        await issuer.client.issue(blue())


async def test_a_red_one_names_its_seller() -> None:
    issuer = issuer_world(seller_name="")
    number = (await issued(issuer)).number

    with pytest.raises(SettingsRefused, match="seller_name"):
        await issuer.client.reverse(red(number))


async def test_another_currency_is_refused_before_anything_is_sent(issuer: Issuer) -> None:
    with pytest.raises(Rejected, match="USD"):
        await issuer.client.issue(blue(currency="USD"))

    assert await issuer.world.calls(vendor="nuonuo", operation="requestBillingNew") == []


async def test_a_person_needs_no_tax_number(issuer: Issuer) -> None:
    await issuer.client.issue(blue(buyer=Buyer("张三")))

    (call,) = await issuer.world.calls(vendor="nuonuo", operation="requestBillingNew")
    order = json.loads(call["request"])["order"]
    assert (order["naturalPersonFlag"], order["pushMode"]) == ("1", "-1")
    assert "buyerTaxNum" not in order
    assert "email" not in order


async def test_what_the_tax_bureau_would_not_take_is_refused_in_its_words(issuer: Issuer) -> None:
    wrong = (replace(LINES[0], goods_code="12"),)

    with pytest.raises(Rejected, match="商品编码12"):
        await issuer.client.issue(blue(lines=wrong))


@pytest.mark.parametrize("units", [3, 7, 9])
async def test_prices_that_do_not_come_out_even_are_taken(issuer: Issuer, units: int) -> None:
    assert await issuer.client.issue(blue(lines=(line(1, 10001, units=units),)))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"code":{}}', b"\xff", b'{"code":"E0000"}'])
async def test_what_nobody_can_read_is_lost_never_a_bug(raw: bytes) -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=raw))
    http = httpx.AsyncClient(transport=answer)
    client = open_issuer(issuer_world().world)
    assert isinstance(client, Nuonuo)
    other = replace(client, access=replace(client.access, http=http))

    with pytest.raises(AnswerLost):
        await other.issue(blue())


def test_secrets_are_not_shown() -> None:
    secrets = Secrets("a", {"app_secret": "hush"})
    access = FinanceAccess("a", "http://x", secrets, {}, httpx.AsyncClient())

    assert "hush" not in repr(Nuonuo(access))
    assert BUYER.title not in repr(blue())
