"""The formulas of ERPs against what their own kits and documents say."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.shared.errors import CredentialsRefused
from integrations.erp.signing import (
    kingdee_api_signature,
    kingdee_client_secret,
    kingdee_kd_signature,
    yonyou_signature,
    yonyou_string,
)

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(system: str) -> list[Any]:
    found = json.loads((VECTORS / f"{system}.json").read_text())["vectors"]
    return [pytest.param(one, id=one["id"]) for one in found]


@pytest.mark.parametrize("vector", vectors("kingdee"))
def test_kingdee_signs_as_its_own_kit(vector: dict[str, Any]) -> None:
    told, secret = vector["inputs"], vector.get("secret", "")
    match vector["scheme"]:
        case "kingdee_client_secret":
            made = kingdee_client_secret(told["app_secret_part"])
        case "kingdee_api_signature":
            made = kingdee_api_signature(secret, told["path"], told["nonce"], told["timestamp"])
        case _:
            made = kingdee_kd_signature(secret, told["app_id"], told["app_data"])

    assert made == vector["expected"]


@pytest.mark.parametrize("vector", vectors("yonyou"))
def test_yonyou_signs_as_its_document(vector: dict[str, Any]) -> None:
    told = vector["inputs"]
    is_string = vector["scheme"] == "yonyou_string"
    made = yonyou_string(told) if is_string else yonyou_signature(vector["secret"], told)

    assert made == vector["expected"]


@pytest.mark.parametrize("hidden", ["", "short", "!" * 32, "中" * 32])
def test_an_app_id_nobody_can_use_is_told_without_its_words(hidden: str) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        kingdee_client_secret(hidden)

    assert not hidden or hidden not in str(caught.value)
