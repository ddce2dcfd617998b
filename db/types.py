"""Column kinds used by every table."""

from typing import Any

from sqlalchemy import BigInteger, DateTime
from sqlalchemy.dialects.postgresql import JSONB

TIMESTAMP = DateTime(timezone=True)
BIGINT = BigInteger()
JSON: Any = JSONB()
