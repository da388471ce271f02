"""Form II.06a: a statutory month worked out by hand; wards = city = its files after random corrections; refusals."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.core import stamps
from app.core.paging import encode
from app.core.web import API
from app.procedures.models import ProcedureField
from app.throughput import forms
from app.throughput.obligations import making as obligations
from app.throughput.statutory import book as statutory_book
from app.throughput.statutory import service as statutory
from app.throughput.statutory.schemas import StatutoryFormOut
from tests.api.test_summary import ANALYST, DAYS, City, Sent, acts
from tests.conftest import KIND
from tests.support.clients import OTHER, WARD, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
AT = f"{API}/throughput/forms/II.06a"
COUNTS = [f"c{n}" for n in range(3, 14)]
NUMBERS = [*COUNTS, "adjustments", "difference"]
OCTOBER = {"period": "2026-10", "unit": WARD}
WORKING = [
    day.isoformat()
    for day in (date(2026, 9, 15) + timedelta(days=n) for n in range(30))
    if day.weekday() < 5
]  # fmt: skip


def run_month(app: FastAPI, api: Api, clock: SetClock, *, explained: bool = True, without: str | None = None) -> None:
    """Report the ward's statutory October 2026: 22 working days from 15 September to 14 October, in both systems.

    Hộ tịch, city: 4 at first; each day 3 come in online and 2 at the counter, on the last day 1 by post too; 4 are
    resolved, 1 of them early. On 22 September 2 more are there, transferred in; on 1 October 3 fewer, which were
    duplicates; on 6 October 1 more, for which a reason is given or not. On the last day 5 are overdue.
    Chứng thực, city: 6 online each day, resolved the same day, too late; on the last day 1 of them stays, overdue.
    Liên thông, ministry: 1 online each day, resolved on time.
    The days before and after, with other figures, must not count.
    """
    with app.state.database.write() as session:
        begin = datetime.fromisoformat("2026-09-14T08:00:00+07:00")
        obligations.extend(session, begin, 40, first=begin.date())
    send(api, clock, "2026-09-14", "city", line(received_online=10, resolved_early=6))
    send(api, clock, "2026-09-14", "ministry", line("LT", received_online=50, resolved_overdue=50))
    moved = {"2026-09-22": (2, "transfer_in"), "2026-10-01": (-3, "duplicate"), "2026-10-06": (1, "late_sync")}
    close = 4
    for day in WORKING:
        gap, reason = moved.get(day, (0, ""))
        is_last = day == WORKING[-1]
        reasons = [{"warning": "opening_gap", "field": "HT", "reason": reason}] if gap else []
        if gap == 1 and not explained:
            reasons = []
        ht = line(
            carried_over=close + gap, received_online=3, received_counter=2, received_post=int(is_last),
            resolved_early=1, resolved_on_time=3, pending_overdue=5 if is_last else 0,
        )  # fmt: skip
        close += gap + 1
        ct = line("CT", received_online=6, resolved_overdue=6 - is_last, pending_overdue=int(is_last))
        send(api, clock, day, "city", ht, ct, reasons=reasons)
        if day != without:
            send(api, clock, day, "ministry", line("LT", received_online=1, resolved_on_time=1))
    send(api, clock, "2026-10-15", "city", line(received_online=99, resolved_early=9))
    clock.set("2026-10-15T17:00:00+07:00")


def send(api: Api, clock: SetClock, day: str, system: str, *lines: dict[str, Any], **more: Any) -> None:
    clock.set(f"{day}T16:45:00+07:00")
    answer = api().put(f"{API}/throughput/reports/{WARD}/{day}/{system}", json=report(*lines, **more))
    assert answer.is_success, answer.text


def ask(api: Api, **params: str | list[str]) -> dict[str, Any]:
    answer = api("city_analyst").get(AT, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def table(form: dict[str, Any]) -> dict[str, list[int]]:
    return {row["field"] or "": [row[name] for name in NUMBERS] for row in (*form["rows"], form["total"])}


#               3   4    5  6    7   8   9   10  11  12 13  adj diff
BY_HAND = {
    "HT": [115, 66, 45, 4, 88, 22, 66, 0, 27, 22, 5, 0, 0],
    "CT": [132, 132, 0, 0, 131, 0, 0, 131, 1, 0, 1, 0, 0],
    "LT": [22, 22, 0, 0, 22, 0, 22, 0, 0, 0, 0, 0, 0],
    "": [269, 220, 45, 4, 241, 22, 88, 131, 28, 22, 6, 0, 0],
}


def test_a_statutory_month_is_the_one_worked_out_by_hand(app: FastAPI, api: Api, clock: SetClock) -> None:
    run_month(app, api, clock)
    form = ask(api, **OCTOBER)
    assert table(form) == BY_HAND
    assert (form["from"], form["to"], form["regime"]) == ("2026-09-15", "2026-10-14", "statutory")
    assert form["completeness"] == {"expected": 22, "received": 22, "late": 0, "waived": 0, "unavailable": 0}
    assert (form["complete"], form["lacks"]) == (True, [])
    assert [(row["c1"], row["c2"]) for row in form["rows"]] == [
        (1, "Hộ tịch"), (2, "Chứng thực"), (3, "Liên thông khai sinh, khai tử")
    ]  # fmt: skip
    assert form["cut_off"] == "2026-10-14T09:30:00Z"
    assert ask(api, **OCTOBER, as_of="2026-10-15")["rows"] == form["rows"], "from the revisions as from the kept totals"
    days = {"from": "2026-09-15", "to": "2026-10-14", "unit": WARD}
    assert ask(api, **days)["rows"] == form["rows"]
    assert table(ask(api, **OCTOBER, regime="calendar"))["LT"][0] == 10, "1 to 14 October"
    assert table(ask(api, unit=WARD)) == BY_HAND, "the newest month that is over is what is handed in"
    assert table(ask(api, period="2026-10", kind="ward")) == BY_HAND
    assert ask(api, period="2026-10", kind="commune")["rows"] == []
    picked = ask(api, period="2026-10", unit=[WARD, OTHER, WARD])
    assert table(picked) == BY_HAND
    assert [one["code"] for one in picked["units"]] == sorted((WARD, OTHER))
    assert (picked["unit"], picked["completeness"]["expected"]) == (None, 44), "two wards owe, one has reported"
    assert ask(api, period="2026-10", unit=[OTHER])["unit"] == OTHER


def test_what_nobody_explained_shows_and_keeps_the_form_from_being_final(
    app: FastAPI, api: Api, clock: SetClock
) -> None:
    run_month(app, api, clock, explained=False)
    form = ask(api, **OCTOBER)
    assert table(form)["HT"] == [114, 66, 45, 3, 88, 22, 66, 0, 27, 22, 5, 0, 1]
    assert (form["complete"], form["lacks"]) == (False, [{"code": "difference", "n": 1}])


def test_a_missing_day_keeps_the_form_from_being_final(app: FastAPI, api: Api, clock: SetClock) -> None:
    run_month(app, api, clock, without="2026-10-08")
    form = ask(api, **OCTOBER)
    assert (form["complete"], form["lacks"]) == (False, [{"code": "reports_missing", "n": 1}])
    assert ask(api, **OCTOBER, as_of="2026-10-12")["lacks"] == [
        {"code": "period_not_over", "n": 1}, {"code": "reports_missing", "n": 3}
    ]  # fmt: skip


def lacking(api: Api, part: str, role: str = "city_analyst", **params: Any) -> list[dict[str, Any]]:
    answer = api(role).get(f"{AT}/{part}", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.once
def test_what_a_form_lacks_leads_to_exactly_those_rows(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    run_month(app, api, clock, explained=False, without="2026-10-08")
    form = ask(api, **OCTOBER)
    assert [lack["code"] for lack in form["lacks"]] == ["reports_missing", "difference"]
    assert [(one["unit"], one["day"]) for one in lacking(api, "missing", **OCTOBER)] == [(WARD, "2026-10-08")]
    (gap,) = lacking(api, "differences", **OCTOBER)
    assert (gap["day"], gap["system"], gap["field"]) == ("2026-10-06", "city", "HT")
    assert (gap["adjustment"], gap["difference"]) == (1, 1)
    # As known then: two days had not come, and the opening was not there yet.
    then = lacking(api, "missing", **OCTOBER, as_of="2026-10-12")
    assert [one["day"] for one in then] == ["2026-10-08", "2026-10-13", "2026-10-14"]
    assert lacking(api, "differences", **OCTOBER, as_of="2026-10-05") == []
    assert lacking(api, "differences", **OCTOBER, as_of="2026-10-06") == [gap]
    city = ask(api, period="2026-10")
    missing = lacking(api, "missing", period="2026-10", limit=1000)
    assert len(missing) == next(lack["n"] for lack in city["lacks"] if lack["code"] == "reports_missing")
    assert lacking(api, "missing", "ward_officer", period="2026-10") == [one for one in missing if one["unit"] == WARD]
    page = people("city_analyst").get("/throughput/forms/II.06a?period=2026-10").text
    for part in ("missing", "differences"):
        assert f'href="/throughput/forms/II.06a/{part}?period=2026-10"' in page
    assert f"/throughput/reports/{WARD}/2026-10-06/city" in people("city_analyst").get(
        "/throughput/forms/II.06a/differences?period=2026-10"
    ).text  # fmt: skip
    officer = people()
    assert "/forms/II.06a/missing" not in officer.get("/throughput/forms/II.06a?period=2026-10").text
    assert "/forms/II.06a/missing" in officer.get(f"/throughput/forms/II.06a?period=2026-10&unit={WARD}").text
    assert "/2026-10-08/worksheet" in officer.get("/throughput/forms/II.06a/missing?period=2026-10").text


def test_the_rows_that_a_form_lacks_come_page_by_page(app: FastAPI, api: Api, clock: SetClock) -> None:
    run_month(app, api, clock, explained=False)
    corrected = api().put(
        f"{API}/throughput/reports/{WARD}/{WORKING[-1]}/ministry", headers={"if-match": '"1"'},
        json=report(
            line("LT", carried_over=1, received_online=1, resolved_on_time=1),
            reasons=[{"warning": "correction", "reason": "source_error"}],
        ),
    )  # fmt: skip
    assert corrected.is_success, corrected.text
    asked: dict[str, Any] = {"period": "2026-10", "unit": [WARD, OTHER]}
    for part in ("missing", "differences"):
        whole = lacking(api, part, **asked)
        assert len(whole) > 1
        found: list[Any] = []
        cursor = None
        while len(found) <= len(whole):
            params = asked | {"limit": 1} | ({"cursor": cursor} if cursor else {})
            page = api("city_analyst").get(f"{AT}/{part}", params=params)
            assert page.status_code == 200, page.text
            found += page.json()["items"]
            if (cursor := page.json()["next"]) is None:
                break
        assert found == whole
    wrong = api("city_analyst").get(f"{AT}/missing", params=asked | {"cursor": encode(["a", "b", "no day"])})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_cursor")


def test_a_ward_is_asked_for_what_the_whole_form_differs_in(app: FastAPI, api: Api, clock: SetClock) -> None:
    run_month(app, api, clock, explained=False)
    mine = lacking(api, "differences", "ward_officer", period="2026-10")
    assert [(one["unit"], one["difference"]) for one in mine] == [(WARD, 1)]
    other = f"{API}/throughput/reports/{OTHER}"
    clock.set("2026-10-15T17:30:00+07:00")
    for day, opening in (("2026-10-13", 4), ("2026-10-14", 3)):
        counts = line(carried_over=opening, received_online=0, resolved_early=0)
        late = report(counts, reasons=[{"warning": "late", "reason": "missing_day"}])
        sent = api(unit=OTHER).put(f"{other}/{day}/city", json=late)
        assert sent.is_success, sent.text
    assert lacking(api, "differences", period="2026-10") == [], "one ward more, another one fewer: the form has none"
    assert lacking(api, "differences", "ward_officer", period="2026-10") == []
    assert len(lacking(api, "differences", period="2026-10", unit=WARD)) == 1


def test_what_is_not_split_by_field_keeps_the_form_from_being_final(api: Api) -> None:
    body = report(line("UNSPLIT", received_online=3, resolved_early=1))
    for system in ("city", "ministry"):
        sent = api().put(f"{API}/throughput/reports/{WARD}/2026-11-20/{system}", json=body)
        assert sent.is_success, sent.text
    assert ask(api, period="2026-11-20", unit=WARD)["lacks"] == [{"code": "unsplit", "n": 10}]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"period": "2026-13"}, "bad_period"), ({"period": "tháng mười"}, "bad_period"),
        ({"period": "2026-10", "from": "2026-10-01"}, "period_or_days"),
        ({"regime": "calendar", "from": "2026-10-01"}, "period_or_days"),
        ({"from": "2026-10-02", "to": "2026-10-01"}, "period_reversed"),
        ({"from": "2010-10-02", "to": "2026-10-01"}, "period_too_long"),
        ({"unit": WARD, "kind": "ward"}, "unit_or_kind"), ({"regime": "lunar"}, "not_a_choice"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(api: Api, wrong: dict[str, str], code: str) -> None:
    answer = api("city_analyst").get(AT, params=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


def test_a_ward_gets_its_own_and_the_city_s_but_no_other_s(api: Api, client: TestClient) -> None:
    officer = api()
    assert client.get(AT).status_code == 401
    assert officer.get(AT).json()["unit"] is None
    assert officer.get(AT, params={"unit": WARD}).json()["unit_name"] == "Ủy ban nhân dân phường Thuận Hóa"
    assert officer.get(AT, params={"unit": OTHER}).status_code == 404
    assert officer.get(AT, params={"kind": "special_zone"}).status_code == 403, "there may be one unit only of a kind"
    assert api("administrator").get(AT).status_code == 403


@pytest.mark.once
def test_the_page_is_the_form(app: FastAPI, api: Api, people: Any, clock: SetClock) -> None:
    run_month(app, api, clock, explained=False)
    page = people().get("/throughput/forms/II.06a", params=OCTOBER).text
    for words in (
        "Biểu tham chiếu, cần đối chiếu với quy định hiện hành", "Kỳ báo cáo tháng 10/2026", "Chưa đủ số liệu",
        "Lệch 1 hồ sơ giữa các ngày chưa có lý do", "Ủy ban nhân dân phường Thuận Hóa", "Từ kỳ trước chuyển sang",
        "(13)", "Thủ trưởng đơn vị", "Số hồ sơ đang giải quyết",
    ):  # fmt: skip
        assert words in page, words
    quarter = people("leader").get("/throughput/forms/II.06a?period=2026-Q4&regime=calendar&kind=ward").text
    assert "quý 4/2026 (theo dương lịch): từ 01/10/2026 đến 31/12/2026" in quarter
    assert "Các phường" in quarter
    of_days = people().get("/throughput/forms/II.06a?from=2026-10-01&to=2026-10-03")
    assert of_days.status_code == 200
    assert re.search(r'name="period"[^>]*value=""', of_days.text), "picked days have no period"


def computed(book: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a workbook's cells with every formula worked out anew from the numbers, and its formulas."""
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
        texts = re.findall(r"<si><t[^>]*>(.*?)</t></si>", parts.read("xl/sharedStrings.xml").decode(), re.DOTALL)
    cells: dict[str, Any] = {}
    formulas: dict[str, str] = {}
    for at, attributes, inner in re.findall(r'<c r="([A-Z]+\d+)"([^>/]*)>(.*?)</c>', xml):
        formula = re.search(r"<f>(.*?)</f>", inner)
        value = re.search(r"<v>(.*?)</v>", inner)
        if formula:
            formulas[at] = formula[1]
        assert value is not None, "a reader that computes nothing sees the number too"
        cells[at] = texts[int(value[1])] if 't="s"' in attributes else int(value[1])
    for at, words in formulas.items():
        assert cells[at] == work_out(words, cells, formulas), (at, words)
    return cells, formulas


def work_out(formula: str, cells: dict[str, Any], formulas: dict[str, str]) -> int:
    """Return what a formula of sums and differences gives, those that it rests on worked out too."""

    def one(at: str) -> int:
        return work_out(formulas[at], cells, formulas) if at in formulas else int(cells[at])

    def over(match: re.Match[str]) -> str:
        return str(sum(one(f"{match[1]}{row}") for row in range(int(match[2]), int(match[3]) + 1)))

    plain = re.sub(r"SUM\(([A-Z]+)(\d+):\1(\d+)\)", over, formula)
    plain = re.sub(r"[A-Z]+\d+", lambda match: f"({one(match[0])})", plain)
    assert re.fullmatch(r"[-+()\d]+", plain), plain
    return int(eval(plain))


def in_book(form: StatutoryFormOut) -> tuple[dict[str, list[int]], dict[str, str]]:
    cells, formulas = computed(statutory_book.book(form, "vi"))
    top = next(int(at[1:]) for at, value in cells.items() if value == "(1)")
    rows = {}
    for offset, row in enumerate((*form.rows, form.total), 1):
        assert cells[f"B{top + offset}"] == row.c2
        rows[row.field or ""] = [cells[f"{chr(ord('C') + n)}{top + offset}"] for n in range(len(NUMBERS))]
    return rows, formulas


def numbers(form: StatutoryFormOut) -> dict[str, list[int]]:
    return table(form.model_dump(by_alias=True))


def form_of(session: Session, city: City, units: tuple[str, ...], as_of: datetime | None) -> StatutoryFormOut:
    asked = statutory.wanted(session, ANALYST, city.now, first=DAYS[0], last=DAYS[-1], units=units, as_of=as_of)
    return statutory.form_of(session, asked, city.now, "vi")


def everywhere_the_same(session: Session, city: City, as_of: datetime | None) -> dict[str, list[int]]:
    """Check that wards add up to the city, the city to its files, and every line balances; returns the city's."""
    whole = form_of(session, city, (), as_of)
    found = numbers(whole)
    wards = [numbers(form_of(session, city, (unit,), as_of)) for unit in (WARD, OTHER)]
    assert numbers(form_of(session, city, (WARD, OTHER), as_of)) == found, "all that report, picked one by one"
    for field in found.keys() | wards[0].keys() | wards[1].keys():
        both = [ward.get(field, [0] * len(NUMBERS)) for ward in wards]
        assert found[field] == [a + b for a, b in zip(*both, strict=True)], field
    unexplained = sum(row.difference for row in whole.rows)
    assert whole.total.difference == unexplained == whole.total.c7 + whole.total.c11 - whole.total.c3
    made = statutory_book.table(whole, "vi")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([made.columns, *made.rows])
    read = csv.DictReader(io.StringIO(text.getvalue()))
    assert {row["field"]: [int(row[name]) for name in NUMBERS] for row in read} == found
    rows, formulas = in_book(whole)
    assert rows == found
    # Sums over columns in every line, the balance of each, and the totals over the lines.
    lines = len(whole.rows)
    assert len(formulas) == lines * 4 + (12 if lines else 1)
    return found


bounded = settings(max_examples=12 if KIND == "sqlite" else 5, suppress_health_check=list(HealthCheck))
Acts = list[tuple[str, str, date, Sent]]


@bounded
@given(sequence=st.lists(acts(), min_size=1, max_size=9), data=st.data())
def test_wards_are_the_city_are_the_files_after_random_corrections(
    app: FastAPI, clock: SetClock, sequence: Acts, data: st.DataObject
) -> None:
    city = City(app, clock)
    moments = [city.now]
    for act in sequence:
        city.send(*act)
        moments.append(city.now)
    with city.database.read() as session:
        for as_of in (None, data.draw(st.sampled_from(moments))):
            everywhere_the_same(session, city, as_of)


def day_of_work(opening: int | None, online: int, resolved: int) -> dict[str, int | None]:
    """Return a field's line as the model takes it."""
    zeros = dict.fromkeys(("received_counter", "resolved_early", "resolved_overdue", "withdrawn", "pending_overdue"), 0)
    return zeros | {
        "carried_over": opening, "received_online": online, "received_post": 0, "resolved_on_time": resolved,
        "pending_in_time": None,
    }  # fmt: skip


def last_day(city: City, unit: str, openings: dict[str, int], reasons: tuple[dict[str, str], ...] = ()) -> None:
    """Send a ward's last day: what is open at its beginning, 2 received online and 1 resolved of each field."""
    lines = {code: day_of_work(opening, 2, 1) for code, opening in openings.items()}
    city.send(unit, "city", DAYS[-1], Sent(False, False, lines, reasons))


@bounded
@given(sequence=st.lists(acts(), min_size=2, max_size=9), n=st.integers(1, 6))
def test_they_are_the_same_after_transfers_between_wards_and_a_merger_of_fields(
    app: FastAPI, clock: SetClock, sequence: Acts, n: int
) -> None:
    city = City(app, clock)
    ends_before(city, "HT", None, None)
    for number, act in enumerate(sequence):
        city.send((WARD, OTHER)[number % 2], *act[1:])
    opens = {}
    for unit in (WARD, OTHER):
        if city.model.closing_before(unit, "city", DAYS[-1], city.now) is None:
            city.send(unit, "city", DAYS[0], Sent(False, False, {"HT": day_of_work(None, 9, 0)}, ()))
        close = city.model.closing_before(unit, "city", DAYS[-1], city.now)
        assert close is not None
        opens[unit] = {"HT": 0, "CT": 0} | close
    for unit, opening in opens.items():
        last_day(city, unit, opening)
    with city.database.read() as session:
        plain = everywhere_the_same(session, city, None)
        before = city.now - timedelta(seconds=1)
    n = min(n, opens[WARD]["HT"])
    for unit, other, moved, reason in ((WARD, OTHER, -n, "transfer_out"), (OTHER, WARD, n, "transfer_in")):
        opens[unit]["HT"] += moved
        said = {"warning": "opening_gap", "field": "HT", "reason": reason, "counterpart": other}
        last_day(city, unit, opens[unit], (said,) if n else ())
    with city.database.read() as session:
        assert everywhere_the_same(session, city, None) == plain, "what stays in the city changes nothing of the city"
        ward = numbers(form_of(session, city, (WARD,), None))["HT"]
        then = numbers(form_of(session, city, (WARD,), before))["HT"]
        assert ward[COUNTS.index("c11")] == then[COUNTS.index("c11")] - n, "but the ward has them no more"
    ends_before(city, "HT", DAYS[-1], "CT")
    for unit, opening in opens.items():
        close = city.model.closing_before(unit, "city", DAYS[-1], city.now) or {}
        changed = [code for code, gap in (("HT", close.get("HT", 0)), ("CT", opening["HT"])) if gap]
        reasons = tuple({"warning": "opening_gap", "field": code, "reason": "field_changed"} for code in changed)
        last_day(city, unit, {code: o + (opening["HT"] if code == "CT" else 0) for code, o in opening.items()
                              if code != "HT"}, reasons)  # fmt: skip
    with city.database.read() as session:
        merged = everywhere_the_same(session, city, None)
        c11 = COUNTS.index("c11")
        over = sum(opening["HT"] for opening in opens.values())
        # The ministries' software knows the field still; the day's own dossiers of the old name are not there any more.
        assert merged.get("HT", [0] * len(NUMBERS))[c11] == plain["HT"][c11] - over - 2
        assert merged["CT"][c11] == plain["CT"][c11] + over
        assert merged[""][-1] == plain[""][-1], "no difference came of it"
        assert everywhere_the_same(session, city, before) == plain, "as it was known before, it stays as it was"


def ends_before(city: City, code: str, day: date | None, successor: str | None) -> None:
    """Let a field end before a day, with another in its place; None: let it go on."""
    with city.database.write() as session:
        to = session.scalars(select(col(ProcedureField.id)).where(col(ProcedureField.code) == successor)).one_or_none()
        ended = {"valid_to": day - timedelta(days=1) if day else None, "successor_id": to}
        session.execute(update(ProcedureField).where(col(ProcedureField.code) == code).values(**ended))
        stamps.touch(session, forms.STAMP)


@pytest.mark.once
def test_the_files_are_made_of_the_same_form(app: FastAPI, api: Api, clock: SetClock) -> None:
    run_month(app, api, clock)
    analyst = api("city_analyst")
    text = analyst.get(f"{AT}.csv", params=OCTOBER).content.decode("utf-8-sig")
    read = csv.DictReader(io.StringIO(text))
    assert {row["field"]: [int(row[name]) for name in NUMBERS] for row in read} == BY_HAND
    book = analyst.get(f"{AT}.xlsx", params=OCTOBER)
    assert f"II.06a-{WARD}-2026-09-15-2026-10-14.xlsx" in book.headers["content-disposition"]
    cells, formulas = computed(book.content)
    assert "Biểu tham chiếu, cần đối chiếu với quy định hiện hành" in cells.values()
    assert formulas["C10"] == "D10+E10+F10"
    assert formulas["O10"] == "G10+K10-(C10)"
    assert formulas["M13"] == "SUM(M10:M12)"
    xml = zipfile.ZipFile(io.BytesIO(book.content)).read("xl/worksheets/sheet1.xml").decode()
    assert 'paperSize="9"' in xml
    assert 'orientation="landscape"' in xml
    assert 'fitToHeight="0"' in xml
