"""A unit's tasks as its people need them: what is late, due, returned, awaited, and what runs."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described
from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import day_of
from app.tasks.asking.lists import questions
from app.tasks.asking.schemas import TaskQuestionOut
from app.tasks.listing import listing
from app.tasks.narrowing import Filters
from app.tasks.rules import DUE_SOON, Bucket, TaskRole, TaskStatus
from app.tasks.schemas import TaskItem
from app.units.models import Unit


class DeskGroup(StrEnum):
    """What a unit has to do with some of its tasks now."""

    late = "late"
    returned = "returned"
    due = "due"
    running = "running"
    awaiting = "awaiting"
    helping = "helping"


class DeskPart(BaseModel):
    """Some tasks of a unit, most urgent first."""

    group: Annotated[
        DeskGroup,
        Described(
            description="late (quá hạn, chậm cập nhật) | returned (bổ sung) | due (sắp đến hạn) | running (đang "
            "thực hiện) | awaiting (chờ xác nhận) | helping (phối hợp)"
        ),
    ]
    items: list[TaskItem]


class TaskDesk(BaseModel):
    """A unit's tasks that are not finished, by what is to be done."""

    unit: str
    unit_name: str
    day: date
    questions: Annotated[list[TaskQuestionOut], Described(description="To be explained by the unit, by due day")]
    done: Annotated[int, Described(description="Tasks the unit leads that are completed")]
    helped: Annotated[int, Described(description="Tasks the unit coordinates that are completed")]
    total: Annotated[
        int, Described(description="All tasks the unit leads or coordinates, as the list of tasks has them")
    ]
    parts: Annotated[list[DeskPart], Described(description="In the order of urgency; empty ones are left out")]


_LATE = (Bucket.overdue, Bucket.regular_overdue)
_DONE = (Bucket.completed_on_time, Bucket.completed_late, Bucket.cancelled)


def desk(session: Session, caller: Caller, unit: Unit, now: datetime) -> TaskDesk:
    """Return a unit's tasks by what is to be done."""
    led = listing(session, caller, None, filters=Filters(unit=unit, role=TaskRole.lead), as_of=None, now=now).items
    helped = listing(
        session, caller, None, filters=Filters(unit=unit, role=TaskRole.coordinating), as_of=None, now=now
    ).items
    groups: dict[DeskGroup, list[TaskItem]] = {group: [] for group in DeskGroup}
    done = 0
    for item in led:
        if item.bucket in _DONE:
            done += item.bucket is not Bucket.cancelled
        else:
            groups[_group(item)].append(item)
    groups[DeskGroup.helping] = [item for item in helped if item.bucket not in _DONE]
    parts = [
        DeskPart(group=group, items=sorted(items, key=lambda i: (i.days_left is None, i.days_left or 0, i.code)))
        for group, items in groups.items()
        if items
    ]
    asked = questions(session, caller, None, unit=unit, state=None, now=now, waiting=True).items
    finished = sum(item.bucket in _DONE and item.bucket is not Bucket.cancelled for item in helped)
    return TaskDesk(
        unit=unit.code, unit_name=unit.name, day=day_of(now), done=done, helped=finished,
        total=len({item.code for item in [*led, *helped]}), parts=parts, questions=asked,
    )  # fmt: skip


def _group(item: TaskItem) -> DeskGroup:
    if item.bucket in _LATE:
        return DeskGroup.late
    if item.status is TaskStatus.returned:
        return DeskGroup.returned
    if item.bucket is Bucket.awaiting_acceptance:
        return DeskGroup.awaiting
    owed_soon = item.bucket is Bucket.regular_on_schedule and (item.days_left or 99) <= DUE_SOON
    return DeskGroup.due if owed_soon or item.bucket is Bucket.due_soon else DeskGroup.running
