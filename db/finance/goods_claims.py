"""Claims for goods: opened by a case or a difference, moved on by people, told to the books."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.audit import audit
from db.sql import run
from domain.finance.goods_claims import ClaimMove, ClaimSums, moved_on
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import GoodsClaimNotFound, InvalidInput

_OPEN: Final = """
INSERT INTO goods_claim (claim_no, origin, document_no, location_id, debtor, never_came, currency,
    claimed_minor, created_by)
VALUES (:claim_no, :origin, :document, :location, :debtor, :never_came, :currency, :claimed, :actor)
ON CONFLICT DO NOTHING
"""

_FIND: Final = """
SELECT c.*, c.accepted_minor - c.received_minor - c.set_off_minor - c.written_off_minor AS owed
FROM goods_claim c WHERE c.claim_no = :claim_no
"""

_MONEY: Final = """
INSERT INTO goods_claim_money (id, claim_no, kind, amount_minor, reference, reason, value_on, actor)
VALUES (:id, :claim_no, :kind, :amount, :reference, :reason, :on, :actor)
"""

_SUMS: Final = """
UPDATE goods_claim SET accepted_minor = :accepted, received_minor = :received,
    set_off_minor = :set_off, written_off_minor = :written_off WHERE claim_no = :claim_no
"""

_LEDGER: Final = """
SELECT m.id, m.kind, m.amount_minor, m.reference, m.reason, m.value_on, m.actor, m.at,
       coalesce(v.no, '') AS voucher_no
FROM goods_claim_money m
LEFT JOIN book_fact f ON f.kind = 'goods_claim' AND f.subject = m.id
LEFT JOIN voucher v ON v.fact_id = f.id
WHERE m.claim_no = :claim_no ORDER BY m.at, m.id
"""

_LIST: Final = """
SELECT c.*, c.accepted_minor - c.received_minor - c.set_off_minor - c.written_off_minor AS owed
FROM goods_claim c
WHERE (NOT CAST(:waiting AS boolean) OR c.accepted_minor = 0
       OR c.accepted_minor > c.received_minor + c.set_off_minor + c.written_off_minor)
  AND (CAST(:document AS text) = '' OR c.document_no = :document)
  AND (CAST(:before AS text) = '' OR (c.created_at, c.claim_no) < (
       SELECT created_at, claim_no FROM goods_claim WHERE claim_no = :before))
ORDER BY c.created_at DESC, c.claim_no DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class NewGoodsClaim:
    """Who is to pay how much for the goods of a case or difference."""

    claim_no: str
    origin: str
    document_no: str
    location_id: str
    debtor: str
    currency: str
    claimed_minor: int
    never_came: bool = False


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One line of its ledger as somebody says it. `act` names the press of the button."""

    act: str
    move: ClaimMove
    minor: int
    on: date | None = None
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GoodsClaims:
    """`actor` is who writes; `request_id` names the request in the audit trail."""

    session: AsyncSession
    actor: str = "system"
    request_id: str = ""

    async def open(self, new: NewGoodsClaim) -> None:
        """Each case or difference has one claim; it is nothing in the books until accepted."""
        await run(
            self.session, _OPEN, claim_no=new.claim_no, origin=new.origin,
            document=new.document_no, location=new.location_id, debtor=new.debtor,
            never_came=new.never_came, currency=new.currency, claimed=new.claimed_minor,
            actor=self.actor,
        )  # fmt: skip

    async def find(self, claim_no: str) -> Row[Any]:
        """Raises GoodsClaimNotFound."""
        return await self._one(_FIND, claim_no)

    async def ledger(self, claim_no: str) -> Sequence[Row[Any]]:
        """Its lines, the first first, with their vouchers once they are booked."""
        return await run(self.session, _LEDGER, claim_no=claim_no)

    async def list(
        self, *, waiting: bool, limit: int, before: str = "", document: str = ""
    ) -> Sequence[Row[Any]]:
        """Claims, the newest first; `waiting` those that are not accepted or still owe."""
        return await run(
            self.session, _LIST, waiting=waiting, limit=limit, before=before, document=document
        )

    async def move(self, claim_no: str, line: ClaimLine) -> None:
        """Write one line; said again under the same act it changes nothing.

        Raises GoodsClaimNotFound, ActionNotAllowed, and InvalidInput for no sum, a day yet to come
        and a write-off or correction without a reason.
        """
        row = await self._one(f"{_FIND} FOR UPDATE OF c", claim_no)
        if await run(self.session, "SELECT FROM goods_claim_money WHERE id = :id", id=line.act):
            return
        today = datetime.now(UTC).astimezone(COMPANY_ZONE).date()
        if line.on is not None and line.on > today:
            raise InvalidInput("this day is yet to come")
        if not line.reason and (line.minor < 0 or line.move is ClaimMove.WRITTEN_OFF):
            raise InvalidInput("a reason is needed")
        sums = ClaimSums(
            row.accepted_minor, row.received_minor, row.set_off_minor, row.written_off_minor
        )
        after = moved_on(sums, line.move, line.minor, row.debtor)
        await run(
            self.session, _MONEY, id=line.act, claim_no=claim_no, kind=line.move,
            amount=line.minor, reference=line.reference, reason=line.reason,
            on=line.on or today, actor=self.actor,
        )  # fmt: skip
        await run(
            self.session, _SUMS, claim_no=claim_no, accepted=after.accepted,
            received=after.received, set_off=after.set_off, written_off=after.written_off,
        )  # fmt: skip
        await audit(
            self.session, self.actor, f"goods_claim.{line.move}", f"goods-claim/{claim_no}",
            reason=line.reason, after={"amount_minor": line.minor, "currency": row.currency},
            request_id=self.request_id,
        )  # fmt: skip

    async def _one(self, statement: str, claim_no: str) -> Row[Any]:
        rows = await run(self.session, statement, claim_no=claim_no)
        if not rows:
            raise GoodsClaimNotFound(f"there is no claim for goods {claim_no[:50]!a}")
        return rows[0]
