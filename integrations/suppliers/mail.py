"""E-mail: a message is handed to the company's mail server, or it is known that it was not."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from domain.shared.errors import AnswerLost, Rejected, Unavailable

_TIMEOUT_S: Final = 20.0
_SYSTEM: Final = "mail"


class Mailer(Protocol):
    """Raises Unavailable when nothing was handed over, AnswerLost when nobody knows, Rejected."""

    async def deliver(self, message: EmailMessage) -> None: ...


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """`url`: smtp://user:password@host:587 with STARTTLS, or smtps://… with TLS from the start."""

    url: str = field(repr=False)

    async def deliver(self, message: EmailMessage) -> None:
        """Hand the message to the server."""
        await asyncio.to_thread(self._deliver, message)

    def _deliver(self, message: EmailMessage) -> None:
        server = self._connected()
        try:
            server.send_message(message)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as error:
            raise Rejected(f"refused by the mail server: {error}", system=_SYSTEM) from error
        except smtplib.SMTPResponseException as error:
            kind = Unavailable if 400 <= error.smtp_code < 500 else Rejected
            code = str(error.smtp_code)
            raise kind("refused by the mail server", code=code, system=_SYSTEM) from error
        except (OSError, smtplib.SMTPException) as error:
            raise AnswerLost(f"connection broke: {error}", system=_SYSTEM) from error
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        parts, trust = urlsplit(self.url), ssl.create_default_context()
        host = parts.hostname or ""
        try:
            if parts.scheme == "smtps":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    host, parts.port or 465, timeout=_TIMEOUT_S, context=trust
                )
            else:
                server = smtplib.SMTP(host, parts.port or 587, timeout=_TIMEOUT_S)
                if parts.username:
                    server.starttls(context=trust)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except smtplib.SMTPAuthenticationError as error:
            raise Rejected("ONHAND_SMTP_URL: the mail server refuses the log-in",
                                  code="smtp_url", system=_SYSTEM) from error  # fmt: skip
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"no connection: {error}", code="connect", system=_SYSTEM) from error
        return server


@dataclass(frozen=True, slots=True)
class NoMailer:
    """No mail server is set: one person has to see to it once."""

    async def deliver(self, message: EmailMessage) -> None:
        """Never delivers."""
        text = "ONHAND_SMTP_URL: no mail server is set"
        raise Rejected(text, code="smtp_url", system=_SYSTEM)
