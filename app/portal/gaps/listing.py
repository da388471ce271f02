"""The ledger as it is shown: gaps oldest first, one with its history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy import case as sa_case
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid, NotFound
from app.core.paging import Page, cut
from app.portal.comparison.rules import Measure, Span, period_code
from app.portal.gaps import tolerances
from app.portal.gaps.rules import (
    STANDING,
    GapChange,
    GapOutcome,
    GapOwner,
    GapReason,
    GapState,
    GapSystem,
    age,
)
from app.portal.gaps.schemas import GapStepOut, PortalGapItem, PortalGapOut, PortalGapPage
from app.portal.gaps.writing import EVENT, GAP, GAP_TABLE, standing_of
from app.throughput.forms import Reference
from app.units.models import Unit

_UNIT = hot.table(Unit)
_NAMES = [name for name in PortalGapItem.model_fields if name in GAP]
_STANDS = GAP.state.in_([state.value for state in STANDING])


@dataclass(frozen=True)
class Wanted:
    """Which gaps are asked for; without a state those that stand."""

    unit: Unit | None = None
    state: GapState | None = None
    span: Span | None = None
    system: GapSystem | None = None
    measure: Measure | None = None
    owner: GapOwner | None = None
    first: date | None = None
    last: date | None = None


def rows() -> Select[Any]:
    """Return the query whose rows become gaps."""
    return select(GAP_TABLE, _UNIT.c.code, _UNIT.c.name).join(_UNIT, _UNIT.c.id == GAP.unit_id)


def listing(session: Session, caller: Caller, wanted: Wanted, now: datetime, page: Page) -> PortalGapPage:
    """Return the gaps that the caller may see: those that stand oldest first, then those that are over, newest first.

    Raises Invalid for another list's cursor.
    """
    seen = _seen(caller)
    query = rows().where(seen, *_narrowed(wanted))
    turn = sa_case((_STANDS, 0), else_=1)
    query = query.order_by(turn, sa_case((_STANDS, GAP.opened_at)), sa_case((_STANDS, GAP.id)),
                           GAP.closed_at.desc(), GAP.id.desc())  # fmt: skip
    if page.after is not None:
        query = query.where(_after(page.after))
    found, following = cut(list(session.execute(query.limit(page.limit + 1))), page, _key)
    standing, unexplained = counts(session, caller)
    return PortalGapPage(
        standing=standing, open=unexplained, recount=tolerances.under_way(session),
        items=list(shown(session, found, now)), next=following,
    )  # fmt: skip


def counts(session: Session, caller: Caller) -> tuple[int, int]:
    """Return how many of the gaps that the caller may see stand, and how many of these want a reason."""
    is_open = sa_case((GAP.state == GapState.open.value, 1), else_=0)
    query = select(func.count(), func.coalesce(func.sum(is_open), 0)).where(_seen(caller), _STANDS)
    standing, unexplained = session.execute(query).one()
    return standing, unexplained


def _seen(caller: Caller) -> Any:
    return GAP.unit_id.in_(caller.units) if caller.units is not None else GAP.id > 0


def _narrowed(wanted: Wanted) -> Iterable[Any]:
    if wanted.unit is not None:
        yield GAP.unit_id == wanted.unit.id
    for column, value in (
        ("state", wanted.state), ("span", wanted.span), ("system", wanted.system), ("measure", wanted.measure),
        ("owner", wanted.owner),
    ):  # fmt: skip
        if value is not None:
            yield GAP[column] == value.value
    if wanted.state is None:
        yield _STANDS
    if wanted.first is not None:
        yield GAP.last >= wanted.first
    if wanted.last is not None:
        yield GAP.first <= wanted.last


def _key(row: Any) -> list[Any]:
    is_over = row.state == GapState.closed
    return [int(is_over), (row.closed_at if is_over else row.opened_at).isoformat(), row.id]


def _after(after: list[Any]) -> Any:
    match after:
        case [0 | 1 as turn, str(moment), int(number)]:
            try:
                at = datetime.fromisoformat(moment)
            except ValueError:
                at = None
            if at is not None and at.tzinfo is not None:
                if turn:
                    return and_(~_STANDS, tuple_(GAP.closed_at, GAP.id) < (at, number))
                return or_(~_STANDS, tuple_(GAP.opened_at, GAP.id) > (at, number))
    raise Invalid([Fault("?cursor", "bad_cursor")])


def shown(session: Session, found: Iterable[Any], now: datetime) -> Iterable[PortalGapItem]:
    """Yield rows of `rows` as they are shown."""
    reference = Reference.read(session)
    for row in found:
        yield PortalGapItem(**_columns(row, reference, now))


def _columns(row: Any, reference: Reference, now: datetime) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _NAMES}
    return values | {
        "unit": row.code, "name": row.name, "period": period_code(Span(row.span), row.first),
        "gap": standing_of(row).size,
        "age": age(reference.calendar(row.unit_id), day_of(row.opened_at), day_of(row.closed_at or now)),
    }  # fmt: skip


def visible(session: Session, caller: Caller, number: int, *, lock: bool = False) -> Any:
    """Return the row of a gap that the caller may see; another unit's is NotFound like a missing one."""
    query = rows().where(GAP.id == number)
    row = session.execute(query.with_for_update(of=GAP_TABLE) if lock else query).first()
    if row is None or not caller.sees(row.unit_id):
        raise NotFound
    return row


def one(session: Session, caller: Caller, number: int, now: datetime) -> PortalGapOut:
    """Return a gap with its history; raises NotFound for another unit's."""
    row = visible(session, caller, number)
    stands = row.state != GapState.closed
    history = session.execute(select(EVENT).where(EVENT.gap_id == number).order_by(EVENT.version))
    return PortalGapOut(
        **_columns(row, Reference.read(session), now), tolerance=row.tolerance,
        may_explain=stands and may_explain(caller, row.unit_id), may_keep=stands and caller.may("portal:keep"),
        history=[
            GapStepOut(
                at=step.at, change=GapChange(step.change), by=step.by, version=step.version, ours=step.ours,
                theirs=step.theirs, owner=GapOwner(step.owner),
                reason=GapReason(step.reason) if step.reason else None,
                outcome=GapOutcome(step.outcome) if step.outcome else None, note=step.note,
            )
            for step in history
        ],
    )  # fmt: skip


def may_explain(caller: Caller, unit_id: int) -> bool:
    """Tell whether the caller may give the reason of a unit's gap: its own people, and the city's analyst."""
    return caller.may("gaps:explain") and caller.sees(unit_id)
