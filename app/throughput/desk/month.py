"""A unit's own month: each day's state, its figures, the rates against their targets, and what is to be explained."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field
from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import day_of
from app.procedures.rules import System
from app.throughput.desk.open_questions import OpenQuestion, open_questions
from app.throughput.forms import Reference
from app.throughput.obligations import service as obligations
from app.throughput.obligations.schemas import ObligationOut
from app.throughput.rules import SYSTEMS, Share
from app.throughput.schemas import RateOut
from app.throughput.summary import service as summary
from app.throughput.summary.schemas import Completeness, GroupBy, SummaryRow
from app.throughput.summary.sums import month_end
from app.throughput.targets import TARGETED, meets
from app.throughput.timing import State, worst
from app.units.models import Unit

MONTH = r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$"


class MonthSystem(BaseModel):
    """Where one system's report of a day stands."""

    system: Annotated[System, Field(description="Source system")]
    state: Annotated[State, Field(description="Where it stands")]


class MonthDay(BaseModel):
    """A day of the month; figures are null without a received report."""

    day: date
    is_working_day: bool
    state: Annotated[State | None, Field(description="The worst of its systems; null: nothing is owed")]
    systems: list[MonthSystem]
    received: int | None
    resolved: int | None
    pending: int | None


class RateAgainstTarget(RateOut):
    """A rate of the month beside its target."""

    rate: Annotated[str, Field(description="online, on_time or overdue")]
    target: float
    at_least: Annotated[bool, Field(description="Whether the target is the least it should be, or the most")]
    met: Annotated[bool | None, Field(description="null: there is no rate")]


class UnitMonthOut(BaseModel):
    """A unit's month."""

    unit: str
    unit_name: str
    month: Annotated[str, Field(description="ISO: 2026-11")]
    first: date
    last: date
    today: date
    cut_off: Annotated[datetime | None, Field(description="Latest moment until which any report counted")]
    completeness: Annotated[Completeness, Field(description="Of the days so far")]
    days: list[MonthDay]
    total: SummaryRow
    rates: list[RateAgainstTarget]
    questions: Annotated[list[OpenQuestion], Field(description="Without a reason; adjustments are `opening_gap`")]


def month(session: Session, caller: Caller, unit: Unit, wanted: str | None, now: datetime) -> UnitMonthOut:
    """Return a unit's month, the current one by default."""
    assert unit.id is not None
    reference, today = Reference.read(session), day_of(now)
    first = date.fromisoformat(f"{wanted}-01") if wanted else today.replace(day=1)
    last = month_end(first, 1)
    so_far = min(last, today) if first <= today else last
    question = summary.Question(first, so_far, GroupBy.day, unit)
    figures = summary.summarise(session, caller, question, now, "vi")
    owed = obligations.listing(session, caller, obligations.Wanted(unit, first=first, last=last), now, None).items
    return UnitMonthOut(
        unit=unit.code,
        unit_name=unit.name,
        month=f"{first:%Y-%m}",
        first=first,
        last=last,
        today=today,
        cut_off=figures.cut_off,
        completeness=figures.completeness,
        days=_days(reference, unit.id, first, last, owed, {row.key: row for row in figures.rows}),
        total=figures.total,
        rates=_rates(reference, figures.total),
        questions=open_questions(session, reference, unit, first, last, now),
    )


def _days(
    reference: Reference, unit_id: int, first: date, last: date, owed: list[ObligationOut], rows: dict[str, SummaryRow]
) -> list[MonthDay]:
    calendar = reference.calendar(unit_id)
    by_day: dict[date, list[ObligationOut]] = {}
    for one in sorted(owed, key=lambda o: SYSTEMS.index(o.system)):
        by_day.setdefault(one.day, []).append(one)
    out = []
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(number)
        systems, row = by_day.get(day, []), rows.get(day.isoformat())
        out.append(
            MonthDay(
                day=day,
                is_working_day=calendar.is_working_day(day),
                state=worst(o.state for o in systems) if systems else None,
                systems=[MonthSystem(system=o.system, state=o.state) for o in systems],
                received=row.received if row else None,
                resolved=row.resolved if row else None,
                pending=row.pending if row else None,
            )
        )
    return out


def _rates(reference: Reference, total: SummaryRow) -> list[RateAgainstTarget]:
    out = []
    for name, at_least in TARGETED:
        rate: RateOut = getattr(total.rates, name)
        points: int = getattr(reference.form, f"target_{name}")
        met = meets(Share(rate.numerator, rate.denominator), points, at_least=at_least)
        out.append(
            RateAgainstTarget(**rate.model_dump(), rate=name, target=points / 10_000, at_least=at_least, met=met)
        )
    return out
