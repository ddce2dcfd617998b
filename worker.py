"""Composition root of a worker process: workflows, activities, and the relay beside them."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import httpx
import structlog
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Interceptor, Worker, WorkerDeploymentConfig

from activities.channels.after_sales import AfterSaleActivities
from activities.channels.pulling import PullingActivities
from activities.channels.queued import QueueActivities
from activities.channels.stock_push import StockPushActivities
from activities.finance.exporting import ExportActivities
from activities.finance.invoicing import InvoiceActivities
from activities.inventory.case_reminding import ReceiptCaseActivities
from activities.inventory.counting import CountActivities
from activities.inventory.planning import PlanningActivities
from activities.inventory.purchasing import PurchaseActivities
from activities.inventory.recalling import RecallActivities
from activities.inventory.reserving import ReservationBatcher
from activities.inventory.stock import StockActivities
from activities.inventory.supplying import Suppliers, SupplyActivities
from activities.inventory.transferring import TransferActivities
from activities.logistics.claiming import ClaimActivities
from activities.logistics.following import FollowingActivities
from activities.logistics.intercepting import InterceptActivities
from activities.logistics.return_labels import ReturnLabelActivities
from activities.logistics.waybills import WaybillActivities
from activities.orders.applying import ApplyingActivities
from activities.orders.bulk import BulkActivities
from activities.orders.carrying_out import CarryingOutActivities
from activities.orders.case_answers import CaseAnswerActivities
from activities.orders.changing import ChangingActivities
from activities.orders.deciding import DecidingActivities
from activities.orders.looking import LookingActivities
from activities.orders.ports import Adapters as AdaptersPort
from activities.orders.ports import OrderRules
from activities.orders.promising import PromiseActivities
from activities.orders.refunding import RefundActivities
from activities.orders.returning import SalesReturnActivities
from activities.orders.shipping import ShippingActivities
from activities.orders.sourcing import AllocationBatcher, SourcingActivities
from activities.orders.telling import TellingActivities
from activities.platform.attention import AttentionActivities
from activities.platform.auditing import AuditActivities
from activities.platform.campaigns import CampaignActivities
from activities.platform.gates import GateActivities
from activities.platform.importing import ImportActivities
from activities.shared.adapters import Adapters
from activities.shared.late_facts import LateFacts
from activities.shared.supplier_clients import Outgoing
from activities.shared.trying import TriedGates
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.platform.gates import Gates
from db.vault import Vault
from domain.inventory.count_life import CountRules
from integrations.suppliers.mail import NoMailer, SmtpMailer
from integrations.webhooks import WebhookSender
from runtime import logs
from runtime.adding_up import AddingUp
from runtime.chaining import Chaining
from runtime.counting import Counting
from runtime.exporting import Exporting
from runtime.fan_out import SignalFanOut, WebhookFanOut
from runtime.giving_back import GivingBack
from runtime.handing_over import HandingOver
from runtime.housekeeping import Housekeeping
from runtime.invoicing import Invoicing
from runtime.posting import Posting
from runtime.reach import database_url, temporal_address
from runtime.redrive import Redrive
from runtime.relay import Relay
from runtime.renewing import Renewal
from runtime.settings import Settings
from runtime.temporal import TASK_QUEUE, connect
from workflows.channels.poller import PollerWorkflow
from workflows.channels.stock_push import StockPushWorkflow
from workflows.finance.invoice import InvoiceWorkflow
from workflows.finance.voucher_export import VoucherExportWorkflow
from workflows.inventory.count import CountWorkflow
from workflows.inventory.planning import PlanningNightWorkflow, PlanningWorkflow
from workflows.inventory.recall import RecallWorkflow
from workflows.inventory.receipt_case import ReceiptCaseWorkflow
from workflows.inventory.replenishment import ReplenishmentWorkflow
from workflows.inventory.transfer import TransferWorkflow
from workflows.logistics.claim import ClaimWorkflow
from workflows.logistics.gate import GateWorkflow
from workflows.logistics.intercept import InterceptWorkflow
from workflows.orders.bulk import BulkWorkflow
from workflows.orders.order import OrderWorkflow
from workflows.orders.refund import RefundWorkflow
from workflows.orders.return_label import ReturnLabelWorkflow
from workflows.orders.sales_return import ReturnWorkflow
from workflows.orders.shipment import ShipmentWorkflow
from workflows.platform.audit_night import AuditNightWorkflow
from workflows.platform.campaign import CampaignWorkflow
from workflows.platform.import_file import ImportWorkflow

log = structlog.get_logger()

_ALLOCATIONS: Final = 10_000  # between two looks at young objects

WORKFLOWS: Final[Sequence[type]] = (
    OrderWorkflow,
    ShipmentWorkflow,
    RefundWorkflow,
    ReturnLabelWorkflow,
    ReturnWorkflow,
    VoucherExportWorkflow,
    ClaimWorkflow,
    InterceptWorkflow,
    RecallWorkflow,
    InvoiceWorkflow,
    PollerWorkflow,
    StockPushWorkflow,
    GateWorkflow,
    CampaignWorkflow,
    ImportWorkflow,
    BulkWorkflow,
    TransferWorkflow,
    CountWorkflow,
    ReceiptCaseWorkflow,
    ReplenishmentWorkflow,
    PlanningNightWorkflow,
    PlanningWorkflow,
    AuditNightWorkflow,
)


@dataclass(frozen=True, slots=True)
class World:
    """What activities need, made once for the process."""

    sessions: Sessions
    adapters: AdaptersPort
    vault: Vault
    rules: OrderRules
    counting: CountRules = field(default_factory=CountRules)


def activities_of(world: World) -> list[Callable[..., Any]]:
    """Every activity method of the order lifecycle, bound to its dependencies."""
    gates = TriedGates(world.sessions, vault=world.vault)
    deciding = DecidingActivities(world.sessions, world.vault, world.rules)
    promising = PromiseActivities(world.sessions, world.rules)
    looking = LookingActivities(world.sessions, world.adapters, world.vault, gates)
    shipping = ShippingActivities(world.sessions)
    waybills = WaybillActivities(world.sessions, world.adapters, world.vault, gates)
    # Nobody decides about these: a carrier that says nothing is asked again.
    following = FollowingActivities(world.sessions, world.adapters, Gates(world.sessions))
    telling = TellingActivities(world.sessions, world.adapters, gates)
    refunds = RefundActivities(world.sessions, world.adapters, gates)
    returning = ReturnLabelActivities(world.sessions, world.adapters, world.vault, gates)
    returns = SalesReturnActivities(world.sessions, world.vault, world.rules)
    claims = ClaimActivities(world.sessions)
    recalls = RecallActivities(world.sessions, world.vault)
    counting = CountActivities(world.sessions, world.counting)
    cases = ReceiptCaseActivities(world.sessions)
    intercepting = InterceptActivities(world.sessions, world.adapters, gates)
    answers = CaseAnswerActivities(world.sessions, world.adapters, gates)
    exports = ExportActivities(world.sessions, world.adapters, gates)
    invoices = InvoiceActivities(world.sessions, world.adapters, world.vault, gates)
    attention = AttentionActivities(world.sessions)
    changing = ChangingActivities(world.sessions, world.rules)
    tending = GateActivities(world.sessions)
    return [
        ApplyingActivities(world.sessions, world.adapters, world.vault, world.rules).apply,
        SourcingActivities(AllocationBatcher(world.sessions, world.rules)).allocate,
        CarryingOutActivities(world.sessions, world.rules).carry_out,
        deciding.look,
        deciding.record,
        deciding.change_hold,
        deciding.plan_cancellation,
        deciding.carry_out,
        changing.change,
        changing.gather,
        looking.fetch,
        looking.look,
        shipping.load,
        shipping.open,
        shipping.pick_confirmed,
        shipping.packed,
        shipping.labelled,
        shipping.hand_over,
        shipping.keep_back,
        shipping.label_anew,
        shipping.halt,
        shipping.track,
        shipping.stop,
        shipping.settle,
        waybills.create,
        waybills.void,
        waybills.by_hand,
        waybills.voided_by_hand,
        following.follow,
        following.ask,
        telling.rate,
        telling.confirm_shipment,
        returning.look,
        returning.order,
        returning.void,
        returning.settle,
        returning.ask,
        refunds.look,
        refunds.send,
        refunds.ask,
        refunds.settle,
        refunds.replace,
        returns.look,
        returns.judge,
        returns.move_on,
        returns.warn,
        returns.escalate,
        returns.settle,
        returns.pay_rest,
        returns.expire,
        returns.close,
        intercepting.look,
        intercepting.ask,
        intercepting.by_hand,
        intercepting.give_up,
        claims.look,
        claims.move_on,
        claims.remind,
        claims.close,
        recalls.look,
        recalls.freeze,
        recalls.stop_picks,
        recalls.intercept,
        recalls.tell,
        recalls.remind,
        counting.look,
        counting.remind,
        counting.put_off,
        counting.leave_out,
        counting.ask,
        counting.post,
        counting.cancel,
        counting.again,
        cases.look,
        cases.remind,
        cases.put_off,
        cases.leave,
        cases.take_back,
        answers.tell_channel,
        answers.told_by_hand,
        exports.look,
        exports.send,
        exports.settle,
        invoices.look,
        invoices.send,
        invoices.ask,
        invoices.settle,
        invoices.replace,
        attention.park,
        promising.tell,
        attention.resolve,
        attention.went_on,
        tending.tend,
        tending.renewed,
    ]


def activities_beside_orders(
    sessions: Sessions, adapters: Adapters, vault: Vault, client: Client, buys_alone_minor: int = 0
) -> list[Callable[..., Any]]:
    """What belongs to no single order: shops that are pulled or told stock, decisions for many
    orders, the ledger's verbs, campaigns."""
    campaigns = CampaignActivities(sessions, client)
    stock = StockActivities(sessions, ReservationBatcher(sessions))
    stock_push = StockPushActivities(sessions, adapters, vault)
    transfers = TransferActivities(sessions)
    planning = PlanningActivities(sessions, buys_alone_minor)
    return [
        *purchase_activities(sessions, adapters, vault),
        PullingActivities(sessions, adapters, vault).pull,
        AfterSaleActivities(sessions, adapters, vault).pull,
        QueueActivities(sessions, adapters, vault).consume,
        ImportActivities(sessions, vault).work,
        stock_push.push,
        stock_push.try_again,
        BulkActivities(sessions, client).carry_on,
        stock.reserve,
        stock.release,
        stock.receive,
        stock.adjust,
        transfers.look,
        transfers.reserve,
        transfers.post,
        transfers.drop,
        transfers.remind,
        transfers.cancel,
        transfers.close,
        campaigns.advance,
        campaigns.decide,
        planning.look,
        planning.roll_up,
        planning.begin,
        planning.reckon,
        planning.suggest,
    ]


def audit_activities(sessions: Sessions, repairs: bool) -> list[Callable[..., Any]]:
    """Every activity method of the nightly audit."""
    auditing = AuditActivities(sessions, repairs)
    return [
        auditing.begin, auditing.look, auditing.confirmed, auditing.repair, auditing.conclude,
    ]  # fmt: skip


def purchase_activities(
    sessions: Sessions, suppliers: Suppliers, vault: Vault
) -> list[Callable[..., Any]]:
    """Every activity method of purchase orders."""
    purchases = PurchaseActivities(sessions)
    supply = SupplyActivities(sessions, suppliers, TriedGates(sessions, vault=vault))
    return [
        purchases.look, purchases.move_on, purchases.remind, purchases.replan, purchases.close,
        purchases.settle, supply.send, supply.sent_by_hand, supply.tell_cancelled,
        supply.told_by_hand, supply.nudge,
    ]  # fmt: skip


def make_worker(
    client: Client,
    activities: Sequence[Callable[..., Any]],
    build_id: str = "",
    interceptors: Sequence[Interceptor] = (),
) -> Worker:
    """A worker that finishes what it does before it ends."""
    deployment = (
        WorkerDeploymentConfig(
            version=WorkerDeploymentVersion("onhand", build_id),
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
        )
        if build_id
        else None
    )
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=activities,
        max_concurrent_activities=100,
        max_concurrent_local_activities=200,
        graceful_shutdown_timeout=timedelta(seconds=10),
        deployment_config=deployment,
        interceptors=interceptors,
    )


async def serve(
    settings: Settings,
    adapters_of: Callable[[Sessions, Vault, httpx.AsyncClient], Adapters] = Adapters,
) -> None:
    """Run until SIGTERM or Ctrl-C."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    engine = create_engine(database_url(settings), "onhand_worker", pool_size=16)
    vault = Vault(settings.encryption_key(), older=settings.older_keys())
    sessions = sessions_of(engine, vault)
    async with (
        httpx.AsyncClient(timeout=10) as http,
        httpx.AsyncClient(timeout=10, trust_env=False) as direct,
    ):
        mailer = SmtpMailer(settings.smtp_url) if settings.smtp_url else NoMailer()
        here = settings.sandbox_base_url if settings.demo else ""
        outgoing = Outgoing(
            mailer, settings.mail_from, settings.webhooks_to_private, here, direct
        )  # fmt: skip
        adapters = replace(adapters_of(sessions, vault, http), outgoing=outgoing)
        rules = OrderRules(
            settings.risk_amount_minor,
            timedelta(minutes=settings.unpaid_expiry_minutes),
            timedelta(days=settings.completed_after_days),
            settings.sourcing_strategy,
            settings.max_parcels,
            settings.return_policy,
        )
        counting = CountRules(
            settings.two_person_stock_units, timedelta(hours=settings.approval_hours)
        )
        client = await connect(settings, temporal_address(settings))
        activities = [
            *activities_of(World(sessions, adapters, vault, rules, counting)),
            *activities_beside_orders(
                sessions, adapters, vault, client, settings.purchase_auto_approve_minor
            ),
            *audit_activities(sessions, settings.audit_repairs),
        ]
        relay = asyncio.create_task(
            Relay(
                HandingOver(sessions, client, LateFacts(adapters, vault)),
                SignalFanOut(sessions, client),
                WebhookFanOut(
                    sessions, vault, WebhookSender(direct, private=settings.webhooks_to_private)
                ),
                Housekeeping(sessions),
                Redrive(sessions, client),
                Renewal(sessions, vault, adapters),
                Posting(sessions),
                Exporting(sessions),
                Invoicing(sessions),
                Chaining(sessions, settings.audit_anchor_file),
                AddingUp(sessions),
                Counting(sessions, settings),
                GivingBack(sessions),
            ).run(),
            name="relay",
        )
        try:
            async with make_worker(client, activities, settings.build_id):
                _leave_code_alone()
                log.info("worker.ready", task_queue=TASK_QUEUE)
                await stop.wait()
                log.info("worker.stopping")
        finally:
            relay.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await relay
            await engine.dispose()


def _leave_code_alone() -> None:
    """Keep the garbage collector off what was loaded at the start and lives as long as we do.

    It walked all of it every few dozen orders: a fifth of the worker's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])


def main() -> None:
    """Entry point of `python -m worker`."""
    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format, process="worker")
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
