"""What several carriers have in common: the questions that none of them documents an answer to."""

from integrations.carriers.errors import not_offered
from integrations.carriers.port import InterceptRequest, Rate, RateRequest, Waybill, WaybillRequest


class OrderedByReference:
    """A carrier that answers the same reference with the first waybill and voids by it, but cannot
    be asked for it; prices come from our own tariffs."""

    system: str

    @property
    def code(self) -> str:
        return self.system

    async def quote(self, request: RateRequest) -> tuple[Rate, ...]:
        """What a price query answers is not published."""
        return ()

    async def find(self, order_ref: str) -> Waybill | None:
        """No query by our reference is documented; creating again gets the first waybill."""
        raise not_offered(self.system, "a query by our reference")

    async def intercept(self, request: InterceptRequest) -> str:
        """No call that brings a parcel back is documented."""
        raise not_offered(self.system, "intercepting")

    async def create_return(self, request: WaybillRequest) -> Waybill:
        """No returns are documented."""
        raise not_offered(self.system, "returns")
