"""Measures indicators: overview and cards of forty units with five years of readings against one; what a report's
readings cost; a rebuild of five years.

Prints what was measured, all in one run, by the clock and by processor time:
`python -m benchmarks.indicators`.
"""

import shutil
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
from app.indicators.sets import loading
from app.indicators.sets.models import Definition, Indicator, SetVersion
from app.indicators.sets.schemas import SetIn
from app.throughput.models import DayTotal
from app.throughput.rules import FLOWS
from app.units.models import Unit
from app.units.rules import UnitKind

NOW = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
TODAY = date(2026, 11, 20)
YEARS, INDICATORS, ROUNDS = 5, 100, 16
WARDS = (UnitKind.WARD.value, UnitKind.COMMUNE.value)
ANALYST = Caller(1, "x", "x", "city_analyst", None, None, frozenset({"indicators:read"}), None)


def main() -> None:
    """Fill a database and print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=SecretStr(f"sqlite:///{Path(folder)}/bench.db"), log_level="error")
        database = Database(settings)
        migrations.upgrade(database)
        migrations.seed(database, settings, SystemClock())
        _more(database)
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
        database.engine.dispose()
        _compare(Path(folder))


def _compare(folder: Path) -> None:
    """Ask a database of one year's readings and one of five in turn, the other way round every other time."""
    found: dict[int, Database] = {}
    for years in (1, YEARS):
        shutil.copy(folder / "bench.db", folder / f"{years}.db")
        found[years] = Database(Settings(database_url=SecretStr(f"sqlite:///{folder}/{years}.db"), log_level="error"))
        print(f"{_readings(found[years], years)} readings of {years} years")
        _overview(found[years])  # what a process keeps is read once
    spent: dict[int, list[tuple[float, float]]] = {years: [] for years in found}
    for turn in range(ROUNDS):
        for years in sorted(found, reverse=turn % 2 == 1):
            spent[years].append(_overview(found[years]))
    for at, name in enumerate(("clock", "processor")):
        few, many = ([one[at] for one in spent[years]] for years in (1, YEARS))
        ratios = [late / early for early, late in zip(few, many, strict=True)]
        middles = statistics.median(few), statistics.median(many)
        print(
            f"overview and cards by the {name}: {middles[0]:.0f} ms of one year, {middles[1]:.0f} of five: "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f}), of medians "
            f"{middles[1] / middles[0]:.2f}"
        )
    for database in found.values():
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


def _more(database: Database) -> None:
    """Add a set of plain indicators, so that there are a hundred."""
    with database.write() as session:
        session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
        lacking = INDICATORS - (session.scalar(select(func.count()).select_from(Indicator)) or 0)
        names = {"name_vi": "Đo", "name_en": "Measured", "name_fr": "Mesuré"}
        plain = {"unit_of_measure": "percent", "period_type": "month", **names}
        target = {"period": "2027", "low": 90, "document": "Đo"}
        indicators = [{"code": f"DO-{n:02}", **plain, "targets": [target]} for n in range(lacking)]
        values = {
            "code": "DO", "scope": "city", "source": "Đo", "valid_from": "2021-01-01", **names,
            "groups": [{"code": "A", **names, "indicators": indicators}],
        }  # fmt: skip
        loading.bring(session, "bench", values=SetIn.model_validate(values), now=NOW)


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


def _overview(database: Database) -> tuple[float, float]:
    """Return what the city's overview and the cards of forty units take by the clock and by the processor, in ms."""
    with database.read() as session:
        units = [Place(unit.code, unit) for unit in session.scalars(select(Unit)) if unit.kind in WARDS]
        start, worked = time.perf_counter(), time.process_time()
        for place in (Place(CITY), *units):
            service.listing(session, ANALYST, None, place=place, filters=Filters(), now=NOW)
        return (time.perf_counter() - start) * 1000, (time.process_time() - worked) * 1000


if __name__ == "__main__":
    main()
