"""How often a caller may ask: a bucket per caller and kind of request, kept by each process.

So with several API processes a caller gets as many times the limit: it protects processes from
callers that run wild, and what is worth guarding from being taken in bulk.
"""

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request

from api.devices import address_of
from api.errors import Problem

WINDOW_S: Final = 60
# Requests a minute that are worth less haste than the rest, by method and path template.
TIGHT: Final = (
    ("log-in", 30, re.compile(r"POST /(login(/code)?|set-up)|(GET|POST) /login/oidc.*")),
    ("look-up", 60, re.compile(r"POST /(track|return)(/.*)?")),
    ("export", 60, re.compile(r"GET (/.*\.csv|(/api/v1)?/exports/.*)|POST /api/v1/key-exports")),
    (
        "reveal",
        60,
        re.compile(r"POST (/orders/\{no\}/receiver|/api/v1/orders/\{no\}/receiver-disclosures)"),
    ),
)
_FREE: Final = ("/webhooks/", "/healthz", "/readyz", "/metrics")
_MOST_CALLERS: Final = 20_000


@dataclass
class _Bucket:
    left: float
    at: float


@dataclass
class Rates:
    """The buckets of one process; each fills evenly and holds a minute's worth."""

    clock: Callable[[], float] = time.monotonic
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def take(self, kind: str, caller: str, limit: int) -> float:
        """Requests that are left after this one; less than zero: it is one too many."""
        now = self.clock()
        bucket = self._buckets.get((kind, caller))
        if bucket is None:
            if len(self._buckets) >= _MOST_CALLERS:
                self._forget_the_idle(now)
            bucket = self._buckets[kind, caller] = _Bucket(limit, now)
        filled = min(limit, bucket.left + (now - bucket.at) * limit / WINDOW_S)
        bucket.at = now
        bucket.left = filled - 1 if filled >= 1 else filled
        return filled - 1

    def _forget_the_idle(self, now: float) -> None:
        """Whoever said nothing for a minute has a full bucket again; else the oldest go."""
        by_age = sorted(self._buckets, key=lambda key: self._buckets[key].at)
        idle = [key for key in by_age if now - self._buckets[key].at >= WINDOW_S]
        for key in idle or by_age[: _MOST_CALLERS // 2]:
            del self._buckets[key]


def refuse_haste(request: Request, caller: str, path: str) -> None:
    """Count the request. Raises Problem 429 with the seconds to wait.

    `caller` is an account or key; strangers are counted by their address.
    """
    usual: int = request.app.state.settings.requests_per_minute
    if not usual or path.startswith(_FREE):
        return
    route = f"{request.method} {path}"
    kind, limit = next(
        ((kind, limit) for kind, limit, pattern in TIGHT if pattern.fullmatch(route)),
        ("default", usual),
    )
    rates: Rates = request.app.state.rates
    left = rates.take(kind, caller or address_of(request), limit)
    wait_s = math.ceil(-left * WINDOW_S / limit) if left < 0 else 0
    request.state.rate_headers = headers = {
        "RateLimit-Policy": f'"{kind}";q={limit};w={WINDOW_S}',
        "RateLimit": f'"{kind}";r={max(0, math.floor(left))};t={wait_s}',
    }
    if left < 0:
        headers = {**headers, "Retry-After": str(max(1, wait_s))}
        raise Problem("TooManyRequests", 429, headers=headers)
