"""What one may have buyers and sellers do in the sandboxes that share these controls: JD,
Pinduoduo, Douyin, WeChat.

The bodies are those of the TOP sandbox, so that one driver can play all of them.
"""

import random
from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, HTTPException
from pydantic import Field

from integrations.sandbox.demo_shop import some_basket
from integrations.sandbox.framework import Sandbox, Vendor
from integrations.sandbox.top_controls import Change, Closing, NewTrades, Payment, Strict
from integrations.sandbox.top_trades import Sold

Order = dict[str, Any]
ORDER: Final = "order"
STOCK: Final = "stock"
_SECOND: Final = timedelta(seconds=1)


class AskRefund(Strict):
    """`refund_status` is the vendor's own code, empty for a buyer who has just asked."""

    refund_status: str = Field(default="", pattern=r"^[0-9]{0,6}$")
    with_return: bool = False


class Freeze(Strict):
    frozen: bool = True


class OrderVendor(Vendor):
    """A marketplace whose buyers order, pay, change their minds; what that means is its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.chance = random.Random(sandbox.settings.seed)
        self._methods: dict[str, Callable[..., Any]] = {}

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._methods)

    def acknowledged(self, status: int, body: bytes) -> bool:
        """Most push nothing: we pull."""
        return True

    @abstractmethod
    def place(self, new: NewTrades, lines: list[Sold]) -> Order:
        """One order, paid for if `new` says so."""

    @abstractmethod
    def number_of(self, order: Order) -> str: ...

    @abstractmethod
    def modified_of(self, order: Order) -> datetime: ...

    @abstractmethod
    def pay(self, order: Order, *, deposit_only: bool) -> None: ...

    @abstractmethod
    def modify(self, order: Order, change: Change) -> None: ...

    @abstractmethod
    def refund(self, order: Order, asked: AskRefund) -> None: ...

    @abstractmethod
    def close(self, order: Order) -> None: ...

    @abstractmethod
    def freeze(self, order: Order, *, frozen: bool) -> None: ...

    def sell(self, count: int, *, masked: bool = False) -> None:
        for _ in range(count):
            self._place(NewTrades(masked=masked))

    def controls(self) -> APIRouter:
        router = APIRouter(tags=[self.name])

        @router.get("/orders")
        async def orders() -> list[Order]:
            return self.sandbox.store.all(self.name, ORDER)

        @router.post("/orders", status_code=201)
        async def create(new: NewTrades) -> list[Order]:
            """Buyers order, and pay unless told otherwise."""
            return [self._place(new) for _ in range(new.count)]

        @router.post("/orders/{number}/pay")
        async def pay(number: str, payment: Payment) -> Order:
            return self._change(
                number, lambda order: self.pay(order, deposit_only=payment.deposit_only)
            )

        @router.post("/orders/{number}/modify")
        async def modify(number: str, change: Change) -> Order:
            return self._change(number, lambda order: self.modify(order, change))

        @router.post("/orders/{number}/refund")
        async def refund(number: str, asked: AskRefund) -> Order:
            return self._change(number, lambda order: self.refund(order, asked))

        @router.post("/orders/{number}/close")
        async def close(number: str, closing: Closing) -> Order:
            """The whole order, whichever line is named: these platforms know no other way."""
            return self._change(number, self.close)

        @router.post("/orders/{number}/freeze")
        async def freeze(number: str, freezing: Freeze) -> Order:
            """The platform forbids shipping, or allows it again."""
            return self._change(number, lambda order: self.freeze(order, frozen=freezing.frozen))

        @router.get("/stock")
        async def stock() -> list[dict[str, Any]]:
            """What we told it that it may sell."""
            return self.sandbox.store.all(self.name, STOCK)

        return router

    def order(self, number: str) -> Order | None:
        return self.sandbox.store.get(self.name, ORDER, number)

    def keep(self, order: Order) -> None:
        self.sandbox.store.put(self.name, ORDER, self.number_of(order), order)

    def touched(self, order: Order) -> datetime:
        """The time of a change: every one is visible as a later second."""
        return max(self.sandbox.now(), self.modified_of(order) + _SECOND)

    def updated_within(self, start: datetime, end: datetime) -> list[Order]:
        """Orders by the time of their last change, latest first; both ends count."""
        found = [
            order
            for order in self.sandbox.store.all(self.name, ORDER)
            if start <= self.modified_of(order) <= end
        ]

        return sorted(
            found, key=lambda one: (self.modified_of(one), self.number_of(one)), reverse=True
        )

    def _place(self, new: NewTrades) -> Order:
        lines = [Sold(line.sku, line.title or line.sku, line.price, line.num) for line in new.lines]
        order = self.place(new, lines or self._some_lines())
        self.keep(order)
        return order

    def _some_lines(self) -> list[Sold]:
        return [
            Sold(product.sku, product.title, product.price, num)
            for product, num in some_basket(self.chance)
        ]

    def _change(self, number: str, change: Callable[[Order], None]) -> Order:
        order = self.order(number)
        if order is None:
            raise HTTPException(404, "no such order")
        change(order)
        self.keep(order)
        return order
