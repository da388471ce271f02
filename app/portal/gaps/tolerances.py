"""The tolerance: what two systems may differ by, in versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlmodel import Session

from app.core import audit, hot, stamps
from app.core.access import Caller
from app.core.versions import check_match
from app.portal.comparison import reading
from app.portal.comparison.rules import USUAL, Tolerance
from app.portal.gaps.models import PortalGapRecount, PortalTolerance
from app.portal.gaps.schemas import RecountOut, ToleranceIn, ToleranceOut, TolerancePage
from app.throughput.figures.models import FigureDay

_TABLE = hot.table(PortalTolerance)
_T = _TABLE.c
STAMP = "portal_tolerance"
RECOUNTS: Any = hot.table(PortalGapRecount)
UNDER_WAY = select(RECOUNTS).where(RECOUNTS.c.ended_at.is_(None))


def current(session: Session) -> Tolerance:
    """Return the tolerance that counts: the newest version, or what holds until the city sets one."""
    return stamps.kept(session, STAMP, _load)


def _load(session: Session) -> Tolerance:
    row = session.execute(select(_T.dossiers, _T.hundredths, _T.version).order_by(_T.version.desc()).limit(1)).first()
    return USUAL if row is None else Tolerance(row.dossiers, row.hundredths, row.version)


def page(session: Session) -> TolerancePage:
    """Return the tolerance that counts and those before it, the newest first."""
    rows = session.execute(select(_TABLE).order_by(_T.version.desc()))
    items = [
        ToleranceOut(
            version=row.version, dossiers=row.dossiers, share=row.hundredths / 10_000, since=row.since, by=row.by,
            why=row.why,
        )
        for row in rows
    ]  # fmt: skip
    now = current(session)
    return TolerancePage(
        dossiers=now.dossiers, share=now.hundredths / 10_000, version=now.version, items=items,
        recount=under_way(session),
    )  # fmt: skip


def under_way(session: Session) -> RecountOut | None:
    """Return how far the newest tolerance has gone through the ledger; None: it is through."""
    row = session.execute(UNDER_WAY).first()
    if row is None:
        return None
    return RecountOut(
        version=row.tolerance, begun_at=row.begun_at, compared=row.compared, total=extent(session), changed=row.changed
    )


def extent(session: Session) -> int:
    """Return how much a recount compares: days of other systems, and periods of the portal."""
    days: int = session.execute(select(func.count()).select_from(hot.table(FigureDay))).scalar_one()
    return days + len(reading.periods(session))


def put(session: Session, caller: Caller, *, values: ToleranceIn, if_match: str | None, now: datetime) -> bool:
    """Set the tolerance; returns whether that is news. Raises PreconditionFailed where somebody else set it meanwhile.

    Its first version is set over 0, which is what holds until then.
    """
    stands, wanted = current(session), round(values.share * 10_000)
    check_match(if_match, None, stands.version, lambda: page(session))
    if (stands.dossiers, stands.hundredths) == (values.dossiers, wanted):
        return False
    row = {"version": stands.version + 1, "dossiers": values.dossiers, "hundredths": wanted, "since": now,
           "by": caller.label, "why": values.why}  # fmt: skip
    session.execute(insert(_TABLE), row)
    stamps.touch(session, STAMP)
    audit.record(
        session, "portal.tolerance_put", "portal/tolerance",
        before={"dossiers": stands.dossiers, "hundredths": stands.hundredths},
        after={"dossiers": values.dossiers, "hundredths": wanted}, reason=values.why,
    )  # fmt: skip
    return True
