"""Citations listed: of an indicator, of a place, of an owner; those of which the figure is another now."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.indicators.citations.models import Citation
from app.indicators.citations.rules import COPIED
from app.indicators.citations.schemas import CitationItem, CitationPage
from app.indicators.citations.service import became
from app.indicators.place import Place, seen
from app.indicators.readings.figures import shown_of
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.schemas import shown_value
from app.indicators.sets import service as sets
from app.indicators.sets.models import Definition, Indicator, SetVersion
from app.tasks.schemas import UnitName
from app.units.models import Unit

TODAY = aliased(Reading)
MEASURED = aliased(Definition)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which citations of a list."""

    indicator: str | None = None
    place: Place | None = None
    owner: Unit | None = None
    changed: bool | None = None


def listing(session: Session, caller: Caller, page: Page, asked: Asked, day: date) -> CitationPage:
    """Return citations that the caller may see, the newest first."""
    query = _narrowed(_query(), caller, asked, day).order_by(col(Citation.id).desc())
    if page.after is not None:
        if len(page.after) != 1 or type(page.after[0]) is not int:
            raise Invalid([Fault("?cursor", "bad_cursor")])
        query = query.where(col(Citation.id) < page.after[0])
    rows = list(session.execute(query.limit(page.limit + 1)))
    rows, following = cut(rows, page, lambda row: [row[0].id])
    return CitationPage(items=[_item(*row) for row in rows], next=following)


def changed(session: Session, caller: Caller, owner: Unit, day: date) -> int:
    """Return how many citations of an owner's indicators show another figure than today's."""
    query = _narrowed(_query(), caller, Asked(owner=owner, changed=True), day)
    return session.scalar(query.with_only_columns(func.count(col(Citation.id)))) or 0


def _query() -> Any:
    return (
        select(Citation, col(Indicator.code), Definition, Unit, TODAY, col(MEASURED.unit_of_measure))
        .join(Indicator, col(Indicator.id) == col(Citation.indicator_id))
        .join(Definition, col(Definition.id) == col(Citation.definition_id))
        .outerjoin(Unit, col(Unit.id) == col(Citation.unit_id))
        .outerjoin(
            TODAY,
            and_(
                col(TODAY.indicator_id) == col(Citation.indicator_id), col(TODAY.place) == col(Citation.place),
                col(TODAY.period) == col(Citation.period), col(TODAY.standing),
            ),
        )
        .outerjoin(MEASURED, col(MEASURED.id) == col(TODAY.definition_id))
    )  # fmt: skip


def _narrowed(query: Any, caller: Caller, asked: Asked, day: date) -> Any:
    condition = seen(Citation.unit_id, caller)
    query = query if condition is None else query.where(condition)
    if asked.indicator is not None:
        query = query.where(col(Indicator.code) == asked.indicator)
    if asked.place is not None:
        query = query.where(col(Citation.place) == asked.place.name)
    if asked.owner is not None:
        owned = (
            select(col(Definition.indicator_id))
            .join(SetVersion, col(SetVersion.id) == col(Definition.version_id))
            .where(sets.holds_on(day), col(Definition.owner_unit_id) == asked.owner.id)
        )
        query = query.where(col(Citation.indicator_id).in_(owned))
    if asked.changed is not None:
        another = or_(
            col(TODAY.id).is_(None),
            (col(Citation.number) == 0) != (col(TODAY.number) == 0),
            *(getattr(Citation, name).is_distinct_from(getattr(TODAY, name)) for name in COPIED),
        )
        query = query.where(another if asked.changed else ~another)
    return query


def _item(
    row: Citation, code: str, definition: Definition, unit: Unit | None, today: Reading | None, measure: str | None
) -> CitationItem:  # fmt: skip
    change, differs = became(row, today)
    return CitationItem(
        token=row.token, address=f"/c/{row.token}", indicator=code, name_vi=definition.name_vi,
        name_en=definition.name_en, name_fr=definition.name_fr, place=row.place,
        unit=UnitName(code=unit.code, name=unit.name) if unit else None, period=row.period,
        unit_of_measure=definition.unit_of_measure,
        value=shown_value(row.value, row.numerator, row.denominator, definition.unit_of_measure),
        numerator=row.numerator, denominator=row.denominator, as_of=row.as_of, change=change, differs=differs,
        today=shown_of(today, measure) if measure is not None else None, today_unit_of_measure=measure,
        cited_at=row.cited_at, cited_by=row.cited_by,
    )  # fmt: skip
