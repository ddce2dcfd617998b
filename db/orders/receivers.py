"""Who gets an order: sealed on the way in and opened on the way out, here and nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.keys import OrderKey, order_key, phone_digest, receiver_digest
from db.orders.tables import ReceiverRow
from db.sql import run
from db.vault import Vault, correction_context, receiver_context
from domain.orders.channels import WAYBILL_FOR_SEVERAL
from domain.platform.masking import seen
from domain.platform.permissions import Role
from domain.platform.quoting import opened
from domain.shared.address import (
    Address,
    Contact,
    MaskedReceiver,
    Receiver,
    as_compared,
    masked_as_compared,
)
from domain.shared.phone import last_four, normal_phone

_SAVE: Final = """
INSERT INTO receiver (order_id, kind, sealed, digest, whole_digest, phone_digest, phone_last4,
                      country, province, city, district, postcode, division_code, longitude,
                      latitude, edited_by_us)
VALUES (:order_id, :kind, :sealed, :digest, :whole_digest, :phone_digest, :phone_last4,
        :country, :province, :city, :district, :postcode, :division_code, :longitude,
        :latitude, :edited_by_us)
ON CONFLICT (order_id) DO UPDATE SET
    kind = excluded.kind, sealed = excluded.sealed, digest = excluded.digest,
    whole_digest = excluded.whole_digest,
    phone_digest = excluded.phone_digest, phone_last4 = excluded.phone_last4,
    country = excluded.country, province = excluded.province, city = excluded.city,
    district = excluded.district, postcode = excluded.postcode,
    division_code = excluded.division_code, longitude = excluded.longitude,
    latitude = excluded.latitude, edited_by_us = excluded.edited_by_us,
    version = receiver.version + 1
WHERE (excluded.edited_by_us OR NOT receiver.edited_by_us)
  AND (receiver.kind,
       CASE WHEN receiver.digest = ANY(:digests) THEN excluded.digest ELSE receiver.digest END,
       receiver.country, receiver.province, receiver.city,
       receiver.district, receiver.postcode, receiver.edited_by_us)
    IS DISTINCT FROM (excluded.kind, excluded.digest, excluded.country, excluded.province,
                      excluded.city, excluded.district, excluded.postcode,
                      excluded.edited_by_us)
RETURNING order_id
"""

_SOLD_BY: Final = "SELECT channel, shop_id, buyer_digest FROM sales_order WHERE id = :order_id"
_CORRECTION: Final = "SELECT data FROM correction WHERE id = :id"

# Who lives where stands with the receiver alone; the correction remains as a fact.
_FORGET: Final = "UPDATE correction SET data = '{}' WHERE id = :id"


@dataclass(frozen=True, slots=True)
class Person:
    """What names a receiver; of one the platform hides, its masks and its own id for him."""

    name: str = ""
    phone: str = ""
    company: str = ""
    detail: str = ""
    oaid: str = ""


@dataclass(frozen=True, slots=True)
class KnownReceiver:
    """A receiver as a person may see him who has the right to."""

    order_id: str
    kind: str  # contact | masked
    person: Person
    address: Address
    edited_by_us: bool
    version: int
    erased: bool = False  # nobody knows any more who he was

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def phone(self) -> str:
        return self.person.phone

    def as_seen_by(self, roles: frozenset[Role]) -> "KnownReceiver":
        """As somebody with these roles sees him who gave no reason."""
        person = Person(
            name=seen("name", self.person.name, roles),
            phone=seen("phone", self.person.phone, roles),
            company=seen("company", self.person.company, roles),
            detail=seen("detail", self.person.detail, roles),
        )
        return replace(self, person=person, address=replace(self.address, detail=person.detail))

    @property
    def told(self) -> Receiver:
        """As the channel told him, or a person corrected him."""
        if self.kind == "masked":
            return MaskedReceiver(self.person.oaid, self.name, self.phone, self.address)
        return Contact(self.name, self.phone, self.address, self.person.company)


async def save_receiver(
    session: AsyncSession, vault: Vault, order_id: str, told: Receiver, *, edited: bool = False
) -> bool:
    """Keep who gets the order; True when he is new or another. One that was `edited` by us stays
    until he is edited again. Raises PersonErased.
    """
    key = await order_key(session, vault, order_id)
    place = asdict(told.address)
    del place["detail"]
    person = _person(told)
    opened(*asdict(person).values(), normal_phone(person.phone))
    saved = await run(
        session,
        _SAVE,
        order_id=order_id,
        kind="masked" if isinstance(told, MaskedReceiver) else "contact",
        edited_by_us=edited,
        digests=key.digests(_plain(person), receiver_context(order_id)),
        **await sealed_columns(session, key, person),
        whole_digest=await _whole_digest(session, vault, order_id, told),
        **place,
    )
    return bool(saved)


async def open_receiver(session: AsyncSession, vault: Vault, order_id: str) -> KnownReceiver | None:
    """Who gets the order, as far as he was told. Raises CannotOpen."""
    row = await session.get(ReceiverRow, order_id, populate_existing=True)
    if row is None:
        return None
    erased = not row.sealed
    person = Person() if erased else await open_person(session, vault, order_id, row.sealed)
    address = Address(
        row.country, row.province, row.city, row.district, person.detail, row.postcode,
        row.division_code, row.longitude, row.latitude,
    )  # fmt: skip
    return KnownReceiver(order_id, row.kind, person, address, row.edited_by_us, row.version, erased)


async def correct_receiver(
    session: AsyncSession, vault: Vault, order_id: str, correction_id: str
) -> None:
    """Take over a person's correction, once: afterwards it is forgotten. Raises CannotOpen."""
    found = await run(session, _CORRECTION, id=correction_id)
    known = await open_receiver(session, vault, order_id)
    if known is None or not found or not found[0].data:
        return
    key = await order_key(session, vault, order_id)
    plain = key.open(bytes.fromhex(found[0].data["sealed"]), correction_context(correction_id))
    values: dict[str, Any] = json.loads(plain)
    who = {name: values[name] for name in ("name", "phone") if name in values}
    where = {name: value for name, value in values.items() if name not in who}
    address = replace(known.address, **where)
    told = replace(known.told, address=address)
    if isinstance(told, Contact):
        told = replace(told, **who)
    await save_receiver(session, vault, order_id, told, edited=True)
    await run(session, _FORGET, id=correction_id)


def sealed_correction(
    key: OrderKey, correction_id: str, values: Mapping[str, Any]
) -> dict[str, str]:
    """A corrected receiver as it waits for its order: `correction.data`."""
    plain = json.dumps(dict(values), ensure_ascii=False).encode()
    return {"sealed": key.seal(plain, correction_context(correction_id)).hex()}


async def sealed_columns(session: AsyncSession, key: OrderKey, person: Person) -> dict[str, Any]:
    """The columns of `receiver` that follow from who he is."""
    plain, context = _plain(person), receiver_context(key.order_id)
    return {
        "sealed": key.seal(plain, context),
        "digest": key.digests(plain, context)[0],
        "phone_digest": await phone_digest(session, key.vault, person.phone),
        "phone_last4": last_four(person.phone),
    }


async def open_person(session: AsyncSession, vault: Vault, order_id: str, sealed: bytes) -> Person:
    """Who he is. Raises PersonErased, and CannotOpen for what was sealed for another order or with
    another key."""
    key = await order_key(session, vault, order_id)
    person = Person(**json.loads(key.open(bytes(sealed), receiver_context(order_id))))
    opened(*asdict(person).values(), normal_phone(person.phone))
    return person


async def _whole_digest(session: AsyncSession, vault: Vault, order_id: str, told: Receiver) -> str:
    """The same for the same person at the same place, whatever order he is told for. One that only
    his platform knows is the same within its shop alone; empty where its waybills are for one order
    each."""
    if not isinstance(told, MaskedReceiver):
        return await receiver_digest(session, vault, as_compared(told))
    rows = await run(session, _SOLD_BY, order_id=order_id)
    if not rows or rows[0].channel not in WAYBILL_FOR_SEVERAL:
        return ""
    row = rows[0]
    if not (text := masked_as_compared(told, row.buyer_digest)):
        return ""
    return await receiver_digest(session, vault, f"masked|{row.channel}|{row.shop_id}|{text}")


def _plain(person: Person) -> bytes:
    return json.dumps(asdict(person), ensure_ascii=False, sort_keys=True).encode()


def _person(told: Receiver) -> Person:
    if isinstance(told, MaskedReceiver):
        return Person(told.name_mask, told.phone_mask, detail=told.address.detail, oaid=told.oaid)
    return Person(told.name, told.phone, told.company, told.address.detail)
