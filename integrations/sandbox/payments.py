"""What the payment sandboxes share: payments one can have buyers make, refunds and their fate."""

from abc import abstractmethod
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from domain.shared.money import Money
from integrations.sandbox.framework import Refusal, Vendor
from integrations.sandbox.pushes import Outgoing

Record = dict[str, Any]
PROCESSING: Final = "processing"
_SETTINGS: Final = "settings"


class RefundFate(StrEnum):
    SUCCEEDED = "succeeded"
    ABNORMAL = "abnormal"  # the buyer's bank does not take the money
    CLOSED = "closed"  # given up for good


class NewPayment(BaseModel):
    """A buyer pays an order; paying it again makes a second payment."""

    model_config = ConfigDict(extra="forbid")

    order_no: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")
    amount: Decimal = Field(gt=0, le=1_000_000_000, decimal_places=2)
    currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")


class Balance(BaseModel):
    """How much we have there to refund from; null is enough for everything."""

    model_config = ConfigDict(extra="forbid")

    minor: int | None = Field(ge=0, le=10**14)


class Fates(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fate: RefundFate


class UsedOtherwise(Refusal):
    """The number was used for another refund."""


class TooMuch(Refusal):
    """More than what was paid and is not refunded."""


class NotEnough(Refusal):
    """Our balance does not cover it."""


class PaymentSandbox(Vendor):
    """`instant`: a refund that succeeds does so in the answer to the request. `given_up`: with
    these ends the money may be refunded again under another number."""

    instant = False
    given_up: tuple[RefundFate, ...] = (RefundFate.CLOSED,)

    def pay(self, order_no: str, amount: Decimal, currency: str = "CNY") -> Record:
        """A buyer's payment, told to us at once."""
        store = self.sandbox.store
        number = store.next_number(self.name, "payment")
        times = store.next_number(self.name, f"paid/{order_no}")
        payment: Record = {
            "transaction_id": self.transaction_id(number),
            "merchant_ref": order_no if times == 1 else f"{order_no}-{times}",
            "order_no": order_no,
            "amount": Money.of(amount, currency).minor,
            "currency": currency,
            "paid_at": self.sandbox.now().isoformat(),
        }
        store.put(self.name, "payment", payment["transaction_id"], payment)
        self.sandbox.pushes.send(self.name, self.payment_push(payment))
        return payment

    def controls(self) -> APIRouter:
        router = APIRouter(tags=[self.name])
        store = self.sandbox.store

        @router.get("/payments")
        async def payments() -> list[Record]:
            return store.all(self.name, "payment")

        @router.post("/payments", status_code=201)
        async def pay(new: NewPayment) -> Record:
            """A buyer pays; a second time makes a second payment of the same order."""
            with store.transaction():
                return self.pay(new.order_no, new.amount, new.currency)

        @router.get("/refunds")
        async def refunds() -> list[Record]:
            return store.all(self.name, "refund")

        @router.put("/balance", status_code=204)
        async def balance(given: Balance) -> None:
            """What we have there to refund from."""
            store.put(self.name, _SETTINGS, "balance", {"minor": given.minor})

        @router.put("/refund-fate", status_code=204)
        async def fate(given: Fates) -> None:
            """How refunds asked for from now on end."""
            store.put(self.name, _SETTINGS, "fate", {"fate": given.fate.value})

        @router.post("/refunds/{refund_no}/mend", status_code=204)
        async def mend(refund_no: str) -> None:
            """Somebody has an abnormal refund paid out at the provider's desk."""
            refund = store.get(self.name, "refund", refund_no)
            if refund is None or refund["status"] != RefundFate.ABNORMAL:
                raise HTTPException(409, "no abnormal refund has this number")
            self._end(refund, RefundFate.SUCCEEDED)

        return router

    def pass_time(self, now: datetime) -> None:
        for refund in self.sandbox.store.all(self.name, "refund"):
            if refund["status"] == PROCESSING and datetime.fromisoformat(refund["due_at"]) <= now:
                self._end(refund, RefundFate(refund["fate"]))

    def give_back(
        self, refund_no: str, payment: Record, amount: int, metadata: Record | None = None
    ) -> Record:
        """The refund with this number, made now or before.

        Raises UsedOtherwise, TooMuch or NotEnough, with empty codes: vendors have their own.
        """
        first = self.sandbox.store.get(self.name, "refund", refund_no)
        if first is not None:
            if (first["transaction_id"], first["amount"]) != (payment["transaction_id"], amount):
                raise UsedOtherwise("", "退款单号已使用")
            return {**first, "repeated": True}
        if amount <= 0 or amount > payment["amount"] - self.refunded(payment):
            raise TooMuch("", "退款金额大于可退金额")
        self._take_from_balance(amount)
        return self._keep_refund(refund_no, payment, amount, metadata or {})

    def refunded(self, payment: Record) -> int:
        """What of the payment went back or is on its way."""
        return sum(
            int(refund["amount"])
            for refund in self.sandbox.store.all(self.name, "refund")
            if refund["transaction_id"] == payment["transaction_id"]
            and refund["status"] not in self.given_up
        )

    @abstractmethod
    def transaction_id(self, number: int) -> str:
        """The vendor's number of a payment."""

    @abstractmethod
    def payment_push(self, payment: Record) -> Outgoing:
        """How the vendor tells of a payment."""

    @abstractmethod
    def refund_push(self, refund: Record, payment: Record) -> Outgoing | None:
        """How the vendor tells how a refund ended."""

    def _take_from_balance(self, amount: int) -> None:
        store = self.sandbox.store
        balance = (store.get(self.name, _SETTINGS, "balance") or {}).get("minor")
        if balance is None:
            return
        if balance < amount:
            raise NotEnough("", "余额不足")
        store.put(self.name, _SETTINGS, "balance", {"minor": balance - amount})

    def _keep_refund(
        self, refund_no: str, payment: Record, amount: int, metadata: Record
    ) -> Record:
        store, now = self.sandbox.store, self.sandbox.now()
        fate = str((store.get(self.name, _SETTINGS, "fate") or {}).get("fate", "succeeded"))
        number = store.next_number(self.name, "refund")
        due_at = now + timedelta(seconds=self.sandbox.settings.seconds_per_hop)
        refund: Record = {
            "refund_no": refund_no,
            "refund_id": f"50{now:%Y%m%d}{number:018d}",
            "transaction_id": payment["transaction_id"],
            "amount": amount,
            "metadata": metadata,
            "status": PROCESSING,
            "fate": fate,
            "created_at": now.isoformat(),
            "due_at": due_at.isoformat(),
        }
        store.put(self.name, "refund", refund_no, refund)
        if self.instant and fate == RefundFate.SUCCEEDED:
            return self._end(refund, RefundFate.SUCCEEDED)
        return refund

    def _end(self, refund: Record, fate: RefundFate) -> Record:
        ended = {**refund, "status": fate.value, "ended_at": self.sandbox.now().isoformat()}
        self.sandbox.store.put(self.name, "refund", refund["refund_no"], ended)
        payment = self.sandbox.store.get(self.name, "payment", refund["transaction_id"])
        assert payment is not None
        if (outgoing := self.refund_push(ended, payment)) is not None:
            self.sandbox.pushes.send(self.name, outgoing)
        return ended
