"""What people said about an order, sealed with its key: remarks of buyers and sellers, what a buyer
is called, questions and answers of returns, what carriers say of a parcel.

Where it was said is its `subject`; of erased people nothing is kept.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.engine import vault_in
from db.keys import OrderKey, order_key
from db.sql import run
from db.vault import order_key_context, words_context
from domain.platform.quoting import opened
from domain.shared.errors import PersonErased

_KEEP: Final = """
INSERT INTO sealed_words (subject, order_id, sealed)
SELECT w.subject, :order_id, w.sealed
FROM unnest(CAST(:subjects AS text[]), CAST(:sealed AS bytea[])) AS w(subject, sealed)
ON CONFLICT (subject) DO UPDATE SET sealed = excluded.sealed
WHERE sealed_words.order_id = excluded.order_id
"""

_EMPTY: Final = """
UPDATE sealed_words SET sealed = '' WHERE subject = ANY(:subjects) AND sealed <> ''
"""

_SAID: Final = """
SELECT w.order_id, w.subject, w.sealed, k.wrapped
FROM sealed_words w JOIN order_key k USING (order_id)
WHERE w.order_id = ANY(:order_ids) AND w.sealed <> '' AND k.destroyed_at IS NULL
"""
_ABOUT: Final = f"{_SAID} AND w.subject = ANY(:subjects)"

Words = Mapping[str, str]
NOTHING: Final[Words] = {}


def of_order(order_id: str) -> str:
    """Where an order's remarks, its buyer's id and invoice title are kept."""
    return f"order/{order_id}"


def of_return(return_no: str) -> str:
    """Where what was said about a return is kept."""
    return f"return/{return_no}"


def of_claim(claim_no: str) -> str:
    """Where what was said about a claim is kept."""
    return f"claim/{claim_no}"


def of_case(channel: str, shop_id: str, after_sale_no: str) -> str:
    """Where a channel's words about a refund, return or exchange are kept."""
    return f"case/{channel}/{shop_id}/{after_sale_no}"


def of_label(no: str) -> str:
    """Where a carrier's words about a parcel on its way back are kept."""
    return f"label/{no}"


def of_inspection(inspection_id: str) -> str:
    """Where what the bench wrote is kept."""
    return f"inspection/{inspection_id}"


def of_scan(parcel_id: str, event_id: str) -> str:
    """Where a carrier's words are kept."""
    return f"scan/{parcel_id}/{event_id}"


def of_event(order_id: str, source: str, seq: int) -> str:
    """Where words of a line of the story are kept."""
    return f"event/{order_id}/{source}/{seq}"


@dataclass(frozen=True, slots=True)
class Said:
    """The words of some orders, by subject."""

    _words: Mapping[str, Words] = field(default_factory=dict)

    def __call__(self, subject: str) -> Words:
        """What was said there; nothing where nobody said anything, or it is erased."""
        return self._words.get(subject, NOTHING)


async def keep_words(session: AsyncSession, order_id: str, words: Mapping[str, Words]) -> None:
    """Keep what was said, by subject, in place of what was said there before. Raises CannotOpen."""
    told = {subject: _readable(each) for subject, each in words.items()}
    opened(*(word for each in told.values() for word in each.values()))
    if silent := sorted(subject for subject, each in told.items() if not each):
        await run(session, _EMPTY, subjects=silent)
    if not (subjects := sorted(subject for subject, each in told.items() if each)):
        return
    try:
        key = await order_key(session, vault_in(session), order_id)
    except PersonErased:
        return
    sealed = [sealed_words(key, subject, told[subject]) for subject in subjects]
    await run(session, _KEEP, order_id=order_id, subjects=subjects, sealed=sealed)


async def add_words(session: AsyncSession, order_id: str, subject: str, **words: str) -> None:
    """Keep these words beside the others of the subject; an empty one takes back what it was.

    The caller holds the lock of what the subject names.
    """
    known = (await said_about(session, {subject: order_id}))(subject)
    await keep_words(session, order_id, {subject: {**known, **words}})


async def said_of(session: AsyncSession, order_ids: Collection[str]) -> Said:
    """Everything that was said about these orders. Raises CannotOpen."""
    return _opened(session, await run(session, _SAID, order_ids=sorted(set(order_ids))))


async def said_about(session: AsyncSession, subjects: Mapping[str, str]) -> Said:
    """What was said there: subject → its order. Raises CannotOpen."""
    rows = await run(
        session, _ABOUT, order_ids=sorted(set(subjects.values())), subjects=sorted(subjects)
    )
    return _opened(session, rows)


def with_words(row: Row[Any], words: Words, *names: str) -> Any:
    """The row with these words as further columns, empty where nothing was said."""
    return SimpleNamespace(**row._mapping, **{name: words.get(name, "") for name in names})


def scan_with_words(row: Row[Any], said: Said) -> Any:
    """A carrier's scan with its words and place."""
    return with_words(row, said(of_scan(row.parcel_id, row.event_id)), "text", "place")


def line_with_words(row: Any, order_id: str, said: Said) -> Any:
    """A line of an order's story with the words that may name people."""
    data = {**row.data, **said(of_event(order_id, row.source, row.seq))}
    return SimpleNamespace(
        source=row.source, seq=row.seq, at=row.at, kind=row.kind, actor=row.actor, data=data
    )


def sealed_words(key: OrderKey, subject: str, words: Words) -> bytes:
    """As they stand in the table."""
    plain = json.dumps(dict(words), ensure_ascii=False, sort_keys=True).encode()
    return key.seal(plain, words_context(subject))


def _readable(words: Words) -> dict[str, str]:
    """Without what is empty, and without the one character that text elsewhere never holds."""
    readable = {name: word.replace("\x00", "") for name, word in words.items()}
    return {name: word for name, word in readable.items() if word}


def _opened(session: AsyncSession, rows: Collection[Row[Any]]) -> Said:
    keys: dict[str, OrderKey] = {}
    words: dict[str, Words] = {}
    for row in rows:
        if (key := keys.get(row.order_id)) is None:
            vault = vault_in(session)
            plain = vault.open(bytes(row.wrapped), order_key_context(row.order_id))
            key = keys[row.order_id] = OrderKey(vault, row.order_id, plain)
        plain = key.open(bytes(row.sealed), words_context(row.subject))
        words[row.subject] = json.loads(plain)
        opened(*words[row.subject].values())
    return Said(words)
