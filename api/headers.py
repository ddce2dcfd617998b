"""What every answer tells the browser: load nothing from elsewhere, show us in no frame, keep
nothing, tell others nothing."""

import secrets
from typing import Final

from starlette.requests import HTTPConnection

from api.cookies import is_https

_YEAR_S: Final = 365 * 24 * 3600
_ALWAYS: Final = {
    "Cache-Control": "no-store",  # files of the pages say otherwise themselves
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(),"
        " magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
    ),
}
# A script or style within a page counts only with the answer's own nonce.
_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}';"
    " img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data:;"
    " connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self';"
    " object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def new_nonce() -> str:
    """For the scripts of one answer."""
    return secrets.token_urlsafe(16)


def headers_of(connection: HTTPConnection) -> dict[str, str]:
    """The headers of an answer, unless a route says otherwise."""
    headers = {
        **_ALWAYS,
        "Content-Security-Policy": _POLICY.format(nonce=connection.state.nonce),
        **getattr(connection.state, "rate_headers", {}),
    }
    if is_https(connection):
        headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
    return headers
