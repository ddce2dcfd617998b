"""The ERPs that vouchers are exported to: one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from integrations.access import FinanceAccess, Limit
from integrations.erp import kingdee, yonyou
from integrations.erp.port import Erp
from integrations.settings import Schema


@dataclass(frozen=True, slots=True)
class ErpVendor:
    """`settings`: what may be set of an account. Every company has an address of its own there."""

    opens: Callable[[FinanceAccess], Erp]
    settings: Schema


ERPS: Final[Mapping[str, ErpVendor]] = {
    "kingdee": ErpVendor(kingdee.open_erp, kingdee.SETTINGS),
    "yonyou": ErpVendor(yonyou.open_erp, yonyou.SETTINGS),
}
# Method → calls; a method that is not here waits only when the vendor says so.
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {}
