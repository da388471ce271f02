"""What readings tell inside the transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingRecorded:
    """A reading was typed or brought; formulas may name its indicator."""

    code: str
    place: str
    unit_id: int | None
    period: str
