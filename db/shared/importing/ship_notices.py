"""Ship notices out of files: several rows are one notice, which its sender says once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.ship_notices import Notice, NoticeLine, ShipNotices
from db.shared.importing.desk import Staged, Verdict
from db.shared.importing.target import Paper, judged, settled
from db.sql import run
from domain.inventory.receiving import SourceKind
from domain.platform.sheet_reading import Fault
from domain.shared.errors import (
    ActionNotAllowed,
    IdempotencyMismatch,
    InvalidInput,
    SourceNotFound,
)

_KNOWN: Final = """
SELECT 'sku' AS kind, code FROM sku WHERE code = ANY(:skus)
UNION ALL SELECT 'location', id FROM location WHERE id = ANY(:locations) AND kind <> 'transit'
UNION ALL SELECT 'purchase', no FROM purchase_order WHERE no = ANY(:orders)
UNION ALL SELECT 'transfer', no FROM stock_transfer WHERE no = ANY(:orders)
"""
# What all rows of a notice say alike.
_OF_NOTICE: Final = ("location", "expected_on", "carrier", "waybill_no")
# Why a notice cannot be taken, and which cell says it.
_REFUSED: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (SourceNotFound, "order", "unknown_order"),
    (ActionNotAllowed, "order", "order_is_over"),
    (IdempotencyMismatch, "notice", "said_otherwise"),
    (InvalidInput, "location", "goes_elsewhere"),
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is of all that a slice names."""

    skus: frozenset[str]
    locations: frozenset[str]
    orders: dict[str, SourceKind]


class ShipNoticeRows:
    """One bad row keeps its whole notice out. A notice that was said before with the same goods is
    left as it is."""

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        known = await self._known(session, rows)
        verdicts: list[Verdict] = []
        for group in _by_key(rows):
            verdicts += await self._judge(session, group, known)
        return verdicts

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        """Each is judged when those before it are written: two of a file may have one number."""
        known = await self._known(session, rows)
        verdicts: list[Verdict] = []
        for group in _by_key(rows):
            judgement = await self._judge(session, group, known)
            if all(one.state == "new" for one in judgement):
                notices = ShipNotices(session, paper.by, f"{paper.import_id}/{group[0].key}")
                await notices.announce(_notice(group, known))
            verdicts += judgement
        return settled(verdicts)

    async def _known(self, session: AsyncSession, rows: Sequence[Staged]) -> _Known:
        found = await run(
            session, _KNOWN, skus=_named(rows, "sku"), locations=_named(rows, "location"),
            orders=_named(rows, "order"),
        )  # fmt: skip
        orders = {
            one.code: SourceKind(one.kind) for one in found if one.kind in ("purchase", "transfer")
        }
        return _Known(
            frozenset(one.code for one in found if one.kind == "sku"),
            frozenset(one.code for one in found if one.kind == "location"),
            orders,
        )

    async def _judge(
        self, session: AsyncSession, group: Sequence[Staged], known: _Known
    ) -> list[Verdict]:
        first = group[0]
        found = {row.row: _faults_of(row, known) for row in group}
        for name in _OF_NOTICE:
            if len({str(row.values.get(name, "")) for row in group}) > 1:
                found[first.row].append(Fault(name, "differs_within_notice"))
        serials = [serial for row in group for serial in _serials(row)]
        if len(set(serials)) < len(serials):
            found[first.row].append(Fault("serials", "serial_twice"))
        order = _text(first, "order")
        if order and order not in known.orders:
            found[first.row].append(Fault("order", "unknown_order"))
        there = False
        if not any(found.values()):
            try:
                there = await ShipNotices(session).known(_notice(group, known)) is not None
            except tuple(kind for kind, _, _ in _REFUSED) as error:
                found[first.row].append(_fault(error))
        if any(found.values()):
            told = Fault("", "notice_has_faults", str(first.row))
            return [judged(row, None, {}, found[row.row] or [told]) for row in group]
        before: dict[str, Any] | None = {} if there else None
        return [judged(row, before, {}, ()) for row in group]


def _faults_of(row: Staged, known: _Known) -> list[Fault]:
    faults: list[Fault] = []
    if _text(row, "sku") not in known.skus:
        faults.append(Fault("sku", "unknown_sku"))
    if _text(row, "location") not in known.locations:
        faults.append(Fault("location", "unknown_location"))
    produced, expires = _day(row, "produced_on"), _day(row, "expires_on")
    if produced and expires and produced > expires:
        faults.append(Fault("expires_on", "before_produced"))
    serials = _serials(row)
    if serials and len(serials) != int(row.values["units"]):
        faults.append(Fault("serials", "serials_differ", str(row.values["units"])))
    return faults


def _fault(error: Exception) -> Fault:
    for kind, column, code in _REFUSED:
        if isinstance(error, kind):
            return Fault(column, code)
    raise error


def _notice(group: Sequence[Staged], known: _Known) -> Notice:
    first = group[0]
    order = _text(first, "order")
    expected = _day(first, "expected_on")
    assert expected is not None, "the column is needed"
    return Notice(
        _text(first, "notice"), _text(first, "location"), expected,
        tuple(
            NoticeLine(
                _text(row, "sku"), int(row.values["units"]), _text(row, "carton"),
                _text(row, "lot"), _day(row, "produced_on"), _day(row, "expires_on"),
                _serials(row),
            )
            for row in group
        ),
        known.orders.get(order, SourceKind.NONE), order, _text(first, "sender"),
        _text(first, "carrier"), _text(first, "waybill_no"),
    )  # fmt: skip


def _by_key(rows: Sequence[Staged]) -> list[list[Staged]]:
    groups: dict[str, list[Staged]] = {}
    for row in rows:
        groups.setdefault(row.key, []).append(row)
    return list(groups.values())


def _named(rows: Sequence[Staged], column: str) -> list[str]:
    return sorted({_text(row, column) for row in rows} - {""})


def _text(row: Staged, name: str) -> str:
    return str(row.values.get(name, ""))


def _day(row: Staged, name: str) -> date | None:
    text = _text(row, name)
    return date.fromisoformat(text) if text else None


def _serials(row: Staged) -> tuple[str, ...]:
    return tuple(one for one in _text(row, "serials").split(",") if one)
