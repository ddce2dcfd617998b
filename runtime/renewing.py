"""Access tokens that end are renewed in time, where the channel documents how."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from db.engine import Sessions
from db.platform.attention import open_attention
from db.platform.pausing import BY_CREDENTIALS
from db.shared.credentials import Credentials
from db.shared.renewals import take_due, try_later
from db.vault import Vault
from domain.shared.errors import IntegrationError, Rejected, SettingsRefused
from domain.shared.ids import gate_workflow_id
from integrations.marketplaces.port import NewTokens, RenewingMarketplace
from integrations.marketplaces.registry import RENEWS

log = structlog.get_logger()

# Longer than any call takes: who died meanwhile is followed by another.
LEASE_S: Final = 60.0
AFTER_REFUSAL_S: Final = 3600.0
_BY: Final = "system"


class RenewingShops(Protocol):
    """Clients of shops whose token can be renewed, with the credentials of this moment."""

    async def renewing(self, shop_id: str) -> RenewingMarketplace: ...


@dataclass(frozen=True, slots=True)
class Renewal:
    """One worker at a time renews a token; all others read it from the shop within seconds."""

    sessions: Sessions
    vault: Vault
    shops: RenewingShops
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def once(self, limit: int) -> int:
        """Renew what is due; returns how many were."""
        done = 0
        for _ in range(limit):
            async with self.sessions.begin() as session:
                system = await take_due(session, RENEWS, LEASE_S)
            if not system:
                break
            done += await self._renew(system)
        return done

    async def _renew(self, system: str) -> bool:
        try:
            shop = await self.shops.renewing(system.partition("/")[2])
            tokens = await shop.renew()
        except SettingsRefused as error:  # a person was asked already, by the name of the setting
            await self._wait(system)
            log.warning("token.not_renewed", system=system, error=str(error)[:200])
            return False
        except Rejected as error:  # the old token may serve for a while yet: nothing is shut
            await self._ask_somebody(system, error)
            return False
        except IntegrationError as error:
            log.warning("token.not_renewed", system=system, error=str(error)[:200])
            return False
        kept = await self._keep(system, tokens)
        log.info("token.renewed", system=system, lasts_s=tokens.lasts_s, kept=kept)
        return kept

    async def _keep(self, system: str, tokens: NewTokens) -> bool:
        """False where a person entered other credentials while the channel answered."""
        now = self.now()
        async with self.sessions.begin() as session:
            return await Credentials(session, self.vault, system).change(
                tokens.secrets,
                expires_at=now + timedelta(seconds=tokens.lasts_s),
                now=now,
                by=_BY,
                request_id="",
                traded=tokens.traded,
            )

    async def _wait(self, system: str) -> None:
        async with self.sessions.begin() as session:
            await try_later(session, system, AFTER_REFUSAL_S)

    async def _ask_somebody(self, system: str, error: Rejected) -> None:
        await self._wait(system)
        async with self.sessions.begin() as session:
            await open_attention(
                session,
                workflow_id=gate_workflow_id(system),
                step_id=BY_CREDENTIALS,
                system=system,
                cause="CredentialsRefused",
                code=error.code,
                error=str(error),
                actions=("retry",),
            )
