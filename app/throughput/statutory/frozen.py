"""Frozen copies of statutory forms: kept to the digit as they were when they were handed in, never changed."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Shown
from sqlalchemy import CheckConstraint, Column, Index, Text, and_, or_, select
from sqlmodel import Field, Session, SQLModel, col

from app.core import audit, hot
from app.core.access import Caller
from app.core.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from app.core.paging import Page, cut
from app.core.periods import LONGEST
from app.core.schemas import Day
from app.throughput.statutory.periods import Regime
from app.throughput.statutory.schemas import StatutoryFormOut
from app.throughput.statutory.service import Wanted, form_of
from app.units.models import Unit
from app.units.rules import UnitKind

MAX_UNITS = 200


class FrozenForm(SQLModel, table=True):
    """One frozen copy: whose and which period, and the whole form as it was shown."""

    __tablename__ = "frozen_forms"
    __table_args__ = (
        CheckConstraint("last >= first", name="period"),
        CheckConstraint(
            "(unit_id is null and kind is null) or (kind is null and units = '') or (unit_id is null and units = '')",
            name="scope",
        ),
        Index("ix_frozen_forms_period", "form", "first", "last"),
    )

    id: int | None = Field(default=None, primary_key=True)
    form: str = Field(max_length=20)
    version: str = Field(max_length=60)
    first: date
    last: date
    unit_id: int | None = Field(foreign_key="units.id", index=True)
    kind: str | None = Field(max_length=20)
    units: str = Field(default="", sa_column=Column(Text, nullable=False))  # codes with a space between
    frozen_at: datetime
    frozen_by: str = Field(max_length=160)
    user_id: int | None
    sha256: str = Field(max_length=64)
    content: str = Field(sa_column=Column(Text, nullable=False))


_FROZEN = hot.table(FrozenForm)


UnitCode = Annotated[str, Shown(max_length=35)]


class FreezeIn(BaseModel):
    """Which form is to be frozen, named like in its address."""

    model_config = ConfigDict(extra="forbid")

    first: Annotated[Day | None, Shown(alias="from")] = None
    last: Annotated[Day | None, Shown(alias="to")] = None
    period: Annotated[str | None, Shown(max_length=LONGEST)] = None
    regime: Annotated[Regime | None, Shown(description="Where the period begins and ends")] = None
    unit: Annotated[str | None, Shown(max_length=35, description="Code of a unit; absent: all")] = None
    units: Annotated[list[UnitCode], Shown(max_length=MAX_UNITS, description="Or codes of several units together")] = []
    kind: Annotated[UnitKind | None, Shown(description="All units of a kind")] = None


class FrozenItem(BaseModel):
    """A frozen copy, without its figures."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    number: int
    form: str
    version: str
    first: Annotated[date, Shown(alias="from")]
    last: Annotated[date, Shown(alias="to")]
    unit: str | None
    unit_name: str | None
    units: Annotated[list[str], Shown(description="Codes of the units that were picked; empty: one, a kind's, or all")]
    kind: Annotated[UnitKind | None, Shown(description="All units of a kind")]
    frozen_at: datetime
    frozen_by: str
    sha256: Annotated[str, Shown(description="Of the copy's content as it is kept")]


class FrozenPage(BaseModel):
    """Frozen copies, newest first, and the cursor of the next ones."""

    items: list[FrozenItem]
    next: str | None


class FrozenOut(FrozenItem):
    """A frozen copy with the form as it was."""

    content: Annotated[StatutoryFormOut, Shown(description="In Vietnamese; its `as_of` is the moment of freezing")]


def freeze(session: Session, caller: Caller, asked: Wanted, now: datetime) -> tuple[FrozenOut, bool]:
    """Freeze a form and return the copy, and whether it is new: the same figures again are the copy that stands.

    Raises Conflict while anything is lacking, Forbidden for more than the own unit to who sees that one only.
    """
    if caller.units is not None and asked.unit is None:
        raise Forbidden
    shown = form_of(session, asked, now, "vi")
    if not shown.complete:
        raise Conflict("form_incomplete", faults=[Fault("", "form_incomplete")])
    unit_id = asked.unit.id if asked.unit else None
    units = " ".join(unit.code for unit in asked.several)
    same = (
        _FROZEN.c.form == shown.form,
        _FROZEN.c.first == asked.first,
        _FROZEN.c.last == asked.last,
        _FROZEN.c.unit_id.is_not_distinct_from(unit_id),
        _FROZEN.c.units == units,
        _FROZEN.c.kind.is_not_distinct_from(asked.kind),
    )
    newest = select(FrozenForm).where(*same).order_by(_FROZEN.c.id.desc()).limit(1)
    standing = session.scalars(newest).one_or_none()
    if standing is not None and _content(standing).model_copy(update={"as_of": None}) == shown:
        return _out(session, standing), False
    content = shown.model_copy(update={"as_of": now}).model_dump_json()
    row = FrozenForm(
        form=shown.form, version=shown.version, first=asked.first, last=asked.last, unit_id=unit_id,
        units=units, kind=asked.kind.value if asked.kind else None, frozen_at=now, frozen_by=caller.label,
        user_id=caller.id if caller.id > 0 else None, sha256=_digest(content), content=content,
    )  # fmt: skip
    session.add(row)
    session.flush()
    made = _out(session, row)
    audit.record(
        session, "form.frozen", f"forms/{row.form}/frozen/{row.id}",
        after=made.model_dump(mode="json", exclude={"content"}),
    )  # fmt: skip
    return made, True


def frozen(session: Session, caller: Caller, number: int) -> FrozenOut:
    """Return a frozen copy; raises NotFound for another unit's."""
    row = session.get(FrozenForm, number)
    if row is None or (caller.units is not None and (row.kind or row.units or not _sees(caller, row.unit_id))):
        raise NotFound
    return _out(session, row)


def listing(session: Session, caller: Caller, page: Page | None, *, unit: Unit | None = None) -> FrozenPage:
    """Return the frozen copies that the caller may see, newest first."""
    query = select(FrozenForm).order_by(col(FrozenForm.id).desc())
    if caller.units is not None:
        own = or_(col(FrozenForm.unit_id).is_(None), col(FrozenForm.unit_id).in_(caller.units))
        query = query.where(and_(own, col(FrozenForm.kind).is_(None), col(FrozenForm.units) == ""))
    if unit is not None:
        query = query.where(col(FrozenForm.unit_id) == unit.id)
    if page is not None:
        if page.after is not None:
            if len(page.after) != 1 or not isinstance(page.after[0], int):
                raise Invalid([Fault("?cursor", "bad_cursor")])
            query = query.where(col(FrozenForm.id) < page.after[0])
        query = query.limit(page.limit + 1)
    rows, following = list(session.scalars(query)), None
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row.id])
    units = {u.id: u for u in session.scalars(select(Unit))} if rows else {}
    return FrozenPage(items=[_item(row, units.get(row.unit_id or 0)) for row in rows], next=following)


def damaged(session: Session) -> Iterator[str]:
    """Yield a sentence for every frozen copy whose content is not what was frozen."""
    for row in session.execute(select(_FROZEN.c.id, _FROZEN.c.sha256, _FROZEN.c.content).order_by(_FROZEN.c.id)):
        if _digest(row.content) != row.sha256:
            yield f"frozen_forms {row.id}: the content is not what was frozen"


def _sees(caller: Caller, unit_id: int | None) -> bool:
    return unit_id is None or caller.sees(unit_id)


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _content(row: FrozenForm) -> StatutoryFormOut:
    # Copies from before units could be picked do not speak of them.
    return StatutoryFormOut.model_validate({"units": []} | json.loads(row.content))


def _item(row: FrozenForm, unit: Unit | None) -> FrozenItem:
    assert row.id is not None
    return FrozenItem(
        number=row.id, form=row.form, version=row.version, first=row.first, last=row.last,
        unit=unit.code if unit else None, unit_name=unit.full_name if unit else None,
        units=row.units.split(), kind=UnitKind(row.kind) if row.kind else None,
        frozen_at=row.frozen_at, frozen_by=row.frozen_by, sha256=row.sha256,
    )  # fmt: skip


def _out(session: Session, row: FrozenForm) -> FrozenOut:
    unit = session.get(Unit, row.unit_id) if row.unit_id is not None else None
    return FrozenOut(**_item(row, unit).model_dump(by_alias=False), content=_content(row))
