"""Secrets of shops, carriers, payment accounts and suppliers: in no log, history, answer or table.

Each account makes calls that fail and then succeed, some the vendor refuses, some with credentials
it does not know, and some while it fails until its gate shuts; its door gets messages that are not
genuine. Who is in a registry takes part.
"""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

import api.errors
from activities.shared.adapters import Adapters
from activities.shared.supplier_clients import Outgoing
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.inventory.partner_tables import SupplierRow
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.purchase_story import Decision
from db.inventory.supplier_terms import Terms, save_terms
from db.logistics.tables import CarrierAccountRow
from db.orders.payment_tables import PaymentAccountRow, PaymentRow, RefundRow
from db.orders.tables import ParcelRow
from db.shared.intake import order_of
from db.sql import run
from db.vault import carrier_context, payment_context, shop_context
from domain.inventory.purchasing.acts import PurchaseAction, Wish
from domain.inventory.purchasing.messages import PurchaseRef
from domain.orders.messages import OrderRef, RefundRef, ShipmentRef
from domain.shared.ids import OrderId, ShipmentNo
from integrations.carriers.registry import CARRIERS
from integrations.marketplaces.registry import CHANNELS
from integrations.payments.registry import PROVIDERS
from integrations.sandbox.app import create_sandbox
from integrations.sandbox.demo_carriers import demo_carriers
from integrations.sandbox.demo_payments import demo_payments
from integrations.sandbox.demo_shops import demo_shops
from integrations.sandbox.framework import Sandbox
from integrations.sandbox.market import COUNTERS, order
from integrations.sandbox.settings import SandboxSettings
from integrations.secret_names import of_carrier, of_channel, of_provider
from runtime import logs
from runtime.temporal import TASK_QUEUE
from tests.api.channels.app import client_of
from tests.api.orders.world import PAID, seed_order, seed_shipment
from tests.e2e import canaries
from tests.people import VAULT
from tests.purchases import draft_purchase
from tests.seeds import seed_network
from tests.workflows.world import Company, company

GOOD, WRONG = canaries.hidden_accounts("good"), canaries.hidden_accounts("wrong")
PRODUCTS = {"sf": "2", "jdl": "ed-m-0001", "kuaidi100": "yuantong"}
SILENT = {"own", "pos"}  # they tell us; there is nothing to ask them
ASKED = [shop for shop in demo_shops(GOOD) if shop.channel not in SILENT]
LABELLED = "SELECT count(*) FROM parcel WHERE waybill_no <> ''"
PAID_BACK = "SELECT count(*) FROM refund WHERE sent_at IS NOT NULL AND vendor_status <> ''"
SHUT = "SELECT count(*) FROM gate WHERE state = 'holding' AND reason <> ''"
PARKED = (
    "SELECT count(*) FROM attention WHERE step_id IN ('label', 'purchase_send')"
    " AND resolved_at IS NULL"
)
CANARIES = ("canary-in-a-line", "canary-in-a-failure", "canary-of-a-library")
EVERYBODY = len(ASKED) + len(CARRIERS) + len(PROVIDERS) + 1
SUPPLIER = "shanjian"
BOUGHT = "SELECT count(*) FROM purchase_order WHERE state = 'sent'"


@dataclass
class Outside:
    """The company with an account at everybody in the registries, and all it says."""

    company: Company
    sandbox: httpx.AsyncClient
    adapters: Adapters
    engine: WorkflowEnvironment
    desk: Sandbox
    histories: list[WorkflowHandle[Any, Any]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def fail(self, **times: int) -> None:
        """Every vendor answers with an error, so many times or from now on."""
        for vendor in (await self.sandbox.get("/sandbox/operations")).json():
            switch = {"vendor": vendor, "kind": "error_before", **times}
            (await self.sandbox.put("/sandbox/faults", json=switch)).raise_for_status()

    async def everybody(self, accounts: SandboxSettings, what: str) -> None:
        """With these secrets, every shop is asked, every carrier ordered, every provider pays."""
        await self.set_secrets(accounts)
        counters = {counter.channel: counter for counter in COUNTERS}
        for shop in demo_shops(GOOD):
            number = what
            if shop in ASKED:
                counter = counters[shop.channel]
                number = await order(self.sandbox, counter, paid=True, masked=False)
            await self.ask_shop(shop.id, shop.channel, number)
            if shop in ASKED:
                await self.ask_shop(shop.id, shop.channel, f"{what}-nobody-knows")
        for code in CARRIERS:
            await self.order_label(f"{what}-{code}", code)
        for one in demo_payments(GOOD):
            await self.pay_back(one.id, one.provider, f"RF{what}{one.provider}")
        await self.buy()

    async def until(self, query: str, least: int) -> None:
        """Wait, and let the engine's time pass, until the query finds so many."""
        found = 0
        for _ in range(self.company.patience):
            found = int((await self.company.row(query))[0])
            if found >= least:
                return
            await self.engine.sleep(timedelta(seconds=5))
            await asyncio.sleep(0.05)
        raise AssertionError(f"{query}: {found}, not {least}")

    async def open_gates(self) -> None:
        """Somebody opens all gates again; workers notice within a second."""
        async with self.company.sessions.begin() as session:
            await run(
                session,
                "UPDATE gate SET state = 'flowing', changed_by = 'system', calls = 0, failures = 0",
            )
        await asyncio.sleep(1.1)

    async def start(self, name: str, ref: object, workflow_id: str) -> None:
        handle = await self.company.client.start_workflow(
            name, ref, id=workflow_id, task_queue=TASK_QUEUE
        )
        self.histories.append(handle)

    async def ask_shop(self, shop_id: str, channel: str, number: str) -> None:
        """The order's workflow asks the shop what it is."""
        async with self.company.sessions.begin() as session:
            order_id = await order_of(session, channel, shop_id, number)
            await run(
                session, "UPDATE sales_order SET fetch_needed = true WHERE id = :id", id=order_id
            )
        await self.start("Order", OrderRef(OrderId(order_id)), f"order/{channel}/{number}")

    async def order_label(self, number: str, carrier: str) -> None:
        """A packed parcel for which only the waybill is missing."""
        sessions, product = self.company.sessions, PRODUCTS.get(carrier, "standard")
        await seed_order(sessions, number)
        no = await seed_shipment(sessions, number)
        async with sessions.begin() as session:
            await run(
                session,
                "UPDATE shipment SET status = 'packed', carrier = :carrier, product = :product,"
                " picked_at = now(), packed_at = now() WHERE no = :no",
                no=no, carrier=carrier, product=product,
            )  # fmt: skip
            await run(
                session,
                "UPDATE shipment_line SET picked_quantity = quantity WHERE shipment_no = :no",
                no=no,
            )
            parcel = ParcelRow(
                id=f"{no}-P1", shipment_no=no, carrier=carrier, product=product, weight_g=900
            )
            session.add(parcel)
        ref = ShipmentRef(ShipmentNo(no), OrderId(f"ord_{number}"), f"order/own/mini/{number}")
        await self.start("Shipment", ref, f"shipment/{no}")

    async def pay_back(self, account_id: str, provider: str, refund_no: str) -> None:
        """A buyer paid once too often: it goes back."""
        body = {"order_no": refund_no, "amount": "20.00", "currency": "CNY"}
        paid = (await self.sandbox.post(f"/sandbox/{provider}/payments", json=body)).json()
        async with self.company.sessions.begin() as session:
            session.add(
                PaymentRow(
                    id=refund_no, account_id=account_id, provider=provider,
                    transaction_id=paid["transaction_id"], merchant_ref=paid["merchant_ref"],
                    shop_id="mini", external_no=refund_no, amount_minor=paid["amount"],
                    currency=paid["currency"], captured_at=PAID, heard_at=PAID, purpose="surplus",
                    refunding_minor=500,
                )
            )  # fmt: skip
            await session.flush()
            session.add(
                RefundRow(
                    refund_no=refund_no, payment_id=refund_no, kind="surplus", amount_minor=500,
                    currency=paid["currency"], created_at=PAID, looked_at=PAID,
                )
            )  # fmt: skip
        await self.start("Refund", RefundRef(refund_no, OrderId("")), f"refund/{refund_no}")

    async def buy(self) -> None:
        """A purchase order goes to the supplier."""
        no = await draft_purchase(self.company.sessions, SUPPLIER)
        async with self.company.sessions.begin() as session:
            decision = Decision(Wish(PurchaseAction.SUBMIT), actor="buyer")
            await PurchaseOrders(session).decide(no, decision)
        await self.start("Replenishment", PurchaseRef(no), f"purchase/{no}")

    async def set_secrets(self, accounts: SandboxSettings) -> None:
        """New credentials for everybody."""
        async with self.company.sessions.begin() as session:
            for table, key, context, given in _sealed(accounts):
                await run(
                    session,
                    f"UPDATE {table} SET secrets = :secrets"
                    f" WHERE {'code' if table == 'carrier_account' else 'id'} = :key",
                    key=key, secrets=VAULT.seal_secrets(given, context),
                )  # fmt: skip
            await save_terms(session, VAULT, SUPPLIER, _terms(accounts))
        for known in (self.adapters._shops, self.adapters._carriers, self.adapters._payments):
            known.clear()

    def held_token(self) -> str:
        """What WeChat let us in with so far: as good as a secret while it lasts."""
        held = self.desk.store.get("wechat", "token", "token")
        assert held is not None
        return str(held["value"])

    async def knock(self) -> None:
        """Somebody who does not know the secrets calls at every door."""
        paths = [
            *(f"/webhooks/{shop.channel}/{shop.id}" for shop in demo_shops(GOOD)),
            *(f"/webhooks/carriers/{code}" for code in CARRIERS),
            *(f"/webhooks/payments/{one.provider}/{one.id}" for one in demo_payments(GOOD)),
            f"/webhooks/suppliers/{SUPPLIER}",
        ]
        async with client_of(self.company.sessions, VAULT) as doors:
            for path in paths:
                for content in (b"{}", b"<xml/>", b"a=1&sign=2"):
                    answer = await doors.post(path, content=content)
                    self.answers.append(f"{answer.headers} {answer.text}")


def _terms(accounts: SandboxSettings) -> Terms:
    """How the supplier is reached, on this machine."""
    address = f"http://127.0.0.1/suppliers/{SUPPLIER}"
    secret = accounts.suppliers.secret
    return Terms(7, "1234567", (), 0, 10, 48, 2, "json", address, secret)


def _sealed(accounts: SandboxSettings) -> list[tuple[str, str, str, dict[str, str]]]:
    return [
        *(("shop", x.id, shop_context(x.id), dict(x.secrets)) for x in demo_shops(accounts)),
        *(
            ("carrier_account", x.code, carrier_context(x.code), x.secrets)
            for x in demo_carriers(accounts, "http://here")
        ),
        *(
            ("payment_account", x.id, payment_context(x.id), dict(x.secrets))
            for x in demo_payments(accounts)
        ),
    ]


@pytest_asyncio.fixture
async def outside(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Outside]:
    nobody = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    app = create_sandbox(GOOD, nobody)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        adapters = Adapters(sessions, VAULT, http, outgoing=Outgoing(private=True))
        async with company(temporal_env.client, sessions, real=adapters) as running:
            await _seed(sessions)
            outside = Outside(running, http, adapters, temporal_env, app.state.sandbox)
            await outside.set_secrets(GOOD)
            yield outside


async def _seed(sessions: Sessions) -> None:
    await seed_network(sessions, ("HQ", "S1"), ("A", "B"))
    async with sessions.begin() as session:
        session.add(SupplierRow(code=SUPPLIER, name="Tea", port="json"))
        for shop in demo_shops(GOOD):
            session.add(
                ShopRow(
                    id=shop.id, channel=shop.channel, external_id=shop.external_id, name=shop.name,
                    base_url=f"http://sandbox{shop.path}",
                )
            )  # fmt: skip
        await session.flush()
        for carrier in demo_carriers(GOOD, "http://here"):
            session.add(
                CarrierAccountRow(
                    code=carrier.code, name=carrier.name, settings=carrier.settings,
                    base_url=f"http://sandbox{carrier.path}",
                )
            )  # fmt: skip
        for one in demo_payments(GOOD):
            session.add(
                PaymentAccountRow(
                    id=one.id, provider=one.provider, shop_id="mini", name=one.name,
                    base_url=f"http://sandbox{one.path}",
                )
            )  # fmt: skip


def test_everybody_in_the_registries_has_secrets_here() -> None:
    shops, carriers = demo_shops(GOOD), demo_carriers(GOOD, "http://here")
    payments = demo_payments(GOOD)
    assert {shop.channel for shop in shops} == set(CHANNELS)
    assert {carrier.code for carrier in carriers} == set(CARRIERS)
    assert {one.provider for one in payments} == set(PROVIDERS)
    for needed, given in (
        *((of_channel(x.channel), x.secrets) for x in shops),
        *((of_carrier(x.code), x.secrets) for x in carriers),
        *((of_provider(x.provider), x.secrets) for x in payments),
    ):
        assert set(needed.needed) <= set(given)
    for mark in (GOOD, WRONG):
        every = [value for _, given in canaries.secrets_of(mark) for value in given.values()]
        assert set(every).isdisjoint(canaries.secret())
    assert all(given for _, given in canaries.secrets_of(GOOD))


async def test_what_vendors_trust_us_with_is_nowhere(
    outside: Outside, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for name in logs._QUIET:  # as `logs.configure` has them
        caplog.set_level(logging.WARNING, name)
    with capture_logs() as lines:
        await outside.fail(times=1)
        await outside.everybody(GOOD, "good")
        await outside.until("SELECT count(*) FROM inbox", len(ASKED))
        await outside.until(LABELLED, len(CARRIERS))
        await outside.until(PAID_BACK, len(PROVIDERS))
        await outside.until(BOUGHT, 1)
        token = outside.held_token()
        await outside.sandbox.post("/sandbox/wechat/token/revoke")
        await outside.everybody(WRONG, "wrong")
        await outside.until(f"SELECT ({SHUT}) + ({PARKED})", EVERYBODY)
        await outside.open_gates()
        await outside.fail()
        await outside.everybody(GOOD, "storm")
        await outside.until(SHUT, EVERYBODY)
        await outside.knock()
        _say(CANARIES)

    found = []
    said = "\n".join([caplog.text, *map(_as_text, lines), *outside.answers])
    told = await _histories(outside.histories)
    secrets = [
        (f"{system} {name}", canaries.forms(value))
        for accounts in (GOOD, WRONG)
        for system, given in canaries.secrets_of(accounts)
        for name, value in given.items()
    ]
    for whose, forms in [*secrets, ("the token of WeChat", canaries.forms(token))]:
        found += [f"{whose} in a log or an answer" for form in forms if form in said]
        found += [f"{whose} in a history" for form in forms if form.encode() in told]
    found += canaries.in_tables(database_url, [form for _, forms in secrets for form in forms])
    assert found == []
    # What is looked through holds what a leak would have put there.
    assert [
        word for word in CANARIES if not any(form in said for form in canaries.forms(word))
    ] == []
    assert b"storm-sf" in told
    assert canaries.in_tables(database_url, ["storm-sf"])


def _say(words: Sequence[str]) -> None:
    """As a line of ours, inside a failure of ours, and as a line of a library."""
    in_a_line, in_a_failure, of_a_library = words
    api.errors.log.info("canary.said", token=in_a_line)
    api.errors.log.error("canary.failed", exc_info=ValueError(in_a_failure))
    logging.getLogger("temporalio.activity").warning("gave %s", of_a_library)


async def _histories(handles: Sequence[WorkflowHandle[Any, Any]]) -> bytes:
    histories = [await handle.fetch_history() for handle in handles]
    return b"".join(e.SerializeToString() for history in histories for e in history.events)


def _as_text(line: Any) -> str:
    error = line.get("exc_info")
    trace = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
    return f"{line} {trace}"
