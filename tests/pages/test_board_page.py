"""The board on pages without script: tiles in words, filters as links, the line to pass on."""

import csv
import re
from io import StringIO
from typing import Any

from tests.pages.test_desk_pages import current, text_of
from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report
from tests.support.page import read
from tests.support.tasks import with_directive, with_task
from tests.support.workbooks import part

AT = f"/api/v1/throughput/reports/{WARD}/{DAY}"


def tile(html: str, unit: str = WARD) -> str:
    """Return what a unit's tile says."""
    return text_of(html, "li", id=f"tile-{unit}")[0]


def test_an_analyst_s_board_has_forty_tiles(people: Any, api: Any) -> None:
    analyst = people("city_analyst")
    page = analyst.get("/throughput/board").text
    assert current(page) == [("Bảng theo dõi", "page")]
    tiles = [n for n in read(page).all("li") if n.attrs.get("id", "").startswith("tile-")]
    assert len(tiles) == 40
    assert tile(page) == (
        "Thuận Hóa Đến giờ gửi Thành phố: Đến giờ gửi hạn 17:00 Bộ, ngành: Đến giờ gửi hạn 23/11 09:00"
        " Nhắc gửi (thành phố): Thuận Hóa"
    )
    assert f'href="/throughput/today?unit={WARD}"' in page
    for system in ("city", "ministry"):
        body = report(line(received_online=700, resolved_early=2))
        assert api().put(f"{AT}/{system}", json=body).status_code == 201
    page = analyst.get("/throughput/board").text
    assert tile(page) == (
        "Thuận Hóa Đã nhận, đúng hạn Thành phố: Nhận lúc 16:45 Bộ, ngành: Nhận lúc 16:45 Tiếp nhận 1.400, giải quyết 4"
    )
    assert f'href="/throughput/reports/{WARD}/{DAY}"' in page
    assert "1/40 đơn vị đã gửi đủ" in page


def test_states_and_days_are_links_and_keep_to_the_files(people: Any) -> None:
    analyst = people("city_analyst")
    page = analyst.get(f"/throughput/board?day={DAY}").text
    assert f'href="?day={DAY}&amp;state=due"' in page
    none = analyst.get(f"/throughput/board?day={DAY}&state=late").text
    assert "Không có đơn vị nào ở trạng thái này." in none
    assert f'href="/throughput/board.csv?day={DAY}&amp;state=late"' in none
    assert analyst.get(f"/throughput/board.csv?day={DAY}&state=late").text.count("\n") == 1
    weekend = analyst.get("/throughput/board?day=2026-11-21").text
    assert "Ngày này không đơn vị nào phải báo cáo." in weekend


def test_on_a_day_off_it_opens_on_the_last_day_that_is_owed(people: Any, api: Any, clock: SetClock) -> None:
    clock.set("2026-11-22T10:00:00+07:00")
    for unit in (WARD, OTHER):
        at = f"/api/v1/throughput/reports/{unit}/{DAY}/city"
        late = {"reasons": [{"warning": "late", "reason": "late_sync"}]}
        assert api("ward_officer", unit).put(at, json=report(line(received_online=7)) | late).status_code == 201
    leader = people("leader")
    page = leader.get("/throughput/board").text
    assert "20/11/2026" in read(page).all("h1")[0].text
    assert 'href="?day=2026-11-19"' in page
    assert 'href="?day=2026-11-21"' not in page
    assert 'href="?day=2026-11-23"' not in page  # not begun
    assert 'href="?day=2026-11-20"' in leader.get("/throughput/board?day=2026-11-19").text
    assert "2/40 đơn vị" in page
    assert "0/40 đơn vị" not in page  # the ministries' part is not due: that nobody is complete says nothing
    assert "38 quá hạn" in page
    assert "Ngày làm việc trước (20/11/2026)" in leader.get("/throughput/summary").text


def test_nobody_is_counted_as_missing_before_the_deadline(people: Any) -> None:
    analyst = people("city_analyst")
    page = analyst.get(f"/throughput/board?day={DAY}").text
    assert "0/40" not in page
    assert "Chưa đơn vị nào quá hạn." in page


def test_it_asks_for_itself_again_with_the_same_question(people: Any) -> None:
    analyst = people("city_analyst")
    page = analyst.get(f"/throughput/board?day={DAY}&state=due").text
    section = next(n for n in read(page).all("section") if n.attrs.get("id") == "board")
    assert section.attrs["hx-get"] == f"/throughput/board?day={DAY}&state=due"
    assert section.attrs["hx-trigger"] == "every 5s"
    answer = analyst.get(section.attrs["hx-get"])
    again = analyst.get(section.attrs["hx-get"], headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_all_are_reminded_from_any_page_while_more_than_one_unit_owes(people: Any, api: Any) -> None:
    analyst, every = people("city_analyst"), f'action="/throughput/board/{DAY}/reminders"'
    one = analyst.get(f"/throughput/board?day={DAY}&limit=1").text
    assert one.count('action="/throughput/reports/') == 1
    assert every in one, "the act reaches all units, not those of the page"
    assert every in analyst.get(f"/throughput/board?day={DAY}&state=waived").text
    assert every not in people("leader").get(f"/throughput/board?day={DAY}").text
    units = [u["code"] for u in api("city_analyst").get("/api/v1/units").json()["items"] if u["kind"] != "department"]
    for unit in [code for code in units if code != WARD]:
        api(unit=unit).put(f"/api/v1/throughput/reports/{unit}/{DAY}/city", json=report(line(received_online=1)))
    last = analyst.get(f"/throughput/board?day={DAY}").text
    assert last.count('action="/throughput/reports/') == 1
    assert every not in last, "one is reminded by its own button"


def test_a_day_of_which_nothing_has_come_has_no_noughts(people: Any, api: Any) -> None:
    analyst, sums = people("city_analyst"), ("Tiếp nhận mới", "Đã giải quyết", "Đang giải quyết", "Trực tuyến")

    def figures() -> list[str]:
        return text_of(analyst.get(f"/throughput/board?day={DAY}").text, "dl", class_="figures")

    def cells() -> list[str]:
        """Return what stands in the workbook's columns of figures, below their heads."""
        sheet = part(analyst.get(f"/throughput/board.xlsx?day={DAY}").content).decode()
        return re.findall(r'<c r="[I-N](?:[6-9]|\d\d)" [^>]*?(?:/>|>(.*?)</c>)', sheet)

    (shown,) = figures()
    assert "Thành phố" in shown
    assert not [word for word in sums if word in shown]
    assert cells() == [""] * 6 * 41, "no row and no sum reads 0"
    rows = csv.DictReader(StringIO(analyst.get(f"/throughput/board.csv?day={DAY}").text.lstrip("\ufeff")))
    assert {row["received"] for row in rows} == {""}
    assert "tiếp nhận" not in analyst.get(f"/throughput/board/text?day={DAY}").text
    assert api().put(f"{AT}/city", json=report()).status_code == 201
    (shown,) = figures()
    assert "Tiếp nhận mới 0" in shown, "now somebody has said so"
    assert cells().count("") == 6 * 39
    assert "<f>SUM(I6:I45)</f><v>0</v>" in cells()


def test_the_line_to_pass_on_stands_in_a_field(people: Any) -> None:
    analyst = people("city_analyst")
    page = analyst.get(f"/throughput/board/text?day={DAY}").text
    assert next(n for n in read(page).all("textarea")).text.startswith("\nBáo cáo ngày 20/11/2026: 0 đơn vị quá hạn")
    assert current(page) == [("Bảng theo dõi", "true")]


def test_a_unit_is_found_by_a_part_of_its_name(people: Any) -> None:
    leader = people("leader")
    page = leader.get(f"/throughput/board?day={DAY}&q=thuan+hoa").text
    tiles = [n.attrs["id"] for n in read(page).all("li") if n.attrs.get("id", "").startswith("tile-")]
    assert tiles == [f"tile-{WARD}"]
    assert f'href="?day={DAY}&amp;state=due&amp;q=thuan%20hoa"' in page
    assert f'hx-get="/throughput/board?day={DAY}&amp;q=thuan+hoa"' in page
    assert "Không có đơn vị nào tên “xyz”." in leader.get("/throughput/board?q=xyz").text
    assert "Không có đơn vị nào tên “xyz”." in leader.get("/throughput/ranking?q=xyz").text


def test_what_a_leader_looks_at_first_leads_to_its_lists(people: Any, api: Any) -> None:
    analyst, leader = api("city_analyst"), people("leader")
    before = "2026-11-19"
    for system in ("city", "ministry"):
        api().put(AT.replace(DAY, before) + f"/{system}", json=report(line(received_online=7)))
    with_task(analyst, "T1", with_directive(analyst), deadline="2026-11-16")
    page = leader.get("/throughput/board").text
    first = page.split('class="glance"')[1].split("</nav>")[0]
    assert f'href="/throughput/board?day={before}"' in first
    assert "39 đơn vị chưa gửi đủ ngày 19/11/2026" in first
    assert 'href="/tasks?bucket=overdue"><strong class="tag tag--due">1 nhiệm vụ quá hạn' in first
    assert 'href="/indicators?standing=not_met"' in first
    assert "1 trong 1 nhiệm vụ: quá hạn" in leader.get("/tasks?bucket=overdue").text
    for other in (leader.get(f"/throughput/board?day={before}"), people("ward_leader").get("/throughput/board")):
        assert 'class="glance"' not in other.text
    part = leader.get("/throughput/board", headers={"hx-request-type": "partial"})
    assert 'class="glance"' not in part.text, "the board asks for itself every few seconds"


def test_a_ward_s_day_names_its_tasks_that_are_late_or_asked_about(people: Any, api: Any) -> None:
    analyst, ward = api("city_analyst"), people()
    number, row = with_directive(analyst), 'class="beside"'
    assert row not in ward.get("/throughput/today").text
    with_task(analyst, "T1", number, deadline="2026-11-16")
    with_task(analyst, "T2", number, deadline="2026-12-16")
    asked = people("leader").post("/tasks/T2/questions", data={"text": "Vì sao chậm?", "due_on": "2026-11-24"})
    assert asked.status_code == 303
    for path in ("/throughput/today", "/throughput/reminders"):
        page = ward.get(path).text
        words = page.split(row)[1].split("</p>")[0]
        assert 'href="/tasks/mine#late">1 quá hạn<' in words, path
        assert 'href="/tasks/mine#questions">1 cần giải trình<' in words, path
        assert row not in people(unit=OTHER).get(path).text
        assert row not in people("city_analyst").get(f"{path}?unit={WARD}").text
    mine = ward.get("/tasks/mine").text
    assert ('id="late"' in mine, 'id="questions"' in mine) == (True, True)
