"""Statutory forms: a period's figures by field, in the columns of the form, with what they lack."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Forbidden, Invalid
from app.core.i18n import translate
from app.core.periods import iso_of
from app.core.settings import Locale
from app.throughput.forms import Reference
from app.throughput.models import Obligation
from app.throughput.rules import Figures
from app.throughput.statutory.layout import FormLayout, difference, layout, values
from app.throughput.statutory.periods import Regime, newest, span
from app.throughput.statutory.schemas import Lack, LackOut, StatutoryFormOut, StatutoryRow, UnitOfForm
from app.throughput.summary.owed import completeness, cut_off
from app.throughput.summary.schemas import Completeness
from app.throughput.summary.service import judge_period, source_of
from app.throughput.summary.sums import Scope
from app.units.models import Unit
from app.units.rules import UnitKind
from app.units.service import visible_unit

II06A = "II.06a"
UNSPLIT = "UNSPLIT"
_OBLIGATION = hot.table(Obligation)


@dataclass(frozen=True)
class Wanted:
    """What is asked of a form: a period's days; one unit's, several units', a kind's or all."""

    first: date
    last: date
    period: str | None
    regime: Regime | None
    unit: Unit | None
    several: tuple[Unit, ...]
    kind: UnitKind | None
    as_of: datetime | None


def wanted(
    session: Session,
    caller: Caller,
    now: datetime,
    *,
    first: date | None = None,
    last: date | None = None,
    period: str | None = None,
    regime: Regime | None = None,
    units: Collection[str] = (),
    kind: UnitKind | None = None,
    as_of: datetime | None = None,
    at: str = "?",
) -> Wanted:
    """Return what a call asks: the newest statutory month that is over, unless it says otherwise.

    `at` is where its words came from: an address (`?`) or a body (`/`). Raises Invalid for a period that is none,
    NotFound for another's unit, Forbidden for a kind's sums to who sees one unit only: of some kinds there is but one.
    """
    if kind is not None and caller.units is not None:
        raise Forbidden
    if units and kind is not None:
        raise Invalid([Fault(f"{at}kind", "unit_or_kind")])
    seen = {found.code: found for found in (visible_unit(session, caller, code) for code in units)}
    unit = next(iter(seen.values())) if len(seen) == 1 else None
    several = tuple(seen[code] for code in sorted(seen)) if len(seen) > 1 else ()
    if first is not None or last is not None:
        if period is not None or regime is not None:
            raise Invalid([Fault(f"{at}period", "period_or_days")])
        last = last or first
        first = first or last
        assert first is not None
        assert last is not None
        judge_period(first, last, as_of, at=at)
        return Wanted(first, last, None, None, unit, several, kind, as_of)
    regime = regime or layout(II06A).regime
    period = (iso_of(period) or period) if period else newest(day_of(now), regime)
    days = span(period, regime)
    if days is None:
        raise Invalid([Fault(f"{at}period", "bad_period")])
    return Wanted(*days, period, regime, unit, several, kind, as_of)


def form_of(session: Session, asked: Wanted, now: datetime, locale: Locale) -> StatutoryFormOut:
    """Return a form's figures: flows of all days, stocks at the ends of the period, one line a field."""
    form, reference = layout(II06A), Reference.read(session)
    scope = Scope(units_of(reference, asked), None, None)
    source = source_of(session, scope, asked.first, asked.last, asked.as_of)
    fields = {info.id: info for info in reference.by_code.values()}
    sums = source.sums(asked.first, asked.last, "field_id")
    ordered = sorted(sums, key=lambda key: (fields[key].sort_order, fields[key].code))
    rows = [
        _row(form, sums[key], field=fields[key].code, number=number, label=fields[key].name(locale))
        for number, key in enumerate(ordered, 1)
    ]
    total = Figures()
    for figures in sums.values():
        total.add(figures)
    done = completeness(session, scope.of(_OBLIGATION, asked.first, asked.last), asked.as_of)
    lacks = lacking(rows, done, over=asked.last <= day_of(asked.as_of or now))
    return StatutoryFormOut(
        form=form.code, version=form.version, period=asked.period, regime=asked.regime, first=asked.first,
        last=asked.last, unit=asked.unit.code if asked.unit else None,
        unit_name=asked.unit.full_name if asked.unit else None,
        units=[UnitOfForm(code=one.code, name=one.full_name) for one in asked.several],
        kind=asked.kind, as_of=asked.as_of,
        cut_off=cut_off(session, scope, asked.first, asked.last, asked.as_of), completeness=done,
        complete=not lacks, lacks=lacks, layout=form, rows=rows,
        total=_row(form, total, field=None, number=None, label=translate("ui.sum", locale)),
    )  # fmt: skip


def lacking(rows: Sequence[StatutoryRow], done: Completeness, *, over: bool) -> list[LackOut]:
    """Return why figures are not final: differences of two fields do not make one another good."""
    counts = {
        Lack.period_not_over: 0 if over else 1,
        Lack.reports_missing: done.expected - done.received,
        Lack.difference: sum(abs(row.difference) for row in rows),
        Lack.unsplit: sum(row.c3 + row.c11 for row in rows if row.field == UNSPLIT),
    }
    return [LackOut(code=code, n=n) for code, n in counts.items() if n]


def units_of(reference: Reference, asked: Wanted) -> frozenset[int] | None:
    """Return the row numbers of the units that a form is of; None: all."""
    if picked := asked.several or ((asked.unit,) if asked.unit else ()):
        return frozenset(unit.id for unit in picked if unit.id)
    if asked.kind is not None:
        return frozenset(unit.id for unit in reference.units.values() if unit.kind == asked.kind)
    return None


def _row(form: FormLayout, figures: Figures, *, field: str | None, number: int | None, label: str) -> StatutoryRow:
    line = values(figures, form)
    return StatutoryRow(
        field=field, c1=number, c2=label, adjustments=figures.adjustments, difference=difference(line, form), **line
    )
