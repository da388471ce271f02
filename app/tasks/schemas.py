"""What is sent and shown of tasks."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic import Field as Described
from pydantic_core import PydanticCustomError

from app.core import periods
from app.core.schemas import Day, Flag, Line
from app.tasks.rules import (
    TASK_CODE,
    Bucket,
    PercentSource,
    Precision,
    Rhythm,
    RollUp,
    TaskKind,
    TaskRole,
    TaskStatus,
    deadline_of,
)
from app.units.models import UnitCode

STATUS_WORDS = (
    "unclassified (chưa phân loại trong nguồn) | not_started (chưa triển khai) | in_progress (đang thực hiện) | "
    "awaiting_acceptance (chờ xác nhận hoàn thành) | returned (chưa chấp nhận) | completed (đã hoàn thành) | "
    "cancelled (dừng) | merged (gộp) | split (tách)"
)
BUCKET_WORDS = (
    "cancelled (dừng, gộp) | unclassified (chưa phân loại) | completed_on_time (hoàn thành đúng hạn) | completed_late "
    "(hoàn thành quá hạn) | regular_on_schedule (thường xuyên, đúng chu kỳ) | regular_overdue (thường xuyên, chậm cập "
    "nhật) | awaiting_acceptance (chờ xác nhận) | overdue (quá hạn) | due_soon (sắp đến hạn) | not_started (chưa triển "
    "khai) | on_schedule (trong hạn)"
)
KIND_WORDS = "dated (có thời hạn) | regular (thường xuyên)"
RHYTHM_WORDS = "week (tuần) | month (tháng) | quarter (quý) | half_year (sáu tháng) | year (năm)"
HEADLINE_WORDS = "original (thời hạn ban đầu) | approved (thời hạn sau gia hạn)"


def _one_lead(value: Any) -> Any:
    # Two units in one cell, as annexes have them: exactly one leads, the others coordinate.
    many = isinstance(value, list | tuple) or (isinstance(value, str) and any(sign in value for sign in ",;\n"))
    if many:
        raise PydanticCustomError("leads", "more than one lead unit", {"code": "two_leads"})
    return value


def _period(value: str) -> str:
    # The calendar judges, too: there is no 30 February.
    try:
        return deadline_of(periods.iso_of(value) or value).period
    except ValueError:
        raise PydanticCustomError("period", "not a period", {"code": "bad_period"}) from None


TaskCode = Annotated[Line, Described(pattern=f"^{TASK_CODE}$", max_length=60, examples=["KH02-017"])]
ProgrammeCode = Annotated[Line, Described(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$", max_length=30, examples=["centre"])]
Period = Annotated[
    Line, Described(max_length=periods.LONGEST, examples=["2026-Q4"],
                    description="A day, month, quarter or year, its last day is meant: `2026-12-15`, `2026-12`, "
                    "`2026-Q4`, `2026`, or as people write it: `15/12/2026`, `tháng 12/2026`, `quý IV/2026`"),
    AfterValidator(_period),
]  # fmt: skip
LeadUnit = Annotated[UnitCode, BeforeValidator(_one_lead)]
Position = Annotated[Line, Described(max_length=200, description="A position, never a person's name")]
Tag = Annotated[Line, Described(pattern=r"^[\w.-]{1,40}$", max_length=40)]
Link = Annotated[Line, Described(pattern=r"^https?://\S+$", max_length=1000, examples=["https://hue.gov.vn/van-ban/1"])]
Weight = Annotated[int, Described(strict=True, ge=1, le=1000)]
RowId = Annotated[int, Described(strict=True, ge=1, le=2**31 - 1)]


class Input(BaseModel):
    """What comes in: nothing but the named fields."""

    model_config = ConfigDict(extra="forbid")


class DocumentIn(Input):
    """The document that something rests on."""

    number: Annotated[Line, Described(min_length=1, max_length=120, examples=["215/TB-UBND"])]
    day: Annotated[Day, Described(description="Its date")]
    link: Link | None = None


class TaskIn(Input):
    """All of a task that an edit may change; kind, state and deadline have acts of their own."""

    title: Annotated[Line, Described(min_length=1, max_length=1000)]
    directive: Annotated[RowId, Described(description="Number of the assigning document")]
    clause: Annotated[Line | None, Described(max_length=60, description="Label of its clause")] = None
    phase: Annotated[Line | None, Described(max_length=30, description="Code of a phase of the programme")] = None
    lead_unit: LeadUnit
    coordinating_units: Annotated[list[UnitCode], Described(max_length=100)] = []
    accountable_position: Position | None = None
    responsible_position: Position | None = None
    product: Annotated[Line | None, Described(max_length=1000)] = None
    authority: Annotated[Line | None, Described(max_length=500)] = None
    rhythm: Annotated[Rhythm | None, Described(description=f"Of a regular task: {RHYTHM_WORDS}")] = None
    deadline: Annotated[Period | None, Described(description="May be set once; later ones are extensions")] = None
    centre_code: Annotated[Line | None, Described(max_length=60, description="The centre's number")] = None
    tags: Annotated[list[Tag], Described(max_length=20)] = []
    weight: Weight = 1
    parent: Annotated[TaskCode | None, Described(description="One level deep")] = None
    roll_up: Annotated[
        RollUp, Described(description="own (theo đơn vị chủ trì) | children (theo các nhiệm vụ con)")
    ] = RollUp.own


class TaskNew(TaskIn):
    """A task as it is added; its scope entry rests on the directive, or on a document of its own."""

    code: TaskCode
    programme: ProgrammeCode
    kind: Annotated[TaskKind, Described(description=KIND_WORDS)] = TaskKind.dated
    unclassified: Annotated[Flag, Described(description="The source gives no state")] = False
    document: Annotated[DocumentIn | None, Described(description="What added it, where not the directive")] = None


class UnitName(BaseModel):
    """A unit by code and name."""

    code: str
    name: str


class DeadlineOut(BaseModel):
    """A deadline as written, and the last day it means."""

    period: str
    day: date
    precision: Annotated[Precision, Described(description="day | month | quarter | year")]


class PercentOut(BaseModel):
    """How much is done, and who says so."""

    value: int
    source: Annotated[
        PercentSource,
        Described(description="milestones (theo mốc) | children (theo nhiệm vụ con) | declared (tự khai)"),
    ]


class IndicatorPercent(BaseModel):
    """How much of its target the indicator has reached that a task takes its percentage from."""

    indicator: str
    value: int


class TaskItem(BaseModel):
    """A task in a list, as it stood at the moment asked for."""

    code: str
    title: str
    programme: str
    phase: str | None
    directive: int
    directive_number: str
    clause: str | None
    parent: str | None
    centre_code: str | None
    lead_unit: UnitName
    role: Annotated[TaskRole | None, Described(description="What the caller's own unit is in it")]
    accountable_position: str | None
    kind: Annotated[TaskKind, Described(description=KIND_WORDS)]
    rhythm: Annotated[Rhythm | None, Described(description=RHYTHM_WORDS)]
    status: Annotated[TaskStatus, Described(description=STATUS_WORDS)]
    bucket: Annotated[Bucket, Described(description=BUCKET_WORDS)]
    deadline: Annotated[DeadlineOut | None, Described(description="The original one")]
    approved_deadline: Annotated[DeadlineOut | None, Described(description="The last extension's")]
    update_due: Annotated[date | None, Described(description="Last day for a regular task's next update")]
    days_left: Annotated[int | None, Described(description="To the counted deadline or update; negative: days late")]
    warning: Annotated[int | None, Described(description="7, 3 or 1 days before the deadline")]
    percent: PercentOut | None
    indicator_percent: Annotated[
        IndicatorPercent | None,
        Described(description="Beside its own, of the indicator that gives it one; not as of a moment of the past"),
    ] = None
    last_update_at: datetime | None
    version: int


class TaskPage(BaseModel):
    """Some tasks by code, and the cursor of the next ones."""

    as_of: datetime
    items: list[TaskItem]
    next: str | None
    complete_until: Annotated[
        datetime | None,
        Described(
            description="Ask for `updated_since` this moment the next time: nothing is missed then; "
            "null without `updated_since`"
        ),
    ]
