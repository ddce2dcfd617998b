"""What crosses Temporal for orders. Ids and small facts only: no name, phone or address ever.

Fields are only ever added, and always with a default.
"""

from dataclasses import dataclass, field
from typing import Literal

from domain.shared.ids import InboxId, OrderId, ShipmentNo

# --- inputs of workflows ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderRef:
    """Input of `Order`: everything else is read from the tables."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class ShipmentRef:
    """Input of `Shipment`."""

    shipment_no: ShipmentNo
    order_id: OrderId
    order_workflow_id: str


# --- facts (signals) ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """`Order.message_arrived`: an inbox row waits to be applied."""

    inbox_id: InboxId


@dataclass(frozen=True, slots=True)
class StateChanged:
    """`Order.state_changed`: something about the order changed in the tables; look again.

    what: mapping | hold | backorder | address | payment
    """

    what: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Picked:
    """`Shipment.picked`: the whole pick is confirmed; quantities are in the tables."""

    short: bool = False


@dataclass(frozen=True, slots=True)
class Packed:
    """`Shipment.packed`: boxes are closed and weighed; parcels are in the tables."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """`Shipment.handed_over`: the carrier took the parcels."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """`Shipment.tracked`: the parcels' common status moved on."""

    status: str


@dataclass(frozen=True, slots=True)
class FollowingEnded:
    """`Shipment.following_ended`: an aggregator tells no more of this waybill."""

    waybill_no: str


@dataclass(frozen=True, slots=True)
class GateOpened:
    """`gate_opened` of every workflow that waits for an outside system."""

    system: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    """`Shipment.stop_requested`: the order wants the shipment taken back before hand-over."""

    plan_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentReport:
    """`Order.shipment_reported`: how far a shipment came, told by its workflow.

    `short` names what could not be picked and has to be sourced again.
    """

    shipment_no: ShipmentNo
    status: str
    stopped_plan: str = ""
    stopped: bool = False
    short: bool = False


@dataclass(frozen=True, slots=True)
class RefundRef:
    """What the workflow of a refund is started with; `order_id` is empty where none is known."""

    refund_no: str
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class RefundMoved:
    """`Refund.refund_moved`: written down, or told of by the provider; look at the tables."""

    refund_no: str
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class ReturnLabelRef:
    """What the workflow of a return label is started with."""

    label_no: str
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class ReturnLabelMoved:
    """`ReturnLabel.return_moved`: asked for, cancelled or scanned; look at the tables."""

    label_no: str
    order_id: str


@dataclass(frozen=True, slots=True)
class SalesReturnRef:
    """What the workflow of a return is started with."""

    return_no: str
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class SalesReturnMoved:
    """`Return.sales_return_moved`: decided, sent, received or paid; look at the tables."""

    return_no: str
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class ClaimRef:
    """What the workflow of a claim against a carrier is started with."""

    claim_no: str
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class ClaimMoved:
    """`Claim.claim_moved`: opened, decided, paid, or its parcel found; look at the tables."""

    claim_no: str
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class InterceptRef:
    """What the workflow of an intercepted parcel is started with."""

    parcel_id: str
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class InterceptMoved:
    """`Intercept.intercept_moved`: wanted, or its parcel is back or delivered; look at the
    tables."""

    parcel_id: str
    order_id: str = ""


# --- commands (updates) -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """`Order.hold`."""

    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """`Order.release`. `kind` is a HoldKind value."""

    kind: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """`Order.cancel`: confirm the previewed plan. Refused with PlanChanged when the hash differs.

    `line_ids` empty = the whole order.
    """

    plan_hash: str
    reason: str
    actor: str
    line_ids: tuple[str, ...] = ()
    intercept: bool = False  # what has left is asked back from its carrier


@dataclass(frozen=True, slots=True)
class AddressChanged:
    """`Order.change_address`: the new address is already in the correction row. Refused with
    PlanChanged when `plan_hash` names another plan than that of the moment."""

    correction_id: str
    actor: str
    plan_hash: str = ""


@dataclass(frozen=True, slots=True)
class LineUnits:
    """Units of an order line, or of a SKU that is added; `unit_minor` is what one costs now."""

    line_id: str
    quantity: int
    sku: str = ""
    unit_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeByPlan:
    """`Order.change`: confirm a previewed plan. Refused with PlanChanged when the hash differs.

    kind: merge (with the orders `others`) | unmerge | split (`lines`, from `place`) |
    lines (as `lines` say). The same `change_id` again changes nothing.
    """

    kind: str
    change_id: str
    plan_hash: str
    reason: str
    actor: str
    others: tuple[str, ...] = ()
    lines: tuple[LineUnits, ...] = ()
    place: str = ""


StepAction = Literal["retry", "retry_with", "skip", "done_by_hand", "compensate"]


@dataclass(frozen=True, slots=True)
class ResolveStep:
    """`resolve_step` of Order and Shipment: what a person decided about a parked step."""

    step_id: str
    action: StepAction
    actor: str
    reason: str = ""
    correction_id: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Answer of every command: what the order is now."""

    status: str
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class OrderView:
    """`view` query, for operators; pages read the tables."""

    order_id: OrderId
    status: str
    waits_for: str
    parked: tuple[str, ...] = ()
    shipments: dict[str, str] = field(default_factory=dict)
