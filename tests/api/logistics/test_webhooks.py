import json
from urllib.parse import urlencode

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from api.metrics import UNKNOWN_SCANS
from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow
from db.orders.tables import ParcelRow, TrackingEventRow
from db.orders.words import of_scan
from db.vault import carrier_context
from integrations.signing import base64_md5
from tests.activities.channels.test_tracking import seed_parcels
from tests.api.channels.app import client_of
from tests.people import said
from tests.shops import VAULT

SF, ZTO = "/webhooks/carriers/sf/path-secret", "/webhooks/carriers/zto"
_SECRETS = {
    "sf": {"partner_id": "p", "checkword": "c", "monthly_card": "m"},
    "zto": {
        "app_key": "k", "app_secret": "zto-secret", "account_id": "a", "account_password": "p"
    },
}  # fmt: skip


async def _seed(owner: Sessions, *waybills: str) -> None:
    await seed_parcels(owner, *waybills)
    async with owner.begin() as session:
        for code, secrets in _SECRETS.items():
            session.add(
                CarrierAccountRow(
                    code=code,
                    name=code,
                    base_url="https://carrier.example",
                    secrets=VAULT.seal_secrets(secrets, carrier_context(code)),
                    push_secret="path-secret" if code == "sf" else "",
                )
            )


def _sf(waybill: str = "SF1", op_code: str = "50") -> bytes:
    route = {
        "id": "1", "mailno": waybill, "orderid": "p-1", "acceptTime": "2026-03-01 20:00:00",
        "acceptAddress": "杭州市", "remark": "已收件", "opCode": op_code,
    }  # fmt: skip
    return json.dumps({"Body": {"WaybillRoute": [route]}}).encode()


def _zto(secret: str = "zto-secret", **changes: str) -> dict[str, str]:
    data = json.dumps({"billCode": "Z1", "action": "GOT", "actionTime": "2026-03-01 20:00:00"})
    return {
        "data": data, "data_digest": base64_md5(data + secret), "company_id": "c",
        "msg_type": "Traces",
    } | changes  # fmt: skip


async def _scans(sessions: Sessions) -> list[tuple[str, str]]:
    async with sessions.begin() as session:
        rows = (await session.exec(select(TrackingEventRow))).all()
    return [(row.parcel_id, row.status) for row in rows]


async def test_an_sf_scan_is_kept_and_acknowledged_in_sfs_form(
    web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await _seed(owner_sessions, "SF1")

    async with client_of(web_sessions) as client:
        for _ in range(2):
            answer = await client.post(SF, content=_sf())

    assert answer.status_code == 200
    assert answer.json() == {"return_code": "0000", "return_msg": "成功"}
    assert await _scans(web_sessions) == [("p-SF1", "picked_up")]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/webhooks/carriers/sf/guess", _sf(), 404),
        ("/webhooks/carriers/sf/%E4%B8%AD", _sf(), 404),
        (SF, b"{", 400),
        (SF, b"[" * 100_000, 400),
        (SF, b"\xff", 400),
    ],
)
async def test_a_push_sf_did_not_send_is_refused_in_sfs_form(
    web_sessions: Sessions, owner_sessions: Sessions, path: str, body: bytes, status: int
) -> None:
    await _seed(owner_sessions, "SF1")

    async with client_of(web_sessions) as client:
        with capture_logs() as logs:
            answer = await client.post(path, content=body)

    assert (answer.status_code, answer.json()["return_code"]) == (status, "1000")
    assert [log["event"] for log in logs] == ["security.webhook_refused"]
    assert await _scans(web_sessions) == []


async def test_a_scan_of_a_parcel_nobody_knows_is_acknowledged_counted_and_not_kept(
    web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await _seed(owner_sessions, "SF1")

    async with client_of(web_sessions) as client:
        with capture_logs() as logs:
            answer = await client.post(SF, content=_sf("SF9"))

    assert answer.status_code == 200
    assert [(log["event"], log["count"]) for log in logs] == [("tracking.unknown_waybill", 1)]
    assert await _scans(web_sessions) == []


async def test_a_signed_zto_scan_is_kept_and_acknowledged_in_ztos_form(
    web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await _seed(owner_sessions)
    async with owner_sessions.begin() as session:
        session.add(ParcelRow(id="p-Z1", shipment_no="S1", carrier="zto", waybill_no="Z1"))

    async with client_of(web_sessions) as client:
        answer = await client.post(ZTO, data=_zto())

    assert answer.json() == {"message": "", "result": "success", "status": True, "statusCode": "0"}
    assert await _scans(web_sessions) == [("p-Z1", "picked_up")]


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        (_zto(secret="wrong"), 401, "S211"),
        (_zto(data_digest=""), 401, "S211"),
        (_zto(data="{}"), 401, "S211"),
        ({}, 401, "S211"),
        (_zto(data="{", data_digest=base64_md5("{zto-secret")), 400, "unreadable"),
    ],
)
async def test_a_push_zto_did_not_sign_is_refused_in_ztos_form(
    web_sessions: Sessions,
    owner_sessions: Sessions,
    form: dict[str, str],
    status: int,
    code: str,
) -> None:
    await _seed(owner_sessions)

    async with client_of(web_sessions) as client:
        answer = await client.post(ZTO, content=urlencode(form))

    assert answer.status_code == status
    body = answer.json()
    assert (body["result"], body["status"], body["statusCode"]) == ("fail", False, code)
    assert await _scans(web_sessions) == []


async def test_an_oversized_push_is_refused(
    web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await _seed(owner_sessions)

    async with client_of(web_sessions) as client:
        assert (await client.post(SF, content=b"x" * 1_048_577)).status_code == 413


async def test_a_scan_whose_code_nobody_knows_is_kept_raw_and_counted(
    web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await _seed(owner_sessions, "SF1")
    counted = UNKNOWN_SCANS.labels("sf")._value
    before = counted.get()

    async with client_of(web_sessions) as client:
        answer = await client.post(SF, content=_sf(op_code="987"))

    assert answer.status_code == 200
    assert counted.get() == before + 1
    async with owner_sessions.begin() as session:
        (scan,) = (await session.exec(select(TrackingEventRow))).all()
        (parcel,) = (await session.exec(select(ParcelRow))).all()
    assert (scan.status, scan.vendor_code) == ("unknown", "987")
    assert (await said(owner_sessions, of_scan(parcel.id, scan.event_id)))["text"] == "已收件"
    assert parcel.status == "labelled"
