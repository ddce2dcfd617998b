"""Switches that make a sandbox vendor misbehave, per operation."""

import random
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

ANY: Final = "*"


class FaultKind(StrEnum):
    DELAY = "delay"  # answers late
    TIMEOUT_BEFORE = "timeout_before"  # nothing is done, nothing is answered
    TIMEOUT_AFTER = "timeout_after"  # done, but nothing is answered
    ERROR_BEFORE = "error_before"  # HTTP 5xx, nothing is done
    ERROR_AFTER = "error_after"  # done, then HTTP 5xx
    THROTTLE = "throttle"  # the vendor's own "slow down"
    DUPLICATE_PUSH = "duplicate_push"
    OUT_OF_ORDER_PUSH = "out_of_order_push"


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes `times` times (None: until cleared), each time with probability `rate`."""

    vendor: str
    operation: str
    kind: FaultKind
    rate: float = 1.0
    times: int | None = None
    delay_s: float = 30.0
    status: int = 503


class Faults:
    """The faults that are switched on; a seed makes the same campaign come out the same."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._on: dict[tuple[str, str, FaultKind], Fault] = {}

    def put(self, fault: Fault) -> None:
        """Switch a fault on; the same vendor, operation and kind again replaces it."""
        self._on[fault.vendor, fault.operation, fault.kind] = fault

    def clear(self, vendor: str = "") -> None:
        """Switch off the faults of one vendor, or all."""
        self._on = {key: fault for key, fault in self._on.items() if vendor and key[0] != vendor}

    def listed(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._on.values()]

    def strike(self, vendor: str, operation: str, kind: FaultKind) -> Fault | None:
        """The fault that hits this call, used up by one, or None."""
        for key in ((vendor, operation, kind), (vendor, ANY, kind)):
            fault = self._on.get(key)
            if fault is None or fault.times == 0 or self._random.random() >= fault.rate:
                continue
            if fault.times is not None:
                self._on[key] = replace(fault, times=fault.times - 1)
            return fault
        return None
