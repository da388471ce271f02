"""What is sent and shown of an annex that is brought."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from app.core.errors import Words
from app.core.files import FileId, FileOut
from app.core.schemas import Line
from app.tasks.schemas import Input, UnitName
from app.units.models import UnitCode


class UnitMeant(Input):
    """Words of the annex and the unit that they mean."""

    written: Annotated[Line, Described(min_length=1, max_length=300)]
    code: UnitCode | None = None


class KeptAnnex(BaseModel):
    """An annex that was tried before and is kept, with its units confirmed."""

    model_config = ConfigDict(extra="forbid")

    file: FileId
    units: Annotated[list[UnitMeant], Described(max_length=300)] = []


class AnnexUnit(BaseModel):
    """Words of the annex and the unit that they are taken for."""

    written: str
    unit: Annotated[UnitName | None, Described(description="null: nobody can tell; it must be said")]
    exact: Annotated[bool, Described(description="Its very name, or confirmed by somebody")]


class AnnexRow(BaseModel):
    """A task that the annex brings."""

    row: int
    code: str
    centre_code: str
    title: str
    lead_unit: str
    deadline: Annotated[str | None, Described(description="As a period; null: a regular task")]
    result: Annotated[str | None, Described(description="Result so far: the task's first update")]
    percent: Annotated[int | None, Described(description="As the annex declares it; completion is proposed apart")]


class AnnexError(BaseModel):
    """What is wrong in a cell; `place` as a spreadsheet shows it."""

    pointer: str
    place: str
    code: str
    values: Annotated[dict[str, int | str], Described(description="What the sentence is about")]
    message: Words


class AnnexImport(BaseModel):
    """What an import did, or would do; with errors it does nothing."""

    dry_run: bool
    stored: bool
    programme: str
    directive: int
    prefix: str
    file: FileOut
    tasks: list[AnnexRow]
    units: list[AnnexUnit]
    meant: Annotated[list[UnitMeant], Described(description="What was said of units in this call")]
    errors: list[AnnexError]
