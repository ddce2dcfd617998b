"""Our ERP clients against the sandbox's servers, with a clock one can turn."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from domain.shared.money import Money
from integrations.access import FinanceAccess, Secrets
from integrations.erp.port import Erp, ErpEntry, ErpVoucher
from integrations.erp.registry import ERPS
from integrations.sandbox.demo_erps import demo_erps
from integrations.sandbox.settings import SandboxSettings
from tests.integrations.sandbox.world import World, create_world

VENDORS = ("kingdee", "yonyou")


def voucher(number: int = 1, minor: int = 2550, **changes: Any) -> ErpVoucher:
    """A payment of 25.50: receivable from the channel against buyers' deposits."""
    nothing, paid = Money(0, "CNY"), Money(minor, "CNY")
    made = ErpVoucher(
        f"OH202605-{number:06d}-0a1b2c",
        date(2026, 5, 1),
        "CNY",
        "买家付款 O-1",
        (
            ErpEntry("1122.01", "买家付款 O-1 shop/mini", paid, nothing),
            ErpEntry("2203", "买家付款 O-1", nothing, paid),
        ),
    )
    return replace(made, **changes)


@dataclass
class Ledger:
    """A sandbox ERP and our client of it."""

    vendor: str
    world: World
    client: Erp

    async def vouchers(self) -> list[Any]:
        answer = await self.world.vendor_http.get(f"/sandbox/{self.vendor}/vouchers")
        found: list[Any] = answer.raise_for_status().json()
        return found

    async def close(self, *months: str) -> None:
        path = f"/sandbox/{self.vendor}/closed-months"
        answer = await self.world.vendor_http.put(path, json={"months": list(months)})
        answer.raise_for_status()


def open_erp(world: World, vendor: str, **changes: Any) -> Erp:
    """The client as the company opens it; `changes` replace secrets or settings."""
    (demo,) = [one for one in demo_erps(SandboxSettings()) if one.vendor == vendor]
    secrets = {name: str(changes.pop(name, value)) for name, value in demo.secrets.items()}
    return ERPS[vendor].opens(
        FinanceAccess(
            demo.id, f"http://sandbox{demo.path}", Secrets(demo.id, secrets),
            {**demo.settings, **changes}, world.vendor_http, now=world.now,
        )
    )  # fmt: skip


def ledger_world(vendor: str, **changes: Any) -> Ledger:
    world = create_world()
    return Ledger(vendor, world, open_erp(world, vendor, **changes))
