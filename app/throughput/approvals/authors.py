"""Who typed the figures that stand: nobody approves alone what he typed."""

from itertools import pairwise
from typing import Any

from sqlalchemy import and_, or_, select
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.throughput import reading
from app.throughput.approvals.rules import is_own
from app.throughput.models import ReportRevision

_REVISION = hot.table(ReportRevision).c


def typed_by(session: Session, caller: Caller, reports: Any) -> set[int]:
    """Return of which reports, given by number or as a query of them, the standing figures are a caller's own."""
    signed = signature_of(caller)
    his = or_(_REVISION.user_id == caller.id, and_(_REVISION.user_id.is_(None), _REVISION.sent_by == signed))
    found = session.scalars(select(_REVISION.report_id).where(_REVISION.report_id.in_(reports), his).distinct())
    return {report for report in found.all() if _typed(session, caller, report)}


def signature_of(caller: Caller) -> str | None:
    """Return the name by which a token without a person signs; None for people."""
    return caller.label if caller.id <= 0 else None


def _typed(session: Session, caller: Caller, report_id: int) -> bool:
    """Tell who came first with the figures that stand: a reason given since makes nobody their author."""
    query = (
        select(_REVISION.id, _REVISION.user_id, _REVISION.sent_by, _REVISION.partial, _REVISION.unavailable)
        .where(_REVISION.report_id == report_id)
        .order_by(_REVISION.number.desc())
    )
    rows = session.execute(query).all()
    author = rows[0]
    for row, before in pairwise(rows):
        if _figures(session, row) != _figures(session, before):
            break
        author = before
    return is_own(author.user_id, author.sent_by, caller.id, signature_of(caller))


def _figures(session: Session, row: Any) -> tuple[Any, ...]:
    return row.partial, row.unavailable, reading.lines_of(session, row.id)
