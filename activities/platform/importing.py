"""Imports, a slice of rows at a time: what a slice does and that it was done are one commit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from db.engine import Sessions
from db.shared.importing.desk import ImportDesk, Staged, Verdict
from db.shared.importing.target import Paper, Target, judged, settled
from db.shared.importing.targets import targets
from db.shared.intake import accept
from db.sql import run
from db.vault import Vault
from domain.platform.importing import ImportProgress, ImportRef
from domain.platform.sheet_reading import Fault
from domain.platform.sheets import SHEETS, Kind
from integrations.marketplaces.own_order import FieldProblem, UnreadableOrder, read_own_order

SLICE: Final = 1_000
_ORDERS_OF: Final = """
SELECT shop_id || '/' || external_no AS key FROM sales_order
WHERE channel = 'own' AND shop_id || '/' || external_no = ANY(:keys)
  AND shop_id = ANY(:shops) AND external_no = ANY(:numbers)
"""
_SHOPS: Final = "SELECT id FROM shop WHERE id = ANY(:ids) AND channel = 'own' AND active"


@dataclass(frozen=True, slots=True)
class ImportActivities:
    """The database, as an import's workflow sees it."""

    sessions: Sessions
    vault: Vault

    @activity.defn(name="import.work")
    async def work(self, ref: ImportRef) -> ImportProgress:
        """Compare or apply the next slice; when none is left the import enters its next state."""
        async with self.sessions.begin() as session:
            desk = ImportDesk(session, self.vault)
            file = await desk.lock(ref.import_id)
            if file.state not in ("checking", "applying"):
                return ImportProgress(file.state, busy=False)
            kind = Kind(file.kind)
            checking = file.state == "checking"
            states = ("staged",) if checking else ("new", "changed")
            grouped = SHEETS[kind].grouped
            rows = await desk.next(ref.import_id, states, SLICE, grouped=grouped)
            if rows:
                target = self._target(kind)
                paper = Paper(ref.import_id, file.decided_by or file.given_by)
                verdicts = (
                    await target.compare(session, rows)
                    if checking
                    else await target.apply(session, paper, rows)
                )
                await desk.mark(verdicts)
                return ImportProgress(file.state, busy=True)
            state = await self._next_state(desk, file) if checking else "done"
            await desk.enter(ref.import_id, state)
            return ImportProgress(state, busy=state == "applying")

    async def _next_state(self, desk: ImportDesk, file: Any) -> str:
        """Nothing is applied while a row is bad, unless the good ones alone are wanted."""
        counts = await desk.counts(file.id)
        may = file.wanted and (file.partial or not counts.get("bad"))
        return "applying" if may else "checked"

    def _target(self, kind: Kind) -> Target:
        if kind is Kind.ORDERS:
            return Orders(self.vault)
        return targets(self.vault)[kind]


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders of own shops, through the door that everybody's orders come by. Several rows are one
    order: one bad row keeps all of it out. An order that is there already is left as it is."""

    vault: Vault

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        """New where the order is not there yet."""
        groups = _by_key(rows)
        keys = {
            "keys": list(groups),
            "shops": sorted({_text(row, "shop") for row in rows}),
            "numbers": sorted({_text(row, "order_no") for row in rows}),
        }
        there = {row.key for row in await run(session, _ORDERS_OF, **keys)}
        shops = {row.id for row in await run(session, _SHOPS, ids=keys["shops"])}
        verdicts: list[Verdict] = []
        for key, group in groups.items():
            faults = self._faults(group, shops)
            for row in group:
                found: dict[str, Any] | None = {} if key in there else None
                verdicts.append(judged(row, found, {}, faults.get(row.row, ())))
        return verdicts

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        """Each new order is accepted once, under the number it has in its shop."""
        verdicts = await self.compare(session, rows)
        states = {one.row.key: one.state for one in verdicts}
        for key, group in _by_key(rows).items():
            if states[key] == "new":
                number = _text(group[0], "order_no")
                await accept(
                    session, self.vault, source="own", shop_id=_text(group[0], "shop"),
                    channel="own", message_id=f"import/{number}", topic="order",
                    external_no=number, raw=_message(group),
                )  # fmt: skip
        return settled(verdicts)

    def _faults(self, group: Sequence[Staged], shops: set[str]) -> dict[int, list[Fault]]:
        """Faults by row; those of the order as a whole stand at its first row."""
        first = group[0]
        found: dict[int, list[Fault]] = {}
        if _text(first, "shop") not in shops:
            found.setdefault(first.row, []).append(Fault("shop", "unknown_shop"))
        for name in _OF_ORDER:
            if len({str(row.values.get(name, "")) for row in group}) > 1:
                found.setdefault(first.row, []).append(Fault(name, "differs_within_order"))
        if not found:
            try:
                read_own_order(_message(group))
            except UnreadableOrder as error:
                for problem in error.problems[:5]:
                    at = group[_line_of(problem.field, len(group))].row
                    found.setdefault(at, []).append(_fault_of(problem))
        if found:
            for row in group:
                found.setdefault(row.row, [Fault("", "order_has_faults", str(first.row))])
        return found


_OF_ORDER: Final = (
    "placed_at", "paid", "currency", "freight", "receiver", "phone", "province", "city",
    "district", "address", "buyer_remark", "seller_remark",
)  # fmt: skip


def _by_key(rows: Sequence[Staged]) -> dict[str, list[Staged]]:
    groups: dict[str, list[Staged]] = {}
    for row in rows:
        groups.setdefault(row.key, []).append(row)
    return groups


def _text(row: Staged, name: str) -> str:
    return str(row.values.get(name, ""))


def _fault_of(problem: FieldProblem) -> Fault:
    """What is wrong by the column and in the words of files."""
    name = problem.field.rpartition(".")[2]
    column = _COLUMN.get(problem.field, name)
    if column not in {one.name for one in SHEETS[Kind.ORDERS].columns}:
        return Fault("", "order_unreadable", problem.field)
    code = _OF_COLUMN.get((column, problem.code)) or _CODES.get(problem.code, "order_refuses")
    return Fault(column, code, problem.about)


# Where a message of the own channel has what a column says, and what is wrong in words of files.
_COLUMN: Final = {
    "receiver": "province", "receiver.name": "receiver", "receiver.detail": "address",
}  # fmt: skip
_OF_COLUMN: Final = {
    ("phone", "string_pattern_mismatch"): "not_a_phone",
    ("phone", "string_too_short"): "not_a_phone",
    ("currency", "string_pattern_mismatch"): "not_a_currency",
}
_CODES: Final = {
    "string_too_long": "too_long", "string_too_short": "missing", "missing": "missing",
    "not_printable": "not_printable", "not_a_time": "not_a_time", "not_a_number": "not_a_number",
    "greater_than_equal": "out_of_range", "less_than_equal": "out_of_range",
    "out_of_range": "out_of_range", "negative": "negative", "needs_place": "needs_place",
    "too_many_decimals": "too_many_decimals",
}  # fmt: skip


def _line_of(field: str, lines: int) -> int:
    """Which line a path such as lines.2.quantity speaks of; the first for the order itself."""
    parts = field.split(".")
    number = parts[1] if len(parts) > 1 and parts[0] == "lines" else "0"
    return int(number) if number.isdigit() and int(number) < lines else 0


def _message(group: Sequence[Staged]) -> bytes:
    """The rows as the message our own channel sends."""
    first = group[0].values
    order: dict[str, Any] = {
        "order_no": first["order_no"],
        "revision": 1,
        "state": "paid" if first["paid"] else "unpaid",
        "currency": first.get("currency", "CNY"),
        "placed_at": first["placed_at"],
        "freight": _amount(first.get("freight", "0")),
        "buyer_remark": first.get("buyer_remark", ""),
        "seller_remark": first.get("seller_remark", ""),
        "lines": [_line(number, row.values) for number, row in enumerate(group, 1)],
        "receiver": {
            "name": first["receiver"],
            "phone": first["phone"],
            "detail": first["address"],
            **{name: first.get(name, "") for name in ("province", "city", "district")},
        },
    }
    return json.dumps(order, ensure_ascii=False, sort_keys=True).encode()


def _line(number: int, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "line_no": str(number),
        "sku": values["sku"],
        "title": values.get("title", ""),
        "quantity": values["quantity"],
        "payable": _amount(values["payable"]),
    }


def _amount(text: Any) -> str:
    return format(Decimal(str(text)), "f")
