"""What the ERP sandboxes share: a chart of accounts, months that are closed, vouchers."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from domain.finance.accounts import NUMBER
from integrations.sandbox.framework import Refusal, Vendor

Record = dict[str, Any]
CHART: Final = frozenset(NUMBER.values())
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-\d{2}")
_SETTINGS: Final = "settings"


class ClosedMonths(BaseModel):
    """Months in which nothing can be booked any more, as 2026-03."""

    model_config = ConfigDict(extra="forbid")

    months: list[str] = Field(max_length=100)


class LedgerSandbox(Vendor):
    """Vouchers by their numbers; whose `text` begins with our key."""

    def controls(self) -> APIRouter:
        router = APIRouter(tags=[self.name])

        @router.get("/vouchers")
        async def vouchers() -> list[Record]:
            """As the ERP has them, the first first."""
            return self.vouchers()

        @router.put("/closed-months", status_code=204)
        async def close(given: ClosedMonths) -> None:
            """Close the books of these months, and no others."""
            self.sandbox.store.put(self.name, _SETTINGS, "closed", {"months": given.months})

        return router

    def acknowledged(self, status: int, body: bytes) -> bool:
        return False  # an ERP tells us nothing by itself

    def vouchers(self) -> list[Record]:
        return self.sandbox.store.all(self.name, "voucher")

    def keep(self, voucher: Record) -> Record:
        """Under the next number of its month. Raises Refusal with an empty code."""
        month = self._month(str(voucher["day"]))
        for entry in voucher["entries"]:
            if entry["account"] not in CHART:
                raise Refusal("", f"科目编码{entry['account']}不存在")
        debit = sum(Decimal(entry["debit"]) for entry in voucher["entries"])
        credit = sum(Decimal(entry["credit"]) for entry in voucher["entries"])
        if len(voucher["entries"]) < 2 or debit != credit or debit <= 0:
            raise Refusal("", "凭证借贷不平衡")
        number = self.sandbox.store.next_number(self.name, f"voucher/{month}")
        at = self.sandbox.now().isoformat()
        kept = {**voucher, "number": number, "month": month, "total": str(debit), "at": at}
        self.sandbox.store.put(self.name, "voucher", f"{month}-{number:06d}", kept)
        return kept

    def _month(self, day: str) -> str:
        found = _DAY.match(day)
        if found is None:
            raise Refusal("", "日期格式不正确")
        month = f"{found[1]}-{found[2]}"
        closed = self.sandbox.store.get(self.name, _SETTINGS, "closed") or {"months": []}
        if month in closed["months"]:
            raise Refusal("", f"会计期间{month}已结账")
        return month


def sum_of(value: Any) -> str:
    """A sum as it was told; nothing where none was. Raises Refusal with an empty code."""
    try:
        told = Decimal(str(value if value not in (None, "") else 0))
    except InvalidOperation:
        raise Refusal("", "金额格式不正确") from None
    if not told.is_finite() or told != round(told, 2):
        raise Refusal("", "金额格式不正确")
    return f"{told:.2f}"
