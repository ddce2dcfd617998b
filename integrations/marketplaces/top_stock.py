"""What a shop may sell, told to TOP: by SKU where the listing has several, else by listing."""

from collections.abc import Mapping
from typing import Final

from domain.shared.errors import Rejected
from integrations.marketplaces.port import Listing

_FULL: Final = "1"  # set the count; 2 would add to it
SKUS: Final = "taobao.skus.quantity.update"
ITEM: Final = "taobao.item.quantity.update"


def stock_call(listing: Listing, quantity: int) -> tuple[str, Mapping[str, str]]:
    """Method and parameters. Raises Rejected (`listing_unknown`) while its number is not known."""
    num_iid, sku_id = listing.ids.get("num_iid", ""), listing.ids.get("sku_id", "")
    if not num_iid:
        text = "the listing's num_iid is not known yet; an order that carries it brings it"
        raise Rejected(text, code="listing_unknown", system="onhand")
    parameters = {"num_iid": num_iid, "type": _FULL}
    if sku_id:
        return SKUS, {**parameters, "skuid_quantities": f"{sku_id}:{quantity}"}
    return ITEM, {**parameters, "quantity": str(quantity)}
