"""Composition root of an API process: settings in, one application with all its routes out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import httpx
import structlog
from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

import api.channels.credentials
import api.channels.listings
import api.channels.new_shops
import api.channels.payment_accounts
import api.channels.routes
import api.channels.sell_rules
import api.channels.settings
import api.channels.shops
import api.channels.tickets
import api.channels.webhooks
import api.finance.books
import api.finance.erp_accounts
import api.finance.goods_claims
import api.finance.invoice_accounts
import api.inventory.ageing
import api.inventory.counts
import api.inventory.dealer_reports
import api.inventory.earmarks
import api.inventory.kits
import api.inventory.life_rules
import api.inventory.lot_naming
import api.inventory.lots
import api.inventory.moves
import api.inventory.planning
import api.inventory.preorders
import api.inventory.purchases
import api.inventory.quarantine
import api.inventory.recalls
import api.inventory.receipt_cases
import api.inventory.receiving
import api.inventory.replenishment
import api.inventory.routes
import api.inventory.serials
import api.inventory.ship_notices
import api.inventory.stock_alerts
import api.inventory.supplier_webhooks
import api.inventory.suppliers
import api.inventory.transfers
import api.logistics.claims
import api.logistics.new_carriers
import api.logistics.webhooks
import api.orders.blocked_buyers
import api.orders.bulk
import api.orders.corrections
import api.orders.customers
import api.orders.delivery_times
import api.orders.exchanges
import api.orders.floor
import api.orders.hand_overs
import api.orders.holds
import api.orders.invoices
import api.orders.label_batches
import api.orders.labels
import api.orders.line_edits
import api.orders.manifests
import api.orders.merge_rules
import api.orders.merges
import api.orders.notes
import api.orders.payments
import api.orders.promises
import api.orders.read
import api.orders.receiving
import api.orders.return_labels
import api.orders.return_photos
import api.orders.returns
import api.orders.routes
import api.orders.scans
import api.orders.sourcing
import api.orders.splits
import api.orders.tags
import api.orders.warehouse
import api.orders.waves
import api.platform.accounts
import api.platform.api_keys
import api.platform.approvals
import api.platform.attention
import api.platform.audit
import api.platform.audit_runs
import api.platform.campaigns
import api.platform.docs
import api.platform.engine
import api.platform.erasures
import api.platform.exports
import api.platform.findings
import api.platform.gates
import api.platform.health
import api.platform.imports
import api.platform.logins
import api.platform.rights
import api.platform.setups
import api.platform.subscribers
from api import errors
from api.auth import guard, name_routes
from api.deps import NotConnected
from api.idempotency import Idempotency
from api.limits import limit_bodies
from api.metrics import Requests
from api.platform.docs import PROBLEMS, describe
from api.rates import Rates
from api.strict import strict_json
from db.engine import create_engine
from db.engine import sessions as sessions_of
from db.vault import Vault
from runtime import logs
from runtime.reach import database_url, temporal_address
from runtime.settings import Settings
from runtime.temporal import connect

log = structlog.get_logger()

_V1: Final = "/api/v1"
_ROUTERS: Final = (
    (api.platform.health.router, ""),
    (api.platform.docs.router, ""),
    (api.platform.accounts.router, _V1),
    (api.platform.logins.router, _V1),
    (api.platform.approvals.router, _V1),
    (api.platform.api_keys.router, _V1),
    (api.platform.setups.router, _V1),
    (api.orders.customers.router, _V1),
    (api.platform.rights.router, _V1),
    (api.platform.audit_runs.router, _V1),
    (api.platform.findings.router, _V1),
    (api.inventory.earmarks.router, _V1),
    (api.platform.attention.router, _V1),
    (api.platform.audit.router, _V1),
    (api.platform.engine.router, _V1),
    (api.platform.erasures.router, _V1),
    (api.platform.campaigns.router, _V1),
    (api.platform.gates.router, _V1),
    (api.platform.imports.router, _V1),
    (api.platform.exports.router, _V1),
    (api.platform.subscribers.router, _V1),
    (api.orders.blocked_buyers.router, _V1),
    (api.orders.bulk.router, _V1),
    (api.orders.holds.router, _V1),
    (api.orders.promises.router, _V1),
    (api.orders.delivery_times.router, _V1),
    (api.orders.notes.router, _V1),
    (api.orders.tags.router, _V1),
    (api.orders.merges.router, _V1),
    (api.orders.merge_rules.router, _V1),
    (api.orders.splits.router, _V1),
    (api.orders.line_edits.router, _V1),
    (api.orders.corrections.router, _V1),
    (api.orders.exchanges.router, _V1),
    (api.orders.floor.router, _V1),
    (api.orders.hand_overs.router, _V1),
    (api.orders.label_batches.router, _V1),
    (api.orders.labels.router, _V1),
    (api.orders.manifests.router, _V1),
    (api.orders.return_labels.router, _V1),
    (api.orders.read.router, _V1),
    (api.orders.receiving.router, _V1),
    (api.inventory.transfers.router, _V1),
    (api.inventory.counts.router, _V1),
    (api.inventory.dealer_reports.router, _V1),
    (api.inventory.kits.router, _V1),
    (api.orders.returns.router, _V1),
    (api.logistics.claims.router, _V1),
    (api.inventory.replenishment.router, _V1),
    (api.inventory.planning.router, _V1),
    (api.inventory.purchases.router, _V1),
    (api.inventory.suppliers.router, _V1),
    (api.orders.return_photos.router, _V1),
    (api.orders.routes.router, _V1),
    (api.orders.scans.router, _V1),
    (api.orders.sourcing.router, _V1),
    (api.orders.warehouse.router, _V1),
    (api.orders.waves.router, _V1),
    (api.inventory.routes.router, _V1),
    (api.inventory.ageing.router, _V1),
    (api.inventory.moves.router, _V1),
    (api.inventory.lot_naming.router, _V1),
    (api.inventory.lots.router, _V1),
    (api.inventory.serials.router, _V1),
    (api.inventory.quarantine.router, _V1),
    (api.inventory.life_rules.router, _V1),
    (api.inventory.stock_alerts.router, _V1),
    (api.inventory.recalls.router, _V1),
    (api.inventory.receiving.router, _V1),
    (api.inventory.ship_notices.router, _V1),
    (api.inventory.preorders.router, _V1),
    (api.inventory.receipt_cases.router, _V1),
    (api.finance.books.router, _V1),
    (api.finance.goods_claims.router, _V1),
    (api.finance.erp_accounts.router, _V1),
    (api.finance.erp_accounts.acts, _V1),
    (api.finance.invoice_accounts.router, _V1),
    (api.finance.invoice_accounts.acts, _V1),
    (api.orders.invoices.router, _V1),
    (api.channels.routes.router, ""),
    (api.channels.listings.router, ""),
    (api.channels.sell_rules.router, ""),
    (api.channels.shops.router, ""),
    (api.channels.credentials.router, ""),
    (api.channels.settings.router, ""),
    (api.channels.payment_accounts.router, ""),
    (api.channels.payment_accounts.acts, ""),
    (api.channels.new_shops.router, ""),
    (api.logistics.new_carriers.router, ""),
    # before the channels: `carriers` and `payments` are no channels
    (api.orders.payments.router, ""),
    (api.logistics.webhooks.router, ""),
    (api.inventory.supplier_webhooks.router, ""),
    (api.channels.tickets.router, ""),
    (api.channels.webhooks.router, ""),
)
# The layer of pages stands above the API, the clients of the outside beside it: a composition
# root knows both, its layer does not. So they are named here instead of imported.
_PAGES: Final = "web.pages"
_ADAPTERS: Final = "activities.shared.adapters"


def create_app(settings: Settings) -> FastAPI:
    """The API, its webhooks and the pages, for one process."""
    application = FastAPI(
        title="Onhand",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        dependencies=[Depends(guard), Depends(strict_json)],
        responses=PROBLEMS,
    )
    application.state.settings = settings
    application.state.temporal = NotConnected()
    application.state.rates = Rates()
    errors.install(application)
    for router, prefix in _ROUTERS:
        application.include_router(router, prefix=prefix)
    if find_spec(_PAGES) is not None:
        import_module(_PAGES).install(application)
    name_routes(application)
    describe(application)
    application.add_middleware(Idempotency)
    limit_bodies(application)
    application.user_middleware.insert(0, Middleware(GZipMiddleware, minimum_size=1000))
    application.user_middleware.insert(0, Middleware(Requests))
    return application


def app() -> FastAPI:
    """For `uvicorn --factory api.app:app`: settings come from the environment."""
    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format, process="api")
    return create_app(settings)


@contextlib.asynccontextmanager
async def _lifespan(application: FastAPI) -> AsyncIterator[None]:
    """Opens what the process needs. Temporal may come later: intake does not wait for it."""
    state = application.state
    settings: Settings = state.settings
    url = database_url(settings)
    # Nobody sees anything through `sessions` alone: `api.deps.sessions_for` says who may see what.
    limited = create_engine(url, "onhand_web", pool_size=5, application_name="onhand-api")
    office = create_engine(url, "onhand_office", application_name="onhand-api")
    vault = state.vault = Vault(settings.encryption_key(), older=settings.older_keys())
    state.sessions, state.office = sessions_of(limited, vault), sessions_of(office, vault)
    connecting = asyncio.create_task(_connect(state, settings), name="connect-temporal")
    async with httpx.AsyncClient(timeout=10) as http, contextlib.AsyncExitStack() as stack:
        state.http = http
        state.adapters = import_module(_ADAPTERS).Adapters(state.office, state.vault, http)
        for opens in getattr(state, "opens_with_process", ()):
            await stack.enter_async_context(opens(application))
        log.info("api.ready", port=settings.port)
        try:
            yield
        finally:
            connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await connecting
    await limited.dispose()
    await office.dispose()


async def _connect(state: Any, settings: Settings) -> None:
    """Until there is a client; `connect` itself tries for a minute each time."""
    while True:
        try:
            state.temporal = await connect(settings, temporal_address(settings))
        except Exception as error:
            log.warning("temporal.not_connected", error=str(error)[:200])
            await asyncio.sleep(1)
        else:
            return
