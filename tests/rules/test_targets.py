"""Whether a rate meets its target: by whole numbers, at the very edge too."""

import pytest

from app.throughput.rules import Share
from app.throughput.targets import meets


@pytest.mark.parametrize(
    ("numerator", "denominator", "points", "at_least", "met"),
    [
        (8, 10, 8000, True, True),
        (799, 1000, 8000, True, False),
        (3, 100, 300, False, True),
        (31, 1000, 300, False, False),
        # 1/3 of 33,33 %: above it by less than any float of two decimals shows.
        (1, 3, 3333, False, False),
        (1, 3, 3333, True, True),
        (0, 5, 0, False, True),
        (0, 0, 8000, True, None),
    ],
)
def test_a_rate_meets_its_target(numerator: int, denominator: int, points: int, at_least: bool, met: bool) -> None:
    assert meets(Share(numerator, denominator), points, at_least=at_least) is met
