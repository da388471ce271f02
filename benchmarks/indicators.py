"""Measures indicators: overview and cards of forty units with five years of readings against one; what a report's
readings cost; a rebuild of five years.

Prints what was measured, all in one run; run it with `python -m benchmarks.indicators`.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session, col

from app import migrations
from app.core import audit, events
from app.core.access import Caller
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.settings import Settings
from app.indicators.computed import rebuilding
from app.indicators.computed.service import follow_reports
from app.indicators.overview import service
from app.indicators.overview.service import Filters
from app.indicators.place import Place
from app.indicators.readings.models import IndicatorReading
from app.indicators.rules import CITY, PeriodType, period_at
from app.indicators.sets.models import Definition, SetVersion
from app.throughput.models import DayTotal
from app.throughput.rules import FLOWS
from app.units.models import Unit
from app.units.rules import UnitKind

NOW = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
TODAY = date(2026, 11, 20)
YEARS = 5
WARDS = (UnitKind.WARD.value, UnitKind.COMMUNE.value)
ANALYST = Caller(1, "x", "x", "city_analyst", None, None, frozenset({"indicators:read"}), None)


def main() -> None:
    """Fill a database and print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=SecretStr(f"sqlite:///{Path(folder)}/bench.db"), log_level="error")
        database = Database(settings)
        migrations.upgrade(database)
        migrations.seed(database, settings, SystemClock())
        days = _reports(database)
        with database.engine.begin() as connection:
            connection.execute(update(SetVersion).values(valid_from=date(2020, 1, 1)))
        print(f"{days} unit-days of reports, {YEARS} years")
        with database.write() as session:
            session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
            start = time.perf_counter()
            count = rebuilding.rebuild(session, NOW)
            print(f"rebuild of {count} readings: {time.perf_counter() - start:.1f} s")
        with database.write() as session:
            session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
            units = _units(session)
            costs = [_timed(partial(_follow, session, unit)) for unit, _ in units]
            print(f"readings of one report: median {statistics.median(costs):.1f} ms")
        found: dict[int, list[float]] = {}
        for years in (1, YEARS, 1, YEARS):
            count = _readings(database, years)
            found.setdefault(years, []).append(_overview(database))
            print(f"overview with {count} readings of {years} years: {found[years][-1]:.1f} ms")
        print(f"five years against one: {min(found[YEARS]) / min(found[1]):.2f}")
        database.engine.dispose()


def _follow(session: Session, unit: int) -> None:
    """Do what a unit's report brings with it: noted as it is written, worked out at the transaction's end."""
    follow_reports(session, unit, TODAY)
    events.end(session)


def _timed(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def _units(session: Session) -> list[tuple[int, str]]:
    rows = session.execute(select(col(Unit.id), col(Unit.code)).where(col(Unit.kind).in_(WARDS)))
    return [(row[0], row[1]) for row in rows]


def _reports(database: Database) -> int:
    with database.write() as session:
        session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
        counts = dict.fromkeys(FLOWS, 3) | {
            "carried_over": 5, "pending_in_time": 4, "pending_overdue": 1, "post_unsplit": 0, "withdrawn": 0
        }  # fmt: skip
        rows = [
            {"unit_id": unit, "system": system, "day": day, **counts}
            for unit, _ in _units(session)
            for system in ("city", "ministry")
            for day in (TODAY - timedelta(days=n) for n in range(365 * YEARS))
            if day.weekday() < 5
        ]
        for start in range(0, len(rows), 5000):
            session.execute(insert(DayTotal), rows[start : start + 5000])
        return len(rows)


def _readings(database: Database, years: int) -> int:
    """Give every indicator a reading a month for the city and every unit."""
    with database.write() as session:
        session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
        session.execute(delete(IndicatorReading))
        places = [(None, CITY), *_units(session)]
        definitions = session.execute(
            select(col(Definition.indicator_id), func.max(col(Definition.id))).group_by(col(Definition.indicator_id))
        ).all()
        periods = []
        day = TODAY
        for _ in range(12 * years):
            periods.append(period_at(day, PeriodType.month))
            day = periods[-1].first - timedelta(days=1)
        count = 0
        for indicator_id, definition_id in definitions:
            rows = [
                {
                    "indicator_id": indicator_id, "definition_id": definition_id, "place": place, "unit_id": unit,
                    "period": p.name, "period_type": p.type.value, "first": p.first, "last": p.last, "number": 0,
                    "standing": True, "numerator": 80, "denominator": 100, "as_of": p.first, "state": "provisional",
                    "origin": "computed", "recorded_at": NOW, "recorded_by": "bench",
                }
                for unit, place in places
                for p in periods
            ]  # fmt: skip
            session.execute(insert(IndicatorReading), rows)
            count += len(rows)
        return count


def _overview(database: Database) -> float:
    """Return the quickest run of the city's overview and the cards of forty units, in ms."""
    taken = []
    with database.read() as session:
        units = [Place(unit.code, unit) for unit in session.scalars(select(Unit)) if unit.kind in WARDS]
        for _ in range(5):
            start = time.perf_counter()
            for place in (Place(CITY), *units):
                service.listing(session, ANALYST, None, place=place, filters=Filters(), now=NOW)
            taken.append((time.perf_counter() - start) * 1000)
    return min(taken)


if __name__ == "__main__":
    main()
