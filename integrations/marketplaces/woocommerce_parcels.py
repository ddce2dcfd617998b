"""Parcels as an order's meta data keeps them: WooCommerce itself knows no parcels."""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from integrations.marketplaces.port import ShipConfirmation
from integrations.marketplaces.woocommerce_order import Order

_OURS: Final = "_onhand_parcel_"


def our_parcel(confirmation: ShipConfirmation) -> dict[str, str]:
    """One entry a parcel, so that two that leave at once do not overwrite each other."""
    told = {
        "carrier": confirmation.carrier,
        "waybill_no": confirmation.waybill_no,
        "lines": {line.external_line_no: line.quantity for line in confirmation.lines},
        "whole": not confirmation.partial,
    }
    return {"key": f"{_OURS}{confirmation.reference}", "value": json.dumps(told)}


def is_told(order: Order, confirmation: ShipConfirmation) -> bool:
    key = f"{_OURS}{confirmation.reference}"
    return any(one.key == key for one in order.meta_data)


def is_all_told(order: Order, left: Mapping[str, int]) -> bool:
    """Whether the parcels written down hold every unit that is left of the order."""
    told: Counter[str] = Counter()
    for meta in order.meta_data:
        if not meta.key.startswith(_OURS):
            continue
        with suppress(ValueError, TypeError, AttributeError):
            parcel = json.loads(str(meta.value))
            if parcel.get("whole") is True:
                return True
            told.update({str(line): int(n) for line, n in parcel["lines"].items()})
    return all(told[line] >= units for line, units in left.items())


def tracking_items(
    order: Order, key: str, confirmation: ShipConfirmation
) -> list[Mapping[str, Any]]:
    """What the usual tracking plug-in shows the buyer: those there are and this one."""
    known = next((one.value for one in order.meta_data if one.key == key), None)
    items = [one for one in known if isinstance(one, dict)] if isinstance(known, list) else []
    shipped_at = confirmation.shipped_at or datetime.now(UTC)
    return [
        *items,
        {
            "tracking_provider": "",
            "custom_tracking_provider": confirmation.carrier,
            "custom_tracking_link": "",
            "tracking_number": confirmation.waybill_no,
            "date_shipped": str(int(shipped_at.timestamp())),
            "tracking_id": confirmation.reference,
        },
    ]
