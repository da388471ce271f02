"""Units ranked by a rate over a period, with how sure each rate is and what moved since the period before."""

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlmodel import Session

from app.core import hot
from app.core.text import has_words
from app.throughput.forms import Reference
from app.throughput.models import Obligation
from app.throughput.ranking.rules import PROPORTIONS, Rate, changes, ranks, wilson
from app.throughput.rules import Figures, Share, rates
from app.throughput.schemas import RateOut, rate_out
from app.throughput.summary.owed import completeness, cut_off
from app.throughput.summary.schemas import Completeness
from app.throughput.summary.service import judge_period, source_of
from app.throughput.summary.sums import Scope

_OBLIGATION = hot.table(Obligation)


class IntervalOut(BaseModel):
    """Where a proportion may truly lie, at 95 %."""

    low: float
    high: float


class RankChangeOut(BaseModel):
    """Places gained since the previous period; below zero: lost."""

    rank: Annotated[int, Field(description="Previous rank − rank: own and others together")]
    own: Annotated[int, Field(description="What the unit's new rate brings it against the others' previous rates")]
    others: Annotated[int, Field(description="What the others' new rates did to it")]


class RankedOut(BaseModel):
    """One unit's rate and rank."""

    unit: str
    name: str
    rank: Annotated[int | None, Field(description="null: nothing counted, or fewer than the minimum base")]
    numerator: int
    denominator: int
    value: float | None
    interval: Annotated[IntervalOut | None, Field(description="Wilson, 95 %; null where the rate is no proportion")]
    change: Annotated[RankChangeOut | None, Field(description="null: no rank in one of the two periods")]


class RankingOut(BaseModel):
    """Units ranked by a rate, best first; those without a rank after them."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    rate: Annotated[Rate, Field(description="What is ranked; the lower is better for `overdue` alone")]
    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    previous_first: Annotated[date, Field(alias="previous_from", description="The period before, of the same length")]
    previous_last: Annotated[date, Field(alias="previous_to")]
    minimum_base: Annotated[int, Field(description="Least denominator for a rank")]
    as_of: Annotated[datetime | None, Field(description="The figures as known then; null: now")]
    cut_off: Annotated[datetime | None, Field(description="Latest moment until which any report counted")]
    completeness: Completeness
    city: Annotated[RateOut, Field(description="The rate of all units together, however few are listed")]
    items: list[RankedOut]


def ranking(
    session: Session, rate: Rate, first: date, last: date, as_of: datetime | None, q: str | None = None
) -> RankingOut:
    """Return all units that owe reports or have figures, ranked; raises Invalid for a period that cannot be summed.

    `q`: only units so named are listed, each with its rank among all.
    """
    judge_period(first, last, as_of)
    length = last - first
    before_last = first - timedelta(days=1)
    before_first = before_last - length
    reference, scope = Reference.read(session), Scope(None, None, None)
    now = _shares(session, scope, rate, first, last, as_of)
    before = _shares(session, scope, rate, before_first, before_last, as_of)
    owing = session.scalars(select(_OBLIGATION.c.unit_id).where(*scope.of(_OBLIGATION, first, last)).distinct())
    shares = {unit_id: Share(0, 0) for unit_id in owing} | now
    whole = Share(sum(share.numerator for share in now.values()), sum(share.denominator for share in now.values()))
    base = reference.form.minimum_base
    places, moved = ranks(now, rate, base), changes(now, before, rate, base)
    units = {unit.id: unit for unit in reference.units.values()}
    last_place = len(shares) + 1
    ordered = sorted(shares, key=lambda key: (places.get(key, last_place), units[key].sort_key, units[key].code))
    return RankingOut(
        rate=rate, first=first, last=last, previous_first=before_first, previous_last=before_last, minimum_base=base,
        as_of=as_of, cut_off=cut_off(session, scope, first, last, as_of),
        completeness=completeness(session, scope.of(_OBLIGATION, first, last), as_of), city=rate_out(whole),
        items=[
            _ranked(units[key].code, units[key].name, rate, shares[key], places.get(key), moved.get(key))
            for key in ordered
            if q is None or has_words(f"{units[key].name} {units[key].code}", q)
        ],
    )  # fmt: skip


def _shares(
    session: Session, scope: Scope, rate: Rate, first: date, last: date, as_of: datetime | None
) -> dict[int, Share]:
    sums: dict[int, Figures] = source_of(session, scope, first, last, as_of).sums(first, last, "unit_id")
    return {unit_id: rates(figures)[rate.value] for unit_id, figures in sums.items()}


def _ranked(
    unit: str, name: str, rate: Rate, share: Share, rank: int | None, change: tuple[int, int, int] | None
) -> RankedOut:
    interval = wilson(share) if rate in PROPORTIONS else None
    return RankedOut(
        unit=unit, name=name, rank=rank, numerator=share.numerator, denominator=share.denominator, value=share.value,
        interval=IntervalOut(low=interval.low, high=interval.high) if interval else None,
        change=RankChangeOut(rank=change[0], own=change[1], others=change[2]) if change else None,
    )  # fmt: skip
