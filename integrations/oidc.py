"""Log-in through a company's own identity provider: OpenID Connect, code flow with PKCE.

What a token says about itself decides nothing: its algorithm is one of ours, its key is one that
the issuer publishes under its own address, and every claim is checked against what we asked for.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS: Final = ("RS256", "PS256", "ES256")  # signatures by a private key, nothing else
_KEY_TYPES: Final = ("RSA", "EC")
_KEPT_S: Final = 3600
_BETWEEN_KEYS_S: Final = 60  # an unknown key is looked for, but not for every forged token
_LEEWAY_S: Final = 60
_OLDEST_S: Final = 600
_LONGEST_TOKEN: Final = 20_000
_PUBLIC: Final = httpx.USE_CLIENT_DEFAULT  # a client without a secret says its name alone


class NotProven(Exception):
    """The provider's answer proves nothing; the text is for the log, never for the browser."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one log-in has to come back with; kept by the browser, sealed."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Attempt":
        """Random, for one log-in."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """PKCE S256."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Proven:
    """Who the provider says it is: `subject` never changes, everything else may."""

    issuer: str
    subject: str
    login: str
    name: str
    groups: frozenset[str]


@dataclass
class Provider:
    """One identity provider as its discovery document describes it."""

    issuer: str
    client_id: str
    client_secret: str
    http: httpx.AsyncClient
    groups_claim: str = "groups"
    _metadata: dict[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None
    _read_at: float = 0.0
    _keys_at: float = 0.0

    async def address(self, attempt: Attempt, back: str) -> str:
        """Where the browser goes to log in. Raises NotProven, httpx.HTTPError."""
        metadata = await self._described()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": back,
            "scope": "openid profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        endpoint = str(metadata["authorization_endpoint"])
        return endpoint + ("&" if "?" in endpoint else "?") + urlencode(asked)

    async def prove(self, attempt: Attempt, code: str, back: str) -> Proven:
        """Exchange the code and check what it proves. Raises NotProven, httpx.HTTPError."""
        metadata = await self._described()
        answer = await self.http.post(
            str(metadata["token_endpoint"]),
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back,
                "code_verifier": attempt.verifier,
                "client_id": self.client_id,
            },
            auth=(self.client_id, self.client_secret) if self.client_secret else _PUBLIC,
        )
        if answer.status_code != httpx.codes.OK:
            raise NotProven(f"the code was refused with {answer.status_code}")
        token = _json(answer).get("id_token")
        if not isinstance(token, str):
            raise NotProven("there is no id_token")
        return await self.verify(token, attempt.nonce)

    async def verify(self, token: str, nonce: str) -> Proven:
        """Who the token proves. Raises NotProven for whatever is not exactly right."""
        if len(token) > _LONGEST_TOKEN:
            raise NotProven("the token is too long")
        claims = await self._claims(token)
        now = time.time()
        audience = claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience
        if claims.get("iss") != self.issuer:
            raise NotProven("another issuer")
        if not isinstance(audiences, list) or self.client_id not in audiences:
            raise NotProven("for somebody else")
        if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != self.client_id:
            raise NotProven("authorised for somebody else")
        if not now - _LEEWAY_S < _time(claims, "exp"):
            raise NotProven("expired")
        if not now - _OLDEST_S < _time(claims, "iat") <= now + _LEEWAY_S:
            raise NotProven("issued at another time")
        if "nbf" in claims and _time(claims, "nbf") > now + _LEEWAY_S:
            raise NotProven("not valid yet")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise NotProven("of another log-in")
        return self._proven(claims)

    def _proven(self, claims: Mapping[str, Any]) -> Proven:
        subject, groups = claims.get("sub"), claims.get(self.groups_claim, [])
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise NotProven("there is no subject")
        login = str(claims.get("preferred_username", "")).strip().lower()
        return Proven(
            self.issuer,
            subject,
            login,
            str(claims.get("name", "")).strip()[:200] or login,
            frozenset(str(one) for one in groups) if isinstance(groups, list) else frozenset(),
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        """By a key of the issuer's own list: what the token's header points at is never read."""
        for fresh in (False, True):
            keys = await self._published(fresh=fresh)
            try:
                decoded = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            except InvalidKeyIdError as error:
                if fresh:
                    raise NotProven("by an unknown key") from error
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise NotProven(f"no token of ours: {type(error).__name__}") from error
            else:
                return dict(decoded.claims)
        raise NotProven("by an unknown key")

    async def _described(self) -> dict[str, Any]:
        if not self._metadata or time.monotonic() - self._read_at > _KEPT_S:
            answer = await self.http.get(f"{self.issuer}/.well-known/openid-configuration")
            metadata = _json(answer.raise_for_status())
            if metadata.get("issuer") != self.issuer:
                raise NotProven("the description is of another issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _refuse_open_way(metadata.get(name))
            self._metadata, self._read_at = metadata, time.monotonic()
        return self._metadata

    async def _published(self, *, fresh: bool) -> KeySet:
        age = time.monotonic() - self._keys_at
        if self._keys is None or age > _KEPT_S or (fresh and age > _BETWEEN_KEYS_S):
            metadata = await self._described()
            answer = await self.http.get(str(metadata["jwks_uri"]))
            told = _json(answer.raise_for_status()).get("keys", [])
            usable = [
                one for one in told if one.get("kty") in _KEY_TYPES and one.get("use") != "enc"
            ]
            try:
                self._keys = KeySet.import_key_set({"keys": usable})
            except (JoseError, ValueError) as error:
                raise NotProven("its keys cannot be read") from error
            self._keys_at = time.monotonic()
        return self._keys


def _refuse_open_way(address: object) -> None:
    parts = urlsplit(str(address or ""))
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise NotProven("the provider is only talked to over https")


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError as error:
        raise NotProven("no JSON") from error
    if not isinstance(told, dict):
        raise NotProven("no object")
    return told


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotProven(f"{name} is missing")
    return float(value)
