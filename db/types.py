"""Column kinds used by every table."""

from typing import Any

from sqlalchemy import BigInteger, Date, DateTime
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

TIMESTAMP = DateTime(timezone=True)
BIGINT = BigInteger()
DATES: Any = ARRAY(Date())
JSON: Any = JSONB()
