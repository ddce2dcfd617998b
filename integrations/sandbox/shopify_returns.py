"""Returns in the Shopify sandbox: buyers ask, the seller approves, declines, processes, closes."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from integrations.sandbox.framework import Sandbox
from integrations.sandbox.shopify_orders import Order

RETURN: Final = "return"
_REASONS: Final = ("FINAL_SALE", "OTHER", "RETURN_PERIOD_ENDED")
Kept = dict[str, Any]
Variables = Mapping[str, Any]


class ShopifyReturnDesk:
    """`find` is an order by its number, `push` tells a return under a topic, `pay` gives money
    back: every change is told."""

    def __init__(
        self,
        sandbox: Sandbox,
        vendor: str,
        find: Callable[[str], Order | None],
        push: Callable[[Kept, str], None],
        pay: Callable[[Order, Decimal], None],
    ) -> None:
        self._sandbox = sandbox
        self._vendor = vendor
        self._find = find
        self._push = push
        self._pay = pay

    @property
    def documents(self) -> dict[str, Callable[[Variables], Mapping[str, Any]]]:
        return {
            "Return": self.show,
            "ReturnApprove": self.approve,
            "ReturnDecline": self.decline,
            "ReturnProcess": self.process,
            "ReturnClose": self.close,
        }

    def ask(self, order: Order) -> Kept:
        """A buyer wants to send back all that was sent to him."""
        number = 700_000 + self._sandbox.store.next_number(self._vendor, RETURN)
        kept = {
            "id": number,
            "admin_graphql_api_id": f"gid://shopify/Return/{number}",
            "status": "requested",
            "order": {"id": order["id"]},
            "updated_at": order["updated_at"],
            "return_line_items": [
                {
                    "id": number * 100 + position,
                    "fulfillment_line_item": {"line_item": {"id": line["id"]}},
                    "quantity": line["quantity"] - line["fulfillable_quantity"],
                    "return_reason": "UNWANTED",
                    "customer_note": "不想要了",
                    "refunded": 0,
                }
                for position, line in enumerate(order["line_items"])
                if line["quantity"] > line["fulfillable_quantity"]
            ],
        }
        self._keep(kept, "returns/request")
        return kept

    def show(self, variables: Variables) -> Mapping[str, Any]:
        kept = self._known(variables.get("id"))
        if kept is None:
            return {"return": None}
        order = self._find(str(kept["order"]["id"]))
        assert order is not None, "a return is of an order"
        money = {"amount": order["total_price"], "currencyCode": order["currency"]}
        paid = {
            "id": f"gid://shopify/OrderTransaction/{order['id']}",
            "kind": "SALE",
            "status": "SUCCESS",
            "amountSet": {"presentmentMoney": money},
        }
        nodes = [
            {
                "id": f"gid://shopify/ReturnLineItem/{line['id']}",
                "quantity": line["quantity"],
                "refundableQuantity": line["quantity"] - line["refunded"],
                "refundedQuantity": line["refunded"],
            }
            for line in kept["return_line_items"]
        ]
        return {
            "return": {
                "id": kept["admin_graphql_api_id"],
                "status": kept["status"].upper(),
                "returnLineItems": {"nodes": nodes, "pageInfo": {"hasNextPage": False}},
                "order": {"transactions": [paid]},
            }
        }

    def approve(self, variables: Variables) -> Mapping[str, Any]:
        kept = self._known(_input(variables).get("id"))
        return self._go_on(kept, "requested", "open", "returns/approve")

    def decline(self, variables: Variables) -> Mapping[str, Any]:
        told = _input(variables)
        if told.get("declineReason") not in _REASONS:
            return _answered("INVALID", "Decline reason is invalid.")
        return self._go_on(self._known(told.get("id")), "requested", "declined", "returns/decline")

    def process(self, variables: Variables) -> Mapping[str, Any]:
        """Units of it, and the money of them; each unit once."""
        told = _input(variables)
        kept = self._known(told.get("returnId"))
        if kept is None or kept["status"] != "open":
            return _answered("INVALID_STATE", "Return status is invalid.")
        lines = {
            f"gid://shopify/ReturnLineItem/{one['id']}": one for one in kept["return_line_items"]
        }
        wanted = told.get("returnLineItems") or []
        for one in wanted:
            line = lines.get(one.get("id"))
            if line is None or not 0 < one["quantity"] <= line["quantity"] - line["refunded"]:
                return _answered("INVALID", "Quantity exceeds what can be processed.")
        for one in wanted:
            lines[one["id"]]["refunded"] += one["quantity"]
        transfer = (told.get("financialTransfer") or {}).get("issueRefund") or {}
        amounts = [
            Decimal(one["transactionAmount"]["amount"])
            for one in transfer.get("orderTransactions", [])
        ]
        order = self._find(str(kept["order"]["id"]))
        assert order is not None, "a return is of an order"
        if amounts:
            self._pay(order, sum(amounts, Decimal(0)))
        self._keep(kept, "returns/process")
        return _answered()

    def close(self, variables: Variables) -> Mapping[str, Any]:
        return self._go_on(self._known(variables.get("id")), "open", "closed", "returns/close")

    def _go_on(self, kept: Kept | None, before: str, after: str, topic: str) -> Mapping[str, Any]:
        if kept is None:
            return _answered("NOT_FOUND", "Return not found.")
        if kept["status"] != before:
            return _answered("INVALID_STATE", "Return status is invalid.")
        kept["status"] = after
        self._keep(kept, topic)
        return _answered()

    def _keep(self, kept: Kept, topic: str) -> None:
        kept["updated_at"] = self._sandbox.now().isoformat()
        self._sandbox.store.put(self._vendor, RETURN, str(kept["id"]), kept)
        self._push(kept, topic)

    def _known(self, gid: object) -> Kept | None:
        return self._sandbox.store.get(self._vendor, RETURN, str(gid or "").rpartition("/")[2])


def _input(variables: Variables) -> Mapping[str, Any]:
    told = variables.get("input")
    return told if isinstance(told, dict) else {}


def _answered(code: str = "", message: str = "") -> Mapping[str, Any]:
    errors = [{"code": code, "field": ["id"], "message": message}] if code else []
    return {"answered": {"userErrors": errors}}
