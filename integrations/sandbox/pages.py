"""The sandbox for people: what the vendors saw, and switches to disturb them, as plain pages.

Made for whoever tries Onhand out on one machine: no accounts, and never part of a deployment.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from pydantic import ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from integrations.sandbox.controls import FaultSwitch, calls_of, pushes_of, switch_on
from integrations.sandbox.faults import FaultKind
from integrations.sandbox.framework import Sandbox
from integrations.sandbox.ledgers import LedgerSandbox
from integrations.sandbox.nuonuo import NuonuoSandbox
from integrations.sandbox.parcels import Fate

_SHOWN: Final = 100
_LONGEST: Final = 20_000
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_PAGES: Final = (
    ("/", "Calls 调用"),
    ("/pushes", "Pushes 推送"),
    ("/parcels", "Parcels 包裹"),
    ("/ledgers", "Ledgers 总账"),
    ("/invoices", "Invoices 发票"),
    ("/faults", "Faults 故障开关"),
    ("/openapi.json", "API"),
)
_KINDS: Final = {
    FaultKind.DELAY: "answers late 延迟",
    FaultKind.TIMEOUT_BEFORE: "nothing done, no answer 超时，未执行",
    FaultKind.TIMEOUT_AFTER: "done, no answer 超时，已执行",
    FaultKind.ERROR_BEFORE: "5xx, nothing done 报错，未执行",
    FaultKind.ERROR_AFTER: "done, then 5xx 报错，已执行",
    FaultKind.THROTTLE: "slow down, in its own words 限流",
    FaultKind.DUPLICATE_PUSH: "push twice 重复推送",
    FaultKind.OUT_OF_ORDER_PUSH: "push overtaken 乱序推送",
}
_STYLE: Final = """
*{box-sizing:border-box}
body{font:14px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1200px;padding:0 16px 40px}
body{color:#1d273b}
nav{display:flex;gap:20px;align-items:baseline;padding:14px 0;border-bottom:1px solid #dadfe5}
nav a{color:#1d5fa8;text-decoration:none}nav a[aria-current]{font-weight:700;color:#1d273b}
table{border-collapse:collapse;width:100%;margin:12px 0}
th,td{text-align:left;padding:6px 10px;border-bottom:1px solid #e6e8eb;vertical-align:top}
pre{background:#f4f6fa;padding:10px;overflow:auto;margin:6px 0}
pre{white-space:pre-wrap;word-break:break-all}
form{display:flex;flex-wrap:wrap;gap:10px;align-items:end;margin:12px 0}
label{display:flex;flex-direction:column;font-size:12px;color:#50596a}
input,select,button{font:inherit;padding:5px 8px;min-height:34px}
summary{cursor:pointer}.bad{color:#a4262c}.good{color:#1a6e35}
"""


async def _same_origin(request: Request) -> None:
    """A form on another web site must not press our switches."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise HTTPException(403, "send the form from the sandbox's own page")


def pages(sandbox: Sandbox) -> APIRouter:
    """Pages at the root of the sandbox, beside the controls that programs use."""
    router = APIRouter(include_in_schema=False)
    acts = APIRouter(include_in_schema=False, dependencies=[Depends(_same_origin)])

    @router.get("/")
    async def calls(
        vendor: str = "", operation: str = "", ref: Annotated[str, Query(max_length=200)] = ""
    ) -> HTMLResponse:
        found = calls_of(sandbox, vendor, operation, ref.strip(), _SHOWN)
        return _page("/", _call_filter(sandbox, vendor, operation, ref) + _calls(found))

    @router.get("/pushes")
    async def pushes(vendor: str = "", ref: str = "") -> HTMLResponse:
        return _page("/pushes", _pushes(pushes_of(sandbox, vendor, ref.strip(), _SHOWN)))

    @router.get("/parcels")
    async def parcels() -> HTMLResponse:
        return _page("/parcels", _parcels(sandbox))

    @router.get("/ledgers")
    async def ledgers() -> HTMLResponse:
        return _page("/ledgers", _ledgers(sandbox))

    @router.get("/invoices")
    async def invoices() -> HTMLResponse:
        return _page("/invoices", _invoices(sandbox))

    @router.get("/faults")
    async def faults() -> HTMLResponse:
        return _page("/faults", _faults(sandbox))

    @acts.post("/faults")
    async def break_it(request: Request) -> Response:
        form = await request.form()
        given = {name: str(value) for name, value in form.items() if str(value).strip()}
        vendor, _, operation = given.pop("target", "").partition("/")
        try:
            switch_on(sandbox, FaultSwitch(vendor=vendor, operation=operation, **given))  # type: ignore[arg-type]
        except ValidationError as error:
            raise HTTPException(422, str(error.errors()[0]["msg"])) from None
        return RedirectResponse("/faults", 303)

    @acts.post("/faults/clear")
    async def mend() -> Response:
        sandbox.faults.clear()
        return RedirectResponse("/faults", 303)

    @acts.post("/parcels/{waybill_no}")
    async def decide(waybill_no: str, fate: Annotated[Fate, Form()]) -> Response:
        if (parcel := sandbox.parcels.get(waybill_no)) is None:
            raise HTTPException(404, "no such waybill")
        sandbox.parcels.decide(parcel, fate, sandbox.now())
        return RedirectResponse("/parcels", 303)

    @acts.post("/sell")
    async def sell(
        vendor: Annotated[str, Form()],
        count: Annotated[int, Form(ge=1, le=1000)] = 1,
        masked: Annotated[bool, Form()] = False,
    ) -> Response:
        if vendor not in sandbox.vendors:
            raise HTTPException(404, "no such vendor")
        sandbox.vendors[vendor].sell(count, masked=masked)
        return RedirectResponse(f"/?{urlencode({'vendor': vendor})}", 303)

    router.include_router(acts)
    return router


def _page(path: str, content: str) -> HTMLResponse:
    links = "".join(
        f'<a href="{to}"{" aria-current=page" if to == path else ""}>{name}</a>'
        for to, name in _PAGES
    )
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>Onhand sandbox</title><style>{_STYLE}</style>"
        f"<nav><b>Onhand sandbox 沙箱</b>{links}</nav><main>{content}</main></html>"
    )


def _call_filter(sandbox: Sandbox, vendor: str, operation: str, ref: str) -> str:
    vendors = _options(("", *sandbox.vendors), vendor)
    names = sorted({name for one in sandbox.vendors.values() for name in one.operations})
    return (
        "<form method=get action=/>"
        f"<label>Vendor 对方<select name=vendor>{vendors}</select></label>"
        "<label>Operation 接口"
        f"<select name=operation>{_options(('', *names), operation)}</select></label>"
        f"<label>Our number 我方单号<input name=ref value='{escape(ref)}'></label>"
        "<button>Show 查看</button></form>"
        "<form method=post action=/sell><label>New orders 下单<select name=vendor>"
        f"{_options(('top', 'shopify'), 'top')}</select></label>"
        "<label>Count 数量<input name=count type=number min=1 max=1000 value=1></label>"
        "<label>Receiver 收件人<select name=masked><option value=false>plain 明文</option>"
        "<option value=true>masked 密文 (TOP)</option></select></label>"
        "<button>Order 下单</button></form>"
    )


def _calls(found: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (
            _when(call["at"]),
            escape(call["vendor"]),
            f"<details><summary>{escape(call['operation']) or '–'}</summary>"
            f"<pre>{escape(_legible(call['request']))}</pre>"
            f"<pre>{escape(_legible(call['answer'] or ''))}</pre></details>",
            escape(call["ref"]),
            "<span class=good>yes</span>" if call["executed"] else "<span class=bad>no</span>",
            escape(str(call["status"] or "–")),
            f"<span class=bad>{escape(call['fault'])}</span>",
        )
        for call in found
    ]
    heads = ("At 时间", "Vendor", "Operation, request and answer", "Our number", "Done", "HTTP")
    return _table((*heads, "Fault 故障"), rows)


def _pushes(found: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (
            escape(push["vendor"]),
            f"<details><summary>{escape(push['url'])}</summary>"
            f"<pre>{escape(_legible(push['body']))}</pre></details>",
            escape(push["ref"]),
            escape(str(push["attempts"])),
            "<span class=good>yes</span>" if push["delivered"] else "<span class=bad>no</span>",
            escape(push["last_answer"][:200]),
        )
        for push in found
    ]
    heads = ("Vendor", "To us", "Number", "Attempts", "Acknowledged 已确认", "Our last answer")
    return _table(heads, rows)


def _parcels(sandbox: Sandbox) -> str:
    rows = []
    for parcel in sandbox.parcels.listed()[-_SHOWN:][::-1]:
        scans = sandbox.parcels.scans(parcel)
        told = "<br>".join(f"{_when(scan.at)} {escape(scan.text)}" for scan in scans)
        rows.append(
            (
                escape(parcel.vendor),
                escape(parcel.waybill_no),
                escape(parcel.ref),
                "void 已作废" if parcel.cancelled else told or "not handed over 未交接",
                f"<form method=post action='/parcels/{escape(parcel.waybill_no)}'>"
                f"<select name=fate aria-label='fate'>{_options(Fate, parcel.fate)}</select>"
                "<button>Set 设定</button></form>",
            )
        )
    return _table(("Carrier", "Waybill 运单号", "Our number", "Scans 轨迹", "Fate 结局"), rows)


def _ledgers(sandbox: Sandbox) -> str:
    """Vouchers as the ERPs have them, the latest first."""
    ledgers = [one for one in sandbox.vendors.values() if isinstance(one, LedgerSandbox)]
    found = sorted(
        ((ledger.name, voucher) for ledger in ledgers for voucher in ledger.vouchers()),
        key=lambda one: str(one[1]["at"]),
    )
    rows = []
    for name, voucher in found[-_SHOWN:][::-1]:
        entries = "<br>".join(
            f"{escape(one['account'])} · 借 {escape(one['debit'])} · 贷 {escape(one['credit'])}"
            for one in voucher["entries"]
        )
        number = f"{voucher['month']} 记-{voucher['number']}"
        rows.append(
            (_when(voucher["at"]), escape(name), escape(number), escape(voucher["text"]), entries)
        )
    return _table(("At 时间", "ERP", "Voucher 凭证", "Text 摘要", "Entries 分录"), rows)


def _invoices(sandbox: Sandbox) -> str:
    """Invoices as their issuer has them, the latest first."""
    issuers = [one for one in sandbox.vendors.values() if isinstance(one, NuonuoSandbox)]
    found = sorted(
        (invoice for issuer in issuers for invoice in issuer.invoices()),
        key=lambda one: str(one["at"]),
    )
    rows = [
        (
            _when(one["at"]), "红 red" if one["kind"] == "red" else "蓝 blue", escape(one["key"]),
            escape(one["number"] or one["status"]), escape(one["buyer"]), escape(one["total"]),
            escape(one["tax"]), escape(one["of"]),
        )
        for one in found[-_SHOWN:][::-1]
    ]  # fmt: skip
    heads = ("At 时间", "Kind", "Order no. 单号", "Number 号码", "Buyer 购方", "Total 价税合计")
    return _table((*heads, "Tax 税额", "Takes back 冲红"), rows)


def _faults(sandbox: Sandbox) -> str:
    targets = [
        f"{name}/{operation}"
        for name, vendor in sandbox.vendors.items()
        for operation in ("*", *vendor.operations, "push")
    ]
    kinds = "".join(
        f"<option value='{kind}'>{kind}: {escape(text)}</option>" for kind, text in _KINDS.items()
    )
    rows = [
        [escape(str(fault[name])) for name in ("vendor", "operation", "kind", "rate")]
        + [escape(str(fault["times"] if fault["times"] is not None else "until cleared"))]
        for fault in sandbox.faults.listed()
    ]
    return (
        "<form method=post action=/faults>"
        f"<label>Operation 接口<select name=target>{_options(targets, '')}</select></label>"
        f"<label>What happens 故障<select name=kind>{kinds}</select></label>"
        "<label>Times 次数 (empty: until cleared)<input name=times type=number min=1></label>"
        "<label>Probability 概率<input name=rate value=1.0 inputmode=decimal></label>"
        "<label>Seconds 秒<input name=delay_s value=30 inputmode=decimal></label>"
        "<label>HTTP status<input name=status type=number min=500 max=599 value=503></label>"
        "<button>Switch on 打开</button></form>"
        + _table(("Vendor", "Operation", "Fault", "Probability", "Times left"), rows)
        + "<form method=post action=/faults/clear><button>Switch all off 全部关闭</button></form>"
    )


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    nothing = "" if body else "<p>Nothing yet 暂无</p>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{nothing}"


def _options(values: Iterable[str], chosen: str) -> str:
    return "".join(
        f"<option value='{escape(value)}'{' selected' if value == chosen else ''}>"
        f"{escape(value) or 'all 全部'}</option>"
        for value in values
    )


def _when(at: datetime | str) -> str:
    """In China's time, as all these vendors write it."""
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return moment.astimezone(_SHANGHAI).strftime("%m-%d %H:%M:%S")


def _legible(body: str) -> str:
    """A form field by field, JSON indented, also JSON inside a field; else as it came."""
    if (shown := _indented(body)) is not None:
        return shown[:_LONGEST]
    fields = parse_qsl(body, keep_blank_values=True)
    if not fields or "=" not in body:
        return body[:_LONGEST]
    lines = (f"{name} = {_indented(value) or value}" for name, value in fields)
    return "\n".join(lines)[:_LONGEST]


def _indented(text: str) -> str | None:
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return None
