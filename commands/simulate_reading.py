"""Past sales as demand: units of each SKU on each day, the best sellers first."""

from collections import Counter, defaultdict
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

from domain.inventory.planning.comparison import Sold
from domain.orders.history import Conventions
from integrations.past_orders import RowError, past_lines
from integrations.spreadsheet import UnreadableFile, read_rows


def best_sellers(file: Path, top: int) -> list[Sold]:
    """The `top` SKUs by turnover, each with every day of the file; the price is the median.

    Cancellations take nothing back: demand was there when the order came. Rows that cannot be read
    are passed over. Raises UnreadableFile without any sale.
    """
    rules = Conventions()
    units: defaultdict[str, Counter[date]] = defaultdict(Counter)
    prices: defaultdict[str, list[Decimal]] = defaultdict(list)
    turnover: Counter[str] = Counter()
    for line in past_lines(read_rows(file, "", ""), {}, UTC):
        if isinstance(line, RowError) or not rules.is_sale(line) or line.price <= 0:
            continue
        units[line.sku][line.at.date()] += line.quantity
        prices[line.sku].append(line.price)
        turnover[line.sku] += int(line.quantity * line.price * 100)
    if not units:
        raise UnreadableFile(f"{file.name} has no sale that can be used.")
    first = min(day for sold in units.values() for day in sold)
    last = max(day for sold in units.values() for day in sold)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        Sold(sku, tuple(units[sku][day] for day in days), median(prices[sku]))
        for sku, _ in turnover.most_common(top)
    ]
