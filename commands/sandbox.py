"""`onhand sandbox`: disturb the sandbox of shops and carriers, and see what they saw."""

from typing import Annotated, Any, Final

import httpx
import typer
from rich.table import Table

from commands import traffic
from commands.console import open_console
from integrations.sandbox.faults import FaultKind
from integrations.sandbox.parcels import Fate
from runtime.settings import Settings, StartRefused

app = typer.Typer(no_args_is_help=True, help=__doc__)
faults = typer.Typer(invoke_without_command=True, help="Fault switches; alone: what is on.")
app.add_typer(faults, name="faults")
app.command("traffic")(traffic.command)

_TIMEOUT_S: Final = 10
Vendor = Annotated[str, typer.Argument(help="A vendor: sf, yto, top, jd …")]


@faults.callback()
def listed(context: typer.Context) -> None:
    """Fault switches; alone: what is on."""
    if context.invoked_subcommand is None:
        _show(
            ("vendor", "operation", "kind", "rate", "times", "delay_s", "status"),
            _ask("GET", "/sandbox/faults"),
        )


@faults.command()
def on(
    vendor: Vendor,
    kind: FaultKind,
    operation: Annotated[
        str, typer.Option(help="One of `onhand sandbox operations`, or push; * is every one")
    ] = "*",
    times: Annotated[int | None, typer.Option(help="How often; else until switched off")] = None,
    rate: Annotated[float, typer.Option(help="Probability of each strike")] = 1.0,
    seconds: Annotated[float, typer.Option(help="How long delays and time-outs last")] = 30.0,
    status: Annotated[int, typer.Option(help="HTTP status of errors")] = 503,
) -> None:
    """Make a vendor misbehave."""
    switch = {"vendor": vendor, "kind": kind, "operation": operation, "rate": rate}
    _ask(
        "PUT", "/sandbox/faults",
        json={**switch, "times": times, "delay_s": seconds, "status": status},
    )  # fmt: skip
    typer.echo(f"{vendor} {operation}: {kind.value} is on")


@faults.command()
def off(vendor: Annotated[str, typer.Argument(help="Empty: every vendor")] = "") -> None:
    """Let a vendor behave again, or all of them."""
    _ask("DELETE", "/sandbox/faults", params={"vendor": vendor})
    typer.echo(f"{vendor or 'every vendor'}: no faults")


@app.command()
def operations() -> None:
    """What each vendor can be asked for."""
    found: dict[str, list[str]] = _ask("GET", "/sandbox/operations")
    _show(
        ("vendor", "operation"),
        [{"vendor": name, "operation": one} for name, names in found.items() for one in names],
    )


@app.command()
def calls(vendor: str = "", operation: str = "", ref: str = "", limit: int = 30) -> None:
    """Requests as the vendors saw them, the latest first; --ref is our number."""
    wanted = {"vendor": vendor, "operation": operation, "ref": ref, "limit": limit}
    _show(
        ("at", "vendor", "operation", "ref", "executed", "status", "fault"),
        _ask("GET", "/sandbox/calls", params=wanted),
    )


@app.command()
def pushes(vendor: str = "", ref: str = "", limit: int = 30) -> None:
    """What the vendors told us by themselves, and what we answered last."""
    _show(
        ("vendor", "url", "ref", "attempts", "delivered", "last_answer"),
        _ask("GET", "/sandbox/pushes", params={"vendor": vendor, "ref": ref, "limit": limit}),
    )


@app.command()
def fate(waybill_no: str, ending: Fate) -> None:
    """Say how a parcel's journey ends."""
    _ask("PUT", f"/sandbox/parcels/{waybill_no}/fate", json={"fate": ending})
    typer.echo(f"{waybill_no}: {ending.value}")


@app.command()
def sell(
    vendor: Annotated[str, typer.Argument(help="top or shopify")],
    count: int = 1,
    masked: Annotated[bool, typer.Option(help="TOP: the platform hides the receiver")] = False,
) -> None:
    """Have buyers order in a shop of the sandbox."""
    _ask("POST", f"/sandbox/{vendor}/sales", json={"count": count, "masked": masked})
    typer.echo(f"{count} sold in {vendor}")


def _ask(method: str, path: str, **request: Any) -> Any:
    """The sandbox's answer. Raises StartRefused with its reason, or when nobody is there."""
    base = Settings.load().sandbox_base_url
    try:
        answer = httpx.request(method, base + path, timeout=_TIMEOUT_S, **request)
    except httpx.HTTPError as error:
        raise StartRefused(
            f"No sandbox answers at {base}; start it with make up, or set ONHAND_SANDBOX_PORT."
        ) from error
    if answer.is_error:
        raise StartRefused(f"The sandbox refused: {_reason(answer)}")
    return answer.json() if answer.content else None


def _reason(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
        return detail if isinstance(detail, str) else str(detail[0]["msg"])
    except (ValueError, LookupError, TypeError):
        return f"HTTP {answer.status_code}"


def _show(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in columns))
    open_console().print(table if rows else "Nothing yet.")
