"""The stock ledger's verbs. Each takes a session and never commits; a key makes each happen once.

Locks are always taken in the order of `StockKey`. A CHECK violation is never softened: it raises.

Who waits comes first: units that come free go to the queue of their location and SKU, strictly in
order of payment, in the transaction that freed them, and a new reservation finds only what is free
beyond the queue. The orders served are told through the outbox, in that transaction too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import statements
from db.inventory.ledger import (
    Ledger,
    Move,
    columns_of,
    key_of,
    place,
    refuse_unless_positive,
)
from db.inventory.remaining_life import fitting, life_of
from db.scope import scope_in
from domain.inventory.expiry import FreeLot
from domain.inventory.lots import not_found
from domain.inventory.stock import (
    AdjustmentReason,
    Document,
    Expired,
    Fill,
    Level,
    Place,
    Reserved,
    ReserveStock,
    StockKey,
    StockLine,
)
from domain.shared.errors import IdempotencyMismatch, InvalidInput, ReservationResolved
from domain.shared.ids import LocationId, Lot, Sku


@dataclass(frozen=True, slots=True)
class StockRepository:
    """Stock as one transaction sees it."""

    session: AsyncSession

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.session)

    async def receive(
        self,
        document: Document,
        lines: Sequence[StockLine],
        values_minor: Sequence[int | None] = (),
    ) -> list[Fill]:
        """Goods come in from a supplier; waiting backorders are filled in the same transaction.

        `values_minor` is what the units of each line cost, where a paper says it.
        A document whose key was used before changes nothing. Raises InvalidInput for quantities
        that are not positive, UnknownSku, UnknownLocation, IdempotencyMismatch.
        """
        refuse_unless_positive(lines)
        values = values_minor or [None] * len(lines)
        moves = [
            Move("receive", "supplier", place(line.key), line, value)
            for line, value in zip(lines, values, strict=True)
        ]
        return await self._post(document, moves, lines)

    async def send_back(
        self,
        document: Document,
        lines: Sequence[StockLine],
        values_minor: Sequence[int | None] = (),
    ) -> None:
        """Free goods go back to their supplier; once per key.

        Raises InsufficientStock as `adjust` does.
        """
        refuse_unless_positive(lines)
        values = values_minor or [None] * len(lines)
        moves = [
            Move("issue", place(line.key), "supplier", line, value)
            for line, value in zip(lines, values, strict=True)
        ]
        leaving = [replace(line, quantity=-line.quantity) for line in lines]
        await self._post(document, moves, leaving)

    async def adjust(
        self, document: Document, lines: Sequence[StockLine], reason: AdjustmentReason
    ) -> list[Fill]:
        """Correct what lies there; negative quantities take away. Needs a reason.

        Raises InsufficientStock when more would go than is free: promised units are not touched.
        """
        if not lines or any(line.quantity == 0 for line in lines):
            raise InvalidInput("an adjustment of zero changes nothing")
        return await self._post(document, [_adjustment(line) for line in lines], lines, reason)

    async def transfer(
        self, document: Document, lines: Sequence[StockLine], to: LocationId
    ) -> list[Fill]:
        """Free goods go from their location to another of ours, or to a place on the way.

        Raises InsufficientStock as `adjust` does.
        """
        refuse_unless_positive(lines)
        arriving = [replace(line, key=replace(line.key, location_id=to)) for line in lines]
        pairs = list(zip(lines, arriving, strict=True))
        if any(line.key == arrived.key for line, arrived in pairs):
            raise InvalidInput(f"the goods are at {to} already")
        moves = [Move("transfer", place(a.key), place(b.key), a) for a, b in pairs]
        leaving = [replace(line, quantity=-line.quantity) for line in lines]
        return await self._post(document, moves, [*leaving, *arriving])

    async def take_back(self, document: Document, lines: Sequence[StockLine]) -> list[Fill]:
        """Goods come back from a buyer; a document whose key was used before changes nothing.

        Raises as `receive` does.
        """
        refuse_unless_positive(lines)
        moves = [Move("receive", "customer", place(line.key), line) for line in lines]
        return await self._post(document, moves, lines)

    async def sort_out(self, document: Document, line: StockLine, to: StockKey) -> list[Fill]:
        """Free goods are kept elsewhere, in another lot or condition from now on; once per key.

        Raises InsufficientStock as `adjust` does.
        """
        refuse_unless_positive([line])
        if line.key == to:
            raise InvalidInput("the goods are kept so already")
        sorted_line = StockLine(to, line.quantity)
        moves = [
            Move("adjust", place(line.key), "adjustment", line),
            Move("adjust", "adjustment", place(to), sorted_line),
        ]
        leaving = StockLine(line.key, -line.quantity)
        return await self._post(document, moves, [leaving, sorted_line], "inspected")

    async def rework(
        self, document: Document, used: Sequence[StockLine], made: Sequence[StockLine]
    ) -> list[Fill]:
        """Free goods become other goods at their place, in one document; once per key.

        Raises InsufficientStock as `adjust` does.
        """
        refuse_unless_positive([*used, *made])
        moves = [
            *(Move("adjust", place(line.key), "adjustment", line) for line in used),
            *(Move("adjust", "adjustment", place(line.key), line) for line in made),
        ]
        leaving = [replace(line, quantity=-line.quantity) for line in used]
        return await self._post(document, moves, [*leaving, *made], "assembled")

    async def reserve_batch(self, requests: Sequence[ReserveStock]) -> dict[str, Reserved]:
        """Reserve for many callers with one statement a round: all lines of a request or none.

        A request is granted when it fits behind all earlier ones of the batch; those refused only
        because of a neighbour that was not granted are tried again, so there is no false refusal.
        Raises IdempotencyMismatch when an id comes a second time with other lines.
        """
        answers: dict[str, Reserved] = {}
        pending = {request.reservation_id: request for request in requests}
        while pending:
            rows = await self._reserve_round(list(pending.values()))
            unseen = set(pending) - {row.reservation_id for row in rows}
            for row in rows:
                if row.taken == row.lines:
                    answers[row.reservation_id] = Reserved.GRANTED
                elif row.taken:
                    raise IdempotencyMismatch(f"{row.reservation_id} was used for other lines")
                elif not row.possible:
                    answers[row.reservation_id] = Reserved.REFUSED
                elif row.chosen:
                    unseen.add(row.reservation_id)
            answers |= await self._known(unseen)
            left = {i: request for i, request in pending.items() if i not in answers}
            assert len(left) < len(pending), "a round settles at least the first that fits"
            pending = left
        return answers

    async def release(self, reservation_id: str, state: str = "voided") -> list[Fill]:
        """Give a held reservation back (`voided` or `expired`); a resolved one is left alone."""
        return list((await self._give_back([reservation_id], state, None)).fills)

    async def expire_due(self, now: datetime, limit: int = 200) -> Expired:
        """Give back whole reservations (at most `limit`) whose lease ended before `now`."""
        due = await self._ledger.run(statements.DUE, {"now": now, "limit": limit})
        return await self._give_back([row.reservation_id for row in due], "expired", now)

    async def expire(self, reservation_id: str, now: datetime) -> list[Fill]:
        """Give one reservation back if its lease ended before `now`."""
        return list((await self._give_back([reservation_id], "expired", now)).fills)

    async def renew(self, reservation_id: str, expires_at: datetime | None) -> bool:
        """Move the end of a lease; None = it no longer ends by itself. False when it is over."""
        rows = await self._ledger.run(
            statements.RENEW, {"reservation_id": reservation_id, "expires_at": expires_at}
        )
        return bool(rows)

    async def held(self, reservation_id: str) -> list[StockLine]:
        """What is still promised under this id: the first answer of a repeated reservation."""
        rows = await self._of_reservation(reservation_id)
        return [StockLine(key_of(row), row.quantity) for row in rows if row.state == "held"]

    async def issue(self, reservation_id: str, document: Document) -> int:
        """The reserved goods leave for the customer: held → posted. Returns the units that left.

        Said again it returns the same. Raises ReservationResolved when they were given back before.
        """
        await self._lock([reservation_id])
        rows = await self._ledger.run(statements.ISSUE, {"reservation_id": reservation_id})
        lines = [StockLine(key_of(row), row.quantity) for row in rows]
        moves = [Move("issue", place(line.key), "customer", line) for line in lines]
        if moves and not await self._ledger.write(document, moves):
            raise IdempotencyMismatch(f"{document.idempotency_key} was used for another issue")
        rows = await self._of_reservation(reservation_id)
        posted = sum(int(row.posted_quantity) for row in rows)
        if not posted:
            raise ReservationResolved(f"nothing is held under {reservation_id}")
        return posted

    async def hand_on(
        self,
        source: str,
        target: str,
        units: Mapping[str, int],
        order_id: str = "",
        workflow_id: str = "",
    ) -> None:
        """Units by SKU that were promised under `source` are promised under `target` instead.

        Raises ReservationResolved when `source` does not hold them.
        """
        await self._lock([source])
        left, lines = dict(units), list[StockLine]()
        for line in await self.held(source):
            part = min(left.get(line.key.sku, 0), line.quantity)
            if part > 0:
                left[line.key.sku] -= part
                lines.append(StockLine(line.key, part))
        if any(left.values()):
            raise ReservationResolved(f"{source} does not hold these units")
        await self._ledger.run(
            statements.HAND_ON,
            {
                **columns_of(line.key for line in lines),
                "quantity": [line.quantity for line in lines],
                "reservation_id": source,
                "target": target,
                "order_id": order_id,
                "workflow_id": workflow_id,
            },
        )

    async def short_pick(
        self,
        reservation_id: str,
        picked: Mapping[str, int],
        document: Document,
        lots: Mapping[str, Mapping[str, int]] | None = None,
    ) -> dict[str, int]:
        """Promised units that were not found, by SKU: taken off the balance once per document.

        `picked` are the units found by SKU, `lots` those of them whose lot was read; what was found
        stays held. Said again it returns the same.
        """
        await self._lock([reservation_id])
        if earlier := await self._ledger.earlier(document):
            return _by_sku((row.sku, row.quantity) for row in earlier)
        missing = not_found(await self.held(reservation_id), picked, lots or {})
        if not missing:
            return {}
        moves = [Move("adjust", place(line.key), "adjustment", line) for line in missing]
        await self._ledger.write(document, moves, AdjustmentReason.SHORT_PICK)
        await self._ledger.run(
            statements.SHORT_PICK,
            {
                "reservation_id": reservation_id,
                **columns_of(line.key for line in missing),
                "quantity": [line.quantity for line in missing],
            },
        )
        return _by_sku((line.key.sku, line.quantity) for line in missing)

    async def fill_backorders(self, keys: Iterable[StockKey]) -> list[Fill]:
        """Give free units to those who wait for them: oldest payment first, nobody is overtaken.
        Sales that wait for a store's books look again, and transfers that wait for goods.

        For verbs that freed units (they hold the locks), and after a backorder was cancelled.
        """
        usable = sorted(key for key in keys if (key.condition, key.owner) == ("good", "own"))
        if not usable:
            return []
        where = {name: columns_of(usable)[name] for name in ("sku", "location_id")}
        await self._ledger.run(statements.WAKE_WAITING, where)
        rows = await self._ledger.run(statements.AWAITED, where)
        awaited = {(row.sku, row.location_id) for row in rows}
        queued = [key for key in usable if (key.sku, key.location_id) in awaited]
        if queued:
            await self._ledger.run(statements.LOCK, columns_of(queued))
        fills: list[Fill] = []
        for key in queued:
            parameters = {
                "sku": key.sku, "location_id": key.location_id, "lot": key.lot,
                "fitting": await fitting(self.session, key),
            }  # fmt: skip
            served = await self._ledger.run(statements.FILL_BACKORDERS, parameters)
            fills += [Fill(row.id, row.order_id, row.workflow_id) for row in served]
        return fills

    async def leave_queue(
        self, order_id: str, fulfilment_line_ids: Sequence[str] | None = None
    ) -> list[Fill]:
        """An order stops waiting for these lines (None = all): its place and what it was given
        from the queue go to those behind it."""
        lines = None if fulfilment_line_ids is None else list(fulfilment_line_ids)
        parameters = {"order_id": order_id, "lines": lines}
        rows = await self._ledger.run(statements.QUEUED, parameters)
        keys = {StockKey(Sku(r.sku), LocationId(r.location_id), Lot(r.lot)) for r in rows}
        if keys:
            await self._ledger.run(statements.LOCK, columns_of(sorted(keys)))
        left = await self._ledger.run(statements.LEAVE_QUEUE, parameters)
        given = await self._give_back([row.id for row in left], "voided", None)
        return [*given.fills, *await self.fill_backorders(keys)]

    async def hold(self, keys: Iterable[StockKey]) -> None:
        """Lock these balances in the ledger's order, before several documents change them."""
        columns = columns_of(sorted(set(keys)))
        await self._ledger.run(statements.ENSURE, columns)
        await self._ledger.run(statements.LOCK, columns)

    async def levels(self, skus: Sequence[str]) -> list[Level]:
        """What every location has of these SKUs, all lots of good own stock together."""
        rows = await self._ledger.run(statements.LEVELS, {"skus": list(skus)})
        return [
            Level(
                LocationId(r.location_id), Sku(r.sku), r.on_hand, r.reserved, r.waiting, r.blocked
            )
            for r in rows
        ]

    async def free_by_lot(self, skus: Sequence[str]) -> list[tuple[StockKey, FreeLot]]:
        """What a new order may take of good own stock: not reserved, not kept back, and nobody
        waits for it. Whether it is good for long enough depends on the order."""
        rows = await self._ledger.run(statements.FREE_BY_LOT, {"skus": list(skus)})
        return [
            (key_of(row), FreeLot(row.lot, row.free, row.expires_on, life_of(row)))
            for row in rows
            if row.free > 0
        ]

    async def places(self) -> list[Place]:
        """All locations the reader sees, closed ones too while goods may lie there, in order of
        priority."""
        scope = scope_in(self.session)
        rows = await self._ledger.run(statements.PLACES, {})
        return [
            Place(
                LocationId(row.id),
                row.name,
                row.kind,
                None if row.parent_id is None else LocationId(row.parent_id),
            )
            for row in rows
            if scope.covers(row.id)
        ]

    async def refuse_unknown(self, sku: Sku) -> None:
        """Raises UnknownSku when nobody told us about it."""
        await self._ledger.refuse_unknown([sku])

    async def refuse_unknown_place(self, location_id: LocationId) -> None:
        """Raises UnknownLocation for a place that has no master data."""
        await self._ledger.refuse_unknown((), (location_id,))

    async def _post(
        self,
        document: Document,
        moves: Sequence[Move],
        changes: Sequence[StockLine],
        reason: str = "",
    ) -> list[Fill]:
        await self._ledger.refuse_unknown(
            (line.key.sku for line in changes), (line.key.location_id for line in changes)
        )
        if not await self._ledger.write(document, moves, reason):
            return []
        await self._ledger.change(changes)
        return await self.fill_backorders({line.key for line in changes if line.quantity > 0})

    async def _reserve_round(self, requests: Sequence[ReserveStock]) -> Sequence[Row[Any]]:
        columns: dict[str, list[Any]] = {name: [] for name in statements.RESERVE_COLUMNS}
        for ordinal, request in enumerate(requests):
            merged = sorted(request.merged().items())
            if not merged or any(quantity <= 0 for _, quantity in merged):
                raise InvalidInput(f"{request.reservation_id} needs quantities above zero")
            for line_no, (key, quantity) in enumerate(merged):
                values = (
                    ordinal, line_no, request.reservation_id, request.order_id,
                    request.workflow_id, request.expires_at, key.sku, key.location_id, key.lot,
                    key.condition, key.owner, quantity,
                )  # fmt: skip
                for name, value in zip(statements.RESERVE_COLUMNS, values, strict=True):
                    columns[name].append(value)
        return await self._ledger.run(statements.RESERVE, columns)

    async def _known(self, reservation_ids: Iterable[str]) -> dict[str, Reserved]:
        ids = sorted(reservation_ids)
        rows = await self._ledger.run(statements.KNOWN, {"ids": ids}) if ids else []
        return {
            row.reservation_id: Reserved.ALREADY if row.live else Reserved.RESOLVED for row in rows
        }

    async def _give_back(self, ids: Sequence[str], state: str, due: datetime | None) -> Expired:
        if not ids:
            return Expired()
        await self._lock(ids)
        rows = await self._ledger.run(
            statements.RELEASE, {"ids": list(ids), "state": state, "due": due}
        )
        resolved = tuple(sorted({row.reservation_id for row in rows}))
        return Expired(resolved, tuple(await self.fill_backorders({key_of(row) for row in rows})))

    async def _lock(self, reservation_ids: Sequence[str]) -> None:
        await self._ledger.run(statements.LOCK_RESERVED, {"ids": list(reservation_ids)})

    async def _of_reservation(self, reservation_id: str) -> Sequence[Row[Any]]:
        return await self._ledger.run(statements.OF_RESERVATION, {"reservation_id": reservation_id})


def _adjustment(line: StockLine) -> Move:
    here = place(line.key)
    source, target = ("adjustment", here) if line.quantity > 0 else (here, "adjustment")
    return Move("adjust", source, target, replace(line, quantity=abs(line.quantity)))


def _by_sku(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for sku, quantity in pairs:
        sums[sku] = sums.get(sku, 0) + quantity
    return sums
