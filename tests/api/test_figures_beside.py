"""Figures of another system beside the report: what differs is asked about, counted and told since a moment."""

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.core import audit
from app.throughput.figures import rebuilding
from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report
from tests.support.figures import AT, REPORTS, Api, batch, figures, item, put, sent


def warnings(answer: Any) -> list[tuple[str, dict[str, int]]]:
    return [(w["field"], w["values"]) for w in answer.json()["warnings"] if w["code"] == "external_gap"]


def test_what_differs_from_a_source_is_asked_and_counted(machine: TestClient, api: Api) -> None:
    sent(machine, batch(item(figures(received_online=14, received_counter=3), figures("CT", received_online=2))))
    officer = api()
    listed = officer.get(AT).json()
    assert (listed["day"], listed["items"][0]["differences"]) == (DAY, None)
    one = put(officer, line(received_online=14, received_counter=1, received_post=2))
    assert warnings(one) == [("CT", {"value": 0, "external": 2, "cells": 1})]
    assert officer.get(AT).json()["items"][0]["differences"] == 1
    two = put(
        officer, line(received_online=14, received_counter=3), line("CT", received_online=2), **{"if-match": '"1"'}
    )
    assert warnings(two) == []
    assert officer.get(AT).json()["items"][0]["differences"] == 0
    # Figures that come later are compared with the report that stands; it is not touched.
    sent(machine, batch(item(figures(received_online=19, received_counter=3))))
    cell = next(c for c in officer.get(f"{AT}/{WARD}/{DAY}").json()["cells"] if c["differs"])
    assert (cell["measure"], cell["value"], cell["said"]) == ("received_online", 19, 14)
    assert officer.get(f"{REPORTS}/{WARD}/{DAY}/city").json()["version"] == 2


def test_the_largest_differences_of_a_day_come_first_and_pages_lose_none(machine: TestClient, api: Api) -> None:
    units = [WARD, OTHER, "19804"]
    for number, unit in enumerate(units):
        body = report(line(received_online=1), *([line("CT", received_online=3)] if number else []))
        assert api(unit=unit).put(f"{REPORTS}/{unit}/{DAY}/city", json=body).status_code == 201
    lines = [figures(received_online=1), figures("CT", received_online=0, resolved_early=2)]
    third = item(lines[0], unit="19804", system="ministry")
    assert sent(machine, batch(item(lines[0]), item(*lines, unit=OTHER), third))["accepted"] == 3
    analyst = api("city_analyst")
    seen, cursor = [], ""
    while True:
        page = analyst.get(f"{AT}?day={DAY}&limit=1{cursor and '&cursor='}{cursor}").json()
        seen += [(i["unit"], i["differences"]) for i in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == [(OTHER, 2), (WARD, 0), ("19804", None)]
    assert analyst.get(AT, params={"cursor": "WzFd", "day": DAY}).json()["code"] == "bad_cursor"


def test_changes_since_a_moment_miss_nothing(machine: TestClient, api: Api, clock: SetClock) -> None:
    sent(machine, batch(item(figures(received_online=1))))
    clock.set("2026-11-20T16:50:00+07:00")
    feed = api("city_analyst")
    until = feed.get(AT, params={"updated_since": "2026-11-01"}).json()["complete_until"]
    assert until == "2026-11-20T09:48:00Z"
    # A call that began before that page was read and is committed after it.
    clock.set("2026-11-20T16:49:30+07:00")
    sent(machine, batch(item(figures(received_online=2), unit=OTHER)))
    clock.set("2026-11-20T16:55:00+07:00")
    seen = feed.get(AT, params={"updated_since": until}).json()["items"]
    assert [(i["unit"], i["version"]) for i in seen] == [(OTHER, 1)]


def test_the_kept_differences_are_counted_anew(app: FastAPI, machine: TestClient, api: Api) -> None:
    nothing = item(system="ministry")
    sent(machine, batch(item(figures(received_online=5)), nothing, item(figures(received_online=5), unit=OTHER)))
    api().put(f"{REPORTS}/{WARD}/{DAY}/city", json=report(line(received_online=7)))
    api().put(f"{REPORTS}/{WARD}/{DAY}/ministry", json=report(line("LT", received_online=1)))

    def told() -> list[str]:
        with app.state.database.read() as session:
            return list(rebuilding.differences(session))

    assert told() == []
    with app.state.database.writer.connect() as connection:
        wrong = "update figure_days set gaps = 7 where id = (select max(id) from figure_days where gaps = 1)"
        connection.execute(text(wrong))
        connection.commit()
    assert told() == [f"figure_days {WARD} city {DAY} one-gate: kept 7, the report and the source say 1"]
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(app.state.clock.now(), None, "test", "command")
        assert rebuilding.rebuild(session) == 1
    assert told() == []
