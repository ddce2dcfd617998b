"""What a shop may sell, told to Shopify: compared with what it shows, under a key of its own.

From version 2026-04 on every change names the count it starts from and an idempotency key; a count
that moved meanwhile is read again (wire-formats §1.6).
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from domain.shared.errors import Rejected
from integrations.marketplaces.port import Listing
from integrations.marketplaces.reading import Body, Text
from integrations.marketplaces.shopify_graph_order import GraphBody

STALE: Final = "CHANGE_FROM_QUANTITY_STALE"
CONCURRENT: Final = "IDEMPOTENCY_CONCURRENT_REQUEST"
_AVAILABLE: Final = "available"
_LEVELS: Final = """inventoryItem {
      id
      inventoryLevels(first: 50) {
        nodes { location { id } quantities(names: ["available"]) { name quantity } }
      }
    }"""

VARIANT_STOCK_QUERY: Final = f"""query VariantStock($id: ID!) {{
  variant: productVariant(id: $id) {{
    {_LEVELS}
  }}
}}"""

SKU_STOCK_QUERY: Final = f"""query SkuStock($query: String!) {{
  variants: productVariants(first: 2, query: $query) {{
    nodes {{
    {_LEVELS}
    }}
  }}
}}"""

SET_QUANTITIES: Final = """mutation InventorySetQuantities(
  $input: InventorySetQuantitiesInput!, $key: String!
) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}"""


class _Location(Body):
    id: Text


class _Quantity(Body):
    name: Text
    quantity: int


class _Level(Body):
    location: _Location
    quantities: tuple[_Quantity, ...] = ()

    @property
    def available(self) -> int | None:
        return next((one.quantity for one in self.quantities if one.name == _AVAILABLE), None)


class _Levels(Body):
    nodes: tuple[_Level, ...] = ()


class _Item(GraphBody):
    id: Text
    inventory_levels: _Levels = _Levels()


class _Variant(GraphBody):
    inventory_item: _Item


class _Variants(Body):
    nodes: tuple[_Variant, ...] = ()


class _Found(Body):
    variant: _Variant | None = None
    variants: _Variants = _Variants()


class StockAnswer(Body):
    data: _Found


class _Refusal(GraphBody):
    code: Text = ""
    message: Text = ""


class _Set(GraphBody):
    user_errors: tuple[_Refusal, ...] = ()


class _SetData(GraphBody):
    inventory_set_quantities: _Set


class SetAnswer(GraphBody):
    data: _SetData

    @property
    def refusal(self) -> tuple[str, str]:
        """Code and words of the first refusal; empty when it was done."""
        for error in self.data.inventory_set_quantities.user_errors:
            return error.code or "userErrors", error.message
        return "", ""


@dataclass(frozen=True, slots=True)
class Level:
    """What a location of the channel offers of an item."""

    item_id: str
    location_id: str
    quantity: int


def stock_question(listing: Listing) -> tuple[str, dict[str, str]]:
    """The document that finds the item: by the variant an order named, else by its SKU."""
    if variant_id := listing.ids.get("variant_id", ""):
        return VARIANT_STOCK_QUERY, {"id": f"gid://shopify/ProductVariant/{variant_id}"}
    sku = listing.external_sku.replace("\\", "\\\\").replace('"', '\\"')
    return SKU_STOCK_QUERY, {"query": f'sku:"{sku}"'}


def level_of(answer: StockAnswer, listing: Listing, location_id: str) -> Level:
    """The one level we tell. Raises Rejected: `listing_unknown`, `listing_ambiguous`,
    `location_needed`."""
    found = answer.data.variants.nodes or (
        (answer.data.variant,) if answer.data.variant is not None else ()
    )
    if len(found) != 1:
        code = "listing_ambiguous" if found else "listing_unknown"
        raise Rejected(
            f"{len(found)} products have SKU {listing.external_sku}", code=code, system="shopify"
        )
    item = found[0].inventory_item
    levels = [
        Level(item.id, level.location.id, level.available)
        for level in item.inventory_levels.nodes
        if level.available is not None
        and (not location_id or level.location.id.rpartition("/")[2] == location_id)
    ]
    if len(levels) != 1:
        text = f"{len(levels)} locations have it: the shop's setting location_id names which"
        raise Rejected(text, code="location_needed", system="shopify")
    return levels[0]


def set_call(level: Level, quantity: int, reference: str) -> dict[str, Any]:
    """Variables of the change. The key names the value and where it starts: the same request has
    the same key however often it is sent, another start is another request."""
    change = {
        "inventoryItemId": level.item_id,
        "locationId": level.location_id,
        "quantity": quantity,
        "changeFromQuantity": level.quantity,
    }
    seed = f"onhand:{reference}:{level.item_id}:{level.location_id}:{level.quantity}:{quantity}"
    return {
        "input": {
            "name": _AVAILABLE,
            "reason": "correction",
            "referenceDocumentUri": f"onhand://stock-push/{uuid5(NAMESPACE_URL, reference)}",
            "quantities": [change],
        },
        "key": str(uuid5(NAMESPACE_URL, seed)),
    }
