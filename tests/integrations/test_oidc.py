"""Tokens that prove nothing: every known way to forge or reuse one, against a real key list."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from integrations.oidc import Attempt, NotProven, Provider

ISSUER = "https://id.example"
CLIENT = "onhand"
NONCE = "nonce-of-this-log-in"
_OURS = RSAKey.generate_key(2048, {"use": "sig", "kid": "k1"})
_EC = ECKey.generate_key("P-256", {"use": "sig", "kid": "k2"})
_EVIL = RSAKey.generate_key(2048, {"use": "sig", "kid": "k1"})


def _claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": ISSUER, "sub": "id-1", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": NONCE,
        "preferred_username": "Kefu", "name": "陈晓雯", "groups": ["service"], **more,
    }  # fmt: skip
    return {name: value for name, value in claims.items() if value is not None}


def _signed(claims: dict[str, Any], key: Any = _OURS, **header: Any) -> str:
    return jwt.encode(
        {"alg": "RS256", "kid": "k1", **header},
        claims,
        key,
        algorithms=["RS256", "ES256", "HS256", "RS512"],
    )


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _provider(asked: list[str], issuer: str = ISSUER) -> Provider:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path.endswith("openid-configuration"):
            return httpx.Response(
                200,
                json={
                    "issuer": issuer,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/jwks",
                },
            )
        keys = KeySet([_OURS, _EC]).as_dict(private=False)["keys"]
        secret = {"kty": "oct", "kid": "k9", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}
        return httpx.Response(200, json={"keys": [*keys, secret]})

    return Provider(ISSUER, CLIENT, "", httpx.AsyncClient(transport=httpx.MockTransport(answer)))


@pytest.mark.parametrize(
    "make", [lambda: _signed(_claims()), lambda: _signed(_claims(), _EC, alg="ES256", kid="k2")]
)
async def test_a_token_of_the_issuer_for_this_log_in_proves_who_it_is(
    make: Callable[[], str],
) -> None:
    proven = await _provider([]).verify(make(), NONCE)

    assert (proven.subject, proven.login, proven.name) == ("id-1", "kefu", "陈晓雯")
    assert proven.groups == {"service"}


def _none(name: str) -> str:
    return f"{_part({'alg': name, 'kid': 'k1'})}.{_part(_claims())}."


def _hmac_with_public_key() -> str:
    signed = f"{_part({'alg': 'HS256', 'kid': 'k1'})}.{_part(_claims())}"
    made = hmac.digest(_OURS.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def _swapped(**more: Any) -> str:
    head, _, signature = _signed(_claims()).split(".")
    return f"{head}.{_part(_claims(**more))}.{signature}"


def _own_key(**header: Any) -> str:
    return _signed(_claims(), _EVIL, **header)


FORGED: dict[str, Callable[[], str]] = {
    "alg none": lambda: _none("none"),
    "alg None": lambda: _none("None"),
    "alg nOnE": lambda: _none("nOnE"),
    "HS256 with the public key": _hmac_with_public_key,
    "HS256 with a published secret": lambda: _signed(
        _claims(), OctKey.import_key("secret-secret-secret-secret"), alg="HS256", kid="k9"
    ),
    "an algorithm that is not ours": lambda: _signed(_claims(), alg="RS512"),
    "another issuer": lambda: _signed(_claims(iss="https://evil.example")),
    "nearly our issuer": lambda: _signed(_claims(iss=ISSUER + "/")),
    "no issuer": lambda: _signed(_claims(iss=None)),
    "another audience": lambda: _signed(_claims(aud="shop")),
    "audience that begins alike": lambda: _signed(_claims(aud="onhand2")),
    "no audience": lambda: _signed(_claims(aud=None)),
    "two audiences without azp": lambda: _signed(_claims(aud=[CLIENT, "shop"])),
    "authorised for another": lambda: _signed(_claims(azp="shop")),
    "expired": lambda: _signed(_claims(exp=int(time.time()) - 120)),
    "no expiry": lambda: _signed(_claims(exp=None)),
    "expiry as text": lambda: _signed(_claims(exp="9999999999")),
    "issued long ago": lambda: _signed(_claims(iat=int(time.time()) - 7200)),
    "issued tomorrow": lambda: _signed(_claims(iat=int(time.time()) + 86400)),
    "not valid yet": lambda: _signed(_claims(nbf=int(time.time()) + 3600)),
    "another nonce": lambda: _signed(_claims(nonce="of-another")),
    "no nonce": lambda: _signed(_claims(nonce=None)),
    "another subject under the signature": lambda: _swapped(sub="id-admin"),
    "another name under the signature": lambda: _swapped(preferred_username="admin"),
    "no subject": lambda: _signed(_claims(sub=None)),
    "subject is a number": lambda: _signed(_claims(sub=1)),
    "signed by another key of that name": _own_key,
    "kid is a path": lambda: _own_key(kid="../../../../dev/null"),
    "kid is a query": lambda: _own_key(kid="k1' OR '1'='1"),
    "jku points elsewhere": lambda: _own_key(jku="https://evil.example/jwks"),
    "x5u points elsewhere": lambda: _own_key(x5u="https://evil.example/cert"),
    "the key is in the header": lambda: _own_key(jwk=_EVIL.as_dict(private=False)),
    "no kid and another key": lambda: jwt.encode({"alg": "RS256"}, _claims(), _EVIL),
    "no signature": lambda: _signed(_claims()).rpartition(".")[0] + ".",
    "two parts": lambda: _signed(_claims()).rpartition(".")[0],
    "empty": lambda: "",
    "not base64": lambda: "a.b.c",
    "very long": lambda: "a" * 30_000,
    "not an object": lambda: f"{_part({'alg': 'RS256', 'kid': 'k1'})}.W10.AAAA",
    "unknown critical header": lambda: _none("RS256"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(FORGED))
async def test_a_forged_token_proves_nothing_and_nothing_it_names_is_fetched(name: str) -> None:
    asked: list[str] = []

    with pytest.raises(NotProven):
        await _provider(asked).verify(FORGED[name](), NONCE)

    assert all(url.startswith(ISSUER) for url in asked)


async def test_unknown_keys_are_looked_for_once_a_minute_however_many_tokens_name_them() -> None:
    asked: list[str] = []
    provider = _provider(asked)
    for number in range(20):
        with pytest.raises(NotProven):
            await provider.verify(_own_key(kid=f"k{number + 100}"), NONCE)

    assert asked.count(f"{ISSUER}/jwks") <= 2


async def test_a_description_of_another_issuer_is_not_believed() -> None:
    with pytest.raises(NotProven):
        await _provider([], "https://evil.example").address(Attempt.new(), "http://localhost/x")
