"""Measures as they are shown."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.indicators.formulas.schemas import KIND_WORDS
from app.indicators.measures.rules import Filter, Kind
from app.throughput.schemas import WordsOut


class MeasureOut(BaseModel):
    """What a formula may name."""

    measure: Annotated[str, Field(description="Its name in a formula")]
    title: WordsOut
    kind: Annotated[Kind, Field(description=KIND_WORDS)]
    unit_of_measure: Annotated[str, Field(description="`dossiers` or `tasks`")]
    filters: Annotated[
        list[Filter],
        Field(description="unit (đơn vị) | field (lĩnh vực) | system (hệ thống) | programme (chương trình)"),
    ]
    part_of: Annotated[str | None, Field(description="The measure that it is part of")]


class MeasureList(BaseModel):
    """All measures, in their usual order."""

    items: list[MeasureOut]
