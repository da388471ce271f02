"""One unit's work in one source system, field by field: what comes in, what is resolved, what stays open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from app.demo.plan import UNITS, WARDS, share

System = Literal["city", "ministry"]


@dataclass(slots=True)
class Line:
    """One field's line of a report, with the columns of the daily report."""

    field_code: str
    carried_over: int
    received_online: int
    received_counter: int
    received_post: int
    resolved_early: int
    resolved_on_time: int
    resolved_overdue: int
    withdrawn: int
    pending_in_time: int
    pending_overdue: int
    memo: dict[str, int] = field(default_factory=dict)

    @property
    def received(self) -> int:
        return self.received_online + self.received_counter + self.received_post

    @property
    def resolved(self) -> int:
        return self.resolved_early + self.resolved_on_time + self.resolved_overdue

    @property
    def pending(self) -> int:
        return self.pending_in_time + self.pending_overdue

    @property
    def is_empty(self) -> bool:
        return not (self.carried_over or self.received or self.pending)

    def then(self, later: "Line") -> "Line":
        """Add the later part of the same day: flows add up, the opening is this one's, the closing the later one's."""
        waiting = "waiting_applicant"
        memo = {code: self.memo.get(code, 0) + later.memo.get(code, 0) for code in self.memo | later.memo}
        memo.pop(waiting, None)
        if waiting in later.memo:
            memo[waiting] = later.memo[waiting]
        return Line(
            self.field_code,
            self.carried_over,
            self.received_online + later.received_online,
            self.received_counter + later.received_counter,
            self.received_post + later.received_post,
            self.resolved_early + later.resolved_early,
            self.resolved_on_time + later.resolved_on_time,
            self.resolved_overdue + later.resolved_overdue,
            self.withdrawn + later.withdrawn,
            later.pending_in_time,
            later.pending_overdue,
            memo,
        )

    def without_latest(self, count: int) -> "Line":
        """The line as first sent, before `count` online dossiers, still in process, were found missing."""
        online, pending = self.received_online - count, self.pending_in_time - count
        memo = {code: min(n, self.received - count) for code, n in self.memo.items()}
        for code, limit in (("fully_online", online), ("waiting_applicant", pending)):
            if code in memo:
                memo[code] = min(memo[code], limit)
        return replace(self, received_online=online, pending_in_time=pending, memo=memo)


@dataclass(frozen=True, slots=True)
class Habit:
    """How a field behaves: its part of each system's dossiers, the part resolved in a day, the part resolved early."""

    city: float
    ministry: float
    cleared: float
    early: float


HABITS: Mapping[str, Habit] = {
    "CT": Habit(38.0, 0.0, 0.985, 0.10),
    "HT": Habit(12.0, 9.0, 0.93, 0.35),
    "DD": Habit(7.0, 0.0, 0.08, 0.75),
    "BTXH": Habit(5.0, 1.5, 0.13, 0.70),
    "NCC": Habit(3.0, 0.0, 0.15, 0.70),
    "XD": Habit(2.5, 0.0, 0.10, 0.65),
    "HTKT": Habit(1.5, 0.0, 0.25, 0.50),
    "ATTP": Habit(0.7, 0.0, 0.25, 0.50),
    "MT": Habit(0.6, 0.0, 0.15, 0.50),
    "NN": Habit(0.6, 0.0, 0.30, 0.50),
    "VH": Habit(0.6, 0.0, 0.40, 0.40),
    "LN": Habit(0.5, 0.0, 0.20, 0.50),
    "GDDT": Habit(0.5, 0.0, 0.20, 0.50),
    "LTHH": Habit(0.5, 0.0, 0.25, 0.60),
    "TS": Habit(0.4, 0.0, 0.30, 0.50),
    "TE": Habit(0.4, 0.0, 0.40, 0.40),
    "TG": Habit(0.4, 0.0, 0.20, 0.50),
    "TDKT": Habit(0.4, 0.0, 0.15, 0.60),
    "TL": Habit(0.3, 0.0, 0.30, 0.50),
    "PCTT": Habit(0.3, 0.0, 0.30, 0.50),
    "DT": Habit(0.3, 0.0, 0.30, 0.50),
    "LT": Habit(0.0, 4.0, 0.60, 0.40),
    "HKD": Habit(0.0, 4.0, 0.45, 0.60),
    "HTX": Habit(0.0, 0.2, 0.30, 0.50),
    "NCN": Habit(0.0, 0.15, 0.08, 0.60),
}
USUAL: Mapping[System, tuple[str, ...]] = {
    "city": ("CT", "HT", "DD", "BTXH", "NCC", "XD"),
    "ministry": ("HT", "LT", "HKD"),
}
WARDS_ONLY, COMMUNES_ONLY = frozenset({"HTKT"}), frozenset({"LN", "TL", "DT"})


@dataclass(slots=True)
class Stock:
    """Dossiers in process, and the closing that the last received report stated (None before the first)."""

    in_time: int
    overdue: int
    reported: int | None = None

    @property
    def total(self) -> int:
        return self.in_time + self.overdue


class Desk:
    """A unit in one source system, with the fields it handles and their stocks."""

    def __init__(self, unit: str, system: System, on_time: float, rng: Random) -> None:
        self.unit, self.system = unit, system
        self.fields = _fields(unit, system, rng)
        habits = [HABITS[code] for code in self.fields]
        self.weights = [(h.city if system == "city" else h.ministry) * rng.uniform(0.7, 1.3) for h in habits]
        # The daily risk of passing the due day that leaves about 1 - on_time of the resolved ones overdue.
        self.hazards = [min(0.5, (1 - on_time) * h.cleared / (1 - h.cleared)) for h in habits]
        opening = round(UNITS[unit] * (3.3 if system == "city" else 0.8))
        parts = share(opening, [w * (1 - h.cleared) for w, h in zip(self.weights, habits, strict=True)], rng)
        late = [int(part * 0.05 + rng.random()) for part in parts]
        self.stocks = [Stock(part - n, n) for part, n in zip(parts, late, strict=True)]

    def work(
        self, received: int, offline: int, rng: Random, *, months: float, resolved: int | None = None
    ) -> list[Line]:
        """Handle a day's dossiers, field by field; `resolved` forces the day's total, out of what came in."""
        counts = share(received, self.weights, rng)
        papers = share(offline, counts, rng)
        forced: Sequence[int | None] = [None] * len(counts) if resolved is None else share(resolved, counts, rng)
        digitised, paid, full = 0.86 + 0.004 * months, 0.42 + 0.006 * months, 0.55 + 0.01 * months
        lines, uniform = [], rng.random
        for i, code in enumerate(self.fields):
            stock, habit, count, paper = self.stocks[i], HABITS[code], counts[i], papers[i]
            carried_over, available = stock.in_time + stock.overdue, stock.in_time + count
            if not (carried_over or count or stock.reported):
                continue
            done, released, lapsed = forced[i], 0, 0
            if done is None:
                speed = 0.5 + uniform()
                part = habit.cleared * speed if habit.cleared < 0.5 else 1 - (1 - habit.cleared) * speed
                done = int(available * part + uniform())
                released = int(stock.overdue * 0.45 + uniform())
                lapsed = int((available - done) * self.hazards[i] + uniform())
            stock.in_time = available - done - lapsed
            stock.overdue += lapsed - released
            early, post = int(done * habit.early + uniform()), int(paper * 0.06 + uniform())
            memo = {
                "digitised": int(count * digitised + uniform()),
                "paid_online": int(count * paid + uniform()),
                "fully_online": int((count - paper) * full + uniform()),
                "waiting_applicant": int(stock.in_time * 0.08 + uniform()),
                "received_for_others": int(count * 0.012 + uniform()),
            }
            lines.append(
                Line(
                    code,
                    carried_over,
                    count - paper,
                    paper - post,
                    post,
                    early,
                    done - early,
                    released,
                    int((done - early) * 0.005 + uniform()),
                    stock.in_time,
                    stock.overdue,
                    {key: n for key, n in memo.items() if n},
                )
            )
        return lines

    def stated(self) -> None:
        """Remember the closing stocks as those of the last received report."""
        for stock in self.stocks:
            stock.reported = stock.total


def _fields(unit: str, system: System, rng: Random) -> tuple[str, ...]:
    usual = USUAL[system]
    elsewhere = COMMUNES_ONLY if unit in WARDS else WARDS_ONLY
    others = [
        code
        for code, habit in HABITS.items()
        if code not in usual and code not in elsewhere and (habit.city if system == "city" else habit.ministry)
    ]
    most = 2 if system == "ministry" else min(8, 1 + round(UNITS[unit] * 1.6))
    chosen = set(rng.sample(others, rng.randint(most // 2, most))) | set(usual)
    return tuple(code for code in HABITS if code in chosen)
