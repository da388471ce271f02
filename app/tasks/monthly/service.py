"""The life of a month's report: written to, approved as it stood at the cut-off, sent, never changed after."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.calendar.service import calendar_for
from app.core import audit, versions
from app.core import files as stored
from app.core.access import Caller
from app.core.clock import day_of, end_of
from app.core.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from app.core.files import XLSX, FileOut, StoredFile, Upload
from app.tasks import programmes
from app.tasks.models import Programme
from app.tasks.monthly import files, reminding
from app.tasks.monthly.content import content
from app.tasks.monthly.models import MonthlyReport
from app.tasks.monthly.rules import MonthDays, MonthlyState, days_of, month_before, stage
from app.tasks.monthly.schemas import (
    DispatchIn,
    MonthlyContent,
    MonthlyIn,
    MonthlyItem,
    MonthlyList,
    MonthlyOut,
    MonthlyWithdrawalIn,
)


def listing(session: Session, caller: Caller, programme: str, now: datetime) -> MonthlyList:
    """Return the last twelve months of a programme, newest first."""
    _city_only(caller)
    found = programmes.by_code(session, programme)
    rows = {row.month: row for row in session.scalars(select(MonthlyReport).where(_of(found)))}
    month, items = day_of(now).replace(day=1), []
    for _ in range(12):
        items.append(MonthlyItem(**_values(session, rows.get(month), month, now)))
        month = month_before(month)
    owed = reminding.owed(session, caller, now, lambda: calendar_for(session))
    return MonthlyList(programme=programme, owed=owed, items=items)


def show(session: Session, caller: Caller, programme: str, month: str, now: datetime) -> MonthlyOut:
    """Return a month's report: worked out now while it is a draft, as it was kept afterwards."""
    _city_only(caller)
    found, first = programmes.by_code(session, programme), _first(month, now)
    row = _row(session, found, first)
    if row is not None and row.content is not None:
        said = MonthlyContent.model_validate_json(row.content)
    else:
        said = _content(session, caller, found, first, row, now)
    return MonthlyOut(
        **_values(session, row, first, now), programme=programme, approved_at=row.approved_at if row else None,
        approved_by=row.approved_by if row else None, sent_by=row.sent_by if row else None,
        document_on=row.document_on if row else None, files=_files(session, row), version=row.version if row else 0,
        content=said,
    )  # fmt: skip


def write(
    session: Session, caller: Caller, programme: str, month: str, *, values: MonthlyIn, if_match: str | None,
    now: datetime,
) -> None:  # fmt: skip
    """Write what the city itself says; raises Conflict for a report that was approved."""
    _city_only(caller)
    found, first = programmes.by_code(session, programme), _first(month, now)
    row = _row(session, found, first, lock=True)
    before = {name: getattr(row, name) for name in MonthlyIn.model_fields} if row else None
    if before == values.model_dump():
        return
    versions.check_match(if_match, None, row.version if row else None)
    if row is not None and row.state != MonthlyState.draft:
        raise Conflict("monthly_closed")
    row = row or _new(session, found, first)
    for name, value in values.model_dump().items():
        setattr(row, name, value)
    _changed(session, row, "written", programme, month, before=before, after=values.model_dump())


def approve(session: Session, caller: Caller, programme: str, month: str, *, now: datetime) -> None:
    """Approve a report: its content is what was known at the cut-off; raises Conflict before that."""
    _city_only(caller)
    found, first = programmes.by_code(session, programme), _first(month, now)
    row = _row(session, found, first, lock=True) or _new(session, found, first)
    if row.state != MonthlyState.draft:
        raise Conflict("monthly_closed")
    if day_of(now) <= _days(session, first).cut_off:
        raise Conflict("before_cut_off", values={"day": _days(session, first).cut_off.isoformat()})
    row.content = _content(session, caller, found, first, row, now).model_dump_json()
    row.sha256 = hashlib.sha256(row.content.encode()).hexdigest()
    row.state, row.approved_at, row.approved_by = MonthlyState.approved.value, now, caller.label
    _changed(session, row, "approved", programme, month, after={"sha256": row.sha256})


def withdraw(
    session: Session, caller: Caller, programme: str, month: str, *, body: MonthlyWithdrawalIn, now: datetime
) -> None:
    """Open an approved report again; raises Conflict where it was not approved, or sent already."""
    row = _standing(session, caller, programme, month, now, MonthlyState.approved)
    before = {"sha256": row.sha256}
    row.state, row.content, row.sha256 = MonthlyState.draft.value, None, None
    row.approved_at = row.approved_by = None
    _changed(session, row, "withdrawn", programme, month, before=before, reason=body.reason)


def dispatch(session: Session, caller: Caller, programme: str, month: str, *, body: DispatchIn, now: datetime) -> None:
    """Note that an approved report was sent, by which document; nothing of it changes afterwards."""
    row = _standing(session, caller, programme, month, now, MonthlyState.approved)
    if body.document.day > day_of(now):
        raise Invalid([Fault("/document/day", "day_in_future", {"day": body.document.day})])
    row.state, row.sent_at, row.sent_by = MonthlyState.sent.value, now, caller.label
    row.document, row.document_on = body.document.number, body.document.day
    sent = MonthlyContent.model_validate_json(row.content or "")
    kept = [
        stored.keep(
            session, caller, Upload(f"bao-cao-{programme}-{month}{ending}", make(sent)), unit_id=None,
            reader="tasks:read", now=now, media_type=media_type,
        )
        for ending, make, media_type in ((".xlsx", files.workbook, XLSX), (".docx", files.document, files.DOCX))
    ]  # fmt: skip
    row.xlsx_id, row.docx_id = (file.id for file in kept)
    told = {"document": row.document, "sha256": row.sha256, "files": [file.sha256 for file in kept]}
    _changed(session, row, "sent", programme, month, after=told)


def sent_file(session: Session, found: MonthlyOut, ending: str) -> bytes | None:
    """Return a file of a report as it was sent; None where it was not, or before files were kept."""
    number = next((file.id for file in found.files if file.name.endswith(ending)), None)
    return session.get_one(StoredFile, number).content if number is not None else None


def damaged(session: Session) -> Iterator[str]:
    """Yield each kept report whose content is no longer what its fingerprint says."""
    query = select(MonthlyReport).where(col(MonthlyReport.content).is_not(None)).order_by(col(MonthlyReport.id))
    for row in session.scalars(query):
        if row.content is None or hashlib.sha256(row.content.encode()).hexdigest() != row.sha256:
            yield f"monthly report {row.id} of {row.month:%Y-%m}: content and fingerprint differ"
    sent = select(MonthlyReport, StoredFile).join(
        StoredFile, col(StoredFile.id).in_([col(MonthlyReport.xlsx_id), col(MonthlyReport.docx_id)])
    )
    for row, file in session.execute(sent.order_by(col(MonthlyReport.id)).execution_options(yield_per=10)):
        if hashlib.sha256(file.content).hexdigest() != file.sha256:
            yield f"monthly report {row.id} of {row.month:%Y-%m}: {file.name} and its fingerprint differ"


def _content(
    session: Session, caller: Caller, programme: Programme, first: date, row: MonthlyReport | None, now: datetime
) -> MonthlyContent:
    said = {name: getattr(row, name) if row else None for name in MonthlyIn.model_fields}
    as_of = min(now, end_of(_days(session, first).cut_off))
    since = end_of(_days(session, month_before(first)).cut_off)
    return content(session, caller, programme, f"{first:%Y-%m}", since=min(since, as_of), as_of=as_of, said=said)


def _files(session: Session, row: MonthlyReport | None) -> list[FileOut]:
    numbers = [number for number in (row.xlsx_id, row.docx_id) if number is not None] if row else []
    found = stored.of_unit(session, numbers, unit_id=None, reader="tasks:read") if numbers else {}
    return [found[number] for number in numbers]


def _standing(
    session: Session, caller: Caller, programme: str, month: str, now: datetime, state: MonthlyState
) -> MonthlyReport:
    _city_only(caller)
    row = _row(session, programmes.by_code(session, programme), _first(month, now), lock=True)
    if row is None or row.state != state:
        raise Conflict("monthly_not_approved")
    return row


def _changed(session: Session, row: MonthlyReport, act: str, programme: str, month: str, **told: Any) -> None:
    row.version += 1
    session.add(row)
    session.flush()
    audit.record(session, f"monthly.{act}", f"monthly/{programme}/{month}", **told)


def _new(session: Session, programme: Programme, first: date) -> MonthlyReport:
    return MonthlyReport(
        programme_id=programme.id, month=first, state=MonthlyState.draft.value, causes=None, difficulties=None,
        proposals=None, approved_at=None, approved_by=None, sent_at=None, sent_by=None, document=None,
        document_on=None, content=None, sha256=None, xlsx_id=None, docx_id=None, version=0,
    )  # fmt: skip


def _row(session: Session, programme: Programme, first: date, *, lock: bool = False) -> MonthlyReport | None:
    query = select(MonthlyReport).where(_of(programme), col(MonthlyReport.month) == first)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def _of(programme: Programme) -> Any:
    return col(MonthlyReport.programme_id) == programme.id


def _first(month: str, now: datetime) -> date:
    first = date.fromisoformat(f"{month}-01")
    if first > day_of(now):
        raise NotFound
    return first


def _days(session: Session, first: date) -> MonthDays:
    return days_of(first, calendar_for(session).is_working_day)


def _values(session: Session, row: MonthlyReport | None, first: date, now: datetime) -> dict[str, Any]:
    days, state = _days(session, first), MonthlyState(row.state) if row else MonthlyState.draft
    return {
        "month": f"{first:%Y-%m}", "state": state, "stage": stage(state, days, day_of(now)), "cut_off": days.cut_off,
        "approval": days.approval, "send_by": days.send_by, "sent_at": row.sent_at if row else None,
        "document": row.document if row else None, "sha256": row.sha256 if row else None,
    }  # fmt: skip


def _city_only(caller: Caller) -> None:
    # The report is the city's; a unit reads its own tasks.
    if caller.units is not None:
        raise Forbidden
