"""The channels Onhand speaks to: one line each, and the limits their vendors document."""

from collections.abc import Callable, Mapping
from typing import Final

from integrations.access import Limit, ShopAccess
from integrations.marketplaces import own, shopify, top
from integrations.marketplaces.port import Marketplace

CHANNELS: Final[Mapping[str, Callable[[ShopAccess], Marketplace]]] = {
    "own": own.open_shop,
    "shopify": shopify.open_shop,
    "top": top.open_shop,
}
# Method → calls; a method that is not here waits only when the vendor says so.
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {}
