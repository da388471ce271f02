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
from app.throughput.summary import service as summary
from app.throughput.summary.schemas import Completeness
from app.throughput.summary.sums import Kept, Scope, month_end, total_of

_DAY = hot.table(DayTotal)
_ADJUSTMENT = hot.table(Adjustment)
DAY = timedelta(days=1)
_FLOWS = (*FLOWS, "post_unsplit")
_OWED = ("expected", "received", "late", "waived", "unavailable")
Who = tuple[int, str]  # unit and system
Owed = dict[date, tuple[int, ...]]  # in the order of _OWED


@dataclass(frozen=True, slots=True)
class Piece:
    """Days of one month: their flows and adjustments, and by unit and system what lies at the ends of its reports.

    `opening`: column 6 of the first, with the adjustment it opens with and how much of that is explained; `closing`:
    columns 12 and 13 of the last.
    """

    flows: tuple[int, ...]
    adjustments: int
    explained: int
    opening: dict[Who, tuple[int, int, int]]
    closing: dict[Who, tuple[int, int]]


class Adding:
    """The figures of one scope, from what the process keeps of its days."""

    def __init__(self, session: Session, scope: Scope, keeper: Keeper) -> None:
        self.session, self.scope, self.keeper = session, scope, keeper

    def figures(self, first: date, last: date) -> Figures | None:
        """Return the figures of a stretch as one, nobody's to change; None where nobody reported."""
        work = self._whole if self.scope.field_id is None else self._of_field
        return self.keeper.while_days_stand(("figures", self.scope, first, last), last, lambda: work(first, last))

    def by_day(self, first: date, last: date) -> dict[date, Figures]:
        """Return each day's figures, nobody's to change."""

        found: dict[date, Figures] = {}
        for begin, end in ((first, last - DAY), (last, last)):
            found |= self._by_day(begin, end)
        return found

    def _by_day(self, first: date, last: date) -> dict[date, Figures]:
        def read() -> dict[date, Figures]:
            return Kept(self.session, self.scope).by_day(first, last)

        return self.keeper.while_days_stand(("by_day", self.scope, first, last), last, read)

    def owed(self, first: date, last: date) -> dict[date, Completeness]:
        """Return of each day for which something is owed how complete it is."""
        return {day: _completeness([counts]) for day, counts in self._owed(first, last).items()}

    def completeness(self, first: date, last: date) -> Completeness:
        """Return how complete a stretch is: a unit owes each day by itself, so that the days add up."""
        return _completeness(list(self._owed(first, last).values()))

    def _owed(self, first: date, last: date) -> Owed:
        found: Owed = {}
        for begin, end in pieces(first.replace(day=1), last):
            found |= self._owed_of(begin, end)
        return {day: counts for day, counts in found.items() if first <= day <= last}

    def _owed_of(self, begin: date, end: date) -> Owed:
        def read() -> Owed:
            return _read_owed(self.session, self.scope, begin, end)

        return self.keeper.while_days_stand(("owed", self.scope, begin, end), end, read)

    def _of_field(self, first: date, last: date) -> Figures | None:
        return Kept(self.session, self.scope).sums(first, last, None).get(None)

    def _whole(self, first: date, last: date) -> Figures | None:
        every = [self._piece(begin, end) for begin, end in pieces(first, last)]
        return together([piece for piece in every if piece.closing])

    def _piece(self, first: date, last: date) -> Piece:
        def read() -> Piece:
            return _read_piece(self.session, self.scope, first, last)

        return self.keeper.while_days_stand(("piece", self.scope, first, last), last, read)


def pieces(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the ends of the calendar months that a stretch touches, cut to it, and its last day by itself.

    That day is what changes most, and all stretches that end with it have it in common.
    """
    while first < last:
        end = min(month_end(first, 1), last - DAY)
        yield first, end
        first = end + DAY
    yield last, last


def together(pieces: Sequence[Piece]) -> Figures | None:
    """Return what pieces in the order of their days come to; None of none.

    Of each unit and system the first opening and the last closing count, and on its first day nothing came before.
    """
    if not pieces:
        return None
    opening: dict[Who, tuple[int, int, int]] = {}
    closing: dict[Who, tuple[int, int]] = {}
    for piece in reversed(pieces):
        opening |= piece.opening
    for piece in pieces:
        closing |= piece.closing
    flows = [sum(values) for values in zip(*(piece.flows for piece in pieces), strict=True)]
    carried, unasked, covered = (sum(values) for values in zip(*opening.values(), strict=True))
    in_time, overdue = (sum(values) for values in zip(*closing.values(), strict=True))
    return Figures(
        **dict(zip(_FLOWS, flows, strict=True)), pending_in_time=in_time, pending_overdue=overdue,
        adjustments=sum(piece.adjustments for piece in pieces) - unasked,
        carried_over=carried + sum(piece.explained for piece in pieces) - covered,
    )  # fmt: skip


@lru_cache
def _of_piece(scope: Scope) -> tuple[Any, Any]:
    """Return the statements of a piece between `:first` and `:last`: building them costs more than running them."""
    d, between = _DAY.c, _DAY.c.day.between(bindparam("first"), bindparam("last"))
    ends = (
        select(
            d.unit_id, d.system, func.min(d.day).label("first_day"), func.max(d.day).label("last_day"),
            *(total_of(d[name]).label(name) for name in _FLOWS),
        )
        .where(between, *scope.of(_DAY))
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


def _read_piece(session: Session, scope: Scope, first: date, last: date) -> Piece:
    of_days, of_gaps = _of_piece(scope)
    ends = {"first": first, "last": last}
    rows = [tuple(row) for row in session.execute(of_days, ends)]
    gaps = {(row[0], row[1]): tuple(row[2:]) for row in session.execute(of_gaps, ends)}
    return Piece(
        flows=tuple(sum(values) for values in zip(*(row[5:] for row in rows), strict=True)),
        adjustments=sum(found[2] for found in gaps.values()), explained=sum(found[3] for found in gaps.values()),
        opening={(row[0], row[1]): (row[2], *gaps.get((row[0], row[1]), (0, 0))[:2]) for row in rows},
        closing={(row[0], row[1]): (row[3], row[4]) for row in rows},
    )  # fmt: skip


@lru_cache
def _of_owed(scope: Scope) -> Any:
    """Return the statement of what is owed between `:first` and `:last`, by day."""
    between = summary.OBLIGATION.c.day.between(bindparam("first"), bindparam("last"))
    p = summary.unit_days([between, *scope.of(summary.OBLIGATION)], None).subquery().c
    counts = (func.count(), *map(total_of, (p.received, p.received * p.late, p.waived, p.unavailable)))
    return select(p.day, *counts).group_by(p.day)


def _read_owed(session: Session, scope: Scope, first: date, last: date) -> Owed:
    rows = session.execute(_of_owed(scope), {"first": first, "last": last})
    return {row[0]: tuple(row[1:]) for row in rows}


def _completeness(days: Sequence[tuple[int, ...]]) -> Completeness:
    sums: list[Any] = [sum(values) for values in zip(*days, strict=True)] or [0] * len(_OWED)
    return Completeness(**dict(zip(_OWED, sums, strict=True)))
