"""Computed readings follow reports and tasks in the same transaction, equal a recomputation, and say why."""

import random
from datetime import date
from itertools import product
from typing import Any

import pytest
from sqlalchemy import text

from app.core import audit
from app.core.web import API
from app.indicators.computed import keeping, rebuilding
from app.indicators.computed import service as computed
from app.units.service import by_code
from tests.support.clients import DAY, OTHER, WARD, line, report
from tests.support.days import sent
from tests.support.indicators import by_formula, indicator, indicator_set, reading, with_set
from tests.support.tasks import with_directive, with_task

AT = f"{API}/indicators"


def _send(ward: Any, unit: str, day: str = DAY, system: str = "city", **counts: Any) -> Any:
    at = f"{API}/throughput/reports/{unit}/{day}/{system}"
    etag = ward.get(at).headers.get("etag")
    answer = ward.put(at, json=report(line(**counts)), headers={"If-Match": etag} if etag else {})
    assert answer.status_code in (200, 201), answer.text
    return answer


def _figure(client: Any, code: str, place: str = "city", period: str = "2026-11") -> Any:
    shown = client.get(f"{AT}/readings?indicator={code}&unit={place}").json()["items"]
    return next(((r["numerator"], r["denominator"]) for r in shown if r["period"] == period), None)


def test_a_report_moves_its_units_and_the_citys_readings_at_once(api: Any) -> None:
    ward, other, analyst = api(), api(unit=OTHER), api("city_analyst")
    _send(ward, WARD, received_online=8, received_counter=2, resolved_early=5, memo={"digitised": 7})
    assert (_figure(analyst, "VH-01", WARD), _figure(analyst, "VH-01")) == ((8, 10), (8, 10))
    _send(other, OTHER, received_online=1, received_counter=9)
    assert (_figure(analyst, "VH-01"), _figure(analyst, "VH-05")) == ((9, 20), (7, 20))
    assert _figure(analyst, "QD766-TD-UT") == (20 * 20, 20)
    _send(ward, WARD, received_online=10, resolved_early=5, memo={"digitised": 10})
    assert (_figure(analyst, "VH-01", WARD), _figure(analyst, "VH-01")) == ((10, 10), (11, 20))
    (kept,) = ward.get(f"{AT}/readings?indicator=VH-01&unit={WARD}").json()["items"]
    assert (kept["origin"], kept["number"], kept["as_of"], kept["standing"]) == ("computed", 0, DAY, True)
    nothing = analyst.get(f"{AT}/VH-02?unit={OTHER}").json()["indicator"]
    assert (nothing["reading"]["value"], nothing["standing"]) == (None, "no_data")  # nothing resolved: n/a, not 0


def test_a_typed_reading_counts_before_the_computed_one_which_is_kept_up(api: Any) -> None:
    ward, analyst = api(), api("city_analyst")
    _send(ward, WARD, received_online=8, received_counter=2)
    typed = reading("2026-11", place=WARD, value=75, as_of=DAY)
    assert analyst.post(f"{AT}/VH-01/readings", json=typed).status_code == 201
    _send(ward, WARD, received_online=9, received_counter=1)
    why = analyst.get(f"{AT}/VH-01/why?unit={WARD}").json()
    assert (why["reading"]["value"], why["computed"]["numerator"], why["formula"]) == (75.0, 9, None)
    assert [r["value"] for r in why["chain"]] == [75.0]


def test_why_names_formula_inputs_units_and_what_is_missing(api: Any, clock: Any) -> None:
    ward, analyst = api(), api("city_analyst")
    _send(ward, WARD, received_online=8, received_counter=2)
    _send(ward, WARD, system="ministry", field="LT")
    why = analyst.get(f"{AT}/VH-01/why").json()
    assert why["formula"] == "received_online ÷ received"
    assert [(i["measure"], i["amount"]) for i in why["inputs"]] == [("received", 10), ("received_online", 8)]
    assert [(u["unit"]["code"], u["amounts"]) for u in why["units"]] == [(WARD, [10, 8])]
    lacking = {u["unit"]["code"]: u["days"] for u in why["missing"]}
    assert len(lacking) == 40
    assert lacking[WARD] == lacking[OTHER]  # the day's own time to send is not over
    assert (why["definition"]["set"], why["definition"]["set_version"], why["period"]) == ("VH", 1, "2026-11")
    seen = ward.get(f"{AT}/VH-01/why").json()
    assert (seen["units"], seen["inputs"]) == ([], why["inputs"])  # the city's totals, not the others' parts
    assert ward.get(f"{AT}/VH-01/why?unit={OTHER}").status_code == 404
    assert analyst.get(f"{AT}/VH-01/why?period=2026-13").status_code == 422
    assert analyst.get(f"{AT}/VH-01/why?period=2026-01").status_code == 404
    clock.set("2026-11-21T12:00:00+07:00")
    late = {u["unit"]["code"]: u["days"] for u in analyst.get(f"{AT}/VH-01/why").json()["missing"]}
    assert (late[WARD], late[OTHER]) == (lacking[WARD], lacking[OTHER] + 1)


def test_tasks_move_their_readings_and_other_indicators_are_followed(api: Any) -> None:
    analyst, ward = api("city_analyst"), api()
    own = [
        indicator("THU-1", period_type="month"),
        indicator("THU-2", period_type="month", unit_of_measure="points", formula="10 × @THU-1 + 10 × @VH-01"),
    ]
    with_set(analyst, *own)
    number = with_directive(analyst)
    for code in ("T1", "T2", "T3"):
        with_task(analyst, code, number)
    assert _figure(analyst, "VH-08", WARD) == (0, 3)
    analyst.post(f"{API}/tasks/T2/cancellation", json={"document": {"number": "1/QD", "day": "2026-11-01"}})
    assert _figure(analyst, "VH-08") == (0, 3)  # a cancelled one still counts in the total
    _send(ward, WARD, received_online=8, received_counter=2)
    assert _figure(analyst, "THU-2") == (None, None)  # one of the two is missing
    typed = analyst.post(f"{AT}/THU-1/readings", json=reading("2026-11", value=50, as_of=DAY))
    assert typed.status_code == 201, typed.text
    assert analyst.get(f"{AT}/THU-2").json()["indicator"]["reading"]["value"] == pytest.approx(13)
    _send(ward, WARD, received_online=10)
    assert analyst.get(f"{AT}/THU-2").json()["indicator"]["reading"]["value"] == pytest.approx(15)


def test_after_random_corrections_the_readings_equal_a_recomputation_and_citations_stay(
    api: Any, app: Any, clock: Any
) -> None:
    """Reports of two months are sent and corrected; what is kept equals a rebuild and the test's own sums."""
    draw = random.Random(57)
    analyst = api("city_analyst")
    wards = {unit: api(unit=unit) for unit in (WARD, OTHER)}
    days = ("2026-10-29", "2026-10-30", "2026-11-19", DAY)
    cited: dict[str, Any] = {}
    stands: dict[tuple[str, str, str], tuple[int, int, int]] = {}
    database = app.state.database
    for step in range(40):
        unit, day, system = draw.choice(list(wards)), draw.choice(days), draw.choice(("city", "ministry"))
        online, counter = draw.randint(0, 9), draw.randint(0, 9)
        early = draw.randint(0, online + counter)
        sent(database, unit, day, system, line(received_online=online, received_counter=counter, resolved_early=early))
        stands[unit, day, system] = (online, counter, early)
        if step % 8 == 0:
            answer = analyst.post(f"{AT}/VH-01/citations", json={"period": day[:7]})
            if answer.status_code == 201:
                cited[answer.json()["token"]] = answer.json()["cited"]
    with database.read() as held:
        assert list(rebuilding.differences(held, clock.now())) == []
    for place, month in product((*wards, "city"), ("2026-10", "2026-11")):
        own = [said for (unit, day, _), said in stands.items() if place in (unit, "city") and day.startswith(month)]
        online, counter, early = map(sum, zip(*own, strict=True))
        received = online + counter
        for code, figure in (("VH-01", (online, received)), ("VH-02", (early, early)), ("VH-04", (early, received))):
            assert _figure(analyst, code, place, month) == figure, (place, month, code)
    assert len(cited) >= 3
    for token, figure in cited.items():
        assert analyst.get(f"{API}/c/{token}").json()["cited"] == figure
    before = analyst.get(f"{AT}/readings?origin=computed&limit=500").json()["items"]
    with database.write() as held:
        held.info["audit_context"] = audit.Context(clock.now(), None, "x", "command")
        rebuilding.rebuild(held, clock.now())
    after = analyst.get(f"{AT}/readings?origin=computed&limit=500").json()["items"]

    def plain(rows: Any) -> Any:
        gone = ("id", "recorded_at")
        return sorted(
            tuple((k, str(v)) for k, v in row.items() if k not in gone) for row in rows if row["value"] is not None
        )

    assert plain(before) == plain(after)
    with database.write() as held:
        held.execute(text("update indicator_inputs set amount = amount + 1 where measure = 'received'"))
        assert any("input received" in fault for fault in rebuilding.differences(held, clock.now()))
        held.rollback()


def test_a_thousand_corrections_leave_what_a_recomputation_says_and_citations_to_the_digit(
    api: Any, app: Any, clock: Any
) -> None:
    """Kept totals are corrected in the tables that reports keep them in, and figures that were typed are superseded."""
    draw = random.Random(1000)
    database, analyst = app.state.database, api("city_analyst")
    known = {(unit, date.fromisoformat(day)): (0, 0) for unit in (WARD, OTHER) for day in ("2026-10-30", DAY)}
    for unit, day in known:
        sent(database, unit, day.isoformat(), "city", line(received_online=1))
    with database.read() as held:
        ids = {unit: by_code(held, unit).id for unit in (WARD, OTHER)}
    correction = text(
        "update day_totals set received_online = :online, received_counter = :counter where unit_id = :of and day = :on"
    )
    with_set(analyst, indicator("NGHIN-1"), code="NGHIN")
    last = analyst.post(
        f"{AT}/NGHIN-1/readings", json=reading("2026-Q3", value="81,20", numerator=113, denominator=139)
    )
    at_first = [("VH-01", DAY[:7], place) for place in (WARD, OTHER, "city")] + [("NGHIN-1", "2026-Q3", "city")]
    cited = {}
    for code, period, place in at_first:
        answer = analyst.post(f"{AT}/{code}/citations", json={"period": period, "place": place}).json()
        cited[answer["token"]] = answer["cited"]
    for turn in range(10):
        with database.write() as held:
            held.info["audit_context"] = audit.Context(clock.now(), None, "thu", "test")
            for _ in range(90):
                unit, day = draw.choice(list(known))
                known[unit, day] = online, counter = draw.randint(0, 99), draw.randint(0, 99)
                amounts = {"online": online, "counter": counter, "of": ids[unit], "on": day}
                held.connection().execute(correction, amounts)
                computed.follow_reports(held, ids[unit], day)
        for _ in range(10):
            typed = f"{draw.randint(0, 99)},{draw.randint(0, 999_999):06}"
            newer = reading("2026-Q3", value=typed, supersedes=last.json()["id"])
            last = analyst.post(f"{AT}/NGHIN-1/readings", json=newer)
            assert last.status_code == 201, last.text
        if turn % 3 == 0:
            answer = analyst.post(f"{AT}/VH-01/citations", json={"period": "2026-11"}).json()
            cited[answer["token"]] = answer["cited"]
    with database.read() as held:
        assert list(rebuilding.differences(held, clock.now())) == []
    for place in (WARD, OTHER, "city"):
        own = [counts for (unit, day), counts in known.items() if place in (unit, "city") and day.month == 11]
        assert _figure(analyst, "VH-01", place) == (sum(c[0] for c in own), sum(map(sum, own)))
    assert last.json()["number"] == 101
    assert len(cited) == 8
    for token, figure in cited.items():
        shown = analyst.get(f"{API}/c/{token}").json()
        assert shown["cited"] == figure
        of, place = shown["definition"]["code"], shown["place"]
        today = (shown["today"]["numerator"], shown["today"]["denominator"])
        assert today == (_figure(analyst, of, place) if of == "VH-01" else (None, None))


def _right(app: Any, clock: Any) -> None:
    with app.state.database.read() as held:
        assert list(rebuilding.differences(held, clock.now())) == []


def test_a_formula_over_others_counts_what_somebody_recorded_and_a_rebuild_says_the_same(
    api: Any, app: Any, clock: Any
) -> None:
    analyst, ward = api("city_analyst"), api()
    with_set(analyst, indicator("THU-1", period_type="month", formula="1 × @VH-01"))
    _send(ward, WARD, received_online=8, received_counter=2)
    assert (_figure(analyst, "THU-1", WARD), _figure(analyst, "THU-1")) == ((8, 10), (8, 10))
    _right(app, clock)
    typed = reading("2026-11", place=WARD, value=50, as_of=DAY)
    assert analyst.post(f"{AT}/VH-01/readings", json=typed).status_code == 201
    assert _figure(analyst, "THU-1", WARD) == (1, 2)
    _send(ward, WARD, received_online=9, received_counter=1)
    assert (_figure(analyst, "THU-1", WARD), _figure(analyst, "THU-1")) == ((1, 2), (9, 10))
    _right(app, clock)
    with app.state.database.write() as held:
        rebuilding.rebuild(held, clock.now())
    assert _figure(analyst, "THU-1", WARD) == (1, 2)


def test_a_share_of_the_city_moves_with_every_report_and_another_units_count_is_not_named(
    api: Any, app: Any, clock: Any
) -> None:
    analyst, ward, other = api("city_analyst"), api(), api(unit=OTHER)
    with_set(analyst, indicator("THU-1", period_type="month", formula="resolved / received[unit=city]"))
    _send(ward, WARD, received_online=8, received_counter=2, resolved_early=5)
    assert _figure(analyst, "THU-1", WARD) == (5, 10)
    _send(other, OTHER, received_online=10)
    assert (_figure(analyst, "THU-1", WARD), _figure(analyst, "THU-1", OTHER)) == ((5, 20), (0, 20))
    _right(app, clock)
    named = indicator("THU-1", period_type="month", formula=f"resolved / received[unit={OTHER}]")
    answer = analyst.post(f"{AT}/sets", json=indicator_set(named, valid_from="2026-01-01"))
    assert (answer.status_code, answer.json()["code"]) == (422, "formula_names_unit")


def test_a_set_for_units_has_no_figure_of_the_city(api: Any, app: Any, clock: Any) -> None:
    analyst, ward, other = api("city_analyst"), api(), api(unit=OTHER)
    _send(other, OTHER, received_online=1, received_counter=9)
    formula = {"period_type": "month", "formula": "received_online / received"}
    with_set(analyst, indicator("RIENG-1", **formula), code="RIENG", scope="unit")
    _send(ward, WARD, received_online=8, received_counter=2)
    assert [_figure(analyst, "RIENG-1", place) for place in (WARD, OTHER, "city")] == [(8, 10), (1, 10), None]
    _right(app, clock)
    with app.state.database.write() as held:
        rebuilding.rebuild(held, clock.now())
    assert [_figure(analyst, "RIENG-1", place) for place in (WARD, OTHER, "city")] == [(8, 10), (1, 10), None]
    shown = analyst.get(f"{AT}/RIENG-1").json()
    assert (shown["scope"], shown["indicator"]["reading"]) == ("unit", None)
    assert "RIENG-1" not in {one["code"] for one in analyst.get(f"{AT}?limit=200").json()["items"]}
    assert [one["code"] for one in analyst.get(f"{AT}?q=rieng").json()["items"]] == ["RIENG-1"]
    assert [one["code"] for one in analyst.get(f"{AT}?set=RIENG&unit={WARD}").json()["items"]] == ["RIENG-1"]


def test_a_new_formula_has_figures_of_what_all_units_sent_before(api: Any, app: Any, clock: Any) -> None:
    analyst, ward, other = api("city_analyst"), api(), api(unit=OTHER)
    _send(ward, WARD, received_online=8, received_counter=2)
    _send(other, OTHER, received_online=1, received_counter=9)
    with_set(analyst, indicator("THU-1", period_type="month", formula="received_counter / received"))
    assert (_figure(analyst, "THU-1"), _figure(analyst, "THU-1", OTHER)) == ((11, 20), (9, 10))
    _send(ward, WARD, received_online=10)
    assert _figure(analyst, "THU-1") == (9, 20)
    _right(app, clock)


def test_versions_may_turn_formulas_round_but_no_time_may_have_a_circle(api: Any) -> None:
    analyst, ward = api("city_analyst"), api()
    one, two = (indicator(code, period_type="month") for code in ("THU-1", "THU-2"))
    with_set(analyst, one, two | by_formula("1 × @THU-1"))
    turned = indicator_set(one | by_formula("1 × @THU-2"), two, valid_from="2026-11-15")
    assert analyst.post(f"{AT}/sets", json=turned).status_code == 201
    _send(ward, WARD, received_online=8, received_counter=2)
    # Two sets whose formulas named each other only in times past.
    third, fourth = indicator("KHAC-1", period_type="month"), indicator("NUA-1", period_type="month")
    with_set(analyst, third, code="KHAC")
    with_set(analyst, fourth | by_formula("1 × @KHAC-1"), code="NUA", valid_from="2026-01-01")
    later = indicator_set(fourth, code="NUA", valid_from="2026-10-01")
    assert analyst.post(f"{AT}/sets", json=later).status_code == 201
    circle = indicator_set(third | by_formula("1 × @NUA-1"), code="KHAC", valid_from="2026-03-01")
    answer = analyst.post(f"{AT}/sets", json=circle)
    assert (answer.status_code, answer.json()["code"]) == (422, "formula_cycle_then"), answer.text
    assert analyst.post(f"{AT}/sets", json=circle | {"valid_from": "2026-10-01"}).status_code == 201
    _send(ward, WARD, received_online=9, received_counter=2)


def test_what_does_not_apply_to_a_unit_is_kept_so(api: Any, app: Any, clock: Any) -> None:
    analyst, ward = api("city_analyst"), api()
    with_set(analyst, indicator("THU-1", period_type="month", formula="resolved[field=CT, system=ministry] / received"))
    _send(ward, WARD, system="ministry", field="LT", received_online=8)
    (kept,) = analyst.get(f"{AT}/readings?indicator=THU-1&unit={WARD}").json()["items"]
    assert (kept["state"], kept["value"]) == ("provisional", None)
    _right(app, clock)


def test_readings_of_tasks_go_on_by_mere_time(api: Any, app: Any, clock: Any) -> None:
    analyst = api("city_analyst")
    with_set(analyst, indicator("THU-1", period_type="month", formula="tasks_overdue / tasks_total"))
    with_task(analyst, "T1", with_directive(analyst))
    assert _figure(analyst, "THU-1", WARD) == (0, 1)
    clock.set("2027-02-01T00:10:00+07:00")
    for _ in range(2):
        with app.state.database.write() as held:
            held.info["audit_context"] = audit.Context(clock.now(), None, "x", "command")
            keeping.follow_time(held, clock.now())
    analyst = api("city_analyst")
    for month in ("2027-01", "2027-02"):
        assert [_figure(analyst, "THU-1", place, month) for place in (WARD, "city")] == [(1, 1), (1, 1)]
    _right(app, clock)
