"""The daily report as a reporting regime in law, kept by the city: shown, changed, and what follows from a change."""

import math
import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError
from sqlmodel import Session

from app.core import audit, stamps, versions
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.schemas import Count, Line, Prose
from app.throughput.forms import DAILY, STAMP, kinds_of
from app.throughput.models import ReportForm
from app.throughput.obligations import making as obligations
from app.units.rules import UnitKind

# A deadline lies at most some working days after its day, the longest holidays between.
REACH = timedelta(days=15)


def _clock(value: Any) -> Any:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return time.fromisoformat(value)
    raise PydanticCustomError("clock", "not a time of day", {"code": "required" if value is None else "bad_clock"})


def _share(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("share", "missing", {"code": "required"})
    if isinstance(value, bool):
        raise PydanticCustomError("share", "no number", {"code": "number_boolean"})
    if isinstance(value, str):
        raise PydanticCustomError("share", "no number", {"code": "number_text"})
    if isinstance(value, float) and math.isnan(value):
        raise PydanticCustomError("share", "no number", {"code": "invalid_value"})
    if isinstance(value, float) and round(value, 4) != value:
        raise PydanticCustomError("share", "too exact", {"code": "too_many_decimals"})
    return value


Clock = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "examples": ["16:30"]}),
]
TargetShare = Annotated[float, Field(ge=0, le=1), BeforeValidator(_share)]
Title = Annotated[Line, Field(min_length=1, max_length=200)]
Text300 = Annotated[Line, Field(min_length=1, max_length=300)]


class Targets(BaseModel):
    """Targets as shares, of at most four decimals."""

    model_config = ConfigDict(extra="forbid")

    online: Annotated[TargetShare, Field(description="Least share of dossiers received online", examples=[0.8])]
    on_time: Annotated[TargetShare, Field(description="Least share resolved early or on time")]
    overdue: Annotated[TargetShare, Field(description="Largest share overdue; above it a report asks")]
    source: Annotated[Text300, Field(description="The document that sets them")]


class FollowUp(BaseModel):
    """What follows a report that is odd, or that does not come."""

    model_config = ConfigDict(extra="forbid")

    finding_days: Annotated[
        int, Field(strict=True, ge=1, le=30, description="Working days in which a finding is to be explained")
    ]
    large_correction: Annotated[
        int, Field(strict=True, ge=1, le=1_000_000, description="Dossiers moved after the deadline that are a finding")
    ]
    remind_before: Annotated[
        int, Field(strict=True, ge=0, le=480, description="Minutes before the deadline: the officer is reminded")
    ]
    remind_leader: Annotated[
        int, Field(strict=True, ge=0, le=1440, description="Minutes after the deadline: the unit's leader")
    ]
    remind_city: Annotated[int, Field(strict=True, ge=0, le=1440, description="Minutes after it: the city")]
    remind_again: Annotated[
        int, Field(strict=True, ge=1, le=1440, description="Least minutes between two reminders by hand")
    ]


class _Definition(BaseModel):
    title: Title
    contents: Annotated[Prose, Field(min_length=1, max_length=1000)]
    reporting_units: Annotated[
        list[UnitKind], Field(min_length=1, max_length=20, description="Kinds of units that owe it")
    ]
    receiving_unit: Title
    method: Text300
    frequency: Title
    cut_off_text: Annotated[Text300, Field(description="Until when figures count, in words")]
    outline: Annotated[Prose, Field(min_length=1, max_length=1000)]
    legal_basis: Annotated[Prose, Field(min_length=1, max_length=500)]
    city_cut_off: Annotated[Clock, Field(description="In Huế, like all of these")]
    city_due: Annotated[Clock, Field(description="The same day")]
    ministry_cut_off: Clock
    ministry_due: Annotated[Clock, Field(description="The next working day")]
    grace: Annotated[Clock, Field(description="The next working day: until then a correction needs no reason")]
    lock: Annotated[Clock, Field(description="So many working days later, nothing may be sent any more")]
    lock_days: Annotated[int, Field(strict=True, ge=1, le=30)]
    targets: Targets
    minimum_base: Annotated[Count, Field(description="Least number of dossiers for a rank")]


class FormIn(_Definition):
    """The whole definition, as it is to be."""

    model_config = ConfigDict(extra="forbid")

    follow_up: Annotated[FollowUp | None, Field(description="Absent: stays as it is")] = None


class FormOut(_Definition):
    """The definition of a report."""

    code: str
    version: int
    follow_up: FollowUp


def show(session: Session) -> FormOut:
    """Return the definition of the daily report."""
    return _out(session.get_one(ReportForm, DAILY))


def change(session: Session, caller: Caller, *, values: FormIn, if_match: str | None, now: datetime) -> FormOut:
    """Replace the definition; without effect when nothing differs.

    What is not due yet follows; a deadline that is over stays as it judged.
    """
    row = session.get_one(ReportForm, DAILY)
    session.refresh(row, with_for_update=True)
    before = _out(row)
    follow_up = values.follow_up = values.follow_up or before.follow_up
    values.reporting_units = [kind for kind in UnitKind if kind in values.reporting_units]
    if values.model_dump() == before.model_dump(exclude={"code", "version"}):
        return before
    versions.check_match(if_match, None, row.version, lambda: before)
    _refuse_disorder(values, follow_up)
    for name, value in (_columns(values) | follow_up.model_dump()).items():
        setattr(row, name, value)
    row.version += 1
    session.add(row)
    session.flush()
    after = _out(row)
    audit.record(
        session, "form.updated", f"forms/{DAILY}",
        before=before.model_dump(mode="json"), after=after.model_dump(mode="json"),
    )  # fmt: skip
    stamps.touch(session, STAMP)
    obligations.follow_form(session, day_of(now) - REACH, now)
    return after


def _refuse_disorder(values: FormIn, follow_up: FollowUp) -> None:
    faults = []
    if values.city_due < values.city_cut_off:
        faults.append(Fault("/city_due", "due_before_cut_off"))
    if values.lock_days == 1 and values.lock < max(values.ministry_due, values.grace):
        faults.append(Fault("/lock", "locked_before_due"))
    if follow_up.remind_city < follow_up.remind_leader:
        faults.append(Fault("/follow_up/remind_city", "city_before_leader"))
    if faults:
        raise Invalid(faults)


def _columns(values: FormIn) -> dict[str, Any]:
    columns = values.model_dump(exclude={"reporting_units", "targets", "follow_up"})
    targets = {name: round(getattr(values.targets, name) * 10_000) for name in ("online", "on_time", "overdue")}
    return columns | {
        "reporting_units": ", ".join(values.reporting_units),
        **{f"target_{name}": points for name, points in targets.items()},
        "target_source": values.targets.source,
    }


def _out(row: ReportForm) -> FormOut:
    columns = row.model_dump(exclude={"reporting_units"})
    shares = {name: columns.pop(f"target_{name}") / 10_000 for name in ("online", "on_time", "overdue")}
    return FormOut.model_validate(
        {
            **{name: value for name, value in columns.items() if name in FormOut.model_fields},
            "reporting_units": [kind for kind in UnitKind if kind in kinds_of(row)],
            "targets": {**shares, "source": columns["target_source"]},
            "follow_up": {name: columns[name] for name in FollowUp.model_fields},
        }
    )
