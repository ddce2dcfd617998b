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

OFFER_WHY: Final = {
    "free": N_("lies free"),
    "ahead": N_("with what is sold ahead"),
    "not_sold": N_("not sold there"),
    "buffer": N_("less what is kept back"),
    "threshold": N_("too few left"),
    "share": N_("its share"),
    "most": N_("at most"),
}

PREORDER_MODE: Final = {
    "off": N_("not sold ahead"),
    "inbound": N_("as many as suppliers still send"),
    "fixed": N_("a fixed number"),
}

STOCK_BY: Final = {
    "tree": N_("Locations"),
    "region": N_("Regions"),
    "brand": N_("Brands"),
    "category": N_("Categories"),
    "sku": N_("Products"),
}
