"""Sums of tasks as they are shown."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.tasks.rules import Bucket, Headline, Point
from app.tasks.schemas import BUCKET_WORDS, HEADLINE_WORDS, UnitName


class BucketCount(BaseModel):
    """A bucket and how many tasks stand in it."""

    bucket: Annotated[Bucket, Described(description=BUCKET_WORDS)]
    count: int


class TaskShare(BaseModel):
    """A part of all tasks: never a bare percentage."""

    numerator: int
    denominator: int
    value: Annotated[float | None, Described(description="null: nothing to divide by")]


class TaskSummary(BaseModel):
    """Tasks counted at a moment: each in exactly one bucket; the total includes cancelled and merged ones."""

    as_of: datetime
    programme: str | None
    headline: Annotated[Headline | None, Described(description=f"null: several programmes. {HEADLINE_WORDS}")]
    total: int
    sum: Annotated[int, Described(description="Of all buckets: always the total")]
    buckets: Annotated[list[BucketCount], Described(description="All buckets, in their order of precedence")]
    completed: TaskShare
    completed_on_time: Annotated[TaskShare, Described(description="Of the completed ones")]
    regular: TaskShare
    under_way: Annotated[
        TaskShare, Described(description="awaiting_acceptance, overdue, due_soon, not_started and on_schedule together")
    ]


class GapItem(BaseModel):
    """A task and what its six clear points still lack."""

    code: str
    title: str
    programme: str
    lead_unit: UnitName
    missing: Annotated[
        list[Point],
        Described(
            description="person (rõ người) | work (rõ việc) | time (rõ thời gian) | responsibility (rõ trách nhiệm) | "
            "product (rõ sản phẩm) | authority (rõ thẩm quyền)"
        ),
    ]


class GapCount(BaseModel):
    """A point and how many tasks lack it."""

    point: Point
    count: int


class GapPage(BaseModel):
    """Tasks that lack some of the six clear points, by code, and the cursor of the next ones."""

    total: Annotated[int, Described(description="Tasks that still stand, all of them")]
    lacking: int
    points: list[GapCount]
    items: list[GapItem]
    next: str | None
