"""How old gaps are, and how many were explained in time: worked out of the history, for any moment."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import select, union_all
from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import at, day_of
from app.portal.gaps.rules import (
    BEGUN,
    STANDING,
    AgeGroup,
    Episode,
    Explaining,
    GapChange,
    Step,
    age,
    age_group,
    episodes,
    explaining,
)
from app.portal.gaps.schemas import AgeingBy, AgeingPage, AgeingRow
from app.portal.gaps.writing import EVENT, GAP, GAP_TABLE
from app.throughput.forms import Reference
from app.units.models import Unit


@dataclass
class _Sums:
    ages: Counter[AgeGroup] = field(default_factory=Counter)
    explained: Counter[Explaining] = field(default_factory=Counter)
    unexplained: int = 0

    def row(self, key: str, label: str) -> AgeingRow:
        in_time = self.explained[Explaining.in_time]
        asked = in_time + self.explained[Explaining.late]
        return AgeingRow(
            key=key, label=label, standing=self.ages.total(), unexplained=self.unexplained,
            **{group.value: self.ages[group] for group in AgeGroup}, explained_in_time=in_time, asked=asked,
            share=in_time / asked if asked else None, over_before=self.explained[Explaining.over_before],
            not_due=self.explained[Explaining.not_due],
        )  # fmt: skip


def report(
    session: Session, caller: Caller, *, first: date, last: date, unit: Unit | None, group_by: AgeingBy, until: datetime
) -> AgeingPage:
    """Return the ages of what stood at a moment, and how the gaps that began from `first` to `last` were explained."""
    reference = Reference.read(session)
    names = {one.id: (code, one.name) for code, one in reference.units.items()}
    sums: dict[tuple[str, str], _Sums] = defaultdict(_Sums)
    whole, today = _Sums(), day_of(until)
    for number, one in _episodes(session, caller, unit, first, last, until):
        month = f"{one.opened_on:%Y-%m}"
        calendar = reference.calendar(number)
        of = sums[names[number] if group_by is AgeingBy.unit else (month, month)]
        for each in (of, whole):
            if one.ended_on is None:
                each.ages[age_group(age(calendar, one.opened_on, today))] += 1
                each.unexplained += one.explained_on is None
            if first <= one.opened_on <= last:
                each.explained[explaining(one, calendar, today)] += 1
    order = {code: one.sort_key for code, one in reference.units.items()}
    rows = [of.row(*key) for key, of in sorted(sums.items(), key=lambda item: (order.get(item[0][0], ""), item[0]))]
    return AgeingPage.model_validate(
        {"from": first, "to": last, "group_by": group_by, "cut_off": until, "total": whole.row("total", ""),
         "rows": [row for row in rows if row.standing or row.asked or row.over_before or row.not_due]}
    )  # fmt: skip


def _episodes(
    session: Session, caller: Caller, unit: Unit | None, first: date, last: date, until: datetime
) -> Iterable[tuple[int, Episode]]:  # fmt: skip
    """Yield the times that gaps stood as known at a moment, with their unit.

    Read are only gaps that count: those that began in the period, and those that stood at the moment.
    """
    begun = select(EVENT.gap_id).where(
        EVENT.at >= at(first, time()), EVENT.at < at(last + timedelta(days=1), time()), EVENT.change.in_(BEGUN)
    )
    stood = select(GAP.id).where(GAP.first_opened_at <= until, GAP.closed_at > until)
    stands = select(GAP.id).where(GAP.state.in_(STANDING), GAP.first_opened_at <= until)
    query = (
        select(GAP.unit_id, GAP.id, EVENT.at, EVENT.change)
        .join(GAP_TABLE, GAP.id == EVENT.gap_id)
        .where(EVENT.at <= until, GAP.id.in_(union_all(begun, stood, stands)))
        .order_by(GAP.id, EVENT.version)
    )
    if caller.units is not None:
        query = query.where(GAP.unit_id.in_(caller.units))
    if unit is not None:
        query = query.where(GAP.unit_id == unit.id)
    histories: dict[tuple[int, int], list[Step]] = defaultdict(list)
    for of_unit, number, moment, change in session.execute(query):
        histories[of_unit, number].append(Step(day_of(moment), GapChange(change)))
    for (of_unit, _), history in histories.items():
        for one in episodes(history):
            yield of_unit, one
