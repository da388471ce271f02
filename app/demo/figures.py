"""The reports of the demonstration, working day by working day, as a loader files them.

Deterministic by the seed, without a clock or a database. The published figures come out exactly; everything else is
made up, floods and failures included.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from random import Random
from zoneinfo import ZoneInfo

from app.demo.desks import Desk, Line, System
from app.demo.plan import FIRST_DAY, FLOOD_DAYS, JULY, LOW_LYING, UNITS, Intake, Plan, draws

HUE = ZoneInfo("Asia/Ho_Chi_Minh")
OUTAGES = (
    "Hệ thống của bộ bảo trì, chưa kết xuất được số liệu",
    "Không truy cập được hệ thống hộ tịch điện tử dùng chung",
    "Lỗi kết nối giữa hệ thống của bộ và trục liên thông",
)
LATE_NOTES = ("Mất điện tại trụ sở", "Đường truyền gián đoạn", "Hồ sơ nhiều, đối chiếu xong sau giờ gửi")


@dataclass(frozen=True, slots=True)
class Reason:
    """The typed reason that a unit gives for one warning."""

    warning: str
    field: str | None
    reason: str
    counterpart: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """One report as a unit sends it: a first one, or a later revision of the same unit, day and system."""

    unit: str
    day: date
    system: System
    revision: int
    received_at: datetime
    counted_until: datetime
    lines: tuple[Line, ...]
    reasons: tuple[Reason, ...] = ()
    partial_day: bool = False
    unavailable: str | None = None


class Figures:
    """Yields every filing of each working day; call `day` for the given days in their order, none left out.

    `days` are the working days to come, `next_working_day` tells when the ministry systems' figures are due.
    """

    def __init__(self, days: Sequence[date], next_working_day: Callable[[date], date], seed: int = 57) -> None:
        self.days, self.seed = tuple(days), seed
        self._next_working_day = next_working_day
        self._plan = Plan(seed)
        self._position = 0
        rng = draws(seed, "desks")
        self._ministry_part = {unit: rng.uniform(0.13, 0.21) for unit in UNITS}
        rates = {unit: rng.uniform(0.95, 0.995) for unit in UNITS}
        self._desks: dict[tuple[str, System], Desk] = {}
        for unit in UNITS:
            for system in ("city", "ministry"):
                self._desks[unit, system] = Desk(unit, system, rates[unit], draws(seed, unit, system))

    def day(self, day: date, *, leave_owing: bool = False) -> list[Filing]:
        """The filings of one working day by unit, system and revision; with `leave_owing` some are still owed."""
        if self._position >= len(self.days) or self.days[self._position] != day:
            raise ValueError(f"{day} is not the next working day of these figures")
        previous = self.days[self._position - 1] if self._position else None
        self._position += 1
        rng = draws(self.seed, day, "reports")
        morning: dict[str, Filing] = {}
        if day == FIRST_DAY:
            morning = {filing.unit: filing for filing in self._morning(rng)}
            intakes = self._plan.afternoon()
        else:
            intakes = self._plan.day(day, previous)
        down = self._down(day, rng)
        missing = {key for key in self._desks if day not in JULY and key not in down and rng.random() < 0.0018}
        gaps = self._adjustments(rng, excluded=missing | down.keys()) if previous else {}
        filings: list[Filing] = []
        for unit, intake in intakes.items():
            parts = self._by_system(intake, unit, rng, down=(unit, "ministry") in down)
            for system, part in parts.items():
                key = (unit, system)
                if key in down:
                    filings.append(self._filing(day, key, rng, (), (), unavailable=down[key]))
                    continue
                desk = self._desks[key]
                lines = desk.work(part.received, part.offline, rng, months=_months(day))
                if key in missing:
                    continue
                if system == "city" and unit in morning:
                    filings.append(morning[unit])
                    lines = _whole_day(morning[unit].lines, lines)
                reasons = self._opening_reasons(desk, lines, gaps)
                desk.stated()
                lines = [
                    line for line in lines if not line.is_empty or any(r.field == line.field_code for r in reasons)
                ]
                filings += self._sent(
                    day, key, rng, tuple(lines), reasons, revision=2 if system == "city" and morning else 1
                )
        return self._without_some(day, filings) if leave_owing else filings

    def _morning(self, rng: Random) -> list[Filing]:
        """The partial reports of the first morning, all from the city system."""
        filings = []
        for unit, (intake, resolved) in self._plan.morning().items():
            desk = self._desks[unit, "city"]
            lines = desk.work(intake.received, intake.offline, rng, months=0, resolved=resolved)
            filings.append(
                Filing(
                    unit,
                    FIRST_DAY,
                    "city",
                    1,
                    _at(FIRST_DAY, time(11, 32), rng, minutes=25),
                    _at(FIRST_DAY, time(11, 30)),
                    tuple(lines),
                    self._opening_reasons(desk, lines, {}),
                    partial_day=True,
                )
            )
        return filings

    def _by_system(self, intake: Intake, unit: str, rng: Random, *, down: bool) -> dict[System, Intake]:
        if down:
            return {"city": intake, "ministry": Intake(0, 0)}
        received = int(intake.received * self._ministry_part[unit] + rng.random())
        offline = int(intake.offline * received / intake.received + rng.random())
        city = Intake(intake.received - received, intake.offline - offline)
        return {"city": city, "ministry": Intake(received, offline)}

    def _down(self, day: date, rng: Random) -> dict[tuple[str, System], str]:
        """The units whose ministry systems could not be reached, on about one day in forty."""
        if day in JULY or rng.random() > 0.025:
            return {}
        cause = rng.choice(OUTAGES)
        return {(unit, "ministry"): cause for unit in sorted(rng.sample(list(UNITS), rng.randint(2, 7)))}

    def _adjustments(self, rng: Random, *, excluded: set[tuple[str, System]]) -> dict[tuple[str, System, str], Reason]:
        """Move a few opening stocks away from the previous close: late synchronisation, transfers that sum to 0."""
        gaps: dict[tuple[str, System, str], Reason] = {}
        keys = [key for key in self._desks if key not in excluded]
        if rng.random() < 0.06:
            unit, system = rng.choice(keys)
            desk = self._desks[unit, system]
            stock, code = rng.choice(list(zip(desk.stocks, desk.fields, strict=True)))
            delta = rng.choice((1, 2, 3, -1, -2)) if stock.in_time > 2 else 1
            stock.in_time += delta
            gaps[unit, system, code] = Reason("opening_gap", code, "late_sync", note="Hệ thống đồng bộ chậm")
        if rng.random() < 0.03:
            giver, taker = rng.sample([unit for unit, system in keys if system == "city"], 2)
            code = rng.choice(("DD", "BTXH", "NCC", "XD"))
            giving, taking = (
                desk.stocks[desk.fields.index(code)]
                for desk in (self._desks[giver, "city"], self._desks[taker, "city"])
            )
            count = min(rng.randint(1, 3), giving.in_time)
            if count and not {(giver, "city", code), (taker, "city", code)} & gaps.keys():
                giving.in_time -= count
                taking.in_time += count
                gaps[giver, "city", code] = Reason("opening_gap", code, "transfer_out", taker)
                gaps[taker, "city", code] = Reason("opening_gap", code, "transfer_in", giver)
        return gaps

    def _opening_reasons(
        self, desk: Desk, lines: Sequence[Line], gaps: dict[tuple[str, System, str], Reason]
    ) -> tuple[Reason, ...]:
        opened = {line.field_code: line.carried_over for line in lines}
        reasons = []
        for code, stock in zip(desk.fields, desk.stocks, strict=True):
            carried_over = opened.get(code, 0)
            if stock.reported is None:
                if carried_over:
                    reasons.append(Reason("opening_gap", code, "first_day"))
            elif carried_over != stock.reported:
                reasons.append(gaps.get((desk.unit, desk.system, code)) or Reason("opening_gap", code, "missing_day"))
        return tuple(reasons)

    def _sent(
        self,
        day: date,
        key: tuple[str, System],
        rng: Random,
        lines: tuple[Line, ...],
        reasons: tuple[Reason, ...],
        *,
        revision: int,
    ) -> list[Filing]:
        """A day's report, and before it the version that it corrects where one in two hundred was sent incomplete."""
        unit, system = key
        flooded = day in FLOOD_DAYS and unit in LOW_LYING
        if flooded and system == "city":
            reasons += (Reason("unusual_value", None, "natural_disaster", note="Ngập lụt, trụ sở tạm dừng tiếp nhận"),)
        late = rng.random() < (0.25 if flooded else 0.03 if system == "city" else 0.015)
        if late:
            note = rng.choice(LATE_NOTES)
            reasons += (Reason("late", None, "natural_disaster" if flooded else "other", note=note),)
        sent = self._filing(day, key, rng, lines, reasons, revision=revision, late=late)
        wrong = next((line for line in lines if line.received_online > 2 and line.pending_in_time > 2), None)
        if late or revision > 1 or wrong is None or rng.random() >= 0.011:
            return [sent]
        short = wrong.without_latest(rng.randint(1, 3))
        first = self._filing(day, key, rng, tuple(short if line is wrong else line for line in lines), reasons)
        next_day = self._next_working_day(day)
        if system == "city" and rng.random() < 0.5:
            moment, reason = _at(next_day, time(7, 35), rng, minutes=75), "after_cut_off"
        else:
            moment, reason = _at(next_day, time(9, 10), rng, minutes=360), "late_correction"
        why = Reason("correction", wrong.field_code, reason)
        second = Filing(unit, day, system, 2, moment, sent.counted_until, lines, (*reasons, why))
        return [first, second]

    def _filing(
        self,
        day: date,
        key: tuple[str, System],
        rng: Random,
        lines: tuple[Line, ...],
        reasons: tuple[Reason, ...],
        *,
        revision: int = 1,
        late: bool = False,
        unavailable: str | None = None,
    ) -> Filing:
        unit, system = key
        if system == "city":
            received_at = _at(day, time(17, 5), rng, minutes=150) if late else _at(day, time(16, 31), rng, minutes=27)
            counted_until = _at(day, time(16, 30))
        else:
            due_day = self._next_working_day(day)
            start, minutes = (time(9, 5), 140) if late else (time(7, 30), 85)
            received_at, counted_until = _at(due_day, start, rng, minutes=minutes), _at(day, time(17, 0))
        return Filing(unit, day, system, revision, received_at, counted_until, lines, reasons, unavailable=unavailable)

    def _without_some(self, day: date, filings: list[Filing]) -> list[Filing]:
        rng = draws(self.seed, day, "owing")
        owing = {(unit, "city") for unit in rng.sample(list(UNITS), 6)}
        owing |= {(unit, "ministry") for unit in rng.sample(list(UNITS), 9)}
        return [filing for filing in filings if (filing.unit, filing.system) not in owing]


def _whole_day(morning: Sequence[Line], afternoon: Sequence[Line]) -> list[Line]:
    by_code = {line.field_code: line for line in morning}
    merged = {line.field_code: by_code[line.field_code].then(line) if line.field_code in by_code else line
              for line in afternoon}  # fmt: skip
    return list(chain(merged.values(), (line for code, line in by_code.items() if code not in merged)))


def _months(day: date) -> float:
    return (day - FIRST_DAY).days / 30.4


def _at(day: date, start: time, rng: Random | None = None, *, minutes: int = 0) -> datetime:
    moment = datetime.combine(day, start, tzinfo=HUE)
    return moment + timedelta(seconds=rng.randrange(minutes * 60)) if rng else moment
