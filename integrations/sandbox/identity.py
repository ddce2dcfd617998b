"""A small identity provider (OpenID Connect): choose a person, get a code, exchange it once."""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from html import escape
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI, Form, HTTPException, Request
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.responses import HTMLResponse, RedirectResponse, Response

CLIENT_ID: Final = "onhand"
CLIENT_SECRET: Final = "sandbox-secret"
# log-in name, name, groups: who works for the company of the demo
PEOPLE: Final = {
    "kefu": ("陈晓雯", ["service"]),
    "caiwu": ("周敏", ["finance"]),
    "zhangwei": ("张伟", ["warehouse"]),
    "guest": ("访客", []),
}
_CODE_LASTS_S: Final = 60


@dataclass
class IdentityProvider:
    """Its key, and the codes that were given and not exchanged yet."""

    key: RSAKey = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
    )
    _codes: dict[str, tuple[dict[str, str], str, float]] = field(default_factory=dict)

    def give(self, asked: dict[str, str], login: str) -> str:
        """A code for this person."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = (asked, login, time.time())
        return code

    def exchange(self, code: str, back: str, verifier: str) -> tuple[dict[str, str], str] | None:
        """What was asked, and who it is; once, within a minute, for whoever asked."""
        asked, login, at = self._codes.pop(code, ({}, "", 0.0))
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = (
            time.time() - at < _CODE_LASTS_S
            and asked.get("redirect_uri") == back
            and hmac.compare_digest(asked.get("code_challenge", ""), challenge)
        )
        return (asked, login) if good else None

    def token(self, issuer: str, nonce: str, login: str) -> str:
        """Signed by our key."""
        name, groups = PEOPLE[login]
        now = int(time.time())
        claims = {
            "iss": issuer, "sub": f"id-{login}", "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": nonce, "preferred_username": login, "name": name, "groups": groups,
        }  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


def identity_provider(provider: IdentityProvider) -> FastAPI:
    """Served under /idp of the sandbox."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/.well-known/openid-configuration")
    def described(request: Request) -> dict[str, Any]:
        here = _here(request)
        return {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    @app.get("/jwks")
    def keys() -> dict[str, Any]:
        return {"keys": [provider.key.as_dict(private=False)]}

    @app.get("/authorize")
    def choose(request: Request) -> Response:
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT_ID or asked.get("code_challenge_method") != "S256":
            raise HTTPException(400, "unknown client, or no PKCE")
        login = asked.pop("as", "")
        if login in PEOPLE:
            told = {
                "code": provider.give(asked, login), "state": asked.get("state", ""),
                "iss": _here(request),
            }  # fmt: skip
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(told)}", 303)
        people = "".join(
            f'<li><a href="?{escape(urlencode({**asked, "as": one}))}">{escape(name)} ({one})</a>'
            for one, (name, _) in PEOPLE.items()
        )
        return HTMLResponse(f"<!doctype html><h1>Who are you?</h1><ul>{people}</ul>")

    @app.post("/token")
    def exchange(
        request: Request,
        code: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
    ) -> dict[str, Any]:
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization", "") != f"Basic {known}":
            raise HTTPException(401, "invalid_client")
        found = provider.exchange(code, redirect_uri, code_verifier)
        if found is None:
            raise HTTPException(400, "invalid_grant")
        token = provider.token(_here(request), found[0].get("nonce", ""), found[1])
        return {"token_type": "Bearer", "access_token": secrets.token_urlsafe(), "id_token": token}

    return app


def _here(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope['root_path']}"
