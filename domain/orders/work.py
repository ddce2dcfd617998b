"""What the activities of orders are asked and answer. Ids and small facts only."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.orders.lifecycle import OrderState
from domain.orders.messages import ChangeByPlan
from domain.shared.ids import InboxId, OrderId, ShipmentNo


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story: a stable code and what the sentence is filled with."""

    kind: str
    data: dict[str, str] = field(default_factory=dict)
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class ApplyMessages:
    """Apply inbox rows in version order; `seq` is the last story number the workflow used."""

    order_id: OrderId
    inbox_ids: tuple[InboxId, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """Ask the channel for the whole order and put the answer into the inbox."""

    order_id: OrderId
    correction_id: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    inbox_id: InboxId


@dataclass(frozen=True, slots=True)
class AllocateOrder:
    """Reserve for everything that is open. The same `allocation_id` again gets the first answer."""

    order_id: OrderId
    allocation_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class BookSale:
    """Book what was carried out of a store.

    how: books (what they have leaves) | counted (what they do not have was a count's difference) |
    without_stock (the books knew of it before: nothing leaves them)
    """

    order_id: OrderId
    seq: int
    how: str = "books"
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class SaleBooked:
    """The order afterwards; `missing` says in a sentence what the books of `store` do not have."""

    state: OrderState
    missing: str = ""
    store: str = ""


@dataclass(frozen=True, slots=True)
class RecordOrder:
    """Write lines of the story, and what follows from them in the tables.

    change: '' | release_presale | give_back_unpaid | complete | refund_settled |
    start_refund | fetch_skipped |
    address_changed
    """

    order_id: OrderId
    seq: int
    entries: tuple[Entry, ...]
    change: str = ""
    ref: str = ""
    plan_hash: str = ""  # that a person confirmed


@dataclass(frozen=True, slots=True)
class TellPromises:
    """Tell people which promises of the order are in danger or broken at `now`."""

    order_id: OrderId
    seq: int
    now: datetime


@dataclass(frozen=True, slots=True)
class ChangeHold:
    """Place (`release` False) or release a hold by hand."""

    order_id: OrderId
    seq: int
    kind: str
    reason: str
    actor: str
    release: bool


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """Carry out a change by plan, once per its id."""

    order_id: OrderId
    seq: int
    command: ChangeByPlan


@dataclass(frozen=True, slots=True)
class PlanRequest:
    order_id: OrderId
    line_ids: tuple[str, ...] = ()
    intercept: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A cancellation plan's bones: enough to check its hash and to carry it out."""

    hash: str
    whole_order: bool
    line_ids: tuple[str, ...]
    shipment_nos: tuple[str, ...]
    refund_minor: int
    intercept_nos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CarryOutCancellation:
    """After all shipments of the plan have stopped: cancel lines, note the refund that is due."""

    order_id: OrderId
    plan_id: str
    plan: Plan
    seq: int
    reason: str
    actor: str


# --- shipments ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShipmentStep:
    """One step of a shipment in its own tables; `seq` as for orders."""

    shipment_no: ShipmentNo
    seq: int
    data: dict[str, str] = field(default_factory=dict)
    correction_id: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentFacts:
    """What the shipment's workflow needs to know to go on."""

    shipment_no: ShipmentNo
    order_id: OrderId
    status: str
    seq: int
    location_id: str
    carrier: str = ""
    blocked_by: tuple[str, ...] = ()  # open holds of the order; what its channel cancelled
    shop_id: str = ""
    channel: str = ""
    asks_channel: bool = False  # the channel can be asked how the order is now
    parcels: int = 0
    units: int = 0
    picked_units: int = 0
    tracked: str = ""
    is_picked: bool = False
    is_packed: bool = False
    pick_is_booked: bool = False  # what was not found is off the balance
    is_handed_over: bool = False  # the carrier's visit was scanned; the goods may not be booked yet
    is_stopping: bool = False  # it is being given back; the warehouse does nothing more with it
    label_outdated: bool = False  # the receiver changed after a label was ordered
    last_fact_at: datetime | None = None
    needs_following: bool = False  # a parcel's carrier tells us nothing by itself
    incident: str = ""  # what the carrier said went wrong with a parcel last
    is_masked: bool = False  # only the channel's platform knows the receiver, and makes the label
    ships_with: str = ""  # the shipment of another order in whose parcel it goes


@dataclass(frozen=True, slots=True)
class OutsideStep:
    """An outside call for a shipment. `correction_id` holds values a person gave."""

    shipment_no: ShipmentNo
    workflow_id: str
    step_id: str
    correction_id: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a fresh look at the channel found; `news` is in the inbox for the order to apply."""

    news: bool = False


@dataclass(frozen=True, slots=True)
class RefundStep:
    """One step of a refund; `status` is what a person made of it (by_hand, skipped)."""

    refund_no: str
    workflow_id: str = ""
    step_id: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """What the refund's workflow needs to go on; nothing happens any more to a settled one."""

    refund_no: str
    order_id: str
    account_id: str
    status: str
    settled: bool
    vendor_status: str = ""


@dataclass(frozen=True, slots=True)
class ReturnLabelStep:
    """One step of a return label; `state` is what a person made of it."""

    label_no: str
    workflow_id: str = ""
    step_id: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class ReturnLabelFacts:
    """What a return label's workflow needs to go on.

    state: wanted | ordered | cancelling | cancelled | arrived
    """

    label_no: str
    order_id: str
    carrier: str
    state: str

    @property
    def is_over(self) -> bool:
        return self.state in ("cancelled", "arrived")


@dataclass(frozen=True, slots=True)
class ReturnWork:
    """One step of a return; `paid` and `actor` say what a person did about money by hand."""

    return_no: str
    workflow_id: str = ""
    step_id: str = ""
    paid: bool = True
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class InterceptStep:
    """One step of an intercepted parcel."""

    parcel_id: str
    workflow_id: str = ""
    step_id: str = ""


@dataclass(frozen=True, slots=True)
class InterceptFacts:
    """What an intercepted parcel's workflow needs to go on.

    state: wanted | asked | came_back | too_late | lost | given_up
    """

    parcel_id: str
    order_id: str
    carrier: str
    state: str

    @property
    def is_over(self) -> bool:
        return self.state not in ("wanted", "asked")


@dataclass(frozen=True, slots=True)
class ClaimWork:
    """One step of a claim against a carrier; `at` is the workflow's time, by which clocks start."""

    claim_no: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ParkedStep:
    """A step that gave up: what people read in the attention inbox."""

    workflow_id: str
    step_id: str
    order_id: OrderId
    cause: str
    code: str
    error: str
    actions: tuple[str, ...]
    seq: int
    shipment_no: str = ""
    system: str = ""
    attempts: int = 1
    input_fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResolvedStep:
    workflow_id: str
    step_id: str
    order_id: OrderId
    action: str
    actor: str
    reason: str
    seq: int
    shipment_no: str = ""
    is_tried: bool = False  # again, by this decision: whether it helped is not known yet
