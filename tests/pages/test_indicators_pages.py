"""Pages of indicators without script: entering, refused with what was typed, citing, comparing, linking a task."""

from typing import Any

import pytest

from app.core.web import API
from tests.pages.test_throughput_pages import form_of as form_on
from tests.support.clients import OTHER, WARD, line, report
from tests.support.indicators import indicator, reading, with_set
from tests.support.page import read
from tests.support.statements import asked
from tests.support.tasks import with_directive, with_task


@pytest.fixture
def made(api: Any) -> Any:
    """A set of two indicators with a reading, and one ward's report."""
    analyst = api("city_analyst")
    with_set(
        analyst, indicator("THU-1"), indicator("THU-2", unit_of_measure="tasks"),
        indicator("THU-3", part_of="THU-2"), indicator("THU-4", part_of="THU-2", comparator="range"),
    )  # fmt: skip
    analyst.post(f"{API}/indicators/THU-1/targets", json={"period": "2027", "low": 80, "document": "Kế hoạch 98"})
    for quarter, value, day in (("2026-Q2", 60, "2026-06-30"), ("2026-Q3", 63, "2026-09-30")):
        analyst.post(f"{API}/indicators/THU-1/readings", json=reading(quarter, value=value, as_of=day))
    body = report(line(received_online=8, received_counter=2, resolved_early=5))
    assert api().put(f"{API}/throughput/reports/{WARD}/2026-11-20/city", json=body).status_code == 201
    return analyst


def test_a_reading_is_entered_and_a_refused_one_comes_back_as_it_was_typed(made: Any, people: Any) -> None:
    browser = people("city_analyst")
    assert 'name="period"' in browser.get("/indicators/THU-1/readings/new").text
    typed = {"place": "city", "period": "2027-Q1", "value": "9x", "as_of": "2026-11-20", "source": "Công văn 12"}
    refused = browser.post("/indicators/THU-1/readings", data=typed)
    assert refused.status_code == 422
    assert 'value="9x"' in refused.text
    assert "Không đọc được số này" in refused.text
    assert "Công văn 12" in refused.text
    exists = browser.post("/indicators/THU-1/readings", data=typed | {"period": "2026-Q3", "value": "64,5"})
    assert exists.status_code == 409
    assert "thay thế số" in exists.text
    saved = browser.post("/indicators/THU-1/readings", data=typed | {"period": "2026-Q4", "value": "64,5"})
    assert saved.status_code == 303
    shown = browser.get(saved.headers["location"]).text
    assert "64,5%" in shown
    assert "Công văn 12" in shown


@pytest.mark.parametrize(("comparator", "bound"), [("at_least", "low"), ("at_most", "high")])
def test_better_than_a_ceiling_is_never_called_above_it(made: Any, people: Any, comparator: str, bound: str) -> None:
    with_set(made, indicator("TRAN-1", name_vi="Tỷ lệ trễ hạn", comparator=comparator), code="TRAN")
    value = 9 if bound == "low" else 1
    at = f"{API}/indicators/TRAN-1"
    for call, body in (
        ("targets", {"period": "2026-Q3", bound: 5, "document": "Kế hoạch 98"}),
        ("readings", reading("2026-Q3", value=value)),
        ("tasks", {"task": with_task(made, "T1", with_directive(made))["code"]}),
    ):
        answer = made.post(f"{at}/{call}", json=body)
        assert answer.status_code == 201, answer.text
    (linked,) = made.get(f"{API}/tasks/T1/indicators").json()["items"]
    groups = made.get(f"{API}/search?q=TRAN-1").json()["groups"]
    (found,) = (hit for group in groups for hit in group["items"] if hit["code"] == "TRAN-1")
    assert [linked["standing"], found["state"]] == ["exceeded", "exceeded"]
    assert [linked["goal"]["comparator"], found["goal"]["comparator"]] == [comparator] * 2
    said, other = ("Vượt", "Tốt hơn mức trần") if bound == "low" else ("Tốt hơn mức trần", "Vượt")
    browser = people("city_analyst")
    for page in ("/indicators/TRAN-1", "/tasks/T1", "/tasks/T1/indicators", "/search?q=TRAN-1"):
        shown = browser.get(page).text
        words = [words for words in (said, other) if f">{words}<" in shown or f" {words}<" in shown]
        assert words == [said], page


def test_what_was_saved_is_said_once_with_its_period_place_and_figure(made: Any, people: Any) -> None:
    browser = people("city_analyst")
    assert 'value="quý 3/2026"' in browser.get("/indicators/THU-1/readings/new").text
    form = {"as_of": "2026-03-31", "source": "Công văn 12", "value": "55,5"}
    for form_of, where, words in (
        ("readings", {**form, "place": "city", "period": "quý 1/2026"},
             "Đã lưu số liệu quý 1/2026: 55,5% (Toàn thành phố)."),
        ("readings", {**form, "place": WARD, "period": "Q1 2026"}, "Đã lưu số liệu quý 1/2026: 55,5% (Thuận Hóa)."),
        ("targets", {"place": WARD, "period": "năm 2026", "low": "70", "document": "KH 9", "version": "1"},
         "Đã lưu mục tiêu năm 2026: ≥ 70% (Thuận Hóa)."),
    ):  # fmt: skip
        saved = browser.post(f"/indicators/THU-1/{form_of}", data=where)
        assert saved.status_code == 303, saved.text
        page = read(browser.get(saved.headers["location"]).text)
        (said,) = [node.text for node in page.all("div") if node.attrs.get("id") == "said"]
        assert words in said
        assert 'id="said"' not in browser.get(saved.headers["location"]).text, "it is said once"
    wrong = browser.post("/indicators/THU-1/readings", data=form | {"place": "city", "period": "quý năm"})
    assert wrong.status_code == 422
    assert 'value="quý năm"' in wrong.text
    assert "Viết như: quý 2/2026, tháng 7/2026, năm 2026" in wrong.text


def test_a_national_target_is_not_shown_as_the_citys(made: Any, people: Any) -> None:
    leader = people("leader")
    head = leader.get("/indicators/NQ57-01").text.split("<h2")[0]
    assert "mục tiêu của cả nước" in head
    assert "mục tiêu của cả nước" in leader.get("/indicators?set=NQ57").text
    assert "mục tiêu của" not in leader.get("/indicators/THU-1").text.split("<h2")[0]
    assert "mục tiêu của thành phố" in leader.get(f"/indicators/THU-1?unit={WARD}").text.split("<h2")[0]


def test_an_indicators_page_says_whether_the_target_will_be_made(made: Any, people: Any) -> None:
    page = people("leader").get("/indicators/THU-1").text
    assert "Có kịp mục tiêu không?" in page
    assert "Giữ mức này thì không kịp mục tiêu ngày 31/12/2027." in page
    assert "Cần tăng bình quân 1,13 điểm phần trăm mỗi tháng; số tháng còn lại: 15." in page
    assert (
        "Thực tế tăng bình quân 1 điểm phần trăm mỗi tháng, tính theo 2 số liệu từ 30/06/2026 đến 30/09/2026." in page
    )
    assert "Chưa đến hạn" in page
    assert "chart__line--needed" in page
    assert "<svg" in page
    assert "Kế hoạch 98" in page
    assert "Nhập số liệu" not in page


def test_parts_that_do_not_add_up_are_shown_with_the_gap(made: Any, people: Any) -> None:
    made.post(f"{API}/indicators/THU-2/readings", json=reading("2026-Q3", value=168))
    for code, part in (("THU-3", 105), ("THU-4", 58)):
        body = reading("2026-Q3", value="62", numerator=part, denominator=168)
        assert made.post(f"{API}/indicators/{code}/readings", json=body).status_code == 201
    page = people("leader").get("/indicators/THU-2").text
    assert "Tổng các phần không khớp tổng chung" in page
    assert "= 163; tổng số 168; chênh lệch 5." in page
    printed = people("leader").get("/indicators/THU-3").text
    assert "Nguồn in 62%, còn 105/168 cho 62,50%" in printed


def test_a_figure_is_cited_and_shown_with_todays(made: Any, people: Any) -> None:
    browser = people("leader")
    cited = browser.post("/indicators/VH-01/citations", data={"period": "2026-11", "place": "city"})
    assert cited.status_code == 303
    at = cited.headers["location"]
    assert "Không đổi" in browser.get(at).text
    typed = reading("2026-11", value="77,7", as_of="2026-11-20")
    assert made.post(f"{API}/indicators/VH-01/readings", json=typed).status_code == 201
    later = browser.get(at).text
    assert "Đã có số liệu nhập" in later
    assert "80%" in later  # as it was cited
    assert f"https://testserver{at}</textarea>" in later, "a sentence with the whole address is ready for a document"
    assert "77,7%" in later
    nothing = browser.post("/indicators/THU-2/citations", data={"period": "2026-Q1", "place": "city"})
    assert nothing.status_code == 422
    assert "Kỳ này chưa có số liệu để trích dẫn." in nothing.text


def test_why_compares_and_estimate(made: Any, people: Any) -> None:
    browser = people("city_analyst")
    why = browser.get("/indicators/VH-01/why").text
    assert "received_online ÷ received" in why
    assert "Thuận Hóa" in why
    own = people("ward_officer")
    led = own.get("/indicators?q=ho+so", follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, f"/indicators?unit={WARD}&q=ho+so")
    assert "Thuận Hóa" not in own.get("/indicators?unit=city").text.split("<h1>")[1].split("</h1>")[0]
    assert own.get(f"/indicators?unit={WARD}").status_code == 200
    assert own.get(f"/indicators?unit={OTHER}").status_code == 404
    assert "Thuận Hóa" in browser.get("/indicators/VH-01/comparison").text
    estimate = browser.get("/indicators/estimates/qd766").text
    assert "trên 32 điểm của các nhóm có số liệu" in estimate
    assert "2 hồ sơ chưa nộp trực tuyến" in estimate
    assert "100 điểm" not in estimate


def test_a_figure_past_its_age_is_grey_and_said_to_be_old_on_every_page_that_shows_it(made: Any, people: Any) -> None:
    one = indicator("CU-1", period_type="month", expected_age=30, owner_unit=WARD)
    with_set(made, one | {"targets": [{"period": "2026-09", "low": 80, "document": "KH 98"}]}, code="CU")
    for place in ("city", WARD):
        typed = reading("2026-09", value=50, place=place)
        assert made.post(f"{API}/indicators/CU-1/readings", json=typed).status_code == 201
    for code, value in (("QD766-TONG", 71), ("QD766-TD", 15)):
        typed = reading("2026-06", value=value, as_of="2026-06-30")
        assert made.post(f"{API}/indicators/{code}/readings", json=typed).status_code == 201
    with_task(made, "T1", with_directive(made))
    assert made.post(f"{API}/indicators/CU-1/tasks", json={"task": "T1"}).status_code == 201
    cited = made.post(f"{API}/indicators/CU-1/citations", json={"period": "2026-09"}).json()["address"]
    pages = {
        "/indicators?set=CU": 1, f"/indicators?set=CU&unit={WARD}": 1, "/indicators/CU-1": 2, "/indicators/CU-1/why": 1,
        "/indicators/CU-1/comparison": 1, "/indicators/readings?set=CU": 2, "/tasks/T1": 1, "/tasks/T1/indicators": 1,
        cited: 1, "/indicators/estimates/qd766": 2, "/": 1,
    }  # fmt: skip
    browser = people("city_analyst")
    for path, count in pages.items():
        page = read(browser.get(path, follow_redirects=True).text)
        grey = [
            node for node in page.all("tr", "td", "li", "p", "span") if "stale" in node.attrs.get("class", "").split()
        ]
        assert len(grey) == count, (path, [node.text for node in grey])
        said = sum(node.text.count("Số liệu đã cũ") for node in page.all("main"))
        assert said >= min(count, 1), path
    owner = people(unit=WARD)
    assert "số liệu đã cũ: 1" in owner.get(f"/indicators?unit={WARD}").text
    listed = owner.get(f"/indicators?owner={WARD}&stale=true&unit=city").text
    assert "Chỉ tiêu CU-1" in listed


def test_a_file_with_a_wrong_cell_names_it_and_a_dry_run_stores_nothing(made: Any, people: Any) -> None:
    browser = people("city_analyst")
    rows = b"indicator,period,value,as_of,source\nTHU-2,2026-10,5,2026-10-31,x\n"
    refused = browser.post("/indicators/readings/import", files={"file": ("a.csv", rows)})
    assert refused.status_code == 422
    assert "<strong>B2</strong>" in refused.text
    tried = browser.post("/indicators/readings/import?dry_run=true", files={"file": ("a.csv", rows)})
    assert "<strong>B2</strong>" in tried.text
    assert made.get(f"{API}/indicators/readings?indicator=THU-2").json()["items"] == []


def test_a_file_that_was_checked_is_stored_without_choosing_it_again(made: Any, people: Any, api: Any) -> None:
    browser, at = people("city_analyst"), "/indicators/readings/import"
    rows = b"indicator,period,value,as_of,source\nTHU-1,2026-Q1,5,2026-03-31,x\n"
    tried = browser.post(f"{at}?dry_run=true", files={"file": ("a.csv", rows)})
    assert made.get(f"{API}/indicators/readings?origin=file").json()["items"] == []
    form = form_on(tried.text, at)
    owner = api("department_officer")
    foreign = owner.post(f"{API}{at}", json={"file": int(form["file"])})
    assert (foreign.status_code, foreign.json()["errors"][0]["code"]) == (422, "unknown_file"), "another unit's file"
    for _ in range(2):  # a second tap says what the first did
        stored = browser.post(at, data=form, follow_redirects=False)
        assert (stored.status_code, stored.headers["location"]) == (303, "/indicators/readings?origin=file")
    assert [r["value"] for r in made.get(f"{API}/indicators/readings?origin=file").json()["items"]] == [5]
    again = read(browser.post(at, data=form | {"_idempotency_key": "another-tap"}).text)
    assert "A2" in again.all("main")[0].text, "it stands by now: the page names the cell, and asks for a file"


def test_a_target_is_set_and_one_that_overlaps_says_what_to_do(made: Any, people: Any) -> None:
    browser = people("city_analyst")
    typed = {"place": "city", "period": "2027", "low": "85", "document": "Kế hoạch mới", "version": "1"}
    refused = browser.post("/indicators/THU-1/targets", data=typed)
    assert refused.status_code == 409
    assert "phiên bản tiếp theo" in refused.text
    assert browser.post("/indicators/THU-1/targets", data=typed | {"version": "2"}).status_code == 303
    assert "Kế hoạch mới" in browser.get("/indicators/targets?indicator=THU-1").text


def test_a_tasks_page_shows_the_indicators_it_moves(made: Any, people: Any) -> None:
    with_task(made, "T1", with_directive(made))
    browser = people("city_analyst")
    assert browser.post("/indicators/THU-1/tasks", data={"task": "T9"}).status_code == 422
    typed = {"task": "T1", "gives_percent": "true"}
    assert browser.post("/indicators/THU-1/tasks", data=typed).status_code == 303
    page = browser.get("/tasks/T1").text
    assert "78%" in page  # 63 of 80
    assert "theo chỉ tiêu" in page
    assert "Chỉ tiêu liên quan" in page
    assert 'href="/indicators/THU-1"' in page
    assert "Chỉ tiêu THU-1" in browser.get("/tasks/T1/indicators").text
    for path in ("/tasks", "/tasks/T1"):
        assert '78% <span class="muted">(theo chỉ tiêu THU-1, so với mục tiêu)</span>' in browser.get(path).text
    assert "78% <span" in people("ward_officer").get("/tasks/mine").text
    assert "tiến độ nhiệm vụ lấy theo chỉ tiêu này" in browser.get("/indicators/THU-1").text
    assert browser.post("/indicators/THU-1/tasks", data=typed | {"gives_percent": "false"}).status_code == 303
    assert "theo chỉ tiêu" not in browser.get("/tasks/T1").text
    assert "Lấy tiến độ theo chỉ tiêu này" in browser.get("/indicators/THU-1").text
    assert browser.post("/indicators/THU-1/tasks/T1", data={"_method": "DELETE"}).status_code == 303
    assert "Chỉ tiêu liên quan" not in browser.get("/tasks/T1").text


def test_a_file_is_asked_for_and_a_file_comes(made: Any, people: Any) -> None:
    ward, analyst = people(), people("city_analyst")
    for suffix in ("", ".csv", ".xlsx", ".json"):
        led = ward.get(f"/indicators{suffix}?set=THU")
        assert (led.status_code, led.headers["location"]) == (303, f"/indicators{suffix}?unit={WARD}&set=THU")
        assert ("html" in ward.get(led.headers["location"]).headers["content-type"]) == (suffix == "")
    for path, to in (("/throughput/today", "/throughput/board"), ("/tasks/mine", "/tasks")):
        assert (analyst.get(path).status_code, analyst.get(path).headers["location"]) == (303, to)
        assert [analyst.get(path + suffix).status_code for suffix in (".csv", ".xlsx", ".json")] == [422] * 3


def test_changed_citations_are_counted_by_the_database(made: Any, people: Any, app: Any) -> None:
    with_set(made, indicator("CUA-1", owner_unit=WARD), code="CUA")
    at = f"{API}/indicators/CUA-1"
    for quarter in ("2026-Q2", "2026-Q3"):
        first = made.post(f"{at}/readings", json=reading(quarter, value=60)).json()
        assert made.post(f"{at}/citations", json={"period": quarter}).status_code == 201
        made.post(f"{at}/readings", json=reading(quarter, value=61, supersedes=first["id"]))
    ward = people()
    with asked(app.state.database.engine) as seen:
        page = ward.get(f"/indicators?unit={WARD}").text
    assert "trích dẫn đã thay đổi: 2" in page
    (counted,) = [one.lower() for one, _ in seen if "from indicator_citations" in one.lower()]
    assert counted.startswith("select count(")
