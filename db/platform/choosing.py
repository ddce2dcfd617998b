"""Which of the steps that wait somebody means: the filters of the inbox and of campaigns."""

from dataclasses import asdict
from typing import Any, Final

from domain.platform.campaigns import Chosen

# An order that is not sent and has so little time left, or none, is at risk.
AT_RISK_HOURS: Final = 4

# Of `attention a LEFT JOIN sales_order o`.
MATCHES: Final = f"""
a.resolved_at IS NULL
  AND (CAST(:fingerprint AS text) = '' OR a.fingerprint = :fingerprint)
  AND (CAST(:cause AS text) = '' OR a.cause = :cause)
  AND (CAST(:system AS text) = '' OR a.system = :system)
  AND (CAST(:shop AS text) = '' OR o.shop_id = :shop
       OR a.system = 'shop/' || CAST(:shop AS text))
  AND (CAST(:step AS text) = '' OR split_part(split_part(a.step_id, ':', 1), '/', 1) = :step)
  AND (CAST(:assignee AS text) = '' OR a.assignee = :assignee)
  AND (CAST(:hours AS int) = 0
       OR a.first_seen <= clock_timestamp() - make_interval(hours => CAST(:hours AS int)))
  AND (NOT CAST(:at_risk AS boolean)
       OR (o.ship_by < clock_timestamp() + interval '{AT_RISK_HOURS} hours'
           AND o.status NOT IN ('shipped', 'delivered', 'completed', 'cancelled')))
  AND (cardinality(CAST(:item_ids AS text[])) = 0 OR a.id = ANY(CAST(:item_ids AS text[])))
"""


def parameters(chosen: Chosen) -> dict[str, Any]:
    """What `MATCHES` is filled with."""
    return asdict(chosen) | {"item_ids": list(chosen.item_ids)}
