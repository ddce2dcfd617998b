"""Cookies by the name and with the care that the way to the browser allows."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

_ONLY_THIS_HOST: Final = "__Host-"  # browsers take such a cookie from https alone


def is_https(connection: HTTPConnection) -> bool:
    """Whether browsers reach us over TLS, perhaps with a proxy before us."""
    base_url: str = connection.app.state.settings.base_url
    return connection.url.scheme == "https" or base_url.startswith("https://")


def is_private(connection: HTTPConnection) -> bool:
    """Whether nobody on the way can read a password: TLS, or a browser on this machine."""
    return is_https(connection) or _is_this_machine(connection.url.hostname or "")


def own_origins(connection: HTTPConnection) -> frozenset[str]:
    """What a browser may name as the origin of our own pages."""
    told = urlsplit(connection.app.state.settings.base_url)
    here = f"{connection.url.scheme}://{connection.headers.get('host', '')}"
    return frozenset({f"{told.scheme}://{told.netloc}", here})


def read_cookie(connection: HTTPConnection, name: str) -> str:
    """The value, empty when there is none."""
    return connection.cookies.get(_full(connection, name), "")


def keep_cookie(
    response: Response, connection: HTTPConnection, name: str, value: str, seconds: int
) -> None:
    """Hand a cookie over that scripts cannot read and other sites cannot send in forms."""
    response.set_cookie(
        _full(connection, name), value, max_age=seconds, path="/", httponly=True, samesite="lax",
        secure=is_https(connection),
    )  # fmt: skip


def drop_cookie(response: Response, connection: HTTPConnection, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(
        _full(connection, name), path="/", httponly=True, samesite="lax",
        secure=is_https(connection),
    )  # fmt: skip


def _full(connection: HTTPConnection, name: str) -> str:
    return (_ONLY_THIS_HOST if is_https(connection) else "") + name


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
