"""What is sent of updates, evidence, milestones and extensions."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from app.core.schemas import Day, Flag, Line, Prose
from app.tasks.schemas import DocumentIn, Link, Period, RowId, Weight

Text = Annotated[Prose | None, Described(max_length=2000)]


class UpdateIn(BaseModel):
    """What a unit says of a task; with nothing but `on_track` it says that all goes as planned."""

    model_config = ConfigDict(extra="forbid")

    day: Annotated[Day | None, Described(description="Absent: today")] = None
    on_track: Annotated[Flag, Described(description="All goes as planned; says so in words where `done` is absent")] = (
        False
    )
    done: Annotated[Prose | None, Described(max_length=4000, description="Result so far")] = None
    causes: Annotated[Prose | None, Described(max_length=2000, description="Causes of delay")] = None
    difficulties: Text = None
    proposals: Text = None
    help: Annotated[Prose | None, Described(max_length=2000, description="Help asked for")] = None
    percent: Annotated[
        int | None, Described(strict=True, ge=0, le=100, description="Self-declared; refused where milestones say it")
    ] = None
    milestones: Annotated[
        list[Annotated[int, Described(strict=True, ge=1, le=50)]],
        Described(max_length=50, description="Numbers of milestones reached on that day"),
    ] = []
    evidence: Annotated[list[RowId], Described(max_length=20, description="Evidence that the task has already")] = []
    document: Annotated[Line | None, Described(max_length=120, description="Number of a document that proves it")] = (
        None
    )
    link: Link | None = None


class EvidenceIn(BaseModel):
    """A link or a document's number; a file comes as a form."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[Line, Described(min_length=1, max_length=300)]
    document: Annotated[Line | None, Described(max_length=120)] = None
    document_on: Day | None = None
    link: Link | None = None


class MilestoneIn(BaseModel):
    """A step with its weight."""

    model_config = ConfigDict(extra="forbid")

    form_key: ClassVar[tuple[str, ...]] = ("weight",)

    title: Annotated[Line, Described(min_length=1, max_length=300)]
    weight: Weight = 1
    due: Day | None = None
    done_on: Day | None = None


class MilestonesIn(BaseModel):
    """All milestones of a task, in their order."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[MilestoneIn], Described(max_length=50)]


class ExtensionIn(BaseModel):
    """A later deadline and the document that approves it."""

    model_config = ConfigDict(extra="forbid")

    deadline: Period
    document: Annotated[DocumentIn | None, Described(description="Without one no deadline moves")] = None
    reason: Annotated[Prose | None, Described(max_length=1000)] = None
