"""Every formula against the vendors' own examples, and against the reference library."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from integrations.marketplaces.signing import (
    DouyinSignMethod,
    TopSignMethod,
    canonical_json,
    douyin_event_sign,
    douyin_sign,
    douyin_spi_sign,
    md5_sign,
    own_genuine,
    own_headers,
    pdd_push_path,
    shopify_genuine,
    shopify_query_signature,
    shopify_signature,
    sign_own,
    top_sign,
    wechat_signature,
)
from integrations.marketplaces.wechat_crypt import open_message, seal_message
from integrations.signing import base64_hmac_sha256

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(system: str, *schemes: str) -> list[Any]:
    """Of these schemes; all there are when none is named."""
    found = json.loads((VECTORS / f"{system}.json").read_text())["vectors"]
    return [
        pytest.param(one, id=one["id"]) for one in found if not schemes or one["scheme"] in schemes
    ]


@pytest.mark.parametrize("vector", vectors("taobao_top", "top_md5", "top_hmac_sha256"))
def test_top_calls_are_signed_as_in_the_vectors(vector: dict[str, Any]) -> None:
    method = TopSignMethod(vector["scheme"].removeprefix("top_").replace("_", "-"))

    assert top_sign(method, vector["inputs"], vector["secret"]) == vector["expected"]


MD5_FAMILY: dict[str, Callable[[dict[str, Any], str], str]] = {
    "top_md5": md5_sign,
    "pdd_ws_path": lambda given, secret: pdd_push_path(
        given["client_id"], given["timestamp_ms"], secret
    ),
}


@pytest.mark.parametrize("vector", [*vectors("jd_jos"), *vectors("pinduoduo")])
def test_jd_and_pinduoduo_sign_as_in_the_vectors(vector: dict[str, Any]) -> None:
    sign = MD5_FAMILY[vector["scheme"]]

    assert sign(vector["inputs"], vector["secret"]) == vector["expected"]


DOUYIN: dict[str, Callable[[dict[str, Any], str], str]] = {
    "doudian_hmac": lambda given, secret: douyin_sign(**given, secret=secret),
    "doudian_md5": lambda given, secret: douyin_sign(
        **given, secret=secret, sign_method=DouyinSignMethod.MD5
    ),
    "doudian_spi_hmac": lambda given, secret: douyin_spi_sign(**given, secret=secret),
    "doudian_spi_md5": lambda given, secret: douyin_spi_sign(
        **given, secret=secret, sign_method=DouyinSignMethod.MD5
    ),
    "doudian_marshal": lambda given, _: canonical_json(given["value"]),
}


@pytest.mark.parametrize("vector", vectors("doudian"))
def test_douyin_signs_as_in_the_vectors(vector: dict[str, Any]) -> None:
    sign = DOUYIN[vector["scheme"]]

    assert sign(vector["inputs"], vector.get("secret", "")) == vector["expected"]


def test_douyins_events_are_signed_over_the_bytes_as_they_came() -> None:
    body = '[{"tag":"100","data":"中文/&"}]'.encode()

    assert douyin_event_sign("7000", body, "hush") == "d61de1218f4fd7c67d1f217864b343a2"
    assert douyin_event_sign("7000", body + b" ", "hush") != "d61de1218f4fd7c67d1f217864b343a2"


@pytest.mark.parametrize("vector", vectors("wechat_msgcrypt"))
def test_wechat_signs_its_messages_as_in_the_vectors(vector: dict[str, Any]) -> None:
    assert vector["scheme"] == "wx_msg_signature"

    assert wechat_signature(*vector["inputs"].values()) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("woocommerce"))
def test_woocommerce_signs_its_webhooks_as_in_the_vectors(vector: dict[str, Any]) -> None:
    assert vector["scheme"] == "hmac_b64"

    signature = base64_hmac_sha256(vector["secret"], vector["inputs"]["body"].encode())

    assert signature == vector["expected"]


def test_wechats_own_sample_can_be_opened_and_sealed_again() -> None:
    (vector,) = json.loads((VECTORS / "wechat_msgcrypt.json").read_text())["vectors"][:1]
    key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"  # of the same published sample

    message, app_id = open_message(key, vector["inputs"]["encrypt"])

    assert app_id == "wx5823bf96d3bd56c7"
    assert message.startswith(b"<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>")
    again = seal_message(key, message, app_id, b"0123456789abcdef")
    assert open_message(key, again) == (message, app_id)


@given(message=st.binary(max_size=200), app_id=st.text(st.characters(codec="ascii")))
def test_what_wechat_seals_can_be_opened(message: bytes, app_id: str) -> None:
    key = "demoDEMOdemoDEMOdemoDEMOdemoDEMOdemoDEMOdem"

    sealed = seal_message(key, message, app_id, b"0123456789abcdef")

    assert open_message(key, sealed) == (message, app_id)


@given(sealed=st.text() | st.binary(max_size=96).map(lambda raw: base64.b64encode(raw).decode()))
def test_what_wechat_did_not_seal_is_refused(sealed: str) -> None:
    key = "demoDEMOdemoDEMOdemoDEMOdemoDEMOdemoDEMOdem"

    with pytest.raises(ValueError, match=r"base64|padding|length|multiple"):
        open_message(key, sealed)


def test_top_leaves_out_the_signature_itself_and_what_is_empty() -> None:
    plain = top_sign(TopSignMethod.HMAC_MD5, {"a": "1", "b": "2"}, "s")

    assert plain == "AEF84DD220144363BE6E2E4E58BC68DE"
    assert plain == top_sign(
        TopSignMethod.HMAC_MD5, {"b": "2", "empty": "", "a": "1", "sign": "X"}, "s"
    )


@pytest.mark.parametrize("vector", vectors("shopify", "hmac_b64"))
def test_shopify_pushes_are_signed_as_in_the_vectors(vector: dict[str, Any]) -> None:
    body = vector["inputs"]["body"].encode()

    assert shopify_signature(vector["secret"], body) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("shopify", "shopify_query"))
def test_shopify_redirects_are_signed_as_in_the_vectors(vector: dict[str, Any]) -> None:
    assert shopify_query_signature(vector["secret"], vector["inputs"]) == vector["expected"]


def test_while_shopify_changes_its_secret_the_old_and_the_new_one_count() -> None:
    signed_with_old = shopify_signature("old", b"{}")

    assert shopify_genuine(signed_with_old, ("new", "old"), b"{}")
    assert not shopify_genuine(signed_with_old, ("new",), b"{}")
    assert not shopify_genuine(signed_with_old, ("new", "old"), b"{ }")
    assert not shopify_genuine("", (), b"{}")


@pytest.mark.parametrize("vector", vectors("standard_webhooks", "standard_webhook"))
def test_own_messages_are_signed_as_in_the_reference_suite(vector: dict[str, Any]) -> None:
    given = vector["inputs"]

    signature = sign_own(vector["secret"], given["id"], given["timestamp"], given["body"].encode())

    assert signature == vector["expected"]


@given(
    key=st.binary(min_size=1, max_size=64),
    message_id=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
    body=st.dictionaries(st.text(), st.integers()),
)
def test_the_reference_library_accepts_what_we_sign(
    key: bytes, message_id: str, body: dict[str, int]
) -> None:
    secret = f"whsec_{base64.b64encode(key).decode()}"
    raw = json.dumps(body).encode()
    headers = own_headers(secret, message_id, int(datetime.now(UTC).timestamp()), raw)

    assert Webhook(secret).verify(raw, headers) == body


@given(key=st.binary(min_size=1, max_size=64), body=st.text())
def test_we_accept_what_the_reference_library_signs(key: bytes, body: str) -> None:
    secret = base64.b64encode(key).decode()
    signature = Webhook(secret).sign("msg_1", datetime(2026, 5, 1, tzinfo=UTC), body)

    assert own_genuine(signature, (secret,), "msg_1", 1777593600, body.encode())


def test_one_good_signature_by_one_good_secret_is_enough() -> None:
    ours, theirs = base64.b64encode(b"ours").decode(), base64.b64encode(b"theirs").decode()
    good = sign_own(ours, "msg_1", 100, b"{}")
    other = sign_own(theirs, "msg_1", 100, b"{}")

    assert own_genuine(f"{other} {good}", (ours,), "msg_1", 100, b"{}")
    assert own_genuine(good, (theirs, ours), "msg_1", 100, b"{}")
    assert not own_genuine(other, (ours,), "msg_1", 100, b"{}")
    assert not own_genuine(good, (ours,), "msg_2", 100, b"{}")
    assert not own_genuine(good, (ours,), "msg_1", 101, b"{}")
    assert not own_genuine(good.replace("v1,", "v2,"), (ours,), "msg_1", 100, b"{}")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!"])
def test_a_secret_that_cannot_sign_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        sign_own(secret, "msg_1", 100, b"{}")
