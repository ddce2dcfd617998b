"""Purchase orders, in the caller's transaction: drafted, decided, received, and told.

Whoever changes one holds its lock, writes a line of its story, and wakes its workflow after the
commit. What may be done is said by `domain.inventory.purchasing`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_purchase_no
from db.inventory import purchase_statements as statements
from db.inventory.purchase_drafts import DraftLine, PurchaseDraft, priced
from db.inventory.purchase_story import STORY, Decision, said
from db.inventory.supplier_terms import calendar_of, items_of, supplier_row
from db.platform.outbox import queue_signal
from db.sql import run
from domain.inventory.purchasing import acts
from domain.inventory.purchasing.acts import PurchaseAction, PurchasePlan, Wish
from domain.inventory.purchasing.lifecycle import late_from
from domain.inventory.purchasing.messages import PurchaseMoved
from domain.inventory.purchasing.model import (
    Notice,
    Purchase,
    PurchaseLine,
    PurchaseState,
    SupplierAnswer,
)
from domain.shared.errors import (
    ActionNotAllowed,
    IdempotencyMismatch,
    InvalidInput,
    PlanChanged,
    PurchaseNotFound,
    UnknownLocation,
)
from domain.shared.ids import purchase_workflow_id

_DRAWS: Final = 5
_NEEDS_REASON: Final = (PurchaseAction.CANCEL, PurchaseAction.CLOSE, PurchaseAction.REFUSE)


@dataclass(frozen=True, slots=True)
class PurchaseOrders:
    """The door to purchase orders. Never commits."""

    session: AsyncSession

    async def draft(self, draft: PurchaseDraft) -> str:
        """Write a new purchase order down as a draft; returns its number.

        Raises SupplierNotFound, UnknownLocation, UnknownSku, and InvalidInput for no or too many
        lines, units and prices.
        """
        supplier = await supplier_row(self.session, draft.supplier)
        if not supplier.active:
            raise InvalidInput(f"nothing is bought from {supplier.code} any more")
        zone = await self._zone(draft.location_id)
        lines = await priced(self.session, supplier.code, supplier.currency, draft.lines)
        wanted = draft.wanted_on or await self._here_on(supplier, lines, zone)
        for _ in range(_DRAWS):
            no = new_purchase_no(datetime.now(UTC))
            made = await run(
                self.session, statements.INSERT, no=no, supplier=supplier.code,
                location_id=draft.location_id, currency=supplier.currency, wanted_on=wanted,
                tolerance=supplier.over_receipt_percent, source=draft.source,
                reason=draft.reason, numbers=json.dumps(dict(draft.numbers), default=str),
                actor=draft.actor,
            )  # fmt: skip
            if made:
                await self._write_lines(no, lines)
                await self.tell(no, "drafted", {"source": draft.source}, draft.actor)
                await self.wake(no)
                return no
        raise ActionNotAllowed("no number is free")

    async def edit(
        self, no: str, lines: Sequence[DraftLine], wanted_on: date | None, version: int, actor: str
    ) -> None:
        """Other lines or another day for a draft, as long as it is as it was shown.

        Raises PurchaseNotFound, PlanChanged, ActionNotAllowed, and as `draft` does.
        """
        purchase, row = await self.locked(no)
        if purchase.version != version:
            raise PlanChanged("the purchase order moved on since it was shown")
        if not acts.is_editable(purchase):
            raise ActionNotAllowed("only a draft is changed; take it back first")
        at_prices = await priced(self.session, row.supplier, row.currency, lines)
        await run(self.session, statements.DELETE_LINES, no=no)
        await self._write_lines(no, at_prices)
        await run(self.session, statements.EDITED, no=no, wanted_on=wanted_on or row.wanted_on)
        await self.tell(no, "edited", {"lines": str(len(at_prices))}, actor)
        await self.wake(no)

    async def received(
        self, no: str, units: Mapping[int, int], *, document: str, actor: str = "system"
    ) -> Purchase:
        """Units came in on a paper, by line; the caller books the stock. Less than nothing corrects
        an earlier paper. A paper that was told already changes nothing.

        Raises PurchaseNotFound, OverReceipt, ActionNotAllowed, InvalidInput, and
        IdempotencyMismatch when the paper was told with other units.
        """
        before, _ = await self.locked(no)
        told = await run(self.session, statements.RECEIPTS_OF, no=no, document=document)
        if told:
            if {one.line_no: one.units for one in told} != {n: c for n, c in units.items() if c}:
                raise IdempotencyMismatch(f"{document[:50]!a} was received with other units")
            return before
        after = acts.receive(before, units)
        for line_no, count in sorted(units.items()):
            if count:
                await run(
                    self.session, statements.RECEIPT, no=no, document=document, line_no=line_no,
                    units=count, actor=actor,
                )  # fmt: skip
        await self._keep(before, after)
        data = {"units": str(sum(units.values())), "document": document,
                "open": str(after.open_units)}  # fmt: skip
        await self.tell(no, "received", data, actor)
        await self.wake(no)
        return after

    async def plan(self, no: str, wish: Wish) -> PurchasePlan:
        """What a decision would do now. Raises PurchaseNotFound, ActionNotAllowed, InvalidInput."""
        purchase, _ = await self.locked(no)
        if wish.action is PurchaseAction.TAKE_BACK and await run(
            self.session, statements.MAY_BE_THERE, key=effect_key(no)
        ):
            raise ActionNotAllowed("the supplier may have it already: it can be cancelled")
        if wish.action is PurchaseAction.AMEND:
            wish = replace(wish, lines=await self.amended(no, wish.lines))
        return acts.plan(purchase, wish)

    async def amended(
        self, no: str, lines: Sequence[acts.AmendedLine]
    ) -> tuple[acts.AmendedLine, ...]:
        """Lines that can be ordered, each with its price: the one that stands, or the supplier's.

        Raises PurchaseNotFound, UnknownSku, InvalidInput.
        """
        purchase, row = await self.find(no)
        stands = {line.line_no: line.price_minor for line in purchase.lines}
        asked = [
            DraftLine(
                one.sku, one.units,
                stands.get(one.line_no) if one.price_minor is None else one.price_minor,
            )
            for one in lines
        ]  # fmt: skip
        at_prices = await priced(self.session, row.supplier, row.currency, asked)
        return tuple(
            replace(one, price_minor=line.price_minor)
            for one, line in zip(lines, at_prices, strict=True)
        )

    async def decide(self, no: str, decision: Decision) -> PurchasePlan:
        """Carry out what was shown. Raises as `plan` does, PlanChanged, and InvalidInput when a
        reason is missing."""
        shown = await self.plan(no, decision.wish)
        purchase = shown.before
        if decision.plan_hash is not None and shown.hash != decision.plan_hash:
            raise PlanChanged("the purchase order moved on since the plan was shown")
        if shown.action in _NEEDS_REASON and not decision.reason:
            raise InvalidInput("a reason is needed")
        if shown.action is PurchaseAction.AMEND and shown.asks:
            return shown  # nothing is changed before a second person says yes
        await self._keep(purchase, shown.after, decision)
        kind = STORY.get(shown.action)
        if kind is None:
            waits = shown.after.state is PurchaseState.AWAITING_APPROVAL
            kind = "submitted" if waits else "approved"
        await self.tell(no, kind, said(shown, decision), decision.actor)
        await self.wake(no)
        return shown

    async def answered(self, no: str, message_id: str, decision: Decision) -> PurchasePlan | None:
        """What the supplier itself says, once per message; None when it was said already."""
        await self.locked(no)
        if await run(self.session, statements.HEARD, no=no, message_id=message_id):
            return None
        shown = await self.decide(no, decision)
        await self.tell(no, "heard", {"message_id": message_id}, decision.actor)
        return shown

    async def sent(self, no: str, reference: str, at: datetime, revision: int = 1) -> None:
        """The supplier has this revision since then. An order that was cancelled meanwhile stays
        so: its cancellation follows."""
        before, _ = await self.locked(no)
        after = acts.told(acts.sent(before), revision)
        if after == before:
            return
        await self._keep(before, after, reference=reference, sent_at=at)
        said = {"reference": reference} if reference else {}
        if revision > 1:
            await self.tell(no, "amendment_sent", said | {"revision": str(revision)})
        else:
            await self.tell(no, "sent", said)

    async def close(self, no: str) -> None:
        """All of it came, and its time for corrections is over."""
        before, _ = await self.locked(no)
        after = acts.closed(before)
        if after != before:
            await self._keep(before, after)
            await self.tell(no, "closed", {"units": str(after.received_units)})

    async def told_enough(self, no: str, by_hand: bool, told: bool) -> None:
        """The supplier knows that nothing more is wanted, or never heard of the order."""
        await self.locked(no)
        await run(self.session, statements.TOLD_ENOUGH, no=no)
        if told:
            kind = "cancellation_by_hand" if by_hand else "cancellation_sent"
            await self.tell(no, kind, {})

    async def locked(self, no: str) -> tuple[Purchase, Row[Any]]:
        """The purchase order and its row, locked. Raises PurchaseNotFound."""
        rows = await run(self.session, statements.LOCK, no=no)
        if not rows:
            raise PurchaseNotFound(f"there is no purchase order {no[:50]!a}")
        return await self._with_lines(rows[0]), rows[0]

    async def find(self, no: str) -> tuple[Purchase, Row[Any]]:
        """The same without a lock, for looking."""
        rows = await run(self.session, statements.FIND, no=no)
        if not rows:
            raise PurchaseNotFound(f"there is no purchase order {no[:50]!a}")
        return await self._with_lines(rows[0]), rows[0]

    async def tell(
        self, no: str, kind: str, data: Mapping[str, str], actor: str = "system"
    ) -> None:
        """One line of its story. The caller holds its lock."""
        await run(
            self.session, statements.EVENT, no=no, kind=kind,
            data=json.dumps(dict(data), ensure_ascii=False), actor=actor,
        )  # fmt: skip

    async def wake(self, no: str) -> None:
        """After the commit its workflow looks again; it is started where none runs."""
        await queue_signal(
            self.session, purchase_workflow_id(no), "purchase_moved", PurchaseMoved(no)
        )

    async def _with_lines(self, row: Row[Any]) -> Purchase:
        lines = await run(self.session, statements.LINES, no=row.no)
        return purchase_of(row, lines)

    async def _keep(
        self,
        before: Purchase,
        after: Purchase,
        decision: Decision | None = None,
        *,
        reference: str = "",
        sent_at: datetime | None = None,
    ) -> None:
        action = decision.wish.action if decision else None
        amends = after.revision > before.revision
        anew = amends or (before.expected_on, before.answer) != (after.expected_on, after.answer)
        approves = action in (PurchaseAction.SUBMIT, PurchaseAction.APPROVE)
        approves = approves and after.state is PurchaseState.APPROVED
        ends = action in (PurchaseAction.CANCEL, PurchaseAction.CLOSE)
        await run(
            self.session, statements.KEEP, no=after.no, state=after.state, answer=after.answer,
            notice=after.notice, expected_on=after.expected_on, anew=anew,
            revision=after.revision, told_revision=after.told_revision,
            wanted_on=after.expected_on if amends else None,
            reference=decision.reference if decision else reference, sent_at=sent_at,
            approved_by=decision.actor if decision and approves else "",
            ended_reason=decision.reason if decision and ends else "",
        )  # fmt: skip
        lines = after.lines
        await run(
            self.session, statements.KEEP_LINES, no=after.no,
            line_nos=[line.line_no for line in lines], skus=[line.sku for line in lines],
            ordered=[line.ordered for line in lines],
            prices=[line.price_minor for line in lines],
            dropped=[line.dropped for line in lines],
            acknowledged=[line.acknowledged for line in lines],
            received=[line.received for line in lines],
            cancelled=[line.cancelled for line in lines],
        )  # fmt: skip

    async def _write_lines(self, no: str, lines: Sequence[DraftLine]) -> None:
        await run(
            self.session, statements.INSERT_LINES, no=no, skus=[line.sku for line in lines],
            units=[line.units for line in lines], prices=[line.price_minor for line in lines],
        )  # fmt: skip

    async def _zone(self, location_id: str) -> ZoneInfo:
        rows = await run(self.session, statements.PLACE, id=location_id)
        if not rows:
            raise UnknownLocation(f"there is no location {location_id[:50]!a}")
        return ZoneInfo(rows[0].zone)

    async def _here_on(
        self, supplier: Row[Any], lines: Sequence[DraftLine], zone: ZoneInfo
    ) -> date:
        terms = await items_of(self.session, supplier.code, [line.sku for line in lines])
        told = [terms[line.sku].lead_time_days if line.sku in terms else None for line in lines]
        lead = max(supplier.lead_time_days if days is None else days for days in told)
        return calendar_of(supplier).here_on(datetime.now(zone).date(), lead)


def effect_key(no: str, revision: int = 1) -> str:
    """The key under which the order, or a later revision of it, is asked of its supplier."""
    return f"purchase:{no}" if revision == 1 else f"purchase:{no}:r{revision}"


def purchase_of(row: Row[Any], lines: Sequence[Row[Any]]) -> Purchase:
    """A purchase order's rows as its rules see them."""
    return Purchase(
        no=row.no,
        supplier=row.supplier,
        state=PurchaseState(row.state),
        lines=tuple(
            PurchaseLine(
                line.line_no, line.sku, line.ordered, line.price_minor, line.acknowledged,
                line.received, line.cancelled, line.dropped,
            )
            for line in lines
        ),
        tolerance_percent=row.over_receipt_percent,
        version=row.version,
        answer=SupplierAnswer(row.answer),
        notice=Notice(row.notice),
        expected_on=row.expected_on,
        late_at=late_from(row.expected_on, row.zone),
        waits=row.waits_for,
        due_at=row.due_at,
        reminders=row.reminders,
        sent_at=row.sent_at,
        received_at=row.received_at,
        acknowledge_hours=row.acknowledge_hours,
        remind_days=row.remind_days,
        revision=row.revision,
        told_revision=row.told_revision,
    )  # fmt: skip
