"""Where the marks of a chart lie: pure arithmetic for the drawings of `macros/charts.html`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

WIDTH = 600
LEVELS = 4
STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
Value = float | None


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` at the height `bottom` to `high` at the height `top`, counted downwards as in SVG."""

    low: float
    high: float
    top: int
    bottom: int

    def y(self, value: float) -> int:
        """Return the height of a value; all lie on the bottom where the scale has no length."""
        length = (self.high - self.low) or 1.0
        return round(self.bottom - (float(value) - self.low) * (self.bottom - self.top) / length)


def scale(values: Iterable[Value], low: Value = None, high: Value = None, top: int = 10, bottom: int = 110) -> Scale:
    """Return a scale from the smallest to the largest value, or from and to what is given."""
    known = [float(value) for value in values if value is not None]
    least, most = min(known, default=0.0), max(known, default=0.0)
    return Scale(least if low is None else float(low), most if high is None else float(high), top, bottom)


def ceiling(values: Iterable[Value]) -> int:
    """Return a round number at or above the largest value, 10 at least."""
    most = max((float(value) for value in values if value is not None), default=0.0)
    power = 10
    while True:
        for step in STEPS:
            if step * power >= most:
                return int(step * power)
        power *= 10


def x_of(number: int, count: float, width: int = WIDTH) -> int:
    """Return how far to the right the mark of a number lies, of so many with the first and last at the ends."""
    return round(number * width / max(count - 1, 1))


def line(values: Sequence[Value], of: Scale, ahead: float = 0) -> str:
    """Return the path through the values, broken where one is missing; `ahead`: room for so many more."""
    path, is_down = [], False
    for number, value in enumerate(values):
        if value is not None:
            path.append(f"{'L' if is_down else 'M'}{x_of(number, len(values) + ahead)} {of.y(value)}")
        is_down = value is not None
    return "".join(path)


def lone(values: Sequence[Value], of: Scale) -> str:
    """Return a path of points without neighbours, which no line would show: drawn as the round ends of no length."""
    around = [None, *values, None]
    return "".join(
        f"M{x_of(number, len(values))} {of.y(value)}h0"
        for number, value in enumerate(values)
        if value is not None and around[number] is None and around[number + 2] is None
    )


def slots(count: int, gap: float = 0.25) -> list[tuple[float, float]]:
    """Return for each of so many bars its left edge and width in percent of the whole, a part of each left free."""
    width = 100 / max(count, 1)
    return [(round((n + gap / 2) * width, 2), round((1 - gap) * width, 2)) for n in range(count)]


def columns(
    values: Sequence[Value], seconds: Sequence[Value], most: float, before: int = 0, after: int = 0
) -> list[tuple[float, float, Value, Value, Value]]:
    """Return each bar's left edge, width, top and height, and where its tick lies: in percent, none of no value.

    Beside them stand so many others `before` and `after`.
    """
    places = slots(before + len(values) + after)[before : before + len(values)]

    def above(value: Value) -> Value:
        return round(100 - percent(value, most), 1) if value is not None else None

    return [
        (x, width, above(value), percent(value, most) if value is not None else None, above(second))
        for (x, width), value, second in zip(places, values, seconds, strict=True)
    ]


def week_cells(count: int, before: int, height: int = 44) -> list[tuple[float, float, int]]:
    """Return of each day its left edge and middle in percent and its top, a row a week, `before` places left free."""
    found = []
    for place in range(before, before + count):
        x = round(place % 7 * 100 / 7, 2)
        found.append((x, round(x + 6.8, 2), place // 7 * height))
    return found


def percent(value: Value, most: float) -> float:
    """Return a value in percent of the most, 0 where it is missing."""
    return round(100 * float(value) / most, 1) if value is not None and most else 0.0


def shares(counts: Sequence[int], width: float = 100.0) -> list[tuple[float, float]]:
    """Return where each part of a whole begins and how wide it is; together they are exactly as wide as the whole."""
    whole = sum(counts)
    ends = [round(end * width / whole, 2) if whole else 0.0 for end in accumulate(counts, initial=0)]
    return [(begin, round(end - begin, 2)) for begin, end in pairwise(ends)]


def level(part: int, whole: int) -> int:
    """Return how full a cell of a heat strip is: 0 for none, 4 for all, what lies between never rounded to either."""
    if not whole or part <= 0:
        return 0
    if part >= whole:
        return LEVELS
    return min(LEVELS - 1, max(1, part * LEVELS // whole))
