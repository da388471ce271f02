"""What the portal publishes, as it is shown: its codes with ours, its figures by month."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Date, Integer, bindparam, func, select
from sqlmodel import Session, col

from app.core import hot
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.core.text import search_key
from app.portal.codes.models import COUNTS, PortalCode, PortalMark, PortalMonthRow, PortalPeriodRow, PortalScoreRow
from app.portal.codes.rules import CodeOf, Match
from app.portal.codes.schemas import PortalCodeOut, PortalCodePage, PortalMonthOut, PortalMonthPage
from app.procedures import codes
from app.procedures.codes import CodeKind
from app.procedures.models import Procedure
from app.throughput.forms import Reference
from app.units.models import Unit

SOURCE = "Cổng Dịch vụ công quốc gia"  # under this name other systems' codes are given a meaning
_CODE, _MONTH, _SCORE = hot.table(PortalCode).c, hot.table(PortalMonthRow).c, hot.table(PortalScoreRow).c
_PERIOD, _MARK = hot.table(PortalPeriodRow).c, hot.table(PortalMark).c


def _said_of(of: Any, mark: Any) -> Any:
    """Return the query of what the portal says, with the agency's name from its own list."""
    agency = (_CODE.kind == CodeOf.agency.value) & (_CODE.code == of.agency)
    counts = [of[name] for name in COUNTS]
    return select(mark, of.agency, _CODE.name, of.known_at, *counts).outerjoin(hot.table(PortalCode), agency)


_OF_MONTH = _said_of(_MONTH, _MONTH.month).where(
    _MONTH.year == bindparam("of_year", type_=Integer), _MONTH.month == bindparam("of_month", type_=Integer)
)
_OF_PERIOD = _said_of(_PERIOD, _PERIOD.period).where(_PERIOD.period == bindparam("of_period"))
_OF_DAYS = _said_of(_MARK, _MARK.day).where(
    _MARK.day.between(bindparam("first", type_=Date), bindparam("last", type_=Date))
)


class Published(NamedTuple):
    """What the portal says of an agency's period; `unit`: our code, None where the agency is not mapped."""

    unit: str | None
    name: str
    counts: dict[str, int | None]
    known_at: datetime


def listing(session: Session, page: Page, *, kind: CodeOf | None, match: Match | None) -> PortalCodePage:
    """Return the portal's codes with ours, the unmapped ones first, then by kind and code.

    Raises Invalid for another list's cursor.
    """
    ours = _ours(session)
    rows = session.execute(select(*(_CODE[name] for name in PortalCode.model_fields)).order_by(_CODE.kind, _CODE.code))
    every = sorted((_shown(row, ours) for row in rows), key=lambda one: one.match is not Match.unmapped)
    wanted = [
        one for one in every if (kind is None or one.kind is kind) and (match is None or one.match is match)
    ]  # fmt: skip
    if page.after is not None:
        if [type(part) for part in page.after] != [int, str, str]:
            raise Invalid([Fault("?cursor", "bad_cursor")])
        wanted = [one for one in wanted if _place(one) > page.after]
    kept, following = cut(wanted[: page.limit + 1], page, _place)
    return PortalCodePage(
        unmapped=sum(one.match is Match.unmapped for one in every),
        last_at=session.execute(select(func.max(_CODE.changed_at))).scalar(), items=kept, next=following,
    )  # fmt: skip


def _place(one: PortalCodeOut) -> list[Any]:
    return [int(one.match is not Match.unmapped), one.kind.value, one.code]


def month(session: Session, first: date, unit: Unit | None) -> PortalMonthPage:
    """Return what the portal publishes of a month, by agency, with its latest score."""
    ours, names = _ours(session)[CodeOf.agency], Reference.read(session).units
    theirs = {row.code: row.name for row in session.execute(
        select(_CODE.code, _CODE.name).where(_CODE.kind == CodeOf.agency.value))}  # fmt: skip
    query: Any = (
        select(hot.table(PortalMonthRow), _SCORE.hundredths, _SCORE.scored_at)
        .outerjoin(hot.table(PortalScoreRow), _SCORE.agency == _MONTH.agency)
        .where(_MONTH.year == first.year, _MONTH.month == first.month)
        .order_by(_MONTH.agency)
    )
    items = []
    for row in session.execute(query):
        code = ours.get(search_key(row.agency))
        if unit is not None and code != unit.code:
            continue
        items.append(
            PortalMonthOut(
                agency=row.agency, unit=code, name=names[code].name if code else theirs.get(row.agency, row.agency),
                received=row.received, online=row.online, direct=row.direct, post=row.post, on_time=row.on_time,
                overdue=row.overdue, score=None if row.hundredths is None else row.hundredths / 100,
                scored_at=row.scored_at, known_at=row.known_at,
            )
        )  # fmt: skip
    return PortalMonthPage(month=f"{first:%Y-%m}", items=items)


def published(session: Session, periods: Iterable[str]) -> dict[str, list[Published]]:
    """Return what the portal publishes of months, quarters and years (`2026-11`, `2026-Q4`, `2026`), by agency."""
    ours, found = _agencies(session), {}
    for period in periods:
        if len(period) == 7 and "Q" not in period:
            rows = hot.gather(session, _OF_MONTH, {"of_year": int(period[:4]), "of_month": int(period[5:])})
        else:
            rows = hot.gather(session, _OF_PERIOD, {"of_period": period})
        found[period] = [one for _, one in _by_agency(session, ours, rows)]
    return found


def marks(session: Session, first: date, last: date, unit: Unit) -> list[tuple[date, Published]]:
    """Return where a unit's agencies stood on the days of a month on which the portal was asked, oldest first."""
    rows = hot.gather(session, _OF_DAYS, {"first": first, "last": last})
    return [(day, one) for day, one in _by_agency(session, _agencies(session), rows) if one.unit == unit.code]


def _by_agency(session: Session, ours: dict[str, str], rows: list[Any]) -> list[tuple[Any, Published]]:
    reference = Reference.read(session).units
    found = []
    for mark, named, name, known_at, *counts in sorted(rows, key=lambda row: row[:2]):
        unit = ours.get(search_key(named))
        shown = reference[unit].name if unit else name or named
        found.append((mark, Published(unit, shown, dict(zip(COUNTS, counts, strict=True)), known_at)))
    return found


def _agencies(session: Session) -> dict[str, str]:
    """Return our units by folded codes of the portal's agencies: our own code first, then those given a meaning."""
    given = codes.of_source(session, SOURCE)[CodeKind.unit]
    return given | {search_key(code): code for code in Reference.read(session).units}


def _ours(session: Session) -> dict[CodeOf, dict[str, str]]:
    """Return our codes by folded ones of the portal: ours first, then those given a meaning."""
    reference = Reference.read(session)
    given = codes.of_source(session, SOURCE)
    procedures = session.scalars(select(col(Procedure.code))).all()
    return {
        CodeOf.agency: _agencies(session),
        CodeOf.field: given[CodeKind.field] | {search_key(code): code for code in reference.by_code},
        CodeOf.procedure: {search_key(code): code for code in procedures},
    }


def _shown(row: Any, ours: dict[CodeOf, dict[str, str]]) -> PortalCodeOut:
    kind = CodeOf(row.kind)
    target = ours[kind].get(search_key(row.code))
    match = Match.gone if row.gone_at is not None else Match.matched if target else Match.unmapped
    return PortalCodeOut(
        kind=kind, code=row.code, name=row.name, parent=row.parent, match=match, target=target, first_at=row.first_at,
        changed_at=row.changed_at, gone_at=row.gone_at,
    )  # fmt: skip
