"""The pages: which there are, and what they need from the process that serves them."""

from typing import Final

from fastapi import Depends, FastAPI, Request
from starlette.responses import Response

import web.account
import web.api_keys
import web.approvals
import web.attention
import web.audit
import web.campaigns
import web.claims
import web.consumer_returns
import web.counts
import web.customers
import web.dealer_reports
import web.delivery_days
import web.desk
import web.earmarks
import web.erasure
import web.erp_accounts
import web.exchanges
import web.exports
import web.finance
import web.findings
import web.floor
import web.gates
import web.goods_claims
import web.hand_overs
import web.home
import web.imports
import web.invoice_accounts
import web.kits
import web.login
import web.lot_naming
import web.lots
import web.merge_windows
import web.new_partners
import web.oidc
import web.order_actions
import web.order_changes
import web.orders
import web.packing
import web.partners
import web.payment_accounts
import web.people
import web.promises
import web.purchases
import web.quarantine
import web.recalls
import web.receiving
import web.replenishment
import web.return_photos
import web.returns
import web.returns_bench
import web.serials
import web.setup
import web.ship_notices
import web.shops
import web.stock
import web.stock_ageing
import web.stock_moves
import web.subscribers
import web.suppliers
import web.tickets
import web.tracking
import web.transfers
import web.warehouse
import web.waves
from api.errors import Problem
from web.input import readable
from web.live import live_orders
from web.live_stock import live_stock
from web.render import page
from web.static_files import FOLDER, Files

_ROUTERS: Final = (
    web.home.router,
    web.login.router,
    web.oidc.router,
    web.account.router,
    web.erasure.router,
    web.approvals.router,
    web.audit.router,
    web.findings.router,
    web.earmarks.router,
    web.orders.router,
    web.return_photos.router,
    web.exchanges.router,
    web.returns.router,  # before the actions of orders: one of them opens a return
    web.desk.router,
    web.promises.router,
    web.delivery_days.router,
    web.order_changes.router,  # before the actions: its forms are pages of their own
    web.order_actions.router,
    web.attention.router,
    web.campaigns.router,
    web.gates.router,
    web.claims.router,
    web.replenishment.router,
    web.purchases.router,
    web.suppliers.router,
    web.merge_windows.router,  # before the shops' own acts
    web.tickets.router,  # before the shops' own acts: its form knows the stores
    web.new_partners.router,  # before the shops: `new` is none of them
    web.shops.router,
    web.partners.router,
    web.payment_accounts.router,
    web.payment_accounts.acts,
    web.stock_ageing.router,
    web.stock_moves.router,
    web.stock.router,
    web.transfers.router,
    web.lot_naming.router,
    web.lots.router,
    web.serials.router,
    web.quarantine.router,
    web.recalls.router,
    web.receiving.router,
    web.ship_notices.router,
    web.counts.router,
    web.kits.router,
    web.dealer_reports.router,
    web.imports.router,
    web.subscribers.router,
    web.exports.router,
    web.customers.router,
    web.people.router,
    web.setup.router,
    web.api_keys.router,
    web.returns_bench.router,  # before the warehouse: `returns` is no shipment
    web.finance.router,
    web.goods_claims.router,
    web.erp_accounts.router,
    web.erp_accounts.acts,
    web.invoice_accounts.router,
    web.invoice_accounts.acts,
    web.waves.router,  # before the warehouse: `waves` and `codes` are no shipments
    web.hand_overs.router,
    web.packing.router,
    web.floor.router,
    web.warehouse.router,
    web.tracking.router,
    web.consumer_returns.router,
)


def install(app: FastAPI) -> None:
    """Add every page, its files, and the one task that watches orders for live pages."""
    for router in _ROUTERS:
        app.include_router(router, dependencies=[Depends(readable)])
    app.mount("/static", Files(directory=FOLDER, check_dir=False), name="static")
    app.state.page_of_problem = _page_of_problem
    app.state.opens_with_process = (live_orders, live_stock)


async def _page_of_problem(request: Request, problem: Problem) -> Response:
    """A refusal as a page, or as a message inside the open dialog."""
    template = "parts/refused.html" if "hx-request" in request.headers else "problem.html"
    return page(
        request, template, status=problem.status, headers=problem.headers, problem=problem,
        request_id=getattr(request.state, "request_id", ""),
    )  # fmt: skip
