"""The working calendar through the API."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col
from starlette.testclient import TestClient

from app.calendar import service
from app.calendar.models import CalendarChanged, CalendarDay, SaturdayService
from app.core import audit, events
from app.core.audit import AuditEntry
from app.units import service as units

Api = Callable[..., TestClient]
DAYS = "/api/v1/calendar/days"
SATURDAYS = "/api/v1/calendar/saturday-services"
FLOOD = {"kind": "local_closure", "name_vi": "Nghỉ do lũ", "legal_reference": "Công điện 01/CĐ-UBND"}
SERVICE = {"unit": "19753", "valid_from": "2026-11-01", "legal_reference": "Kế hoạch 10/KH-UBND"}


@pytest.fixture(autouse=True)
def _calendar(app: FastAPI) -> None:
    with app.state.database.write() as session:
        units.load_units(session, app.state.clock.now())
        service.load_days(session, app.state.clock.now())


@pytest.fixture
def announced() -> Iterator[list[CalendarChanged]]:
    """Note the changes of the calendar that were announced."""
    changes: list[CalendarChanged] = []

    def note(_: Session, event: CalendarChanged) -> None:
        changes.append(event)

    events.subscribe(CalendarChanged, note)
    yield changes
    events._subscribers[CalendarChanged].remove(note)


def unit_id(app: FastAPI, code: str) -> int:
    with app.state.database.read() as session:
        return units.by_code(session, code).id


def test_a_year(api: Api) -> None:
    period = api("ward_officer", "19753").get(DAYS, params={"from": "2026-01-01", "to": "2026-12-31"}).json()
    assert len(period["days"]) == 365
    assert period["working_days"] == sum(day["working"] for day in period["days"]) == 249
    assert [month["working_days"] for month in period["months"]][:2] == [21, 15]
    days = {day["day"]: day for day in period["days"]}
    assert days["2026-11-24"]["kind"] == "holiday"
    assert days["2026-11-24"]["name_fr"] == "Journée de la culture vietnamienne"
    assert days["2026-01-10"] | {"name_vi": "", "name_en": "", "name_fr": "", "legal_reference": ""} == {
        "day": "2026-01-10", "working": True, "served": True, "kind": "swapped_working_day", "unit": None, "version": 1,
        "name_vi": "", "name_en": "", "name_fr": "", "legal_reference": "",
    }  # fmt: skip
    assert all(day["legal_reference"] for day in period["days"] if day["kind"])
    assert days["2026-11-21"] == {
        "day": "2026-11-21", "working": False, "served": False, "kind": None, "unit": None, "name_vi": None,
        "name_en": None, "name_fr": None, "legal_reference": None, "version": None,
    }  # fmt: skip


def test_the_year_of_today_is_meant_without_a_period(api: Api) -> None:
    period = api("leader").get(DAYS).json()
    assert (period["from"], period["to"]) == ("2026-01-01", "2026-12-31")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=2026-02-01&to=2026-01-31", "period_reversed"),
        ("from=2026-01-01&to=2027-02-05", "period_too_long"),
        ("from=0", "bad_date"),
        ("from=9999-12-31", "bad_date"),
        ("unit=nobody", "unknown_unit"),
    ],
)
def test_wrong_periods(api: Api, query: str, code: str) -> None:
    response = api("leader").get(f"{DAYS}?{query}")
    assert (response.status_code, response.json()["code"]) == (422, code)


def test_four_hundred_days_are_given_whole(api: Api) -> None:
    assert len(api("leader").get(f"{DAYS}?from=2026-01-01&to=2027-02-04").json()["days"]) == 400


def test_who_may(client: TestClient, api: Api) -> None:
    assert client.get(DAYS).status_code == 401
    for caller in (api("ward_officer", "19753"), api("leader")):
        assert caller.put(f"{DAYS}/2026-11-20", json=FLOOD).status_code == 403
        assert caller.delete(f"{DAYS}/2026-11-24").status_code == 403
        assert caller.post(SATURDAYS, json=SERVICE).status_code == 403


def test_marking_changing_and_unmarking_a_day(api: Api, app: FastAPI, announced: list[CalendarChanged]) -> None:
    client, url = api("administrator"), f"{DAYS}/2026-11-20"
    created = client.put(url, json=FLOOD)
    assert created.status_code == 201, created.text
    assert created.headers["location"] == url
    assert (created.json()["working"], created.json()["name_en"]) == (False, "Nghỉ do lũ")
    assert announced == [CalendarChanged(date(2026, 11, 20), None)]
    assert client.put(url, json=FLOOD).status_code == 200, "identical: without effect, whatever the preconditions"
    assert len(announced) == 1
    changed = FLOOD | {"name_vi": "Nghỉ do bão"}
    assert client.put(url, json=changed).status_code == 428
    stale = client.put(url, json=changed, headers={"If-Match": '"9"'})
    assert (stale.status_code, stale.json()["current"]["name_vi"]) == (412, "Nghỉ do lũ")
    saved = client.put(url, json=changed, headers={"If-Match": created.headers["etag"]})
    assert (saved.status_code, saved.json()["version"]) == (200, 2)
    assert client.delete(url).status_code == 428
    assert client.delete(url, headers={"If-Match": '"1"'}).status_code == 412
    assert client.delete(url, headers={"If-Match": '"2"'}).status_code == 204
    assert client.get(url).json()["working"] is True
    assert client.delete(url, headers={"If-Match": '"2"'}).status_code == 404
    with app.state.database.read() as session:
        query = select(col(AuditEntry.action)).where(col(AuditEntry.entity) == "calendar/days/2026-11-20")
        actions = session.scalars(query.order_by(col(AuditEntry.number))).all()
        assert actions == ["calendar.day_marked", "calendar.day_marked", "calendar.day_unmarked"]
        assert list(audit.broken_links(session)) == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"legal_reference": None}, "/legal_reference", "required"),
        ({"legal_reference": " "}, "/legal_reference", "too_short"),
        ({"name_vi": ""}, "/name_vi", "too_short"),
        ({"kind": "party"}, "/kind", "not_a_choice"),
        ({"day": "2026-11-21"}, "/day", "unknown_property"),
    ],
)
def test_refused_marks(api: Api, change: dict[str, Any], pointer: str, code: str) -> None:
    response = api("administrator").put(f"{DAYS}/2026-11-20", json=FLOOD | change)
    assert response.status_code == 422
    assert [(e["pointer"], e["code"]) for e in response.json()["errors"]] == [(pointer, code)]


def test_a_mark_has_a_legal_reference(api: Api) -> None:
    sent = {name: value for name, value in FLOOD.items() if name != "legal_reference"}
    response = api("administrator").put(f"{DAYS}/2026-11-20", json=sent)
    assert [(e["pointer"], e["code"]) for e in response.json()["errors"]] == [("/legal_reference", "required")]


def test_one_unit_closes_and_the_others_work(api: Api, app: FastAPI, announced: list[CalendarChanged]) -> None:
    client, url = api("city_analyst"), f"{DAYS}/2026-11-20"
    refused = client.put(f"{url}?unit=19753", json=FLOOD | {"kind": "holiday"})
    assert (refused.status_code, refused.json()["code"]) == (422, "only_closures_by_unit")
    assert client.put(f"{url}?unit=19753", json=FLOOD).status_code == 201
    own, other = unit_id(app, "19753"), unit_id(app, "19774")
    assert announced == [CalendarChanged(date(2026, 11, 20), own)]
    assert client.get(f"{url}?unit=19753").json()["working"] is False
    assert client.get(f"{url}?unit=19774").json()["working"] is True
    assert client.get(url).json()["working"] is True
    period = {"from": "2026-11-20", "to": "2026-11-20"}
    assert [day["unit"] for day in client.get(DAYS, params=period).json()["unit_closures"]] == ["19753"]
    assert client.get(DAYS, params=period | {"unit": "19753"}).json()["days"][0]["unit"] == "19753"
    with app.state.database.read() as session:
        calendars = service.calendars_for(session, [own, other])
        assert not calendars[own].is_working_day(date(2026, 11, 20))
        assert calendars[other].is_working_day(date(2026, 11, 20))
        assert calendars[None] == service.calendar_for(session)
        assert calendars[own] == service.calendar_for(session, own)


def test_the_citys_day_stands_once(app: FastAPI) -> None:
    def mark(unit: int | None, kind: str = "local_closure", reference: str = "x") -> None:
        with app.state.database.write() as session:
            session.add(
                CalendarDay(day=date(2026, 11, 24), kind=kind, unit_id=unit, name_vi="", name_en="", name_fr="",
                            legal_reference=reference, version=1)
            )  # fmt: skip
            session.flush()
            session.rollback()

    own = unit_id(app, "19753")
    mark(own)
    for wrong in ((None,), (own, "holiday"), (own, "local_closure", "")):
        with pytest.raises(IntegrityError):
            mark(*wrong)


def test_saturday_service(api: Api, app: FastAPI, announced: list[CalendarChanged]) -> None:
    client = api("administrator")
    added = client.post(SATURDAYS, json=SERVICE)
    assert added.status_code == 201, added.text
    assert announced == [CalendarChanged(date(2026, 11, 1), unit_id(app, "19753"))]
    day = client.get(f"{DAYS}/2026-11-21?unit=19753").json()
    assert (day["working"], day["served"]) == (False, True)
    assert client.get(f"{DAYS}/2026-11-21?unit=19774").json()["served"] is False
    assert [s["unit_name"] for s in client.get(SATURDAYS).json()["items"]] == ["Phú Xuân"]
    assert client.get(f"{SATURDAYS}?unit=19774").json()["items"] == []
    for overlap in ({"valid_from": "2026-12-01"}, {"valid_from": "2025-01-01", "valid_to": "2026-11-01"}):
        again = client.post(SATURDAYS, json=SERVICE | overlap)
        assert (again.status_code, again.json()["code"]) == (422, "saturday_service_overlaps")
    before = SERVICE | {"valid_from": "2025-01-01", "valid_to": "2026-10-31"}
    assert client.post(SATURDAYS, json=before).status_code == 201
    url = f"{SATURDAYS}/{added.json()['id']}"
    assert client.delete(url).status_code == 428
    assert client.delete(url, headers={"If-Match": '"1"'}).status_code == 204
    assert client.delete(url, headers={"If-Match": '"1"'}).status_code == 404
    assert client.get(f"{DAYS}/2026-11-21?unit=19753").json()["served"] is False
    with app.state.database.read() as session:
        assert len(session.scalars(select(SaturdayService)).all()) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unit": "nobody"}, "unknown_unit"),
        ({"valid_to": "2026-10-31"}, "ends_before_start"),
        ({"valid_from": "tomorrow"}, "bad_date"),
        ({"legal_reference": ""}, "too_short"),
    ],
)
def test_refused_services(api: Api, change: dict[str, Any], code: str) -> None:
    response = api("administrator").post(SATURDAYS, json=SERVICE | change)
    assert (response.status_code, response.json()["code"]) == (422, code)


def test_a_call_repeated_with_its_key_adds_once(api: Api) -> None:
    client = api("administrator")
    answers = [client.post(SATURDAYS, json=SERVICE, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(client.get(SATURDAYS).json()["items"]) == 1


def test_loading_again_keeps_what_was_edited(api: Api, app: FastAPI) -> None:
    api("administrator").put(f"{DAYS}/2026-11-24", json=FLOOD, headers={"If-Match": '"1"'})
    with app.state.database.write() as session:
        assert service.load_days(session, app.state.clock.now()) == 0
    assert api("leader").get(f"{DAYS}/2026-11-24").json()["kind"] == "local_closure"
