"""The arithmetic of the daily report: lines, balances, adjustments, periods, rates. Pure: no table, no clock.

Names and identities are those of form II.06a: received in total = resolved + in process, for every line.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter, itemgetter
from typing import NamedTuple

from app.procedures.rules import System

MAX_COUNT = 1_000_000
STOCKS = ("carried_over", "pending_in_time", "pending_overdue")
RECEIVED = ("received_online", "received_counter", "received_post")
RESOLVED = ("resolved_early", "resolved_on_time", "resolved_overdue")
FLOWS = (*RECEIVED, *RESOLVED, "withdrawn")
COLUMNS = ("carried_over", *FLOWS, "pending_in_time", "pending_overdue")
counts_of = attrgetter(*COLUMNS)  # of a line, in this order
_typed = itemgetter(*FLOWS, "pending_overdue")
SYSTEMS = tuple(System)


class WarningCode(StrEnum):
    """A question about a report; it never blocks, and wants its reason once."""

    opening_gap = "opening_gap"
    non_working_day = "non_working_day"
    all_zero = "all_zero"
    unusual_value = "unusual_value"
    overdue_share = "overdue_share"
    overdue_stock_fell = "overdue_stock_fell"
    external_gap = "external_gap"
    late = "late"
    partial_day = "partial_day"
    correction = "correction"


class ReasonCode(StrEnum):
    """The typed reasons for an adjustment, a correction or another warning."""

    late_sync = "late_sync"
    late_correction = "late_correction"
    transfer_in = "transfer_in"
    transfer_out = "transfer_out"
    reopened = "reopened"
    wrong_field = "wrong_field"
    wrong_unit = "wrong_unit"
    duplicate = "duplicate"
    field_changed = "field_changed"
    unit_changed = "unit_changed"
    missing_day = "missing_day"
    source_error = "source_error"
    first_day = "first_day"
    weekend_service = "weekend_service"
    campaign = "campaign"
    natural_disaster = "natural_disaster"
    after_cut_off = "after_cut_off"
    other = "other"


@dataclass(frozen=True, slots=True)
class Line:
    """One field's counts for one unit, day and system; `received_post` None: not split from the counter."""

    field: str
    carried_over: int
    received_online: int
    received_counter: int
    received_post: int | None
    resolved_early: int
    resolved_on_time: int
    resolved_overdue: int
    withdrawn: int
    pending_in_time: int
    pending_overdue: int
    memo: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def received(self) -> int:
        return self.received_online + self.received_counter + (self.received_post or 0)

    @property
    def resolved(self) -> int:
        return self.resolved_early + self.resolved_on_time + self.resolved_overdue

    @property
    def pending(self) -> int:
        return self.pending_in_time + self.pending_overdue

    @property
    def is_zero(self) -> bool:
        """Tell whether the line says no more than a missing line does."""
        return not (self.carried_over or self.received or self.resolved or self.pending or any(self.memo.values()))


class Broken(NamedTuple):
    """A rule that a line breaks: the column, the stable code, what its sentence needs."""

    column: str
    code: str
    values: dict[str, int | str]


def complete(
    typed: Mapping[str, int | None], field_code: str, memo: Mapping[str, int], previous_close: int
) -> tuple[Line, list[Broken]]:
    """Return the line that the typed counts stand for, the two computed stocks filled in, and what is broken in it.

    An absent opening is the previous close; an absent in-time stock follows from the identity of form II.06a.
    """
    opening = typed["carried_over"] if typed["carried_over"] is not None else previous_close
    online, counter, post, early, on_time, late, withdrawn, overdue = [count or 0 for count in _typed(typed)]
    received, resolved = online + counter + post, early + on_time + late
    broken: list[Broken] = []
    in_time = typed["pending_in_time"]
    if in_time is None:
        in_time = opening + received - resolved - overdue
        if in_time < 0:
            values: dict[str, int | str] = {
                "available": opening + received,
                "used": resolved + overdue,
                "n": -in_time,
            }
            broken.append(Broken("pending_in_time", "pending_negative", values))
        elif in_time > MAX_COUNT:
            broken.append(Broken("pending_in_time", "number_too_large", {"limit": MAX_COUNT}))
    line = Line(
        field_code, opening, online, counter, typed["received_post"], early, on_time, late, withdrawn, in_time, overdue,
        memo,
    )  # fmt: skip
    if typed["pending_in_time"] is not None and (off := opening + received - resolved - in_time - overdue):
        total, accounted = opening + received, resolved + in_time + overdue
        broken.append(Broken("", "unbalanced", {"n": abs(off), "total": total, "accounted": accounted}))
    if withdrawn > on_time:
        broken.append(Broken("withdrawn", "withdrawn_over", {"limit": on_time}))
    return line, broken


def broken_memos(line: Line, parts: Mapping[str, str | None]) -> list[Broken]:
    """Return the memo counts that are unknown or larger than the column they are part of (`parts`: code → column)."""
    broken = []
    for code, count in line.memo.items():
        if code not in parts:
            broken.append(Broken(f"memo/{code}", "unknown_memo", {"memo": code}))
        elif (column := parts[code]) and count > (limit := max(0, int(getattr(line, column)))):
            broken.append(Broken(f"memo/{code}", "memo_over", {"limit": limit, "column": column}))
    return broken


def adjustments(opening: Mapping[str, int], closing: Mapping[str, int]) -> dict[str, int]:
    """Return opening − previous close for every field where it is not zero; a field without a line is zero."""
    gaps = {code: opening.get(code, 0) - closing.get(code, 0) for code in {**opening, **closing}}
    return {code: gap for code, gap in gaps.items() if gap}


def explained(adjustment: int, amount: int) -> int:
    """Return how much of an adjustment a reason given for `amount` still covers.

    A later correction of the day before may change the adjustment; a reason explains no more than it was given for.
    """
    return max(min(amount, max(adjustment, 0)), min(adjustment, 0))


@dataclass(slots=True)
class Figures:
    """Column sums over days, units, systems or fields; `carried_over` is column 6, the stocks are columns 12 and 13."""

    carried_over: int = 0
    received_online: int = 0
    received_counter: int = 0
    received_post: int = 0
    resolved_early: int = 0
    resolved_on_time: int = 0
    resolved_overdue: int = 0
    withdrawn: int = 0
    pending_in_time: int = 0
    pending_overdue: int = 0
    adjustments: int = 0
    post_unsplit: int = 0

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
    def total(self) -> int:
        """Column 3: all that was to be resolved."""
        return self.carried_over + self.received

    @property
    def difference(self) -> int:
        """(7 + 11) − 3: what does not add up, that is the unexplained adjustments."""
        return self.resolved + self.pending - self.total

    def add(self, other: "Figures") -> "Figures":
        """Add another's columns to these; stocks only ever of the same moment."""
        for column in _FIGURES:
            setattr(self, column, getattr(self, column) + getattr(other, column))
        return self


_FIGURES = tuple(f.name for f in dataclasses.fields(Figures))


def figures_of(lines: Iterable[Line]) -> Figures:
    """Return the sums of one report's lines."""
    rows = list(lines)
    sums = [sum(column) for column in zip(*map(_counts, rows), strict=True)] or [0] * len(COLUMNS)
    unsplit = sum(line.received_post is None for line in rows)
    return Figures(**dict(zip(COLUMNS, sums, strict=True)), post_unsplit=unsplit)


def _counts(line: Line) -> tuple[int, ...]:
    return (
        line.carried_over, line.received_online, line.received_counter, line.received_post or 0, line.resolved_early,
        line.resolved_on_time, line.resolved_overdue, line.withdrawn, line.pending_in_time, line.pending_overdue,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayOf:
    """One received report as a period sees it: its sums, and its adjustments against the report before."""

    figures: Figures
    adjustment: int
    explained: int


def period(days: Sequence[DayOf]) -> Figures:
    """Return a period's figures from its received reports of one unit and system, in order of day.

    Flows add up. Column 6 is the first opening and the explained adjustments after it; column 11 is the last closing.
    """
    out = Figures()
    for index, day in enumerate(days):
        for column in (*FLOWS, "post_unsplit"):
            setattr(out, column, getattr(out, column) + getattr(day.figures, column))
        if index == 0:
            out.carried_over = day.figures.carried_over
        else:
            out.carried_over += day.explained
            out.adjustments += day.adjustment
    if days:
        out.pending_in_time = days[-1].figures.pending_in_time
        out.pending_overdue = days[-1].figures.pending_overdue
    return out


class Share(NamedTuple):
    """A rate as two integers; `value` is None when the denominator is zero: not applicable, never 0 or 100."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


def rates(f: Figures | Line) -> dict[str, Share]:
    """Return the five rates of DOMAIN.md §2 with numerator and denominator."""
    received, resolved = f.received, f.resolved
    in_time = f.resolved_early + f.resolved_on_time
    stock = f.carried_over + received
    return {
        "online": Share(f.received_online, received),
        "on_time": Share(in_time, resolved),
        "overdue": Share(f.resolved_overdue + f.pending_overdue, stock),
        "settlement": Share(resolved, received),
        "qd766_progress": Share(in_time + f.pending_in_time, stock),
    }
