"""People see what the vendors saw and disturb them, by page and by command."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
import uvicorn
from typer.testing import CliRunner

from cli import app as onhand
from integrations.sandbox.app import create_sandbox
from integrations.sandbox.settings import SandboxSettings
from tests.integrations.sandbox.world import World, create_world, waybill_request


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    world = create_world()
    yield world
    await world.vendor_http.aclose()


async def test_a_call_is_shown_as_the_carrier_saw_it(world: World) -> None:
    await world.sf().create(waybill_request("O-1-P1"))

    page = (await world.vendor_http.get("/", params={"ref": "O-1-P1"})).text

    for shown in ("EXP_RECE_CREATE_ORDER", "铁观音 礼盒", "西湖路38号102", "SF7000000000001"):
        assert shown in page
    other = (await world.vendor_http.get("/", params={"ref": "O-2"})).text
    assert "铁观音" not in other


async def test_what_callers_write_stays_text(world: World) -> None:
    await world.vendor_http.post("/zto/<script>alert(1)", content=b'{"a": "<script>"}')

    page = (await world.vendor_http.get("/")).text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


async def test_a_fault_is_switched_on_and_off_by_form(world: World) -> None:
    form = {"target": "sf/EXP_RECE_CREATE_ORDER", "kind": "throttle", "times": "2", "rate": "1.0"}
    done = await world.vendor_http.post("/faults", data=form)
    assert done.status_code == 303
    (fault,) = (await world.vendor_http.get("/sandbox/faults")).json()
    assert (fault["vendor"], fault["operation"], fault["times"]) == (
        "sf",
        "EXP_RECE_CREATE_ORDER",
        2,
    )
    assert "EXP_RECE_CREATE_ORDER" in (await world.vendor_http.get("/faults")).text

    wrong = await world.vendor_http.post("/faults", data={**form, "times": "often"})
    assert wrong.status_code == 422
    foreign = await world.vendor_http.post(
        "/faults/clear", headers={"sec-fetch-site": "cross-site"}
    )
    assert foreign.status_code == 403
    assert len((await world.vendor_http.get("/sandbox/faults")).json()) == 1
    await world.vendor_http.post("/faults/clear")
    assert (await world.vendor_http.get("/sandbox/faults")).json() == []


async def test_buyers_order_and_parcels_are_given_their_fate_by_form(world: World) -> None:
    await world.vendor_http.post("/sell", data={"vendor": "top", "count": "2", "masked": "true"})
    trades = (await world.vendor_http.get("/sandbox/top/trades")).json()
    assert len(trades) == 2
    assert all(trade["oaid"] for trade in trades)
    refused = await world.vendor_http.post("/sell", data={"vendor": "sf"})
    assert refused.status_code == 409

    waybill = await world.sf().create(waybill_request())
    await world.vendor_http.post(f"/parcels/{waybill.waybill_no}", data={"fate": "lost"})
    page = (await world.vendor_http.get("/parcels")).text
    assert waybill.waybill_no in page
    assert "<option value='lost' selected>" in page
    assert (await world.vendor_http.get("/pushes")).status_code == 200


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A sandbox on a real port, as `make up` has it."""
    config = uvicorn.Config(create_sandbox(SandboxSettings()), port=0, log_config=None)
    server = uvicorn.Server(config)
    running = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    running.start()
    while not server.started:
        running.join(0.05)
        assert running.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    monkeypatch.setenv("ONHAND_SANDBOX_URL", f"http://127.0.0.1:{port}")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    running.join(10)


def test_a_vendor_is_disturbed_by_command(served: str) -> None:
    def command(*words: str) -> str:
        result = CliRunner().invoke(onhand, ["sandbox", *words], env={"COLUMNS": "200"})
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    command("faults", "on", "top", "throttle", "--times", "3")
    assert "throttle" in command("faults")
    assert httpx.get(f"{served}/sandbox/faults").json()[0]["times"] == 3
    command("faults", "off")
    assert "Nothing yet" in command("faults")
    command("sell", "top", "--count", "2")
    assert len(httpx.get(f"{served}/sandbox/top/trades").json()) == 2
    httpx.post(f"{served}/zto/zto.open.createOrder", content=b"{}")
    assert "zto.open.createOrder" in command("calls", "--vendor", "zto")
    assert "EXP_RECE_CREATE_ORDER" in command("operations")
    assert "Nothing yet" in command("pushes")


def test_a_refused_switch_and_an_absent_sandbox_are_told_in_one_sentence(
    served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = CliRunner().invoke(onhand, ["sandbox", "faults", "on", "dhl", "delay"])
    assert str(refused.exception) == "The sandbox refused: there is no vendor dhl"

    monkeypatch.setenv("ONHAND_SANDBOX_URL", "http://127.0.0.1:9")
    absent = CliRunner().invoke(onhand, ["sandbox", "faults"])
    assert "No sandbox answers at http://127.0.0.1:9" in str(absent.exception)
