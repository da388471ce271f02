"""What stands around the unit-days of one call, read for all of them at once and kept true while it writes."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Integer, bindparam, func, select
from sqlmodel import Session

from app.core import hot
from app.procedures.rules import System
from app.throughput import reading
from app.throughput.cases import Standing
from app.throughput.drafts import Draft
from app.throughput.models import Report, ReportLine, ReportRevision
from app.throughput.neighbours import Around, Neighbour
from app.throughput.questions import same_weekdays
from app.throughput.reading import FIELD_CODE, FIELD_ID, LINE, OBLIGATION, REPORT, REVISION
from app.throughput.timing import Deadlines
from app.units.models import Unit

Pair = tuple[int, System]  # a unit's row number and a system
Key = tuple[int, System, date]
Said = Mapping[Key, dict[int, dict[str, dict[str, int]]]]
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
    said: Said
    reported: set[Key] = field(default_factory=set)
    received: dict[Pair, list[date]] = field(default_factory=dict)
    closes: dict[Key, Neighbour] = field(default_factory=dict)
    owed: dict[Key, Deadlines] = field(default_factory=dict)
    past: dict[Pair, dict[date, dict[str, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.later = hot.Later(self.session)

    @classmethod
    def read(cls, session: Session, keys: Collection[Key], said: Said) -> "Many":
        """Return what stands around unit-days: a few statements for all units that are asked for the same days."""
        many = cls(session, said)
        units, days = sorted({key[0] for key in keys}), sorted({key[2] for key in keys})
        if keys:
            many._read_reports(keys)
            many._read_owed(units, days)
            many._read_past(
                units, {key[1] for key in keys}, sorted({one for day in days for one in same_weekdays(day)})
            )
        return many

    def standing(self, unit_id: int, day: date, system: System) -> Standing:
        """Return what stands of a unit's day and around it."""
        key = unit_id, system, day
        received, past = self.received.get(key[:2], []), self.past.get(key[:2], {})
        before, after = bisect_left(received, day), bisect_right(received, day)
        if key in self.reported or after < len(received):
            self.later.write()  # it, or the report after it, is read as it stands
        if key in self.reported:
            stored = reading.current(self.session, unit_id, day, system)
            assert stored is not None
            owed = stored.owed
        else:
            stored, owed = None, self.owed.get(key)
        return Standing(stored, owed, Around(
            previous=self.closes[unit_id, system, received[before - 1]] if before else None,
            has_following=after < len(received),
            past={one: past[one] for one in same_weekdays(day) if one in past},
            said=self.said.get(key, {}),
            later=self.later,
        ))  # fmt: skip

    def wrote(self, unit_id: int, day: date, system: System, draft: Draft, revision_id: int) -> None:
        """Note that a report stands now: later days of the same call rest on it."""
        key = unit_id, system, day
        self.reported.add(key)
        received, past = self.received.setdefault(key[:2], []), self.past.setdefault(key[:2], {})
        if draft.unavailable is None:
            if day not in received:
                insort(received, day)
            lines = draft.lines
            self.closes[key] = Neighbour(
                day, revision_id, {code: line.carried_over for code, line in lines.items()},
                {code: line.pending for code, line in lines.items()},
                {code: line.pending_overdue for code, line in lines.items()},
            )  # fmt: skip
        past.pop(day, None)
        if draft.unavailable is None and not draft.partial:
            past[day] = {code: line.received for code, line in draft.lines.items()}

    def _read_reports(self, keys: Collection[Key]) -> None:
        """Read which asked days are reported, and the close before each: what else lies between is not touched."""
        closes: set[int] = set()
        for system, days, units in _alike(keys):
            here = REPORT.system == system.value, REPORT.unit_id.in_(units), REPORT.day.in_(days)
            rows = self.session.execute(select(REPORT.unit_id, REPORT.day).where(*here))
            self.reported |= {(unit, system, day) for unit, day in rows}
            for unit, last, *before in self._nearest(units, system, days):
                closes.update(number for number in before if number is not None)
                if last is not None:
                    self.received[unit, system] = [last]
        numbers = sorted(closes)
        for start in range(0, len(numbers), AT_ONCE):
            self._read_closes(numbers[start : start + AT_ONCE])

    def _read_closes(self, reports: list[int]) -> None:
        stocks = LINE.carried_over, LINE.pending_in_time, LINE.pending_overdue
        query = select(*_UNIT_DAY, REVISION.id, FIELD_CODE, *stocks).select_from(_lines).where(REPORT.id.in_(reports))
        for unit, name, day, revision, code, opening, in_time, overdue in self.session.execute(query):
            key = unit, System(name), day
            found = self.closes.get(key)
            if found is None:
                found = self.closes[key] = Neighbour(day, revision, {}, {}, {})
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

    def _read_owed(self, units: list[int], days: list[date]) -> None:
        o = OBLIGATION
        query = select(o.unit_id, o.system, o.day, o.cut_off_at, o.due_at, o.grace_until, o.locks_at)
        rows = self.session.execute(query.where(o.unit_id.in_(units), o.day.in_(days)))
        self.owed = {(row[0], System(row[1]), row[2]): Deadlines(*row[3:]) for row in rows}

    def _read_past(self, units: list[int], systems: set[System], days: list[date]) -> None:
        values = {f"u{n}": unit for n, unit in enumerate(units)} | {f"d{n}": day for n, day in enumerate(days)}
        for system in systems:
            query = _received(len(units), len(days))
            for unit, day, code, count in hot.gather(self.session, query, values | {"system": system.value}):
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


@lru_cache(maxsize=64)
def _received(units: int, days: int) -> Any:
    count = LINE.received_online + LINE.received_counter + func.coalesce(LINE.received_post, 0)
    return select(REPORT.unit_id, REPORT.day, FIELD_CODE, count).select_from(_lines).where(
        REPORT.unit_id.in_([bindparam(f"u{n}", type_=Integer) for n in range(units)]),
        REPORT.day.in_([bindparam(f"d{n}", type_=Date) for n in range(days)]),
        REPORT.system == bindparam("system"), REPORT.unavailable.is_(False), REPORT.partial.is_(False),
    )  # fmt: skip
