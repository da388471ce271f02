"""What is said to the ledger of gaps, and how it is shown."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from app.core.schemas import Count, Prose
from app.portal.comparison.rules import Measure, Span
from app.portal.comparison.schemas import MEASURE_WORDS
from app.portal.gaps.rules import GapChange, GapOutcome, GapOwner, GapReason, GapState, GapSystem


class AgeingBy(StrEnum):
    """By what the ageing report is laid out."""

    unit = "unit"
    month = "month"


SPAN_WORDS = "day (with the one-gate system) | month | quarter | year (with the portal, to date)"
SYSTEM_WORDS = "city | ministry | both (the portal counts them together)"
STATE_WORDS = "open (wants a reason) | explained (has one, and still stands) | closed"
REASON_WORDS = (
    "late_sync | not_digitised (paper not yet digitised) | wrong_unit | received_for_others | duplicate | withdrawn | "
    "different_cut_off | unknown"
)
OWNER_WORDS = "ward_officer | ward_leader (of the gap's unit) | city_analyst"
OUTCOME_WORDS = "matched | gone (one side says nothing any more) | accepted | source_wrong | report_wrong"
CHANGE_WORDS = "opened | changed | explained | assigned | closed (by the analyst) | matched | gone | reopened"


class AlsoIn(BaseModel):
    """Another gap of the same day or period and source, with the version that was looked at."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[int, Described(strict=True, ge=1, le=2**31 - 1)]
    version: Annotated[int, Described(strict=True, ge=1, le=2**31 - 1)]


class GapExplanationIn(BaseModel):
    """Why two systems differ; `also`: other measures of the same day or period that have the same reason."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "late_sync"}]})

    reason: Annotated[GapReason, Described(description=REASON_WORDS)]
    note: Annotated[Prose, Described(max_length=1000)] = ""
    also: Annotated[list[AlsoIn], Described(max_length=10)] = []


class GapOwnerIn(BaseModel):
    """Whose a gap is from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"owner": "city_analyst"}]})

    owner: Annotated[GapOwner, Described(description=OWNER_WORDS)]
    note: Annotated[Prose, Described(max_length=1000)] = ""


class GapClosureIn(BaseModel):
    """How a gap that still stands ends, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"outcome": "accepted", "why": "Hai hệ thống chốt số khác giờ"}]},
    )

    outcome: Annotated[GapOutcome, Described(description="accepted | source_wrong | report_wrong")]
    why: Annotated[Prose, Described(min_length=1, max_length=1000)]


class ToleranceIn(BaseModel):
    """What two systems may differ by: so many dossiers, or a share of the larger count, whichever is more."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"dossiers": 2, "share": 0.01, "why": "Thống nhất tại cuộc họp ngày 20/11"}]},
    )

    dossiers: Count
    share: Annotated[float, Described(ge=0, le=0.2, description="Of the larger count, to a hundredth of a per cent")]
    why: Annotated[Prose, Described(min_length=1, max_length=1000)]


class ToleranceOut(BaseModel):
    """A version of the tolerance."""

    version: int
    dossiers: int
    share: float
    since: datetime
    by: str
    why: str


class RecountOut(BaseModel):
    """How far another tolerance has gone through the ledger; what it has not reached stands by the one before."""

    version: Annotated[int, Described(description="Of the tolerance")]
    begun_at: datetime
    compared: Annotated[int, Described(description="Days of other systems and periods of the portal so far")]
    total: Annotated[int, Described(description="Of so many")]
    changed: Annotated[int, Described(description="What happened to gaps by it so far")]


RECOUNT_WORDS = "null: the whole ledger is judged by the tolerance that counts"


class TolerancePage(BaseModel):
    """The tolerance that counts, and its versions, the newest first; version 0: as it came, never set."""

    dossiers: int
    share: float
    version: int
    items: list[ToleranceOut]
    recount: Annotated[RecountOut | None, Described(description=RECOUNT_WORDS)]


class PortalGapItem(BaseModel):
    """A count of a unit's day or period in which our reports and another system differ, or did."""

    id: int
    version: int
    unit: Annotated[str, Described(description="Our code")]
    name: str
    span: Annotated[Span, Described(description=SPAN_WORDS)]
    period: Annotated[str, Described(description="2026-11-20, 2026-11, 2026-Q4 or 2026")]
    first: date
    last: date
    system: Annotated[GapSystem, Described(description=SYSTEM_WORDS)]
    source: Annotated[str, Described(description="With whom we differ")]
    measure: Annotated[Measure, Described(description=MEASURE_WORDS)]
    ours: Annotated[int | None, Described(description="Of the unit's reports; null: not to be compared any more")]
    theirs: int | None
    gap: Annotated[int | None, Described(description="Ours less theirs")]
    state: Annotated[GapState, Described(description=STATE_WORDS)]
    owner: Annotated[GapOwner, Described(description=OWNER_WORDS)]
    age: Annotated[int, Described(description="Working days from its opening to now, or to its end")]
    opened_at: Annotated[datetime, Described(description="Last, where it came back")]
    first_opened_at: datetime
    reason: Annotated[GapReason | None, Described(description=REASON_WORDS)]
    note: str | None
    explained_at: datetime | None
    explained_by: str | None
    outcome: Annotated[GapOutcome | None, Described(description=OUTCOME_WORDS)]
    closed_at: datetime | None
    closed_by: Annotated[str | None, Described(description="null: by itself")]


class PortalGapPage(BaseModel):
    """Gaps, the oldest first; how many of all that the caller sees stand, and how many of them want a reason."""

    standing: int
    open: int
    recount: Annotated[RecountOut | None, Described(description=RECOUNT_WORDS)]
    items: list[PortalGapItem]
    next: str | None


class GapStepOut(BaseModel):
    """One step of a gap's history."""

    at: datetime
    change: Annotated[GapChange, Described(description=CHANGE_WORDS)]
    by: Annotated[str | None, Described(description="null: by itself, with the figures")]
    version: int
    ours: int | None
    theirs: int | None
    owner: Annotated[GapOwner, Described(description=OWNER_WORDS)]
    reason: Annotated[GapReason | None, Described(description=REASON_WORDS)]
    outcome: Annotated[GapOutcome | None, Described(description=OUTCOME_WORDS)]
    note: str | None


class PortalGapOut(PortalGapItem):
    """A gap with its history."""

    tolerance: Annotated[int, Described(description="Version by which it was judged last; 0: as it came")]
    may_explain: Annotated[bool, Described(description="The caller may give its reason now")]
    may_keep: Annotated[bool, Described(description="The caller may assign or close it now")]
    history: Annotated[list[GapStepOut], Described(description="Oldest first")]


class AgeingRow(BaseModel):
    """Gaps of a unit or a month: how old those are that stand, and how many were explained in time."""

    key: Annotated[str, Described(description="Code of the unit, or the month in which the gaps began; total: all")]
    label: str
    standing: Annotated[int, Described(description="At the cut-off, whenever they began; the next four add up to it")]
    to_1: Annotated[int, Described(description="For 0 or 1 working day")]
    to_3: Annotated[int, Described(description="For 2 or 3")]
    to_7: Annotated[int, Described(description="For 4 to 7")]
    more: Annotated[int, Described(description="For more than 7")]
    unexplained: Annotated[int, Described(description="Of those that stand: without a reason")]
    explained_in_time: Annotated[int, Described(description="Numerator: explained within 3 working days")]
    asked: Annotated[int, Described(description="Denominator: began in the period, and explained or older than that")]
    share: Annotated[float | None, Described(description="null: none was asked")]
    over_before: Annotated[int, Described(description="Over by themselves within 3 working days: no reason was due")]
    not_due: Annotated[int, Described(description="Still within their 3 working days")]


class AgeingPage(BaseModel):
    """How old gaps are and how many were explained within three working days, as known at a moment."""

    first: Annotated[date, Described(alias="from")]
    last: Annotated[date, Described(alias="to")]
    group_by: Annotated[AgeingBy, Described(description="unit | month")]
    cut_off: Annotated[datetime, Described(description="What came later is not in it")]
    rows: list[AgeingRow]
    total: AgeingRow
