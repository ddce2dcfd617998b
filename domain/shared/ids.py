"""Names of things, and the workflow ids made from them: one function per kind."""

from typing import NewType
from urllib.parse import quote

OrderId = NewType("OrderId", str)
OrderNo = NewType("OrderNo", str)
ShopId = NewType("ShopId", str)
ShipmentNo = NewType("ShipmentNo", str)
ParcelId = NewType("ParcelId", str)
LocationId = NewType("LocationId", str)
Sku = NewType("Sku", str)
Lot = NewType("Lot", str)
InboxId = NewType("InboxId", str)

NO_LOT = Lot("")


def order_workflow_id(channel: str, shop: str, external_no: str) -> str:
    """The id of the one workflow that owns an order; parts are percent-encoded."""
    return "/".join(("order", *(quote(part, safe="") for part in (channel, shop, external_no))))


def shipment_workflow_id(shipment_no: str) -> str:
    """The id of the workflow that takes one shipment from picking to the door."""
    return f"shipment/{quote(shipment_no, safe='')}"


def return_label_workflow_id(label_no: str) -> str:
    """The id of the workflow that sees one return label through."""
    return f"return-label/{quote(label_no, safe='')}"


def import_workflow_id(import_id: str) -> str:
    """The id of the workflow that checks and applies one file."""
    return f"import/{quote(import_id, safe='')}"


def refund_workflow_id(refund_no: str) -> str:
    """The id of the workflow that sees one refund through."""
    return f"refund/{quote(refund_no, safe='')}"


def return_workflow_id(return_no: str) -> str:
    """The id of the workflow that sees one return through."""
    return f"return/{quote(return_no, safe='')}"


def claim_workflow_id(claim_no: str) -> str:
    """The id of the workflow that sees one claim against a carrier through."""
    return f"claim/{quote(claim_no, safe='')}"


def recall_workflow_id(recall_no: str) -> str:
    """The id of the workflow that sees one recall through."""
    return f"recall/{quote(recall_no, safe='')}"


def purchase_workflow_id(no: str) -> str:
    """The id of the workflow that sees one purchase order through."""
    return f"purchase/{quote(no, safe='')}"


def count_workflow_id(no: str) -> str:
    """The id of the workflow that sees one count through."""
    return f"count/{quote(no, safe='')}"


def receipt_case_workflow_id(no: str) -> str:
    """The id of the workflow that keeps one case of a goods receipt from being forgotten."""
    return f"receipt-case/{quote(no, safe='')}"


def transfer_workflow_id(transfer_no: str) -> str:
    """The id of the workflow that sees one transfer between our places through."""
    return f"transfer/{quote(transfer_no, safe='')}"


def intercept_workflow_id(parcel_id: str) -> str:
    """The id of the workflow that has one parcel brought back on its way."""
    return f"intercept/{quote(parcel_id, safe='')}"


def planning_workflow_id(night: str, location: str) -> str:
    """The id of the workflow that plans one location in one night."""
    return f"planning/{quote(night, safe='')}/{quote(location, safe='')}"


def gate_workflow_id(system: str) -> str:
    """The id of the singleton that wakes steps waiting for an outside system."""
    return f"gate/{quote(system, safe='')}"


def poller_workflow_id(shop: str, asked: str = "orders") -> str:
    """The id of the singleton that asks one shop for its orders, or for something else."""
    what = "" if asked == "orders" else f"/{asked}"
    return f"poller/{quote(shop, safe='')}{what}"


def stock_push_workflow_id(shop: str) -> str:
    """The id of the singleton that tells one shop what it may sell."""
    return f"stock-push/{quote(shop, safe='')}"


def export_workflow_id(export_no: str) -> str:
    """The id of the workflow that takes one voucher into one ERP."""
    return f"voucher-export/{quote(export_no, safe='')}"


def invoice_workflow_id(invoice_no: str) -> str:
    """The id of the workflow that sees one invoice through."""
    return f"invoice/{quote(invoice_no, safe='')}"


def audit_workflow_id(run_id: str) -> str:
    """A run of the audit that somebody asked for."""
    return f"audit/{run_id}"


def campaign_workflow_id(campaign_id: str) -> str:
    """The id of the workflow that decides about the steps of one campaign."""
    return f"campaign/{quote(campaign_id, safe='')}"


def bulk_workflow_id(job_id: str) -> str:
    """The id of the workflow that carries one decision out for many orders."""
    return f"bulk/{quote(job_id, safe='')}"
