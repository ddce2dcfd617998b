"""Shopify's GraphQL Admin API: the documents we send, and what its failures mean."""

from collections.abc import Mapping
from typing import Any, Final

from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.http import DEFAULT_RETRY_AFTER_S
from integrations.marketplaces.reading import Body, Text

_LONGEST_WAIT_S: Final = 60.0
_SHORTEST_WAIT_S: Final = 1.0
_CREDENTIALS: Final = frozenset({"ACCESS_DENIED", "UNAUTHORIZED"})
_THEIR_SIDE: Final = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})

# One document may cost 1,000 points; lists below lists multiply. Hence the page sizes.
_SUM: Final = "{ shopMoney { amount } }"

ORDER_QUERY: Final = f"""query Order($id: ID!, $after: String) {{
  order(id: $id) {{
    id createdAt processedAt updatedAt cancelledAt closedAt test note currencyCode taxesIncluded
    displayFinancialStatus displayFulfillmentStatus paymentGatewayNames
    totalPriceSet {_SUM} currentTotalPriceSet {_SUM} totalOutstandingSet {_SUM}
    totalRefundedSet {_SUM}
    customer {{ id }}
    shippingAddress {{
      name company phone address1 address2 city zip province provinceCode countryCodeV2
      latitude longitude
    }}
    shippingLines(first: 10) {{
      nodes {{
        isRemoved originalPriceSet {_SUM} discountedPriceSet {_SUM} taxLines {{ priceSet {_SUM} }}
      }}
    }}
    lineItems(first: 50, after: $after) {{
      nodes {{
        id sku title variantTitle quantity currentQuantity isGiftCard requiresShipping
        variant {{ id }}
        originalUnitPriceSet {_SUM}
        discountAllocations {{ allocatedAmountSet {_SUM} }}
        taxLines {{ priceSet {_SUM} }}
      }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}"""

FULFILMENTS_QUERY: Final = """query Fulfillments($id: ID!) {
  order(id: $id) {
    fulfillments(first: 100) { id status trackingInfo { number } }
    fulfillmentOrders(first: 50) {
      nodes { id status assignedLocation { location { id } } }
      pageInfo { hasNextPage }
    }
  }
}"""

FULFILLED_LINES_QUERY: Final = """query FulfillmentLines($id: ID!, $after: String) {
  holder: fulfillment(id: $id) {
    lines: fulfillmentLineItems(first: 100, after: $after) {
      nodes { quantity lineItem { id } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

OPEN_LINES_QUERY: Final = """query FulfillmentOrderLines($id: ID!, $after: String) {
  holder: fulfillmentOrder(id: $id) {
    lines: lineItems(first: 100, after: $after) {
      nodes { id remainingQuantity lineItem { id } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

FULFILMENT_CREATE: Final = """mutation FulfillmentCreate($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id status }
    userErrors { field message }
  }
}"""


class GraphExtensions(Body):
    code: Text = ""


class GraphError(Body):
    message: Text = ""
    extensions: GraphExtensions = GraphExtensions()


class ThrottleStatus(Body):
    currentlyAvailable: float = 0
    restoreRate: float = 0


class Cost(Body):
    requestedQueryCost: float = 0
    throttleStatus: ThrottleStatus = ThrottleStatus()


class AnswerExtensions(Body):
    cost: Cost | None = None


class GraphAnswer(Body):
    """`data` is for the caller to read; `errors` is text when the door was never opened."""

    data: Mapping[str, Any] | None = None
    errors: tuple[GraphError, ...] | str = ()
    extensions: AnswerExtensions = AnswerExtensions()


def http_error(status: int) -> IntegrationError:
    """What a status from 300 to 499 that is not 429 means (shopify.dev, response status codes)."""
    kind = CredentialsRefused if status in (401, 403) else Rejected
    return kind(f"answered HTTP {status}", code=str(status), system="shopify")


def graphql_error(answer: GraphAnswer, *, changes: bool) -> IntegrationError | None:
    """The error to raise for an answer with status 200, None when there is none."""
    if not answer.errors:
        return None
    if isinstance(answer.errors, str):
        return Rejected(answer.errors[:500], code="errors", system="shopify")
    first = answer.errors[0]
    code = first.extensions.code or "errors"
    text = first.message or "no reason given"
    if code == "THROTTLED":
        wait_s = _wait_s(answer.extensions.cost)
        return RateLimited(text, retry_after_s=wait_s, code=code, system="shopify")
    if code in _CREDENTIALS:
        return CredentialsRefused(text, code=code, system="shopify")
    if code in _THEIR_SIDE:
        return (AnswerLost if changes else Unavailable)(text, code=code, system="shopify")
    return Rejected(text, code=code, system="shopify")


def _wait_s(cost: Cost | None) -> float:
    """Until the leaky bucket has room for what the query costs."""
    if cost is None or not cost.throttleStatus.restoreRate > 0:
        return DEFAULT_RETRY_AFTER_S
    missing = cost.requestedQueryCost - cost.throttleStatus.currentlyAvailable
    return min(max(missing / cost.throttleStatus.restoreRate, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
