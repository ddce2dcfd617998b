"""What a page weighs for somebody who has never been here: everything it loads, as transferred."""

import html
import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from api.auth import COOKIE
from db.engine import Sessions
from db.platform.accounts import Accounts
from tests.web.test_in_browser import LOOKS, Look, address

__all__ = ["address"]  # the fixture

MOST_BYTES: Final = 200_000
CHARTS: Final = "echarts"
_LOADED: Final = {
    "html": re.compile(r'<(?:script|link|img)\b[^>]*?\b(?:src|href)="([^"]+)"'),
    "css": re.compile(r'url\("?([^")]+)"?\)'),
    "javascript": re.compile(r'\b(?:from|import) *"(\.{0,2}/[^"]+\.js)"'),
}
Weights = dict[str, int]


async def _weigh(client: httpx.AsyncClient, url: str, into: Weights) -> str:
    """Its text, after it and all that it loads were added, each once."""
    async with client.stream("GET", url) as answer:
        body = await answer.aread()
    assert "/static/" not in url or answer.status_code == 200, url
    into[url] = answer.num_bytes_downloaded
    kind = answer.headers["content-type"]
    if kind.startswith("font/"):
        assert "content-encoding" not in answer.headers, url
    elif kind.startswith("text/") and len(body) >= 1000:
        assert answer.headers["content-encoding"] == "gzip", url
    text = "" if kind.startswith("font/") else body.decode()
    for name, pattern in _LOADED.items():
        for found in pattern.findall(text) if name in kind else ():
            one = urljoin(url, html.unescape(found))
            if urlsplit(one).scheme != "data" and one not in into:
                await _weigh(client, one, into)
    return text


async def _cookie(sessions: Sessions, who: str) -> dict[str, str]:
    if not who:
        return {}
    async with sessions.begin() as session:
        accounts = Accounts(session)
        account = await accounts.find(who)
        assert account is not None
        return {COOKIE: await accounts.open_session(account.id, datetime.now(UTC))}


async def _weight(client: httpx.AsyncClient, look: Look) -> Weights:
    """Of a page and of the dialog that is opened on it."""
    page = urljoin(str(client.base_url), look.path)
    weights: Weights = {}
    text = await _weigh(client, page, weights)
    if look.opens:
        link = next(one for one in re.findall(r'hx-get="([^"]+)"', text) if look.opens in one)
        dialog = await client.get(html.unescape(link), headers={"HX-Request": "true"})
        weights["dialog"] = dialog.num_bytes_downloaded
    return weights


@pytest.mark.timeout(300)
async def test_a_page_without_charts_weighs_at_most_200_kb(
    address: str, web_sessions: Sessions
) -> None:
    heavy: dict[str, Weights] = {}
    for who in sorted({look.who for look in LOOKS}):
        async with httpx.AsyncClient(
            base_url=address, cookies=await _cookie(web_sessions, who), timeout=60
        ) as client:
            for look in [look for look in LOOKS if look.who == who]:
                weights = await _weight(client, look)
                assert any(url.endswith("/app.css") for url in weights), look.name
                assert any("/fonts/" in url for url in weights), look.name
                if sum(weights.values()) > MOST_BYTES and not any(CHARTS in u for u in weights):
                    heavy[look.name] = weights

    assert heavy == {}
