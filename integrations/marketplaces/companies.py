"""Which of a platform's carriers is ours: by its code, else by how its Chinese name begins."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# Our code → how platforms write the carrier's code, and the beginning of its name.
CARRIERS: Final = {
    "sf": (("SF", "SHUNFENG"), "顺丰"),
    "zto": (("ZTO", "ZHONGTONG"), "中通"),
    "yto": (("YTO", "YUANTONG"), "圆通"),
    "sto": (("STO", "SHENTONG"), "申通"),
    "yunda": (("YUNDA", "YD"), "韵达"),
    "ems": (("EMS",), "EMS"),
    "jdl": (("JD", "JINGDONG"), "京东"),
}


@dataclass(frozen=True, slots=True)
class Company:
    """A carrier in a platform's list: what its shipping call wants, its code, its name."""

    id: str
    code: str
    name: str


def find_company(companies: Iterable[Company], carrier: str) -> str:
    """The id of our carrier in the platform's list; empty if it is not there."""
    codes, name = CARRIERS.get(carrier, ((carrier.upper(),), ""))
    listed = tuple(companies)
    for company in listed:
        if company.code.upper() in codes:
            return company.id
    for company in listed:
        if name and company.name.startswith(name):
            return company.id
    return ""
