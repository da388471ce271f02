"""What the dashboard keeps of its days equals what the tables say, whatever was written meanwhile and by whomever."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session, col

from app.calendar import service as calendar
from app.calendar.models import DayIn
from app.calendar.rules import DayKind
from app.core import audit, stamps
from app.core.db import Database
from app.core.errors import Conflict, NotFound
from app.dashboard import rules
from app.dashboard.adding import Adding
from app.dashboard.keeping import Keeper
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput import totals
from app.throughput.obligations import making
from app.throughput.obligations import service as obligations
from app.throughput.summary import owed as owing
from app.throughput.summary.sums import Kept, Scope
from app.units.service import by_code
from tests.api.test_summary import ANALYST, DAYS, City, acts
from tests.support.clients import OTHER, WARD, SetClock

Act = tuple[Any, ...]
LAST = date(2026, 11, 4)
RANGES = [
    (span.first, span.last) for kind in rules.SHOWN[1:] for span in [rules.until(rules.span_at(LAST, kind), LAST)]
] + [(date(2026, 10, 29), date(2026, 11, 2))]


@st.composite
def changes(draw: st.DrawFn) -> Act:
    """Return something that moves figures or duties, or nothing of them."""
    kind = draw(st.sampled_from(("sent", "sent", "sent", "waived", "ended", "closed", "owed", "rebuilt", "else")))
    if kind == "sent":
        return (kind, *draw(acts()))
    return kind, draw(st.sampled_from((WARD, OTHER))), draw(st.sampled_from(DAYS))


def change(city: City, database: Database, act: Act) -> None:
    """Do one of them in a transaction of its own."""
    kind, unit, *rest = act
    if kind == "sent":
        city.send(unit, *rest)
        return
    (day,) = rest
    with database.write() as session:
        session.info["audit_context"] = audit.Context(city.now, None, "test", "api")
        row = by_code(session, unit)
        try:
            # Both systems: a day counts as waived, or as in, only with every system that it owes.
            if kind == "waived":
                for one in System:
                    obligations.waive(session, ANALYST, unit=row, day=day, system=one, reason="Bão", now=city.now)
            elif kind == "ended":
                for one in System:
                    obligations.end_waiver(session, unit=row, day=day, system=one, now=city.now)
            elif kind == "closed":
                toggle(session, day)
            elif kind == "owed":
                making.extend(session, city.now, 3, first=day)
            elif kind == "rebuilt":
                totals.rebuild(session)
            else:
                audit.record(session, "task.updated", "tasks/T1", after={"day": str(day)})
        except (NotFound, Conflict):
            pass  # nothing owed that day, or reported already: nothing changes


def toggle(session: Session, day: date) -> None:
    """Close a day, or open it again."""
    if calendar.marked(session, day, None) is None:
        values = DayIn(kind=DayKind.LOCAL_CLOSURE, name_vi="Nghỉ bão", legal_reference="Công điện 1")
        calendar.mark(session, ANALYST, day=day, unit=None, values=values, if_match=None)
    else:
        calendar.unmark(session, ANALYST, day=day, unit=None, if_match="*")


def judge(session: Session, scopes: list[Scope], why: Any) -> None:
    for scope in scopes:
        adding, whole = Adding(session, scope, Keeper(session, datetime.max.replace(tzinfo=UTC))), Kept(session, scope)
        for first, last in RANGES:
            told = why, scope, first, last
            assert adding.figures(first, last) == whole.sums(first, last, None).get(None), told
            owed = scope.of(owing.OBLIGATION, first, last)
            assert adding.completeness(first, last) == owing.completeness(session, owed, None), told
        first, last = min(RANGES)[0], LAST
        assert adding.by_day(first, last) == whole.by_day(first, last), (why, scope)


@pytest.mark.once
@settings(
    max_examples=6, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(st.lists(changes(), min_size=6, max_size=12), st.booleans())
def test_what_is_kept_equals_the_tables_after_any_change(
    app: FastAPI, clock: SetClock, sequence: list[Act], elsewhere: bool
) -> None:
    """Looked at after each change; those that are no reports come from another process or this one."""
    city = City(app, clock)
    other = Database(app.state.settings) if elsewhere else city.database
    with city.database.write() as session:
        stamps.touch(session, totals.STAMP)  # the city was emptied behind everybody's back
        making.extend(session, city.now, 3, first=DAYS[0])
        unit = by_code(session, WARD).id
        field = session.scalars(select(col(ProcedureField.id)).where(col(ProcedureField.code) == "HT")).one()
    assert unit is not None
    scopes = [Scope(None, None, None), Scope(frozenset({unit}), None, None), Scope(None, None, field)]
    for act in sequence:
        change(city, other, act)
        with city.database.read() as session:
            judge(session, scopes, act)
    if elsewhere:
        other.engine.dispose()
