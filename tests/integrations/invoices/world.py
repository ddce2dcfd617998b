"""Our client of an issuer of invoices against the sandbox's server, with a clock one can turn."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from domain.finance.invoices import Back, Buyer, InvoiceLine, tax_within
from integrations.access import FinanceAccess, Secrets
from integrations.invoices.port import BlueInvoice, InvoiceIssuer, RedInvoice
from integrations.invoices.registry import ISSUERS
from integrations.sandbox.demo_issuers import demo_issuers
from integrations.sandbox.settings import SandboxSettings
from tests.integrations.sandbox.world import World, create_world

BUYER = Buyer("上海某某科技有限公司", "91310000MA1K00000X", "fp@example.cn")
CODE = "1030201020000000000"


def line(index: int, total: int, units: int = 1, rate: int = 1300) -> InvoiceLine:
    tax = tax_within(total, rate)
    return InvoiceLine(index, f"L{index}", f"铁观音 {index}", units, CODE, rate, total, tax)


LINES = (line(1, 9999, units=3), line(2, 1000, rate=900))


def blue(number: int = 1, **changes: Any) -> BlueInvoice:
    at = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
    made = BlueInvoice(f"IV260501-{number:08d}", at, "CNY", BUYER, LINES, "SO-1")
    return replace(made, **changes)


def red(blue_number: str, *backs: Back, number: int = 1) -> RedInvoice:
    """Of these lines; of all without any."""
    whole = not backs
    taken = backs or tuple(Back(x.index, x.units, x.total_minor, x.tax_minor) for x in LINES)
    at = datetime(2026, 5, 2, 2, 0, tzinfo=UTC)
    return RedInvoice(
        f"IR260502-{number:08d}", at, "CNY", BUYER, blue_number, LINES, taken, whole, "returned"
    )


@dataclass
class Issuer:
    """A sandbox issuer and our client of it."""

    world: World
    client: InvoiceIssuer

    async def invoices(self) -> list[Any]:
        answer = await self.world.vendor_http.get("/sandbox/nuonuo/invoices")
        found: list[Any] = answer.raise_for_status().json()
        return found

    async def outcome(self, outcome: str, **told: Any) -> None:
        answer = await self.world.vendor_http.put(
            "/sandbox/nuonuo/outcome", json={"outcome": outcome, **told}
        )
        answer.raise_for_status()


def open_issuer(world: World, **changes: Any) -> InvoiceIssuer:
    """The client as the company opens it; `changes` replace secrets or settings."""
    (demo,) = demo_issuers(SandboxSettings())
    secrets = {name: str(changes.pop(name, value)) for name, value in demo.secrets.items()}
    return ISSUERS[demo.vendor].opens(
        FinanceAccess(
            demo.id, f"http://sandbox{demo.path}", Secrets(demo.id, secrets),
            {**demo.settings, **changes}, world.vendor_http, now=world.now,
        )
    )  # fmt: skip


def issuer_world(**changes: Any) -> Issuer:
    world = create_world()
    return Issuer(world, open_issuer(world, **changes))
