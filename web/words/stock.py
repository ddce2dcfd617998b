"""The large regions, and what the rows of stock are."""

from typing import Final

from api.language import N_

REGION: Final = {
    "east": N_("East China"),
    "north": N_("North China"),
    "central": N_("Central China"),
    "south": N_("South China"),
    "southwest": N_("Southwest China"),
    "northwest": N_("Northwest China"),
    "northeast": N_("Northeast China"),
    "outside": N_("Hong Kong, Macao, Taiwan"),
    "unknown": N_("Without a region"),
}

STOCK_BY: Final = {
    "tree": N_("Places"),
    "region": N_("Regions"),
    "brand": N_("Brands"),
    "category": N_("Categories"),
    "sku": N_("Products"),
}
