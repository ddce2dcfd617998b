"""Which units a channel is told to be in which box of a shipment."""

from collections.abc import Mapping


def share_over_boxes(lines: Mapping[str, int], boxes: int) -> tuple[dict[str, int], ...]:
    """Every unit in one box, in the order of the lines, the boxes as equally full as can be.

    Packing does not ask what lies in which box; told this way, each unit is told once and each box
    has its number. A box is left empty only where there are fewer units than boxes.
    """
    units = [line for line, quantity in lines.items() for _ in range(quantity)]
    shares: list[dict[str, int]] = []
    for box in range(boxes):
        share: dict[str, int] = {}
        for line in units[box * len(units) // boxes : (box + 1) * len(units) // boxes]:
            share[line] = share.get(line, 0) + 1
        shares.append(share)
    return tuple(shares)
