"""Which channels are our own."""

from typing import Final

# There we sell ourselves: nobody else holds the buyer's money or has to be asked about an order.
OUR_CHANNELS: Final = ("own", "pos")

# Platforms whose waybill for a receiver they hide may stand for several orders of a shop.
WAYBILL_FOR_SEVERAL: Final = ("top", "pdd")
