"""What the dashboard shows: each number with what it is made of, its days and its cut-off."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from app.dashboard.rules import SpanKind
from app.indicators.overview.schemas import MissedTarget, StandingCount
from app.portal.gaps.schemas import AgeingRow
from app.tasks.asking.schemas import BlockerItem
from app.tasks.schemas import TaskItem, UnitName
from app.tasks.summary.schemas import BucketCount
from app.throughput.board.schemas import Missing, SystemCount
from app.throughput.schemas import RateOut
from app.throughput.summary.schemas import Completeness

SPAN_KINDS = "day | week (ISO) | month | quarter | year"


class ServedFigures(BaseModel):
    """The dossiers of a stretch of days, both source systems together."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True, frozen=True)

    first: Annotated[date, Described(alias="from")]
    last: Annotated[date, Described(alias="to")]
    received: Annotated[int | None, Described(description="This and the rest are null where nobody reported")]
    resolved: int | None
    pending: Annotated[int | None, Described(description="In process at the end")]
    pending_overdue: Annotated[int | None, Described(description="Of these past their deadline")]
    on_time: RateOut | None
    overdue: RateOut | None
    online: RateOut | None


class ServedSpan(ServedFigures):
    """A day, week, month, quarter or year so far, beside what went before."""

    kind: Annotated[SpanKind, Described(description=SPAN_KINDS)]
    period: Annotated[str, Described(description="2026-11-20, 2026-W47, 2026-11, 2026-Q4 or 2026")]
    completeness: Completeness
    not_due: Annotated[int, Described(description="Of those expected the ones not in yet, their deadline ahead")]
    previous: Annotated[
        ServedFigures | None,
        Described(
            description="The period before, of a running one as many days; of a day the last one owed; null: no report"
        ),
    ]
    previous_begins: Annotated[
        date | None,
        Described(description="The first day of which anything is known, where the period before has days without"),
    ]
    week_before: Annotated[
        ServedFigures | None, Described(description="Of a day: the same weekday of the week before; null: no report")
    ]


class ServedDay(BaseModel):
    """A day of the series; null where nobody reported."""

    model_config = ConfigDict(frozen=True)

    day: date
    received: int | None
    resolved: int | None
    on_time: RateOut | None
    expected: Annotated[int, Described(description="Units that owe a report; 0: a day off")]
    complete: Annotated[int, Described(description="Of these all that is owed came in")]
    not_due: Annotated[int, Described(description="Of these not in yet, their deadline ahead")]


class ServedOut(BaseModel):
    """How people were served."""

    day: Annotated[date, Described(description="The last day that counts: the newest of which a deadline has passed")]
    cut_off: Annotated[datetime | None, Described(description="Latest moment until which any report counted")]
    spans: list[ServedSpan]
    series: Annotated[list[ServedDay], Described(description="The last 31 days up to the end of the first span")]


class ReportedOut(BaseModel):
    """Who reported the day, and who did not."""

    day: date
    completeness: Completeness
    systems: Annotated[list[SystemCount], Described(description="Each by itself: their deadlines differ")]
    missing: Annotated[list[Missing], Described(description="Units that are late with something, by name")]


class TasksNow(BaseModel):
    """Tasks as they stand now; of one unit those that it leads."""

    total: int
    buckets: Annotated[list[BucketCount], Described(description="All, in their order of precedence")]
    overdue: Annotated[list[TaskItem], Described(description="The longest overdue first, at most 20")]


class TargetsNow(BaseModel):
    """Indicators as they stand now, and which miss their target, or will."""

    place: Annotated[str, Described(description="`city`, or a unit's code")]
    owner: Annotated[str | None, Described(description="Only those that this unit answers for; null: all")]
    counts: list[StandingCount]
    judged: Annotated[int, Described(description="Of these, how many have a target and a figure to hold against it")]
    missed: list[MissedTarget]


class BlockersNow(BaseModel):
    """What stands in the way of tasks."""

    items: Annotated[list[BlockerItem], Described(description="Open ones, the oldest first, at most 5")]
    more: bool


class DashboardOut(BaseModel):
    """Five answers, and what stands in the way; a part is null where the caller may not read it, or it cannot be."""

    unit: UnitName | None
    field: Annotated[str | None, Described(description="Narrows what was served, nothing else")]
    period: Annotated[str | None, Described(description="Of what was served and reported; null: the newest")]
    served: ServedOut | None
    reported: ReportedOut | None
    tasks: TasksNow | None
    targets: TargetsNow | None
    gaps: Annotated[AgeingRow | None, Described(description="Explained in time: of those begun in the last 30 days")]
    blockers: BlockersNow | None
