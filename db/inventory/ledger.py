"""Moves and balances: what every verb that changes stock has in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import statements
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.errors import (
    IdempotencyMismatch,
    InsufficientStock,
    InvalidInput,
    UnknownLocation,
    UnknownSku,
)
from domain.shared.ids import LocationId, Lot, Sku

Parameters = Mapping[str, Any]
_KEY_COLUMNS = ("sku", "location_id", "lot", "condition", "owner")


@dataclass(frozen=True, slots=True)
class Move:
    """A quantity of one key goes from a place to a place; outside places have no balance."""

    verb: str
    source: str
    target: str
    line: StockLine
    value_minor: int | None = None  # what a paper says they cost


def place(key: StockKey) -> str:
    """How the ledger names one of our locations."""
    return f"location:{key.location_id}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Writes moves once per document key, and changes balances under their locks."""

    session: AsyncSession

    async def write(self, document: Document, moves: Sequence[Move], reason: str = "") -> bool:
        """Append the moves; False when the same moves are there under this key already.

        Raises IdempotencyMismatch when the key was used for other moves.
        """
        values = [_values(move) for move in moves]
        columns = zip(*values, strict=True)
        written = await self.run(
            statements.WRITE_MOVES,
            {
                **{
                    name: list(column)
                    for name, column in zip(statements.MOVE_COLUMNS, columns, strict=True)
                },
                "line_no": list(range(len(moves))),
                "document_kind": document.kind,
                "document_no": document.no,
                "key": document.idempotency_key,
                "actor": document.actor,
                "reason": reason,
            },
        )
        if len(written) == len(moves):
            return True
        if written or [tuple(row) for row in await self.earlier(document)] != values:
            raise IdempotencyMismatch(f"{document.idempotency_key} was used for other goods")
        return False

    async def earlier(self, document: Document) -> Sequence[Row[Any]]:
        """What was moved under this document's key."""
        return await self.run(statements.MOVES_OF_KEY, {"key": document.idempotency_key})

    async def refuse_unknown(
        self, skus: Iterable[Sku], locations: Iterable[LocationId] = ()
    ) -> None:
        """Raises UnknownSku or UnknownLocation for what has no master data."""
        asked = {"skus": sorted(set(skus)), "locations": sorted(set(locations))}
        rows = await self.run(statements.UNKNOWN, asked)
        for row in rows:
            raise (UnknownSku if row.kind == "sku" else UnknownLocation)(row.name)

    async def change(self, lines: Sequence[StockLine]) -> None:
        """Add to (or, with a negative quantity, take from) what lies there.

        Raises InsufficientStock when more would go than is free: promised units are not touched.
        """
        sums: dict[StockKey, int] = {}
        for line in lines:
            sums[line.key] = sums.get(line.key, 0) + line.quantity
        keys = columns_of(sums)
        await self.run(statements.ENSURE, keys)
        for row in await self.run(statements.LOCK, keys):
            if (wanted := -sums[key_of(row)]) > row.free:
                raise InsufficientStock(
                    f"{row.location_id} has {row.free} free units of {row.sku}, {wanted} are asked"
                )
        await self.run(statements.CHANGE, {**keys, "quantity": list(sums.values())})

    async def run(self, statement: str, parameters: Parameters) -> Sequence[Row[Any]]:
        """One statement of `statements` in this transaction."""
        return await run(self.session, statement, **parameters)


def columns_of(keys: Iterable[StockKey]) -> dict[str, list[Any]]:
    """Keys as the arrays that the statements unnest."""
    listed = list(keys)
    return {name: [getattr(key, name) for key in listed] for name in _KEY_COLUMNS}


def key_of(row: Row[Any]) -> StockKey:
    """The key in a row that a statement returned."""
    return StockKey(
        Sku(row.sku), LocationId(row.location_id), Lot(row.lot), row.condition, row.owner
    )


def refuse_unless_positive(lines: Sequence[StockLine]) -> None:
    """Raises InvalidInput for no lines or quantities that are not positive."""
    if not lines or any(line.quantity <= 0 for line in lines):
        raise InvalidInput("lines with quantities above zero are needed")


def _values(move: Move) -> tuple[Any, ...]:
    key = move.line.key
    return (
        move.verb, key.sku, key.lot, key.condition, key.owner, move.line.quantity,
        move.source, move.target, move.value_minor,
    )  # fmt: skip
