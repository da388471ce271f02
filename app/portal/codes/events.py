"""What is told of a pull inside its transaction."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PeriodsPulled:
    """The portal's figures of some periods (`2026-11`, `2026-Q4`, `2026`) are those of now."""

    periods: frozenset[str]
    at: datetime
