"""Orders to suppliers: signed JSON against the sandbox, letters against a mailbox."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from typing import Any

import pytest

from domain.inventory.purchasing.placing import Letter, OrderedLine, PlacedOrder
from domain.shared.errors import AnswerLost, NotOffered, Rejected, Unavailable
from domain.shared.money import Money
from integrations.purchase_sheets import render_purchase
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.settings import SuppliersAccount
from integrations.suppliers.edi import EdiSupplier
from integrations.suppliers.letters import MailedSupplier
from integrations.suppliers.mail import NoMailer, SmtpMailer
from tests.integrations.sandbox.world import World, create_world

ORDER = PlacedOrder(
    "purchase:PO1", "PO1", "山间茶业", "Onhand", "CNY", date(2030, 5, 1), "杭州总仓",
    "浙江省杭州市余杭区", "仓库", "13800000001",
    (OrderedLine(1, "TEA-1", "SJ-1", "龙井 <100g> #1", 120, 12, Money(14_740, "CNY")),
     OrderedLine(2, "TEA-2", "", "大红袍", 24, 12, Money(8_690, "CNY"))),
)  # fmt: skip
LETTER = Letter("purchase:PO1:cancel", "PO1", "S-1", "不再需要", date(2030, 5, 1))


async def here(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def supplier(world: World, code: str = "shanjian", secret: str = "") -> EdiSupplier:
    return EdiSupplier(
        code, f"http://sandbox/suppliers/{code}", secret or SuppliersAccount().secret,
        world.vendor_http, private=True, now=world.now, resolve=here,
    )  # fmt: skip


async def test_an_order_is_placed_once_found_and_cancelled() -> None:
    world = create_world()
    client = supplier(world)
    assert await client.find("PO1") is None
    first = await client.send(ORDER)
    assert first.startswith("SHANJIAN-")
    assert await client.send(ORDER) == first
    assert await client.find("PO1") == first
    await client.remind(LETTER)
    await client.cancel(LETTER)
    orders = (await world.vendor_http.get("/sandbox/suppliers/orders")).json()
    assert [(one["no"], one["state"], one["reminders"]) for one in orders] == [
        ("PO1", "cancelled", 1),
    ]  # fmt: skip


async def test_a_later_revision_takes_the_place_of_what_the_supplier_has() -> None:
    world = create_world()
    client = supplier(world)
    reference = await client.send(ORDER)
    assert await client.find("PO1", 2) is None
    later = replace(ORDER, key="purchase:PO1:r2", lines=ORDER.lines[1:], revision=2)
    assert await client.send(later) == reference
    assert await client.send(later) == reference
    assert await client.find("PO1", 2) == reference
    [order] = (await world.vendor_http.get("/sandbox/suppliers/orders")).json()
    assert [line["line_no"] for line in order["lines"]] == [2]


async def test_a_wrong_secret_and_an_unknown_order_are_refused_in_their_words() -> None:
    world = create_world()
    with pytest.raises(Rejected, match="signature"):
        await supplier(world, secret="whsec_" + "A" * 32).send(ORDER)
    with pytest.raises(Rejected, match="no such order"):
        await supplier(world).cancel(LETTER)


async def test_an_answer_that_is_lost_leaves_an_order_that_can_be_found() -> None:
    world = create_world()
    world.sandbox.faults.put(Fault("suppliers", "placed", FaultKind.ERROR_AFTER, times=1))
    with pytest.raises(AnswerLost):
        await supplier(world).send(ORDER)
    assert await supplier(world).find("PO1") is not None


async def test_nobody_is_called_in_our_own_network() -> None:
    world = create_world()
    with pytest.raises(Rejected, match="not called"):
        await replace(supplier(world), private=False).send(ORDER)


class Mailbox:
    def __init__(self) -> None:
        self.got: list[EmailMessage] = []

    async def deliver(self, message: EmailMessage) -> None:
        self.got.append(message)


async def test_a_letter_has_the_order_as_pdf_and_csv_and_the_same_id_when_it_goes_again() -> None:
    box = Mailbox()
    client = MailedSupplier("po@supplier.example", "Buying <buy@onhand.example>", box)
    for _ in range(2):
        assert await client.send(ORDER) == ""
    first, again = box.got
    assert first["Message-ID"] == again["Message-ID"] == "<purchase.PO1@onhand.example>"
    assert (first["To"], "PO1" in first["Subject"]) == ("po@supplier.example", True)
    pdf, csv = list(first.iter_attachments())
    assert bytes(_content(pdf)).startswith(b"%PDF")
    rows = bytes(_content(csv)).decode("utf-8-sig").splitlines()
    assert rows[1] == "1,TEA-1,SJ-1,龙井 <100g> #1,120,147.40,17688.00,CNY"
    await client.cancel(LETTER)
    assert "不再需要" in box.got[-1].get_content()
    with pytest.raises(NotOffered):
        await client.find("PO1")


def _content(part: Any) -> Any:
    content = part.get_content()
    return content.encode("utf-8") if isinstance(content, str) else content


async def test_without_a_mail_server_a_person_is_told_and_one_that_is_down_is_tried_again() -> None:
    with pytest.raises(Rejected, match="ONHAND_SMTP_URL"):
        await NoMailer().deliver(EmailMessage())
    with pytest.raises(Unavailable):
        await SmtpMailer("smtp://127.0.0.1:1").deliver(EmailMessage())


def test_the_same_order_is_the_same_paper_whatever_its_names_hold() -> None:
    assert render_purchase(ORDER) == render_purchase(ORDER)
    many = replace(ORDER, lines=ORDER.lines * 100)
    assert len(render_purchase(many)) > len(render_purchase(ORDER))
