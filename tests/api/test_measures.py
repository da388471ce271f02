"""Measures: equal to sums over the lines for any place and period, after any correction."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.indicators.formulas.evaluating import MISSING, NOT_APPLICABLE
from app.indicators.measures import service
from app.indicators.measures.rules import ALL_TASKS, BUCKETS, CITY, COLUMNS, MeasureRef
from app.throughput.forms import Reference
from app.throughput.summary.sums import Kept, Scope
from app.units.service import by_code
from tests.support.clients import OTHER, WARD, SetClock, line, report
from tests.support.tasks import with_directive, with_task

Api = Callable[..., TestClient]
BASE = "/api/v1/throughput"
REASON = {"warning": "correction", "reason": "source_error"}
MEMOS = ("digitised", "paid_online", "received_for_others", "waiting_applicant")


class Stretch(NamedTuple):
    """A period."""

    first: date
    last: date


NOVEMBER = Stretch(date(2026, 11, 1), date(2026, 11, 30))
OCTOBER = Stretch(date(2026, 10, 1), date(2026, 10, 31))
AUTUMN = Stretch(date(2026, 10, 1), date(2026, 12, 31))
YEAR = Stretch(date(2026, 1, 1), date(2026, 12, 31))
WEEK = Stretch(date(2026, 11, 9), date(2026, 11, 13))
DAY = Stretch(date(2026, 11, 12), date(2026, 11, 12))
PERIODS = [NOVEMBER, OCTOBER, AUTUMN, YEAR, WEEK, DAY]


def send(client: TestClient, unit: str, day: date, system: str, dice: random.Random, match: int = 0) -> Any:
    lines = []
    for field in dice.sample(["HT", "BTXH", "VHXH"] if system == "city" else ["HT", "BTXH"], 2):
        received, pending = dice.randrange(9), dice.randrange(5)
        opening = dice.randrange(6)
        resolved = dice.randrange(opening + received + 1)
        left = opening + received - resolved
        late = min(pending, left)
        lines.append(
            line(field, carried_over=opening, received_online=received, resolved_on_time=resolved, pending_overdue=late,
                 pending_in_time=left - late,
                 memo={"digitised": dice.randrange(received + 1), "received_for_others": dice.randrange(4),
                       "waiting_applicant": dice.randrange(left - late + 1)})
        )  # fmt: skip
    explained = {"warning": "opening_gap", "reason": "late_sync", "field": lines[0]["field"], "amount": 1}
    reasons = [explained] * dice.randrange(2) + [REASON] * bool(match)
    headers = {"if-match": f'"{match}"'} if match else {}
    body = report(*lines, reasons=reasons)
    return client.put(f"{BASE}/reports/{unit}/{day}/{system}", json=body, headers=headers)


@pytest.fixture
def filled(api: Api, clock: SetClock) -> dict[tuple[str, date, str], int]:
    """Two wards' days of October and November, some missing; and how often each was sent."""
    dice, versions = random.Random(7), {}
    for unit in (WARD, OTHER):
        officer = api(unit=unit)
        for day in [*(date(2026, 10, 28) + timedelta(n) for n in range(3)), *(date(2026, 11, n) for n in (9, 10, 12))]:
            for system in ("city", "ministry"):
                if dice.random() < 0.75:
                    clock.set(f"{day}T16:50:00+07:00")
                    sent = send(officer, unit, day, system, dice)
                    assert sent.status_code in (201, 422), sent.text
                    if sent.status_code == 201:
                        versions[unit, day, system] = 1
    assert len(versions) > 10
    return versions


def expected(session: Session, units: frozenset[int] | None, ref: MeasureRef, period: Stretch) -> int | None:
    """Return what the summary says, from the same reports by another way."""
    field = None
    if ref.field is not None:
        field = Reference.read(session).by_code[ref.field].id
    kept = Kept(session, Scope(units, ref.system, field)).sums(period.first, period.last, None)
    return getattr(kept[None], ref.name) if None in kept else None


def compare(session: Session, now: datetime) -> int:
    """Compare columns of every place and period with the summary; returns how many were numbers."""
    ids = [by_code(session, code).id for code in (WARD, OTHER)]
    refs = [MeasureRef(name, system=system) for name in COLUMNS for system in (None, "city")]
    refs += [MeasureRef(name, field="HT") for name in ("received_online", "pending", "carried_over")]
    numbers = 0
    for (place, period), inputs in service.read(session, refs, [None, *ids], PERIODS, now).items():
        units = None if place is None else frozenset({place})
        assert isinstance(period, Stretch)
        for ref, amount in inputs.values.items():
            wanted = expected(session, units, ref, period)
            if wanted is None:
                # A field without a line in received reports is zero for us, no row for the summary.
                assert amount is MISSING or (amount == 0 and ref.field), (ref, place, period)
            else:
                assert amount == wanted, (str(ref), place, period)
                numbers += 1
    return numbers


def test_measures_equal_the_sums_after_every_correction(
    app: FastAPI, api: Api, clock: SetClock, filled: dict[tuple[str, date, str], int]
) -> None:
    dice = random.Random(11)
    with app.state.database.read() as session:
        assert compare(session, clock.now()) > 200
    clock.set("2026-11-12T16:55:00+07:00")
    changed = 0
    for _ in range(12):
        unit, day, system = dice.choice([key for key in filled if key[1] > date(2026, 11, 8)])
        answer = send(api(unit=unit), unit, day, system, dice, match=filled[unit, day, system])
        changed += answer.status_code == 200
        if answer.status_code == 200:
            filled[unit, day, system] = answer.json()["version"]
    assert changed >= 3
    with app.state.database.read() as session:
        assert compare(session, clock.now()) > 200


def test_memos_flows_add_up_and_stocks_do_not(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    days = {"2026-11-18": (3, 2), "2026-11-19": (4, 1)}
    for day, (digitised, waiting) in days.items():
        clock.set(f"{day}T16:50:00+07:00")
        body = line(received_online=9, pending_overdue=0, memo={"digitised": digitised, "waiting_applicant": waiting})
        sent = officer.put(f"{BASE}/reports/{WARD}/{day}/city", json=report(body))
        assert sent.status_code == 201, sent.text
    refs = [MeasureRef("digitised"), MeasureRef("waiting_applicant"), MeasureRef("digitised", field="HT")]
    with app.state.database.read() as session:
        unit = by_code(session, WARD).id
        for period in (NOVEMBER, Stretch(date(2026, 11, 18), date(2026, 11, 19))):
            inputs = service.read(session, refs, [unit], [period], clock.now())[unit, period]
            assert [inputs.values[ref] for ref in refs] == [7, 1, 7]
            assert inputs.as_of == date(2026, 11, 19)


def test_zero_missing_and_not_applicable_are_three_things(app: FastAPI, api: Api, clock: SetClock) -> None:
    clock.set("2026-11-19T16:50:00+07:00")
    assert api().put(f"{BASE}/reports/{WARD}/2026-11-19/city", json=report(line("CT"))).status_code == 201
    refs = [MeasureRef("received"), MeasureRef("received", field="HT"), MeasureRef("received", system="ministry"),
            MeasureRef("received", field="CT", system="ministry"), MeasureRef("received", unit=OTHER),
            MeasureRef("received", unit=CITY)]  # fmt: skip
    with app.state.database.read() as session:
        places = [by_code(session, code).id for code in (WARD, OTHER, "SO-KHCN")]
        found = service.read(session, refs, places, [NOVEMBER], clock.now())
        amounts = [list(found[place, NOVEMBER].values.values()) for place in places]
    assert amounts == [
        [0, 0, MISSING, NOT_APPLICABLE, MISSING, 0],
        [MISSING, MISSING, MISSING, NOT_APPLICABLE, MISSING, 0],
        [NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE, MISSING, 0],
    ]


def test_a_field_that_is_not_the_units_is_no_zero(app: FastAPI, api: Api, clock: SetClock) -> None:
    clock.set("2026-11-19T16:50:00+07:00")
    assert api().put(f"{BASE}/reports/{WARD}/2026-11-19/ministry", json=report(line("LT"))).status_code == 201
    refs = [MeasureRef("received", field="LT"), MeasureRef("received", field="CT", system="ministry")]
    with app.state.database.read() as session:
        place = by_code(session, WARD).id
        values = service.read(session, refs, [place], [NOVEMBER], clock.now())[place, NOVEMBER].values
    assert list(values.values()) == [0, NOT_APPLICABLE]


def test_what_is_gone_is_missing_and_no_defect(app: FastAPI, clock: SetClock) -> None:
    refs = [MeasureRef("gone"), MeasureRef("received", field="gone"), MeasureRef("received", unit="gone"),
            MeasureRef("tasks_total", programme="gone")]  # fmt: skip
    with app.state.database.read() as session:
        inputs = service.read(session, refs, [None], [NOVEMBER], clock.now())[None, NOVEMBER]
    assert list(inputs.values.values()) == [MISSING] * 4


def test_completeness_counts_what_was_owed_up_to_now(app: FastAPI, api: Api, clock: SetClock) -> None:
    clock.set("2026-11-20T16:50:00+07:00")
    for system in ("city", "ministry"):
        assert api().put(f"{BASE}/reports/{WARD}/2026-11-20/{system}", json=report(line("HT"))).status_code == 201
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with app.state.database.read() as session:
        unit = by_code(session, WARD).id
        day = Stretch(date(2026, 11, 20), date(2026, 11, 20))
        held = service.completeness(session, [unit, None], [day, NOVEMBER], now)
        missing = service.missing_units(session, day, now)
    assert held[unit, day] == (1, 1)
    assert held[None, day] == (40, 1)
    for place, asked in ((unit, {"unit": WARD}), (None, {})):
        up_to_now = {"from": "2026-11-01", "to": "2026-11-20", **asked}
        said = api("city_analyst").get(f"{BASE}/summary", params=up_to_now).json()["completeness"]
        assert held[place, NOVEMBER] == (said["expected"], said["received"])
    assert len(missing) == 39
    assert WARD not in [unit.code for unit, _ in missing]


def test_tasks_are_those_of_their_summary_now_and_then(app: FastAPI, api: Api, clock: SetClock) -> None:
    analyst = api("city_analyst")
    clock.set("2026-10-20T09:00:00+07:00")
    number = with_directive(analyst)
    with_task(analyst, "T1", number, deadline="2026-11-10")
    with_task(analyst, "T2", number, deadline="2026-11-25", lead_unit="SO-KHCN", programme="research")
    clock.set("2026-11-05T09:00:00+07:00")
    with_task(analyst, "T3", number, kind="regular", rhythm="month", deadline=None, lead_unit=OTHER)
    with_task(analyst, "T4", number, parent="T2", lead_unit=OTHER)
    clock.set("2026-11-20T09:00:00+07:00")
    refs = [MeasureRef(name) for name in (ALL_TASKS, *BUCKETS)]
    refs += [MeasureRef(name, programme="research") for name in (ALL_TASKS, "tasks_due_soon")]
    day = Stretch(date(2026, 11, 8), date(2026, 11, 8))
    moments: dict[service.Stretch, str | None] = {OCTOBER: "2026-10-31", day: "2026-11-08", NOVEMBER: None}
    looked = set()
    with app.state.database.read() as session:
        units: dict[int | None, str | None] = {by_code(session, code).id: code for code in (WARD, OTHER, "SO-KHCN")}
        found = service.read(session, refs, [None, *units], list(moments), clock.now())
        ahead = service.read(session, refs[:1], [None], [Stretch(date(2027, 1, 1), date(2027, 1, 31))], clock.now())
    for (place, period), inputs in found.items():
        for ref, amount in inputs.values.items():
            asked = {"unit": units[place], "role": "lead"} if place is not None else {}
            asked |= {"programme": ref.programme} if ref.programme else {}
            known = moments[period]
            asked |= {"as_of": known} if known else {}
            said = analyst.get("/api/v1/tasks/summary", params=asked).json()
            counts = {f"tasks_{b['bucket']}": b["count"] for b in said["buckets"]} | {ALL_TASKS: said["total"]}
            assert amount == counts[ref.name], (str(ref), place, period)
            looked.add(amount)
    assert {0, 1, 2, 3} <= looked
    assert [list(inputs.values.values()) for inputs in ahead.values()] == [[MISSING]]
