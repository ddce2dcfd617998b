"""The outside steps of a shipment: labels, what its channel hears, and who knows where it is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.logistics.following import FollowingActivities
from activities.logistics.waybills import WaybillActivities
from activities.orders.looking import LookingActivities
from activities.orders.telling import TellingActivities
from domain.orders.work import Looked, OutsideStep, ShipmentFacts
from domain.shared.ids import ShipmentNo
from workflows.shared.options import OUTSIDE
from workflows.shared.steps import Step


@dataclass(frozen=True, slots=True)
class ParcelSteps:
    """One shipment's calls to the outside, for its step console."""

    shipment_no: ShipmentNo

    def label(
        self, facts: ShipmentFacts, order_labels: Callable[[str], Awaitable[str]]
    ) -> Step[str]:
        """Order a waybill for every parcel."""
        return Step(
            "label",
            _maker(facts),
            order_labels,
            by_hand=lambda correction: workflow.execute_activity_method(
                WaybillActivities.by_hand, self._outside("label", correction), **OUTSIDE
            ),
            may_compensate=True,
            input_fields={"carrier": "text", "product": "text", "waybill_no": "text"},
            past_correcting=frozenset({"NeedsPlatformWaybill"}),
        )

    async def create_label(self, correction_id: str) -> str:
        """Ask whoever makes the labels."""
        return await workflow.execute_activity_method(
            WaybillActivities.create, self._outside("label", correction_id), **OUTSIDE
        )

    def void(self, facts: ShipmentFacts) -> Step[None]:
        """Take back what may have been ordered."""
        return Step(
            "void_label",
            _maker(facts),
            lambda correction: workflow.execute_activity_method(
                WaybillActivities.void, self._outside("void_label", correction), **OUTSIDE
            ),
            by_hand=lambda correction: workflow.execute_activity_method(
                WaybillActivities.voided_by_hand, self._outside("void_label", correction), **OUTSIDE
            ),
            may_skip=True,
        )

    def look(self, facts: ShipmentFacts) -> Step[Looked]:
        """Ask the channel how the order is now."""
        return Step(
            "look",
            f"shop/{facts.shop_id}",
            lambda correction: workflow.execute_activity_method(
                LookingActivities.look, self._outside("look", correction), **OUTSIDE
            ),
            may_skip=True,
        )

    def tell_channel(self) -> Step[None]:
        """Tell the channel that it has left."""
        return Step(
            "ship_confirm",
            "shop",
            lambda correction: workflow.execute_activity_method(
                TellingActivities.confirm_shipment,
                self._outside("ship_confirm", correction),
                **OUTSIDE,
            ),
            may_skip=True,
        )

    async def ask_carrier(self, before: int) -> int:
        """How many scans the carrier knows of; nobody was asked is as good as no answer."""
        try:
            return await workflow.execute_activity_method(
                FollowingActivities.ask, self._outside("ask_carrier", ""), **OUTSIDE
            )
        except ActivityError:
            return before

    async def follow(self) -> None:
        """Have somebody tell us of it; without that it is silent, and asked about like others."""
        try:
            await workflow.execute_activity_method(
                FollowingActivities.follow, self._outside("follow", ""), **OUTSIDE
            )
        except ActivityError:
            return

    def _outside(self, step_id: str, correction_id: str) -> OutsideStep:
        info = workflow.info()
        return OutsideStep(self.shipment_no, info.workflow_id, step_id, correction_id)


def _maker(facts: ShipmentFacts) -> str:
    """Who makes the labels: the carrier, or the platform that hides the receiver."""
    return f"shop/{facts.shop_id}" if facts.is_masked else f"carrier/{facts.carrier}"
