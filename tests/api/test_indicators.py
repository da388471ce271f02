"""Sets, targets, readings and citations: the rules of each, the same at every door."""

import csv
import io
import json
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from app.core import tables
from app.core.audit import AuditEntry
from app.core.errors import Invalid, Problem
from app.core.grids import letters
from app.core.web import API
from app.indicators.linked.models import TaskLink
from app.indicators.overview.service import missed
from app.indicators.place import Place
from app.indicators.readings.files import COLUMNS
from app.indicators.rules import CITY
from app.indicators.sets.files import read, table_of
from app.indicators.sets.schemas import SetIn
from tests.support.clients import OTHER, WARD
from tests.support.indicators import indicator, indicator_set, reading, with_set
from tests.support.statements import asked
from tests.support.tasks import with_directive, with_task

AT = f"{API}/indicators"


def codes(answer: Any) -> list[tuple[str, str]]:
    body = answer.json()
    return [(e["pointer"], e["code"]) for e in body["errors"]] or [("", body["code"])]


def read_rows(columns: Any, rows: Any) -> SetIn:
    """Read a table of a set as a file of it."""
    return read(tables.to_csv(tables.Table("a", columns, rows))).values


@pytest.fixture
def analyst(api: Any) -> Any:
    """An analyst and a set of two indicators, one owned by the ward."""
    client = api("city_analyst")
    with_set(client, indicator("THU-1"), indicator("THU-2", comparator="range", owner_unit=WARD, period_type="month"))
    return client


def test_a_new_version_changes_no_old_reading(analyst: Any, clock: Any) -> None:
    made = analyst.post(f"{AT}/THU-1/readings", json=reading("2026-Q3", value="81,2", numerator=113, denominator=139))
    assert made.status_code == 201, made.text
    assert (made.json()["set_version"], made.json()["value"], made.json()["gap"]) == (1, 81.2, pytest.approx(0.094964))
    earlier = indicator_set(indicator("THU-1"), valid_from="2025-01-01")
    assert codes(analyst.post(f"{AT}/sets", json=earlier)) == [("/valid_from", "version_not_later")]
    later = indicator_set(indicator("THU-1", name_vi="Tên khác", comparator="at_most"), valid_from="2026-11-01")
    assert analyst.post(f"{AT}/sets", json=later).json()["version"] == 2
    (kept,) = analyst.get(f"{AT}/readings?indicator=THU-1").json()["items"]
    assert (kept["set_version"], kept["name_vi"], kept["value"]) == (1, "Chỉ tiêu THU-1", 81.2)
    assert analyst.get(f"{AT}/THU-1").json()["indicator"]["name_vi"] == "Tên khác"
    old = analyst.get(f"{AT}/sets/THU?version=1").json()
    assert (old["valid_to"], len(old["groups"][0]["indicators"])) == ("2026-10-31", 2)
    assert [v["version"] for v in old["versions"]] == [1, 2]


def test_a_reading_and_a_target_mean_what_they_meant_under_their_own_definition(analyst: Any) -> None:
    made = analyst.post(f"{AT}/THU-1/readings", json=reading("2026-Q3", numerator=70, denominator=100))
    assert made.status_code == 201, made.text
    assert analyst.post(f"{AT}/THU-1/targets", json={"period": "2026", "low": 80, "document": "x"}).status_code == 201
    later = indicator("THU-1", unit_of_measure="ratio", comparator="at_most", period_type="month", direction="down")
    body = indicator_set(later, valid_from="2026-11-01")
    assert analyst.post(f"{AT}/sets", json=body).status_code == 201
    shown = analyst.get(f"{AT}/THU-1")
    assert shown.status_code == 200, shown.text
    one = shown.json()["indicator"]
    assert (one["unit_of_measure"], one["reading"]["unit_of_measure"], one["reading"]["value"]) == (
        "ratio", "percent", 70.0,
    )  # fmt: skip
    assert (one["goal"]["comparator"], one["goal"]["low"], one["standing"]) == ("at_least", 80.0, "not_due")
    (target,) = shown.json()["targets"]
    assert (target["comparator"], target["unit_of_measure"]) == ("at_least", "percent")
    assert analyst.get(f"{AT}?set=THU").status_code == 200
    assert analyst.get(f"{AT}/sets/THU/export").json()["groups"][0]["indicators"][0]["targets"] == []
    # Late for a period that ended under the first version: quarters were counted then.
    late = analyst.post(f"{AT}/THU-1/readings", json=reading("2026-Q2", value=65))
    assert (late.status_code, late.json()["set_version"]) == (201, 1), late.text
    assert codes(analyst.post(f"{AT}/THU-1/readings", json=reading("2026-10", value=65))) == [
        ("/period", "wrong_period_type")
    ]
    now = analyst.post(f"{AT}/THU-1/readings", json=reading("2026-11", value="0,6", as_of="2026-11-20"))
    assert (now.status_code, now.json()["set_version"]) == (201, 2), now.text
    # A share is not held against a bound in per cent.
    assert analyst.get(f"{AT}/THU-1").json()["indicator"]["standing"] == "no_target"


def test_a_months_target_leaves_the_years_and_speaks_of_its_month_alone(analyst: Any) -> None:
    with_set(analyst, indicator("KY-1", period_type="month"), code="KY")
    at = f"{AT}/KY-1"
    for period, low, version in (("2026", 80, 1), ("2026-08", 60, 2), ("2026-10", 95, 2), ("2027", 90, 2)):
        sent = {"period": period, "low": low, "version": version, "document": "KH 98"}
        made = analyst.post(f"{at}/targets", json=sent)
        assert made.status_code == 201, made.text
    assert [t["in_force"] for t in analyst.get(f"{AT}/targets?indicator=KY-1").json()["items"]] == [True] * 4
    for period, bound in (("2026-07", 80.0), ("2026-08", 60.0), ("2026-09", 80.0), ("2026-10", 95.0)):
        made = analyst.post(f"{at}/readings", json=reading(period, value=70, as_of="2026-10-31"))
        assert made.status_code == 201, made.text
        goal = analyst.get(at).json()["indicator"]["goal"]
        assert (period, goal["low"]) == (period, bound)


def test_units_are_compared_by_their_growth(analyst: Any) -> None:
    with_set(analyst, indicator("TANG-1", comparator="growth", unit_of_measure="dossiers"), code="TANG")
    at = f"{AT}/TANG-1"
    assert analyst.post(f"{at}/targets", json={"period": "2026-Q3", "low": 10, "document": "x"}).status_code == 201
    for place, then, now in ((WARD, 100, 120), (OTHER, 100, 101)):
        for period, value in (("2025-Q3", then), ("2026-Q3", now)):
            body = reading(period, value=value, place=place)
            assert analyst.post(f"{at}/readings", json=body).status_code == 201
    found = {u["place"]: u["standing"] for u in analyst.get(f"{at}/comparison").json()["items"]}
    assert found == {WARD: "exceeded", OTHER: "not_met"}


def test_a_count_with_its_base_stays_a_count(analyst: Any) -> None:
    with_set(analyst, indicator("DEM-1", unit_of_measure="tasks"), code="DEM")
    made = analyst.post(f"{AT}/DEM-1/readings", json=reading("2026-Q3", numerator=54, denominator=72)).json()
    assert (made["value"], made["worked_out"], made["gap"], made["denominator"]) == (54.0, 54.0, None, 72)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (indicator_set(indicator("MOI-1"), indicator("MOI-1"), code="MOI"), "code_in_use"),
        (indicator_set(indicator("VH-01"), code="MOI"), "indicator_of_another_set"),
        (indicator_set(indicator("MOI-1", part_of="MOI-9"), code="MOI"), "unknown_indicator"),
        (indicator_set(indicator("MOI-1", owner_unit="KHONGCO"), code="MOI"), "unknown_unit"),
        (indicator_set(indicator("MOI-1", unit_of_measure="rank", comparator="growth"), code="MOI"),
         "rank_does_not_grow"),
        (indicator_set(indicator("MOI-1", targets=[{"period": "2026", "document": "x"}]), code="MOI"), "required"),
        (indicator_set(indicator("moi-1"), code="MOI"), "invalid_value"),
    ],
)  # fmt: skip
def test_a_set_that_does_not_hold_together_is_refused(analyst: Any, body: Any, wrong: str) -> None:
    answer = analyst.post(f"{AT}/sets", json=body)
    assert answer.status_code == 422
    assert wrong in {code for _, code in codes(answer)}, answer.text
    assert analyst.get(f"{AT}/sets/MOI").status_code == 404


def test_a_set_goes_through_a_table_with_its_targets_and_examples(analyst: Any) -> None:
    example = {"inputs": {"received": 4, "received_online": 3}, "expected": "3/4"}
    goal = {"period": "2026", "low": "12,5", "document": "KH 98"}
    one = indicator(
        "BANG-1", period_type="month", formula="received_online / received", examples=[example],
        targets=[goal, {"period": "2027", "low": 80, "document": "KH 98", "document_on": "2026-01-05"}],
    )  # fmt: skip
    with_set(analyst, one, indicator("BANG-2"), code="BANG")
    before = analyst.get(f"{AT}/sets/BANG/export").json()
    assert len(before["groups"][0]["indicators"][0]["targets"]) == 2
    sheet = analyst.get(f"{AT}/sets/BANG/export.csv").content
    assert read(analyst.get(f"{AT}/sets/BANG/export.xlsx").content) == read(sheet)
    brought = analyst.post(f"{AT}/sets/import", files={"file": ("a.csv", sheet.replace(b"BANG", b"LAI"))})
    assert brought.status_code == 201, brought.text
    after = analyst.get(f"{AT}/sets/LAI/export").json()
    assert json.dumps(after).replace("LAI", "BANG") == json.dumps(before)
    wrong = sheet.replace(b"BANG", b"SAI").replace(b"KH 98", b"")
    refused = analyst.post(f"{AT}/sets/import", files={"file": ("a.csv", wrong)})
    assert {pointer for pointer, _ in codes(refused)} == {"/cells/AJ2", "/cells/AJ3"}, refused.text


def test_forty_units_targets_go_through_every_format(analyst: Any) -> None:
    places = [
        u["code"] for kind in ("ward", "commune") for u in analyst.get(f"{API}/units?kind={kind}").json()["items"]
    ]
    lows = [-3.5, 93.375, "123456789012345,678901", 0.7, 80]
    document = "Kế hoạch số 98/KH-UBND ngày 05/01/2026 của Ủy ban nhân dân thành phố về chuyển đổi số, phụ lục II"
    goals = [
        {"place": place, "period": "2026", "low": lows[n % 5], "document": document, "document_on": "2026-01-05"}
        for n, place in enumerate(places[:40])
    ]
    assert len(goals) == 40
    examples = [
        {"inputs": {"received": 4, "received_online": n}, "expected": f"{n}/4"} for n in (1, 3)
    ]  # fmt: skip
    one = indicator(
        "DON-1", period_type="month", formula="received_online / received", targets=goals,
        examples=examples, owner_unit=WARD,
    )  # fmt: skip
    between = {"place": WARD, "period": "2026", "low": "0,123456", "high": 0.25, "document": "-"}
    with_set(analyst, one, indicator("DON-2", comparator="range", targets=[between]), code="DON", scope="unit")
    at = f"{AT}/sets/DON/export"
    sent = SetIn.model_validate(analyst.get(at).json())
    assert len(sent.groups[0].indicators[0].targets) == 40
    assert len(list(csv.reader(io.StringIO(analyst.get(f"{at}.csv").text)))) == 1 + 40 + 1
    for suffix, code in (("json", "JS"), ("csv", "CS"), ("xlsx", "XL")):
        brought = read(analyst.get(f"{at}.{suffix}").content).values
        assert brought == sent
        renamed = SetIn.model_validate_json(brought.model_dump_json().replace("DON", code))
        table = table_of(renamed)
        file = {"json": renamed.model_dump_json().encode(), "csv": tables.to_csv(table), "xlsx": tables.to_xlsx(table)}
        made = analyst.post(f"{AT}/sets/import", files={"file": (f"a.{suffix}", file[suffix])})
        assert made.status_code == 201, made.text
        again = analyst.get(f"{AT}/sets/{code}/export").text
        assert again.replace(code, "DON") == analyst.get(at).text


def test_a_table_says_an_indicator_once_and_its_targets_each_in_a_row() -> None:
    goals = [{"place": "city", "period": str(year), "low": 80, "document": "KH"} for year in (2026, 2027)]
    values = SetIn.model_validate(indicator_set(indicator("HAI-1", targets=goals), code="HAI"))
    table = table_of(values)
    first, second = ([*row] for row in table.rows)
    name, low = table.columns.index("name_vi"), table.columns.index("target_low")
    assert (first[name], second[name]) == ("Chỉ tiêu HAI-1", None)
    assert read_rows(table.columns, [first, second]) == values
    second[name] = first[name]  # filled down by hand it means the same
    assert read_rows(table.columns, [first, second]) == values
    second[name] = "Tên khác"  # another indicator under the same code, of which much is missing
    with pytest.raises(Invalid) as refused:
        read_rows(table.columns, [first, second])
    assert (f"/cells/{letters(name + 1)}3", "required") in [(f.pointer, f.code) for f in refused.value.faults]
    second[name] = None
    first[low] = "tám mươi"
    with pytest.raises(Invalid) as refused:
        read_rows(table.columns, [first, second])
    assert [fault.pointer for fault in refused.value.faults] == [f"/cells/{letters(low)}2"]
    many = [{"place": "city", "period": f"{2001 + n}", "low": 80, "document": "KH"} for n in range(190)]
    every = [indicator(f"NHIEU-{n}", targets=many) for n in range(27)]
    with pytest.raises(Problem) as long:
        table_of(SetIn.model_validate(indicator_set(*every)))
    assert long.value.code == "set_too_long"


def test_a_set_speaks_only_of_the_places_of_its_scope(analyst: Any) -> None:
    with_set(analyst, indicator("RIENG-1"), code="RIENG", scope="unit")
    outside = [("/place", "place_outside_scope")]
    for place in ("city", "national"):
        body = reading("2026-Q3", value=5, place=place)
        assert codes(analyst.post(f"{AT}/RIENG-1/readings", json=body)) == outside
    assert analyst.post(f"{AT}/RIENG-1/readings", json=reading("2026-Q3", value=5, place=WARD)).status_code == 201
    goal = {"period": "2026", "low": 80, "document": "KH 98", "place": "national"}
    assert codes(analyst.post(f"{AT}/THU-1/targets", json=goal)) == outside
    assert codes(analyst.post(f"{AT}/RIENG-1/targets", json=goal | {"place": "city"})) == outside
    assert analyst.post(f"{AT}/NQ57-01/targets", json=goal | {"version": 2}).status_code == 201


def test_a_fault_of_a_set_that_is_brought_names_its_cell_whoever_finds_it(analyst: Any) -> None:
    goal = {"period": "2026", "low": 80, "document": "KH 98"}
    one = indicator("O-1", period_type="month", formula="received_online / received", targets=[goal])
    with_set(analyst, one, indicator("O-2", targets=[goal]), code="O")
    sheet = analyst.get(f"{AT}/sets/O/export.csv").content.replace(b"O-", b"Q-").replace(b"O,city", b"Q,city")
    column = {name: letters(at) for at, name in enumerate(sheet.decode("utf-8-sig").splitlines()[0].split(","))}
    for before, after, cell, wrong in (
        (b"received_online /", b"received_onlin /", f"{column['formula']}2", "formula_unknown_measure"),
        (b"2026,80,,KH", b"2026,,,KH", f"{column['target_low']}2", "required"),
        (b"Q-2", b"VH-01", f"{column['code']}3", "indicator_of_another_set"),
        (b"2025-01-01", b"2025-01-32", f"{column['set_valid_from']}2", "bad_date"),
    ):
        assert before in sheet
        refused = analyst.post(f"{AT}/sets/import", files={"file": ("a.csv", sheet.replace(before, after, 1))})
        assert refused.status_code == 422, refused.text
        assert (f"/cells/{cell}", wrong) in codes(refused), refused.text
    # Two targets that overlap, found when they are written.
    twice = indicator("Q-1", targets=[goal, goal | {"period": "2026-11"}])
    body = indicator_set(twice, code="Q")
    refused = analyst.post(f"{AT}/sets", json=body)
    assert (refused.status_code, codes(refused)) == (
        409, [("/groups/0/indicators/0/targets/1/period", "target_overlaps")]
    )  # fmt: skip
    head, first, *_ = sheet.decode("utf-8-sig").splitlines()
    rows = "\n".join([head, first, first.replace(",2026,", ",2026-11,")])
    refused = analyst.post(f"{AT}/sets/import", files={"file": ("a.csv", rows.encode())})
    assert codes(refused) == [(f"/cells/{column['target_period']}3", "target_overlaps")], refused.text
    assert analyst.get(f"{AT}/sets/Q").status_code == 404


def test_a_period_is_taken_as_people_write_it_by_every_way_in(analyst: Any) -> None:
    made = analyst.post(f"{AT}/THU-1/readings", json=reading("quý 3/2026", value=70))
    assert (made.status_code, made.json()["period"]) == (201, "2026-Q3"), made.text
    goal = {"period": "Năm 2026", "low": 80, "document": "KH 98"}
    assert analyst.post(f"{AT}/THU-1/targets", json=goal).json()["period"] == "2026"
    row = ["THU-1", *(reading("Q2 2026", value=60, as_of="2026-06-30").get(name) for name in COLUMNS[1:])]
    file = tables.to_xlsx(tables.Table("x", COLUMNS, [row]))
    assert analyst.post(f"{AT}/readings/import", files={"file": ("a.xlsx", file)}).status_code == 200
    assert [r["period"] for r in analyst.get(f"{AT}/THU-1").json()["series"]] == ["2026-Q2", "2026-Q3"]
    assert analyst.get(f"{AT}/THU-1/why?period=quý II/2026").json()["period"] == "2026-Q2"
    assert analyst.post(f"{AT}/THU-1/citations", json={"period": "quý 3/2026"}).json()["period"] == "2026-Q3"
    with_set(analyst, indicator("KY-1", targets=[goal]), code="KY")
    assert analyst.get(f"{AT}/KY-1").json()["targets"][0]["period"] == "2026"
    refused = analyst.post(f"{AT}/THU-1/readings", json=reading("quý 5/2026", value=1))
    assert codes(refused) == [("/period", "bad_period")]
    assert "quý 2/2026, tháng 7/2026, năm 2026" in refused.json()["errors"][0]["message"]["vi"]


def test_a_target_says_whose_it_is(analyst: Any) -> None:
    goal = {"period": "2026", "low": 80, "document": "NQ", "version": 2}
    assert analyst.get(f"{AT}/NQ57-01").json()["indicator"]["goal"]["place"] == "national"
    made = analyst.post(f"{AT}/NQ57-01/targets", json=goal | {"version": 1, "place": "city"})
    assert made.status_code == 201, made.text
    assert analyst.get(f"{AT}/NQ57-01").json()["indicator"]["goal"]["place"] == "city"
    own = analyst.post(f"{AT}/NQ57-01/targets", json=goal | {"version": 1, "place": WARD})
    assert own.status_code == 201, own.text
    found = {p: analyst.get(f"{AT}/NQ57-01?unit={p}").json()["indicator"]["goal"]["place"] for p in (WARD, OTHER)}
    assert found == {WARD: WARD, OTHER: "city"}


def test_what_the_first_page_counts_as_missed_is_what_the_list_has(analyst: Any, app: Any, clock: Any) -> None:
    for n, (low, period) in enumerate(((80, "2026-Q2"), (80, "2026-Q3"), (60, "2026-Q3"), (80, "2026"))):
        with_set(analyst, indicator(f"DEM-{n}"), code=f"DEM{'ABCD'[n]}")
        sent = {"period": period, "low": low, "document": "x"}
        assert analyst.post(f"{AT}/DEM-{n}/targets", json=sent).status_code == 201
        body = reading(period if "Q" in period else "2026-Q3", value=65)
        assert analyst.post(f"{AT}/DEM-{n}/readings", json=body).status_code == 201
    listed = analyst.get(f"{AT}?standing=not_met&limit=200").json()["items"]
    assert {"DEM-0", "DEM-1"} <= {one["code"] for one in listed}
    with app.state.database.read() as session:
        assert missed(session, Place(CITY), clock.now()) == len(listed)


def test_a_percentage_beyond_a_share_is_stored_and_warned_of(analyst: Any) -> None:
    made = analyst.post(f"{AT}/THU-1/readings", json=reading("2026-Q2", value="812", as_of="2026-06-30"))
    assert (made.status_code, made.json()["outside_share"]) == (201, True)
    rows = b"indicator,period,value,as_of,source\nTHU-1,2026-Q3,9337,2026-09-30,x\n"
    tried = analyst.post(f"{AT}/readings/import?dry_run=true", files={"file": ("a.csv", rows)}).json()
    assert (tried["errors"], [(w["place"], w["code"]) for w in tried["warnings"]]) == ([], [("C2", "outside_share")])


def test_what_a_set_exports_goes_in_again(analyst: Any) -> None:
    for code in ("NQ57", "QD766", "HUE"):
        sent = analyst.get(f"{AT}/sets/{code}/export").json()
        assert analyst.get(f"{AT}/sets/{code}.csv").status_code == 200
        again = json.loads(json.dumps(sent).replace(f'"{code}-', f'"B{code}-')) | {"code": f"B{code}"}
        made = analyst.post(f"{AT}/sets", json=again)
        assert made.status_code == 201, made.text
        assert analyst.get(f"{AT}/sets/B{code}/export").json() == again
    book = analyst.get(f"{AT}/sets/DTI.xlsx").content
    sheet = analyst.get(f"{AT}/sets/DTI.csv").content.decode().replace("DTI", "LAI").encode()
    made = analyst.post(f"{AT}/sets/import", files={"file": ("lai.csv", sheet)})
    assert made.status_code == 201, made.text
    before, after = (analyst.get(f"{AT}/sets/{code}/export").json() for code in ("DTI", "LAI"))
    assert json.dumps(before).replace("DTI", "LAI") == json.dumps(after)
    assert codes(analyst.post(f"{AT}/sets/import", files={"file": ("k.xlsx", book)})) == [
        ("/cells/H2", "version_not_later")
    ]
    wrong = sheet.replace(b",year,", b",hourly,").replace(b"LAI", b"SAI")
    refused = analyst.post(f"{AT}/sets/import", files={"file": ("sai.csv", wrong)})
    assert refused.status_code == 422
    assert all(pointer.startswith("/cells/") and code == "not_a_choice" for pointer, code in codes(refused))


def test_a_target_comes_out_of_a_set_as_the_number_that_went_in(analyst: Any) -> None:
    for period, low in (("2026", "0,700"), ("2027", 93.375), ("2028", "123456789012345,678901")):
        sent = {"period": period, "low": low, "document": "KH 98"}
        assert analyst.post(f"{AT}/THU-1/targets", json=sent).status_code == 201
    sent = analyst.get(f"{AT}/sets/THU/export").json()
    lows = {t["period"]: t["low"] for t in sent["groups"][0]["indicators"][0]["targets"]}
    assert lows == {"2026": 0.7, "2027": 93.375, "2028": "123456789012345,678901"}
    again = json.loads(json.dumps(sent).replace("THU", "LAI"))
    assert analyst.post(f"{AT}/sets", json=again).status_code == 201
    assert analyst.get(f"{AT}/sets/LAI/export").json() == again


def test_targets_of_one_version_do_not_overlap_and_old_ones_stay(analyst: Any) -> None:
    at = f"{AT}/THU-1/targets"
    first = {"period": "2026", "low": 80, "document": "KH 98"}
    assert analyst.post(at, json=first).status_code == 201
    for period in ("2026", "2026-Q4", "2026-12-31"):
        refused = analyst.post(at, json=first | {"period": period})
        assert (refused.status_code, refused.json()["code"]) == (409, "target_overlaps")
    assert analyst.post(at, json=first | {"place": WARD}).status_code == 201
    assert codes(analyst.post(at, json=first | {"version": 3})) == [("/version", "target_version_skips")]
    assert analyst.post(at, json=first | {"version": 2, "low": "85,5"}).status_code == 201
    found = [
        (t["version"], t["low"], t["in_force"])
        for t in analyst.get(f"{AT}/targets?indicator=THU-1&unit=city").json()["items"]
    ]
    assert found == [(1, 80.0, False), (2, 85.5, True)]
    assert codes(analyst.post(at, json={"period": "2027", "high": 3, "document": "x"})) == [
        ("/low", "required"), ("/high", "bound_not_used")
    ]  # fmt: skip
    swapped = {"period": "2027", "low": 5, "high": 3, "document": "x"}
    assert codes(analyst.post(f"{AT}/THU-2/targets", json=swapped)) == [("/high", "bounds_swapped")]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (reading("2026-10", value=1), [("/period", "wrong_period_type")]),
        (reading("2027-Q1", value=1), [("/period", "period_in_future")]),
        (reading("2026-Q5", value=1), [("/period", "bad_period")]),
        (reading("2026-Q3", value=1, as_of="2026-11-21"), [("/as_of", "as_of_in_future")]),
        (reading("2026-Q3", value=1, as_of="1999-01-01"), [("/as_of", "as_of_before_period")]),
        (reading("2026-Q3", numerator=5, denominator=0), [("/denominator", "part_of_nothing")]),
        (reading("2026-Q3"), [("/value", "reading_empty")]),
        (reading("2026-Q3", numerator=1), [("/denominator", "required")]),
        (reading("2026-Q3", value="một"), [("/value", "bad_amount")]),
        (reading("2026-Q3", value="93.375"), [("/value", "amount_ambiguous")]),
        (reading("2026-Q3", value=1, rank=2), [("/out_of", "required")]),
        (reading("2026-Q3", value=1, rank=5, out_of=3), [("/rank", "rank_beyond")]),
        (reading("2026-Q3", value=1, state="not_available"), [("/state", "not_available_with_figure")]),
        (reading("2026-Q3", value=1, supersedes=999), [("/supersedes", "unknown_reading")]),
        (reading("2026-Q3", value=1, place="KHONGCO"), [("/place", "unknown_unit")]),
    ],
)
def test_a_reading_that_breaks_a_rule_is_refused_alike_by_call_and_file(analyst: Any, body: Any, wrong: Any) -> None:
    answer = analyst.post(f"{AT}/THU-1/readings", json=body)
    assert answer.status_code == 422, answer.text
    assert codes(answer) == wrong
    row = ["THU-1", *(body.get(name) for name in COLUMNS[1:])]
    file = tables.to_xlsx(tables.Table("x", COLUMNS, [row]))
    brought = analyst.post(f"{AT}/readings/import", files={"file": ("a.xlsx", file)})
    assert brought.status_code == 422
    assert {code for _, code in codes(brought)} == {code for _, code in codes(answer)}
    assert all(pointer.startswith("/rows/2/") for pointer, _ in codes(brought))
    assert analyst.get(f"{AT}/readings?indicator=THU-1").json()["items"] == []


def test_a_reading_supersedes_the_one_that_stands_and_no_other(analyst: Any) -> None:
    at = f"{AT}/THU-1/readings"
    first = analyst.post(at, json=reading("2026-Q3", value=70)).json()
    exists = analyst.post(at, json=reading("2026-Q3", value=71))
    assert (exists.status_code, exists.json()["code"]) == (409, "reading_exists")
    second = analyst.post(at, json=reading("2026-Q3", value=71, supersedes=first["id"], state="official")).json()
    assert (second["number"], second["supersedes"]) == (2, first["id"])
    late = analyst.post(at, json=reading("2026-Q3", value=72, supersedes=first["id"]))
    assert (late.status_code, late.json()["code"]) == (409, "reading_superseded")
    listed = f"{AT}/readings?indicator=THU-1&from=2026-09-30&to=2026-09-30"
    assert [r["value"] for r in analyst.get(listed).json()["items"]] == [71.0]
    assert [r["value"] for r in analyst.get(f"{listed}&superseded=true").json()["items"]] == [71.0, 70.0]
    assert analyst.get(f"{AT}/readings?indicator=THU-1&from=2026-10-01").json()["items"] == []


def test_a_file_is_all_or_nothing_and_says_which_cell(analyst: Any) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["indicator", "period", "numerator", "denominator", "as_of", "source"])
    sheet.write_row(1, 0, ["THU-1", "2026-Q2", 8, 10, "2026-06-30", "Tệp"])
    sheet.write_row(2, 0, ["KHONG-1", "2026-Q2", 8, 10, "2026-06-30", "Tệp"])
    sheet.write_row(3, 0, ["THU-1", "2026-Q2", 9, 10, "2026-06-30", "Tệp"])
    book.close()
    file = {"file": ("a.xlsx", out.getvalue())}
    tried = analyst.post(f"{AT}/readings/import?dry_run=true", files=file).json()
    assert (tried["rows"], tried["stored"]) == (3, False)
    assert [(e["place"], e["code"]) for e in tried["errors"]] == [
        ("A3", "unknown_indicator"), ("A4", "reading_exists")
    ]  # fmt: skip
    assert codes(analyst.post(f"{AT}/readings/import", files=file)) == [
        ("/rows/3/A", "unknown_indicator"), ("/rows/4/A", "reading_exists")
    ]  # fmt: skip
    assert analyst.get(f"{AT}/readings?indicator=THU-1").json()["items"] == []


def test_a_per_cent_cell_is_read_as_it_is_shown(analyst: Any) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    styles = [book.add_format({"num_format": shown}) for shown in ("0.00%", '0.0 "%"')]
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["indicator", "period", "value", "as_of", "source"])
    for row, (quarter, value, style) in enumerate(
        (("2026-Q1", 0.9337, styles[0]), ("2026-Q2", 93.37, styles[1]), ("2026-Q3", 93.4, None)), 1
    ):
        sheet.write_row(row, 0, ["THU-1", quarter])
        sheet.write_number(row, 2, value, style)
        sheet.write_row(row, 3, ["2026-10-30", "Tệp"])
    book.close()
    brought = analyst.post(f"{AT}/readings/import", files={"file": ("a.xlsx", out.getvalue())})
    assert brought.status_code == 200, brought.text
    found = {r["period"]: r["value"] for r in analyst.get(f"{AT}/readings?indicator=THU-1").json()["items"]}
    assert found == {"2026-Q1": 93.37, "2026-Q2": 93.37, "2026-Q3": 93.4}


def test_only_the_owner_and_the_city_enter_and_another_units_figures_do_not_show(analyst: Any, api: Any) -> None:
    owner, other = api("department_officer", unit=WARD), api("department_officer", unit=OTHER)
    month = reading("2026-09", value=12, place=WARD)
    assert owner.post(f"{AT}/THU-2/readings", json=month).status_code == 201
    assert codes(other.post(f"{AT}/THU-2/readings", json=month)) == [("", "not_the_owner")]
    assert codes(api().post(f"{AT}/THU-2/readings", json=month)) == [("", "forbidden")]
    assert owner.get(f"{AT}/THU-2?unit={WARD}").json()["indicator"]["reading"]["value"] == 12.0
    assert other.get(f"{AT}/THU-2?unit={WARD}").status_code == 404
    assert other.get(f"{AT}/readings?indicator=THU-2").json()["items"] == []
    assert [u["place"] for u in analyst.get(f"{AT}/THU-2/comparison").json()["items"]] == [WARD]
    assert other.get(f"{AT}/THU-2/comparison").json()["items"] == []


def test_where_an_indicator_stands_and_whether_the_target_will_be_made(analyst: Any) -> None:
    analyst.post(f"{AT}/THU-1/targets", json={"period": "2027", "low": 80, "document": "KH 98"})
    for quarter, value, day in (
        ("2025-Q4", 60, "2025-12-31"),
        ("2026-Q2", 66, "2026-06-30"),
        ("2026-Q3", 69, "2026-09-30"),
    ):
        made = analyst.post(f"{AT}/THU-1/readings", json=reading(quarter, value=value, as_of=day))
        assert made.status_code == 201, made.text
    shown = analyst.get(f"{AT}/THU-1").json()
    assert (shown["indicator"]["standing"], shown["indicator"]["goal"]["low"]) == ("not_due", 80.0)
    pace = shown["pace"]
    assert (pace["since"], pace["until"], pace["readings"]) == ("2025-12-31", "2026-09-30", 3)
    assert (pace["due"], pace["months_left"], pace["actual"], pace["expected"], pace["makes_it"]) == (
        "2027-12-31", 15, 1.0, 84.0, True,
    )  # fmt: skip
    assert pace["needed"] == pytest.approx(11 / 15, abs=1e-6)
    listed = analyst.get(f"{AT}?set=THU").json()
    assert [(c["standing"], c["count"]) for c in listed["counts"] if c["count"]] == [("not_due", 1), ("no_data", 1)]
    assert [i["makes_it"] for i in listed["items"]] == [True, None]
    over = {"period": "2026-Q3", "low": 75, "document": "KH 98"}
    assert analyst.post(f"{AT}/THU-1/targets", json=over).status_code == 201
    judged = analyst.get(f"{AT}?set=THU&standing=not_met").json()["items"]
    assert [(i["code"], i["makes_it"]) for i in judged] == [("THU-1", None)]
    assert [i["code"] for i in analyst.get(f"{AT}?set=THU&standing=no_data").json()["items"]] == ["THU-2"]
    assert "THU-1" in {i["code"] for i in analyst.get(f"{AT}?q=chi tieu thu").json()["items"]}


def test_a_citation_shows_the_same_for_good_and_why_today_differs(analyst: Any, api: Any) -> None:
    at = f"{AT}/THU-1"
    assert codes(analyst.post(f"{at}/citations", json={"period": "2026-Q3"})) == [("/period", "nothing_to_cite")]
    first = analyst.post(f"{at}/readings", json=reading("2026-Q3", value="81,2", numerator=113, denominator=139)).json()
    new = analyst.post(f"{at}/citations", json={"period": "2026-Q3"})
    cited = new.json()
    assert (cited["change"], cited["cited"]["value"], cited["address"]) == ("unchanged", 81.2, f"/c/{cited['token']}")
    again = analyst.post(f"{at}/citations", json={"period": "2026-Q3"})
    assert (new.status_code, again.status_code, again.json()["token"]) == (201, 200, cited["token"])
    analyst.post(f"{at}/readings", json=reading("2026-Q3", value="81,29", supersedes=first["id"]))
    later = indicator_set(indicator("THU-1", name_vi="Tên khác"), valid_from="2026-11-01")
    assert analyst.post(f"{AT}/sets", json=later).status_code == 201
    again = analyst.get(f"{API}/c/{cited['token']}").json()
    assert (again["cited"], again["definition"]) == (cited["cited"], cited["definition"])
    assert (again["change"], again["today"]["value"], again["definition_today"]) == ("superseded", 81.29, 2)
    assert again["differs"] == ["figure"]
    (listed,) = analyst.get(f"{AT}/THU-1").json()["citations"]
    assert (listed["token"], listed["value"], listed["today"], listed["differs"]) == (
        cited["token"], 81.2, 81.29, ["figure"],
    )  # fmt: skip
    for query, found in (("changed=true", [cited["token"]]), ("changed=false", []), ("indicator=THU-2", [])):
        assert [c["token"] for c in analyst.get(f"{AT}/citations?{query}").json()["items"]] == found
    assert analyst.get(f"{AT}/citations?owner={WARD}").json()["items"] == []
    assert api().get(f"{API}/c/{cited['token']}").status_code == 200
    assert api().get(f"{API}/c/aaaaaaaaaa").status_code == 404
    named = analyst.post(f"{AT}/THU-2/readings", json=reading("2026-09", value=5, place=WARD))
    assert named.status_code == 201, named.text
    of_ward = analyst.post(f"{AT}/THU-2/citations", json={"period": "2026-09", "place": WARD}).json()
    assert api(unit=OTHER).get(f"{API}/c/{of_ward['token']}").status_code == 404
    assert [c["token"] for c in api(unit=OTHER).get(f"{AT}/citations").json()["items"]] == [cited["token"]]


def test_a_printed_address_answers_a_program_that_shows_its_token(analyst: Any, api: Any) -> None:
    analyst.post(f"{AT}/THU-1/readings", json=reading("2026-Q3", value="81,2"))
    cited = analyst.post(f"{AT}/THU-1/citations", json={"period": "2026-Q3"}).json()
    printed = api().get(cited["address"])
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/json")
    assert printed.json()["cited"] == cited["cited"]
    wrong = api().get(cited["address"], headers={"Authorization": "Bearer none"}, follow_redirects=False)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "unauthenticated")


def test_a_figure_past_its_age_is_marked_wherever_it_is_shown(analyst: Any, api: Any) -> None:
    with_set(analyst, indicator("CU-1", expected_age=30, owner_unit=WARD), code="CU")
    for place in ("city", WARD):
        for period, day in (("2026-Q2", "2026-06-30"), ("2026-Q3", "2026-09-30")):
            made = analyst.post(f"{AT}/CU-1/readings", json=reading(period, value=5, place=place, as_of=day))
            assert made.status_code == 201, made.text
    with_task(analyst, "T1", with_directive(analyst))
    assert analyst.post(f"{AT}/CU-1/tasks", json={"task": "T1"}).status_code == 201
    assert [i["code"] for i in analyst.get(f"{AT}?stale=true&owner={WARD}").json()["items"]] == ["CU-1"]
    assert [i["code"] for i in analyst.get(f"{AT}?stale=true&unit={WARD}").json()["items"]] == ["CU-1"]
    assert [u["stale"] for u in analyst.get(f"{AT}/CU-1/comparison").json()["items"]] == [True]
    assert [analyst.get(f"{AT}/CU-1/why{asked}").json()["reading"]["stale"] for asked in ("", "?period=2026-Q2")] == [
        True, False,
    ]  # fmt: skip
    assert [i["stale"] for i in analyst.get(f"{API}/tasks/T1/indicators").json()["items"]] == [True]
    assert analyst.post(f"{AT}/CU-1/citations", json={"period": "2026-Q3"}).status_code == 201
    assert [c["change"] for c in analyst.get(f"{AT}/citations?owner={WARD}").json()["items"]] == ["unchanged"]
    listed = analyst.get(f"{AT}/readings?indicator=CU-1&unit=city").json()["items"]
    assert [(r["period"], r["stale"]) for r in listed] == [("2026-Q3", True), ("2026-Q2", False)]

    def stale() -> list[bool]:
        """Tell it of the newest figure of the city as the list, its own page, its origin and the readings say it."""
        (card,) = analyst.get(f"{AT}?set=CU").json()["items"]
        one, why = (analyst.get(f"{AT}/CU-1{more}").json() for more in ("", "/why"))
        newest = analyst.get(f"{AT}/readings?indicator=CU-1&unit=city").json()["items"][0]
        return [card["stale"], one["indicator"]["stale"], why["reading"]["stale"], newest["stale"]]

    assert stale() == [True] * 4
    # How old a figure may be is for today to say: not for the version it was recorded under.
    for day, age, expected in (("2026-11-01", 400, False), ("2026-11-10", 30, True), ("2026-11-11", None, False)):
        later = indicator_set(indicator("CU-1", expected_age=age), code="CU", valid_from=day)
        assert analyst.post(f"{AT}/sets", json=later).status_code == 201
        assert stale() == [expected] * 4


def test_published_figures_come_with_the_service_as_of_the_day_their_source_speaks_of(api: Any) -> None:
    leader = api("leader")
    (july,) = leader.get(f"{AT}/readings?indicator=HUE-HS-05&from=2025-07-31&to=2025-07-31").json()["items"]
    assert (july["value"], july["period"], july["origin"]) == (44825.0, "2025-07", "published")
    (share,) = leader.get(f"{AT}/readings?indicator=HUE-HS-06").json()["items"]
    assert (share["value"], share["as_of"]) == (91.17, "2025-07-31")
    assert share["note_en"] == "The numerator was not published; 40,867 gives this ratio"
    assert share["source_fr"].startswith("Presse, bilan de deux semaines")


def test_tasks_are_linked_once_and_taken_away(analyst: Any) -> None:
    with_task(analyst, "T1", with_directive(analyst))
    at = f"{AT}/THU-1/tasks"
    made = analyst.post(at, json={"task": "T1"})
    assert [t["code"] for t in made.json()["tasks"]] == ["T1"], made.text
    (moved,) = analyst.get(f"{API}/tasks/T1/indicators").json()["items"]
    assert (moved["code"], moved["standing"], moved["value"]) == ("THU-1", "no_data", None)
    assert (moved["gives_percent"], moved["percent"]) == (False, None)
    assert analyst.post(f"{AT}/THU-2/tasks", json={"task": "T1", "gives_percent": True}).status_code == 201
    assert analyst.post(f"{AT}/VH-01/tasks", json={"task": "T1", "gives_percent": True}).status_code == 201
    found = analyst.get(f"{API}/tasks/T1/indicators").json()["items"]
    assert {i["code"]: i["gives_percent"] for i in found} == {"THU-1": False, "THU-2": False, "VH-01": True}
    assert b"THU-1" in analyst.get(f"{API}/tasks/T1/indicators.csv").content
    assert codes(analyst.post(at, json={"task": "T1"})) == [("", "task_linked")]
    assert codes(analyst.post(at, json={"task": "T9"})) == [("/task", "unknown_task")]
    assert analyst.delete(f"{at}/T1").status_code == 204
    assert analyst.get(f"{AT}/THU-1").json()["tasks"] == []
    assert analyst.delete(f"{at}/T1").status_code == 404


def test_one_indicator_alone_gives_a_task_its_percentage(analyst: Any, app: Any) -> None:
    with_task(analyst, "T1", with_directive(analyst))

    def say(code: str, **more: Any) -> int:
        answer: int = analyst.post(f"{AT}/{code}/tasks", json={"task": "T1"} | more).status_code
        return answer

    def gives() -> list[str]:
        found = {i["code"]: i["gives_percent"] for i in analyst.get(f"{API}/tasks/T1/indicators").json()["items"]}
        (seen,) = analyst.get(f"{AT}/THU-1").json()["tasks"]
        assert seen["gives_percent"] == found["THU-1"]
        return [code for code in found if found[code]]

    assert [say("THU-1", gives_percent=True), say("THU-2")] == [201, 201]
    assert (say("THU-1"), say("THU-1", gives_percent=True), say("THU-2", gives_percent=False)) == (409, 409, 409)
    assert (say("THU-2", gives_percent=True), gives()) == (200, ["THU-2"])
    query = select(col(AuditEntry.entity), col(AuditEntry.before), col(AuditEntry.after))
    query = query.where(col(AuditEntry.action) == "indicator.task_percent").order_by(col(AuditEntry.number))
    with app.state.database.read() as session:
        known = session.execute(query).all()
    assert [(at, *(json.loads(side)["gives_percent"] for side in sides)) for at, *sides in known] == [
        ("indicators/THU-1", True, False), ("indicators/THU-2", False, True),
    ]  # fmt: skip
    assert (say("THU-2", gives_percent=False), gives()) == (200, [])
    with pytest.raises(IntegrityError), app.state.database.read() as session:
        session.execute(update(TaskLink).values(gives_percent=True))


def test_lists_of_tasks_have_the_percentage_that_an_indicator_gives(analyst: Any, api: Any) -> None:
    number = with_directive(analyst)
    for code in ("T1", "T2"):
        with_task(analyst, code, number)
    analyst.post(f"{AT}/THU-1/targets", json={"period": "2027", "low": 80, "document": "Kế hoạch 98"})
    analyst.post(f"{AT}/THU-1/readings", json=reading("2026-Q3", value=63))
    assert analyst.post(f"{AT}/THU-1/tasks", json={"task": "T1", "gives_percent": True}).status_code == 201
    assert analyst.post(f"{AT}/THU-1/tasks", json={"task": "T2"}).status_code == 201
    given = {"indicator": "THU-1", "value": 78}
    for client, path in ((analyst, "tasks?limit=50"), (analyst, "tasks?q=thu+nghiem"), (api(), "tasks")):
        found = {one["code"]: one["indicator_percent"] for one in client.get(f"{API}/{path}").json()["items"]}
        assert (found["T1"], found["T2"]) == (given, None)
    assert analyst.get(f"{API}/tasks/T1").json()["indicator_percent"] == given
    (part,) = api().get(f"{API}/tasks/mine").json()["parts"]
    assert {one["code"]: one["indicator_percent"] for one in part["items"]} == {"T1": given, "T2": None}
    rows = list(csv.DictReader(io.StringIO(analyst.get(f"{API}/tasks.csv").text.lstrip("\ufeff"))))
    columns = ("indicator_percent_indicator", "indicator_percent_value")
    assert [tuple(row[name] for name in columns) for row in rows] == [("THU-1", "78"), ("", "")]
    past = analyst.get(f"{API}/tasks?as_of=2026-11-22T00:00:00%2B07:00").json()["items"]
    assert all(one["indicator_percent"] is None for one in past)


def test_the_newest_reading_is_looked_up_in_its_index_however_many_lie_behind(analyst: Any, app: Any) -> None:
    """A partial index is taken only where its condition is the statement's: else every look-up sorts years of rows."""
    first = analyst.post(f"{AT}/THU-1/readings", json=reading("2026-Q3", value=1))
    assert first.status_code == 201, first.text
    database = app.state.database
    with asked(database.engine) as seen:
        assert analyst.get(f"{AT}?set=THU").status_code == 200
    (newest,) = [one for one in seen if "AS newer" in one[0]]
    lite = database.engine.dialect.name == "sqlite"
    with database.engine.connect() as connection:
        if not lite:  # of a few rows PostgreSQL would read all
            for way in ("seqscan", "bitmapscan", "sort"):
                connection.exec_driver_sql(f"set local enable_{way} = off")
        plan = connection.exec_driver_sql(
            f"explain {'query plan ' if lite else ''}{newest[0]}", tuple(newest[1]) if lite else newest[1]
        ).all()
    assert any("ix_indicator_readings_standing" in str(row) for row in plan), plan
