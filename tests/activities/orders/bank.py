"""A payment provider as its own books have it: what it paid out, whatever we heard of it."""

from dataclasses import dataclass, field

from domain.orders.payment import RefundStatus
from domain.shared.errors import AnswerLost, Unavailable
from integrations.payments.port import RefundRequest, RefundState
from tests.fakes.outside import FakeProvider

LIVE = (RefundStatus.PROCESSING, RefundStatus.ABNORMAL, RefundStatus.SUCCEEDED)


@dataclass
class Asked:
    """A refund that it knows by our number."""

    transaction: str
    minor: int
    status: RefundStatus


@dataclass
class Bank(FakeProvider):
    """`fate` is how the next refund stands after the call; `fails` is when the next call fails."""

    provider: str = "stripe"
    captured: dict[str, int] = field(default_factory=dict)
    known: dict[str, Asked] = field(default_factory=dict)
    fate: RefundStatus = RefundStatus.SUCCEEDED
    fails: str = ""

    def paid_out(self, transaction: str) -> int:
        """What it paid or will pay back of a payment, as far as it knows."""
        return sum(
            one.minor
            for one in self.known.values()
            if one.transaction == transaction and one.status in LIVE
        )

    async def refund(self, request: RefundRequest) -> RefundState:
        self._fail_if("before", Unavailable("down"))
        assert request.refund_no not in self.known, "asked for the same refund twice"
        left = self.captured[request.transaction_id] - self.paid_out(request.transaction_id)
        assert 0 < request.amount_minor <= left, "more would go back than came in"
        asked = Asked(request.transaction_id, request.amount_minor, self.fate)
        self.known[request.refund_no] = asked
        self._fail_if("after", AnswerLost("no answer"))
        return RefundState(asked.status, request.refund_no)

    async def query(self, request: RefundRequest) -> RefundState | None:
        self._fail_if("before", Unavailable("down"))
        known = self.known.get(request.refund_no)
        return RefundState(known.status, request.refund_no) if known else None

    def moves(self, refund_no: str, status: RefundStatus) -> None:
        """A refund that is not at its end goes on there."""
        asked = self.known[refund_no]
        if asked.status in (RefundStatus.PROCESSING, RefundStatus.ABNORMAL):
            asked.status = status

    def _fail_if(self, when: str, error: Exception) -> None:
        if self.fails == when:
            self.fails = ""
            raise error
