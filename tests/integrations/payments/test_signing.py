"""Every formula against the vendors' own examples and against their libraries."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.shared.errors import CredentialsRefused
from integrations.payments.signing import (
    alipay_string,
    open_resource,
    private_key,
    public_key,
    rsa_genuine,
    rsa_sign,
    seal_resource,
    stripe_signature,
    wechatpay_message,
)
from integrations.sandbox.demo_keys import demo_key, private_pem, public_pem

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(*schemes: str) -> list[Any]:
    """Of all three providers; more files than these may be there."""
    found = []
    for system in ("wechatpay_v3", "alipay", "stripe"):
        if (file := VECTORS / f"{system}.json").exists():
            found += json.loads(file.read_text())["vectors"]
    return [pytest.param(one, id=one["id"]) for one in found if one["scheme"] in schemes]


def key_of(vector: dict[str, Any]) -> Any:
    """The published test key; its header says that it is one."""
    return private_key(vector["private_key"].replace("TESTING KEY", "PRIVATE KEY"), "vector")


@pytest.mark.parametrize("vector", vectors("rsa_sha256"))
def test_texts_are_signed_as_in_the_vectors(vector: dict[str, Any]) -> None:
    key, message = key_of(vector), vector["inputs"]["message"]

    assert rsa_sign(key, message) == vector["expected"]
    assert rsa_genuine(key.public_key(), vector["expected"], message.encode())
    assert not rsa_genuine(key.public_key(), vector["expected"], message.encode() + b" ")


@pytest.mark.parametrize("vector", vectors("wechatpay_message"))
def test_wechat_pay_signs_the_text_of_the_vectors(vector: dict[str, Any]) -> None:
    names = ("method", "url", "timestamp", "nonce", "body")
    parts = [str(vector["inputs"][name]) for name in names if name in vector["inputs"]]

    assert wechatpay_message(*parts) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("aes_gcm"))
def test_resources_are_opened_as_in_the_vectors(vector: dict[str, Any]) -> None:
    inputs, key = vector["inputs"], vector["secret"]
    nonce, data = inputs["nonce"], inputs["associated_data"]

    plain = open_resource(key, nonce, data, inputs["ciphertext"])

    assert plain.decode() == vector["expected"]
    assert seal_resource(key, nonce, data, plain) == inputs["ciphertext"]
    with pytest.raises(ValueError, match="cannot be decrypted"):
        open_resource(key, nonce, data + "x", inputs["ciphertext"])


@pytest.mark.parametrize("vector", vectors("alipay_string"))
def test_alipay_signs_the_text_of_the_vectors(vector: dict[str, Any]) -> None:
    assert alipay_string(vector["inputs"]["params"]) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("alipay_sign"))
def test_alipay_calls_are_signed_as_in_the_vectors(vector: dict[str, Any]) -> None:
    text = alipay_string(vector["inputs"]["params"])

    assert rsa_sign(key_of(vector), text) == vector["expected"]


def test_alipay_leaves_out_what_is_empty_and_the_signature() -> None:
    form = {"b": "2", "a": "1", "empty": "", "sign": "X", "sign_type": "RSA2"}

    assert alipay_string(form) == "a=1&b=2&sign_type=RSA2"
    assert alipay_string(form, ("sign", "sign_type")) == "a=1&b=2"


def test_stripe_signs_time_and_body() -> None:
    signature = stripe_signature("whsec_test", "1700000000", b'{"id":"evt_1"}')

    # printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
    assert signature == "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925"


@pytest.mark.parametrize("text", ["", "not base64!", "-----BEGIN PRIVATE KEY-----\nAAAA", "AAAA"])
def test_a_key_nobody_can_read_is_told_without_its_text(text: str) -> None:
    for read in (private_key, public_key):
        with pytest.raises(CredentialsRefused) as caught:
            read(text, "wechat-mini")
        assert str(caught.value).startswith("wechat-mini: the p")
        assert not text or text not in str(caught.value)


def test_keys_are_read_as_pem_and_as_bare_base64() -> None:
    pem = private_pem("merchant")
    bare = "".join(pem.split("\n")[1:-2])
    bare_public = "".join(public_pem("merchant").split("\n")[1:-2])

    for key in (private_key(pem, "x"), private_key(bare, "x")):
        assert key.private_numbers() == demo_key("merchant").private_numbers()
    for public in (public_key(public_pem("merchant"), "x"), public_key(bare_public, "x")):
        assert public.public_numbers() == demo_key("merchant").public_key().public_numbers()


@pytest.mark.parametrize("signature", ["", "!", "AAAA", "\ud800"])
def test_a_wrong_signature_is_not_genuine_whatever_it_is(signature: str) -> None:
    assert not rsa_genuine(demo_key("merchant").public_key(), signature, b"text")
