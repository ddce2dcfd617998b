"""Everything a page can do, a program can do: each form of a page names its operation of the API.

A form that nobody listed here fails; so does an operation that is gone.
"""

from typing import Final

from domain.platform.routes import ROUTES

_V1: Final = "/api/v1"

# What only people do: prove who they are, speak a language, are strangers with a parcel.
OF_PEOPLE_ALONE: Final = {
    "POST /login": "programs have keys",
    "POST /login/code": "programs have keys",
    "POST /logout": "keys are withdrawn",
    "POST /set-up": "the first password by a link that is good once",
    "POST /track": "a consumer, without an account",
    "POST /return": "a consumer, without an account",
    "POST /return/answer": "a consumer, without an account",
    "POST /return/ask": "a consumer, without an account",
    "POST /return/parcel": "a consumer, without an account",
    "POST /return/photos": "a consumer, without an account",
}
_ACCOUNT: Final = {
    "credentials": "PUT {}/credentials", "settings": "PUT {}/settings",
    "pause": "POST {}/pause", "resume": "POST {}/resume",
}  # fmt: skip
DOES: Final = {
    "POST /account/password": "PUT /me/password",
    "POST /account/recovery-codes": "POST /me/recovery-codes",
    "POST /account/second-factor": "PUT /me/second-factor",
    "POST /account/remove-second-factor": "POST /me/second-factor/removal",
    "POST /account/sessions/end-others": "DELETE /me/sessions",
    "POST /account/sessions/{no}/end": "DELETE /me/sessions/{no}",
    "POST /approvals/{approval_id}/decide": "POST /approvals/{approval_id}/decision",
    "POST /approvals/{approval_id}/withdraw": "POST /approvals/{approval_id}/withdrawal",
    "POST /attention/{item_id}": "POST /attention/{item_id}/resolution",
    "POST /attention/{item_id}/assignee": "PUT /attention/{item_id}/assignee",
    "POST /attention/{item_id}/notes": "POST /attention/{item_id}/notes",
    "POST /bulk/new": "POST /bulk-jobs",
    "POST /bulk/{job_id}/stop": "POST /bulk-jobs/{job_id}/stop",
    "POST /campaigns/new": "POST /campaigns",
    "POST /campaigns/{campaign_id}/do/{action}": "POST /campaigns/{campaign_id}/stop",
    "POST /carriers/new": "POST /carriers",
    "POST /carriers/{code}/resume": "POST /carriers/{code}/resume",
    "POST /claims/{claim_no}/do/decide": "POST /claims/{claim_no}/decision",
    "POST /replenishment/approve": "POST /suggestions/approval",
    "POST /replenishment/{suggestion_id}/do/{action}": "PUT /suggestions/{suggestion_id}/quantity",
    "POST /replenishment/policy/fix": "PUT /stock-policies/fixed-safety",
    "POST /replenishment/policy/release": "POST /stock-policies/release",
    "POST /replenishment/settings": "PUT /planning-settings",
    "POST /replenishment/seasons": "POST /demand-calendar",
    "POST /replenishment/seasons/remove": "DELETE /demand-calendar/{season_id}",
    "POST /customers/erasure": "DELETE /customers/{code}",
    "POST /finance/costs": "PUT /finance/costs/{sku:path}",
    "POST /finance/erp/new": "POST /erp-accounts",
    "POST /finance/erp/{account_id}/beginning": "PUT /erp-accounts/{account_id}/beginning",
    "POST /finance/erp/{account_id}/codes": "PUT /erp-accounts/{account_id}/codes",
    "POST /finance/erp/{account_id}/exports": "POST /erp-accounts/{account_id}/exports",
    "POST /finance/erp/{account_id}/trial": "POST /erp-accounts/{account_id}/trial",
    "POST /finance/invoices/accounts/{account_id}/trial":
        "POST /invoice-accounts/{account_id}/trial",
    "POST /finance/invoices/categories": "PUT /finance/tax-categories/{code}",
    "POST /finance/invoices/new": "POST /invoice-accounts",
    "POST /finance/invoices/skus": "PUT /finance/sku-taxes/{sku:path}",
    "POST /kits/new": "PUT /kits/{code}",
    "POST /kits/{code}/work": "POST /kits/{code}/orders",
    "POST /counts/new": "POST /counts",
    "POST /counts/{no}/look": "POST /counts/{no}/looks",
    "POST /counts/{no}/post": "POST /counts/{no}/posting",
    "POST /counts/{no}/cancel": "POST /counts/{no}/cancellation",
    "POST /levels/correction": "POST /adjustments",
    "POST /lots/alerts": "POST /stock-alerts/put-off",
    "POST /lots/facts": "PUT /products/{sku}/life",
    "POST /lots/rules": "PUT /life-rules",
    "POST /lots/{sku}/{lot}/dates": "PUT /lots/{sku}/{lot}/dates",
    "POST /lots/{sku}/{lot}/hold": "POST /lots/{sku}/{lot}/hold",
    "POST /lots/{sku}/{lot}/let-go": "POST /lots/{sku}/{lot}/let-go",
    "POST /recalls/new": "POST /recalls",
    "POST /recalls/{no}/close": "POST /recalls/{no}/close",
    "POST /recalls/{no}/exchange": "POST /recalls/{no}/exchange",
    "POST /recalls/{no}/units/{unit_id}": "POST /recalls/{no}/units/{unit_id}",
    "POST /receiving": "POST /goods-receipts",
    "POST /receiving/cases/{case_no}": "POST /receipt-cases/{case_no}/decision",
    "POST /receiving/{receipt_no}/do/{action}": "POST /goods-receipts/{receipt_no}/posting",
    "POST /transfers/new": "POST /transfers",
    "POST /transfers/{no}/approve": "POST /transfers/{no}/approval",
    "POST /transfers/{no}/do/cancel": "POST /transfers/{no}/cancellation",
    "POST /transfers/{no}/do/ship": "POST /transfers/{no}/shipment",
    "POST /transfers/{no}/do/take_back": "POST /transfers/{no}/shipment/withdrawal",
    "POST /transfers/{no}/do/receive": "POST /transfers/{no}/arrivals",
    "POST /transfers/{no}/do/decide/{id}": "POST /transfers/{no}/differences/{id}/decision",
    "POST /gates/{kind}/{name}/do/{action}": "POST /gates/{kind}/{name}/close",
    "POST /imports": "POST /imports",
    "POST /imports/{import_id}/decision": "POST /imports/{import_id}/decision",
    "POST /orders/{no}/do/address": "POST /orders/{no}/address",
    "POST /orders/{no}/do/address/plan": "POST /orders/{no}/address-plan",
    "POST /orders/{no}/do/cancel": "POST /orders/{no}/cancellation",
    "POST /orders/{no}/do/cancel_invoice": "POST /orders/{no}/invoices/{invoice_no}/cancellation",
    "POST /orders/{no}/do/cancel_return_label":
        "POST /orders/{no}/return-labels/{label_no}/cancellation",
    "POST /orders/{no}/do/difference": "POST /orders/{no}/difference-payments",
    "POST /orders/{no}/do/hold": "POST /orders/{no}/holds",
    "POST /orders/{no}/do/invoice": "POST /orders/{no}/invoices",
    "POST /orders/{no}/do/lines": "POST /orders/{no}/lines",
    "POST /orders/{no}/do/merge": "POST /orders/{no}/merge",
    "POST /orders/{no}/do/note": "POST /orders/{no}/notes",
    "POST /orders/{no}/do/release": "POST /orders/{no}/holds/{kind}/release",
    "POST /orders/{no}/do/return": "POST /orders/{no}/returns",
    "POST /orders/{no}/do/return_label": "POST /orders/{no}/return-labels",
    "POST /orders/{no}/do/reverse_invoice": "POST /orders/{no}/invoices/{invoice_no}/reversal",
    "POST /orders/{no}/do/split": "POST /orders/{no}/split",
    "POST /orders/{no}/do/tag": "PUT /orders/{no}/tags/{name}",
    "POST /orders/{no}/do/unmerge": "POST /orders/{no}/unmerge",
    "POST /orders/{no}/do/unnote": "POST /orders/{no}/notes/{note_id}/removal",
    "POST /orders/{no}/do/untag": "DELETE /orders/{no}/tags/{name}",
    "POST /orders/{no}/receiver": "POST /orders/{no}/receiver-disclosures",
    "POST /parcels/{parcel_id}/do/claim": "POST /parcels/{parcel_id}/claims",
    "POST /payment-accounts/new": "POST /payment-accounts",
    "POST /people/accounts/{account_id}": "PATCH /accounts/{account_id}",
    "POST /people/accounts/{account_id}/close": "PATCH /accounts/{account_id}",
    "POST /people/accounts/{account_id}/open": "PATCH /accounts/{account_id}",
    "POST /people/accounts/{account_id}/password": "PATCH /accounts/{account_id}",
    "POST /people/accounts/{account_id}/setup": "POST /accounts/{account_id}/setup-code",
    "POST /people/keys/new": "POST /api-keys",
    "POST /people/keys/{key_id}/withdraw": "DELETE /api-keys/{key_id}",
    "POST /people/new": "POST /accounts",
    "POST /people/setup-codes": "POST /setup-codes",
    "POST /people/shops": "PUT /shops/{shop_id}/owner",
    "POST /people/{account_id}/second-factor/reset": "DELETE /accounts/{account_id}/second-factor",
    "POST /people/{account_id}/sessions/end": "DELETE /accounts/{account_id}/sessions",
    "POST /privacy/erasure": "POST /erasures/plan",
    "POST /privacy/erasure/confirmation": "POST /erasures",
    "POST /returns/{return_no}/do/answer": "POST /returns/{return_no}/answer",
    "POST /returns/{return_no}/do/ask": "POST /returns/{return_no}/question",
    "POST /purchase-orders/new": "POST /purchase-orders",
    "POST /purchase-orders/{no}/do/decide": "POST /purchase-orders/{no}/decision",
    "POST /purchase-orders/{no}/lines": "PUT /purchase-orders/{no}/lines",
    "POST /suppliers/{code}/items": "PUT /suppliers/{code}/items/{sku:path}",
    "POST /suppliers/{code}/terms": "PUT /suppliers/{code}/terms",
    "POST /returns/{return_no}/do/decide": "POST /returns/{return_no}/decision",
    "POST /returns/{return_no}/do/parcel": "POST /returns/{return_no}/parcel",
    "POST /returns/{return_no}/do/photos": "POST /returns/{return_no}/photos",
    "POST /returns/{return_no}/do/withdraw": "POST /returns/{return_no}/withdrawal",
    "POST /saved-filters/new": "POST /saved-filters",
    "POST /saved-filters/{filter_id}/forget": "DELETE /saved-filters/{filter_id}",
    "POST /shops/new": "POST /shops",
    "POST /shops/{shop_id}/do/map": "POST /channel-skus",
    "POST /shops/{shop_id}/do/merge": "PUT /merge-rules/{shop_id}",
    "POST /shops/{shop_id}/do/pull": "POST /shops/{shop_id}/pull",
    "POST /shops/{shop_id}/do/range": "POST /shops/{shop_id}/ranges",
    "POST /shops/{shop_id}/do/redeliver": "POST /webhook-events/{event_id}/redelivery",
    "POST /shops/{shop_id}/do/reprocess": "POST /messages/reprocessing",
    "POST /shops/{shop_id}/do/sell": "PUT /shops/{shop_id}/sell-rule",
    "POST /shops/{shop_id}/do/rule": "PUT /shops/{shop_id}/listings/{external_sku}",
    "POST /shops/{shop_id}/do/stop-range": "DELETE /shops/{shop_id}/ranges",
    "POST /sla/days": "PUT /delivery-times",
    "POST /subscribers/new": "POST /subscribers",
    "POST /subscribers/{subscriber_id}/redelivery": "POST /subscribers/{subscriber_id}/redelivery",
    "POST /subscribers/{subscriber_id}/removal": "DELETE /subscribers/{subscriber_id}",
    "POST /subscribers/{subscriber_id}/secret": "POST /subscribers/{subscriber_id}/secret",
    "POST /subscribers/{subscriber_id}/settings": "PUT /subscribers/{subscriber_id}",
    "POST /subscribers/{subscriber_id}/test": "POST /subscribers/{subscriber_id}/test",
    "POST /warehouse/hand-overs": "POST /hand-overs",
    "POST /warehouse/hand-overs/{hand_over_no}/close": "POST /hand-overs/{hand_over_no}/close",
    "POST /warehouse/hand-overs/{hand_over_no}/take-off":
        "POST /hand-overs/{hand_over_no}/parcels/{parcel_id}/removal",
    "POST /warehouse/returns/{return_no}": "POST /returns/{return_no}/inspections",
    "POST /warehouse/setup/{location}": "PUT /locations/{location_id}/floor",
    "POST /warehouse/setup/{location}/bins": "PUT /locations/{location_id}/bins",
    "POST /warehouse/waves": "POST /waves",
    "POST /warehouse/waves/{wave_no}/close": "POST /waves/{wave_no}/close",
    "POST /warehouse/waves/{wave_no}/drop": "POST /waves/{wave_no}/shipments/{shipment_no}/removal",
    "POST /warehouse/waves/{wave_no}/release": "POST /waves/{wave_no}/release",
    "POST /warehouse/{shipment_no}/hand-over": "POST /shipments/{shipment_no}/hand-over",
    "POST /warehouse/{shipment_no}/pack": "POST /shipments/{shipment_no}/pack",
    "POST /warehouse/{shipment_no}/pick": "POST /shipments/{shipment_no}/pick",
} | {
    f"POST {page}/{act}": does.format(api)
    for page, api, acts in (
        ("/carriers/{code}", "/carriers/{code}", ("credentials", "settings")),
        ("/payment-accounts/{account_id}", "/payment-accounts/{account_id}", tuple(_ACCOUNT)),
        ("/finance/erp/{account_id}", "/erp-accounts/{account_id}", tuple(_ACCOUNT)),
        ("/finance/invoices/accounts/{account_id}", "/invoice-accounts/{account_id}",
         tuple(_ACCOUNT)),
        ("/shops/{shop_id}/do", "/shops/{shop_id}", tuple(_ACCOUNT)),
        ("/subscribers/{subscriber_id}", "/subscribers/{subscriber_id}", ("pause", "resume")),
    )
    for act, does in _ACCOUNT.items() if act in acts
}  # fmt: skip
# Tickets of tills that came by hand of an administrator: the tills' own webhook takes them too.
BY_WEBHOOK: Final = {"POST /shops/{shop_id}/do/tickets": "POST /webhooks/pos/{shop_id}"}


def test_every_form_of_a_page_is_an_operation_of_the_api() -> None:
    forms = {
        route for route in ROUTES
        if route.startswith("POST ") and _V1 not in route and " /webhooks/" not in route
    }  # fmt: skip

    assert forms - set(OF_PEOPLE_ALONE) - set(BY_WEBHOOK) == set(DOES)
    assert set(OF_PEOPLE_ALONE) | set(BY_WEBHOOK) <= forms
    operations = {one.replace(f" {_V1}", " ", 1) for one in ROUTES if f" {_V1}" in one}
    assert set(DOES.values()) - operations == set()
    assert set(BY_WEBHOOK.values()) <= set(ROUTES)
