"""Scans of picks and packs: each kept once under its own key, and what they add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.picked_lots import REFUSED_LOTS, PickedLots
from db.orders.picked_serials import REFUSED_SERIALS, PickedSerials
from db.orders.shipments import STOPPING
from db.orders.warehouse import Warehouse
from db.sql import run
from domain.orders.order import ShipmentStatus
from domain.orders.scanning import Scan, Tally, Verdict, counted, first_lacking, lots_in, serials_in

MOST_SCANS: Final = 5000  # of one list; nobody scans more units by hand

_KNOWN: Final = """
SELECT key, verdict, shipment_no, sku FROM warehouse_scan WHERE key = ANY(:keys)
"""

_SKUS: Final = """
SELECT c.code, k.code AS sku
FROM unnest(CAST(:codes AS text[]), CAST(:gtins AS text[])) AS c(code, gtins)
JOIN sku k ON k.code = c.code
     OR k.gtin <> '' AND k.gtin = ANY(string_to_array(c.gtins, ',') || c.code)
"""

_WAVES: Final = """
SELECT no, state FROM wave WHERE no = ANY(:nos) ORDER BY no FOR UPDATE
"""

_IN_WAVES: Final = """
SELECT wave_no, shipment_no, slot FROM wave_shipment
WHERE wave_no = ANY(:nos) AND left_at IS NULL ORDER BY wave_no, slot
"""

# A parcel is locked as a whole: what rides in it is picked with its lead.
_READ: Final = """
SELECT no, status, waits_for, picked_at, packed_at, ships_with, location_id FROM shipment
WHERE no = ANY(:nos) OR ships_with = ANY(:nos) ORDER BY no
"""
_LOCK: Final = f"{_READ} FOR UPDATE"

_LINES: Final = """
SELECT coalesce(nullif(s.ships_with, ''), s.no) AS shipment_no, l.sku,
       sum(l.quantity)::bigint AS quantity,
       sum(coalesce(l.picked_quantity, l.quantity))::bigint AS picked
FROM shipment s JOIN shipment_line l ON l.shipment_no = s.no
WHERE s.no = ANY(:nos) AND s.ships_with = '' OR s.ships_with = ANY(:nos)
GROUP BY 1, l.sku ORDER BY l.sku
"""

_HEARD: Final = """
SELECT key, at, sku, units, undoes, station, shipment_no, lot, serial FROM warehouse_scan
WHERE shipment_no = ANY(:nos) AND kind <> 'done' AND verdict <> ALL(:never)
"""
_NEVER_COUNT: Final = [
    str(one) for one in (Verdict.LATE, Verdict.GONE, *REFUSED_LOTS, *REFUSED_SERIALS)
]

_KEEP: Final = """
INSERT INTO warehouse_scan (key, station, kind, shipment_no, wave_no, code, sku, units, undoes,
                            lot, serial, expires_on, reason, verdict, actor, at)
VALUES (:key, :station, :kind, :shipment_no, :wave_no, :code, :sku, :units, :undoes,
        :lot, :serial, :expires_on, :reason, :verdict, :actor, :at)
ON CONFLICT (key) DO NOTHING RETURNING key
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A scan as its scanner sent it, its code read; station: pick | pack, kind: item | undo | done.

    It is for a shipment, or for a wave: then it goes to the first shipment that lacks it.
    """

    key: str
    station: str
    kind: str
    at: datetime
    shipment_no: str = ""
    wave_no: str = ""
    code: str = ""
    gtins: tuple[str, ...] = ()
    units: int = 1
    undoes: str = ""
    lot: str = ""
    serial: str = ""
    expires_on: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a scan did, and how its SKU stands in its shipment; `slot` is its place in the wave."""

    key: str
    verdict: Verdict
    shipment_no: str = ""
    sku: str = ""
    slot: int = 0
    counted: int = 0
    asked: int = 0


@dataclass(slots=True)
class _List:
    """A shipment's pick or pack list with its scans, locked."""

    row: Row[Any]
    asked: dict[str, dict[str, int]] = field(default_factory=lambda: {"pick": {}, "pack": {}})
    scans: dict[str, dict[str, Scan]] = field(default_factory=lambda: {"pick": {}, "pack": {}})
    picked: bool = False

    def tally(self, station: str) -> Tally:
        return counted(self.asked[station], self.scans[station].values())

    def closed(self, station: str) -> Verdict | None:
        """Why nothing is scanned here any more, or not yet."""
        stopped = self.row.waits_for == STOPPING or self.row.status == ShipmentStatus.CANCELLED
        if stopped or self.row.ships_with:  # its goods are on the list of the parcel they go in
            return Verdict.GONE
        if self.row.packed_at is not None or (station == "pick" and self.picked):
            return Verdict.LATE
        if self.row.status != ShipmentStatus.PICKING or (station == "pack" and not self.picked):
            return Verdict.GONE
        return None


@dataclass(slots=True)
class Scans:
    """Hears scans, in the caller's transaction. `actor` is who scans."""

    session: AsyncSession
    actor: str = "system"
    _lists: dict[str, _List] = field(default_factory=dict)
    _waves: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    _slots: dict[str, int] = field(default_factory=dict)
    _lots: PickedLots | None = None
    _serials: PickedSerials | None = None

    async def hear(self, sent: Sequence[Sent]) -> list[Answer]:
        """One answer per scan, in their order; a key that was heard before gets its first one."""
        await self._load(sent)
        known = {
            row.key: row for row in await run(self.session, _KNOWN, keys=[one.key for one in sent])
        }
        skus = await self._skus(sent)
        fresh = [one for one in sent if one.key not in known]
        self._serials = PickedSerials(self.session, self.actor)
        await self._serials.prepare(
            skus.values(), [(skus.get(one.code, ""), one.serial) for one in fresh]
        )
        sent = [self._with_its_lot(one, skus.get(one.code, "")) for one in sent]
        await self._prepare_lots([one for one in sent if one.key not in known], skus)
        answers: list[Answer] = []
        done: dict[str, Answer] = {}
        for one in sent:
            if (row := known.get(one.key)) is not None:
                answer = self._as_it_stands(one, row.verdict, row.shipment_no or "", row.sku)
            elif one.key in done:
                answer = done[one.key]
            else:
                answer = await self._hear_one(one, skus.get(one.code, ""))
            done[one.key] = answer
            answers.append(answer)
        return answers

    async def counts(
        self, shipment_nos: Sequence[str], station: str
    ) -> dict[str, list[tuple[str, int, int]]]:
        """SKU, units counted and units asked of each shipment that is there; nothing is locked."""
        await self._take(shipment_nos, _READ)
        found: dict[str, list[tuple[str, int, int]]] = {}
        for no, one in self._lists.items():
            units, asked = one.tally(station).units, one.asked[station]
            found[no] = [(sku, units[sku], asked[sku]) for sku in asked]
        return found

    async def _load(self, sent: Sequence[Sent]) -> None:
        waves = sorted({one.wave_no for one in sent if one.wave_no})
        open_waves = [
            row.no for row in await run(self.session, _WAVES, nos=waves) if row.state == "released"
        ]
        self._waves = {no: [] for no in open_waves}
        for row in await run(self.session, _IN_WAVES, nos=open_waves):
            self._waves[row.wave_no].append((row.shipment_no, row.slot))
            self._slots[row.shipment_no] = row.slot
        await self._take([*{one.shipment_no for one in sent if one.shipment_no}, *self._slots])

    async def _take(self, shipment_nos: Iterable[str], statement: str = _LOCK) -> None:
        nos = sorted(set(shipment_nos))
        for row in await run(self.session, statement, nos=nos):
            if row.no in nos:
                self._lists[row.no] = _List(row, picked=row.picked_at is not None)
        for row in await run(self.session, _LINES, nos=nos):
            lists = self._lists[row.shipment_no].asked
            lists["pick"][row.sku] = row.quantity
            lists["pack"][row.sku] = row.picked
        for row in await run(self.session, _HEARD, nos=nos, never=_NEVER_COUNT):
            scan = Scan(row.key, row.at, row.sku, row.units, row.undoes, row.lot, row.serial)
            self._lists[row.shipment_no].scans[row.station][row.key] = scan

    async def _skus(self, sent: Sequence[Sent]) -> dict[str, str]:
        """The SKU of every code that is one's GTIN or own code."""
        items = {one.code: ",".join(one.gtins) for one in sent if one.kind == "item"}
        rows = await run(self.session, _SKUS, codes=list(items), gtins=list(items.values()))
        return {row.code: row.sku for row in rows}

    async def _hear_one(self, one: Sent, sku: str) -> Answer:
        if one.kind == "done":
            return await self._confirm(one)
        shipment_no = await self._shipment_of(one, sku)
        found = self._lists.get(shipment_no)
        if found is None:
            verdict = self._nowhere(one, sku)
            return await self._kept(one, "", sku, verdict)
        closed = found.closed(one.station)
        if closed is None and len(found.scans[one.station]) >= MOST_SCANS:
            closed = Verdict.LATE
        if closed is not None:
            return await self._kept(one, shipment_no, sku, closed)
        scans = found.scans[one.station]
        before = serials_in(found.tally(one.station), scans.values(), sku)
        item = "" if one.kind == "undo" else sku
        scans[one.key] = Scan(one.key, one.at, item, one.units, one.undoes, one.lot, one.serial)
        verdict = found.tally(one.station).verdicts[one.key]
        if verdict is Verdict.COUNTED:
            refused = await self._serial_refused(one, sku, found, before)
            refused = refused or await self._lot_refused(one, sku, found)
            if refused:
                del scans[one.key]
                verdict = refused
            else:
                await self._serial_taken(one, sku, found)
        if verdict is Verdict.UNDONE and self._serials:
            await self._serials.put_back(shipment_no, one.undoes)
        if one.kind == "undo" and (taken := found.scans[one.station].get(one.undoes)):
            sku = taken.sku
        return await self._kept(one, shipment_no, sku, verdict)

    def _with_its_lot(self, one: Sent, sku: str) -> Sent:
        """A unit that is known by its number is of the lot that the register says."""
        if self._serials is None or one.lot or not one.serial or one.station != "pick":
            return one
        return replace(one, lot=self._serials.lot_of(sku, one.serial))

    async def _serial_refused(
        self, one: Sent, sku: str, found: _List, before: Sequence[str]
    ) -> Verdict | None:
        """Why this unit may not go."""
        if self._serials is None or one.kind != "item":
            return None
        return await self._serials.refused(
            found.row.no, found.row.location_id, sku, one.serial, one.lot, before,
            one.units, packing=one.station == "pack",
        )  # fmt: skip

    async def _serial_taken(self, one: Sent, sku: str, found: _List) -> None:
        if self._serials is not None and one.serial:
            await self._serials.take(found.row.no, found.row.location_id, sku, one.serial)

    async def _prepare_lots(self, sent: Sequence[Sent], skus: Mapping[str, str]) -> None:
        places = sorted({found.row.location_id for found in self._lists.values()})
        items = {skus[one.code] for one in sent if _names_a_lot(one) and one.code in skus}
        if items:
            self._lots = PickedLots(self.session, self.actor)
            await self._lots.prepare([(place, sku) for place in places for sku in items])

    async def _lot_refused(self, one: Sent, sku: str, found: _List) -> Verdict | None:
        """Why units of this lot may not go; otherwise the ledger promises them from now on."""
        if self._lots is None or not _names_a_lot(one):
            return None
        place = found.row.location_id
        if self._lots.is_expired(place, one.expires_on, one.at):
            return Verdict.EXPIRED
        if not one.lot:
            return None
        in_hand = lots_in(found.tally(one.station), found.scans[one.station].values())[sku]
        return await self._lots.take(found.row.no, place, sku, one.lot, in_hand, one.key, one.at)

    async def _shipment_of(self, one: Sent, sku: str) -> str:
        """The shipment a scan is for; one for a wave goes to the first that lacks it, before others
        to those which its lot is promised to."""
        if one.kind == "undo":
            holders = (no for no, x in self._lists.items() if one.undoes in x.scans[one.station])
            return next(holders, one.shipment_no)
        if not one.wave_no:
            return one.shipment_no
        lists = [
            (no, self._lists[no].asked["pick"], self._lists[no].tally("pick"))
            for no, _ in self._waves.get(one.wave_no, ())
            if self._lists[no].closed("pick") is None
        ]
        if one.lot and self._lots is not None:
            promised = await self._lots.holders([no for no, _, _ in lists], sku, one.lot)
            lists.sort(key=lambda each: each[0] not in promised)
        return first_lacking(sku, one.units, lists) or ""

    def _nowhere(self, one: Sent, sku: str) -> Verdict:
        """What is said to a scan that no shipment takes."""
        if one.kind == "undo":
            return Verdict.NOTHING_TO_UNDO
        if one.wave_no not in self._waves:
            return Verdict.GONE
        wanted = [self._lists[no].asked["pick"] for no, _ in self._waves[one.wave_no]]
        return Verdict.OVER if any(sku in asked for asked in wanted) else Verdict.WRONG

    async def _confirm(self, one: Sent) -> Answer:
        """Confirm one pick, or all of a wave; units may be missing only for a reason."""
        if one.wave_no and one.wave_no not in self._waves:
            return await self._kept(one, "", "", Verdict.GONE)
        nos = [no for no, _ in self._waves[one.wave_no]] if one.wave_no else [one.shipment_no]
        verdicts = {await self._confirm_one(no, one.reason) for no in nos}
        verdict = max(verdicts, key=_SEVERITY.index, default=Verdict.GONE)
        return await self._kept(one, "" if one.wave_no else one.shipment_no, "", verdict)

    async def _confirm_one(self, no: str, reason: str) -> Verdict:
        found = self._lists.get(no)
        if found is None:
            return Verdict.GONE
        if (closed := found.closed("pick")) is not None:
            return closed
        tally = found.tally("pick")
        short = bool(tally.missing(found.asked["pick"]))
        if short and not reason:
            return Verdict.INCOMPLETE
        await Warehouse(self.session, self.actor).pick(no, tally.units, reason if short else "")
        found.picked = True
        return Verdict.SHORT if short else Verdict.CONFIRMED

    async def _kept(self, one: Sent, shipment_no: str, sku: str, verdict: Verdict) -> Answer:
        """Write the scan down; somebody else's scan with the same key was first: it is told so."""
        values = asdict(one)
        del values["gtins"]
        known = shipment_no if shipment_no in self._lists else None
        values |= {"shipment_no": known, "sku": sku, "verdict": str(verdict), "actor": self.actor}
        await run(self.session, _KEEP, **values)
        return self._as_it_stands(one, verdict, shipment_no, sku)

    def _as_it_stands(self, one: Sent, verdict: str, shipment_no: str, sku: str) -> Answer:
        answer = Answer(
            one.key, Verdict(verdict), shipment_no, sku, self._slots.get(shipment_no, 0)
        )
        found = self._lists.get(shipment_no)
        if found is None or sku not in found.asked[one.station]:
            return answer
        units: Mapping[str, int] = found.tally(one.station).units
        return replace(answer, counted=units[sku], asked=found.asked[one.station][sku])


def _names_a_lot(one: Sent) -> bool:
    """Only what is picked may be exchanged for another lot."""
    is_item = one.station == "pick" and one.kind == "item"
    return is_item and bool(one.lot or one.expires_on)


# Of several shipments of a wave, what needs somebody is said.
_SEVERITY: Final = (
    Verdict.GONE, Verdict.LATE, Verdict.CONFIRMED, Verdict.SHORT, Verdict.INCOMPLETE,
)  # fmt: skip
