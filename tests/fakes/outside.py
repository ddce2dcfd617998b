"""Shops and carriers that remember what they were told and fail when they are asked to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from domain.finance.invoices import InvoiceKind
from domain.logistics.tracking import TrackingFact
from domain.orders.payment import RefundStatus
from domain.orders.snapshot import ChannelState, OrderSnapshot
from domain.shared.errors import IntegrationError, Rejected
from integrations.carriers.port import (
    Aggregator,
    Carrier,
    InterceptRequest,
    PushAnswer,
    Rate,
    RateRequest,
    Waybill,
    WaybillRequest,
)
from integrations.erp.port import Erp, ErpVoucher, SavedVoucher
from integrations.invoices.port import BlueInvoice, InvoiceIssuer, InvoiceNews, RedInvoice, Told
from integrations.marketplaces.own_order import parse_own_order
from integrations.marketplaces.port import (
    CaseMarketplace,
    CaseVerdict,
    Marketplace,
    MaskedParcel,
    PlatformWaybill,
    PlatformWaybills,
    ShipConfirmation,
)
from integrations.payments.port import (
    NoticeAnswer,
    PaymentNotice,
    PaymentProvider,
    RefundRequest,
    RefundState,
)
from integrations.suppliers.port import SupplierPort
from tests.fakes.supplier import FakeSupplier


@dataclass
class FakeCarrier:
    """One waybill per order reference; `failures` are raised first, `lost` after the work."""

    code: str = "sf"
    waybills: dict[str, str] = field(default_factory=dict)
    creates: int = 0
    requests: list[WaybillRequest] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    failures: list[IntegrationError] = field(default_factory=list)
    lost: list[IntegrationError] = field(default_factory=list)
    used_up: set[str] = field(default_factory=set)  # references whose waybill was voided
    unfindable: list[IntegrationError] = field(default_factory=list)
    deaf: list[IntegrationError] = field(default_factory=list)
    scans: tuple[TrackingFact, ...] = ()
    returns: dict[str, WaybillRequest] = field(default_factory=dict)
    lost_returns: list[IntegrationError] = field(default_factory=list)
    refused_returns: list[IntegrationError] = field(default_factory=list)
    intercepted: list[InterceptRequest] = field(default_factory=list)
    refused_intercepts: list[IntegrationError] = field(default_factory=list)

    signs_pushes: bool = True

    async def quote(self, request: RateRequest) -> tuple[Rate, ...]:
        return ()

    async def create(self, request: WaybillRequest) -> Waybill:
        self.creates += 1
        self.requests.append(request)
        if self.failures:
            raise self.failures.pop(0)
        if request.order_ref in self.used_up:
            raise Rejected("重复下单", code="8016", system=self.code)
        if request.order_ref in self.waybills:
            raise AssertionError(f"a second label for {request.order_ref}")
        self.waybills[request.order_ref] = f"{self.code.upper()}{len(self.waybills) + 1:012d}"
        if self.lost:
            raise self.lost.pop(0)
        return Waybill(self.code, self.waybills[request.order_ref], request.order_ref, "571")

    async def find(self, order_ref: str) -> Waybill | None:
        if self.unfindable:
            raise self.unfindable.pop(0)
        number = "" if order_ref in self.used_up else self.waybills.get(order_ref)
        return Waybill(self.code, number, order_ref) if number else None

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        self.cancelled.append(waybill_no)
        self.used_up.add(order_ref)

    async def intercept(self, request: InterceptRequest) -> str:
        if self.refused_intercepts:
            raise self.refused_intercepts.pop(0)
        self.intercepted.append(request)
        if self.lost:
            raise self.lost.pop(0)
        return f"I-{request.ref}"

    async def create_return(self, request: WaybillRequest) -> Waybill:
        if self.refused_returns:
            raise self.refused_returns.pop(0)
        self.returns.setdefault(request.order_ref, request)
        if self.lost_returns:
            raise self.lost_returns.pop(0)
        number = list(self.returns).index(request.order_ref) + 1
        return Waybill(self.code, f"R{number}", request.order_ref)

    async def cancel_return(self, order_ref: str, waybill_no: str) -> None:
        self.cancelled.append(waybill_no)

    async def track_return(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        return self.scans

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        if self.deaf:
            raise self.deaf.pop(0)
        return self.scans

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        raise AssertionError("nobody pushes to this carrier")

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        raise AssertionError("nobody pushes to this carrier")


@dataclass
class FakeAggregator(FakeCarrier):
    """Follows everybody's parcels and remembers which."""

    code: str = "kuaidi100"
    followed: list[tuple[str, str]] = field(default_factory=list)

    async def follow(self, carrier: str, waybill_no: str, phone: str) -> None:
        self.followed.append((carrier, waybill_no))

    async def track_of(
        self, carrier: str, waybill_no: str, phone_last4: str
    ) -> tuple[TrackingFact, ...]:
        return self.scans


@dataclass
class FakeShop:
    """A shop of the own channel that hears of shipments."""

    channel: str = "own"
    confirmed: list[ShipConfirmation] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    failures: list[IntegrationError] = field(default_factory=list)
    verdicts: list[CaseVerdict] = field(default_factory=list)

    async def fetch_raw(self, external_no: str) -> bytes:
        if self.failures:
            raise self.failures.pop(0)
        return self.answers[external_no]

    def snapshot(self, raw: bytes) -> OrderSnapshot:
        raise AssertionError("nobody reads an order of this shop anew")

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        self.confirmed.append(confirmation)

    async def answer_case(self, verdict: CaseVerdict) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.verdicts.append(verdict)


@dataclass
class FakeWaybills:
    """A platform's waybills, one for each key; `failures` are raised first, `lost` after the work,
    `refused` when a key comes again. A key is another one each time it is asked for, as with
    platforms that make it."""

    carriers: tuple[str, ...] = ("sf",)
    made: dict[str, str] = field(default_factory=dict)
    parcels: list[MaskedParcel] = field(default_factory=list)
    reserved: int = 0
    cancelled: list[str] = field(default_factory=list)
    failures: list[IntegrationError] = field(default_factory=list)
    lost: list[IntegrationError] = field(default_factory=list)
    refused: list[IntegrationError] = field(default_factory=list)

    def missing(self, carrier: str) -> str:
        return "" if carrier in self.carriers else f"waybills.{carrier}"

    async def reserve(self, parcel: MaskedParcel) -> str:
        self.reserved += 1
        return f"key-{self.reserved}"

    async def create(self, parcel: MaskedParcel, key: str) -> PlatformWaybill:
        self.parcels.append(parcel)
        if self.failures:
            raise self.failures.pop(0)
        if key in self.made and self.refused:
            raise self.refused.pop(0)
        number = self.made.setdefault(key, f"PW{len(self.made) + 1:012d}")
        if self.lost:
            raise self.lost.pop(0)
        return PlatformWaybill(number, f"ciphertext of {number}")

    async def cancel(self, parcel: MaskedParcel, key: str, waybill_no: str) -> None:
        self.cancelled.append(waybill_no or self.made.get(key, "nothing"))


@dataclass
class FakeProvider:
    """Refunds under our numbers; `failures` are raised first, `lost` after the work."""

    provider: str = "wechatpay"
    answer: RefundState = field(default_factory=lambda: RefundState(RefundStatus.SUCCEEDED, "W1"))
    refunds: dict[str, tuple[int, RefundState]] = field(default_factory=dict)
    asked: int = 0
    failures: list[IntegrationError] = field(default_factory=list)
    lost: list[IntegrationError] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)  # our number of every request

    async def refund(self, request: RefundRequest) -> RefundState:
        self.calls.append(request.refund_no)
        if self.failures:
            raise self.failures.pop(0)
        if request.refund_no in self.refunds:
            raise AssertionError(f"a second request for {request.refund_no}")
        self.refunds[request.refund_no] = (request.amount_minor, self.answer)
        if self.lost:
            raise self.lost.pop(0)
        return self.answer

    async def query(self, request: RefundRequest) -> RefundState | None:
        self.asked += 1
        known = self.refunds.get(request.refund_no)
        return known[1] if known else None

    def read_notification(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> PaymentNotice:
        raise NotImplementedError

    def acknowledge(self) -> NoticeAnswer:
        raise NotImplementedError

    def refuse(self, refusal: Rejected) -> NoticeAnswer:
        raise NotImplementedError


@dataclass
class FakeErp:
    """Vouchers under our keys; `failures` are raised first, `lost` after the work."""

    vendor: str = "kingdee"
    vouchers: dict[str, ErpVoucher] = field(default_factory=dict)
    asked: int = 0
    failures: list[IntegrationError] = field(default_factory=list)
    lost: list[IntegrationError] = field(default_factory=list)

    async def save(self, voucher: ErpVoucher) -> SavedVoucher:
        if self.failures:
            raise self.failures.pop(0)
        if voucher.key in self.vouchers:
            raise AssertionError(f"a second voucher {voucher.key}")
        self.vouchers[voucher.key] = voucher
        if self.lost:
            raise self.lost.pop(0)
        return self._saved(voucher)

    async def find(self, voucher: ErpVoucher) -> SavedVoucher | None:
        self.asked += 1
        return self._saved(voucher) if voucher.key in self.vouchers else None

    async def check(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def _saved(self, voucher: ErpVoucher) -> SavedVoucher:
        return SavedVoucher(f"V{list(self.vouchers).index(voucher.key) + 1}")


@dataclass
class FakeIssuer:
    """Invoices under our keys, issued at once or as `answers` say, one for each question;
    `failures` are raised first, `lost` after the work."""

    vendor: str = "nuonuo"
    blue: dict[str, BlueInvoice] = field(default_factory=dict)
    red: dict[str, RedInvoice] = field(default_factory=dict)
    asked: int = 0
    failures: list[IntegrationError] = field(default_factory=list)
    lost: list[IntegrationError] = field(default_factory=list)
    answers: list[InvoiceNews | None] = field(default_factory=list)

    async def issue(self, invoice: BlueInvoice) -> str:
        self._order(invoice.key)
        self.blue[invoice.key] = invoice
        return self._ref(invoice.key)

    async def reverse(self, invoice: RedInvoice) -> str:
        self._order(invoice.key)
        self.red[invoice.key] = invoice
        return self._ref(invoice.key)

    async def ask(self, kind: InvoiceKind, key: str, ref: str) -> InvoiceNews | None:
        self.asked += 1
        if key not in (self.blue if kind is InvoiceKind.BLUE else self.red):
            return None
        if self.answers:
            return self.answers.pop(0)
        return InvoiceNews(Told.ISSUED, f"S-{key}", f"N-{key}", f"https://inv.example.cn/{key}")

    async def check(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def _order(self, key: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if key in self.blue or key in self.red:
            raise AssertionError(f"a second invoice {key}")

    def _ref(self, key: str) -> str:
        if self.lost:
            raise self.lost.pop(0)
        return f"S-{key}"


@dataclass
class FakeAdapters:
    """The outside world of a test; `says` is a state the own channel has no word for: it stands
    for what the channel thinks of an order from now on."""

    sf: FakeCarrier = field(default_factory=FakeCarrier)
    zto: FakeCarrier = field(default_factory=lambda: FakeCarrier("zto"))
    shop: FakeShop = field(default_factory=FakeShop)
    says: dict[str, ChannelState] = field(default_factory=dict)
    bank: FakeProvider = field(default_factory=FakeProvider)
    ledger: FakeErp = field(default_factory=FakeErp)
    nuonuo: FakeIssuer = field(default_factory=FakeIssuer)
    seller: FakeSupplier = field(default_factory=FakeSupplier)
    follower: "FakeAggregator | None" = None
    platform: FakeWaybills | None = None
    unusable: list[IntegrationError] = field(default_factory=list)  # why the shop's settings are

    async def marketplace(self, shop_id: str) -> Marketplace:
        return self.shop

    async def waybills(self, shop_id: str) -> PlatformWaybills | None:
        if self.unusable:
            raise self.unusable[0]
        return self.platform

    async def cases(self, shop_id: str) -> CaseMarketplace:
        return self.shop

    async def payments(self, account_id: str) -> PaymentProvider:
        return self.bank

    async def erp(self, account_id: str) -> Erp:
        return self.ledger

    async def issuer(self, account_id: str) -> InvoiceIssuer:
        return self.nuonuo

    async def supplier(self, code: str) -> SupplierPort:
        return self.seller

    async def carrier(self, code: str) -> Carrier:
        return self.zto if code == "zto" else self.sf

    async def aggregator(self) -> Aggregator:
        if self.follower is None:
            raise Rejected("there is no carrier kuaidi100", code="unknown_carrier")
        return self.follower

    async def snapshot(self, channel: str, shop_id: str, raw: bytes) -> OrderSnapshot:
        told = parse_own_order(raw, shop_id)
        return replace(told, state=self.says.get(told.external_no, told.state))
