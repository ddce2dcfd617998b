"""The signature formulas reproduce values that are not ours."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from integrations.carriers import jdl, kuaidi100, yto, yunda
from integrations.carriers.sf import SignMethod, sign
from integrations.signing import base64_md5, java_url_encode, same

VECTORS = Path(__file__).parent / "vectors"
SCHEMES = {
    "sf_md5": SignMethod.STANDARD_MD5,
    "sf_simple_md5": SignMethod.SIMPLE_MD5,
    "sf_sm3": SignMethod.SM3,
}


def vectors(system: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((VECTORS / f"{system}.json").read_text())["vectors"]
    return loaded


@pytest.mark.parametrize("vector", vectors("sf_express"), ids=lambda vector: str(vector["id"]))
def test_sf_signatures_match_the_published_ones(vector: dict[str, Any]) -> None:
    inputs = vector["inputs"]

    digest = sign(
        SCHEMES[vector["scheme"]], inputs["msgData"], inputs["timestamp"], vector["secret"]
    )

    assert digest == vector["expected"]


@pytest.mark.parametrize("vector", vectors("zto"), ids=lambda vector: str(vector["id"]))
def test_zto_signatures_match_the_vector(vector: dict[str, Any]) -> None:
    assert base64_md5("".join(vector["inputs"]["parts"]) + vector["secret"]) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("yto"), ids=lambda vector: str(vector["id"]))
def test_yto_signatures_match_the_published_ones(vector: dict[str, Any]) -> None:
    parts = vector["inputs"]["parts"]

    assert base64_md5("".join(parts) + vector["secret"]) == vector["expected"]
    if len(parts) == 3:
        assert yto.sign(parts[0], parts[1], vector["secret"]) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("sto_cainiao"), ids=lambda vector: str(vector["id"]))
def test_link_signatures_match_the_vector(vector: dict[str, Any]) -> None:
    assert base64_md5("".join(vector["inputs"]["parts"]) + vector["secret"]) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("jdl"), ids=lambda vector: str(vector["id"]))
def test_jd_logistics_signatures_match_the_vector(vector: dict[str, Any]) -> None:
    inputs = vector["inputs"]

    signed = jdl.sign(inputs["method"], inputs["param_json"], inputs, vector["secret"])

    assert signed == vector["expected"]


@pytest.mark.parametrize("vector", vectors("yunda"), ids=lambda vector: str(vector["id"]))
def test_yunda_signatures_match_the_vector(vector: dict[str, Any]) -> None:
    assert yunda.sign(vector["inputs"]["body"], vector["secret"]) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("kuaidi100"), ids=lambda vector: str(vector["id"]))
def test_kuaidi100_signatures_match_the_vector(vector: dict[str, Any]) -> None:
    assert kuaidi100.sign(*vector["inputs"]["parts"]) == vector["expected"]


def test_java_writes_addresses_its_own_way() -> None:
    assert java_url_encode("Az09.-*_ ~!'()北+%") == "Az09.-*_+%7E%21%27%28%29%E5%8C%97%2B%25"


def test_one_wrong_character_is_a_wrong_signature() -> None:
    digest = base64_md5("body" + "secret")

    assert same(digest, base64_md5("bodysecret"))
    assert not same(digest.swapcase(), digest)
    assert not same("\ud800", digest)
    assert hashlib.md5(b"bodysecret").hexdigest() != digest
