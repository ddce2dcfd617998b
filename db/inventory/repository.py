"""The stock ledger's verbs. Each takes a session and never commits; a key makes each happen once.

Locks are always taken in the order of `StockKey`. A CHECK violation is never softened: it raises.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import statements
from domain.inventory.stock import (
    AdjustmentReason,
    Document,
    Fill,
    Level,
    Reserved,
    ReserveStock,
    StockKey,
    StockLine,
)
from domain.shared.errors import InsufficientStock, InvalidInput
from domain.shared.ids import LocationId, Lot, Sku


@dataclass(frozen=True, slots=True)
class StockRepository:
    """Stock as one transaction sees it."""

    session: AsyncSession

    async def receive(self, document: Document, lines: Sequence[StockLine]) -> list[Fill]:
        """Goods come in from a supplier; waiting backorders are filled in the same transaction.

        A document whose key was used before changes nothing. Raises InvalidInput for quantities
        that are not positive.
        """
        _positive(lines)
        moves = [_move("receive", "supplier", _place(line.key), line) for line in lines]
        if not await self._write_moves(document, moves, ""):
            return []
        await self._add(lines, sign=1)
        return await self.fill_backorders({line.key for line in lines})

    async def adjust(
        self, document: Document, lines: Sequence[StockLine], reason: AdjustmentReason
    ) -> list[Fill]:
        """Correct what lies there; negative quantities take away. Needs a reason.

        Raises InsufficientStock when more would go than is free: promised units are not touched.
        """
        if any(line.quantity == 0 for line in lines):
            raise InvalidInput("an adjustment of zero changes nothing")
        moves = [_adjustment(line) for line in lines]
        if not await self._write_moves(document, moves, reason):
            return []
        await self._refuse_if_short(lines)
        await self._add(lines, sign=1)
        return await self.fill_backorders({line.key for line in lines if line.quantity > 0})

    async def reserve_batch(self, requests: Sequence[ReserveStock]) -> dict[str, Reserved]:
        """Reserve for many callers with one statement a round: all lines of a request or none.

        A request is granted when it fits behind all earlier ones of the batch; those refused only
        because of a neighbour that was refused too are tried again, so there is no false refusal.
        """
        answers: dict[str, Reserved] = {}
        pending = {request.reservation_id: request for request in requests}
        while pending:
            rows = await self._reserve_round(list(pending.values()))
            answers |= {row.reservation_id: Reserved.GRANTED for row in rows if row.granted}
            answers |= {
                row.reservation_id: Reserved.REFUSED
                for row in rows
                if not row.granted and not row.fits_alone
            }
            if len(rows) < len(pending) or not any(row.granted for row in rows):
                known = await self._known([i for i in pending if i not in answers])
                answers |= dict.fromkeys(known, Reserved.ALREADY)
            left = {i: request for i, request in pending.items() if i not in answers}
            if len(left) == len(pending):
                break
            pending = left
        return answers | dict.fromkeys(pending, Reserved.REFUSED)

    async def release(self, reservation_id: str, state: str = "voided") -> list[Fill]:
        """Give a held reservation back (`voided` or `expired`); a resolved one is left alone."""
        rows = await self._run(
            statements.RELEASE, {"reservation_id": reservation_id, "state": state}
        )
        return await self.fill_backorders({_key(row) for row in rows})

    async def issue(self, reservation_id: str, document: Document) -> int:
        """The reserved goods leave for the customer: held → posted. Returns units issued now."""
        rows = await self._run(statements.ISSUE, {"reservation_id": reservation_id})
        lines = [StockLine(_key(row), row.quantity) for row in rows]
        moves = [_move("issue", _place(line.key), "customer", line) for line in lines]
        if moves and not await self._write_moves(document, moves, ""):
            raise InvalidInput(f"document {document.no} was already used for another issue")
        return sum(line.quantity for line in lines)

    async def short_pick(
        self, reservation_id: str, picked: Mapping[str, int], document: Document
    ) -> dict[str, int]:
        """Promised units that were not found, by SKU: taken off the balance once per document."""
        held = await self._run(statements.HELD_FOR_UPDATE, {"reservation_id": reservation_id})
        missing: list[StockLine] = []
        for row in held:
            found = min(max(picked.get(row.sku, 0), 0), row.quantity)
            if found < row.quantity:
                missing.append(StockLine(_key(row), row.quantity - found))
        moves = [_move("adjust", _place(line.key), "adjustment", line) for line in missing]
        if not moves or not await self._write_moves(document, moves, AdjustmentReason.SHORT_PICK):
            return {}
        await self._run(
            statements.SHORT_PICK, {"reservation_id": reservation_id, **_columns(missing)}
        )
        by_sku: dict[str, int] = {}
        for line in missing:
            by_sku[line.key.sku] = by_sku.get(line.key.sku, 0) + line.quantity
        return by_sku

    async def expire_due(self, now: datetime, limit: int = 200) -> list[str]:
        """Reservations whose lease has run out are given back; returns their ids."""
        rows = await self._run(statements.EXPIRED, {"now": now, "limit": limit})
        ids = sorted({row.reservation_id for row in rows})
        for reservation_id in ids:
            await self.release(reservation_id, "expired")
        return ids

    async def renew(self, reservation_id: str, expires_at: datetime | None) -> None:
        """Move the end of a lease; None = it no longer ends by itself."""
        await self._run(
            statements.RENEW, {"reservation_id": reservation_id, "expires_at": expires_at}
        )

    async def fill_backorders(self, keys: Iterable[StockKey]) -> list[Fill]:
        """Give free units to those who wait for them: oldest payment first, nobody is overtaken."""
        fills: list[Fill] = []
        for key in sorted(key for key in keys if key.condition == "good"):
            parameters = {"sku": key.sku, "location_id": key.location_id, "lot": key.lot}
            waiting = await self._run(statements.BACKORDER_QUEUE, parameters)
            if not waiting:
                continue
            free = await self._free(key)
            for row in waiting:
                if row.quantity > free:
                    break
                free -= row.quantity
                await self._run(statements.FILL_BACKORDER, {**parameters, "backorder_id": row.id})
                fills.append(Fill(row.id, row.order_id, row.workflow_id))
        return fills

    async def levels(self, skus: Sequence[str]) -> list[Level]:
        """What every location has of these SKUs, all lots of good own stock together."""
        rows = await self._run(statements.LEVELS, {"skus": list(skus)})
        return [
            Level(LocationId(r.location_id), Sku(r.sku), r.on_hand, r.reserved, r.waiting)
            for r in rows
        ]

    async def _reserve_round(self, requests: Sequence[ReserveStock]) -> Sequence[Row[Any]]:
        columns: dict[str, list[Any]] = {name: [] for name in statements.RESERVE_COLUMNS}
        for ordinal, request in enumerate(requests):
            for key, quantity in sorted(request.merged().items()):
                if quantity <= 0:
                    raise InvalidInput(f"cannot reserve {quantity} of {key.sku}")
                values = (
                    ordinal, request.reservation_id, request.order_id, request.workflow_id,
                    request.expires_at, key.sku, key.location_id, key.lot, key.condition,
                    key.owner, quantity,
                )  # fmt: skip
                for name, value in zip(statements.RESERVE_COLUMNS, values, strict=True):
                    columns[name].append(value)
        return await self._run(statements.RESERVE, columns)

    async def _known(self, reservation_ids: list[str]) -> set[str]:
        if not reservation_ids:
            return set()
        rows = await self._run(statements.KNOWN, {"ids": reservation_ids})
        return {row.reservation_id for row in rows}

    async def _write_moves(
        self, document: Document, moves: Sequence[dict[str, Any]], reason: str
    ) -> bool:
        """Append to the ledger; False when this document's key is there already."""
        columns: dict[str, Any] = {
            name: [move[name] for move in moves] for name in statements.MOVE_COLUMNS
        }
        rows = await self._run(
            statements.WRITE_MOVES,
            {
                **columns,
                "line_no": list(range(len(moves))),
                "document_kind": document.kind,
                "document_no": document.no,
                "key": document.idempotency_key,
                "actor": document.actor,
                "reason": reason,
            },
        )
        return bool(rows)

    async def _add(self, lines: Sequence[StockLine], sign: int) -> None:
        columns = _columns(lines)
        columns["quantity"] = [sign * quantity for quantity in columns["quantity"]]
        await self._run(statements.ADD, columns)

    async def _refuse_if_short(self, lines: Sequence[StockLine]) -> None:
        taken: dict[StockKey, int] = {}
        for line in lines:
            taken[line.key] = taken.get(line.key, 0) + line.quantity
        for key, quantity in sorted(taken.items()):
            if quantity < 0 and await self._free(key) < -quantity:
                raise InsufficientStock(
                    f"{key.location_id} has fewer than {-quantity} free units of {key.sku}"
                )

    async def _free(self, key: StockKey) -> int:
        rows = await self._run(
            statements.FREE_FOR_UPDATE,
            {
                "sku": key.sku,
                "location_id": key.location_id,
                "lot": key.lot,
                "condition": key.condition,
                "owner": key.owner,
            },
        )
        return int(rows[0].free) if rows else 0

    async def _run(self, statement: str, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        result = await self.session.connection()
        done = await result.execute(text(statement), dict(parameters))
        return done.all() if done.returns_rows else []


def _place(key: StockKey) -> str:
    return f"location:{key.location_id}"


def _move(verb: str, source: str, target: str, line: StockLine) -> dict[str, Any]:
    return {
        "verb": verb,
        "sku": line.key.sku,
        "lot": line.key.lot,
        "condition": line.key.condition,
        "owner": line.key.owner,
        "quantity": line.quantity,
        "from_place": source,
        "to_place": target,
    }


def _adjustment(line: StockLine) -> dict[str, Any]:
    place = _place(line.key)
    ways = ("adjustment", place) if line.quantity > 0 else (place, "adjustment")
    return _move("adjust", *ways, StockLine(line.key, abs(line.quantity)))


def _columns(lines: Sequence[StockLine]) -> dict[str, list[Any]]:
    return {
        "sku": [line.key.sku for line in lines],
        "location_id": [line.key.location_id for line in lines],
        "lot": [line.key.lot for line in lines],
        "condition": [line.key.condition for line in lines],
        "owner": [line.key.owner for line in lines],
        "quantity": [line.quantity for line in lines],
    }


def _key(row: Row[Any]) -> StockKey:
    return StockKey(
        Sku(row.sku), LocationId(row.location_id), Lot(row.lot), row.condition, row.owner
    )


def _positive(lines: Sequence[StockLine]) -> None:
    if not lines or any(line.quantity <= 0 for line in lines):
        raise InvalidInput("a receipt needs lines with quantities above zero")
