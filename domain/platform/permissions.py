"""Who may do what: one table from route to permission, one from permission to roles."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    CUSTOMER_SERVICE = "customer_service"
    WAREHOUSE = "warehouse"
    BUYER = "buyer"
    FINANCE = "finance"
    MANAGER = "manager"
    ADMIN = "admin"


class Permission(StrEnum):
    PUBLIC = "public"  # everybody, without logging in
    LOGGED_IN = "logged_in"  # everybody with an account or a key
    READ_ORDERS = "read_orders"
    CHANGE_ORDERS = "change_orders"
    READ_NOTES = "read_notes"  # they may name people
    WRITE_NOTES = "write_notes"
    REVEAL_RECEIVERS = "reveal_receivers"
    ERASE_PEOPLE = "erase_people"  # for good: the keys of their orders are destroyed
    BLOCK_BUYERS = "block_buyers"
    DECIDE_RETURNS = "decide_returns"
    TAKE_DIFFERENCES = "take_differences"  # what buyers owe for exchanges came in
    SEE_PHOTOS = "see_photos"  # of goods that come back; people may be on them
    APPROVE_GOODWILL = "approve_goodwill"  # more than the limit of everybody else
    CLAIM_FROM_CARRIERS = "claim_from_carriers"
    WRITE_OFF_CLAIMS = "write_off_claims"
    READ_ATTENTION = "read_attention"
    RESOLVE_STEPS = "resolve_steps"
    READ_STOCK = "read_stock"
    CHANGE_STOCK = "change_stock"
    CHANGE_PRODUCTS = "change_products"  # and suppliers
    WORK_IN_WAREHOUSE = "work_in_warehouse"
    READ_CHANNELS = "read_channels"
    CHANGE_CHANNELS = "change_channels"
    READ_BOOKS = "read_books"
    KEEP_BOOKS = "keep_books"
    MANAGE_ACCOUNTS = "manage_accounts"
    READ_METRICS = "read_metrics"
    READ_ENGINE = "read_engine"  # what workflows were told, as they heard it
    READ_AUDIT = "read_audit"  # who did what, and why


_P, _R = Permission, Role
_EVERYBODY: Final = frozenset(Role)

# Every permission that needs a role, with the roles that have it.
ROLES_OF: Final[dict[Permission, frozenset[Role]]] = {
    _P.LOGGED_IN: _EVERYBODY,
    _P.READ_ORDERS: _EVERYBODY,
    _P.CHANGE_ORDERS: frozenset({_R.CUSTOMER_SERVICE, _R.ADMIN}),
    _P.READ_NOTES: frozenset({_R.CUSTOMER_SERVICE, _R.WAREHOUSE, _R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.WRITE_NOTES: frozenset(
        {_R.CUSTOMER_SERVICE, _R.WAREHOUSE, _R.FINANCE, _R.MANAGER, _R.ADMIN}
    ),
    _P.REVEAL_RECEIVERS: frozenset({_R.CUSTOMER_SERVICE, _R.ADMIN}),
    _P.ERASE_PEOPLE: frozenset({_R.ADMIN}),
    _P.BLOCK_BUYERS: frozenset({_R.CUSTOMER_SERVICE, _R.MANAGER, _R.ADMIN}),
    _P.DECIDE_RETURNS: frozenset({_R.CUSTOMER_SERVICE, _R.MANAGER, _R.ADMIN}),
    _P.TAKE_DIFFERENCES: frozenset({_R.CUSTOMER_SERVICE, _R.FINANCE, _R.ADMIN}),
    _P.SEE_PHOTOS: frozenset({_R.CUSTOMER_SERVICE, _R.WAREHOUSE, _R.MANAGER, _R.ADMIN}),
    _P.APPROVE_GOODWILL: frozenset({_R.MANAGER, _R.ADMIN}),
    _P.READ_ATTENTION: frozenset({_R.CUSTOMER_SERVICE, _R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.RESOLVE_STEPS: frozenset({_R.CUSTOMER_SERVICE, _R.FINANCE, _R.ADMIN}),
    _P.CLAIM_FROM_CARRIERS: frozenset({_R.CUSTOMER_SERVICE, _R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.WRITE_OFF_CLAIMS: frozenset({_R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.READ_STOCK: _EVERYBODY,
    _P.CHANGE_STOCK: frozenset({_R.WAREHOUSE, _R.ADMIN}),
    _P.CHANGE_PRODUCTS: frozenset({_R.BUYER, _R.ADMIN}),
    _P.WORK_IN_WAREHOUSE: frozenset({_R.WAREHOUSE, _R.ADMIN}),
    _P.READ_CHANNELS: frozenset({_R.CUSTOMER_SERVICE, _R.MANAGER, _R.ADMIN}),
    _P.CHANGE_CHANNELS: frozenset({_R.CUSTOMER_SERVICE, _R.ADMIN}),
    _P.READ_BOOKS: frozenset({_R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.KEEP_BOOKS: frozenset({_R.FINANCE, _R.ADMIN}),
    _P.MANAGE_ACCOUNTS: frozenset({_R.ADMIN}),
    _P.READ_ENGINE: frozenset({_R.ADMIN}),
    _P.READ_AUDIT: frozenset({_R.ADMIN, _R.MANAGER}),
    _P.READ_METRICS: frozenset({_R.ADMIN, _R.MANAGER}),
}

# Method and path template of every route. A route that is not here is refused, whoever asks.
ROUTES: Final[dict[str, Permission]] = {
    # processes
    "GET /healthz": _P.PUBLIC,
    "GET /readyz": _P.PUBLIC,
    "GET /metrics": _P.PUBLIC,  # asks for READ_METRICS itself unless the caller is this machine
    "GET /docs": _P.PUBLIC,  # leads to the page below
    "GET /api/docs": _P.LOGGED_IN,
    "GET /api/v1/openapi.json": _P.LOGGED_IN,
    # vendors, proven by their signatures
    "POST /webhooks/own/{shop_id}": _P.PUBLIC,
    "POST /webhooks/pos/{shop_id}": _P.PUBLIC,
    "POST /webhooks/{channel}/{shop_id}": _P.PUBLIC,
    "GET /webhooks/{channel}/{shop_id}": _P.PUBLIC,
    "POST /webhooks/payments/{provider}/{account_id}": _P.PUBLIC,
    "POST /webhooks/carriers/{code}": _P.PUBLIC,
    "POST /webhooks/carriers/{code}/{push_secret}": _P.PUBLIC,
    # accounts
    "GET /api/v1/me": _P.LOGGED_IN,
    "GET /api/v1/me/sessions": _P.LOGGED_IN,
    "DELETE /api/v1/me/sessions": _P.LOGGED_IN,
    "DELETE /api/v1/me/sessions/{no}": _P.LOGGED_IN,
    "PUT /api/v1/me/password": _P.LOGGED_IN,
    "POST /api/v1/me/second-factor": _P.LOGGED_IN,
    "PUT /api/v1/me/second-factor": _P.LOGGED_IN,
    "POST /api/v1/me/recovery-codes": _P.LOGGED_IN,
    "POST /api/v1/me/second-factor/removal": _P.LOGGED_IN,
    "GET /api/v1/accounts/{account_id}/sessions": _P.MANAGE_ACCOUNTS,
    "DELETE /api/v1/accounts/{account_id}/sessions": _P.MANAGE_ACCOUNTS,
    "DELETE /api/v1/accounts/{account_id}/sessions/{no}": _P.MANAGE_ACCOUNTS,
    "DELETE /api/v1/accounts/{account_id}/second-factor": _P.MANAGE_ACCOUNTS,
    "GET /api/v1/accounts": _P.MANAGE_ACCOUNTS,
    "POST /api/v1/accounts": _P.MANAGE_ACCOUNTS,
    "PATCH /api/v1/accounts/{account_id}": _P.MANAGE_ACCOUNTS,
    "GET /api/v1/api-keys": _P.MANAGE_ACCOUNTS,
    "POST /api/v1/api-keys": _P.MANAGE_ACCOUNTS,
    "DELETE /api/v1/api-keys/{key_id}": _P.MANAGE_ACCOUNTS,
    # the workflow engine
    "POST /api/v1/temporal/decode": _P.READ_ENGINE,
    # audit trail
    "GET /api/v1/audit": _P.READ_AUDIT,
    "GET /audit": _P.READ_AUDIT,
    "GET /audit.csv": _P.READ_AUDIT,
    # people
    "POST /api/v1/erasures/plan": _P.ERASE_PEOPLE,
    "POST /api/v1/erasures": _P.ERASE_PEOPLE,
    "GET /privacy/erasure": _P.ERASE_PEOPLE,
    "POST /privacy/erasure": _P.ERASE_PEOPLE,
    "POST /privacy/erasure/confirmation": _P.ERASE_PEOPLE,
    # two people: who may decide about what is in domain/platform/approvals.py
    "GET /api/v1/approvals": _P.LOGGED_IN,
    "GET /api/v1/approvals/{approval_id}": _P.LOGGED_IN,
    "POST /api/v1/approvals/{approval_id}/decision": _P.LOGGED_IN,
    "POST /api/v1/approvals/{approval_id}/withdrawal": _P.LOGGED_IN,
    "POST /api/v1/key-exports": _P.MANAGE_ACCOUNTS,
    "GET /approvals": _P.LOGGED_IN,
    "GET /approvals/{approval_id}": _P.LOGGED_IN,
    "POST /approvals/{approval_id}/decide": _P.LOGGED_IN,
    "POST /approvals/{approval_id}/withdraw": _P.LOGGED_IN,
    # orders
    "GET /api/v1/orders": _P.READ_ORDERS,
    "GET /api/v1/orders/{no}": _P.READ_ORDERS,
    "GET /api/v1/orders/{no}/timeline": _P.READ_ORDERS,
    "POST /api/v1/orders/{no}/receiver-disclosures": _P.REVEAL_RECEIVERS,
    "GET /api/v1/orders/{no}/sourcing": _P.READ_ORDERS,
    "POST /api/v1/sourcing/dry-run": _P.READ_STOCK,
    "GET /api/v1/sourcing/rules": _P.READ_CHANNELS,
    "PUT /api/v1/sourcing/rules/{shop_id}": _P.CHANGE_CHANNELS,
    "POST /api/v1/orders/{no}/holds": _P.CHANGE_ORDERS,
    "POST /api/v1/orders/{no}/holds/{kind}/release": _P.CHANGE_ORDERS,
    "GET /api/v1/orders/{no}/cancellation-plan": _P.READ_ORDERS,
    "POST /api/v1/orders/{no}/cancellation": _P.CHANGE_ORDERS,
    "POST /api/v1/orders/{no}/address": _P.CHANGE_ORDERS,
    "GET /api/v1/orders/{no}/merge-suggestion": _P.READ_ORDERS,
    "GET /api/v1/orders/{no}/merge-plan": _P.READ_ORDERS,
    "POST /api/v1/orders/{no}/merge": _P.CHANGE_ORDERS,
    "GET /api/v1/orders/{no}/unmerge-plan": _P.READ_ORDERS,
    "POST /api/v1/orders/{no}/unmerge": _P.CHANGE_ORDERS,
    "POST /api/v1/orders/{no}/split-plan": _P.CHANGE_ORDERS,
    "POST /api/v1/orders/{no}/split": _P.CHANGE_ORDERS,
    "GET /api/v1/merge-rules": _P.READ_CHANNELS,
    "PUT /api/v1/merge-rules/{shop_id}": _P.CHANGE_CHANNELS,
    "DELETE /api/v1/merge-rules/{shop_id}": _P.CHANGE_CHANNELS,
    "POST /api/v1/orders/{no}/return-labels": _P.CHANGE_ORDERS,
    "POST /api/v1/orders/{no}/return-labels/{label_no}/cancellation": _P.CHANGE_ORDERS,
    "GET /api/v1/orders/{no}/invoices": _P.READ_ORDERS,
    "POST /api/v1/orders/{no}/invoices": _P.CHANGE_ORDERS,
    "POST /api/v1/orders/{no}/invoices/{invoice_no}/cancellation": _P.CHANGE_ORDERS,
    "POST /api/v1/orders/{no}/invoices/{invoice_no}/reversal": _P.CHANGE_ORDERS,
    "GET /api/v1/orders/{no}/notes": _P.READ_NOTES,
    "POST /api/v1/orders/{no}/notes": _P.WRITE_NOTES,
    "POST /api/v1/orders/{no}/notes/{note_id}/removal": _P.WRITE_NOTES,
    "GET /api/v1/orders/{no}/tags": _P.READ_ORDERS,
    "PUT /api/v1/orders/{no}/tags/{name}": _P.WRITE_NOTES,
    "DELETE /api/v1/orders/{no}/tags/{name}": _P.WRITE_NOTES,
    "GET /api/v1/orders/{no}/actions": _P.READ_ORDERS,
    "GET /api/v1/tags": _P.READ_ORDERS,
    "PUT /api/v1/tags/{name}": _P.CHANGE_ORDERS,
    "DELETE /api/v1/tags/{name}": _P.CHANGE_ORDERS,
    "GET /api/v1/saved-filters": _P.READ_ORDERS,
    "POST /api/v1/saved-filters": _P.READ_ORDERS,
    "DELETE /api/v1/saved-filters/{filter_id}": _P.READ_ORDERS,
    "GET /api/v1/holds": _P.READ_ORDERS,
    "GET /api/v1/bulk-jobs": _P.READ_ORDERS,
    "GET /api/v1/bulk-jobs/{job_id}": _P.READ_ORDERS,
    "GET /api/v1/bulk-jobs/{job_id}/orders": _P.READ_ORDERS,
    "POST /api/v1/bulk-jobs": _P.CHANGE_ORDERS,
    "POST /api/v1/bulk-jobs/preview": _P.CHANGE_ORDERS,
    "POST /api/v1/bulk-jobs/{job_id}/stop": _P.CHANGE_ORDERS,
    "GET /api/v1/blocked-buyers": _P.BLOCK_BUYERS,
    "POST /api/v1/blocked-buyers": _P.BLOCK_BUYERS,
    "POST /api/v1/blocked-buyers/removal": _P.BLOCK_BUYERS,
    # returns
    "GET /api/v1/orders/{no}/returnable": _P.READ_ORDERS,
    "POST /api/v1/orders/{no}/returns": _P.DECIDE_RETURNS,
    "POST /api/v1/orders/{no}/difference-payments": _P.TAKE_DIFFERENCES,
    "GET /api/v1/returns": _P.READ_ORDERS,
    "GET /api/v1/returns/{return_no}": _P.READ_ORDERS,
    "GET /api/v1/returns/{return_no}/plan": _P.READ_ORDERS,
    "POST /api/v1/returns/{return_no}/decision": _P.DECIDE_RETURNS,
    "GET /api/v1/returns/{return_no}/photos": _P.SEE_PHOTOS,
    "POST /api/v1/returns/{return_no}/photos": _P.DECIDE_RETURNS,
    "GET /api/v1/returns/{return_no}/photos/{photo_id}": _P.SEE_PHOTOS,
    "POST /api/v1/returns/{return_no}/parcel": _P.DECIDE_RETURNS,
    "POST /api/v1/returns/{return_no}/question": _P.DECIDE_RETURNS,
    "POST /api/v1/returns/{return_no}/answer": _P.DECIDE_RETURNS,
    "POST /api/v1/returns/{return_no}/withdrawal": _P.DECIDE_RETURNS,
    "POST /api/v1/returns/{return_no}/receipts": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/returns/{return_no}/inspections": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/returns/{return_no}/inspections/{inspection_id}/undo": _P.WORK_IN_WAREHOUSE,
    # claims against carriers; giving one up asks for WRITE_OFF_CLAIMS itself
    "POST /api/v1/parcels/{parcel_id}/claims": _P.CLAIM_FROM_CARRIERS,
    "GET /api/v1/claims": _P.READ_ORDERS,
    "GET /api/v1/claims/sums": _P.CLAIM_FROM_CARRIERS,
    "GET /api/v1/claims/{claim_no}": _P.READ_ORDERS,
    "GET /api/v1/claims/{claim_no}/plan": _P.READ_ORDERS,
    "POST /api/v1/claims/{claim_no}/decision": _P.CLAIM_FROM_CARRIERS,
    # warehouse
    "GET /api/v1/pick-lists": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/scans": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/locations/{location_id}/floor": _P.WORK_IN_WAREHOUSE,
    "PUT /api/v1/locations/{location_id}/floor": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/locations/{location_id}/bins": _P.WORK_IN_WAREHOUSE,
    "PUT /api/v1/locations/{location_id}/bins": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/shipments/{shipment_no}/packing-advice": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/wave-suggestions": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/waves": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/waves": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/waves/{wave_no}": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/waves/{wave_no}/release": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/waves/{wave_no}/shipments/{shipment_no}/removal": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/waves/{wave_no}/close": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/shipments/{shipment_no}/scans": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/shipments/{shipment_no}": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/shipments/{shipment_no}/label.pdf": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/shipments/{shipment_no}/print-data": _P.WORK_IN_WAREHOUSE,
    "GET /api/v1/locations/{location_id}/manifest.pdf": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/receipts": _P.CHANGE_STOCK,
    "POST /api/v1/adjustments": _P.CHANGE_STOCK,
    "POST /api/v1/shipments/{shipment_no}/pick": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/shipments/{shipment_no}/pack": _P.WORK_IN_WAREHOUSE,
    "POST /api/v1/shipments/{shipment_no}/hand-over": _P.WORK_IN_WAREHOUSE,
    # stock
    "GET /api/v1/stock": _P.READ_STOCK,
    # finance
    "GET /api/v1/finance/trial-balance": _P.READ_BOOKS,
    "GET /api/v1/finance/vouchers": _P.READ_BOOKS,
    "GET /api/v1/finance/vouchers/{no}": _P.READ_BOOKS,
    "GET /api/v1/finance/costs": _P.READ_BOOKS,
    "PUT /api/v1/finance/costs/{sku:path}": _P.KEEP_BOOKS,
    "GET /api/v1/erp-accounts": _P.READ_BOOKS,
    "POST /api/v1/erp-accounts": _P.MANAGE_ACCOUNTS,
    "POST /api/v1/erp-accounts/{account_id}/pause": _P.KEEP_BOOKS,
    "POST /api/v1/erp-accounts/{account_id}/resume": _P.KEEP_BOOKS,
    "POST /api/v1/erp-accounts/{account_id}/trial": _P.KEEP_BOOKS,
    "PUT /api/v1/erp-accounts/{account_id}/beginning": _P.KEEP_BOOKS,
    "GET /api/v1/erp-accounts/{account_id}/codes": _P.READ_BOOKS,
    "PUT /api/v1/erp-accounts/{account_id}/codes": _P.KEEP_BOOKS,
    "GET /api/v1/erp-accounts/{account_id}/exports": _P.READ_BOOKS,
    "POST /api/v1/erp-accounts/{account_id}/exports": _P.KEEP_BOOKS,
    "GET /api/v1/erp-accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "PUT /api/v1/erp-accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "GET /api/v1/erp-accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "PUT /api/v1/erp-accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "GET /api/v1/invoice-accounts": _P.READ_BOOKS,
    "POST /api/v1/invoice-accounts": _P.MANAGE_ACCOUNTS,
    "POST /api/v1/invoice-accounts/{account_id}/pause": _P.KEEP_BOOKS,
    "POST /api/v1/invoice-accounts/{account_id}/resume": _P.KEEP_BOOKS,
    "POST /api/v1/invoice-accounts/{account_id}/trial": _P.KEEP_BOOKS,
    "GET /api/v1/invoice-accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "PUT /api/v1/invoice-accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "GET /api/v1/invoice-accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "PUT /api/v1/invoice-accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "GET /api/v1/finance/tax-categories": _P.READ_BOOKS,
    "PUT /api/v1/finance/tax-categories/{code}": _P.KEEP_BOOKS,
    "GET /api/v1/finance/sku-taxes": _P.READ_BOOKS,
    "PUT /api/v1/finance/sku-taxes/{sku:path}": _P.KEEP_BOOKS,
    # imports and exports; each list asks for its own permission beside, see below
    "POST /api/v1/imports": _P.LOGGED_IN,
    "GET /api/v1/imports": _P.LOGGED_IN,
    "GET /api/v1/imports/{import_id}": _P.LOGGED_IN,
    "GET /api/v1/imports/{import_id}/rows": _P.LOGGED_IN,
    "GET /api/v1/imports/{import_id}/file": _P.LOGGED_IN,
    "POST /api/v1/imports/{import_id}/decision": _P.LOGGED_IN,
    "GET /api/v1/import-templates/{kind}": _P.LOGGED_IN,
    "GET /api/v1/exports/{name}": _P.LOGGED_IN,
    # attention
    "GET /api/v1/attention": _P.READ_ATTENTION,
    "GET /api/v1/attention/groups": _P.READ_ATTENTION,
    "GET /api/v1/attention/{item_id}": _P.READ_ATTENTION,
    "POST /api/v1/attention/{item_id}/resolution": _P.RESOLVE_STEPS,
    # gates; acting on one asks for what its system needs itself
    "GET /api/v1/gates": _P.READ_ATTENTION,
    "GET /api/v1/gates/{kind}/{name}": _P.READ_ATTENTION,
    "POST /api/v1/gates/{kind}/{name}/close": _P.RESOLVE_STEPS,
    "POST /api/v1/gates/{kind}/{name}/open": _P.RESOLVE_STEPS,
    "POST /api/v1/gates/{kind}/{name}/drain": _P.RESOLVE_STEPS,
    "PUT /api/v1/gates/{kind}/{name}/rate": _P.RESOLVE_STEPS,
    "GET /api/v1/campaigns": _P.READ_ATTENTION,
    "POST /api/v1/campaigns": _P.RESOLVE_STEPS,
    "POST /api/v1/campaigns/preview": _P.RESOLVE_STEPS,
    "GET /api/v1/campaigns/{campaign_id}": _P.READ_ATTENTION,
    "GET /api/v1/campaigns/{campaign_id}/steps": _P.READ_ATTENTION,
    "POST /api/v1/campaigns/{campaign_id}/pause": _P.RESOLVE_STEPS,
    "POST /api/v1/campaigns/{campaign_id}/resume": _P.RESOLVE_STEPS,
    "POST /api/v1/campaigns/{campaign_id}/stop": _P.RESOLVE_STEPS,
    "POST /api/v1/campaigns/{campaign_id}/failed": _P.RESOLVE_STEPS,
    # channels
    "POST /api/v1/channel-skus": _P.CHANGE_CHANNELS,
    "GET /api/v1/channel-skus": _P.READ_CHANNELS,
    "GET /api/v1/channel-skus/unmapped": _P.READ_CHANNELS,
    "GET /api/v1/messages": _P.READ_CHANNELS,
    "POST /api/v1/messages/{message_id}/reprocess": _P.CHANGE_CHANNELS,
    "GET /api/v1/shops": _P.READ_CHANNELS,
    "POST /api/v1/shops/{shop_id}/pull": _P.CHANGE_CHANNELS,
    "GET /api/v1/shops/{shop_id}/listings": _P.READ_CHANNELS,
    "PUT /api/v1/shops/{shop_id}/listings/{external_sku}": _P.CHANGE_CHANNELS,
    "POST /api/v1/webhook-events/{event_id}/redelivery": _P.CHANGE_CHANNELS,
    "POST /api/v1/messages/reprocessing": _P.CHANGE_CHANNELS,
    "POST /api/v1/shops/{shop_id}/pause": _P.CHANGE_CHANNELS,
    "POST /api/v1/shops/{shop_id}/resume": _P.CHANGE_CHANNELS,
    "POST /api/v1/carriers/{code}/resume": _P.CHANGE_CHANNELS,
    "POST /api/v1/shops/{shop_id}/ranges": _P.CHANGE_CHANNELS,
    "GET /api/v1/shops/{shop_id}/ranges": _P.READ_CHANNELS,
    "DELETE /api/v1/shops/{shop_id}/ranges": _P.CHANGE_CHANNELS,
    "GET /api/v1/shops/{shop_id}/unmapped": _P.READ_CHANNELS,
    "GET /api/v1/shops/{shop_id}/credentials": _P.READ_CHANNELS,
    "PUT /api/v1/shops/{shop_id}/credentials": _P.CHANGE_CHANNELS,
    "GET /api/v1/carriers/{code}/credentials": _P.READ_CHANNELS,
    "PUT /api/v1/carriers/{code}/credentials": _P.CHANGE_CHANNELS,
    "GET /api/v1/payment-accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "PUT /api/v1/payment-accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "GET /api/v1/shops/{shop_id}/settings": _P.CHANGE_CHANNELS,
    "PUT /api/v1/shops/{shop_id}/settings": _P.CHANGE_CHANNELS,
    "GET /api/v1/carriers/{code}/settings": _P.CHANGE_CHANNELS,
    "PUT /api/v1/carriers/{code}/settings": _P.CHANGE_CHANNELS,
    "GET /api/v1/payment-accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "PUT /api/v1/payment-accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "GET /api/v1/payment-accounts": _P.MANAGE_ACCOUNTS,
    "POST /api/v1/payment-accounts": _P.MANAGE_ACCOUNTS,
    "POST /api/v1/payment-accounts/{account_id}/pause": _P.MANAGE_ACCOUNTS,
    "POST /api/v1/payment-accounts/{account_id}/resume": _P.MANAGE_ACCOUNTS,
    "POST /api/v1/shops": _P.MANAGE_ACCOUNTS,
    "POST /api/v1/carriers": _P.MANAGE_ACCOUNTS,
    # pages
    "GET /": _P.LOGGED_IN,
    "GET /language/{language}": _P.PUBLIC,
    "GET /login": _P.PUBLIC,
    "POST /login": _P.PUBLIC,
    "GET /login/code": _P.PUBLIC,  # for whoever gave the right password
    "POST /login/code": _P.PUBLIC,
    "GET /login/oidc": _P.PUBLIC,
    "GET /login/oidc/callback": _P.PUBLIC,
    "POST /logout": _P.LOGGED_IN,
    "GET /account": _P.LOGGED_IN,
    "GET /account/second-factor": _P.LOGGED_IN,
    "GET /account/recovery-codes": _P.LOGGED_IN,
    "GET /account/remove-second-factor": _P.LOGGED_IN,
    "POST /account/password": _P.LOGGED_IN,
    "POST /account/sessions/end-others": _P.LOGGED_IN,
    "POST /account/sessions/{no}/end": _P.LOGGED_IN,
    "POST /account/second-factor": _P.LOGGED_IN,
    "POST /account/recovery-codes": _P.LOGGED_IN,
    "POST /account/remove-second-factor": _P.LOGGED_IN,
    "GET /people/{account_id}/sessions": _P.MANAGE_ACCOUNTS,
    "POST /people/{account_id}/sessions/end": _P.MANAGE_ACCOUNTS,
    "POST /people/{account_id}/second-factor/reset": _P.MANAGE_ACCOUNTS,
    "GET /track": _P.PUBLIC,
    "POST /track": _P.PUBLIC,
    "GET /return": _P.PUBLIC,
    "GET /return/{deed}": _P.PUBLIC,
    "POST /return": _P.PUBLIC,
    "POST /return/ask": _P.PUBLIC,
    "POST /return/photos": _P.PUBLIC,
    "POST /return/parcel": _P.PUBLIC,
    "POST /return/answer": _P.PUBLIC,
    "GET /orders": _P.READ_ORDERS,
    "GET /orders.csv": _P.READ_ORDERS,
    "GET /orders/{no}": _P.READ_ORDERS,
    "GET /orders/{no}/now": _P.READ_ORDERS,
    "GET /orders/{no}/events": _P.READ_ORDERS,
    "POST /orders/{no}/receiver": _P.REVEAL_RECEIVERS,
    "GET /orders/{no}/do/cancel": _P.CHANGE_ORDERS,
    "GET /orders/{no}/do/{action}": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/cancel": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/hold": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/release": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/address": _P.CHANGE_ORDERS,
    "GET /orders/{no}/do/merge": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/merge": _P.CHANGE_ORDERS,
    "GET /orders/{no}/do/unmerge": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/unmerge": _P.CHANGE_ORDERS,
    "GET /orders/{no}/do/split": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/split": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/return_label": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/cancel_return_label": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/invoice": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/cancel_invoice": _P.CHANGE_ORDERS,
    "POST /orders/{no}/do/reverse_invoice": _P.CHANGE_ORDERS,
    "GET /orders/{no}/do/note": _P.WRITE_NOTES,
    "GET /orders/{no}/do/tag": _P.WRITE_NOTES,
    "POST /orders/{no}/do/note": _P.WRITE_NOTES,
    "POST /orders/{no}/do/unnote": _P.WRITE_NOTES,
    "POST /orders/{no}/do/tag": _P.WRITE_NOTES,
    "POST /orders/{no}/do/untag": _P.WRITE_NOTES,
    "GET /saved-filters/new": _P.READ_ORDERS,
    "POST /saved-filters/new": _P.READ_ORDERS,
    "POST /saved-filters/{filter_id}/forget": _P.READ_ORDERS,
    "GET /holds": _P.READ_ORDERS,
    "GET /bulk": _P.READ_ORDERS,
    "GET /bulk/new": _P.CHANGE_ORDERS,
    "POST /bulk/new": _P.CHANGE_ORDERS,
    "GET /bulk/{job_id}": _P.READ_ORDERS,
    "GET /bulk/{job_id}/now": _P.READ_ORDERS,
    "POST /bulk/{job_id}/stop": _P.CHANGE_ORDERS,
    "GET /orders/{no}/do/return": _P.DECIDE_RETURNS,
    "POST /orders/{no}/do/return": _P.DECIDE_RETURNS,
    "GET /orders/{no}/do/difference": _P.TAKE_DIFFERENCES,
    "POST /orders/{no}/do/difference": _P.TAKE_DIFFERENCES,
    "GET /returns": _P.READ_ORDERS,
    "GET /returns/{return_no}": _P.READ_ORDERS,
    "GET /returns/{return_no}/do/{action}": _P.DECIDE_RETURNS,
    "POST /returns/{return_no}/do/decide": _P.DECIDE_RETURNS,
    "GET /returns/{return_no}/photos/{photo_id}": _P.SEE_PHOTOS,
    "POST /returns/{return_no}/do/photos": _P.DECIDE_RETURNS,
    "POST /returns/{return_no}/do/parcel": _P.DECIDE_RETURNS,
    "POST /returns/{return_no}/do/ask": _P.DECIDE_RETURNS,
    "POST /returns/{return_no}/do/answer": _P.DECIDE_RETURNS,
    "POST /returns/{return_no}/do/withdraw": _P.DECIDE_RETURNS,
    "GET /claims": _P.CLAIM_FROM_CARRIERS,
    "GET /claims.csv": _P.CLAIM_FROM_CARRIERS,
    "GET /claims/{claim_no}": _P.READ_ORDERS,
    "GET /claims/{claim_no}/sheet": _P.CLAIM_FROM_CARRIERS,
    "GET /claims/{claim_no}/do/{action}": _P.CLAIM_FROM_CARRIERS,
    "POST /claims/{claim_no}/do/decide": _P.CLAIM_FROM_CARRIERS,
    "GET /parcels/{parcel_id}/do/claim": _P.CLAIM_FROM_CARRIERS,
    "POST /parcels/{parcel_id}/do/claim": _P.CLAIM_FROM_CARRIERS,
    "GET /warehouse/returns": _P.WORK_IN_WAREHOUSE,
    "GET /warehouse/returns/{return_no}": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/returns/{return_no}": _P.WORK_IN_WAREHOUSE,
    "GET /attention": _P.READ_ATTENTION,
    "GET /attention/count": _P.READ_ATTENTION,
    "GET /attention/{item_id}": _P.READ_ATTENTION,
    "POST /attention/{item_id}": _P.RESOLVE_STEPS,
    "GET /exports/{name}": _P.LOGGED_IN,
    "GET /imports": _P.LOGGED_IN,
    "POST /imports": _P.LOGGED_IN,
    "GET /imports/templates/{kind}": _P.LOGGED_IN,
    "GET /imports/{import_id}": _P.LOGGED_IN,
    "GET /imports/{import_id}/now": _P.LOGGED_IN,
    "GET /imports/{import_id}/file": _P.LOGGED_IN,
    "POST /imports/{import_id}/decision": _P.LOGGED_IN,
    "GET /stock": _P.READ_STOCK,
    "GET /stock/{sku:path}": _P.READ_STOCK,
    "GET /shops": _P.READ_CHANNELS,
    "GET /shops/new": _P.MANAGE_ACCOUNTS,
    "POST /shops/new": _P.MANAGE_ACCOUNTS,
    "GET /carriers/new": _P.MANAGE_ACCOUNTS,
    "POST /carriers/new": _P.MANAGE_ACCOUNTS,
    "GET /shops/{shop_id}": _P.READ_CHANNELS,
    "GET /shops/{shop_id}/do/{action}": _P.CHANGE_CHANNELS,
    "GET /shops/{shop_id}/do/tickets": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/tickets": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/pause": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/resume": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/pull": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/range": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/stop-range": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/reprocess": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/map": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/rule": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/redeliver": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/credentials": _P.CHANGE_CHANNELS,
    "POST /shops/{shop_id}/do/settings": _P.CHANGE_CHANNELS,
    "GET /carriers/{code}/settings": _P.CHANGE_CHANNELS,
    "POST /carriers/{code}/settings": _P.CHANGE_CHANNELS,
    "GET /payment-accounts": _P.MANAGE_ACCOUNTS,
    "GET /payment-accounts/new": _P.MANAGE_ACCOUNTS,
    "POST /payment-accounts/new": _P.MANAGE_ACCOUNTS,
    "GET /payment-accounts/{account_id}/pause": _P.MANAGE_ACCOUNTS,
    "POST /payment-accounts/{account_id}/pause": _P.MANAGE_ACCOUNTS,
    "POST /payment-accounts/{account_id}/resume": _P.MANAGE_ACCOUNTS,
    "GET /payment-accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "POST /payment-accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "GET /carriers/{code}/credentials": _P.CHANGE_CHANNELS,
    "POST /carriers/{code}/credentials": _P.CHANGE_CHANNELS,
    "POST /carriers/{code}/resume": _P.CHANGE_CHANNELS,
    "GET /payment-accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "POST /payment-accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "GET /finance": _P.READ_BOOKS,
    "GET /finance/trial-balance.csv": _P.READ_BOOKS,
    "GET /finance/accounts/{account}": _P.READ_BOOKS,
    "GET /finance/vouchers": _P.READ_BOOKS,
    "GET /finance/vouchers.csv": _P.READ_BOOKS,
    "GET /finance/vouchers/{no}": _P.READ_BOOKS,
    "GET /finance/costs": _P.READ_BOOKS,
    "POST /finance/costs": _P.KEEP_BOOKS,
    "GET /finance/erp": _P.READ_BOOKS,
    "GET /finance/erp/new": _P.MANAGE_ACCOUNTS,
    "POST /finance/erp/new": _P.MANAGE_ACCOUNTS,
    "GET /finance/erp/{account_id}": _P.READ_BOOKS,
    "GET /finance/erp/{account_id}/pause": _P.KEEP_BOOKS,
    "POST /finance/erp/{account_id}/pause": _P.KEEP_BOOKS,
    "POST /finance/erp/{account_id}/resume": _P.KEEP_BOOKS,
    "POST /finance/erp/{account_id}/trial": _P.KEEP_BOOKS,
    "POST /finance/erp/{account_id}/beginning": _P.KEEP_BOOKS,
    "POST /finance/erp/{account_id}/codes": _P.KEEP_BOOKS,
    "POST /finance/erp/{account_id}/exports": _P.KEEP_BOOKS,
    "GET /finance/erp/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "POST /finance/erp/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "GET /finance/erp/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "POST /finance/erp/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "GET /finance/invoices": _P.READ_BOOKS,
    "POST /finance/invoices/categories": _P.KEEP_BOOKS,
    "GET /finance/invoices/skus": _P.READ_BOOKS,
    "POST /finance/invoices/skus": _P.KEEP_BOOKS,
    "GET /finance/invoices/new": _P.MANAGE_ACCOUNTS,
    "POST /finance/invoices/new": _P.MANAGE_ACCOUNTS,
    "GET /finance/invoices/accounts/{account_id}": _P.READ_BOOKS,
    "GET /finance/invoices/accounts/{account_id}/pause": _P.KEEP_BOOKS,
    "POST /finance/invoices/accounts/{account_id}/pause": _P.KEEP_BOOKS,
    "POST /finance/invoices/accounts/{account_id}/resume": _P.KEEP_BOOKS,
    "POST /finance/invoices/accounts/{account_id}/trial": _P.KEEP_BOOKS,
    "GET /finance/invoices/accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "POST /finance/invoices/accounts/{account_id}/credentials": _P.MANAGE_ACCOUNTS,
    "GET /finance/invoices/accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "POST /finance/invoices/accounts/{account_id}/settings": _P.MANAGE_ACCOUNTS,
    "GET /warehouse": _P.WORK_IN_WAREHOUSE,
    "GET /warehouse/codes": _P.WORK_IN_WAREHOUSE,
    "GET /warehouse/pack": _P.WORK_IN_WAREHOUSE,
    "GET /warehouse/setup": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/setup/{location}": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/setup/{location}/bins": _P.WORK_IN_WAREHOUSE,
    "GET /warehouse/waves": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/waves": _P.WORK_IN_WAREHOUSE,
    "GET /warehouse/waves/{wave_no}": _P.WORK_IN_WAREHOUSE,
    "GET /warehouse/waves/{wave_no}/pick": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/waves/{wave_no}/release": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/waves/{wave_no}/drop": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/waves/{wave_no}/close": _P.WORK_IN_WAREHOUSE,
    "GET /warehouse/{shipment_no}": _P.WORK_IN_WAREHOUSE,
    "GET /warehouse/{shipment_no}/scan": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/{shipment_no}/pick": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/{shipment_no}/pack": _P.WORK_IN_WAREHOUSE,
    "POST /warehouse/{shipment_no}/hand-over": _P.WORK_IN_WAREHOUSE,
}


def permission_of(method: str, path: str) -> Permission | None:
    """What the route asks for; None for a route nobody listed. HEAD is asked for as GET."""
    return ROUTES.get(f"{'GET' if method == 'HEAD' else method} {path}")


def may(roles: frozenset[Role], permission: Permission) -> bool:
    """Whether somebody with these roles has the permission."""
    return permission is Permission.PUBLIC or bool(ROLES_OF[permission] & roles)


# Who may take a list away as a file; people in it are masked for those who may not change it.
EXPORT_OF: Final[dict[str, Permission]] = {
    "products": _P.READ_STOCK,
    "stock": _P.READ_STOCK,
    "orders": _P.READ_ORDERS,
    "suppliers": _P.CHANGE_PRODUCTS,
    "dealers": _P.READ_CHANNELS,
}

# Who may bring a list in from a file, by the kind of list.
IMPORT_OF: Final[dict[str, Permission]] = {
    "products": _P.CHANGE_PRODUCTS,
    "stock": _P.CHANGE_STOCK,
    "suppliers": _P.CHANGE_PRODUCTS,
    "dealers": _P.CHANGE_CHANNELS,
    "orders": _P.CHANGE_CHANNELS,
}


# What finance decides about: books, invoices and money, by the kind of the system that waits.
OF_FINANCE: Final = frozenset({"erp", "invoice", "payment"})


def may_resolve(roles: frozenset[Role], system: str) -> bool:
    """Whether somebody with these roles decides about a step that waits for this system."""
    if not may(roles, Permission.RESOLVE_STEPS):
        return False
    others = roles & ROLES_OF[Permission.RESOLVE_STEPS] - {Role.FINANCE}
    return bool(others) or system.partition("/")[0] in OF_FINANCE


# Who opens and shuts the gate of a system, by its kind.
_TENDS: Final[dict[str, Permission]] = {
    "shop": _P.CHANGE_CHANNELS,
    "carrier": _P.CHANGE_CHANNELS,
    "payment": _P.MANAGE_ACCOUNTS,
    "erp": _P.KEEP_BOOKS,
    "invoice": _P.KEEP_BOOKS,
}


def may_tend(roles: frozenset[Role], system: str) -> bool:
    """Whether somebody with these roles opens and shuts the gate of this system."""
    return may(roles, _TENDS.get(system.partition("/")[0], _P.MANAGE_ACCOUNTS))
