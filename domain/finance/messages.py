"""What crosses Temporal for the books. Ids and small facts only; fields are only ever added."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExportRef:
    """What the workflow of a voucher's export is started with."""

    export_no: str


@dataclass(frozen=True, slots=True)
class ExportMoved:
    """`VoucherExport.export_moved`: its turn has come; look at the tables."""

    export_no: str


@dataclass(frozen=True, slots=True)
class ExportStep:
    """One step of an export; `status` is what a person made of it (by_hand, skipped)."""

    export_no: str
    workflow_id: str = ""
    step_id: str = ""
    status: str = ""
    correction_id: str = ""


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """What the export's workflow needs to go on; nothing happens any more to a settled one."""

    export_no: str
    erp_id: str
    status: str
    settled: bool


@dataclass(frozen=True, slots=True)
class InvoiceRef:
    """What the workflow of an invoice is started with."""

    invoice_no: str
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceMoved:
    """`Invoice.invoice_moved`: its turn has come; look at the tables."""

    invoice_no: str
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceStep:
    """One step of an invoice; `status` is what a person made of it (by_hand, cancelled)."""

    invoice_no: str
    workflow_id: str = ""
    step_id: str = ""
    status: str = ""
    correction_id: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What the invoice's workflow needs to go on; nothing happens any more to a settled one."""

    invoice_no: str
    order_id: str
    account_id: str
    status: str
    settled: bool
    cause: str = ""
