"""Where the portal's month and the reports differ: each measure by itself, null is not zero, cut-offs said."""

import csv
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from app.core.web import API
from app.portal.adapters.rules import PortalMonth
from app.portal.codes.service import SOURCE
from app.portal.comparison.rules import (
    USUAL,
    Gap,
    Measure,
    Span,
    bounds,
    compared,
    our_counts,
    period_code,
    said_counts,
    span_of,
    together,
)
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.portal import publish

Api = Callable[..., TestClient]
AT = f"{API}/portal/comparison"
counts = st.none() | st.integers(0, 9)
months = st.fixed_dictionaries(dict.fromkeys(Measure, counts))


@pytest.mark.parametrize(
    ("ours", "theirs", "beyond"),
    [(10, 8, False), (10, 7, True), (0, 2, False), (0, 3, True), (1000, 990, False), (1000, 989, True)],
)
def test_two_dossiers_or_one_in_a_hundred_are_within_the_tolerance(ours: int, theirs: int, beyond: bool) -> None:
    assert Gap(Measure.received, ours, theirs).is_beyond(USUAL) is beyond
    assert Gap(Measure.received, theirs, ours).is_beyond(USUAL) is beyond


@given(months, months)
def test_only_what_both_say_and_differs_is_a_gap(
    ours: dict[Measure, int | None], theirs: dict[Measure, int | None]
) -> None:
    found = {gap.measure: gap.size for gap in compared(ours, theirs)}
    for measure in Measure:
        one, other = ours[measure], theirs[measure]
        wanted = None if one is None or other is None or one == other else one - other
        assert found.get(measure) == wanted
    assert together([ours]) == ours
    assert all(both is None or both >= (ours[m] or 0) for m, both in together([ours, theirs]).items())


def test_post_that_is_counted_with_the_counter_is_not_compared() -> None:
    split, mixed = (our_counts(1, 2, 3, 4, 5, is_split=one) for one in (True, False))
    assert (split[Measure.direct], split[Measure.post], split[Measure.received]) == (2, 3, 6)
    assert (mixed[Measure.direct], mixed[Measure.post], mixed[Measure.received]) == (None, None, 6)


def test_what_a_source_does_not_name_is_not_said() -> None:
    whole = {"received_online": 3, "received_counter": 2, "received_post": 1, "resolved_early": 1,
             "resolved_on_time": 1, "resolved_overdue": 0}  # fmt: skip
    merged = {name: count for name, count in whole.items() if name != "received_post"}
    assert list(said_counts({"HT": whole, "DD": whole}).values()) == [12, 6, 4, 2, 4, 0]
    assert list(said_counts({"HT": merged}).values()) == [5, 3, None, None, 2, 0]
    assert list(said_counts({"HT": merged, "DD": whole}).values()) == [11, 6, None, None, 4, 0]
    assert said_counts({"HT": {"received_online": 3}})[Measure.received] is None


@given(st.dates(date(1990, 1, 1), date(2150, 1, 1)), st.sampled_from(Span))
def test_a_day_lies_in_the_period_that_its_code_names(day: date, span: Span) -> None:
    first, last = bounds(span, day)
    assert first <= day <= last
    assert bounds(span, last) == (first, last)
    assert bounds(span, last + timedelta(days=1))[0] == last + timedelta(days=1)
    assert span_of(period_code(span, first)) is span


@pytest.fixture
def reported(api: Api) -> None:
    """A ward's day in both systems, and nothing of any other unit."""
    officer = api()
    day = line(received_online=40, received_counter=8, received_post=2, resolved_early=5, resolved_on_time=15,
               resolved_overdue=1)  # fmt: skip
    assert officer.put(f"{API}/throughput/reports/{WARD}/{DAY}/city", json=report(day)).is_success
    ministry = report(line("HT", received_online=10))
    assert officer.put(f"{API}/throughput/reports/{WARD}/{DAY}/ministry", json=ministry).is_success


def test_the_gaps_of_a_month_are_listed_with_both_cut_offs(
    app: FastAPI, api: Api, reported: None, clock: SetClock
) -> None:
    analyst = api("city_analyst")
    # Ours: 60 received, 50 of them online; 20 in time, 1 overdue.
    publish(app, clock, PortalMonth(WARD, 52, 48, None, 0, 17, 1), PortalMonth(OTHER, 5, 5, 0, 0, 0, 0),
            PortalMonth("LẠ-1", 1, 1, 0, 0, 0, 0))  # fmt: skip
    page = analyst.get(AT).json()
    gaps = [(one["measure"], one["ours"], one["theirs"], one["gap"], one["beyond"]) for one in page["items"]]
    assert gaps == [("received", 60, 52, 8, True), ("on_time", 20, 17, 3, True)]
    assert (page["period"], page["compared"], page["beyond"]) == ("2026-11", 1, 2)
    assert {(one["unit"], one["through"], one["known_at"]) for one in page["items"]} == {
        (WARD, DAY, "2026-11-20T09:45:00Z")
    }
    assert (len(page["unreported"]), page["unpublished"], page["unmapped"]) == (1, [], ["LẠ-1"])
    every = analyst.get(f"{AT}?everything=true").json()["items"]
    assert [(one["measure"], one["gap"], one["beyond"]) for one in every] == [
        ("received", 8, True), ("on_time", 3, True), ("online", 2, False), ("post", 2, False)
    ], "what the portal does not say of the counter is no gap"  # fmt: skip
    rows = list(csv.DictReader(analyst.get(f"{AT}.csv?period=2026-11").text.removeprefix("\ufeff").splitlines()))
    assert len(rows) == 2
    assert analyst.get(f"{AT}?unit={OTHER}").json()["compared"] == 0


def test_a_gap_closes_by_itself_when_the_portal_has_caught_up(
    app: FastAPI, api: Api, reported: None, clock: SetClock
) -> None:
    analyst = api("city_analyst")
    publish(app, clock, PortalMonth(WARD, 52, 48, 8, 2, 20, 1))
    assert [one["measure"] for one in analyst.get(AT).json()["items"]] == ["received"]
    publish(app, clock, PortalMonth(WARD, 60, 50, 8, 2, 20, 1))
    page = analyst.get(f"{AT}?everything=true").json()
    assert (page["items"], page["compared"], page["beyond"]) == ([], 1, 0)


def test_agencies_that_are_one_unit_are_added_up_and_months_kept_apart(
    app: FastAPI, api: Api, reported: None, clock: SetClock
) -> None:
    analyst = api("city_analyst")
    code = {"source": SOURCE, "kind": "unit", "code": "H57.40", "target": WARD}
    assert analyst.put(f"{API}/external-codes", json=code).status_code == 201
    publish(app, clock, PortalMonth(WARD, 40, 30, 8, 2, 20, 1), PortalMonth("H57.40", 20, 20, 0, 0, 0, 0))
    publish(app, clock, PortalMonth(WARD, 7, 7, 0, 0, 0, 0), period="2026-10")
    assert analyst.get(AT).json()["beyond"] == 0
    october: dict[str, Any] = analyst.get(f"{AT}?period=2026-10").json()
    assert (october["compared"], october["items"], len(october["unreported"])) == (0, [], 1)


def test_the_page_and_who_sees_it(
    app: FastAPI, api: Api, reported: None, clock: SetClock, people: Callable[..., PageClient]
) -> None:
    browser = people("city_analyst")
    assert "Chưa có số liệu của cả hai bên" in browser.get("/portal/comparison").text
    publish(app, clock, PortalMonth(WARD, 52, 48, None, 0, 20, 1))
    page = browser.get("/portal/comparison").text
    assert "1 chênh lệch vượt ngưỡng." in page
    assert "+8" in page
    assert "Trực tuyến" not in page.split("<tbody>")[1]
    assert "Trực tuyến" in browser.get("/portal/comparison?everything=true").text.split("<tbody>")[1]
    assert people().get("/portal/comparison").status_code == 403
    assert api("leader").get(AT).status_code == 200
    assert api("city_analyst").get(f"{AT}?period=2026-13").status_code == 422


def test_quarters_and_years_are_compared_to_the_portals_cut_off(
    app: FastAPI, api: Api, reported: None, clock: SetClock
) -> None:
    analyst = api("city_analyst")
    clock.set("2026-11-20T10:00:00+07:00")  # before the day's cut-off: its reports cannot be in these figures
    publish(app, clock, PortalMonth(WARD, 52, 48, None, 0, 17, 1), period="2026-Q4")
    assert analyst.get(f"{AT}?period=2026-Q4").json()["compared"] == 0
    clock.set("2026-11-20T17:00:00+07:00")
    for period in ("2026-Q4", "2026"):
        publish(app, clock, PortalMonth(WARD, 52, 48, None, 0, 17, 1), period=period)
        page = analyst.get(f"{AT}?period={period}").json()
        assert (page["span"], page["beyond"]) == ({7: "quarter", 4: "year"}[len(period)], 2)


def test_days_are_derived_from_two_totals_and_say_so(
    app: FastAPI, api: Api, reported: None, clock: SetClock, people: Callable[..., PageClient]
) -> None:
    clock.set("2026-11-19T17:00:00+07:00")
    publish(app, clock, PortalMonth(WARD, 30, 20, 8, 2, 20, 1))
    clock.set("2026-11-20T17:00:00+07:00")
    publish(app, clock, PortalMonth(WARD, 85, 60, 8, None, 20, 1))
    at = f"{AT}/{WARD}/days"
    items = {(one["day"], one["measure"]): one for one in api("city_analyst").get(at).json()["items"]}
    one = items[DAY, "received"]
    assert (one["since"], one["ours"], one["total"], one["theirs"], one["gap"]) == ("2026-11-19", 60, 85, 55, 5)
    assert all(one["derived"] is True for one in items.values())
    assert items[DAY, "post"]["theirs"] is None, "null is not zero"
    assert items["2026-11-19", "received"]["since"] is None
    assert "Suy ra" in people("city_analyst").get(f"/portal/comparison/{WARD}/days").text
