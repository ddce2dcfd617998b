"""What a partner's account needs and nobody may read is kept among the secrets."""

import json
from urllib.parse import parse_qs

import httpx
import pytest

from domain.shared.errors import CredentialsRefused
from integrations.access import CarrierAccess, Secrets
from integrations.carriers.kuaidi100 import open_carrier
from tests.integrations.carriers.test_kuaidi100_limit import SECRETS

ACCOUNTS = {"partners": {"yuantong": {"partnerId": "p-1"}, "zhongtong": {"partnerId": "p-2"}}}


def access(http: httpx.AsyncClient, keys: str) -> CarrierAccess:
    secrets = Secrets("kuaidi100", {**SECRETS, "partner_keys": keys})
    return CarrierAccess("kuaidi100", "https://poll.example", secrets, ACCOUNTS, http)


async def test_a_partner_s_key_goes_with_its_account_and_with_no_other() -> None:
    asked: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(parse_qs(request.content.decode())["param"][0]))
        return httpx.Response(200, json={"result": True, "returnCode": "200", "message": "ok"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        keys = json.dumps({"yuantong": {"partnerKey": "canary"}})
        await open_carrier(access(http, keys)).cancel("S-1", "YT1")

    assert [(one["partnerId"], one.get("partnerKey")) for one in asked] == [
        ("p-1", "canary"),
        ("p-2", None),
    ]


@pytest.mark.parametrize("keys", ["{", "[]", '{"yuantong": "k"}', "7"])
async def test_keys_that_cannot_be_read_are_asked_for_by_name(keys: str) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(CredentialsRefused, match="partner_keys"):
            open_carrier(access(http, keys))
