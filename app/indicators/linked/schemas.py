"""What is sent and shown of links between indicators and tasks."""

from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.core.schemas import Flag, Line
from app.indicators.rules import Standing
from app.indicators.schemas import Figure, GoalOut
from app.tasks.rules import Bucket
from app.tasks.schemas import BUCKET_WORDS, Input


class TaskLinkIn(Input):
    """The task that is to move the indicator."""

    task: Annotated[Line, Described(min_length=1, max_length=40, description="Its code")]
    gives_percent: Annotated[
        Flag | None,
        Described(
            description="The task takes its percentage from this indicator, and from no other; of a task that is linked"
            " already it says so anew, or takes it back. Absent: no"
        ),
    ] = None


class LinkedTask(BaseModel):
    """A task that moves an indicator."""

    code: str
    title: str
    bucket: Annotated[Bucket, Described(description=BUCKET_WORDS)]
    gives_percent: Annotated[bool, Described(description="The task takes its percentage from this indicator")]


class LinkedIndicator(BaseModel):
    """An indicator that a task moves, with how the city stands."""

    code: str
    name_vi: str
    name_en: str
    name_fr: str
    unit_of_measure: str
    value: Figure | None
    period: str | None
    goal: Annotated[GoalOut | None, Described(description="What the standing is held against")]
    standing: Standing
    stale: Annotated[bool, Described(description="Older than the indicator's expected age")]
    gives_percent: Annotated[bool, Described(description="The task takes its percentage from this one")]
    percent: Annotated[
        int | None, Described(description="How much of the target is reached; without one, the percentage itself")
    ]


class LinkedIndicatorPage(BaseModel):
    """The indicators that a task moves, by code."""

    items: list[LinkedIndicator]
    next: str | None
