"""People come in by every way there is, a carrier quotes them in its refusals, and afterwards none
of them stands in anything that Onhand leaves behind."""

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from activities.shared.finance_clients import REMEMBERED_S
from db.engine import create_engine, sessions
from db.platform.accounts import Accounts
from domain.platform.permissions import Role
from integrations.sandbox.settings import SandboxSettings
from tests.e2e.company import GOODS, Company, wait_until
from tests.e2e.leaving import left_by
from tests.e2e.quoting import REFUSED, quoting_carrier
from tests.e2e.running import ROOT, environment, onhand
from tests.tills import batch, signed, ticket

PATIENCE_S = 240.0
# Each stands nowhere else in the demo, in the code or in an alphabet.
BUYER = {"name": "欧阳金丝雀", "phone": "13912345670", "detail": "金丝雀路 969 号 7 栋"}
DESK = {"name": "司马黄鹂", "phone": "13712345671", "detail": "黄鹂巷 31 号后门"}
LISTED = {"name": "诸葛画眉", "phone": "13612345672", "detail": "画眉新村 8 幢 402"}
BROKEN = {"name": "上官百灵", "phone": "13512345673"}
SAID = {
    "buyer_remark": "请放在喜鹊便利店",
    "seller_remark": "老客户夜莺女士要礼盒",
    "buyer_ref": "tb_canary_nick_88",
    "invoice_request": "布谷鸟个人抬头",
}
REMARKS = ("云雀说杯子碎了", "信天翁会来取件", "鹦鹉的备注")  # of a return, of a note, in a list
CANARIES = [
    *BUYER.values(), *DESK.values(), *LISTED.values(), *BROKEN.values(), *SAID.values(), *REMARKS,
]  # fmt: skip
PLACE = {"province": "浙江省", "city": "杭州市", "district": "余杭区"}
PARKED = (
    "SELECT count(DISTINCT a.order_id) FROM attention a JOIN sales_order o ON o.id = a.order_id"
    " WHERE a.step_id LIKE 'label%' AND a.resolved_at IS NULL AND o.external_no LIKE 'CTRL-%'"
)


@dataclass
class Desk:
    """People at work, by their API keys."""

    company: Company
    keys: dict[Role, str] = field(default_factory=dict)

    async def hire(self) -> None:
        engine = create_engine(self.company.url(), "onhand_office", pool_size=1)
        async with sessions(engine).begin() as session:
            for role in Role:
                self.keys[role] = (await Accounts(session).add_key(f"e2e {role}", (role,)))[1]
        await engine.dispose()

    def ask(
        self, role: Role, method: str, path: str, kind: str = "application/json", **content: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[role]}", "Content-Type": kind}
        url = f"{self.company.api}/api/v1{path}"
        return httpx.request(method, url, headers=headers, timeout=60, **content)

    def change(self, statement: str, *values: Any) -> None:
        with psycopg.connect(self.company.url()) as connection:
            connection.execute(statement.encode(), values)

    def no(self, external_no: str) -> str:
        rows = self.company.rows(f"SELECT no FROM sales_order WHERE external_no = '{external_no}'")
        return str(rows[0][0])

    def wait(self, query: str, least: int = 1) -> None:
        def shown() -> Any:
            return (
                self.company.rows(query),
                self.company.rows("SELECT external_no, status, waits_for FROM sales_order"),
                self.company.rows("SELECT step_id, cause, error FROM attention"),
            )

        wait_until(lambda: self.company.rows(query)[0][0] >= least, PATIENCE_S, shown)


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_people_stand_in_nothing_that_is_left_behind(server_folder: Path) -> None:
    company = Company(environment(server_folder, ONHAND_SIMULATOR_SPEED="4"))
    desk = Desk(company)
    with (
        quoting_carrier() as address,
        onhand(company.variables, server_folder / "up.log"),
    ):
        asyncio.run(desk.hire())
        desk.change("UPDATE carrier_account SET active = code = 'sf'")
        _a_life_with_a_return(desk)
        desk.change("UPDATE carrier_account SET base_url = %s WHERE code = 'sf'", address)
        time.sleep(REMEMBERED_S)  # until then a worker may still know the old address
        _refused_and_changed_at_the_desk(desk)
        _out_of_a_list(desk)
        _badly_told(desk)
        desk.wait(PARKED, 2)
        # They came in, and whoever may reads them.
        _is_known(desk, "CTRL-1", BUYER)
        _is_known(desk, "CTRL-2", DESK)
        _is_known(desk, "CTRL-3", LISTED)

        left = left_by(company, server_folder, _exports(desk, server_folder))
        assert left.holding(CANARIES) == []
        # What is looked through holds what would have stood beside them.
        engine = [place for place in left.places if place.startswith("file data/temporal")]
        for places, word in (
            (["dump"], REFUSED), (["dump"], "CTRL-2"), (["engine"], "CTRL-2"),
            (["file up.log"], REFUSED), (engine, "CTRL-2"), (["export orders"], "CTRL-1"),
        ):  # fmt: skip
            assert any(hit.split(": ")[0] in places for hit in left.holding([word])), (word, places)


def _a_life_with_a_return(desk: Desk) -> None:
    """An order of the own channel is delivered; its buyer sends something back."""
    answer = desk.company.send_own("CTRL-1", told={"receiver": {**PLACE, **BUYER}, **SAID})
    assert answer.status_code == 202, answer.text
    one = "external_no = 'CTRL-1'"
    desk.wait(f"SELECT count(*) FROM sales_order WHERE {one} AND status = 'delivered'")
    line = desk.company.rows(
        f"SELECT f.id FROM fulfilment_line f JOIN sales_order o ON o.id = f.order_id WHERE {one}"
    )[0][0]
    asked = {
        "no": "CTRL-1", "last4": BUYER["phone"][-4:], "order_no": desk.no("CTRL-1"),
        "reason": "damaged", f"units.{line}": "1", "remark": REMARKS[0],
    }  # fmt: skip
    answer = httpx.post(f"{desk.company.api}/return/ask", data=asked, timeout=60)
    assert answer.status_code == 200, answer.text
    [(return_no,)] = desk.company.rows("SELECT return_no FROM sales_return")
    shown = desk.ask(Role.CUSTOMER_SERVICE, "GET", f"/returns/{return_no}").json()
    assert shown["remark"] == REMARKS[0]


def _refused_and_changed_at_the_desk(desk: Desk) -> None:
    answer = desk.company.send_own("CTRL-2", told={"receiver": {**PLACE, **BUYER}, **SAID})
    assert answer.status_code == 202, answer.text
    desk.wait(PARKED)
    no, service = desk.no("CTRL-2"), Role.CUSTOMER_SERVICE
    told = desk.ask(service, "POST", f"/orders/{no}/notes", json={"text": REMARKS[1]})
    assert told.status_code == 200, told.text
    moved = {**PLACE, **DESK, "reason": "the buyer moved"}
    told = desk.ask(service, "POST", f"/orders/{no}/address", json=moved)
    assert told.status_code in (200, 202), told.text
    desk.wait("SELECT count(*) FROM receiver WHERE edited_by_us")
    shown = desk.ask(service, "GET", f"/orders/{no}").json()
    assert {name: shown[name] for name in SAID if name in shown} == {
        name: word for name, word in SAID.items() if name != "buyer_ref"
    }


def _out_of_a_list(desk: Desk) -> None:
    head = (
        "shop,order_no,placed_at,paid,sku,quantity,payable,receiver,phone,province,city,district,"
        "address,buyer_remark"
    )
    good, bad = (
        ",".join(
            ("mini", number, "2026-03-01 10:30", "是", GOODS, units, "45.50", who["name"],
             who["phone"], *PLACE.values(), LISTED["detail"], REMARKS[2])
        )
        for number, units, who in (("CTRL-3", "1", LISTED), ("CTRL-5", "many", BROKEN))
    )  # fmt: skip
    for rows in (good, bad):
        query = {"kind": "orders", "name": "orders.csv", "apply": "true"}
        file = f"{head}\n{rows}\n".encode()
        told = desk.ask(
            Role.CUSTOMER_SERVICE, "POST", "/imports", "text/csv", params=query, content=file
        )
        assert told.status_code == 201, told.text
    desk.wait("SELECT count(*) FROM import_row WHERE state = 'bad'")
    desk.wait(
        "SELECT count(*) FROM sales_order o JOIN receiver r ON r.order_id = o.id"
        " WHERE o.external_no = 'CTRL-3'"
    )


def _badly_told(desk: Desk) -> None:
    """Signed, but not as an order or a till's ticket is told: kept aside, or refused."""
    receiver = {**PLACE, **BROKEN, "detail": 7}
    told = desk.company.send_own(
        "CTRL-4", told={"receiver": receiver, "lines": [{"title": BROKEN["name"]}]}
    )
    assert told.status_code < 500, told.text
    member = {"name": BROKEN["name"], "phone": BROKEN["phone"]}
    sold = ticket("CANARY", store="S-SH1", member=member)
    body, address = batch(sold), f"{desk.company.api}/webhooks/pos/stores"
    headers = signed(body, SandboxSettings().tills.secret)
    refused = httpx.post(address, content=body, headers=headers, timeout=60)
    assert refused.status_code < 500, refused.text


def _is_known(desk: Desk, external_no: str, who: dict[str, str]) -> None:
    path = f"/orders/{desk.no(external_no)}/receiver-disclosures"
    shown = desk.ask(Role.ADMIN, "POST", path, json={"reason": "looks for canaries"}).json()
    assert (shown["name"], shown["phone"]) == (who["name"], who["phone"]), shown


def _exports(desk: Desk, folder: Path) -> dict[str, str]:
    """What lists tell that need no right to see people, and those that lack it."""
    file = folder / "orders.csv"
    command = [sys.executable, "-m", "cli", "export", "orders", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=desk.company.variables, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    told = {"orders": file.read_text("utf-8")}
    for role in Role:
        for path in ("/orders", "/exports/dealers", "/audit", "/attention"):
            told[f"{path} {role}"] = desk.ask(role, "GET", path).text
    told["order"] = desk.ask(Role.BUYER, "GET", f"/orders/{desk.no('CTRL-1')}").text
    return told
