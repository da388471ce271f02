"""Evidence of a task: files of known kinds, links, document numbers."""

import io
import re
import zipfile
from datetime import date, datetime
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import audit, files
from app.core.access import Caller
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.core.files import StoredFile, Upload
from app.core.text import search_key
from app.tasks import secrecy
from app.tasks.directives.models import Directive
from app.tasks.models import Task
from app.tasks.progress.models import TaskEvidence
from app.tasks.progress.schemas import EvidenceIn
from app.tasks.rules import ENDED, TaskStatus
from app.tasks.service import must_take_part
from app.tasks.steps import touched

READER = "tasks:read"
Brought = tuple[Upload, str]  # a file, and what it is
_OFFICE = "application/vnd.openxmlformats-officedocument."
# By ending: how the file must begin, and what it is then.
KINDS = {
    "pdf": (b"%PDF-", "application/pdf"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    "docx": (b"PK\x03\x04", _OFFICE + "wordprocessingml.document"),
    "xlsx": (b"PK\x03\x04", _OFFICE + "spreadsheetml.sheet"),
    "pptx": (b"PK\x03\x04", _OFFICE + "presentationml.presentation"),
    "odt": (b"PK\x03\x04", "application/vnd.oasis.opendocument.text"),
    "ods": (b"PK\x03\x04", "application/vnd.oasis.opendocument.spreadsheet"),
}
_WORDS = ("word/document.xml", "content.xml")
_MOST = 4_000_000  # characters of a document looked at for a secrecy mark


def media_type_of(upload: Upload) -> str:
    """Return what a file is; raises Invalid for a kind not taken, one with macros, or one marked as secret."""
    ending = PurePosixPath(upload.name).suffix.lower().lstrip(".")
    kind = KINDS.get(ending)
    if kind is None or not upload.content.startswith(kind[0]):
        raise Invalid([Fault("/file", "file_type_refused", {"choices": ", ".join(KINDS)})])
    stem = PurePosixPath(upload.name).stem
    if secrecy.secrecy_mark(stem) or secrecy.secrecy_name(search_key(stem)):
        raise Invalid([Fault("/file", "classified_refused")])
    if kind[0] == b"PK\x03\x04":
        _look_inside(upload.content)
    return kind[1]


def _look_inside(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            parts = {info.filename: info.file_size for info in book.infolist()}
            if any("vbaproject" in name.lower() for name in parts) or len(parts) > 5000:
                raise Invalid([Fault("/file", "file_type_refused", {"choices": ", ".join(KINDS)})])
            name = next((name for name in _WORDS if name in parts), None)
            if name is None:
                return
            with book.open(name) as part:
                text = part.read(_MOST).decode("utf-8", "replace")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError, OSError):
        raise Invalid([Fault("/file", "file_type_refused", {"choices": ", ".join(KINDS)})]) from None
    # A mark of secrecy stands alone in its paragraph.
    for paragraph in re.split(r"</(?:w:p|text:p|text:h)>", text):
        words = re.sub(r"<[^>]*>", "", paragraph).strip()
        if len(words) <= 20 and secrecy.secrecy_mark(words):
            raise Invalid([Fault("/file", "classified_refused")])


def attach_file(
    session: Session, caller: Caller, task: Task, *, upload: Upload, media_type: str, title: str | None, now: datetime
) -> TaskEvidence:
    """Keep a file as a task's evidence; the same file again is the same evidence."""
    _check(session, caller, task)
    kept = files.keep(session, caller, upload, unit_id=caller.unit_id, reader=READER, now=now, media_type=media_type)
    same = session.scalars(
        select(TaskEvidence).where(col(TaskEvidence.task_id) == task.id, col(TaskEvidence.file_id) == kept.id)
    ).one_or_none()
    if same is not None:
        return same
    return _write(session, caller, task, now, title=title or kept.name, file_id=kept.id)


def attach_words(session: Session, caller: Caller, task: Task, *, body: EvidenceIn, now: datetime) -> TaskEvidence:
    """Note a link or a document's number as a task's evidence."""
    _check(session, caller, task)
    if body.link is None and body.document is None:
        raise Invalid([Fault("/document", "evidence_required")])
    if secrecy.secrecy_mark(f"{body.title} | {body.document or ''}"):
        raise Invalid([Fault("/title", "classified_refused")])
    return _write(
        session, caller, task, now, title=body.title, link=body.link, document=body.document,
        document_on=body.document_on,
    )  # fmt: skip


def _check(session: Session, caller: Caller, task: Task) -> None:
    must_take_part(session, caller, task)
    session.refresh(task, with_for_update=True)
    if TaskStatus(task.status) in ENDED:
        raise Conflict("task_ended", values={"status": task.status})


def _write(
    session: Session, caller: Caller, task: Task, now: datetime, *, title: str, file_id: int | None = None,
    link: str | None = None, document: str | None = None, document_on: date | None = None,
) -> TaskEvidence:  # fmt: skip
    row = TaskEvidence(
        task_id=task.id, at=now, by=caller.label, unit_id=caller.unit_id, title=title[:300], file_id=file_id, link=link,
        document=document, document_on=document_on, update_id=None, act_id=None,
    )  # fmt: skip
    session.add(row)
    touched(task, now)
    session.flush()
    audit.record(
        session, "task.evidence", f"tasks/{task.code}",
        after={"id": row.id, "title": title, "file": file_id, "link": link, "document": document},
    )  # fmt: skip
    return row


def file_of(session: Session, task: Task, number: int) -> StoredFile:
    """Return a file that is evidence of a task, or its directive's; raises NotFound."""
    proof = select(col(TaskEvidence.id)).where(
        col(TaskEvidence.task_id) == task.id, col(TaskEvidence.file_id) == number
    )
    directive = session.get_one(Directive, task.directive_id)
    if session.scalar(proof.limit(1)) is None and directive.file_id != number:
        raise NotFound
    return session.get_one(StoredFile, number)
