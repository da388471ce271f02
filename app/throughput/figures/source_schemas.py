"""Which systems speak of which units, by which token, and whether a person is needed: what is set and shown of it."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.schemas import Flag, Line
from app.procedures.rules import System
from app.throughput.figures.schemas import Source


class FigureSourceIn(BaseModel):
    """Whether a source's figures become a unit's report without a person."""

    model_config = ConfigDict(extra="forbid")

    unit: Annotated[Line, Field(min_length=1, max_length=35, description="Code of the unit")]
    system: Annotated[System, Field(description="In whose software the dossiers lie")]
    source: Source
    confirms: Flag


class FigureSenderIn(BaseModel):
    """Who speaks in a source's name."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"sender": "Hệ thống một cửa"}]})

    unit: Annotated[
        Line | None, Field(min_length=1, max_length=35, description="Code of the unit; absent: all without their own")
    ] = None
    sender: Annotated[Line, Field(min_length=1, max_length=160, description="Name of a token that sends figures now")]


class FigureSenderOut(BaseModel):
    """Who speaks in a source's name, and since when."""

    source: str
    unit: Annotated[str | None, Field(description="null: all units without a sender of their own")]
    sender: Annotated[str, Field(description="Name of the token")]
    since: datetime


class FigureSourceOut(BaseModel):
    """A source that speaks of a unit."""

    unit: str
    name: str
    system: Annotated[System, Field(description="In whose software the dossiers lie")]
    source: str
    confirms: Annotated[bool, Field(description="Its figures become the report without a person")]
    sender: Annotated[str | None, Field(description="Name of the token that it comes by; null: of none yet")]
    last_day: Annotated[date | None, Field(description="The newest day it spoke of")]
    last_known_at: datetime | None


class FigureSourcePage(BaseModel):
    """The sources, by unit."""

    items: list[FigureSourceOut]
