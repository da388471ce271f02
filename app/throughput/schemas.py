"""What is sent and shown of daily reports."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from app.core.files import FileId, FileOut
from app.core.schemas import Count, Flag, Line, Moment, Prose
from app.procedures.rules import System
from app.throughput.approvals.rules import ReportStatus
from app.throughput.rules import MAX_COUNT, Figures, ReasonCode, Share, WarningCode, rates
from app.throughput.rules import Line as Counts
from app.throughput.timing import Deadlines

FieldCode = Annotated[Line, Field(min_length=1, max_length=35, examples=["HT"])]
MemoCode = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]


class LineIn(BaseModel):
    """One field's counts; `carried_over` and `pending_in_time` may be absent: they are worked out."""

    model_config = ConfigDict(extra="forbid")
    # In a form, a row in which nothing but this was given is no line.
    form_key: ClassVar[tuple[str, ...]] = ("field",)

    field: FieldCode
    carried_over: Count | None = None
    received_online: Count
    received_counter: Count
    received_post: Annotated[Count | None, Field(description="null: not split from the counter")] = None
    resolved_early: Count
    resolved_on_time: Annotated[Count, Field(description="Includes dossiers without a due date, and withdrawn ones")]
    resolved_overdue: Count
    withdrawn: Annotated[Count, Field(description="Part of resolved_on_time")] = 0
    pending_in_time: Count | None = None
    pending_overdue: Count
    # A factory: a default of its own is copied deeply for each of thousands of lines.
    memo: Annotated[
        dict[MemoCode, Count], Field(default_factory=dict, max_length=20, json_schema_extra={"default": {}})
    ]


class ReasonIn(BaseModel):
    """The typed answer to one warning, of one field or of the whole report."""

    model_config = ConfigDict(extra="forbid")
    # A question left without a reason does not block.
    form_key: ClassVar[tuple[str, ...]] = ("warning", "field", "amount")

    warning: Annotated[WarningCode, Field(description="The question that is answered")]
    field: FieldCode | None = None
    reason: Annotated[ReasonCode, Field(description="The typed reason")]
    amount: Annotated[
        int | None,
        Field(
            strict=True, ge=-2 * MAX_COUNT, le=2 * MAX_COUNT,
            description="For a field's opening_gap: the dossiers it speaks of; absent: the gap as it is now",
        ),
    ] = None  # fmt: skip
    counterpart: Annotated[Line | None, Field(max_length=35, description="Code of the other unit")] = None
    note: Annotated[Prose, Field(max_length=1000, description="Required when the reason is `other`")] = ""


class UnavailableIn(BaseModel):
    """That the source system could not be reached: not zero, not late."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Line, Field(min_length=1, max_length=500)]


class ReportIn(BaseModel):
    """A unit's day in one system, as it is sent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "counted_until": "2026-11-20T16:30:00+07:00",
                    "lines": [
                        {
                            "field": "HT", "received_online": 14, "received_counter": 2, "received_post": 0,
                            "resolved_early": 9, "resolved_on_time": 4, "resolved_overdue": 0, "pending_overdue": 0,
                        }
                    ],
                }
            ]
        },
    )  # fmt: skip

    counted_until: Annotated[
        Moment | None, Field(description="Until when was counted; absent: the cut-off, or now if earlier")
    ] = None
    partial_day: Annotated[Flag, Field(description="Counts of a part of the day; never meets the obligation")] = False
    unavailable: Annotated[UnavailableIn | None, Field(description="Then there are no lines")] = None
    lines: Annotated[list[LineIn] | None, Field(max_length=200, description="A line of zeros is as no line")] = None
    note: Annotated[Prose, Field(max_length=1000)] = ""
    reasons: Annotated[list[ReasonIn], Field(max_length=300)] = []
    evidence: Annotated[
        list[FileId], Field(max_length=5, description="Numbers of the kept files that the figures came from")
    ] = []
    carry_forward: Annotated[
        Flag, Field(description="Add what the close changes by to the later days that are still open")
    ] = False


class ReportsIn(BaseModel):
    """Both systems of a unit's day at once; an absent one is not sent."""

    model_config = ConfigDict(extra="forbid")

    city: ReportIn | None = None
    ministry: ReportIn | None = None

    @property
    def sent(self) -> dict[System, ReportIn]:
        """What is sent, by system."""
        both = {System.CITY: self.city, System.MINISTRY: self.ministry}
        return {system: one for system, one in both.items() if one is not None}


class RateOut(BaseModel):
    """A rate with what it rests on; `value` is null when the denominator is zero."""

    model_config = ConfigDict(frozen=True)

    numerator: int
    denominator: int
    value: float | None


class RatesOut(BaseModel):
    """The rates of DOMAIN: each with numerator and denominator."""

    online: RateOut
    on_time: RateOut
    overdue: RateOut
    settlement: RateOut
    qd766_progress: RateOut


class CountsOut(BaseModel):
    """The columns of the daily report."""

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


class LineOut(CountsOut):
    """One field's counts as they stand."""

    field: str
    memo: dict[str, int]


class TotalsOut(CountsOut):
    """Sums of the columns, with the three subtotals."""

    received: int
    resolved: int
    pending: int
    post_split: Annotated[str, Field(description="`full`, or `partial`: some lines do not split post from counter")]


class ReasonOut(BaseModel):
    """A typed reason as it was given; `amount` is the adjustment it explains."""

    warning: Annotated[WarningCode, Field(description="The question that is answered")]
    field: str | None
    reason: Annotated[ReasonCode, Field(description="The typed reason")]
    amount: int | None
    counterpart: str | None
    note: str


class WarningOut(BaseModel):
    """A question about the report, and whether it has its reason."""

    code: Annotated[WarningCode, Field(description="The question")]
    field: str | None
    values: dict[str, int]
    answered: bool


class WordsOut(BaseModel):
    """Words in three languages."""

    vi: str
    en: str
    fr: str


class DeadlinesOut(BaseModel):
    """The moments that judge a day."""

    cut_off_at: datetime
    due_at: datetime
    grace_until: datetime
    locks_at: datetime


class DayOffOut(BaseModel):
    """A day that nobody works, between a day and its deadline."""

    day: date
    name: Annotated[WordsOut | None, Field(description="Of a holiday; null: a weekend, or a unit's own closure")]


class UnavailableOut(BaseModel):
    """Why the source system could not be reached."""

    reason: str


class CarriedOut(BaseModel):
    """How far the change of a close was carried."""

    days: Annotated[list[date], Field(description="The later days that follow it, each with a new revision")]
    stopped_at: Annotated[
        date | None,
        Field(description="The first day that does not follow in every field: there the rest shows as an adjustment"),
    ]


class ReportOut(BaseModel):
    """A report as it stands, or as it was known at `as_of`."""

    unit: str
    day: date
    system: Annotated[System, Field(description="Source system: the city's, or the ministries'")]
    version: Annotated[int, Field(description="The current version: what If-Match wants")]
    revision: Annotated[int, Field(description="The revision shown")]
    receipt: Annotated[str, Field(description="Number of the receipt")]
    status: Annotated[ReportStatus, Field(description="How far it has come")]
    timeliness: Annotated[str | None, Field(description="`on_time` or `late` once complete; null before, or not owed")]
    received_at: Annotated[datetime, Field(description="When this revision was received")]
    sent_by: str
    counted_until: datetime
    partial_day: bool
    unavailable: UnavailableOut | None
    lines: list[LineOut]
    note: str
    reasons: list[ReasonOut]
    totals: TotalsOut
    rates: RatesOut
    warnings: list[WarningOut]
    evidence: Annotated[list[FileOut], Field(description="The files that the figures came from")]
    door: Annotated[str, Field(description="How it came: people, api, or demo (made up)")]
    deadlines: DeadlinesOut
    carried: Annotated[CarriedOut | None, Field(description="What `carry_forward` did; null in every other answer")]


class ReportsOut(BaseModel):
    """Both systems of a unit's day; null: not sent."""

    unit: str
    unit_name: str
    day: date
    version: Annotated[str, Field(description="Versions of both, `city-ministry`; 0: not sent")]
    city: ReportOut | None
    ministry: ReportOut | None


def rate_out(share: Share) -> RateOut:
    """Return a rate as it is shown."""
    return RateOut(numerator=share.numerator, denominator=share.denominator, value=share.value)


def rates_out(figures: Figures | Counts) -> RatesOut:
    """Return the rates of some figures."""
    return RatesOut(**{name: rate_out(share) for name, share in rates(figures).items()})


def totals_out(figures: Figures) -> TotalsOut:
    """Return the sums of one report."""
    return TotalsOut(
        **{column: getattr(figures, column) for column in CountsOut.model_fields},
        received=figures.received,
        resolved=figures.resolved,
        pending=figures.pending,
        post_split="partial" if figures.post_unsplit else "full",
    )


def deadlines_out(d: Deadlines) -> DeadlinesOut:
    """Return deadlines as they are shown."""
    return DeadlinesOut(cut_off_at=d.cut_off_at, due_at=d.due_at, grace_until=d.grace_until, locks_at=d.locks_at)
