"""Clients of suppliers, made from their rows: by e-mail, or as signed JSON."""

from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from db.engine import Sessions
from db.inventory.supplier_terms import supplier_row
from db.vault import Vault, supplier_link_context
from domain.shared.errors import NotOffered, Rejected
from integrations.suppliers.edi import EdiSupplier
from integrations.suppliers.letters import MailedSupplier
from integrations.suppliers.mail import Mailer, NoMailer
from integrations.suppliers.port import SupplierPort

BY_HAND: Final = "by_hand"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """How this company reaches suppliers: its mail server, and whether it calls machines of its own
    network, as a demo does."""

    mailer: Mailer = field(default_factory=NoMailer)
    sender: str = ""
    private: bool = False
    here: str = ""  # the sandbox of a demo, which may be called on this machine
    client: httpx.AsyncClient | None = None  # without a proxy; the usual one where none is told


@dataclass(frozen=True, slots=True)
class SupplierClients:
    """Nothing is remembered: orders are few, and a corrected address counts at once."""

    sessions: Sessions
    vault: Vault
    http_client: httpx.AsyncClient
    outgoing: Outgoing = field(default_factory=Outgoing)

    async def supplier(self, code: str) -> SupplierPort:
        """The client of a supplier. Raises NotOffered (`by_hand`) for one who is told by telephone,
        Rejected (`not_set`) where its address or secret is missing."""
        async with self.sessions.begin() as session:
            row = await supplier_row(session, code)
        link = link_of(self.vault, row)
        if not row.port:
            raise NotOffered("this supplier is told by telephone or letter", code=BY_HAND,
                             system=f"supplier/{code}")  # fmt: skip
        missing = [name for name in _NEEDED[row.port] if not link.get(name)]
        if missing:
            text = f"the {missing[0]} of this supplier is not set"
            raise Rejected(text, code="not_set", system=f"supplier/{code}")
        if row.port == "email":
            return MailedSupplier(link["address"], self.outgoing.sender, self.outgoing.mailer)
        client, here = self.outgoing.client or self.http_client, self.outgoing.here
        private = self.outgoing.private or (bool(here) and link["address"].startswith(f"{here}/"))
        return EdiSupplier(code, link["address"], link["secret"], client, private)


_NEEDED: Final = {"email": ("address",), "json": ("address", "secret")}


def link_of(vault: Vault, row: Any) -> dict[str, str]:
    """The address and the secret of a supplier's port."""
    return dict(vault.open_secrets(bytes(row.link), supplier_link_context(row.code)))
