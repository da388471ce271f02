"""How many dossiers each unit receives on a day of the demonstration, and how many of them offline.

The published figures come out exactly; everything else is made up at the same magnitude.
Pure and deterministic: no clock, no database, every draw from a `random.Random` seeded by the seed and the day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

FIRST_DAY = date(2025, 7, 1)
PEAK_DAY = date(2025, 7, 14)
JULY = tuple(day for n in range(31) if (day := FIRST_DAY + timedelta(n)).weekday() < 5)

# The whole month, the peak day and the first morning as published; the other numbers of these days are made up.
JULY_RECEIVED, JULY_ONLINE = 44_825, 40_867
PEAK_RECEIVED, PEAK_ONLINE, PEAK_UNIT, PEAK_UNIT_RECEIVED = 3_425, 3_254, "19789", 203
MORNING_RECEIVED, MORNING_RESOLVED = 526, 126
MORNING_MOST = {"19867": (83, 21)}
MORNING_BEST = {"19804": (12, 11), "19858": (12, 11)}
FIRST_RECEIVED, FIRST_OFFLINE, MORNING_OFFLINE = 1_204, 151, 68

# Made-up sizes, in hundredths of the city's dossiers: the centre's wards are large, the mountain communes small.
WARDS: dict[str, float] = {
    "19753": 5.3, "19774": 3.6, "19777": 4.1, "19789": 5.8, "19804": 3.4, "19813": 3.3, "19815": 4.5,
    "19819": 2.6, "19828": 1.5, "19831": 2.0, "19858": 2.9, "19873": 2.3, "19900": 2.6, "19909": 2.0,
    "19930": 2.7, "19960": 3.2, "19969": 3.0, "19975": 2.7, "19996": 2.7, "20014": 2.8, "20017": 2.7,
}  # fmt: skip
COMMUNES: dict[str, float] = {
    "19867": 3.0, "19885": 2.6, "19918": 2.1, "19942": 2.3, "19945": 2.9, "20035": 1.4, "20044": 1.5,
    "20050": 0.5, "20056": 1.0, "20071": 1.0, "20101": 0.9, "20107": 2.3, "20122": 2.4, "20131": 2.2,
    "20137": 2.9, "20140": 2.4, "20161": 1.2, "20179": 0.9, "20182": 0.8,
}  # fmt: skip
UNITS: dict[str, float] = WARDS | COMMUNES

FLOOD_DAYS = frozenset(date(2025, 10, n) for n in range(27, 31))
# Made up: no list of the offices that closed was published.
LOW_LYING = frozenset(
    {
        "19753",
        "19777",
        "19804",
        "19873",
        "19885",
        "19867",
        "19900",
        "19909",
        "19918",
        "19930",
        "19942",
        "19945",
        "20014",
    }
)


@dataclass(frozen=True, slots=True)
class Intake:
    """What one unit receives in a day or a morning, in both systems together."""

    received: int
    offline: int


def draws(*names: object) -> Random:
    """The random numbers that belong to these names, the seed first: the same in every run."""
    return Random(":".join(map(str, names)))  # noqa: S311 - made-up figures, nothing secret


def share(total: int, weights: Sequence[float], rng: Random) -> list[int]:
    """Split a whole number by weights, by systematic sampling: exact in sum, within one of each expectation."""
    whole = sum(weights)
    if total == 0 or whole <= 0:
        return [0] * len(weights)
    offset, before, cumulative, parts = rng.random(), 0, 0.0, []
    for weight in weights[:-1]:
        cumulative += weight
        upto = min(total, int(cumulative * total / whole + offset))
        parts.append(upto - before)
        before = upto
    parts.append(total - before)
    return parts


def intakes(received: Mapping[str, int], offline: int, rng: Random) -> dict[str, Intake]:
    """Give each unit its part of the offline dossiers, never more than it receives."""
    weights = [received[unit] * (1.0 if unit in WARDS else 1.35) for unit in UNITS]
    parts = share(offline, weights, rng)
    return {unit: Intake(received[unit], part) for unit, part in zip(UNITS, parts, strict=True)}


class Plan:
    """The received and offline totals of every day, unit by unit, for one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        rng = draws(seed, "july")
        others = [day for day in JULY if day not in (FIRST_DAY, PEAK_DAY)]
        weights = [_weekday(day) * (0.9 + 0.006 * day.day) * rng.uniform(0.94, 1.06) for day in others]
        totals = share(JULY_RECEIVED - FIRST_RECEIVED - PEAK_RECEIVED, weights, rng)
        offline = JULY_RECEIVED - JULY_ONLINE - FIRST_OFFLINE - (PEAK_RECEIVED - PEAK_ONLINE)
        offlines = share(offline, [total * rng.uniform(0.92, 1.08) for total in totals], rng)
        self._july = dict(zip(others, zip(totals, offlines, strict=True), strict=True))
        self._july[PEAK_DAY] = (PEAK_RECEIVED, PEAK_RECEIVED - PEAK_ONLINE)

    def morning(self) -> dict[str, tuple[Intake, int]]:
        """The morning of 1 July 2025 as published: each unit's intake and how many dossiers it resolved."""
        rng = draws(self.seed, "morning")
        fixed = MORNING_MOST | MORNING_BEST
        others = [unit for unit in UNITS if unit not in fixed]
        left = MORNING_RECEIVED - sum(received for received, _ in fixed.values())
        counts = share(left - 2 * len(others), [UNITS[unit] for unit in others], rng)
        received = {unit: count + 2 for unit, count in zip(others, counts, strict=True)}
        resolved = share(
            MORNING_RESOLVED - sum(n for _, n in fixed.values()), [received[unit] - 1 for unit in others], rng
        )
        done = dict(zip(others, resolved, strict=True)) | {unit: n for unit, (_, n) in fixed.items()}
        received |= {unit: n for unit, (n, _) in fixed.items()}
        planned = intakes(received, MORNING_OFFLINE, rng)
        return {unit: (planned[unit], done[unit]) for unit in UNITS}

    def afternoon(self) -> dict[str, Intake]:
        """What the first day adds to its morning."""
        return self._units(FIRST_DAY, FIRST_RECEIVED - MORNING_RECEIVED, FIRST_OFFLINE - MORNING_OFFLINE)

    def day(self, day: date, previous: date | None) -> dict[str, Intake]:
        """Each unit's intake of a whole day after the first one; `previous` is the working day before it."""
        if day in self._july:
            return self._units(day, *self._july[day])
        rng = draws(self.seed, day, "city")
        months = (day - FIRST_DAY).days / 30.4
        total = (1_900 + 17 * months) * _weekday(day) * rng.uniform(0.95, 1.05)
        gap = (day - previous).days if previous else 1
        total *= 1.38 if gap > 6 else 1.16 if gap > 3 else 1.0
        total *= 0.55 if day in FLOOD_DAYS else 1.0
        online = min(0.94, 0.9117 + 0.0018 * (months - 1)) + rng.uniform(-0.004, 0.004)
        return self._units(day, round(total), round(total * (1 - online)))

    def _units(self, day: date, total: int, offline: int) -> dict[str, Intake]:
        rng = draws(self.seed, day, "units")
        # On the peak day the others stay near their usual part, so that none reaches the busiest unit.
        low, high = (0.92, 1.05) if day == PEAK_DAY else (0.82, 1.18)
        weights = {unit: size * rng.uniform(low, high) for unit, size in UNITS.items()}
        fixed = {PEAK_UNIT: PEAK_UNIT_RECEIVED} if day == PEAK_DAY else {}
        floor = 5
        if day in FLOOD_DAYS:
            floor = 1
            weights = {unit: weight * (0.2 if unit in LOW_LYING else 1.0) for unit, weight in weights.items()}
        others = [unit for unit in UNITS if unit not in fixed]
        left = total - sum(fixed.values()) - floor * len(others)
        counts = share(left, [weights[unit] for unit in others], rng)
        received = {unit: count + floor for unit, count in zip(others, counts, strict=True)} | fixed
        return intakes(received, offline, rng)


def _weekday(day: date) -> float:
    return (1.15, 1.04, 1.0, 0.96, 0.87, 0.55, 0.0)[day.weekday()]
