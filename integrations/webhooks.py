"""Outgoing webhooks: signed, and never into a private network.

Standard Webhooks signature; the address is resolved once, judged, and exactly that one is called.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

from domain.shared.errors import Rejected, Unavailable
from integrations.http import exchange
from integrations.marketplaces.signing import own_headers, sign_own

_PORTS: Final = (443, 8443)
_TIMEOUT_S: Final = 10.0
_LONGEST_URL: Final = 2000
_SYSTEM: Final = "webhook"
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the operating system answers. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def is_public(text: str) -> bool:
    """Whether an address is on the public internet; whatever wraps an IPv4 address is unwrapped."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _wrapped(address)
    return address.is_global and not address.is_multicast and (inner is None or is_public(inner))


def check_target(url: str, *, private: bool = False) -> httpx.URL:
    """The address a subscriber gave us, if it may be used at all. Raises Rejected saying why not.

    `private` allows plain http and any port, for a demo on one machine.
    """
    try:
        target = httpx.URL(url[: _LONGEST_URL + 1])
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise _refused("it is not an address") from error
    if len(url) > _LONGEST_URL or not target.host or target.userinfo:
        raise _refused("it is too long, names no host or carries a password")
    if target.scheme not in (("https", "http") if private else ("https",)):
        raise _refused("only https is called")
    if not private and (target.port or 443) not in _PORTS:
        raise _refused("only the ports 443 and 8443 are called")
    return target


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Posts one event to one subscriber. `client` must not follow redirects or use a proxy."""

    client: httpx.AsyncClient
    private: bool = False
    resolve: Resolve = resolve
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def send(self, url: str, secrets: Sequence[str], event_id: str, body: bytes) -> int:
        """Deliver, signed with each of `secrets`; any 2xx is an acknowledgement, and returned.

        Raises Unavailable, RateLimited or Rejected.
        """
        target = check_target(url, private=self.private)
        address = await address_of(target, private=self.private, resolve=self.resolve)
        headers = _signed(secrets, event_id, int(self.now().timestamp()), body)
        headers["host"] = target.netloc.decode("ascii")
        request = self.client.build_request(
            "POST",
            target.copy_with(host=address),
            content=body,
            headers=headers,
            extensions={"sni_hostname": target.host},
        )
        answer = await exchange(
            self.client, request, system=_SYSTEM, changes=False, timeout_s=_TIMEOUT_S
        )
        if not 200 <= answer.status < 300:
            code = str(answer.status)
            raise Unavailable(f"answered HTTP {code}", code=code, system=_SYSTEM)
        return answer.status


async def judge(url: str, *, private: bool = False, resolve: Resolve = resolve) -> None:
    """Whether a subscriber may give us this address. Raises Rejected or Unavailable."""
    await address_of(check_target(url, private=private), private=private, resolve=resolve)


async def address_of(target: httpx.URL, *, private: bool, resolve: Resolve) -> str:
    """One address of the host; refused when any of its addresses is private."""
    port = target.port or (443 if target.scheme == "https" else 80)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            found = await resolve(target.host, port)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Unavailable(f"cannot find {target.host}", code="dns", system=_SYSTEM) from error
    if not found:
        raise Unavailable(f"cannot find {target.host}", code="dns", system=_SYSTEM)
    if not private and not all(is_public(one) for one in found):
        raise _refused("it leads into a private network")
    return found[0]


def _signed(
    secrets: Sequence[str], event_id: str, timestamp: int, body: bytes
) -> dict[str, str]:  # fmt: skip
    """Standard Webhooks takes several signatures: while a secret is replaced, both are valid."""
    headers = own_headers(secrets[0], event_id, timestamp, body)
    signatures = [sign_own(secret, event_id, timestamp, body) for secret in secrets]
    headers["webhook-signature"] = " ".join(signatures)
    headers["content-type"] = "application/cloudevents+json"
    return headers


def _wrapped(address: Address) -> str | None:
    """The IPv4 address inside an IPv6 one: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None if inner is None else str(inner)


def _refused(text: str) -> Rejected:
    return Rejected(f"this address is not called: {text}", code="target_refused", system=_SYSTEM)
