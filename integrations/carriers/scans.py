"""Scans in a form that a carrier does not publish: it is configuration, with a default."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus, TrackingFact, incident_of
from domain.shared.errors import Rejected, Unavailable
from integrations.carriers.port import PushAnswer
from integrations.carriers.reading import (
    JSON_TYPE,
    Message,
    ScanTime,
    Text,
    read_pushed,
    write_china_time,
)
from integrations.settings import nested, text

_KEYS: Final = ("form_field", "rows", "waybill", "time", "code", "text", "place", "ack", "refusal")
SCAN_SETTING: Final = nested("scans", *(text(key) for key in _KEYS))


# What a carrier's code means, with the text beside it; an incident where the code itself tells.
Meaning = Callable[[str, str], tuple[ParcelStatus, Incident | None]]


class _Scan(Message):
    waybill: Text = ""
    time: ScanTime
    code: Text
    text: Text = ""
    place: Text = ""


@dataclass(frozen=True, slots=True)
class ScanForm:
    """Where scans keep what: setting `scans` of the carrier, e.g. `{"waybill": "mailNo"}`.

    `form_field`: the field of a pushed form that holds the JSON, empty when the body is the JSON.
    `rows`: the key of the list of scans; empty when the message is one scan or a list of them.
    """

    waybill: str
    time: str
    code: str
    text: str
    place: str = ""
    form_field: str = ""
    rows: str = ""
    ack: str = '{"success":true}'
    refusal: str = '{"success":false}'

    def set_by(self, settings: Mapping[str, Any]) -> "ScanForm":
        """With what the carrier's settings say otherwise."""
        told = settings.get("scans")
        named = told if isinstance(told, dict) else {}
        return replace(self, **{key: str(named[key]) for key in _KEYS if key in named})

    def read_push(self, body: bytes, system: str, meaning: Meaning) -> PushAnswer:
        """Every scan of the push. Raises Rejected (`unreadable`)."""
        text = body.decode("utf-8", "replace")
        if self.form_field:
            text = dict(parse_qsl(text, keep_blank_values=True)).get(self.form_field, "")
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            raise Rejected("not JSON", code="unreadable", system=system) from None
        facts = self.facts(told, system, meaning)
        return PushAnswer(facts, 200, JSON_TYPE, self.ack.encode())

    def facts(
        self, told: object, system: str, meaning: Meaning, waybill_no: str = ""
    ) -> tuple[TrackingFact, ...]:
        """The scans in it; `meaning` says what a code with its text means. Where an answer does
        not repeat the number that was asked for, it is given. Raises Rejected (`unreadable`)."""
        scans = [self._scan(row, system, waybill_no) for row in self._rows(told, system)]
        return tuple(
            scan_fact(
                system, scan.waybill, scan.time, scan.code, status, scan.text, scan.place,
                incident=incident,
            )
            for scan in scans
            for status, incident in (meaning(scan.code, scan.text),)
        )  # fmt: skip

    def answered(
        self, told: object, system: str, meaning: Meaning, waybill_no: str
    ) -> tuple[TrackingFact, ...]:
        """The scans of an answer about one waybill. Raises Unavailable (`unreadable`)."""
        try:
            return self.facts(told, system, meaning, waybill_no)
        except Rejected as error:
            raise Unavailable(str(error), code=error.code, system=system) from None

    def refuse(self, refusal: Rejected, status: int = 400) -> PushAnswer:
        """Not the acknowledgement: it is sent again."""
        return PushAnswer((), status, JSON_TYPE, self.refusal.encode())

    def _rows(self, told: object, system: str) -> list[dict[str, Any]]:
        """A list of scans under its key takes the waybill number of the message around it."""
        around: dict[str, Any] = {}
        if self.rows and isinstance(told, dict):
            around = {name: told[name] for name in (self.waybill,) if name in told}
            told = told.get(self.rows)
        rows: list[Any] = told if isinstance(told, list) else [told]
        if not all(isinstance(row, dict) for row in rows):
            raise Rejected("no scans in it", code="unreadable", system=system)
        return [around | row for row in rows]

    def _scan(self, row: Mapping[str, Any], system: str, waybill_no: str) -> _Scan:
        names = {name: getattr(self, name) for name in ("waybill", "time", "code", "text", "place")}
        found = {ours: row.get(theirs) for ours, theirs in names.items() if theirs in row}
        if waybill_no:
            found["waybill"] = waybill_no
        scan = read_pushed(_Scan, json.dumps(found), system=system)
        if not scan.waybill:
            raise Rejected("no waybill number", code="unreadable", system=system)
        return scan


def scan_fact(
    system: str,
    waybill_no: str,
    at: datetime,
    code: str,
    status: ParcelStatus,
    text: str,
    place: str,
    *,
    incident: Incident | None = None,
    carrier: str = "",
) -> TrackingFact:
    """A scan of a carrier that numbers none: waybill, second and code are what it is known by, so
    that a push and a query of it are the same."""
    event_id = f"{system}/{waybill_no}/{write_china_time(at)}/{code}"
    why = incident or incident_of(status, text)
    return TrackingFact(waybill_no, event_id, at, status, code, text, place, why, carrier)
