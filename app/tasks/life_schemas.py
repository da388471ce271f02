"""What is sent when a task's life moves on."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from app.core.schemas import Day, Line, Prose
from app.tasks.schemas import Link, RowId


class StartIn(BaseModel):
    """Work has begun."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[Prose | None, Described(max_length=2000)] = None


class ProposalIn(BaseModel):
    """The lead unit says that the task is done, with what proves it."""

    model_config = ConfigDict(extra="forbid")

    completed_on: Annotated[Day | None, Described(description="Absent: today")] = None
    result: Annotated[Prose, Described(min_length=1, max_length=2000, description="What was achieved")]
    evidence: Annotated[list[RowId], Described(max_length=20, description="Evidence that the task has already")] = []
    document: Annotated[Line | None, Described(max_length=120, description="Number of a document that proves it")] = (
        None
    )
    link: Link | None = None


class AcceptanceIn(BaseModel):
    """The issuing side accepts the proposal."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[Prose | None, Described(max_length=2000)] = None


class TaskReturnIn(BaseModel):
    """The issuing side wants more."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Prose, Described(min_length=1, max_length=2000)]
