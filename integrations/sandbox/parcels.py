"""Parcels on their way in the sandbox: from hand-over, scan by scan, to whatever their fate is."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from domain.logistics.tracking import ParcelStatus
from integrations.sandbox.settings import SandboxSettings
from integrations.sandbox.store import Store


class Fate(StrEnum):
    DELIVERED = "delivered"
    LOST = "lost"
    REFUSED = "refused"
    RETURNED = "returned"
    STALLED = "stalled"


_TO_HUB: Final = (ParcelStatus.PICKED_UP, ParcelStatus.IN_TRANSIT)
_TO_DOOR: Final = (*_TO_HUB, ParcelStatus.OUT_FOR_DELIVERY)
_BACK: Final = (ParcelStatus.RETURNING, ParcelStatus.RETURNED)
JOURNEYS: Final = {
    Fate.DELIVERED: (*_TO_DOOR, ParcelStatus.DELIVERED),
    Fate.LOST: (*_TO_HUB, ParcelStatus.LOST),
    Fate.REFUSED: (*_TO_DOOR, ParcelStatus.EXCEPTION, *_BACK),
    Fate.RETURNED: (*_TO_HUB, *_BACK),
    Fate.STALLED: _TO_HUB,
}
_TEXTS: Final = {
    ParcelStatus.PICKED_UP: "快件已被收取",
    ParcelStatus.IN_TRANSIT: "快件已发车，正送往下一站",
    ParcelStatus.OUT_FOR_DELIVERY: "快件正在派送途中，请保持电话畅通",
    ParcelStatus.DELIVERED: "快件已签收，感谢使用",
    ParcelStatus.EXCEPTION: "收件人拒收",
    ParcelStatus.RETURNING: "快件退回中",
    ParcelStatus.RETURNED: "快件已退回，由寄件人签收",
    ParcelStatus.LOST: "快件遗失，正在核实",
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """`details`: what the vendor keeps with it; `origin` and `destination` are city names."""

    vendor: str
    waybill_no: str
    ref: str
    fate: Fate
    details: Mapping[str, Any]
    moving: bool
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Scan:
    id: int
    at: datetime
    status: ParcelStatus
    place: str
    text: str


class Parcels:
    """Every parcel the sandbox carriers have taken on."""

    def __init__(self, store: Store, settings: SandboxSettings) -> None:
        self._store = store
        self._settings = settings

    def add(
        self, vendor: str, waybill_no: str, ref: str, details: Mapping[str, Any], now: datetime
    ) -> None:
        """Take on a parcel with `origin`, `destination` and `phone` in its details."""
        wait_s = self._settings.auto_pickup_s
        self._store.execute(
            "INSERT INTO parcel (vendor, waybill_no, ref, fate, details, next_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            *(vendor, waybill_no, ref, Fate.DELIVERED, json.dumps(details, ensure_ascii=False)),
            None if wait_s is None else now.timestamp() + wait_s,
        )

    def get(self, waybill_no: str, vendor: str = "") -> Parcel | None:
        return next(iter(self.listed(vendor=vendor, waybill_no=waybill_no)), None)

    def listed(self, vendor: str = "", ref: str = "", waybill_no: str = "") -> list[Parcel]:
        """Parcels by any of the three, oldest first."""
        rows = self._store.rows(
            "SELECT * FROM parcel WHERE (?1 = '' OR vendor = ?1) AND (?2 = '' OR ref = ?2) "
            "AND (?3 = '' OR waybill_no = ?3) ORDER BY rowid",
            *(vendor, ref, waybill_no),
        )
        return [_parcel(row) for row in rows]

    def scans(self, parcel: Parcel) -> list[Scan]:
        rows = self._store.rows(
            "SELECT * FROM scan WHERE vendor = ? AND waybill_no = ? ORDER BY id",
            *(parcel.vendor, parcel.waybill_no),
        )
        return [
            Scan(
                row["id"],
                datetime.fromisoformat(row["at"]),
                ParcelStatus(row["status"]),
                row["place"],
                row["text"],
            )
            for row in rows
        ]

    def hand_over(self, parcel: Parcel, now: datetime) -> None:
        """The courier has it: the pick-up scan is due now."""
        self._due(parcel, now.timestamp())

    def cancel(self, parcel: Parcel) -> None:
        """The waybill is void; the parcel will not move."""
        self._store.execute(
            "UPDATE parcel SET cancelled = 1, next_at = NULL WHERE vendor = ? AND waybill_no = ?",
            *(parcel.vendor, parcel.waybill_no),
        )

    def decide(self, parcel: Parcel, fate: Fate, now: datetime) -> None:
        """Change how the journey goes on from where the parcel is."""
        self._store.execute(
            "UPDATE parcel SET fate = ? WHERE vendor = ? AND waybill_no = ?",
            *(fate, parcel.vendor, parcel.waybill_no),
        )
        if self.scans(parcel):
            self._due(parcel, now.timestamp() + self._settings.seconds_per_hop)

    def send_back(self, parcel: Parcel, now: datetime) -> bool:
        """Stop it on its way and bring it back; False when it has come to its end already."""
        if any(scan.status.is_final for scan in self.scans(parcel)):
            return False
        if parcel.fate is not Fate.RETURNED:
            self.decide(parcel, Fate.RETURNED, now)
        return True

    def move_due(self, now: datetime) -> Iterator[tuple[Parcel, Scan]]:
        """One scan for every parcel whose time has come."""
        sql = "SELECT * FROM parcel WHERE next_at <= ? AND cancelled = 0 ORDER BY next_at"
        for row in self._store.rows(sql, now.timestamp()):
            parcel = _parcel(row)
            left = self._steps_left(parcel)
            if left:
                yield parcel, self._scan(parcel, left[0], now)
            hop = now.timestamp() + self._settings.seconds_per_hop
            self._due(parcel, hop if len(left) > 1 else None)

    def _steps_left(self, parcel: Parcel) -> list[ParcelStatus]:
        seen = {scan.status for scan in self.scans(parcel)}
        if any(status.is_final for status in seen):
            return []
        return [status for status in JOURNEYS[parcel.fate] if status not in seen]

    def _scan(self, parcel: Parcel, status: ParcelStatus, now: datetime) -> Scan:
        at_origin = status in (*_TO_HUB, ParcelStatus.RETURNED)
        place = str(parcel.details.get("origin" if at_origin else "destination", ""))
        text = _TEXTS[status]
        scan_id = self._store.execute(
            "INSERT INTO scan (vendor, waybill_no, at, status, place, text) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            *(parcel.vendor, parcel.waybill_no, now.astimezone(UTC).isoformat()),
            *(status, place, text),
        )
        return Scan(scan_id, now, status, place, text)

    def _due(self, parcel: Parcel, at: float | None) -> None:
        self._store.execute(
            "UPDATE parcel SET next_at = ? WHERE vendor = ? AND waybill_no = ?",
            *(at, parcel.vendor, parcel.waybill_no),
        )


def _parcel(row: Mapping[str, Any]) -> Parcel:
    return Parcel(
        row["vendor"],
        row["waybill_no"],
        row["ref"],
        Fate(row["fate"]),
        json.loads(row["details"]),
        moving=row["next_at"] is not None,
        cancelled=bool(row["cancelled"]),
    )
