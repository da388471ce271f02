"""Measures the city's desk through HTTP: board, ranking and summary with ten years of history against one, and the
board of 3,321 units against that of 40.

Prints medians and their ratios, all taken in one run, in turn; run it with `python -m benchmarks.board`.
"""

import http.client
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import insert, select, text
from sqlmodel import Session, col

from app import migrations
from app.accounts import tokens
from app.core import audit
from app.core.clock import day_of
from app.core.db import Database
from app.core.settings import Settings
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput.forms import Reference
from app.throughput.models import DayTotal, FieldMonthTotal, Obligation, Report, ReportLine, ReportRevision
from app.throughput.timing import deadlines
from app.units.models import Unit
from benchmarks.app import NOW, StandingClock
from benchmarks.reports import served

CITY, COUNTRY = 40, 3321
FIELDS = 5
ROUNDS = 60
TODAY = day_of(NOW)
QUESTIONS = {
    "board": f"/api/v1/throughput/board?day={TODAY}&limit={CITY}",
    "board as a line": f"/api/v1/throughput/board/text?day={TODAY}",
    "ranking of a month": f"/api/v1/throughput/ranking?from={TODAY.replace(day=1)}&to={TODAY}&rate=on_time",
    "summary of a month by unit": f"/api/v1/throughput/summary?from={TODAY.replace(day=1)}&to={TODAY}&group_by=unit",
    "summary of a month by day": f"/api/v1/throughput/summary?from={TODAY.replace(day=1)}&to={TODAY}&group_by=day",
    "summary of a month by field": f"/api/v1/throughput/summary?from={TODAY.replace(day=1)}&to={TODAY}&group_by=field",
}
FLOWS = {
    "received_online": 10, "received_counter": 2, "received_post": 1, "resolved_early": 8, "resolved_on_time": 4,
    "resolved_overdue": 1, "withdrawn": 0,
}  # fmt: skip
STOCKS = {"carried_over": 20, "pending_in_time": 19, "pending_overdue": 1}


def workdays(first: date, last: date) -> Iterator[date]:
    """Yield Monday to Friday."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(number)
        if day.weekday() < 5:
            yield day


def fill(url: str, *, first: date, units: int) -> str:
    """Give a database a history from a day on, its rows as reports leave them, and return an analyst's token."""
    settings = Settings(database_url=SecretStr(url))
    database = Database(settings)
    migrations.upgrade(database)
    migrations.seed(database, settings, StandingClock())
    with database.write() as session:
        session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
        session.execute(text("delete from obligations"))
        ids = _units(session, units)
        reference = Reference.read(session)
        calendar = reference.calendars[next(iter(reference.calendars))]
        fields = list(session.scalars(select(col(ProcedureField.id)).order_by(col(ProcedureField.id)).limit(FIELDS)))
        number = 0
        for day in workdays(first, TODAY):
            rows = []
            for system in System:
                d = deadlines(day, system, reference.times, calendar)
                moments = {"cut_off_at": d.cut_off_at, "due_at": d.due_at, "grace_until": d.grace_until}
                base = {"day": day, "system": system.value, **moments, "locks_at": d.locks_at}
                session.execute(insert(Obligation), [{"unit_id": unit, **base} for unit in ids])
                rows += [(number := number + 1, unit, system.value, d.cut_off_at) for unit in ids]
            _report(session, day, rows)
        _lines(session, fields)
        _, token = tokens.create_token(
            session, role="city_analyst", unit_id=None, scopes=None, name="bench", now=NOW,
            expires=NOW + timedelta(days=1),
        )  # fmt: skip
    database.engine.dispose()
    return token


def _units(session: Session, wanted: int) -> list[int]:
    """Return so many units that owe reports, made up where the city has too few."""
    kinds = ("ward", "commune")
    ids = [u for u in session.scalars(select(col(Unit.id)).where(col(Unit.kind).in_(kinds))) if u is not None]
    model = session.scalars(select(Unit).where(col(Unit.kind) == "ward")).first()
    assert model is not None
    like = model.model_dump(exclude={"id"})
    for n in range(wanted - len(ids)):
        name = f"Đơn vị {n:04}"
        unit = Unit(**like | {"code": f"N{n:04}", "name": name, "full_name": name, "sort_key": f"z{n:04}"})
        session.add(unit)
        session.flush()
        assert unit.id is not None
        ids.append(unit.id)
    return ids[:wanted]


def _report(session: Session, day: date, rows: list[tuple[int, int, str, datetime]]) -> None:
    """Write a day's reports, their revisions and sums."""
    session.execute(
        insert(Report),
        [
            {
                "id": n, "unit_id": unit, "day": day, "system": system, "version": 1, "partial": False,
                "unavailable": False, "first_received_at": cut, "first_met_at": cut, "first_complete_at": cut,
                "updated_at": cut,
            }
            for n, unit, system, cut in rows
        ],
    )  # fmt: skip
    session.execute(
        insert(ReportRevision),
        [
            {
                "id": n, "report_id": n, "number": 1, "known_from": cut, "known_to": None, "counted_until": cut,
                "partial": False, "unavailable": None, "note": "", "warnings": "[]", "sent_by": "bench",
                "sent_digest": "", "user_id": None, "door": "api",
            }
            for n, _, _, cut in rows
        ],
    )  # fmt: skip
    sums = {name: count * FIELDS for name, count in (FLOWS | STOCKS).items()}
    totals = [{"unit_id": u, "system": s, "day": day, **sums, "post_unsplit": 0} for _, u, s, _ in rows]
    session.execute(insert(DayTotal), totals)


def _lines(session: Session, fields: list[int | None]) -> None:
    """Write the lines of all reports and their sums by month, in the database itself."""
    chosen = " union all ".join(f"select {number} as field_id" for number in fields)
    counts = FLOWS | STOCKS
    table = ReportLine.__tablename__
    session.execute(
        text(
            f"insert into {table} (revision_id, field_id, {', '.join(counts)}) "
            f"select r.id, f.field_id, {', '.join(map(str, counts.values()))} from report_revisions r, ({chosen}) f"
        )
    )
    session.execute(
        text(
            f"insert into {FieldMonthTotal.__tablename__} "
            f"(unit_id, system, field_id, month, {', '.join(FLOWS)}, post_unsplit) "
            "select r.unit_id, r.system, l.field_id, date(r.day, 'start of month'), "
            f"{', '.join(f'sum(l.{name})' for name in FLOWS)}, 0 "
            f"from reports r join {table} l on l.revision_id = r.id group by 1, 2, 3, 4"
        )
    )


def asked(connection: http.client.HTTPConnection, path: str, token: str) -> float:
    """Return the milliseconds of one question; anything but success ends the run."""
    begin = time.perf_counter()
    connection.request("GET", path, headers={"authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
    return (time.perf_counter() - begin) * 1000


def compare(places: dict[str, tuple[Any, str]], questions: dict[str, str], wanted: str) -> None:
    """Ask each place in turn, the other way round every other time, and print medians and the last ÷ the first."""
    names = list(places)
    print(f"{'median ms':<32}" + "".join(f"{name:>14}" for name in names) + f"{'ratio':>9}  wanted {wanted}")
    for what, path in questions.items():
        spent: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(ROUNDS):
            for name in names if turn % 2 else reversed(names):
                spent[name].append(asked(places[name][0], path, places[name][1]))
        medians = [statistics.median(spent[name][4:]) for name in names]
        print(f"{what:<32}" + "".join(f"{m:>14.2f}" for m in medians) + f"{medians[-1] / medians[0]:>9.3f}")


def main() -> None:
    """Fill three databases, serve them, and compare."""
    histories = {
        "1 year": (TODAY - timedelta(days=365), CITY),
        "10 years": (TODAY - timedelta(days=3652), CITY),
        f"{COUNTRY} units": (TODAY - timedelta(days=7), COUNTRY),
        f"{CITY} units": (TODAY - timedelta(days=7), CITY),
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        places: dict[str, tuple[Any, str]] = {}
        for number, (name, (first, units)) in enumerate(histories.items()):
            url = f"sqlite:///{Path(folder) / str(number)}.db"
            begin = time.perf_counter()
            token = fill(url, first=first, units=units)
            print(f"{name}: filled in {time.perf_counter() - begin:.0f} s")
            port = stack.enter_context(served(url))
            places[name] = (http.client.HTTPConnection("127.0.0.1", port, timeout=60), token)
        compare({n: places[n] for n in ("1 year", "10 years")}, QUESTIONS, "≤ 1.1")
        compare({n: places[n] for n in (f"{CITY} units", f"{COUNTRY} units")}, {"board": QUESTIONS["board"]}, "about 1")


if __name__ == "__main__":
    main()
