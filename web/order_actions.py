"""What people do to an order: each shown with its consequence before it is done.

A form is a page of its own; with scripts it opens as a dialog over the order.
"""

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.channels.ports import OutsideOf
from api.deps import Context, SettingsOf
from api.orders import commands, corrections, invoices, return_labels, routes
from domain.orders.actions import Doing
from domain.orders.cancellation import CancellationPlan
from domain.orders.effects import OrderNow
from domain.orders.order import HoldKind
from domain.orders.plan_effects import effects_of_cancellation
from domain.orders.previews import effects_of
from domain.shared.errors import ActionNotAllowed, InvalidInput, OrderClosed
from web.input import Text, typed
from web.orders import order_context
from web.render import page

router = APIRouter(include_in_schema=False)

Lines = Annotated[list[str] | None, Query(max_length=1000)]
_REGION: Final = ("province", "city", "district")
_TYPED: Final = ("name", "phone", *_REGION, "detail")
_FORMS: Final = ("hold", "release", "receiver", "return_label", "invoice")


def _typed_address(
    name: Text = "",
    phone: Text = "",
    province: Text = "",
    city: Text = "",
    district: Text = "",
    detail: Text = "",
) -> dict[str, str]:
    return {
        "name": name, "phone": phone, "province": province, "city": city, "district": district,
        "detail": detail,
    }  # fmt: skip


TypedAddress = Annotated[dict[str, str], Depends(_typed_address)]


@router.get("/orders/{no}/do/cancel")
async def cancel_form(
    no: str, request: Request, context: Context, line_id: Lines = None
) -> Response:
    """Everything the cancellation would do now, to be confirmed exactly so."""
    about = await order_context(context, no)
    plan, refused = None, ""
    try:
        plan, _ = await commands.cancellation_plan(
            context.sessions, about["order"].no, line_id or (), intercept=True
        )
    except (ActionNotAllowed, OrderClosed) as error:
        refused = str(error)
    effects = None
    if plan:
        named = _named(plan, about)
        effects = effects_of_cancellation(named, about["current"])
    return page(
        request, "cancel.html", plan=plan, refused=refused, chosen=line_id or [],
        effects=effects, **about,
    )  # fmt: skip


@router.post("/orders/{no}/do/cancel")
async def cancel(
    no: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    plan_hash: Annotated[str, Form(max_length=64)] = "",
    reason: Text = "",
    line_id: Annotated[list[str] | None, Form(max_length=1000)] = None,
) -> Response:
    """Carry out the plan that was shown."""
    body = body_of(routes.Cancellation, plan_hash=plan_hash, reason=reason, line_ids=line_id or [])
    await routes.cancel(no, body, context, settings)
    return done(request, no)


@router.get("/orders/{no}/do/address")
async def address_form(no: str, request: Request, context: Context) -> Response:
    """Where the new address is typed; the region is filled in, the person never is."""
    about = await order_context(context, no)
    receiver = about["receiver"]
    region = {name: getattr(receiver.address, name) if receiver else "" for name in _REGION}
    return page(
        request, "address.html", typed={**dict.fromkeys(_TYPED, ""), **region}, plan=None,
        refused="", effects=effects_of(Doing.ADDRESS, about["current"]), **about,
    )  # fmt: skip


@router.post("/orders/{no}/do/address/plan")
async def address_plan(
    no: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    given: TypedAddress,
) -> Response:
    """What this address would do; sent as a form, so that it stands in no address bar or log."""
    about = await order_context(context, no)
    body = body_of(corrections.WishedAddress, **given)
    plan, effects, refused = None, None, ""
    try:
        plan, effects, _ = await corrections.planned(about["order"].no, body, context, settings)
    except ActionNotAllowed as error:
        refused = str(error)
    return page(
        request, "address.html", typed=given, plan=plan, refused=refused, effects=effects, **about
    )


@router.get("/orders/{no}/do/{action}")
async def action_form(
    no: str,
    action: str,
    request: Request,
    context: Context,
    kind: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The form of one action."""
    if action not in _FORMS or (kind and kind not in frozenset(HoldKind)):
        raise InvalidInput("there is no such action")
    about = await order_context(context, no)
    effects = None
    if action != "receiver":  # looking at people changes nothing
        current = about["current"]
        effects = effects_of(_doing(action, current), current, kind)
    return page(request, f"{action}.html", kind=kind, effects=effects, **about)


@router.post("/orders/{no}/do/hold")
async def hold(no: str, request: Request, context: Context, reason: Text = "") -> Response:
    """Stop the order before its next step."""
    await routes.hold(no, body_of(routes.Hold, reason=reason), context)
    return done(request, no)


@router.post("/orders/{no}/do/release")
async def release(
    no: str,
    request: Request,
    context: Context,
    kind: Annotated[str, Form(max_length=40)] = "",
    reason: Text = "",
) -> Response:
    """Lift one hold."""
    if kind not in frozenset(HoldKind):
        raise InvalidInput("there is no such hold")
    await routes.release(no, HoldKind(kind), body_of(routes.Release, reason=reason), context)
    return done(request, no)


@router.post("/orders/{no}/do/address")
async def change_address(
    no: str,
    request: Request,
    context: Context,
    given: TypedAddress,
    plan_hash: Annotated[str, Form(max_length=64)] = "",
    reason: Text = "",
) -> Response:
    """Correct who gets the order, and where."""
    body = body_of(corrections.NewAddress, **given, plan_hash=plan_hash, reason=reason)
    await corrections.change_address(no, body, context)
    return done(request, no)


@router.post("/orders/{no}/do/return_label")
async def return_label(no: str, request: Request, context: Context, reason: Text = "") -> Response:
    """Order a return label for what was delivered."""
    body = body_of(return_labels.ReturnWish, reason=reason)
    await return_labels.order_return_label(no, body, context)
    return done(request, no)


@router.post("/orders/{no}/do/cancel_return_label")
async def cancel_return_label(
    no: str,
    request: Request,
    context: Context,
    label_no: Annotated[str, Form(max_length=100)] = "",
    reason: Text = "",
) -> Response:
    """The consumer keeps the goods."""
    body = body_of(return_labels.ReturnWish, reason=reason)
    await return_labels.cancel_return_label(no, typed(label_no), body, context)
    return done(request, no)


@router.post("/orders/{no}/do/invoice")
async def ask_for_invoice(
    no: str,
    request: Request,
    context: Context,
    outside: OutsideOf,
    title: Text = "",
    tax_no: Text = "",
    email: Text = "",
) -> Response:
    """Ask for an invoice of what is kept."""
    body = body_of(
        invoices.InvoiceWish, title=title, tax_no=tax_no.strip().upper(), email=email.strip()
    )
    await invoices.ask_for_invoice(no, body, context, outside)
    return done(request, no)


@router.post("/orders/{no}/do/cancel_invoice")
async def cancel_invoice(
    no: str,
    request: Request,
    context: Context,
    invoice_no: Annotated[str, Form(max_length=100)] = "",
    reason: Text = "",
) -> Response:
    """Nobody wants it any more."""
    body = body_of(invoices.InvoiceReason, reason=reason)
    await invoices.cancel_wish(no, typed(invoice_no), body, context)
    return done(request, no)


@router.post("/orders/{no}/do/reverse_invoice")
async def reverse_invoice(
    no: str,
    request: Request,
    context: Context,
    invoice_no: Annotated[str, Form(max_length=100)] = "",
    reason: Text = "",
) -> Response:
    """It was wrong: a red invoice takes it back."""
    body = body_of(invoices.InvoiceReason, reason=reason)
    await invoices.reverse(no, typed(invoice_no), body, context)
    return done(request, no)


def body_of(kind: Any, /, **values: Any) -> Any:
    """The API's own body from a form's fields. Raises InvalidInput with the first problem."""
    try:
        cleaned = {
            name: typed(value) if isinstance(value, str) else value
            for name, value in values.items()
        }
        return kind(**cleaned)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{where}: {first['msg']}") from None
    except ValueError as error:
        raise InvalidInput(str(error)) from None


def done(request: Request, no: str) -> Response:
    """Back to the order; the live page there shows what became of it."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Trigger": "done"})
    return RedirectResponse(f"/orders/{no}", 303)


def _named(plan: CancellationPlan, about: dict[str, Any]) -> CancellationPlan:
    """Lines by their title, as people read the plan."""
    names = {line.id: f"{line.title} × {line.quantity}" for line in about["detail"].lines}
    effects = (replace(one, subject=names.get(one.subject, one.subject)) for one in plan.effects)
    return replace(plan, effects=tuple(effects))


def _doing(action: str, current: OrderNow) -> Doing:
    """What a form does: that of a label or an invoice that is there takes it back."""
    if action == "return_label" and current.label_open:
        return Doing.VOID_LABEL
    if action == "invoice" and current.invoice_open:
        return Doing.REVERSE_INVOICE if current.invoice_issued else Doing.CANCEL_INVOICE
    return Doing(action)
