"""What may be set: what the code reads, what the documents promise, and nothing else."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.errors import SettingsRefused
from integrations.carriers.registry import CARRIERS, SETTINGS
from integrations.erp.registry import ERPS
from integrations.invoices.registry import ISSUERS
from integrations.marketplaces.registry import CHANNELS
from integrations.payments.registry import PROVIDERS
from integrations.sandbox.demo_carriers import demo_carriers
from integrations.sandbox.demo_erps import demo_erps
from integrations.sandbox.demo_issuers import demo_issuers
from integrations.sandbox.settings import SandboxSettings
from integrations.schemas import (
    schema_of_carrier,
    schema_of_channel,
    schema_of_erp,
    schema_of_issuer,
    schema_of_provider,
)
from integrations.settings import Rule, Schema, Setting

ROOT = Path(__file__).parents[2]
NAMES = {
    "JD": "jd", "Pinduoduo": "pdd", "Douyin": "douyin", "WeChat shop": "wechat",
    "WooCommerce": "woocommerce", "Taobao/Tmall": "top", "Shopify": "shopify", "YTO": "yto",
    "STO": "sto", "JD Logistics": "jdl", "Yunda": "yunda", "ZTO": "zto", "SF": "sf",
    "Kuaidi100": "kuaidi100", "WeChat Pay": "wechatpay", "Alipay": "alipay", "Stripe": "stripe",
    "Kingdee": "kingdee", "Yonyou": "yonyou", "Nuonuo": "nuonuo",
}  # fmt: skip
SCHEMAS: dict[str, Schema] = {
    **{name: schema_of_channel(name) for name in CHANNELS},
    **{name: schema_of_carrier(name) for name in CARRIERS},
    **{name: schema_of_provider(name) for name in PROVIDERS},
    **{name: schema_of_erp(name) for name in ERPS},
    **{name: schema_of_issuer(name) for name in ISSUERS},
}
# Named in the documents without being settings: secrets, and ids of a listing.
OTHERS = {"access_token", "refresh_token", "variant_id", "partner_keys", "partnerKey"}


def vendors_of(cell: str) -> list[str]:
    match cell:
        case "all carriers":
            return list(CARRIERS)
        case "all three":
            return list(PROVIDERS)
        case _:
            return [NAMES[name.strip()] for name in cell.split(",")]


def promised() -> list[tuple[str, str, Any]]:
    """(vendor, key, example or None) of every setting in the page of assumptions."""
    found = []
    page = (ROOT / "docs/assumptions.md").read_text()
    for row in re.findall(r"^\| (.+) \|$", page, re.MULTILINE)[2:]:
        vendor, assumed, _, place = (cell.strip() for cell in row.split(" | "))
        told = place if vendor != "all carriers" or "_codes" not in assumed else assumed + place
        key = ""
        for token in re.findall(r"`([^`]+)`", told):
            if token[:1] in "{[":
                example = json.loads(token)
                examples = {key: example} if key and key not in example else example
                found += [(one, k, v) for one in vendors_of(vendor) for k, v in examples.items()]
            elif match := re.fullmatch(r"([a-z_]+)(?:: (.+))?", token):
                key = match[1]
                if key not in OTHERS:
                    value = json.loads(match[2]) if match[2] else None
                    found += [(one, key, value) for one in vendors_of(vendor)]
    return found


def every_key(settings: Sequence[Setting]) -> set[str]:
    """Keys, and those within them."""
    return {key for one in settings for key in (one.key, *every_key(one.parts))}


def test_every_setting_the_documents_promise_exists_and_takes_what_they_say() -> None:
    rows = promised()

    assert len(rows) > 60
    for vendor, key, value in rows:
        assert key in every_key(SCHEMAS[vendor].settings), (vendor, key)
        if value is not None:
            assert SCHEMAS[vendor].faults({key: value}) == (), (vendor, key, value)


@pytest.mark.parametrize("vendor", sorted(SCHEMAS))
def test_every_setting_a_client_reads_may_be_set(vendor: str) -> None:
    folder = next(
        ROOT / "integrations" / name
        for name, known in (
            ("marketplaces", CHANNELS), ("carriers", CARRIERS), ("payments", PROVIDERS),
            ("erp", ERPS), ("invoices", ISSUERS),
        )
        if vendor in known
    )  # fmt: skip
    read = set()
    parts: tuple[str, ...] = ("", "_errors", "_after_sale", "_waybill")
    parts += ("_messages", "_token") if vendor in {*ERPS, *ISSUERS} else ()
    for file in (folder / f"{vendor}{part}.py" for part in parts):
        if not file.exists():
            continue
        read |= set(re.findall(r"\b(?:settings|told)\.get\(\s*\"([a-z_]+)\"", file.read_text()))

    assert read <= SCHEMAS[vendor].keys


def test_what_pollers_read_of_a_shop_may_be_set_on_every_channel() -> None:
    read = set()
    for file in (ROOT / "activities").rglob("*.py"):
        read |= set(re.findall(r"setting\((?:shop\.)?settings, \"([a-z_]+)\"", file.read_text()))

    assert len(read) > 5
    for channel in CHANNELS:
        assert read <= SCHEMAS[channel].keys


def test_every_carrier_has_a_schema_and_the_demo_fits() -> None:
    assert set(SETTINGS) == set(CARRIERS)
    for one in demo_carriers(SandboxSettings(), "http://here"):
        assert SCHEMAS[one.code].faults(one.settings) == ()
    for erp in demo_erps(SandboxSettings()):
        assert SCHEMAS[erp.vendor].faults(erp.settings) == ()
    for issuer in demo_issuers(SandboxSettings()):
        assert SCHEMAS[issuer.vendor].faults(issuer.settings) == ()


@pytest.mark.parametrize(
    ("vendor", "key", "value", "rule"),
    [
        ("top", "sign_method", "sha1", Rule.CHOICE),
        ("top", "sign_method", 5, Rule.CHOICE),
        ("top", "sign_methd", "md5", Rule.UNKNOWN),
        ("top", "interval_s", "60", Rule.NUMBER),
        ("top", "interval_s", True, Rule.NUMBER),
        ("top", "interval_s", 0, Rule.NUMBER),
        ("top", "interval_s", 10**400, Rule.NUMBER),
        ("top", "sell", {"buffer": 1.5}, Rule.WHOLE),
        ("top", "sell", {"bufer": 1}, Rule.UNKNOWN),
        ("top", "sell", [], Rule.NESTED),
        ("jd", "flat_stock", "true", Rule.YES_NO),
        ("jd", "carrier_ids", ["sf"], Rule.TABLE),
        ("jd", "carrier_ids", {"sf": None}, Rule.TABLE),
        ("jd", "after_sale_stages", {"1": "lost"}, Rule.MEANINGS),
        ("jd", "retry_codes", "8", Rule.CODES),
        ("woocommerce", "tracking_meta", "a\nb", Rule.TEXT),
        ("kuaidi100", "partners", {"yuantong": "p"}, Rule.OBJECTS),
        ("kuaidi100", "partners", {"yuantong": {"partnerKey": "k"}}, Rule.SEALED),
        ("kuaidi100", "partners", {"yuantong": {"partnerId": "\ud800"}}, Rule.OBJECTS),
    ],
)
def test_what_does_not_fit_is_named(vendor: str, key: str, value: object, rule: Rule) -> None:
    faults = SCHEMAS[vendor].faults({key: value})

    assert [fault.rule for fault in faults] == [rule]
    assert faults[0].key.split(".")[0] == key
    with pytest.raises(SettingsRefused, match=key):
        SCHEMAS[vendor].check({key: value}, "shop/x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(vendor=st.sampled_from(sorted(SCHEMAS)), data=st.data())
def test_whatever_is_given_is_taken_or_named(vendor: str, data: st.DataObject) -> None:
    schema = SCHEMAS[vendor]
    keys = st.sampled_from(sorted(schema.keys) or ["none"]) | st.text()
    settings = data.draw(st.dictionaries(keys, JSON, max_size=3))

    for fault in schema.faults(settings):
        assert str(fault).isascii() or "…" in str(fault) or "–" in str(fault)
        str(fault).encode()
