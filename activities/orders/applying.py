"""Taking over what a channel says about an order: versions, lines, receiver, holds."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from temporalio import activity

from activities.orders.case_news import hold_for_cases, take_case
from activities.orders.late_changes import change_late
from activities.orders.ports import Adapters, OrderRules
from db.channels.listings import Listings
from db.engine import Sessions
from db.keys import buyer_digest
from db.orders import statements
from db.orders.blocked import BlockedBuyers
from db.orders.receivers import save_receiver
from db.orders.repository import KnownOrder, OrderRepository
from db.orders.tickets import keep_ticket
from db.orders.words import keep_words, of_order
from db.shared.after_sales import keeps_back
from db.shared.giving_back import give_back_unstarted, leave_queue
from db.vault import CannotOpen, Vault
from domain.logistics.divisions.divisions import normalise
from domain.orders.after_sale import AFTER_SALE_TOPIC
from domain.orders.changes import Stage, stage_of
from domain.orders.intake import (
    FOLLOWS_THE_CHANNEL,
    SENT,
    Verdict,
    address_is_usable,
    holds_for,
    judge,
)
from domain.orders.lifecycle import OrderState
from domain.orders.order import HoldKind
from domain.orders.risk import risk_reasons
from domain.orders.snapshot import ChannelState, OrderSnapshot
from domain.orders.work import ApplyMessages, Entry
from domain.shared.address import Receiver
from domain.shared.errors import CredentialsRefused, IntegrationError


@dataclass(frozen=True, slots=True)
class ApplyingActivities:
    """The only writer of what a channel says. One method is one transaction."""

    sessions: Sessions
    adapters: Adapters
    vault: Vault
    rules: OrderRules

    @activity.defn(name="order.apply")
    async def apply(self, request: ApplyMessages) -> OrderState:
        """Apply inbox rows, newest version last; each row gets its outcome with the effect.

        Rows that were applied before are passed over, so a retry changes nothing.
        """
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            known = await orders.lock(request.order_id)
            entries: list[Entry] = []
            readable = await self._readable(orders, known, request, entries)
            for row, snapshot in readable:
                known = await self._take(orders, known, row, snapshot, entries)
            if any(entry.kind == "after_sale" for entry in entries):
                await hold_for_cases(orders, request.order_id, entries)
            if readable or entries:
                await orders.wake_shipments(request.order_id, "channel")
            state = await orders.state(request.order_id)
            if HoldKind.UNMAPPED_SKU in state.holds:
                entries += await orders.map_again(request.order_id)
                state = await orders.state(request.order_id)
            return self.rules.on(await orders.record(state, max(request.seq, state.seq), entries))

    async def _readable(
        self,
        orders: OrderRepository,
        known: KnownOrder,
        request: ApplyMessages,
        entries: list[Entry],
    ) -> list[tuple[Any, OrderSnapshot]]:
        rows = await orders.run(
            statements.INBOX, {"ids": list(request.inbox_ids), "order_id": request.order_id}
        )
        readable: list[tuple[Any, OrderSnapshot]] = []
        for row in rows:
            if row.applied_at is not None:
                continue
            if row.topic == AFTER_SALE_TOPIC:
                await take_case(orders, known.order_id, row, self.vault, entries)
                await _settle(orders, row.id, Verdict.APPLY)
                continue
            if row.raw is None:  # parked before it could be read, or erased: ask the channel
                await orders.run(statements.ASK_CHANNEL, {"order_id": known.order_id})
                await _settle(orders, row.id, Verdict.STALE)
                continue
            try:
                raw = self.vault.open(row.raw, row.id)
                snapshot = await self.adapters.snapshot(known.channel, row.shop_id, raw)
            except CannotOpen as error:
                await _settle(orders, row.id, "parked", f"sealed with another key: {error}"[:500])
                continue
            except CredentialsRefused:  # not this message: it is handed over again later
                continue
            except IntegrationError as error:
                await _settle(orders, row.id, "parked", f"{error.code}: {error}"[:500])
                continue
            if snapshot is None:  # it only says that something happened: ask the channel
                await orders.run(statements.ASK_CHANNEL, {"order_id": known.order_id})
                await _settle(orders, row.id, Verdict.APPLY)
                continue
            readable.append((row, snapshot))
        return sorted(readable, key=lambda pair: pair[1].version)

    async def _take(
        self,
        orders: OrderRepository,
        known: KnownOrder,
        row: Any,
        snapshot: OrderSnapshot,
        entries: list[Entry],
    ) -> KnownOrder:
        verdict = judge(
            known.version,
            known.channel_state,
            known.sha256,
            snapshot.version,
            snapshot.state,
            row.sha256,
        )
        if verdict is Verdict.FETCH and row.topic == "fetch":
            verdict = Verdict.APPLY  # this is the channel's answer to our question
        if row.topic == "fetch":
            await orders.run(statements.CHANNEL_ANSWERED, {"order_id": known.order_id})
        if verdict is Verdict.FETCH and snapshot.ticket is not None:
            await _settle(orders, row.id, "conflict")  # a till cannot be asked: the first one holds
            entries.append(Entry("ticket_conflict"))
            return known
        if verdict is Verdict.FETCH:
            await orders.run(statements.ASK_CHANNEL, {"order_id": known.order_id})
            await _settle(orders, row.id, Verdict.STALE)
            return known
        await _settle(orders, row.id, verdict)
        if verdict is Verdict.STALE and snapshot.state is not ChannelState.CANCELLED:
            # An order that was cancelled before it was told: now we know that there was one.
            gone = await orders.release_holds(known.order_id, [HoldKind.NO_SUCH_ORDER], "system")
            entries += [Entry("hold_released", {"hold": kind}) for kind in gone]
        if verdict is not Verdict.APPLY:
            return known
        await self._save(orders, known, snapshot, row.sha256, entries)
        return replace(
            known,
            version=snapshot.version,
            channel_state=str(snapshot.state),
            sha256=row.sha256,
        )

    async def _save(
        self,
        orders: OrderRepository,
        known: KnownOrder,
        snapshot: OrderSnapshot,
        sha256: str,
        entries: list[Entry],
    ) -> None:
        first = not known.channel_state
        was = known.channel_state
        before = (
            OrderState(known.order_id, 0, known.status)
            if first
            else await orders.state(known.order_id)
        )
        rest = before.to_allocate or before.waiting_for_stock
        stage = stage_of((one.status for one in before.shipments), rest_to_send=rest)
        digest = await buyer_digest(orders.session, self.vault, snapshot.buyer_ref)
        header = _header(known.order_id, snapshot, sha256) | {"buyer_digest": digest}
        await orders.run(statements.SAVE_HEADER, header)
        words = {of_order(known.order_id): _words(snapshot)}
        await keep_words(orders.session, known.order_id, words)
        if snapshot.ticket is not None:
            await keep_ticket(orders.session, known.order_id, snapshot.ticket)
        if stage is Stage.PLANNED:
            planned = bool(before.shipments) or before.waiting_for_stock
            content = await _content(orders, known.order_id) if planned else ()
            await self._save_content(orders, known.order_id, snapshot)
            if planned and content != await _content(orders, known.order_id):
                await give_back_unstarted(orders.session, known.order_id, "voided")
                await leave_queue(orders.session, known.order_id)
                entries.append(Entry("replanned"))
        else:
            told = _told(snapshot.receiver) if snapshot.receiver else None
            await change_late(orders, self.vault, known.order_id, snapshot, told, stage, entries)
        await _learn_listings(orders, known.shop_id, snapshot)
        sent = snapshot.state in SENT and not any(s.status.has_left for s in before.shipments)
        if sent:
            await give_back_unstarted(orders.session, known.order_id, "voided")
            await leave_queue(orders.session, known.order_id)
        asked_back = stage is not Stage.LEFT and known.channel != "own"
        await self._hold(
            orders,
            known,
            snapshot,
            entries,
            sent_elsewhere=sent and not first,
            refund_told=asked_back and await keeps_back(orders.session, known.order_id),
        )
        if first:
            entries.insert(0, Entry("received", {"channel": known.channel}))
            entries += [Entry("sent_before")] if sent else []
        elif was != snapshot.state:
            entries.append(Entry("channel_state", {"state": snapshot.state}))
        else:
            entries.append(Entry("channel_update"))

    async def _save_content(
        self, orders: OrderRepository, order_id: str, snapshot: OrderSnapshot
    ) -> None:
        """Receiver and lines."""
        if snapshot.receiver is not None:
            told = _told(snapshot.receiver)
            await save_receiver(orders.session, self.vault, order_id, told)
        await orders.run(statements.SAVE_LINES, {"order_id": order_id, "lines": _lines(snapshot)})
        kept = [line.external_line_no for line in snapshot.lines]
        await orders.run(statements.DROP_LINES, {"order_id": order_id, "kept": kept})
        await orders.run(statements.SAVE_FULFILMENT, {"order_id": order_id})

    async def _hold(
        self,
        orders: OrderRepository,
        known: KnownOrder,
        snapshot: OrderSnapshot,
        entries: list[Entry],
        *,
        sent_elsewhere: bool,
        refund_told: bool,
    ) -> None:
        now = datetime.now(UTC)
        unmapped = await orders.run(statements.UNMAPPED, {"order_id": known.order_id})
        # Some channels hide the receiver again once nothing is to be sent: we know him already.
        judged = snapshot.receiver is not None or not await orders.run(
            statements.HAS_RECEIVER, {"order_id": known.order_id}
        )
        wanted = holds_for(
            snapshot,
            unmapped=tuple(row.external_sku for row in unmapped),
            address_is_usable=not judged or address_is_usable(snapshot),
            risk_reasons=await self._risks(orders, known.order_id, snapshot),
            now=now,
            unheard_of=known.channel == "own" and not known.channel_state,
            refund_told=refund_told,
            sent_elsewhere=sent_elsewhere,
        )
        gone = FOLLOWS_THE_CHANNEL - {hold.kind for hold in wanted}
        if not judged:
            gone -= {HoldKind.ADDRESS}
        for kind in await orders.release_holds(known.order_id, gone, "system"):
            entries.append(Entry("hold_released", {"hold": kind}))
        for kind in await orders.place_holds(known.order_id, wanted):
            entries.append(Entry("held", {"hold": kind}))

    async def _risks(
        self, orders: OrderRepository, order_id: str, snapshot: OrderSnapshot
    ) -> tuple[str, ...]:
        blocked = await BlockedBuyers(orders.session).reasons(order_id)
        return risk_reasons(_payable(snapshot), self.rules.risk_amount_minor, blocked)


async def _settle(orders: OrderRepository, inbox_id: str, outcome: str, parked: str = "") -> None:
    await orders.run(
        statements.SETTLE_INBOX, {"id": inbox_id, "outcome": str(outcome), "parked": parked}
    )


async def _learn_listings(orders: OrderRepository, shop_id: str, snapshot: OrderSnapshot) -> None:
    ids = {x.external_sku: x.listing_ids for x in snapshot.lines if x.external_sku}
    told = {sku: numbers for sku, numbers in ids.items() if numbers}
    if told:
        await Listings(orders.session, shop_id).learn(told)


async def _content(orders: OrderRepository, order_id: str) -> Sequence[Any]:
    return await orders.run(statements.CONTENT, {"order_id": order_id})


def _payable(snapshot: OrderSnapshot) -> int:
    return sum(line.payable_minor for line in snapshot.lines) + snapshot.freight_minor


def _header(order_id: str, snapshot: OrderSnapshot, sha256: str) -> dict[str, Any]:
    lines = snapshot.lines
    return {
        "order_id": order_id,
        "version_revision": snapshot.version.revision,
        "version_modified_us": snapshot.version.modified_us,
        "sha256": sha256,
        "channel_state": str(snapshot.state),
        "currency": snapshot.currency,
        "goods_minor": sum(line.list_minor for line in lines),
        "discount_minor": sum(line.discount_minor for line in lines),
        "freight_minor": snapshot.freight_minor,
        "tax_minor": sum(line.tax_minor for line in lines),
        "payable_minor": _payable(snapshot),
        "captured_minor": snapshot.captured_minor,
        "cash_on_delivery": snapshot.cash_on_delivery,
        "test_order": snapshot.test_order,
        "gift": snapshot.gift,
        "placed_at": snapshot.placed_at,
        "paid_at": snapshot.paid_at,
        "ship_by": snapshot.ship_by,
        "presale_until": snapshot.presale_until,
        "unpaid": snapshot.state is ChannelState.UNPAID,
    }


def _words(snapshot: OrderSnapshot) -> dict[str, str]:
    return {
        "invoice_request": snapshot.invoice_request,
        "buyer_ref": snapshot.buyer_ref,
        "buyer_remark": snapshot.buyer_remark,
        "seller_remark": snapshot.seller_remark,
    }


def _told(receiver: Receiver) -> Receiver:
    return replace(receiver, address=normalise(receiver.address))


def _lines(snapshot: OrderSnapshot) -> str:
    return json.dumps(
        [{"line_no": number, **asdict(line)} for number, line in enumerate(snapshot.lines, 1)],
        ensure_ascii=False,
    )
