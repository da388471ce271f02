"""The ward's desk on pages without script: today, the receipt with its texts, the month, and the page around them."""

import gzip
import re
from typing import Any

import pytest

from app.core import i18n
from app.core.web import environment
from tests.pages.test_throughput_pages import AT, cell, form_of, sheet
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.page import read


def text_of(html: str, tag: str, **attrs: str) -> list[str]:
    """Return the texts of the elements with these attributes."""
    wanted = {k.rstrip("_"): v for k, v in attrs.items()}
    found = [n for n in read(html).all(tag) if all(n.attrs.get(k) == v for k, v in wanted.items())]
    return [re.sub(r"\s+", " ", n.text).strip() for n in found]


def current(html: str) -> list[tuple[str, str]]:
    """Return which page the navigation marks, after the mark of its section: the words, and how."""
    marked = [n for n in read(html).all("a") if "nav" in n.parents and "aria-current" in n.attrs]
    said = [(n.text.strip(), n.attrs["aria-current"]) for n in marked]
    if [how for _, how in said] == ["page"]:
        return said  # a section of one page is that page
    assert [how for _, how in said[:1]] in ([], ["true"])
    return said[1:]


def test_a_ward_comes_home_to_its_day_and_is_one_tap_from_each(people: Any) -> None:
    officer = people()
    assert officer.get("/").headers["location"] == "/throughput/today"
    page = officer.get("/throughput/today").text
    assert current(page) == [("Việc hôm nay", "page")]
    assert f'href="{AT}/worksheet"' in page
    assert "Hạn 17:00 <strong>(còn 15 phút)</strong>" in page
    assert page.index("2026-11-17") < page.index(f'datetime="{DAY}"'), "late days come first"
    form = sheet(officer) | {cell("HT", "received_online"): "14", cell("HT", "resolved_early"): "9"}
    assert officer.post(AT, data=form).status_code == 303
    page = officer.get("/throughput/today").text
    assert f'href="{AT}/worksheet"' not in page
    assert f'href="{AT}/receipt"' in page
    assert "tiếp nhận 14, giải quyết 9" in page


@pytest.mark.parametrize(
    ("role", "home"),
    [
        ("ward_officer", "/throughput/today"), ("ward_leader", "/dashboard"), ("city_analyst", "/dashboard"),
        ("leader", "/dashboard"), ("department_officer", "/dashboard"), ("administrator", "/units"),
    ],
)  # fmt: skip
def test_each_role_comes_to_its_own_first_page(people: Any, role: str, home: str) -> None:
    browser = people(role)
    assert browser.get("/").headers["location"] == home
    page = browser.get(home).text
    assert len(current(page)) == 1
    assert ('href="/throughput/today"' in page) == (role in ("ward_officer", "ward_leader"))
    assert (">Báo cáo hằng ngày</a>" in page) == (role not in ("department_officer", "administrator"))


def test_only_the_page_s_own_entry_is_marked(people: Any, api: Any) -> None:
    officer = people()
    assert current(officer.get(f"{AT}/worksheet").text) == [("Việc hôm nay", "true")]
    assert api().put(f"/api/v1{AT}/city", json=report(line(received_online=1))).status_code == 201
    assert current(officer.get(AT).text) == [("Báo cáo đã gửi", "true")]
    assert current(officer.get("/throughput/reports").text) == [("Báo cáo đã gửi", "page")]
    assert current(officer.get("/sessions").text) == []
    analyst = people("city_analyst")
    for path in (f"{AT}/worksheet", f"/throughput/today?unit={WARD}", f"/throughput/month?unit={WARD}"):
        assert current(analyst.get(path).text) == [("Việc cần báo cáo hôm nay", "true")]
    beside = {"/tasks/blockers": "Đôn đốc", "/tasks/timeline": "Chức danh, thời hạn", "/fields": "Thủ tục hành chính"}
    for path, entry in beside.items():
        assert current(analyst.get(path).text) == [(entry, "true")], path


def test_the_head_names_the_unit_in_words(people: Any) -> None:
    head = re.search(r'<p class="header__caller">.*?</p>', people().get("/throughput/today").text, re.DOTALL)
    assert head is not None
    assert "Thuận Hóa" in head[0]
    assert WARD not in head[0]


def test_the_desk_says_what_is_to_be_explained_and_leads_there(people: Any, api: Any) -> None:
    officer = api()
    for day, opening in (("2026-11-19", 0), (DAY, 7)):
        body = report(line(carried_over=opening, received_online=5))
        assert officer.put(f"/api/v1/throughput/reports/{WARD}/{day}/city", json=body).status_code == 201
    for page in (people().get("/throughput/today").text, people().get("/throughput/month").text):
        assert "Hộ tịch: tồn kỳ trước lệch 2 hồ sơ" in page
        assert 'href="/throughput/findings/1"' in page, "what is a finding is explained on its page"
    page = people().get("/throughput/today").text
    assert "1 câu hỏi chưa trả lời, 1 điều chỉnh tồn chưa có lý do." in page
    # Who may not answer is led nowhere.
    seen = people("city_analyst").get(f"/throughput/today?unit={WARD}").text
    assert "Hộ tịch: tồn kỳ trước lệch 2 hồ sơ" in seen
    assert "/worksheet" not in seen


def test_the_receipt_has_each_text_ready(people: Any, api: Any) -> None:
    officer = people()
    assert officer.post(AT, data=sheet(officer) | {cell("HT", "received_online"): "14"}).status_code == 303
    page = officer.get(f"{AT}/receipt").text
    texts = api().get(f"/api/v1{AT}/texts").json()
    areas = {n.attrs["id"]: n for n in read(page).all("textarea")}
    assert {name: areas[f"text-{name}"].text.strip("\n") for name in texts} == texts
    assert all("readonly" in area.attrs for area in areas.values())
    buttons = [n for n in read(page).all("button") if "data-copy" in n.attrs or "data-share" in n.attrs]
    assert len(buttons) == 6
    assert all("hidden" in n.attrs for n in buttons), "without script there is nothing to press"
    own = officer.get(f"{AT}/texts?lang=en").text
    assert "received 14, online 14 (100.00%)" in own
    assert 'href="/throughput/today"' in page


def test_the_receipt_of_a_correction_says_so_and_what_changed(people: Any, api: Any) -> None:
    officer, at = api(), f"/api/v1/throughput/reports/{WARD}/{DAY}/city"
    first = officer.put(at, json=report(line(received_online=5, resolved_early=1)))
    page = people().get(f"{AT}/receipt").text
    assert "Thành phố đã nhận báo cáo của" in page
    assert "bản sửa" not in page
    corrected = report(line(received_online=7, resolved_early=1))
    assert officer.put(at, json=corrected, headers={"If-Match": first.headers["etag"]}).status_code == 200
    page = people().get(f"{AT}/receipt").text
    assert "Thành phố đã nhận bản sửa báo cáo của" in page
    assert "Đây là bản sửa (lần gửi thứ 2), thay bản gửi trước." in page
    assert "tiếp nhận trực tuyến <del>5</del> → <ins>7</ins>" in page
    assert f'href="{AT}/city/revisions"' in page


def test_the_month_shows_states_in_words_and_figures_in_a_table(people: Any, api: Any) -> None:
    for system in ("city", "ministry"):
        body = report(line(received_online=1234, resolved_early=900))
        assert api().put(f"/api/v1{AT}/{system}", json=body).status_code == 201
    page = people().get("/throughput/month").text
    assert current(page) == [("Tình hình tháng", "page")]
    assert f'href="{AT}/receipt"' in page
    assert f'href="/throughput/reports/{WARD}/2026-11-19/worksheet"' in page
    assert "Đã nhận, đúng hạn: 1 ngày" in page
    assert "từ 80%" in page
    assert "không quá 3%" in page
    assert ",00%</" not in re.sub(r"<span class=\"rate__value\">.*?</span>", "", page), "targets have no empty decimals"
    title, description = text_of(page, "title")[1], text_of(page, "desc")[0]
    assert title == "Hồ sơ tiếp nhận mới và đã giải quyết theo ngày, tháng 11/2026"
    assert "Tiếp nhận nhiều nhất 2.468 hồ sơ, ngày 20/11/2026" in description
    table = page[page.index('<table id="trend-table"') :]
    assert re.search(r"20/11/2026</th><td[^>]*>2\.468</td><td[^>]*>1\.800</td>", table)
    analyst = people("city_analyst").get(f"/throughput/month?unit={OTHER}&month=2026-10").text
    assert "Chưa có số liệu trong tháng này." in analyst
    assert 'href="/throughput/month?unit=19753&amp;month=2026-09"' in analyst
    assert 'href="/throughput/month?unit=19753&amp;month=2026-11"' in analyst


def test_a_chart_of_a_month_is_light_and_breaks_where_figures_are_missing() -> None:
    from datetime import date

    days = [date(2026, 10, n) for n in range(1, 32)]
    received: list[int | None] = [100 + n * 37 % 91 for n in range(31)]
    resolved: list[int | None] = [95 + n * 53 % 97 for n in range(31)]
    received[4] = resolved[4] = None
    lone: list[int | None] = [None, 50, None, 10, 20]
    t = i18n.translator("vi")
    module = environment().get_template("macros/charts.html").make_module({"t": t, "locale": "vi"})
    drawn = str(module.trend("m", "Tiêu đề", "Mô tả", days, [("Nhận", received), ("Giải quyết", resolved)], "Ngày"))  # type: ignore[attr-defined]
    assert len(gzip.compress(drawn.encode())) < 2048
    paths = re.findall(r'class="chart__line chart__line--\d" d="(M0 [^"]+)"', drawn)
    assert [path.count("M") for path in paths] == [2, 2]
    assert [path.count("L") for path in paths] == [28, 28]
    assert paths[0].startswith("M0 100L20 ")  # 100 of 200, on a height of 200
    assert drawn.count("<tr>") == 32
    assert "chart__line--dots" not in drawn
    drawn = str(module.trend("m", "Tiêu đề", "Mô tả", days[:5], [("Nhận", lone)], "Ngày"))  # type: ignore[attr-defined]
    assert re.findall(r'chart__line--dots" d="([^"]+)"', drawn) == ["M150 0h0"]


def test_a_waiver_is_confirmed_in_words(people: Any) -> None:
    analyst: PageClient = people("city_analyst")
    address = f"/throughput/obligations/{WARD}/{DAY}/city/waiver"
    page = analyst.get(f"/throughput/obligations?day={DAY}&unit={WARD}").text
    given = analyst.post(address, data=form_of(page, address) | {"reason": "Bão số 13"})
    page = analyst.get(given.headers["location"]).text
    words = "Đã ghi nhận miễn báo cáo: Thuận Hóa, ngày 20/11/2026, Hệ thống của thành phố."
    assert text_of(page, "div", role="status") == [words]
    assert words not in people("city_analyst").get(given.headers["location"]).text, "another opens its address"
    assert words not in analyst.get(given.headers["location"]).text, "it is said once"
    assert "1 được miễn" in page
    assert "79 đến giờ gửi" in page
    ended = analyst.post(address, data=form_of(page, address))
    assert ended.status_code == 303
    assert "Đã bỏ miễn báo cáo: Thuận Hóa" in analyst.get(ended.headers["location"]).text
    for made_up in ("waiver=x", "waiver=", f"waiver={WARD}.space", "waiver=%3Cscript%3E"):
        assert text_of(analyst.get(f"/throughput/obligations?{made_up}").text, "div", role="status") == []


def test_the_sign_is_there_for_who_asks_by_its_old_name(stranger: PageClient) -> None:
    answer = stranger.get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.content.startswith(b"<svg")


def test_signing_out_clears_what_the_device_kept(people: Any) -> None:
    answer = people().post("/sign-out")
    assert answer.headers["clear-site-data"] == '"storage"'


@pytest.mark.parametrize("locale", ["vi", "en", "fr"])
def test_the_desk_is_drawn_in_every_language(people: Any, clock: SetClock, locale: str) -> None:
    officer, analyst = people(), people("city_analyst")
    for client in (officer, analyst):
        client.cookies.set("lang", locale)
        client.locale = locale
    one = {"_only": "city", cell("HT", "received_online"): "5", "city[partial_day]": "true"}
    assert officer.post(AT, data=sheet(officer) | one).status_code == 303
    for path in ("/throughput/today", "/throughput/month", "/throughput/month?month=2026-10", f"{AT}/texts"):
        assert officer.get(path).status_code == 200, path
    for path in (f"/throughput/today?unit={WARD}", f"/throughput/month?unit={WARD}", f"{AT}/texts"):
        assert analyst.get(path).status_code == 200, path
    clock.set("2027-03-06T10:00+07:00")
    late = people()
    late.cookies.set("lang", locale)
    late.locale = locale
    assert late.get("/throughput/today").status_code == 200


@pytest.mark.parametrize("path", ["/throughput/today", "/throughput/month", "/tasks/mine"])
def test_who_has_no_unit_is_led_from_a_units_page_to_what_is_theirs(people: Any, api: Any, path: str) -> None:
    leader = people("leader")
    led = leader.get(path)
    assert (led.status_code, led.headers["location"]) == (303, "/tasks" if "tasks" in path else "/throughput/board")
    assert leader.get(f"{path}?unit={WARD}").status_code == 200
    assert api("leader").get(f"/api/v1{path}").json()["errors"][0]["pointer"] == "?unit"


def test_a_wrong_filter_is_drawn_again_with_what_was_asked_for(people: Any) -> None:
    leader = people("leader")
    for path in ("/throughput/summary", "/throughput/ranking", "/tasks/compare", "/throughput/forms/II.06a"):
        refused = leader.get(f"{path}?from=2026-11-20&to=2026-11-01&x=1")
        assert refused.status_code == 422
        assert form_of(refused.text, path) == {"x": "1", "from": "2026-11-20", "to": "2026-11-01"}
        assert '<a href="#to">Ngày kết thúc' in refused.text
        assert 'id="to-error"' in refused.text
        assert "?to" not in refused.text.split("<main")[1]
    other = leader.get("/throughput/summary?cursor=x&group_by=abc")
    assert other.status_code == 422
    assert 'href="/throughput/summary">Xem trang này, bỏ bộ lọc' in other.text
