"""The company's own time of day; moments are kept in UTC everywhere."""

from typing import Final
from zoneinfo import ZoneInfo

COMPANY_ZONE: Final = ZoneInfo("Asia/Shanghai")
