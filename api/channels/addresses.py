"""Addresses: those of others that we call, and ours that others are told."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from domain.shared.errors import InvalidInput
from integrations.carriers.registry import UNSIGNED
from integrations.marketplaces.registry import CHANNELS

# What names a shop or an account is part of the address it is reached at.
ShortName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Address = Annotated[str, Field(strict=True, max_length=300)]
_WHOLE: Final = "the address must be a whole https address"


def outside_address(given: str, sandbox: str) -> str:
    """Keys, money and people's addresses go over https, except to the sandbox. Raises
    InvalidInput."""
    try:
        parts, ours = urlsplit(given), urlsplit(sandbox)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not given.isascii() or not given.isprintable() or " " in given:
        raise InvalidInput(_WHOLE)
    if parts.query or parts.fragment or "@" in parts.netloc:  # a path is put behind it
        raise InvalidInput(_WHOLE)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and parts.netloc and parts.netloc == ours.netloc
    ):
        raise InvalidInput(_WHOLE)
    return given


def shop_pushes_to(ours: str, channel: str, shop_id: str) -> str:
    """Where a shop's messages come to; empty for a channel that only answers."""
    known = CHANNELS.get(channel)
    if known is None or not known.is_pushed:
        return ""
    return f"{ours.rstrip('/')}/webhooks/{channel}/{shop_id}"


def carrier_pushes_to(ours: str, code: str, push_secret: str) -> str:
    """Where a carrier's scans come to; of one that does not sign, the address is the proof."""
    address = f"{ours.rstrip('/')}/webhooks/carriers/{code}"
    if code not in UNSIGNED:
        return address
    return f"{address}/{push_secret}" if push_secret else ""
