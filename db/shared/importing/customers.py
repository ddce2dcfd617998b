"""Customers out of files, each sealed for its row of the book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.customers import FIELDS, customers_of, holders_of, write_customer
from db.shared.importing.desk import Staged, Verdict
from db.shared.importing.target import Paper, judged, settled
from db.vault import Vault
from domain.platform.sheet_reading import Fault
from domain.shared.phone import is_mobile, normal_phone

_BLANK: Final = dict.fromkeys(FIELDS, "")


@dataclass(frozen=True, slots=True)
class Customers:
    """Rows change what they name; empty cells leave the customer as he is."""

    vault: Vault

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        known = await customers_of(session, self.vault, [row.key for row in rows])
        phones = [str(row.values["phone"]) for row in rows if "phone" in row.values]
        holders = await holders_of(session, self.vault, phones)
        verdicts = []
        for row in rows:
            there = known.get(row.key)
            verdicts.append(_judged(row, None if there is None else there.told, holders))
        return verdicts

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        """A phone that went to another customer within the same slice fails there."""
        verdicts = []
        for one in await self.compare(session, rows):
            if one.state in ("new", "changed"):
                [one] = await self.compare(session, [one.row])
            if one.state in ("new", "changed"):
                known = await customers_of(session, self.vault, [one.row.key])
                before = known[one.row.key].told if one.row.key in known else _BLANK
                await write_customer(
                    session, self.vault, one.row.key, {**before, **(one.after or {})}
                )
            verdicts.append(one)
        return settled(verdicts)


def _judged(row: Staged, before: Mapping[str, Any] | None, holders: Mapping[str, str]) -> Verdict:
    given, faults = {name: str(row.values[name]) for name in FIELDS if name in row.values}, []
    if before is None:
        faults += [Fault(name, "missing") for name in ("name", "phone") if name not in given]
    faults += [Fault(name, "masked") for name, value in given.items() if "***" in value]
    phone = given.get("phone", "")
    normal = normal_phone(phone)
    if is_mobile(normal):  # kept as everybody dials it, however it was written
        given["phone"] = normal
    if phone and not normal and not faults:
        faults.append(Fault("phone", "not_a_phone"))
    if holders.get(phone, row.key) != row.key:
        faults.append(Fault("phone", "phone_taken", holders[phone]))
    return judged(row, before, given if before is not None else {**_BLANK, **given}, faults)
