"""The filters that every list and sum of tasks has in its address."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from sqlmodel import Session

from app.core import periods
from app.core.access import Caller
from app.core.db import Reading
from app.core.errors import NoUnit
from app.core.schemas import BLANK_IS_NONE, AsOf
from app.tasks.narrowing import Filters
from app.tasks.rules import TASK_CODE, Bucket, TaskLevel, TaskRole
from app.tasks.schemas import BUCKET_WORDS
from app.tasks.service import programme_by_code
from app.units import service as units
from app.units.rules import CODE_PATTERN

ProgrammeQuery = Annotated[
    str | None, Query(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$", max_length=30, description="A programme's code")
]
TaskCodeInPath = Annotated[str, Path(pattern=f"^{TASK_CODE}$", max_length=60, description="The task's code")]


def get_filters(
    session: Reading,
    unit: Annotated[str | None, Query(pattern=CODE_PATTERN, max_length=35, description="A unit's tasks")] = None,
    role: Annotated[TaskRole | None, Query(description="What that unit is in them: lead | coordinating")] = None,
    bucket: Annotated[Bucket | None, Query(description=BUCKET_WORDS)] = None,
    programme: ProgrammeQuery = None,
    phase: Annotated[str | None, Query(max_length=30, description="Code of a phase")] = None,
    directive: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Number of the assigning document")] = None,
    position: Annotated[str | None, Query(max_length=200, description="Accountable or responsible position")] = None,
    tag: Annotated[str | None, Query(max_length=40)] = None,
    deadline: Annotated[
        str | None, Query(pattern=f"^{periods.ISO}$", max_length=10, description="Original deadline in this period")
    ] = None,
    parent: Annotated[str | None, Query(pattern=f"^{TASK_CODE}$", max_length=60, description="Children of")] = None,
    level: Annotated[
        TaskLevel | None,
        Query(description="top: without children; all. Absent: top for the whole city, all for a unit or a parent"),
    ] = None,
    q: Annotated[
        str | None, Query(max_length=80, description="Words of code, title, product, diacritics aside"), BLANK_IS_NONE
    ] = None,
    updated_since: Annotated[AsOf | None, Query(description="Only tasks that changed since then")] = None,
) -> Filters:
    """Supply the filters of an address; raises Invalid for a unit or programme that is not known."""
    return Filters(
        unit=units.named(session, unit, "?unit") if unit else None, role=role, bucket=bucket,
        programme=programme_by_code(session, programme, "?programme") if programme else None, phase=phase or None,
        directive=directive, position=position or None, tag=tag or None, deadline=deadline, parent=parent, level=level,
        q=q, updated_since=updated_since,
    )  # fmt: skip


Filtered = Annotated[Filters, Depends(get_filters)]
AtMoment = Annotated[AsOf | None, Query(description="As it stood and was known then; a day means its end")]


def in_words(filters: Filters) -> dict[str, Any]:
    """Return the filters as they stand in an address, for a page's form and links."""
    plain = {name: getattr(value, "value", value) for name, value in vars(filters).items()}
    plain["unit"] = filters.unit.code if filters.unit else None
    plain["programme"] = filters.programme.code if filters.programme else None
    return plain


def named_unit(session: Session, caller: Caller, code: str | None) -> Any:
    """Return the unit that a page is about: the one named, else the caller's own."""
    code = code or caller.unit_code
    if code is None:
        raise NoUnit("/tasks")
    return units.visible_unit(session, caller, code)
