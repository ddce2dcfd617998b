"""Access tokens of a sandbox shop: each refresh token is good for one trade."""

from typing import Any, Final

from integrations.sandbox.framework import Sandbox
from integrations.sandbox.settings import DouyinAccount, PddAccount

_TOKEN: Final = "token"


class Tokens:
    """What the shop was authorised with at first serves for good; traded ones end."""

    def __init__(self, sandbox: Sandbox, vendor: str, account: DouyinAccount | PddAccount) -> None:
        self._sandbox, self._vendor, self._account = sandbox, vendor, account

    def serves(self, given: str) -> bool:
        """Whether the access token is good now."""
        if given in self._account.access_tokens:
            return True
        held = self._held()
        now = self._sandbox.now().timestamp()
        return bool(held) and held["access_token"] == given and held["until"] > now

    def trade(self, refresh_token: str) -> dict[str, Any] | None:
        """New tokens for the latest refresh token; None for any other."""
        held = self._held()
        latest = held["refresh_token"] if held else self._account.refresh_token
        if refresh_token != latest:
            return None
        number = self._sandbox.store.next_number(self._vendor, _TOKEN)
        life = self._account.token_life_s
        told = {
            "access_token": f"demo-{self._vendor}-token-{number}",
            "refresh_token": f"demo-{self._vendor}-refresh-{number}",
            "expires_in": life,
        }
        until = self._sandbox.now().timestamp() + life
        self._sandbox.store.put(self._vendor, _TOKEN, _TOKEN, {**told, "until": until})
        return told

    def _held(self) -> dict[str, Any]:
        return self._sandbox.store.get(self._vendor, _TOKEN, _TOKEN) or {}
