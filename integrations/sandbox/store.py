"""What the sandbox vendors remember: calls as they saw them, their own records, parcels, pushes."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, vendor TEXT NOT NULL, operation TEXT NOT NULL,
    ref TEXT NOT NULL, request TEXT NOT NULL, executed INTEGER NOT NULL DEFAULT 0,
    status INTEGER, answer TEXT, fault TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS call_ref ON call (vendor, ref);
CREATE TABLE IF NOT EXISTS document (
    vendor TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (vendor, kind, key)
);
CREATE TABLE IF NOT EXISTS number (
    vendor TEXT NOT NULL, series TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (vendor, series)
);
CREATE TABLE IF NOT EXISTS parcel (
    vendor TEXT NOT NULL, waybill_no TEXT NOT NULL, ref TEXT NOT NULL, fate TEXT NOT NULL,
    details TEXT NOT NULL, next_at REAL, cancelled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (vendor, waybill_no)
);
CREATE INDEX IF NOT EXISTS parcel_due ON parcel (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS scan (
    id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, waybill_no TEXT NOT NULL, at TEXT NOT NULL,
    status TEXT NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS scan_of ON scan (vendor, waybill_no);
CREATE TABLE IF NOT EXISTS push (
    id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, ref TEXT NOT NULL, url TEXT NOT NULL,
    headers TEXT NOT NULL, body TEXT NOT NULL, due_at REAL, attempts INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0, last_answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS push_due ON push (due_at) WHERE due_at IS NOT NULL;
"""


class Store:
    """One SQLite file (or memory); every statement stands alone unless inside `transaction`."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing for what a vendor does in one call."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self._db.execute(sql, values)]

    def execute(self, sql: str, *values: object) -> int:
        """Run a statement; the id of the row it inserted."""
        return self._db.execute(sql, values).lastrowid or 0

    def put(self, vendor: str, kind: str, key: str, body: Mapping[str, Any]) -> None:
        """Keep a record, replacing an earlier one with this key."""
        self.execute(
            "INSERT INTO document VALUES (?, ?, ?, ?) "
            "ON CONFLICT (vendor, kind, key) DO UPDATE SET body = excluded.body",
            *(vendor, kind, key, json.dumps(body, ensure_ascii=False)),
        )

    def get(self, vendor: str, kind: str, key: str) -> dict[str, Any] | None:
        sql = "SELECT body FROM document WHERE vendor = ? AND kind = ? AND key = ?"
        for row in self.rows(sql, vendor, kind, key):
            body: dict[str, Any] = json.loads(row["body"])
            return body
        return None

    def drop(self, vendor: str, kind: str, key: str) -> None:
        """Forget a record."""
        sql = "DELETE FROM document WHERE vendor = ? AND kind = ? AND key = ?"
        self.execute(sql, vendor, kind, key)

    def all(self, vendor: str, kind: str) -> list[dict[str, Any]]:
        """Every record of a kind, in the order of their keys."""
        sql = "SELECT body FROM document WHERE vendor = ? AND kind = ? ORDER BY key"
        return [json.loads(row["body"]) for row in self.rows(sql, vendor, kind)]

    def next_number(self, vendor: str, series: str) -> int:
        """1, 2, 3 … for waybills, orders and the like."""
        (row,) = self.rows(
            "INSERT INTO number VALUES (?, ?, 1) "
            "ON CONFLICT (vendor, series) DO UPDATE SET last = last + 1 RETURNING last",
            *(vendor, series),
        )
        return int(row["last"])
