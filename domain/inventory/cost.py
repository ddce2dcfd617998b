"""What a unit costs after more of it came in."""


def moving_average(units: int, cost_minor: int, received: int, value_minor: int) -> int:
    """What a unit costs after `received` units came for `value_minor`; never below zero.

    (units × cost + value) ÷ (units + received), rounded half up to the smallest unit of money: the
    weighted average of IAS 2 §27. `units` are those we had before; a cost of 0 is one that nobody
    said, and then the units that came tell it. `received` below zero takes a receipt back.
    """
    known = units if cost_minor else 0
    left = known + received
    if units + received <= 0 or left <= 0:
        return cost_minor
    worth = max(known * cost_minor + value_minor, 0)
    return (2 * worth + left) // (2 * left)
