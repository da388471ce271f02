"""Citing a figure and showing it again."""

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import audit
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid, NotFound
from app.indicators.citations.models import Citation
from app.indicators.citations.rules import COPIED, Change, Differs, change, differences
from app.indicators.citations.schemas import CitationIn, CitationOut, CitedOut
from app.indicators.place import named_place, place_of
from app.indicators.readings import service as readings
from app.indicators.readings.ageing import aged
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.readings.models import Origin
from app.indicators.rules import ReadingState
from app.indicators.schemas import shown_value
from app.indicators.sets import service as sets
from app.tasks.schemas import UnitName

TOKEN = 10


def cite(session: Session, caller: Caller, code: str, *, body: CitationIn, now: datetime) -> tuple[Citation, bool]:
    """Fix the figure that counts now and tell whether it was new; raises Invalid where there is none to cite.

    The same figure has one address.
    """
    one = sets.definition_of(session, code, day_of(now))
    place = named_place(session, caller, body.place, "/place")
    row = _standing(session, one.indicator.id, place.name, body.period)
    if row is None:
        raise Invalid([Fault("/period", "nothing_to_cite")])
    kept = {name: getattr(row, name) for name in ("place", "unit_id", "period", "number", *COPIED)}
    digest = _digest({"indicator": code, "origin": row.origin, **kept})
    same = session.scalars(select(Citation).where(col(Citation.digest) == digest)).one_or_none()
    if same is not None:
        return same, False
    found = Citation(
        token=_token(digest), digest=digest, indicator_id=one.indicator.id, origin=row.origin, cited_at=now,
        cited_by=caller.label, **kept,
    )  # fmt: skip
    session.add(found)
    session.flush()
    audit.record(session, "indicator.cited", f"indicators/{code}", after={"token": found.token, "period": body.period})
    return found, True


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _token(digest: str) -> str:
    """Return a short name of small letters and digits: fifty bits of the digest."""
    return base64.b32encode(bytes.fromhex(digest)).decode().lower()[:TOKEN]


def _standing(session: Session, indicator_id: int, place: str, period: str) -> Reading | None:
    query = select(Reading).where(
        col(Reading.indicator_id) == indicator_id, col(Reading.place) == place, col(Reading.period) == period,
        col(Reading.standing),
    )  # fmt: skip
    return session.scalars(query).one_or_none()


def by_token(session: Session, caller: Caller, token: str) -> Citation:
    """Return a citation whose figure is for the caller's eyes; raises NotFound."""
    row = session.scalars(select(Citation).where(col(Citation.token) == token)).one_or_none()
    if row is None or (row.unit_id is not None and not caller.sees(row.unit_id)):
        raise NotFound
    return row


def show(session: Session, caller: Caller, row: Citation, now: datetime) -> CitationOut:
    """Return a cited figure as it was, today's beside it, and why the two differ."""
    one = sets.by_definition(session, row.definition_id)
    today = _standing(session, row.indicator_id, row.place, row.period)
    place = place_of(session, caller, row.place)
    measure = one.definition.unit_of_measure
    changed, differs = became(row, today)
    current = sets.definition_of(session, one.indicator.code, day_of(now))
    return CitationOut(
        token=row.token, address=f"/c/{row.token}", definition=sets.definition_out(one), place=row.place,
        unit=UnitName(code=place.unit.code, name=place.unit.name) if place.unit else None, period=row.period,
        cited=CitedOut(
            value=shown_value(row.value, row.numerator, row.denominator, measure), numerator=row.numerator,
            denominator=row.denominator, state=ReadingState(row.state), origin=Origin(row.origin), as_of=row.as_of,
            source=row.source, published_on=row.published_on, rank=row.rank, out_of=row.out_of,
        ),
        cited_at=row.cited_at, cited_by=row.cited_by,
        today=aged(session, readings.show(session, today), day_of(now)) if today else None,
        change=changed, differs=differs,
        definition_today=current.version.number,
    )  # fmt: skip


def became(row: Citation, today: Reading | None) -> tuple[Change, list[Differs]]:
    """Return what became of a cited figure, and in what the one that stands today differs."""
    differs = differences(_copied(row), _copied(today)) if today else None
    is_computed = today is not None and today.origin == Origin.computed.value
    return change(differs, was_computed=row.origin == Origin.computed.value, is_computed=is_computed), differs or []


def _copied(row: Citation | Reading) -> dict[str, object]:
    return {name: getattr(row, name) for name in COPIED}
