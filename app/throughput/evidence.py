"""The files from which a report's figures came: which revision rests on which."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Integer, bindparam, insert, select
from sqlmodel import Field, Session, SQLModel

from app.core import files, hot
from app.core.errors import Fault
from app.core.files import FileOut, StoredFile
from app.throughput.models import CLUSTERED

MOST = 20  # of a form
READER = "reports:read"  # who may read the reports may read what they came from


class ReportEvidence(SQLModel, table=True):
    """That a revision's figures came from a file."""

    __tablename__ = "report_evidence"
    __table_args__ = (CLUSTERED,)

    revision_id: int = Field(foreign_key="report_revisions.id", primary_key=True)
    file_id: int = Field(foreign_key="stored_files.id", primary_key=True)


_LINK = hot.table(ReportEvidence)
_FILE = hot.table(StoredFile)
_insert = insert(_LINK)
_OF = (
    select(_FILE.c.id, _FILE.c.name, _FILE.c.sha256, _FILE.c.size)
    .join(_LINK, _LINK.c.file_id == _FILE.c.id)
    .where(_LINK.c.revision_id == bindparam("revision", type_=Integer))
    .order_by(_FILE.c.id)
)


def of_revision(session: Session, revision_id: int) -> list[FileOut]:
    """Return the files that a revision rests on."""
    rows = hot.run(session, _OF, {"revision": revision_id})
    return [FileOut(id=row[0], name=row[1], sha256=row[2], size=row[3]) for row in rows]


def named(session: Session, unit_id: int, ids: Sequence[int], faults: list[Fault]) -> list[FileOut]:
    """Return the unit's files that a report names; another's is as unknown as none."""
    if not ids:
        return []
    found = files.of_unit(session, list(ids), unit_id=unit_id, reader=READER)
    faults += [Fault(f"/evidence/{n}", "unknown_file", {"file": one}) for n, one in enumerate(ids) if one not in found]
    return [found[one] for one in dict.fromkeys(ids) if one in found]


def typed_in(session: Session, unit_id: int | None, typed: Mapping[str, Any]) -> dict[str, FileOut]:
    """Return the unit's files that the parts of a form name, by what stands there."""
    parts = [part["evidence"] for part in typed.values() if isinstance(part, dict) and "evidence" in part]
    said = [one for part in parts if isinstance(part, list) for one in part if isinstance(one, str)][:MOST]
    numbers = {one: int(one) for one in said if one.isascii() and one.isdigit() and len(one) < 10}
    found = files.of_unit(session, list(numbers.values()), unit_id=unit_id, reader=READER) if numbers else {}
    return {one: found[number] for one, number in numbers.items() if number in found}


def link(session: Session, revision_id: int, evidence: Sequence[FileOut]) -> None:
    """Write down what a new revision rests on."""
    if evidence:
        hot.run_many(session, _insert, [{"revision_id": revision_id, "file_id": one.id} for one in evidence])
