"""Listings and their counts as the TOP sandbox keeps them; what was never listed does not exist."""

import zlib
from collections.abc import Mapping
from typing import Any, Final

from integrations.marketplaces.reading import write_china_time
from integrations.sandbox.demo_shop import PRODUCTS
from integrations.sandbox.framework import Sandbox
from integrations.sandbox.top_requests import Form, Refusal

STOCK: Final = "stock"
MOST_SKUS: Final = 20


def listing_of(sku: str) -> tuple[int, str]:
    """num_iid and sku_id of the one listing that sells a product."""
    number = zlib.crc32(sku.encode()) % 1_000_000_000
    return 600_000_000_000 + number, str(4_000_000_000_000 + number)


class Shelf:
    """The listings of one sandbox; those of the demo shop are there before anybody bought."""

    def __init__(self, sandbox: Sandbox, vendor: str) -> None:
        self._sandbox = sandbox
        self._vendor = vendor

    def all(self) -> list[dict[str, Any]]:
        return self._sandbox.store.all(self._vendor, STOCK)

    def list(self, sku: str) -> None:
        """Have a listing; one that is there keeps its count."""
        num_iid, sku_id = listing_of(sku)
        if self._sandbox.store.get(self._vendor, STOCK, str(num_iid)) is None:
            shown = {"num_iid": num_iid, "sku_id": sku_id, "outer_sku_id": sku, "quantity": 0}
            self._keep(shown)

    def set(self, num_iid: str, quantity: int) -> bool:
        """Somebody changes the count by hand; False when there is no such listing."""
        known = self._listing(num_iid)
        if known is not None:
            self._keep({**known, "quantity": quantity})
        return known is not None

    def set_skus(self, form: Form) -> dict[str, Any]:
        pairs = [pair.split(":") for pair in form.get("skuid_quantities", "").split(";") if pair]
        if not pairs or len(pairs) > MOST_SKUS or any(len(pair) != 2 for pair in pairs):
            raise Refusal(41, "Invalid Arguments", "isv.invalid-parameter:skuid_quantities")
        for sku_id, text in pairs:
            self._change(form, text, sku_id)
        return {
            "item": {"num_iid": form["num_iid"], "modified": write_china_time(self._sandbox.now())}
        }

    def set_item(self, form: Form) -> dict[str, Any]:
        self._change(form, form.get("quantity", ""), form.get("sku_id", ""))
        return {
            "item": {"num_iid": form["num_iid"], "modified": write_china_time(self._sandbox.now())}
        }

    def _item(self, form: Form) -> dict[str, Any]:
        at = write_china_time(self._sandbox.now())
        return {"item": {"num_iid": form["num_iid"], "modified": at}}

    def _change(self, form: Form, text: str, sku_id: str) -> None:
        known = self._listing(form.get("num_iid", ""))
        if known is None:
            raise Refusal(15, "Remote service error", "isv.item-not-exist", "商品不存在")
        if sku_id and sku_id != known["sku_id"]:
            raise Refusal(15, "Remote service error", "isv.sku-not-exist", "SKU不存在")
        if not (text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 9):
            raise Refusal(41, "Invalid Arguments", "isv.invalid-parameter:quantity")
        quantity = int(text) + (known["quantity"] if form.get("type") == "2" else 0)
        if quantity < 0:
            raise Refusal(41, "Invalid Arguments", "isv.invalid-parameter:quantity")
        self._keep({**known, "quantity": quantity})

    def _keep(self, listing: Mapping[str, Any]) -> None:
        self._sandbox.store.put(self._vendor, STOCK, str(listing["num_iid"]), listing)

    def _listing(self, num_iid: str) -> dict[str, Any] | None:
        for product in PRODUCTS:
            if str(listing_of(product.sku)[0]) == num_iid:
                self.list(product.sku)
        return self._sandbox.store.get(self._vendor, STOCK, num_iid)
