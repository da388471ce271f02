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
from app.throughput.questions import same_weekdays
from app.throughput.reading import FIELD_CODE, FIELD_ID, LINE, OBLIGATION, REPORT, REVISION, Around, Neighbour
from app.throughput.timing import Deadlines
from app.units.models import Unit

Pair = tuple[int, System]  # a unit's row number and a system
Key = tuple[int, System, date]
Said = Mapping[Key, dict[int, dict[str, dict[str, int]]]]
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
    """Of some units, what stands from the first to the last of some days, and right before and after them.

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
        """Return what stands around unit-days: a few statements, however many they are."""
        many = cls(session, said)
        units, days = sorted({key[0] for key in keys}), sorted({key[2] for key in keys})
        if keys:
            systems = {key[1] for key in keys}
            many._read_reports(units, systems, days[0], days[-1])
            many._read_owed(units, days)
            many._read_past(units, systems, sorted({one for day in days for one in same_weekdays(day)}))
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
            if key not in self.closes:
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

    def _read_reports(self, units: list[int], systems: set[System], first: date, last: date) -> None:
        of_span = select(*_UNIT_DAY).where(REPORT.unit_id.in_(units), REPORT.day.between(first, last))
        self.reported = {(row[0], System(row[1]), row[2]) for row in self.session.execute(of_span)}
        before: set[Key] = set()
        for system in systems:
            last_ones = self._nearest(units, system, REPORT.day < first, REPORT.day.desc())
            before |= {(unit, system, day) for unit, day in last_ones}
            for unit, day in self._nearest(units, system, REPORT.day > last, REPORT.day):
                self.received.setdefault((unit, system), []).append(day)
        stocks = LINE.carried_over, LINE.pending_in_time, LINE.pending_overdue
        query = select(*_UNIT_DAY, REVISION.id, FIELD_CODE, *stocks)
        rows = self.session.execute(
            query.select_from(_lines).where(
                REPORT.unit_id.in_(units), REPORT.unavailable.is_(False),
                REPORT.day.in_({day for *_, day in before}) | REPORT.day.between(first, last),
            )
        )  # fmt: skip
        for unit, name, day, revision, code, opening, in_time, overdue in rows:
            key = unit, System(name), day
            if day < first and key not in before:
                continue
            found = self.closes.get(key)
            if found is None:
                found = self.closes[key] = Neighbour(day, revision, {}, {}, {})
                insort(self.received.setdefault(key[:2], []), day)
            if code is not None:
                found.opening[code] = opening
                found.closing[code] = in_time + overdue
                found.overdue[code] = overdue

    def _nearest(self, units: list[int], system: System, beyond: Any, order: Any) -> list[tuple[int, date]]:
        """Return the nearest day beyond a span on which each unit has figures, found without walking its history."""
        nearest = (
            select(REPORT.day)
            .where(REPORT.unit_id == _UNIT.id, REPORT.system == system.value, REPORT.unavailable.is_(False), beyond)
            .order_by(order)
            .limit(1)
            .scalar_subquery()
        )
        rows = self.session.execute(select(_UNIT.id, nearest).where(_UNIT.id.in_(units)))
        return [(unit, day) for unit, day in rows if day is not None]

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


@lru_cache(maxsize=64)
def _received(units: int, days: int) -> Any:
    count = LINE.received_online + LINE.received_counter + func.coalesce(LINE.received_post, 0)
    return select(REPORT.unit_id, REPORT.day, FIELD_CODE, count).select_from(_lines).where(
        REPORT.unit_id.in_([bindparam(f"u{n}", type_=Integer) for n in range(units)]),
        REPORT.day.in_([bindparam(f"d{n}", type_=Date) for n in range(days)]),
        REPORT.system == bindparam("system"), REPORT.unavailable.is_(False), REPORT.partial.is_(False),
    )  # fmt: skip
