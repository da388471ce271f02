"""Sums and completeness of a stretch of days, put together from months that the process keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, case, func, select
from sqlmodel import Session

from app.core import hot
from app.dashboard.keeping import Keeper
from app.throughput.models import Adjustment, DayTotal
from app.throughput.rules import FLOWS, Figures
from app.throughput.summary import owed
from app.throughput.summary.schemas import Completeness
from app.throughput.summary.sums import Kept, Scope, month_end, total_of

_DAY = hot.table(DayTotal)
_ADJUSTMENT = hot.table(Adjustment)
DAY = timedelta(days=1)
_FLOWS = (*FLOWS, "post_unsplit")
Who = tuple[int, str]  # unit and system
Row = tuple[Any, ...]  # of one of these: column 6 of its first day, columns 12 and 13 of its last, flows, adjustments
Owed = dict[date, Completeness]


@dataclass(frozen=True, slots=True)
class Piece:
    """Days that follow one another: their flows and adjustments, and by unit and system what lies at the ends of its
    reports.

    `opening`: column 6 of the first, with the adjustment it opens with and how much of that is explained; `closing`:
    columns 12 and 13 of the last.
    """

    flows: tuple[int, ...]
    adjustments: int
    explained: int
    opening: dict[Who, tuple[int, int, int]]
    closing: dict[Who, tuple[int, int]]


class Adding:
    """The figures of one scope, from what the process keeps of its days.

    The last day of a stretch is what changes most, and all stretches that end with it have it in common: it is kept by
    itself, beside all that lies before it.
    """

    def __init__(self, session: Session, scope: Scope, keeper: Keeper) -> None:
        self.session, self.scope, self.keeper = session, scope, keeper

    def figures(self, first: date, last: date) -> Figures | None:
        """Return the figures of a stretch as one; None where nobody reported."""
        if self.scope.field_id is not None:
            return Kept(self.session, self.scope).sums(first, last, None).get(None)
        before = [self._before(first, last - DAY)] if first < last else []
        return of_piece(joined([*before, self._piece(last, last)]))

    def by_day(self, first: date, last: date) -> dict[date, Figures]:
        """Return each day's figures."""

        def read(day: date | None) -> dict[date, Figures]:
            return Kept(self.session, self.scope).by_day(day or first, day or last)

        return self.keeper.by_day(("figures by day", self.scope, first, last), first, last, read)

    def owed(self, first: date, last: date) -> Owed:
        """Return of each day for which something is owed how complete it is."""
        found: Owed = {}
        for begin, end in months(first.replace(day=1), last - DAY):
            found |= self._owed(begin, end)
        found = {day: counts for day, counts in found.items() if first <= day}
        of_last = self.owed_of(last)
        return found | ({last: of_last} if of_last.expected else {})

    def completeness(self, first: date, last: date) -> Completeness:
        """Return how complete a stretch is: a unit owes each day by itself, so that the days add up."""
        before = [self._owed_before(first, last - DAY)] if first < last else []
        return summed([*before, self.owed_of(last)])

    def owed_of(self, day: date) -> Completeness:
        """Return how complete a day is."""

        def read(unit: int | None) -> dict[int, tuple[int, ...]]:
            of_unit = {} if unit is None else {"unit": unit}
            rows = hot.gather(self.session, _owed_of_day(self.scope, unit is not None), {"day": day} | of_unit)
            return {row[0]: (1, *row[1:]) for row in rows}

        def work() -> Completeness:
            units = self.keeper.by_unit(("owed of units", self.scope, day), day, read)
            counts = [sum(values) for values in zip(*units.values(), strict=True)]
            return Completeness(**dict(zip(Completeness.model_fields, counts or [0] * 5, strict=True)))

        return self.keeper.while_days_stand(("owed of day", self.scope, day), day, work)

    def _owed_before(self, first: date, last: date) -> Completeness:
        def work() -> Completeness:
            return summed(list(self.owed(first, last).values()))

        return self.keeper.while_days_stand(("completeness", self.scope, first, last), last, work)

    def _owed(self, first: date, last: date) -> Owed:
        def read(day: date | None) -> Owed:
            return owed.owed_by_day(self.session, self.scope, day or first, day or last)

        return self.keeper.by_day(("owed", self.scope, first, last), first, last, read)

    def _before(self, first: date, last: date) -> Piece:
        def work() -> Piece:
            return joined([self._piece(begin, end) for begin, end in months(first, last)])

        return self.keeper.while_days_stand(("joined", self.scope, first, last), last, work)

    def _piece(self, first: date, last: date) -> Piece:
        def read(unit: int | None) -> dict[int, list[Row]]:
            return _read_rows(self.session, self.scope, first, last, unit)

        def work() -> Piece:
            rows = self.keeper.by_unit(("rows", self.scope, first, last), last, read)
            return of_rows([row for of_unit in rows.values() for row in of_unit])

        return self.keeper.while_days_stand(("piece", self.scope, first, last), last, work)


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the ends of the calendar months that a stretch touches, cut to it."""
    while first <= last:
        end = min(month_end(first, 1), last)
        yield first, end
        first = end + DAY


def joined(pieces: Sequence[Piece]) -> Piece:
    """Return pieces in the order of their days as one: of each unit and system the first opening, the last closing."""
    opening: dict[Who, tuple[int, int, int]] = {}
    closing: dict[Who, tuple[int, int]] = {}
    for piece in reversed(pieces):
        opening |= piece.opening
    for piece in pieces:
        closing |= piece.closing
    return Piece(
        flows=tuple(sum(values) for values in zip(*(piece.flows for piece in pieces if piece.closing), strict=True)),
        adjustments=sum(piece.adjustments for piece in pieces), explained=sum(piece.explained for piece in pieces),
        opening=opening, closing=closing,
    )  # fmt: skip


def of_piece(piece: Piece) -> Figures | None:
    """Return what a piece comes to, nothing having come before it; None where nobody reported."""
    if not piece.closing:
        return None
    carried, unasked, covered = (sum(values) for values in zip(*piece.opening.values(), strict=True))
    in_time, overdue = (sum(values) for values in zip(*piece.closing.values(), strict=True))
    return Figures(
        **dict(zip(_FLOWS, piece.flows, strict=True)), pending_in_time=in_time, pending_overdue=overdue,
        adjustments=piece.adjustments - unasked, carried_over=carried + piece.explained - covered,
    )  # fmt: skip


def of_rows(rows: Sequence[Row]) -> Piece:
    """Return what was read of units and systems as one piece."""
    unit, system, carried, in_time, overdue, unasked, covered, amount, explained, *flows = range(9 + len(_FLOWS))
    return Piece(
        flows=tuple(sum(row[n] for row in rows) for n in flows) if rows else (),
        adjustments=sum(row[amount] for row in rows), explained=sum(row[explained] for row in rows),
        opening={(row[unit], row[system]): (row[carried], row[unasked], row[covered]) for row in rows},
        closing={(row[unit], row[system]): (row[in_time], row[overdue]) for row in rows},
    )  # fmt: skip


def summed(days: Sequence[Completeness]) -> Completeness:
    """Return how complete days are together."""
    counts = {name: sum(getattr(day, name) for day in days) for name in Completeness.model_fields}
    return Completeness(**counts)


@lru_cache
def _of_piece(scope: Scope, of_unit: bool) -> tuple[Any, Any]:
    """Return the statements of a piece between `:first` and `:last`: building them costs more than running them."""
    d, between = _DAY.c, _DAY.c.day.between(bindparam("first"), bindparam("last"))
    ends = (
        select(
            d.unit_id, d.system, func.min(d.day).label("first_day"), func.max(d.day).label("last_day"),
            *(total_of(d[name]).label(name) for name in _FLOWS),
        )
        .where(between, *_narrowed(scope, _DAY, of_unit))
        .group_by(d.unit_id, d.system)
        .cte("ends")
    )  # fmt: skip
    e, begin, end = ends.c, _DAY.alias("begins"), _DAY.alias("closes")
    same = [and_(e.unit_id == table.c.unit_id, e.system == table.c.system) for table in (begin, end, _ADJUSTMENT)]
    of_days = (
        select(
            e.unit_id, e.system, begin.c.carried_over, end.c.pending_in_time, end.c.pending_overdue,
            *(e[name] for name in _FLOWS),
        )
        .join(begin, and_(same[0], begin.c.day == e.first_day))
        .join(end, and_(same[1], end.c.day == e.last_day))
    )  # fmt: skip
    a = _ADJUSTMENT.c
    at_first = [total_of(case((a.day == e.first_day, column), else_=0)) for column in (a.amount, a.explained)]
    of_gaps = (
        select(a.unit_id, a.system, *at_first, total_of(a.amount), total_of(a.explained))
        .join(ends, and_(same[2], a.day.between(e.first_day, e.last_day)))
        .group_by(a.unit_id, a.system)
    )
    return of_days, of_gaps


@lru_cache
def _of_day(scope: Scope, of_unit: bool) -> tuple[Any, Any]:
    """Return the statements of a single day, `:first`, whose ends are its own: it is read the most."""
    d, a, of_day = _DAY.c, _ADJUSTMENT.c, [_DAY.c.day == bindparam("first"), *_narrowed(scope, _DAY, of_unit)]
    stocks = (d.carried_over, d.pending_in_time, d.pending_overdue)
    same = and_(a.unit_id == d.unit_id, a.system == d.system, a.day == d.day)
    sums = total_of(a.amount), total_of(a.explained)
    of_gaps = select(a.unit_id, a.system, *sums, *sums).join(_DAY, same).group_by(a.unit_id, a.system)
    return select(d.unit_id, d.system, *stocks, *(d[name] for name in _FLOWS)).where(*of_day), of_gaps.where(*of_day)


@lru_cache
def _owed_of_day(scope: Scope, of_unit: bool) -> Any:
    """Return the statement of what a unit owed of `:day`, and what became of it."""
    where = [owed.OBLIGATION.c.day == bindparam("day"), *_narrowed(scope, owed.OBLIGATION, of_unit)]
    p = owed.unit_days(where, None).subquery().c
    return select(p.unit_id, p.received, p.received * p.late, p.waived, p.unavailable)


def _narrowed(scope: Scope, table: Any, of_unit: bool) -> list[Any]:
    """Return the conditions of a scope, or of one `:unit` within it."""
    return [*scope.of(table), *([table.c.unit_id == bindparam("unit")] if of_unit else [])]


def _read_rows(session: Session, scope: Scope, first: date, last: date, unit: int | None) -> dict[int, list[Row]]:
    of_days, of_gaps = (_of_day if first == last else _of_piece)(scope, unit is not None)
    asked: dict[str, Any] = {"first": first, "last": last} | ({} if unit is None else {"unit": unit})
    gaps = {(row[0], row[1]): tuple(row[2:]) for row in hot.gather(session, of_gaps, asked)}
    found: dict[int, list[Row]] = {}
    for row in hot.gather(session, of_days, asked):
        found.setdefault(row[0], []).append((*row[:5], *gaps.get((row[0], row[1]), (0, 0, 0, 0)), *row[5:]))
    return found
