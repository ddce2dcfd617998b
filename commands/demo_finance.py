"""The demo company's account books in the ERPs of the sandbox."""

from datetime import date

from sqlmodel.ext.asyncio.session import AsyncSession

from db.finance.erp_tables import ErpAccountRow, ErpCodeRow
from db.vault import Vault, erp_context
from domain.finance.accounts import NUMBER
from integrations.sandbox.demo_erps import demo_erps
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
