"""Inventory as the Shopify sandbox keeps it, changed by the rules of version 2026-04."""

import json
from collections.abc import Mapping
from typing import Any, Final

from integrations.sandbox.demo_shop import PRODUCTS
from integrations.sandbox.framework import Sandbox
from integrations.sandbox.shopify_orders import FIRST_VARIANT, LOCATION, variant_of

STOCK: Final = "stock"
_KEY: Final = "idempotency key"
_FIRST_ITEM: Final = 46_000_000_000_000
Variables = Mapping[str, Any]


class Inventory:
    """One location. A document per SKU; the demo shop's are there before anybody bought."""

    def __init__(self, sandbox: Sandbox, vendor: str) -> None:
        self._sandbox = sandbox
        self._vendor = vendor

    def all(self) -> list[dict[str, Any]]:
        return self._sandbox.store.all(self._vendor, STOCK)

    def list(self, sku: str) -> dict[str, Any]:
        """The item of a product; one that is new offers nothing."""
        found = self._sandbox.store.get(self._vendor, STOCK, sku)
        if found is None:
            variant = variant_of(sku)
            item = variant - FIRST_VARIANT + _FIRST_ITEM
            found = {"sku": sku, "variant_id": variant, "inventory_item_id": item, "available": 0}
            self._sandbox.store.put(self._vendor, STOCK, sku, found)
        return found

    def move(self, sku: str, pieces: int) -> None:
        """Pieces are sold (below zero) or come back."""
        item = self.list(sku)
        item["available"] += pieces
        self._sandbox.store.put(self._vendor, STOCK, sku, item)

    def set(self, sku: str, available: int) -> dict[str, Any] | None:
        """Somebody changes the count by hand; None when there is no such product."""
        self._list_all()
        if (item := self._sandbox.store.get(self._vendor, STOCK, sku)) is not None:
            item["available"] = available
            self._sandbox.store.put(self._vendor, STOCK, sku, item)
        return item

    def of_variant(self, variables: Variables) -> Mapping[str, Any]:
        """The answer to VariantStock."""
        self._list_all()
        number = str(variables.get("id")).rpartition("/")[2]
        found = [item for item in self.all() if str(item["variant_id"]) == number]
        return {"variant": _variant(found[0]) if found else None}

    def of_sku(self, variables: Variables) -> Mapping[str, Any]:
        """The answer to SkuStock."""
        self._list_all()
        wanted = str(variables.get("query", "")).removeprefix("sku:").strip('"')
        found = [item for item in self.all() if item["sku"] == wanted]
        return {"variants": {"nodes": [_variant(item) for item in found]}}

    def change(self, variables: Variables) -> Mapping[str, Any]:
        """inventorySetQuantities: the same key has one answer, another body under it is refused,
        and a count that is not what the caller thinks is stale."""
        given = variables.get("input")
        key = str(variables.get("key") or "")
        wish: Mapping[str, Any] = given if isinstance(given, dict) else {}
        quantities = wish.get("quantities") or []
        if not key:
            return _refused("IDEMPOTENCY_KEY_REQUIRED", "The @idempotent directive is required")
        text = json.dumps(wish, sort_keys=True)
        earlier = self._sandbox.store.get(self._vendor, _KEY, key)
        if earlier is not None:
            if earlier["input"] != text:
                return _refused(
                    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "The key was used for other parameters"
                )
            return _done()
        for one in quantities:
            if "changeFromQuantity" not in one:
                return _refused("INVALID", "changeFromQuantity is required")
            item = self._item(one)
            if item is None:
                return _refused("INVALID_INVENTORY_ITEM", "The inventory item does not exist")
            if one["changeFromQuantity"] not in (None, item["available"]):
                return _refused(
                    "CHANGE_FROM_QUANTITY_STALE", "The quantity is not what it was thought to be"
                )
        for one in quantities:
            if (item := self._item(one)) is not None:
                item["available"] = int(one["quantity"])
                self._sandbox.store.put(self._vendor, STOCK, item["sku"], item)
        self._sandbox.store.put(self._vendor, _KEY, key, {"input": text})
        return _done()

    def _item(self, change: Mapping[str, Any]) -> dict[str, Any] | None:
        number = str(change.get("inventoryItemId")).rpartition("/")[2]
        for item in self.all():
            if str(item["inventory_item_id"]) == number and change.get("locationId") == LOCATION:
                return item
        return None

    def _list_all(self) -> None:
        for product in PRODUCTS:
            self.list(product.sku)


def _variant(item: Mapping[str, Any]) -> dict[str, Any]:
    level = {
        "location": {"id": LOCATION},
        "quantities": [{"name": "available", "quantity": item["available"]}],
    }
    inventory_item = {
        "id": f"gid://shopify/InventoryItem/{item['inventory_item_id']}",
        "inventoryLevels": {"nodes": [level]},
    }
    return {"inventoryItem": inventory_item}


def _done() -> Mapping[str, Any]:
    group = {"id": "gid://shopify/InventoryAdjustmentGroup/1"}
    return {"inventorySetQuantities": {"inventoryAdjustmentGroup": group, "userErrors": []}}


def _refused(code: str, message: str) -> Mapping[str, Any]:
    errors = [{"code": code, "field": ["input"], "message": message}]
    return {"inventorySetQuantities": {"inventoryAdjustmentGroup": None, "userErrors": errors}}
