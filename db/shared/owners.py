"""Whom we speak to: a shop, a carrier, an account at a provider, an ERP or an issuer of invoices,
each by its system's name."""

from collections.abc import Mapping
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.channels.tables import ShopRow
from db.finance.erp_tables import ErpAccountRow
from db.finance.invoice_tables import InvoiceAccountRow
from db.logistics.tables import CarrierAccountRow
from db.orders.payment_tables import PaymentAccountRow
from db.platform.audit import audit
from db.platform.pausing import credentials_renewed

Owner = ShopRow | CarrierAccountRow | PaymentAccountRow | ErpAccountRow | InvoiceAccountRow

_ROWS: Final[Mapping[str, type[Owner]]] = {
    "shop": ShopRow,
    "carrier": CarrierAccountRow,
    "payment": PaymentAccountRow,
    "erp": ErpAccountRow,
    "invoice": InvoiceAccountRow,
}


async def owner_of(session: AsyncSession, system: str, *, lock: bool = False) -> Owner | None:
    """The row of `shop/tmall-flagship`, `carrier/sf` or `payment/wechat-1`; None without one."""
    kind, _, name = system.partition("/")
    return await session.get(_ROWS[kind], name, with_for_update=lock or None)


async def change_settings(
    session: AsyncSession, system: str, settings: Mapping[str, Any], *, by: str, request_id: str
) -> bool:
    """Replace what is set of a system; who waits because it could not be used goes on. False when
    there is no such system.

    Written down with the keys alone: a contract's own numbers are nobody else's business.
    """
    owner = await owner_of(session, system, lock=True)
    if owner is None:
        return False
    before, owner.settings = owner.settings, dict(settings)
    session.add(owner)
    await session.flush()
    changed = {key for key in {*before, *settings} if before.get(key) != settings.get(key)}
    await audit(
        session, by, "settings.change", system, after={"keys": sorted(changed)},
        request_id=request_id,
    )  # fmt: skip
    await credentials_renewed(session, system, by)
    return True
