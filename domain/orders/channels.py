"""Which channels are our own."""

from typing import Final

# There we sell ourselves: nobody else holds the buyer's money or has to be asked about an order.
OUR_CHANNELS: Final = ("own", "pos")
