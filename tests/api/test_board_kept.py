"""What the board keeps of a day equals what the tables say, whatever was written meanwhile and by whomever."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from app.core import stamps
from app.core.db import Database
from app.throughput import totals
from app.throughput.board import standing
from app.throughput.forms import Reference
from app.throughput.obligations import making
from tests.api.test_dashboard_kept import Act, change, changes
from tests.api.test_summary import ANALYST, DAYS, City
from tests.support.clients import SetClock


def judge(session: Session, city: City, why: object) -> None:
    """Compare what is kept of each day with what is read anew, at moments between which deadlines pass."""
    reference = Reference.read(session)
    for day in DAYS:
        for hours in (0, 1, 20):
            now = city.now + timedelta(hours=hours)
            kept = standing.of_day(session, ANALYST, day, now)
            anew = standing._read(session, ANALYST, reference, day, now, kept.read_at)
            assert kept == anew, (why, day, now)
            assert standing.of_day(session, ANALYST, day, now) is kept, "nothing has changed since"


@pytest.mark.once
@settings(
    max_examples=4, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(st.lists(changes(), min_size=5, max_size=9), st.booleans())
def test_what_is_kept_of_a_day_equals_the_tables(
    app: FastAPI, clock: SetClock, sequence: list[Act], elsewhere: bool
) -> None:
    city = City(app, clock)
    other = Database(app.state.settings) if elsewhere else city.database
    with city.database.write() as session:
        stamps.touch(session, totals.STAMP)  # the city was emptied behind everybody's back
        making.extend(session, city.now, 3, first=DAYS[0])
    for act in sequence:
        change(city, other, act)
        with city.database.read() as session:
            judge(session, city, act)
    if elsewhere:
        other.engine.dispose()
