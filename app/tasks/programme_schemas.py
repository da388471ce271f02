"""What is sent and shown of programmes."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from app.core.schemas import Day, Line
from app.tasks.rules import Headline
from app.tasks.schemas import HEADLINE_WORDS


class PhaseOut(BaseModel):
    """A stretch of a programme."""

    code: str
    name_vi: str
    name_en: str
    name_fr: str
    first: date | None
    last: date | None


class ProgrammeOut(BaseModel):
    """A plan that tasks are followed under."""

    code: str
    name_vi: str
    name_en: str
    name_fr: str
    headline: Annotated[Headline, Described(description=HEADLINE_WORDS)]
    phases: list[PhaseOut]
    version: int


class ProgrammeList(BaseModel):
    """All programmes."""

    items: list[ProgrammeOut]


class PhaseIn(BaseModel):
    """A stretch of a programme as sent."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[Line, Described(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$", max_length=30)]
    name_vi: Annotated[Line, Described(min_length=1, max_length=200)]
    name_en: Annotated[Line, Described(min_length=1, max_length=200)]
    name_fr: Annotated[Line, Described(min_length=1, max_length=200)]
    first: Day | None = None
    last: Day | None = None


class ProgrammeIn(BaseModel):
    """All of a programme but its code."""

    model_config = ConfigDict(extra="forbid")

    name_vi: Annotated[Line, Described(min_length=1, max_length=300)]
    name_en: Annotated[Line, Described(min_length=1, max_length=300)]
    name_fr: Annotated[Line, Described(min_length=1, max_length=300)]
    headline: Annotated[Headline, Described(description=HEADLINE_WORDS)] = Headline.original
    phases: Annotated[list[PhaseIn], Described(max_length=20)] = []
