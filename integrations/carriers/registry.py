"""The carriers Onhand works with: one line each, and the limits they document."""

from collections.abc import Callable, Mapping
from typing import Final

from integrations.access import CarrierAccess, Limit
from integrations.carriers import jdl, kuaidi100, sf, sto, yto, yunda, zto
from integrations.carriers.port import Carrier
from integrations.settings import CODES, Schema, choice, number, whole, yes_no

# What our contract says about claims for lost and damaged parcels; `domain/logistics/claims.py`
# reads it.
CLAIMS: Final = Schema(
    (
        whole("claim_within_days", 1, 365),
        whole("claim_answer_days", 1, 365),
        whole("claim_pay_days", 1, 365),
        choice("claim_basis", ("cost", "sales")),
        whole("claim_limit_minor"),
        whole("claim_freight_times", 1, 100),
        yes_no("claim_freight"),
    )
)
COMMON: Final = CODES + CLAIMS + Schema((number("timeout_s", 1, 120),))

CARRIERS: Final[Mapping[str, Callable[[CarrierAccess], Carrier]]] = {
    "sf": sf.open_carrier,
    "zto": zto.open_carrier,
    "yto": yto.open_carrier,
    "sto": sto.open_carrier,
    "jdl": jdl.open_carrier,
    "yunda": yunda.open_carrier,
    "kuaidi100": kuaidi100.open_carrier,
}
# What may be set of an account at each of them.
SETTINGS: Final[Mapping[str, Schema]] = {
    code: module.SETTINGS + COMMON
    for code, module in {
        "sf": sf,
        "zto": zto,
        "yto": yto,
        "sto": sto,
        "jdl": jdl,
        "yunda": yunda,
        "kuaidi100": kuaidi100,
    }.items()
}
# Where each documents itself to be.
BASE_URLS: Final[Mapping[str, str]] = {
    "sf": "https://bspgw.sf-express.com/std/service",
    "zto": "https://japi.zto.com",
    "yto": "https://openapi.yto.net.cn:11443/open",
    "sto": "https://cloudinter-linkgateway.sto.cn/gateway/link.do",
    "jdl": "https://api.jdl.com",
    "yunda": "https://openapi.yundaex.com",
    "kuaidi100": "https://poll.kuaidi100.com",
}
# Whose pushes are proven by the address alone: it holds a secret of ours.
UNSIGNED: Final = frozenset({"sf", "yto", "jdl", "yunda"})
# Who follows the parcels of carriers we have no contract with.
AGGREGATOR: Final = "kuaidi100"
# Who collects cash on delivery by a documented service; others by the `cash` product of a contract.
COLLECTS_CASH: Final = frozenset({"sf", "zto", "yto", "kuaidi100"})
# Who makes waybills with which consumers send goods back (a ReturnCarrier).
RETURNS: Final = frozenset({"jdl"})
# Service → calls; a service that is not here waits only when the carrier says so.
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {"kuaidi100": kuaidi100.LIMITS}
