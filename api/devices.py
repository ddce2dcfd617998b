"""A browser that somebody logged in with before: it says so itself, and cannot make it up."""

import hashlib
import hmac
import re
import secrets
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.cookies import keep_cookie, read_cookie
from db.vault import Vault

_YEAR_S: Final = 365 * 24 * 3600
_CONTEXT: Final = "device"
_NAME_CHARS: Final = 16
_COOKIE: Final = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9a-f]{64})")
_BROWSERS: Final = (
    ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"),
    ("Chrome", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("iPad", "iPad"), ("iPhone", "iPhone"), ("Android", "Android"), ("Windows", "Windows"),
    ("Macintosh", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def subjects_of(connection: HTTPConnection, vault: Vault, login: str) -> list[str]:
    """What a failed log-in is counted by: a browser that was in before, or name and address.

    So a stranger who tries somebody's name locks out strangers, not its owner.
    """
    found = _COOKIE.fullmatch(read_cookie(connection, _name(login)))
    if found and any(
        hmac.compare_digest(found[2], good)
        for good in vault.digests(_signed(login, found[1]), _CONTEXT)
    ):
        return [f"device:{_short(found[1] + login)}"]
    return [f"login:{login}", f"ip:{address_of(connection)}"]


def remember(response: Response, connection: HTTPConnection, vault: Vault, login: str) -> None:
    """From now on this browser is one that this person logs in with."""
    nonce = secrets.token_urlsafe(16)
    value = f"{nonce}.{vault.digest(_signed(login, nonce), _CONTEXT)}"
    keep_cookie(response, connection, _name(login), value, _YEAR_S)


def address_of(connection: HTTPConnection) -> str:
    """Where it comes from, as far as the network says."""
    return connection.client.host if connection.client else ""


def device_of(connection: HTTPConnection) -> str:
    """Browser and system in two words, as the person knows them."""
    agent = connection.headers.get("user-agent", "")[:500]
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part)


def _name(login: str) -> str:
    return f"onhand_device_{_short(login)}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_NAME_CHARS]


def _signed(login: str, nonce: str) -> bytes:
    return f"{login}\0{nonce}".encode()
