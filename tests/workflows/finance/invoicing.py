"""A company whose orders are invoiced."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from db.finance.invoice_tables import InvoiceAccountRow, SkuTaxRow, TaxCategoryRow
from db.finance.invoices import ask_invoice
from domain.finance.invoices import Buyer
from domain.orders.messages import Accepted, ResolveStep, StepAction
from runtime.invoicing import Invoicing
from runtime.posting import Posting
from tests.people import VAULT
from tests.workflows.returning import RESELL, Returns
from tests.workflows.world import Company

BUYER = Buyer("上海某某科技有限公司", "91310000MA1K00000X", "fp@example.cn")
CODE = "1030201020000000000"
INVOICES = "SELECT kind, state, total_minor::int, red_minor::int FROM invoice WHERE kind = 'blue'"
REDS = "SELECT count(*)::int, coalesce(sum(total_minor), 0)::int FROM invoice WHERE kind = 'red'"


async def delivered(shop: Company, *, taxed: bool = True, **changes: object) -> Returns:
    """Three units of A for 30.00 came to their buyer; an account issues invoices."""
    returns = Returns(shop)
    await returns.delivered(**changes)  # type: ignore[arg-type]
    await opened(shop, taxed=taxed)
    return returns


async def opened(shop: Company, *, taxed: bool = True) -> None:
    """An account issues invoices of every shop, and A is in a tax category."""
    async with shop.sessions.begin() as session:
        session.add(InvoiceAccountRow(id="n1", vendor="nuonuo", name="N", base_url="http://n"))
        session.add(TaxCategoryRow(code="tea", name="茶", goods_code=CODE, rate_bp=1300))
        await session.flush()
        if taxed:
            session.add(SkuTaxRow(sku="A", category="tea"))


async def asked(shop: Company, buyer: Buyer = BUYER) -> str:
    """Customer service asks for an invoice of the only order, and it sets out if it may."""
    row = await shop.row("SELECT no FROM sales_order")
    async with shop.sessions.begin() as session:
        no = await ask_invoice(session, VAULT, row.no, buyer, "kefu")
    await set_out(shop)
    return no


async def set_out(shop: Company) -> int:
    """The books hear of what happened, and what is due begins."""
    await Posting(shop.sessions).all()
    count = await Invoicing(shop.sessions).once(100)
    await shop.deliver_signals()
    return count


async def issued(shop: Company, env: WorkflowEnvironment) -> str:
    """An invoice of the whole order is there."""
    no = await asked(shop)
    await shop.until(f"SELECT state FROM invoice WHERE no = '{no}'", "processing")
    await env.sleep(timedelta(seconds=30))
    await shop.until(f"SELECT state FROM invoice WHERE no = '{no}'", "issued")
    return no


async def one_comes_back(returns: Returns) -> None:
    """One unit is sent back and paid back."""
    shop = returns.shop
    no = await returns.ask(1)
    await returns.is_at("approved")
    await returns.send(no)
    await returns.is_at("in_transit")
    await returns.receive(no, 1)
    await returns.inspect(no, (1, RESELL))
    await returns.is_at("closed", "refunded")
    await shop.until("SELECT refunded_minor::int FROM sales_order", 1000)


async def decide(shop: Company, action: StepAction) -> None:
    """A person decides about the invoice that waits."""
    row = await shop.row(
        "SELECT workflow_id FROM attention WHERE resolved_at IS NULL AND step_id = 'invoice'"
    )
    decision = ResolveStep("invoice", action, "caiwu", "as agreed")
    handle = shop.client.get_workflow_handle(row.workflow_id)
    await handle.execute_update("resolve_step", decision, result_type=Accepted)
