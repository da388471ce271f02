"""Files that figures came from, kept as evidence: as they were brought, never changed, shown to whom their unit is."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel
from pydantic import Field as Described
from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, select
from sqlmodel import Field, Session, SQLModel, col

from app.core import audit
from app.core.access import Caller, SignedIn
from app.core.db import Reading
from app.core.errors import Fault, Invalid, NotFound
from app.core.schemas import problems

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

router = APIRouter(tags=["files"])


class StoredFile(SQLModel, table=True):
    """One file as it was brought; `unit_id` is no foreign key, for units lie on a higher floor (None: the city's).

    `reader` is the right that whoever reads it must have.
    """

    __tablename__ = "stored_files"
    __table_args__ = (
        CheckConstraint("size >= 0", name="size"),
        Index("ix_stored_files_sha256", "sha256"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sha256: str = Field(max_length=64)
    name: str = Field(max_length=200)
    media_type: str = Field(max_length=100)
    size: int
    unit_id: int | None
    reader: str = Field(max_length=40)
    uploaded_by: int | None
    uploaded_by_name: str = Field(max_length=160)
    at: datetime
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


FileId = Annotated[int, Described(strict=True, ge=1, le=2**31 - 1)]


class FileOut(BaseModel):
    """A file that is kept: it is read at `/files/{id}`."""

    id: int
    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Upload:
    """A file as it came with a form, and the form's other fields."""

    name: str
    content: bytes
    fields: dict[str, str] = field(default_factory=dict)


_FILE = StoredFile.__table__  # type: ignore[attr-defined]
_SHOWN = (_FILE.c.id, _FILE.c.name, _FILE.c.sha256, _FILE.c.size)


def keep(
    session: Session, caller: Caller, upload: Upload, *, unit_id: int | None, reader: str, now: datetime,
    media_type: str | None = None,
) -> FileOut:  # fmt: skip
    """Keep a file as evidence; the same one of the same unit is kept once. Without `media_type` it is a table."""
    digest = hashlib.sha256(upload.content).hexdigest()
    same = session.execute(
        select(*_SHOWN).where(
            _FILE.c.sha256 == digest, _FILE.c.unit_id.is_not_distinct_from(unit_id), _FILE.c.reader == reader
        )
    ).first()
    if same is not None:
        return FileOut(**same._mapping)
    row = StoredFile(
        unit_id=unit_id, sha256=digest, name=upload.name, size=len(upload.content), content=upload.content,
        media_type=media_type or (XLSX if upload.content[:2] == b"PK" else "text/csv"), reader=reader,
        uploaded_by=caller.id if caller.id > 0 else None,
        uploaded_by_name=caller.label, at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    shown = FileOut(id=row.id, name=row.name, sha256=row.sha256, size=row.size)
    audit.record(session, "file.kept", f"files/{row.id}", after=shown.model_dump())
    return shown


def of_unit(session: Session, ids: list[int], *, unit_id: int | None, reader: str) -> dict[int, FileOut]:
    """Return those of some files that belong to a unit, by number."""
    rows = session.execute(
        select(*_SHOWN).where(
            _FILE.c.id.in_(ids), _FILE.c.unit_id.is_not_distinct_from(unit_id), _FILE.c.reader == reader
        )
    )
    return {row.id: FileOut(**row._mapping) for row in rows}


def opened(session: Session, number: int, *, unit_id: int | None, reader: str) -> tuple[Upload, FileOut]:
    """Return a kept file as it was brought, and as it is shown; raises Invalid where it is not the unit's."""
    row = session.scalars(
        select(StoredFile).where(
            col(StoredFile.id) == number, _FILE.c.unit_id.is_not_distinct_from(unit_id), _FILE.c.reader == reader
        )
    ).one_or_none()
    if row is None:
        raise Invalid([Fault("/file", "unknown_file", {"file": number})])
    return Upload(row.name, row.content), FileOut(id=number, name=row.name, sha256=row.sha256, size=row.size)


_GIVEN: dict[str, Any] = {"content": {"application/octet-stream": {}}, "description": "The file as it was brought"}


@router.get(
    "/files/{number}",
    operation_id="get_file",
    response_class=Response,
    responses=problems(401, 403, 404, 422) | {200: _GIVEN},
)
def get_file(
    caller: SignedIn, number: Annotated[int, Path(ge=1, le=2**31 - 1, description="The file's number")],
    session: Reading,
) -> Response:  # fmt: skip
    """Give a kept file, to be saved, to whoever may see its unit."""
    row = session.get(StoredFile, number)
    seen = row is not None and caller.may(row.reader)
    if row is None or not seen or (caller.units is not None if row.unit_id is None else not caller.sees(row.unit_id)):
        raise NotFound
    return to_be_saved(row)


def to_be_saved(row: StoredFile) -> Response:
    """Return a kept file as an answer that a browser saves and never shows as a page of ours."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name)}", "ETag": f'"{row.sha256[:24]}"'}
    return Response(row.content, media_type=row.media_type, headers=headers)
