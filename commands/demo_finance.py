"""The demo company's account books in the ERPs of the sandbox, and its invoices."""

from datetime import date

from sqlmodel.ext.asyncio.session import AsyncSession

from db.finance.erp_tables import ErpAccountRow, ErpCodeRow
from db.finance.invoice_tables import InvoiceAccountRow, TaxCategoryRow
from db.sql import run
from db.vault import Vault, erp_context, issuer_context
from domain.finance.accounts import NUMBER
from integrations.sandbox.demo_erps import demo_erps
from integrations.sandbox.demo_issuers import demo_issuers
from integrations.sandbox.settings import SandboxSettings


async def seed_ledgers(
    session: AsyncSession, vault: Vault, accounts: SandboxSettings, sandbox: str
) -> None:
    """Account books in two ERPs, whose codes are the numbers our accounts have."""
    for erp in demo_erps(accounts):
        session.add(
            ErpAccountRow(
                id=erp.id, vendor=erp.vendor, name=erp.name, base_url=f"{sandbox}{erp.path}",
                secrets=vault.seal_secrets(erp.secrets, erp_context(erp.id)),
                settings=dict(erp.settings),
                exports_from=date(2020, 1, 1) if erp.by_itself else None,
            )
        )  # fmt: skip
        await session.flush()
        for account, number in NUMBER.items():
            session.add(ErpCodeRow(erp_id=erp.id, account=account, code=number))


async def seed_invoicing(
    session: AsyncSession, vault: Vault, accounts: SandboxSettings, sandbox: str
) -> None:
    """An account that issues invoices of every shop, and one tax category for all that is sold."""
    for issuer in demo_issuers(accounts):
        session.add(
            InvoiceAccountRow(
                id=issuer.id, vendor=issuer.vendor, name=issuer.name,
                base_url=f"{sandbox}{issuer.path}",
                secrets=vault.seal_secrets(issuer.secrets, issuer_context(issuer.id)),
                settings=dict(issuer.settings),
            )
        )  # fmt: skip
    for code, name, goods_code, rate_bp in (
        ("goods", "日用百货", "1060512990000000000", 1300),
        ("freight", "运费", "3010502020000000000", 900),
        ("other", "其他收费", "3049900000000000000", 600),
    ):
        session.add(TaxCategoryRow(code=code, name=name, goods_code=goods_code, rate_bp=rate_bp))
    await session.flush()
    await run(session, "INSERT INTO sku_tax (sku, category) SELECT code, 'goods' FROM sku")
