"""Secrets of shops, carriers and payment accounts: written, never read back by people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.audit import audit
from db.platform.pausing import credentials_renewed
from db.platform.tables import CredentialsRow
from db.shared.owners import Owner, owner_of
from db.vault import CannotOpen, Vault

REFRESH_TOKEN: Final = "refresh_token"


@dataclass(frozen=True, slots=True)
class CredentialsState:
    """Which secrets are there, and since when; nothing of the secrets themselves."""

    names: frozenset[str] = frozenset()
    changed_at: datetime | None = None
    changed_by: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets of one `system`: `shop/tmall-flagship`, `carrier/sf`,
    `payment/wechat-1`."""

    session: AsyncSession
    vault: Vault
    system: str

    async def state(self) -> CredentialsState | None:
        """What is set; None when there is no such system."""
        owner = await owner_of(self.session, self.system)
        if owner is None:
            return None
        known = await self.session.get(CredentialsRow, self.system)
        names = frozenset(name for name, value in self._opened(owner).items() if value)
        if known is None:
            return CredentialsState(names)
        return CredentialsState(names, known.changed_at, known.changed_by, known.expires_at)

    async def change(
        self,
        given: Mapping[str, str],
        *,
        expires_at: datetime | None,
        now: datetime,
        by: str,
        request_id: str,
        traded: str | None = None,
    ) -> bool:
        """Replace the given secrets and keep the others; False when there is no such system, or
        when they were `traded` for a refresh token that somebody has replaced since.

        Written down with their names alone. Who waits because the old ones were refused goes on.
        """
        owner = await owner_of(self.session, self.system, lock=True)
        if owner is None:
            return False
        known_secrets = self._opened(owner)
        if traded is not None and known_secrets.get(REFRESH_TOKEN) != traded:
            return False
        secrets = {**known_secrets, **given}
        owner.secrets = self.vault.seal_secrets(secrets, self.system)
        self.session.add(owner)
        known = await self.session.get(CredentialsRow, self.system)
        row = known or CredentialsRow(system=self.system, changed_at=now, changed_by=by)
        row.changed_at, row.changed_by, row.expires_at = now, by, expires_at
        row.renews, row.renewing_until = bool(secrets.get(REFRESH_TOKEN)), None
        self.session.add(row)
        await self.session.flush()
        await audit(
            self.session,
            by,
            "credentials.change",
            self.system,
            after={
                "names": sorted(given),
                "expires_at": expires_at.isoformat() if expires_at else "",
            },
            request_id=request_id,
        )
        await credentials_renewed(self.session, self.system, by)
        return True

    def _opened(self, owner: Owner) -> dict[str, str]:
        """What a lost key sealed is gone: the secrets have to be entered again."""
        try:
            return self.vault.open_secrets(owner.secrets, self.system)
        except CannotOpen:
            return {}
