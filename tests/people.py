"""Receivers in tests: sealed as everywhere, with the key of test companies."""

import json
from dataclasses import asdict, replace
from typing import Any, Final

from db.engine import Sessions
from db.keys import digest_of_buyer, digest_of_phone
from db.orders.receivers import (
    KnownReceiver,
    Person,
    open_receiver,
    save_receiver,
)
from db.orders.tables import ReceiverRow
from db.orders.words import add_words, of_order, said_about
from db.sql import run
from db.vault import Vault, receiver_context
from domain.shared.address import MaskedReceiver
from domain.shared.phone import last_four

VAULT: Final = Vault(bytes(32))
NOBODY: Final = Person()


def receiver_row(
    order_id: str, person: Person = NOBODY, kind: str = "contact", **place: Any
) -> ReceiverRow:
    """A receiver as his row stands in the table."""
    sealed = columns_of(order_id, person)
    return ReceiverRow(order_id=order_id, kind=kind, **sealed, **place)


def columns_of(order_id: str, person: Person) -> dict[str, Any]:
    """What follows from who he is, sealed with the master key as it was in the beginning."""
    plain = json.dumps(asdict(person), ensure_ascii=False, sort_keys=True).encode()
    context = receiver_context(order_id)
    return {
        "sealed": VAULT.seal(plain, context),
        "digest": VAULT.digest(plain, context),
        "phone_digest": digest_of_phone(VAULT.derived_key, person.phone),
        "phone_last4": last_four(person.phone),
    }


async def receiver_of(sessions: Sessions, order_id: str = "") -> KnownReceiver:
    """Who gets this order, or the only one."""
    async with sessions.begin() as session:
        if not order_id:
            [row] = await run(session, "SELECT order_id FROM receiver")
            order_id = row.order_id
        known = await open_receiver(session, VAULT, order_id)
    assert known is not None
    return known


async def change_receiver(sessions: Sessions, order_id: str = "", **changes: Any) -> None:
    """The channel tells another name, phone, detail or city for this order, or the only one."""
    known = await receiver_of(sessions, order_id)
    place: dict[str, Any] = {
        name: changes.pop(name) for name in ("detail", "city") if name in changes
    }
    told: Any = replace(known.told, **changes, address=replace(known.address, **place))
    async with sessions.begin() as session:
        assert await save_receiver(session, VAULT, known.order_id, told)


async def hide_receiver(sessions: Sessions, oaid: str, name: str = "", phone: str = "") -> None:
    """The platform tells masks instead of the receiver of the only order."""
    known = await receiver_of(sessions)
    told = MaskedReceiver(oaid, name, phone, known.address)
    async with sessions.begin() as session:
        assert await save_receiver(session, VAULT, known.order_id, told)


def buyer(ref: str) -> str:
    """What stands for a buyer whom his channel calls so."""
    return digest_of_buyer(VAULT.derived_key, ref)


async def say(sessions: Sessions, order_id: str, subject: str = "", **words: str) -> None:
    """Somebody said this about the order, or there."""
    async with sessions.begin() as session:
        await add_words(session, order_id, subject or of_order(order_id), **words)


async def said(sessions: Sessions, subject: str = "") -> dict[str, str]:
    """What was said there, or about the only order."""
    about = "subject = :subject" if subject else "subject LIKE 'order/%'"
    query = f"SELECT subject, order_id FROM sealed_words WHERE {about}"
    async with sessions.begin() as session:
        [row] = await run(session, query, **({"subject": subject} if subject else {}))
        return dict((await said_about(session, {row.subject: row.order_id}))(row.subject))
