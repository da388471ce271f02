"""What another system sends of unit-days, and how it is answered and shown."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from app.core.errors import Fault, Problem, ProblemError
from app.core.faults import faults_of
from app.core.schemas import Count, Day, Line, Moment
from app.procedures.rules import System
from app.throughput.figures.rules import MEASURES, Basis

MAX_ITEMS = 200
BASIS_WORDS = "daily (of the day alone) | cumulative (totals from `since` to the day's end; stocks stay stocks)"
Source = Annotated[
    Line, Field(min_length=1, max_length=60, description="Name of the other system", examples=["one-gate"])
]


class FigureLineIn(BaseModel):
    """One field's counts, as far as the other system has them."""

    model_config = ConfigDict(extra="forbid")

    field: Annotated[Line, Field(min_length=1, max_length=200, description="Our code, or the source's own")]
    carried_over: Count | None = None
    received_online: Count | None = None
    received_counter: Count | None = None
    received_post: Annotated[Count | None, Field(description="Absent: counted with the counter")] = None
    resolved_early: Count | None = None
    resolved_on_time: Count | None = None
    resolved_overdue: Count | None = None
    withdrawn: Count | None = None
    pending_in_time: Count | None = None
    pending_overdue: Count | None = None

    @property
    def counts(self) -> dict[str, int]:
        """What is counted, by measure."""
        said = vars(self)
        return {measure: n for measure in MEASURES if (n := said[measure]) is not None}


class FigureDayIn(BaseModel):
    """What the other system says of one unit, day and source system."""

    model_config = ConfigDict(extra="forbid")

    unit: Annotated[Line, Field(min_length=1, max_length=200, description="Our code, or the source's own")]
    day: Day
    system: Annotated[System, Field(description="In whose software the dossiers lie")]
    counted_until: Annotated[Moment | None, Field(description="Absent: now")] = None
    lines: Annotated[list[FigureLineIn], Field(max_length=200, description="A field not named is not spoken of")]


class FiguresIn(BaseModel):
    """Unit-days of one other system; what cannot be read of one is told at that one, and the others are judged."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "source": "one-gate", "basis": "daily",
                    "items": [
                        {
                            "unit": "19789", "day": "2026-11-20", "system": "city",
                            "lines": [
                                {
                                    "field": "HT", "received_online": 14, "received_counter": 2, "resolved_early": 9,
                                    "resolved_on_time": 4, "resolved_overdue": 0, "pending_overdue": 0,
                                }
                            ],
                        }
                    ],
                }
            ]
        },
    )  # fmt: skip

    source: Source
    basis: Annotated[Basis, Field(description=BASIS_WORDS)]
    since: Annotated[Day | None, Field(description="cumulative: the day from which on is counted")] = None
    items: Annotated[list[FigureDayIn], Field(min_length=1, json_schema_extra={"maxItems": MAX_ITEMS})]

    _unread: dict[int, list[Fault]] = PrivateAttr(default_factory=dict)
    _places: list[int] = PrivateAttr(default_factory=list)
    _said: dict[int, dict[str, Any]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _read_what_can_be(cls, value: Any, handler: ModelWrapValidatorHandler["FiguresIn"]) -> "FiguresIn":
        items = value.get("items") if isinstance(value, dict) else None
        if isinstance(items, list) and len(items) > MAX_ITEMS:
            raise Problem("batch_too_large", status=413, values={"limit": MAX_ITEMS})
        try:
            return handler(value)
        except ValidationError as unreadable:
            errors = unreadable.errors()
            loose = [e for e in errors if not (e["loc"][:1] == ("items",) and len(e["loc"]) > 1)]
            if loose or not isinstance(value, dict):
                raise
        wrong = {int(error["loc"][1]) for error in errors}
        kept = [n for n in range(len(value["items"])) if n not in wrong]
        # Of nothing that can be read a stand-in is judged, so that all else of the body is.
        rest = [value["items"][n] for n in kept] or [{"unit": "-", "day": "2000-01-01", "system": "city", "lines": []}]
        read = handler({**value, "items": rest})
        read.items = read.items if kept else []
        read._places = kept
        for fault, error in zip(faults_of({**e, "loc": ("body", *e["loc"])} for e in errors), errors, strict=True):
            read._unread.setdefault(int(error["loc"][1]), []).append(fault)
        read._said = {n: _told(value["items"][n]) for n in wrong}
        return read

    @property
    def places(self) -> list[int]:
        """Where each item that could be read stood."""
        return self._places or list(range(len(self.items)))

    @property
    def unread(self) -> dict[int, list[Fault]]:
        """What is wrong with the items that could not be read."""
        return self._unread

    @property
    def said(self) -> dict[int, dict[str, Any]]:
        """What can be told of those."""
        return self._said


def _told(item: Any) -> dict[str, Any]:
    """Return by what an unreadable item is known again."""
    told = item if isinstance(item, dict) else {}
    unit, day, system = (told.get(name) for name in ("unit", "day", "system"))
    return {"unit": unit if isinstance(unit, str) else None, "day": day if isinstance(day, str) else None,
            "system": system if isinstance(system, str) else None}  # fmt: skip


class FigureStatus(StrEnum):
    """What became of a unit-day that was sent."""

    accepted = "accepted"
    unchanged = "unchanged"
    refused = "refused"


class ConfirmationStatus(StrEnum):
    """What became of the report that was to be made without a person."""

    confirmed = "confirmed"
    unchanged = "unchanged"
    refused = "refused"


class ConfirmationOut(BaseModel):
    """What became of the report that the unit's setting asks for; its figures are kept beside in any case."""

    status: Annotated[ConfirmationStatus, Field(description="confirmed | unchanged (it stands already) | refused")]
    code: Annotated[str | None, Field(description="Why it was refused; null otherwise")]
    errors: list[ProblemError]
    version: Annotated[int | None, Field(description="Of the report; null: refused")]


class FigureResultOut(BaseModel):
    """What became of one unit-day: all of it or nothing."""

    index: Annotated[int, Field(description="Its place in `items`")]
    unit: Annotated[str | None, Field(description="As it was sent")]
    day: str | None
    system: str | None
    status: Annotated[FigureStatus, Field(description="accepted | unchanged (it stands already) | refused")]
    code: Annotated[str | None, Field(description="Why it was refused: the fault's code, or `invalid` for several")]
    errors: list[ProblemError]
    version: Annotated[int | None, Field(description="Of what the source says of this day; null: refused")]
    confirmation: Annotated[ConfirmationOut | None, Field(description="null: a person is to confirm, or a dry run")]


class FiguresOut(BaseModel):
    """What became of each unit-day of a call."""

    source: str
    dry_run: bool
    accepted: int
    unchanged: int
    refused: int
    results: list[FigureResultOut]


class ProposedLineOut(BaseModel):
    """One field as a source counts it; null: it does not say."""

    field: str
    carried_over: int | None
    received_online: int | None
    received_counter: int | None
    received_post: int | None
    resolved_early: int | None
    resolved_on_time: int | None
    resolved_overdue: int | None
    withdrawn: int | None
    pending_in_time: int | None
    pending_overdue: int | None


class FigureDayOut(BaseModel):
    """What a source says of a unit's day and system, and how the report that stands differs."""

    unit: str
    name: str
    day: date
    system: Annotated[System, Field(description="In whose software the dossiers lie")]
    source: str
    version: int
    known_at: datetime
    sent_by: str
    counted_until: datetime | None
    basis: Annotated[Basis, Field(description="How the source counted; the lines are of the day alone")]
    since: date | None
    differences: Annotated[int | None, Field(description="Cells in which the report differs; null: none to compare")]
    confirmed: Annotated[bool, Field(description="It became the report without a person")]
    lines: list[ProposedLineOut]


class FigureDayPage(BaseModel):
    """What sources say, and the cursor of the next ones; `day` where one day was asked for: differences first."""

    day: date | None
    items: list[FigureDayOut]
    next: str | None
    complete_until: Annotated[
        datetime, Field(description="Ask for `updated_since` this moment the next time: nothing is missed then")
    ]


class FigureCellOut(BaseModel):
    """One figure of a source beside what the unit reported; `superseded` are older values, newest first."""

    system: Annotated[System, Field(description="In whose software the dossiers lie")]
    source: str
    field: str
    measure: str
    value: Annotated[int | None, Field(description="null: the source does not say it any more")]
    known_at: datetime
    said: Annotated[int | None, Field(description="By the report that stands; null: none to compare with")]
    differs: bool
    superseded: list[int]


class UnitFiguresOut(BaseModel):
    """All figures that sources give for a unit's day."""

    unit: str
    unit_name: str
    day: date
    differences: int
    cells: list[FigureCellOut]
