"""What callers are told when something is refused or fails: RFC 9457 problems with stable codes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.cookies import read_cookie
from api.language import COOKIE, N_, accepted, preferred, translate
from db.vault import CannotOpen
from domain.shared.errors import DomainError, IntegrationError, RateLimited

log = structlog.get_logger()

RETRY_AFTER_S: Final = 5
_ROW_SECURITY: Final = "violates row-level security policy"
MEDIA_TYPE: Final = "application/problem+json"

# Every DomainError by its class name, which is its code; a test holds this complete.
STATUS: Final[dict[str, int]] = {
    "OrderNotFound": 404,
    "UnknownSku": 404,
    "UnknownLocation": 404,
    "UnknownPolicy": 404,
    "SuggestionNotFound": 404,
    "SuggestionDecided": 409,
    "RateUnknown": 409,
    "InvalidInput": 422,
    "WeakPassword": 422,
    "WrongProof": 422,
    "IdempotencyMismatch": 422,
    "MoreThanOwn": 403,
    "OwnApproval": 409,
    "ApprovalOver": 409,
    "OrderClosed": 409,
    "PlanChanged": 409,
    "FindingNotFound": 404,
    "EarmarkNotFound": 404,
    "EarmarkOver": 409,
    "EarmarkTooLate": 409,
    "AuditIsRunning": 409,
    "CannotBeRepaired": 409,
    "StepNotParked": 409,
    "NoteNotFound": 404,
    "TagNotFound": 404,
    "FilterNotFound": 404,
    "BulkJobNotFound": 404,
    "RefundNotFound": 404,
    "ReturnNotFound": 404,
    "ReturnClosed": 409,
    "PersonErased": 410,
    "UnreadablePhoto": 422,
    "TooManyPhotos": 409,
    "ClaimNotFound": 404,
    "TransferNotFound": 404,
    "CountNotFound": 404,
    "KitNotFound": 404,
    "DealerReportNotFound": 404,
    "DealerReportDecided": 409,
    "OwnCount": 409,
    "ParcelNotFound": 404,
    "PackingDiffers": 409,
    "WaveNotFound": 404,
    "HandOverNotFound": 404,
    "ReceiptNotFound": 404,
    "ReceiptPosted": 409,
    "ShipNoticeNotFound": 404,
    "ReceiptCaseNotFound": 404,
    "GoodsClaimNotFound": 404,
    "SourceNotFound": 404,
    "CampaignNotFound": 404,
    "LotNotFound": 404,
    "LotDiffers": 409,
    "SerialNotFound": 404,
    "SerialTaken": 409,
    "LotMissing": 409,
    "SerialsMissing": 409,
    "RecallNotFound": 404,
    "ImportNotFound": 404,
    "SubscriberNotFound": 404,
    "TargetRefused": 422,
    "ActionNotAllowed": 409,
    "PrintedElsewhere": 409,
    "InsufficientStock": 409,
    "SupplierNotFound": 404,
    "PurchaseNotFound": 404,
    "OverReceipt": 409,
    "ReservationResolved": 409,
    "GateHolding": 503,
}

TITLES: Final[dict[str, str]] = {
    "OrderNotFound": N_("There is no such order"),
    "UnknownSku": N_("There is no such SKU"),
    "UnknownLocation": N_("There is no such location"),
    "UnknownPolicy": N_("This SKU is not planned at this location"),
    "SuggestionNotFound": N_("There is no such suggestion"),
    "RateUnknown": N_("Nobody wrote down what this currency is worth"),
    "SuggestionDecided": N_("Somebody decided about this suggestion already"),
    "InvalidInput": N_("These values cannot be used"),
    "MoreThanOwn": N_("This is more than you have yourself"),
    "OwnApproval": N_("Another person has to approve this"),
    "ApprovalOver": N_("This does not wait any more"),
    "ApprovalAsked": N_("Another person has to approve this; it waits under Approvals"),
    "WrongProof": N_("The password or the code is wrong"),
    "WeakPassword": N_("Others would guess this password"),
    "IdempotencyMismatch": N_("The same key came with another request"),
    "OrderClosed": N_("The order is closed"),
    "PlanChanged": N_("The order moved on; look at the new plan"),
    "EarmarkNotFound": N_("No units are kept under this number"),
    "EarmarkOver": N_("These units are no longer kept: released, expired, or with their order"),
    "EarmarkTooLate": N_("The order has other units already, or is closed"),
    "FindingNotFound": N_("There is no such finding"),
    "AuditIsRunning": N_("Everything is being checked already"),
    "CannotBeRepaired": N_("This cannot be repaired by itself"),
    "StepNotParked": N_("The step is not waiting any more"),
    "NoteNotFound": N_("There is no such note"),
    "TagNotFound": N_("There is no such tag"),
    "FilterNotFound": N_("There is no such saved filter"),
    "BulkJobNotFound": N_("There is no such bulk job"),
    "RefundNotFound": N_("There is no such refund"),
    "ReturnNotFound": N_("There is no such return"),
    "PersonErased": N_("The people of this order were erased"),
    "ReturnClosed": N_("The return is over"),
    "UnreadablePhoto": N_("A file is no photo that we can read"),
    "TooManyPhotos": N_("There are as many photos as there may be"),
    "ClaimNotFound": N_("There is no such claim"),
    "TransferNotFound": N_("There is no such transfer"),
    "KitNotFound": N_("There is no such kit"),
    "DealerReportNotFound": N_("There is no such dealer's report"),
    "DealerReportDecided": N_("Somebody decided about this report already"),
    "CountNotFound": N_("There is no such count"),
    "OwnCount": N_("Somebody else has to count this a second time"),
    "ParcelNotFound": N_("There is no such parcel"),
    "PackingDiffers": N_("The boxes are not as expected; look again, or say why"),
    "WaveNotFound": N_("There is no such wave"),
    "HandOverNotFound": N_("There is no such hand-over"),
    "ReceiptNotFound": N_("There is no such goods receipt"),
    "ReceiptPosted": N_("Somebody has posted this goods receipt already"),
    "ShipNoticeNotFound": N_("There is no such ship notice"),
    "ReceiptCaseNotFound": N_("There is no such case"),
    "GoodsClaimNotFound": N_("There is no such claim"),
    "SourceNotFound": N_("There is no such order or transfer"),
    "CampaignNotFound": N_("There is no such campaign"),
    "LotNotFound": N_("There is no such lot"),
    "RecallNotFound": N_("There is no such recall"),
    "LotDiffers": N_("The register knows this lot with another date"),
    "SerialNotFound": N_("No unit has this serial number"),
    "SerialTaken": N_("This unit cannot be here: look at its serial number again"),
    "LotMissing": N_("The lot of these goods is needed: it stands on them or on their carton"),
    "SerialsMissing": N_("A serial number is needed for every unit"),
    "ImportNotFound": N_("There is no such import"),
    "SubscriberNotFound": N_("There is no such subscriber"),
    "TargetRefused": N_("This address is not called"),
    "ActionNotAllowed": N_("This is not possible now"),
    "PrintedElsewhere": N_("Only the platform can print this label; hand its component the data"),
    "InsufficientStock": N_("There is not enough stock"),
    "SupplierNotFound": N_("There is no such supplier"),
    "PurchaseNotFound": N_("There is no such purchase order"),
    "OverReceipt": N_("More came than was ordered, beyond what is tolerated"),
    "ReservationResolved": N_("The reservation is over"),
    "GateHolding": N_("The outside system is not called at the moment"),
    "ValidationFailed": N_("The request cannot be used as it is"),
    "MalformedBody": N_("The body cannot be read"),
    "UnsupportedMediaType": N_("The body must be JSON"),
    "BodyTooLarge": N_("The body is too large"),
    "NotLoggedIn": N_("Please log in"),
    "NotAllowed": N_("Your role may not do this"),
    "WrongOrigin": N_("The form is too old or came from elsewhere; open the page again"),
    "TooSlow": N_("The request took too long to arrive; send it again"),
    "LoginNotProven": N_("Your company's log-in did not prove who you are; please try again"),
    "NoAccount": N_("Nobody here has an account for you; an administrator can make one"),
    "TooManyRequests": N_("Too many requests in a short time; try again in a moment"),
    "TooManyAttempts": N_("Too many attempts; try again in a quarter of an hour"),
    "RequestInProgress": N_("The first request with this key is still being answered"),
    "TemporalUnavailable": N_("The workflow engine does not answer; nothing was changed"),
    "DatabaseUnavailable": N_("The database is busy; try again"),
    "SealedWithAnotherKey": N_("This was encrypted with a key that is not set here"),
    "LabelFontMissing": N_("Labels cannot be printed: their font is not installed"),
    "OutsideUnavailable": N_("The outside system does not answer"),
    "OutsideRefused": N_("The outside system refused this"),
    "NotFound": N_("There is nothing here"),
    "MethodNotAllowed": N_("This cannot be done here"),
    "Refused": N_("The request was refused"),
    "Unexpected": N_("Something went wrong on our side"),
}

_HTTP_CODES: Final = {
    400: "MalformedBody", 401: "NotLoggedIn", 403: "NotAllowed", 404: "NotFound",
    405: "MethodNotAllowed", 408: "TooSlow", 413: "BodyTooLarge", 415: "UnsupportedMediaType",
    429: "TooManyAttempts",
}  # fmt: skip
_NOT_REACHED: Final = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,  # the workflow cannot go on until its code is mended
)


@dataclass
class Problem(Exception):
    """A refusal that is not a business rule: raised by the API's own parts."""

    code: str
    status: int
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: list[dict[str, str]] = field(default_factory=list)

    def title(self, language: str) -> str:
        """The code in words."""
        return translate(language, TITLES.get(self.code, TITLES["Refused"]))


class LoginNeeded(Exception):
    """A page was asked for without logging in; the browser is led to the log-in page."""


@dataclass
class ApprovalAsked(Exception):
    """Nothing was done: another person has to say yes first."""

    approval_id: str


# Set by the pages: makes a page out of a problem for a browser.
PageOfProblem = Callable[[Request, Problem], Awaitable[Response]]


def temporal_unavailable() -> Problem:
    """The engine cannot be reached now; the caller may come again."""
    return Problem("TemporalUnavailable", 503, headers={"Retry-After": str(RETRY_AFTER_S)})


def refusal(code: str, detail: str = "") -> Problem:
    """The problem for a business refusal by its class name."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if STATUS[code] == 503 else {}
    return Problem(code, STATUS[code], detail, headers)


def problem_of(error: Exception) -> Problem | None:
    """What a caller is told about this failure; None = a bug, nothing but its number."""
    match error:
        case Problem():
            return error
        case DomainError():
            return refusal(type(error).__name__, str(error))
        case WorkflowUpdateFailedError(cause=ApplicationError() as cause) if cause.type in STATUS:
            return refusal(str(cause.type), cause.message)
        case WorkflowUpdateRPCTimeoutOrCancelledError():
            return temporal_unavailable()
        case RPCError() if error.status is RPCStatusCode.NOT_FOUND:
            return Problem("NotFound", 404, "no workflow runs for this")
        case RPCError() if error.status in _NOT_REACHED:
            return temporal_unavailable()
        case RateLimited():
            after = {"Retry-After": str(max(1, int(error.retry_after_s)))}
            return Problem("OutsideUnavailable", 503, str(error), after)
        case IntegrationError():
            return Problem("OutsideRefused", 502, str(error))
        case CannotOpen():
            log.error("vault.cannot_open", reason=str(error))
            return Problem("SealedWithAnotherKey", 503)
        case RequestValidationError():
            return Problem("ValidationFailed", 422, fields=_fields(error))
        case HTTPException():
            return _of_http(error)
        case PoolTimeout() | OperationalError():
            return _database_busy()
        case DBAPIError() if type(error.orig).__name__ in ("QueryCanceled", "LockNotAvailable"):
            return _database_busy()
        case DBAPIError() if _ROW_SECURITY in str(error.orig):
            return Problem("NotFound", 404)  # what belongs to others is not there
    return None


async def answer(request: Request, problem: Problem) -> Response:
    """The problem as JSON, or as a page for a browser."""
    page: PageOfProblem | None = getattr(request.app.state, "page_of_problem", None)
    if page is not None and is_page(request):
        return await page(request, problem)
    language = language_of(request)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title(language),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail or problem.title(language),
        "request_id": getattr(request.state, "request_id", ""),
    }
    if problem.fields:
        body["errors"] = problem.fields
    return JSONResponse(body, problem.status, dict(problem.headers), MEDIA_TYPE)


def is_page(request: Request) -> bool:
    """Whether a person in a browser waits for the answer, not a program."""
    return not request.url.path.startswith(("/api/", "/webhooks/", "/healthz", "/readyz"))


def language_of(request: Request) -> str:
    """Programs and people without an account say what they read in `Accept-Language`."""
    who = getattr(request.state, "principal", None)
    of_account = getattr(who, "language", "")
    if is_page(request):
        chosen = read_cookie(request, COOKIE)
        return preferred(chosen, request.headers.get("accept-language", ""), of_account)
    asked = accepted(request.headers.get("accept-language", ""))
    return preferred(asked, "", of_account)


def install(app: FastAPI) -> None:
    """Every refusal and failure gets its form here and nowhere else."""

    async def known(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem is None:
            return await unexpected(request, error)
        if problem.status == 405:
            problem.headers = {"Allow": ", ".join(_allowed(request))}
        if problem.status in (401, 403, 429):
            log.warning(
                "security.refused", code=problem.code, path=request.url.path[:200],
                client=request.client.host if request.client else "",
            )  # fmt: skip
        return await answer(request, problem)

    async def login(request: Request, _: Exception) -> Response:
        return RedirectResponse(_login_address(request), 303)

    async def asked(request: Request, error: Exception) -> Response:
        assert isinstance(error, ApprovalAsked)
        return await _waits(request, error.approval_id)

    for kind in (
        Problem, DomainError, IntegrationError, WorkflowUpdateFailedError, RPCError,
        WorkflowUpdateRPCTimeoutOrCancelledError, RequestValidationError, HTTPException,
        PoolTimeout, DBAPIError, CannotOpen,
    ):  # fmt: skip
        app.add_exception_handler(kind, known)
    app.add_exception_handler(LoginNeeded, login)
    app.add_exception_handler(ApprovalAsked, asked)


def _allowed(request: Request) -> list[str]:
    """Every method that this path knows; the router tells those of one route alone.

    Of `/bulk-jobs/preview` and `/bulk-jobs/{job_id}` the one that names more of the path is meant.
    """
    found: dict[int, set[str]] = {}
    for route in iter_route_contexts(request.app.routes):
        if route.path and compile_path(route.path)[0].match(request.url.path):
            named = sum("{" not in part for part in route.path.split("/"))
            found.setdefault(named, set()).update(route.methods or ())
    return sorted(found[max(found)]) if found else []


async def unexpected(request: Request, error: Exception) -> Response:
    """A bug: the log gets everything, the caller its number."""
    log.error("request.failed", path=request.url.path[:200], exc_info=error)
    return await answer(request, Problem("Unexpected", 500))


async def _waits(request: Request, approval_id: str) -> Response:
    """Where the wish waits: 202 for a program, its page for a person."""
    if not is_page(request):
        address = f"/api/v1/approvals/{approval_id}"
        told = Problem("ApprovalAsked", 202, approval_id, {"Location": address})
        return await answer(request, told)
    address = f"/approvals/{approval_id}"
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def _login_address(request: Request) -> str:
    if request.method != "GET" or request.url.path == "/":
        return "/login"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/login?next={quote(request.url.path + query, safe='/')}"


def _fields(error: RequestValidationError) -> list[dict[str, str]]:
    """Where and what; never the value, which may be a secret or a name."""
    return [
        {"field": ".".join(str(part) for part in one["loc"])[:200], "problem": str(one["msg"])}
        for one in error.errors()[:50]
    ]


def _of_http(error: HTTPException) -> Problem:
    code = _HTTP_CODES.get(error.status_code, "Refused")
    return Problem(code, error.status_code, str(error.detail), dict(error.headers or {}))


def _database_busy() -> Problem:
    return Problem("DatabaseUnavailable", 503, headers={"Retry-After": str(RETRY_AFTER_S)})
