"""Labels of parcels whose receiver only the platform knows: ordered with its reference to him."""

from dataclasses import dataclass
from typing import Any, Final

from activities.logistics.ordering import CARGO, insured_minor, sender_of
from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.orders.platform_labels import forget_label, keep_label
from db.orders.receivers import open_person
from db.platform.effects import Effect, EffectRepository
from db.platform.gates import Gates
from db.sql import run
from db.vault import Vault
from domain.orders.work import OutsideStep
from domain.shared.address import Address, MaskedReceiver
from domain.shared.errors import NeedsPlatformWaybill, Rejected
from integrations.carriers.port import Waybill
from integrations.marketplaces.port import MaskedParcel, PackedItem, PlatformWaybills
from integrations.marketplaces.waybill_settings import NOT_SET_UP

_PLATFORM: Final = "platform/"

_SENT_FOR: Final = "UPDATE parcel SET receiver_version = :version WHERE id = :id"


def platform_system(shop_id: str, carrier: str) -> str:
    """Where an effect went: the shop's platform, for this carrier."""
    return f"{_PLATFORM}{shop_id}/{carrier}"


def is_platform(system: str) -> bool:
    """Whether the waybill was ordered at the platform."""
    return system.startswith(_PLATFORM)


# Of several parts of an order in one box it is named once.
_IN_THE_BOX: Final = """
SELECT DISTINCT o.external_no FROM shipment s JOIN sales_order o ON o.id = s.order_id
WHERE s.ships_with = :no AND o.id <> (SELECT order_id FROM shipment WHERE no = :no)
ORDER BY o.external_no
"""


@dataclass(frozen=True, slots=True)
class PlatformLabels:
    """The electronic waybills of platforms, as the label step uses them."""

    sessions: Sessions
    adapters: Adapters
    vault: Vault
    gates: Gates

    async def order(self, step: OutsideStep, row: Any, system: str, reference: str) -> Waybill:
        """The waybill of one box; what is printed is kept sealed.

        Raises NeedsPlatformWaybill saying what a person has to set up or do.
        """
        async with self.sessions.begin() as session:
            _only_plain(row, await run(session, CARGO, no=step.shipment_no))
            await run(session, _SENT_FOR, id=row.id, version=row.receiver_version)
        parcel = await self._parcel(step, row, row.carrier, reference)
        async with self.gates.through(f"shop/{row.shop_id}", step):
            sends(parcel)
            waybills = await self._waybills(row.shop_id, row.carrier)
            async with self.sessions.begin() as session:
                effect = await EffectRepository(session).intend(
                    row.id, "waybill", system, step.shipment_no
                )
            async with attempt(self.sessions, row.id, effect):
                key = await self._key(waybills, parcel, row.id, effect)
                made = await waybills.create(parcel, key)
        async with self.sessions.begin() as session:
            await keep_label(session, self.vault, row.id, made.print_data)
        return Waybill(row.carrier, made.waybill_no, reference)

    async def cancel(
        self, step: OutsideStep, row: Any, effect: Effect, reference: str, waybill_no: str
    ) -> None:
        """Void what the effect left at its platform."""
        shop_id, carrier = effect.system.removeprefix(_PLATFORM).rsplit("/", 1)
        key = _kept_key(effect, reference)
        if key or waybill_no:
            parcel = await self._parcel(step, row, carrier, reference)
            async with self.gates.through(f"shop/{shop_id}", step):
                waybills = await self.adapters.waybills(shop_id)
                if waybills is None:
                    why = f"shop {shop_id} makes no waybills"
                    raise Rejected(why, code=NOT_SET_UP, system="onhand")
                sends(reference=reference, waybill_no=waybill_no)
                await waybills.cancel(parcel, key, waybill_no)
        async with self.sessions.begin() as session:
            await forget_label(session, row.id)

    async def _waybills(self, shop_id: str, carrier: str) -> PlatformWaybills:
        waybills = await self.adapters.waybills(shop_id)
        if waybills is None:
            raise _by_hand("order the waybill there, record it as by hand", "masked_receiver")
        if lacking := waybills.missing(carrier):
            why = (
                f"enter {lacking} in the settings of the shop and retry, or order the waybill"
                " there and record its number as done by hand"
            )
            raise _by_hand(why, NOT_SET_UP)
        return waybills

    async def _key(
        self, waybills: PlatformWaybills, parcel: MaskedParcel, parcel_id: str, effect: Effect
    ) -> str:
        """The platform's key, kept before it is used: after a lost answer it is used again."""
        if known := _kept_key(effect, parcel.reference):
            return known
        key = await waybills.reserve(parcel)
        async with self.sessions.begin() as session:
            kept = {"key": key, "key_of": parcel.reference}
            await EffectRepository(session).remember(parcel_id, kept)
        return key

    async def _parcel(
        self, step: OutsideStep, row: Any, carrier: str, reference: str
    ) -> MaskedParcel:
        async with self.sessions.begin() as session:
            cargo = await run(session, CARGO, no=step.shipment_no)
            person = await open_person(session, self.vault, row.order_id, row.sealed)
            others = await run(session, _IN_THE_BOX, no=step.shipment_no)
        place = Address(
            row.country, row.province, row.city, row.district, person.detail, row.postcode,
            row.division_code,
        )  # fmt: skip
        return MaskedParcel(
            reference=reference,
            external_no=row.external_no,
            carrier=carrier,
            product=row.product,
            sender=sender_of(row),
            receiver=MaskedReceiver(person.oaid, person.name, person.phone, place),
            items=tuple(PackedItem(item.name, item.quantity) for item in cargo),
            weight_g=row.weight_g,
            others=tuple(one.external_no for one in others),
        )


def _only_plain(row: Any, cargo: Any) -> None:
    """A platform's waybill has no field for cash to collect or for a declared value: without them
    goods would leave unpaid or uninsured, so a person orders it where it can be said.
    """
    if row.collects:
        why = "its waybill collects no cash: order one that does there, record it as by hand"
        raise _by_hand(why, "cash_on_delivery")
    if insured_minor(row.settings or {}, cargo, row.boxes):
        why = "its waybill declares no value: order an insured one there, record it as by hand"
        raise _by_hand(why, "declared_value")


def _by_hand(why: str, code: str) -> NeedsPlatformWaybill:
    text = f"the platform hides the receiver: {why}"
    return NeedsPlatformWaybill(text, code=code, system="onhand")


def _kept_key(effect: Effect, reference: str) -> str:
    """The key an earlier attempt used for this reference; empty when there was none."""
    return str(effect.result["key"]) if effect.result.get("key_of") == reference else ""
