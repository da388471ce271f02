"""What stands around the unit-days of one call, read for all of them at once and kept true while it writes."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from app.core import hot
from app.procedures.rules import System
from app.throughput import reading
from app.throughput.cases import Standing
from app.throughput.drafts import Draft
from app.throughput.figures.reading import Said
from app.throughput.models import Report, ReportLine, ReportRevision
from app.throughput.neighbours import Around, Neighbour
from app.throughput.questions import same_weekdays
from app.throughput.reading import FIELD_CODE, FIELD_ID, LINE, OBLIGATION, REPORT, REVISION, Stored
from app.throughput.timing import Deadlines
from app.units.models import Unit

Pair = tuple[int, System]  # a unit's row number and a system
Key = tuple[int, System, date]
AT_ONCE, DAYS_AT_ONCE = 500, 60
_UNIT = hot.table(Unit).c
_UNIT_DAY = (REPORT.unit_id, REPORT.system, REPORT.day)
_stands = hot.table(Report).join(
    hot.table(ReportRevision), (REVISION.report_id == REPORT.id) & (REVISION.number == REPORT.version)
)
_lines = _stands.outerjoin(hot.table(ReportLine), LINE.revision_id == REVISION.id).outerjoin(
    FIELD_ID.table, LINE.field_id == FIELD_ID
)


@dataclass
class Many:
    """Of some unit-days, what stands there and right before, and whether anything stands after.

    `said`: what other systems say of each unit-day, where the call that writes knows it.
    """

    session: Session
    said: Mapping[Key, Sequence[Said]]
    stored: dict[Key, Stored] = field(default_factory=dict)
    received: dict[Pair, list[date]] = field(default_factory=dict)
    closes: dict[Key, Neighbour] = field(default_factory=dict)
    owed: dict[Key, Deadlines] = field(default_factory=dict)
    past: dict[Pair, dict[date, dict[str, int]]] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session, keys: Collection[Key], said: Mapping[Key, Sequence[Said]]) -> "Many":
        """Return what stands around unit-days: a few statements for all units that are asked for the same days."""
        many = cls(session, said)
        units, days = sorted({key[0] for key in keys}), sorted({key[2] for key in keys})
        if keys:
            systems = {key[1] for key in keys}
            many._read_reports(keys)
            many._read_owed(units, systems, days)
            many._read_past(units, systems, sorted({one for day in days for one in same_weekdays(day)}))
        return many

    def standing(self, unit_id: int, day: date, system: System) -> Standing:
        """Return what stands of a unit's day and around it."""
        key = unit_id, system, day
        received, past = self.received.get(key[:2], []), self.past.get(key[:2], {})
        before, after = bisect_left(received, day), bisect_right(received, day)
        stored = self.stored.get(key)
        return Standing(stored, stored.owed if stored else self.owed.get(key), Around(
            previous=self.closes[unit_id, system, received[before - 1]] if before else None,
            has_following=after < len(received),
            past={one: past[one] for one in same_weekdays(day) if one in past},
            said=self.said.get(key, ()),
        ))  # fmt: skip

    def judged(self, unit_id: int, day: date, system: System, draft: Draft) -> None:
        """Note that a report is to stand: later days of the same call rest on it."""
        key = unit_id, system, day
        received, past = self.received.setdefault(key[:2], []), self.past.setdefault(key[:2], {})
        if draft.unavailable is None:
            if day not in received:
                insort(received, day)
            lines = draft.lines
            self.closes[key] = Neighbour(
                day, {code: line.carried_over for code, line in lines.items()},
                {code: line.pending for code, line in lines.items()},
                {code: line.pending_overdue for code, line in lines.items()},
            )  # fmt: skip
        past.pop(day, None)
        if draft.unavailable is None and not draft.partial:
            past[day] = {code: line.received for code, line in draft.lines.items()}

    def _read_reports(self, keys: Collection[Key]) -> None:
        """Read what stands of the asked days, and the close before each: what else lies between is not touched."""
        closes: set[int] = set()
        for system, days, units in _alike(keys):
            for (unit, day), stored in reading.current_of(self.session, system, units, days).items():
                self.stored[unit, system, day] = stored
            for unit, last, *before in self._nearest(units, system, days):
                closes.update(number for number in before if number is not None)
                if last is not None:
                    self.received[unit, system] = [last]
        numbers = sorted(closes)
        for start in range(0, len(numbers), AT_ONCE):
            self._read_closes(numbers[start : start + AT_ONCE])

    def _read_closes(self, reports: list[int]) -> None:
        values = hot.several("r", reports)
        for unit, name, day, code, opening, in_time, overdue in hot.gather(self.session, _closes(len(values)), values):
            key = unit, System(name), day
            found = self.closes.get(key)
            if found is None:
                found = self.closes[key] = Neighbour(day, {}, {}, {})
                received = self.received.setdefault(key[:2], [])
                if day not in received:  # the last one may be among them
                    insort(received, day)
            if code is not None:
                found.opening[code] = opening
                found.closing[code] = in_time + overdue
                found.overdue[code] = overdue

    def _nearest(self, units: list[int], system: System, days: list[date]) -> Any:
        """Return each unit's last day with figures and, for each day, its report with figures next before.

        Found without walking its history.
        """

        def newest(what: Any, *where: Any) -> Any:
            mine = REPORT.unit_id == _UNIT.id, REPORT.system == system.value, REPORT.unavailable.is_(False)
            return select(what).where(*mine, *where).order_by(REPORT.day.desc()).limit(1).scalar_subquery()

        before = [newest(REPORT.id, REPORT.day < day).label(f"before{n}") for n, day in enumerate(days)]
        return self.session.execute(select(_UNIT.id, newest(REPORT.day), *before).where(_UNIT.id.in_(units)))

    def _read_owed(self, units: list[int], systems: set[System], days: list[date]) -> None:
        of_units, of_days = hot.several("u", units), hot.several("d", days)
        query = _owed(len(of_units), len(of_days))
        for system in systems:
            values = {**of_units, **of_days, "system": system.value}
            for unit, day, *moments in hot.gather(self.session, query, values):
                self.owed[unit, system, day] = Deadlines(*moments)

    def _read_past(self, units: list[int], systems: set[System], days: list[date]) -> None:
        of_units, of_days = hot.several("u", units), hot.several("d", days)
        query = _received(len(of_units), len(of_days))
        for system in systems:
            values = {**of_units, **of_days, "system": system.value}
            for unit, day, code, count in hot.gather(self.session, query, values):
                of_day = self.past.setdefault((unit, system), {}).setdefault(day, {})
                if code is not None:
                    of_day[code] = count


def _alike(keys: Collection[Key]) -> list[tuple[System, list[date], list[int]]]:
    """Return unit-days as units of one system that are asked for the same days, some at once: one, for most calls."""
    of_pair: dict[Pair, set[date]] = {}
    for unit, system, day in keys:
        of_pair.setdefault((unit, system), set()).add(day)
    alike: dict[tuple[System, tuple[date, ...]], list[int]] = {}
    for (unit, system), days in sorted(of_pair.items()):
        of_days = sorted(days)
        for start in range(0, len(of_days), DAYS_AT_ONCE):
            alike.setdefault((system, tuple(of_days[start : start + DAYS_AT_ONCE])), []).append(unit)
    return [(system, list(days), units) for (system, days), units in alike.items()]


@lru_cache(maxsize=16)
def _closes(reports: int) -> Any:
    stocks = LINE.carried_over, LINE.pending_in_time, LINE.pending_overdue
    of_reports = hot.among(REPORT.id, "r", reports)
    return select(*_UNIT_DAY, FIELD_CODE, *stocks).select_from(_lines).where(of_reports)


@lru_cache(maxsize=64)
def _owed(units: int, days: int) -> Any:
    o = OBLIGATION
    return select(o.unit_id, o.day, o.cut_off_at, o.due_at, o.grace_until, o.locks_at).where(
        hot.among(o.unit_id, "u", units), hot.among(o.day, "d", days), o.system == bindparam("system")
    )


@lru_cache(maxsize=64)
def _received(units: int, days: int) -> Any:
    count = LINE.received_online + LINE.received_counter + func.coalesce(LINE.received_post, 0)
    return select(REPORT.unit_id, REPORT.day, FIELD_CODE, count).select_from(_lines).where(
        hot.among(REPORT.unit_id, "u", units), hot.among(REPORT.day, "d", days),
        REPORT.system == bindparam("system"), REPORT.unavailable.is_(False), REPORT.partial.is_(False),
    )  # fmt: skip
