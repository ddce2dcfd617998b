"""Suppliers and dealers out of files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.shared.importing.desk import Staged, Verdict
from db.shared.importing.target import CURRENCY, Paper, judged, minor_of, settled
from db.sql import run
from db.vault import Vault, dealer_context, supplier_context
from domain.platform.sheet_reading import Fault


@dataclass(frozen=True, slots=True)
class Partners:
    """Suppliers or dealers; whom to talk to there is sealed for their row."""

    vault: Vault
    table: str  # supplier | dealer

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        known = await self._known(session, [row.key for row in rows])
        places = set()
        if self.table == "dealer":
            asked = [str(row.values.get("location", "")) for row in rows]
            places = {row.id for row in await run(session, _DEALER_PLACES, ids=asked)}
        return [self._judge(row, known.get(row.key), places) for row in rows]

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        verdicts = await self.compare(session, rows)
        known = await self._known(session, [row.key for row in rows])
        for one in verdicts:
            if one.state in ("new", "changed"):
                before = known.get(one.row.key) or _NEW_PARTNER[self.table]
                await self._write(session, one.row.key, {**before, **(one.after or {})})
        return settled(verdicts)

    def _judge(
        self, row: Staged, before: Mapping[str, Any] | None, places: set[str]
    ) -> Verdict:  # fmt: skip
        given, faults = dict(row.values), list[Fault]()
        given.pop("code", None)
        blank = _NEW_PARTNER[self.table]
        currency = str(given.get("currency") or (before or blank)["currency"])
        if "credit_limit" in given:
            amount = str(given.pop("credit_limit"))
            given["credit_limit_minor"] = minor_of(amount, currency, "credit_limit", faults)
        if before is None and not given.get("name"):
            faults.append(Fault("name", "missing"))
        if given.get("location") and given["location"] not in places:
            faults.append(Fault("location", "unknown_location"))
        after = given if before is not None else {**blank, **given}
        return judged(row, before, after, faults)

    async def _known(self, session: AsyncSession, codes: Sequence[str]) -> dict[str, Any]:
        found = {}
        for row in await run(session, _FIND[self.table], codes=list(codes)):
            contact = self.vault.open_secrets(bytes(row.contact), self._context(row.code))
            told = {name: getattr(row, column) for name, column in _PARTNER[self.table].items()}
            told = {name: "" if value is None else value for name, value in told.items()}
            found[row.code] = told | {name: contact.get(name, "") for name in _CONTACT}
        return found

    async def _write(self, session: AsyncSession, code: str, told: Mapping[str, Any]) -> None:
        contact = {name: str(told[name]) for name in _CONTACT if told[name]}
        values = {column: told[name] for name, column in _PARTNER[self.table].items()}
        if "location_id" in values:
            values["location_id"] = values["location_id"] or None
        sealed = self.vault.seal_secrets(contact, self._context(code))
        await run(session, _WRITE[self.table], code=code, contact=sealed, **values)

    def _context(self, code: str) -> str:
        return supplier_context(code) if self.table == "supplier" else dealer_context(code)


_DEALER_PLACES: Final = "SELECT id FROM location WHERE id = ANY(:ids) AND kind = 'dealer'"
_CONTACT: Final = ("contact", "phone", "email", "address")
_NOBODY: Final = dict.fromkeys(_CONTACT, "")
# What a file calls a value, and the column that holds it.
_PARTNER: Final[Mapping[str, Mapping[str, str]]] = {
    "supplier": {
        "name": "name", "lead_time_days": "lead_time_days", "currency": "currency",
        "active": "active",
    },
    "dealer": {
        "name": "name", "location": "location_id", "on_consignment": "on_consignment",
        "credit_limit_minor": "credit_limit_minor",
        "currency": "currency", "active": "active",
    },
}  # fmt: skip
_NEW_PARTNER: Final[Mapping[str, Mapping[str, Any]]] = {
    "supplier": {"name": "", "lead_time_days": 0, "currency": CURRENCY, "active": True, **_NOBODY},
    "dealer": {
        "name": "", "location": "", "on_consignment": False, "credit_limit_minor": 0,
        "currency": CURRENCY, "active": True,
        **_NOBODY,
    },
}  # fmt: skip
_FIND: Final = {
    "supplier": "SELECT * FROM supplier WHERE code = ANY(:codes) ORDER BY code FOR UPDATE",
    "dealer": "SELECT * FROM dealer WHERE code = ANY(:codes) ORDER BY code FOR UPDATE",
}
_WRITE: Final = {
    "supplier": """
INSERT INTO supplier (code, name, contact, lead_time_days, currency, active)
VALUES (:code, :name, :contact, :lead_time_days, :currency, :active)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, contact = excluded.contact,
    lead_time_days = excluded.lead_time_days, currency = excluded.currency,
    active = excluded.active
""",
    "dealer": """
INSERT INTO dealer (code, name, location_id, on_consignment, credit_limit_minor, contact,
                    currency, active)
VALUES (:code, :name, :location_id, :on_consignment, :credit_limit_minor, :contact,
        :currency, :active)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, location_id = excluded.location_id,
    on_consignment = excluded.on_consignment,
    credit_limit_minor = excluded.credit_limit_minor, contact = excluded.contact,
    currency = excluded.currency, active = excluded.active
""",
}
