"""Kits of units with serial numbers: what goes in is in a kit, what comes out lies there again."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from db.audit import audit
from db.engine import Sessions
from db.inventory.kits import KitOrder, Kits
from db.inventory.repository import StockRepository
from db.inventory.serial_adjustments import SerialAdjustments
from domain.inventory.kits import Component, KitKind, KitWork
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.shared.errors import InsufficientStock, InvalidInput, SerialsMissing, SerialTaken
from domain.shared.ids import LocationId, Lot, Sku
from tests.seeds import seed_network

IN, OUT = KitWork.ASSEMBLE, KitWork.DISASSEMBLE


@pytest_asyncio.fixture
async def network(sessions: Sessions, web_sessions: Sessions) -> None:
    """A GIFT is two numbered A and a B; GIFT itself has numbers, PLAIN of one A has none."""
    await seed_network(sessions, locations=("HQ", "GZ"), skus=("A", "B", "GIFT", "PLAIN"))
    await asked(sessions, "UPDATE sku SET tracks_serials = true WHERE code IN ('A', 'GIFT')")
    await found(sessions, "HQ", "L1", "S1", "S2", "S3")
    await found(sessions, "HQ", "L2", "S4", "S5", "S6")
    await found(sessions, "GZ", "", "G1")
    async with web_sessions.begin() as session:
        gift = (Component("A", 2), Component("B", 1))
        await Kits(session).define("GIFT", KitKind.ASSEMBLED, gift, "buyer")
        await Kits(session).define("PLAIN", KitKind.ASSEMBLED, (Component("A", 1),), "buyer")
    async with sessions.begin() as session:
        key = StockKey(Sku("B"), LocationId("HQ"))
        await StockRepository(session).receive(Document("grn", "G", "G"), [StockLine(key, 9)])


async def asked(sessions: Sessions, query: str) -> list[Any]:
    async with sessions.begin() as session:
        rows = await (await session.connection()).execute(text(query))
        return [tuple(row) for row in rows] if rows.returns_rows else []


async def found(sessions: Sessions, place: str, lot: str, *serials: str) -> None:
    line = StockLine(StockKey(Sku("A"), LocationId(place), Lot(lot)), len(serials))
    document = Document("adjustment", f"F-{serials[0]}", f"F-{serials[0]}", "anna")
    reason = AdjustmentReason.FOUND
    async with sessions.begin() as session:
        await SerialAdjustments(session).follow(document, [line], reason, [serials])
        await StockRepository(session).adjust(document, [line], reason)


async def work(
    sessions: Sessions, key: str, kind: KitWork, units: int, kit: str = "GIFT",
    **named: Sequence[str],
) -> str:  # fmt: skip
    order = KitOrder(key, kit, "HQ", kind, units, "anna", named)
    async with sessions.begin() as session:
        return await Kits(session).work(order)


async def where(sessions: Sessions, sku: str = "A") -> Mapping[str, str]:
    return dict(
        await asked(
            sessions,
            "SELECT serial, CASE state WHEN 'in_stock' THEN location_id || '/' || lot ELSE state"
            f" END FROM serial WHERE sku = '{sku}'",
        )
    )


async def equal(sessions: Sessions) -> None:
    """As many numbers as units in every lot, and the audit compares them and says so too."""
    for sku in ("A", "GIFT"):
        units = await asked(
            sessions,
            "SELECT location_id || '/' || lot, on_hand FROM stock_balance"
            f" WHERE sku = '{sku}' AND on_hand > 0",
        )
        lies = Counter(at for at in (await where(sessions, sku)).values() if "/" in at)
        assert dict(lies) == dict(units)
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_what_goes_into_a_kit_is_in_it_and_comes_out_in_its_lot(
    sessions: Sessions, network: None
) -> None:
    for _ in range(2):  # said again it is done once
        no = await work(sessions, "k1", IN, 2, A=["S1", "S2", "S4", "S5"], GIFT=["K1", "K2"])
    assert Counter((await where(sessions)).values()) == {
        "built_in": 4, "HQ/L1": 1, "HQ/L2": 1, "GZ/": 1,
    }  # fmt: skip
    assert await where(sessions, "GIFT") == {"K1": f"HQ/{no}", "K2": f"HQ/{no}"}
    await equal(sessions)
    await work(sessions, "k2", OUT, 1, A=["S1", "S4"], GIFT=["K1"])
    assert await where(sessions) == {
        "S1": "HQ/L1", "S4": "HQ/L2", "S2": "built_in", "S5": "built_in", "S3": "HQ/L1",
        "S6": "HQ/L2", "G1": "GZ/",
    }  # fmt: skip
    assert (await where(sessions, "GIFT"))["K1"] == "gone"
    told = await asked(
        sessions,
        "SELECT what, document_no, location_id FROM serial_event"
        " WHERE serial = 'S1' ORDER BY at, id",
    )
    assert [row[0] for row in told] == ["found", "built_in", "taken_out"]
    assert told[1][1:] == (no, "HQ")
    await equal(sessions)


async def test_numbers_that_cannot_go_in_or_come_out_are_refused_and_nothing_moves(
    sessions: Sessions, network: None
) -> None:
    await work(sessions, "k1", IN, 1, A=["S1", "S2"], GIFT=["K1"])
    await work(sessions, "k2", IN, 1, A=["S3", "S4"], GIFT=["K2"])
    await work(sessions, "k3", IN, 1, "PLAIN", A=["S5"])
    before = await where(sessions)
    for kind, units, a, gift, error in (
        (IN, 1, ["S6"], ["K3"], SerialsMissing),
        (IN, 1, ["S6", "S6"], ["K3"], InvalidInput),
        (IN, 1, ["S6", "G1"], ["K3"], InsufficientStock),  # one is left here
        (OUT, 1, ["S1", "S2"], ["K9"], SerialTaken),  # no such kit lies here
        (OUT, 1, ["S1", "S3"], ["K1"], SerialTaken),  # S3 is in the other one
        (OUT, 1, ["S1", "S5"], ["K1"], SerialTaken),  # in a kit of another kind
        (OUT, 1, ["S1", "S6"], ["K1"], SerialTaken),  # lies on the shelf
        (OUT, 1, ["S1", "S2"], [], SerialsMissing),
    ):
        with pytest.raises(error):
            await work(sessions, f"no{a}{gift}", kind, units, A=a, GIFT=gift)
        assert await where(sessions) == before
    with pytest.raises(InvalidInput):
        await work(sessions, "b", OUT, 1, A=["S1", "S2"], GIFT=["K1"], B=["X"])
    with pytest.raises(InvalidInput):
        await work(sessions, "z", OUT, 1, A=["S1", "S2"], GIFT=["K1"], PLAIN=["X"])
    await equal(sessions)


async def test_the_kit_that_is_opened_is_the_one_its_component_went_into(
    sessions: Sessions, network: None
) -> None:
    first = await work(sessions, "k1", IN, 1, "PLAIN", A=["S1"])
    second = await work(sessions, "k2", IN, 1, "PLAIN", A=["S4"])
    await work(sessions, "k3", OUT, 1, "PLAIN", A=["S4"])
    lies = "SELECT lot FROM stock_balance WHERE sku = 'PLAIN' AND on_hand > 0"
    assert await asked(sessions, lies) == [(first,)]
    assert second != first
    assert (await where(sessions))["S4"] == "HQ/L2"
    await equal(sessions)


async def test_a_unit_that_nobody_took_down_is_taken_down_as_it_goes_in(
    sessions: Sessions, network: None
) -> None:
    with pytest.raises(SerialTaken):  # every unit that lies here has its number
        await work(sessions, "k0", IN, 1, "PLAIN", A=["OLD"])
    key = StockKey(Sku("A"), LocationId("HQ"), Lot("L2"))
    async with sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", "O", "O"), [StockLine(key, 1)])
    await work(sessions, "k1", IN, 1, "PLAIN", A=["OLD"])
    assert (await where(sessions))["OLD"] == "built_in"
    await work(sessions, "k2", OUT, 1, "PLAIN", A=["OLD"])
    assert (await where(sessions))["OLD"] == "HQ/L2"
    await equal(sessions)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_put_together_or_taken_apart_numbers_are_units(
    sessions: Sessions, network: None, seed: int
) -> None:
    chance = random.Random(seed)
    inside: dict[str, list[str]] = {}
    for n in range(12):
        lies = sorted(one for one, at in (await where(sessions)).items() if at.startswith("HQ/"))
        if inside and (len(lies) < 2 or chance.random() < 0.4):
            kits = chance.sample(sorted(inside), chance.randint(1, len(inside)))
            out = [one for kit in kits for one in inside.pop(kit)]
            await work(sessions, f"out{n}", OUT, len(kits), A=out, GIFT=kits)
        else:
            units = chance.sample(lies, 2)
            await work(sessions, f"in{n}", IN, 1, A=units, GIFT=[f"K{n}"])
            inside[f"K{n}"] = units
        await equal(sessions)
