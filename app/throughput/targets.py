"""Which rates have a target, and whether it is met. Pure."""

from app.throughput.rules import Share

# The rate, and whether the target is the least (or else the most) it should be.
TARGETED = (("online", True), ("on_time", True), ("overdue", False))


def meets(share: Share, points: int, *, at_least: bool) -> bool | None:
    """Tell whether a rate meets a target in basis points (8000 is 80 %); None where there is no rate."""
    if not share.denominator:
        return None
    is_value, wanted = share.numerator * 10_000, points * share.denominator
    return is_value >= wanted if at_least else is_value <= wanted
