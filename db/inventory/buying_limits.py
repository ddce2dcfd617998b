"""What somebody may order alone, in the money of the supplier."""

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.shared.money import COMPANY_CURRENCY


async def alone_minor(session: AsyncSession, company_limit_minor: int, currency: str) -> int:
    """The company's limit in another currency; nothing where nobody knows what that is worth."""
    return company_limit_minor if currency == COMPANY_CURRENCY else 0
