"""Every chart of the one place: named, described, small, within reach of the keyboard, from figures as they come."""

import gzip
import re
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from app.core import charts, i18n
from app.core.settings import project_root
from app.core.web import environment
from tests.support.clients import WARD, line, report
from tests.support.tasks import with_directive, with_task

MOST = 2 * 1024
MARKS = 31
SVG = "{http://www.w3.org/2000/svg}"
FIRST = date(2026, 10, 21)
DAYS = [FIRST + timedelta(days=n) for n in range(31)]
RECEIVED = [None if day.weekday() > 4 else 1800 + day.toordinal() * 7919 % 900 for day in DAYS]
RESOLVED = [None if value is None else value + value % 97 - 40 for value in RECEIVED]
SERIES = [81.2, 82.9, None, 84.1, 83.7, 85.55, 86.2, 85.9, 88.4, 90.01, 91.3, 92.7]
WARDS = ["Phú Xuân", "Quảng Điền", "Chân Mây – Lăng Cô", "Thuận Hóa", "A Lưới 1"] * 6


def drawn(name: str, body: str, **values: Any) -> str:
    """Return what a template with one chart of the macros gives, in Vietnamese."""
    names = "axis, bars, chart, heat, line, multiples, reach, shares, spans, spark, trend"
    source = f'{{% from "macros/charts.html" import {names} with context %}}{body}'
    given = {"t": i18n.translator("vi"), "locale": "vi", "caller": None, "name": name, "days": DAYS} | values
    return environment().from_string(source).render(given)


def bar_rows() -> list[tuple[Any, ...]]:
    return [
        (f"{day:%d/%m}", f"{day:%d/%m/%Y}: tiếp nhận {one}, giải quyết {two}", one, two, one is None)
        for day, one, two in zip(DAYS, RECEIVED, RESOLVED, strict=True)
    ]


def heat_rows() -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for day in DAYS:
        done = 40 - day.toordinal() % 3
        said = f"{day:%d/%m/%Y}: {done}/40 đơn vị đã báo cáo đủ"
        off = day.weekday() > 4
        rows.append((day, said, "" if off else f"{done}/40", "off" if off else charts.level(40 - done, 40)))
    return rows


NAMES = ("Tiếp nhận mới", "Đã giải quyết")
HEADS = "[('Ngày', false), ('Tiếp nhận mới', true)]"
CELL = "<tr><th scope='row'>21/10/2026</th><td>1</td></tr>"
LINE = """{% call chart('f', name, [('line--1', 'Kết quả'), ('line--2', 'Mục tiêu')]) %}
{{ line('c', 'Tỷ lệ trực tuyến', '12 kỳ', values, 95, ahead=3, expected=97, marks=marks) }}
{{ axis(['tháng 1/2026', '31/12/2026']) }}{% endcall %}"""
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "trend": (
        "{{ trend('c', 'Hồ sơ theo ngày', 'Cao nhất 2.600.', days, lines, 'Ngày') }}",
        {"lines": [(NAMES[0], RECEIVED), (NAMES[1], RESOLVED)]},
    ),
    "line with target": (
        LINE,
        {"values": SERIES, "marks": [f"tháng {n}/2026: {value}%" for n, value in enumerate(SERIES, 1)]},
    ),
    "bars": (
        "{% call bars('c', 'Tiếp nhận theo ngày', 'Mỗi cột là một ngày.', rows, names, " + HEADS + ", 'ngày nghỉ') %}"
        + CELL + "{% endcall %}",
        {"rows": bar_rows(), "names": NAMES},
    ),
    "heat strip": (
        "{% call heat('c', 'Đơn vị báo cáo đủ', 'Mỗi ô là một ngày.', rows, [('cell', 'đủ')], " + HEADS + ") %}"
        + CELL + "{% endcall %}",
        {"rows": heat_rows()},
    ),
    "stacked shares": (
        "{{ shares('c', 'Chênh lệch còn tồn', rows, ['Trên 7 ngày', '4–7 ngày', '2–3 ngày', '0–1 ngày'], 20) }}",
        {"rows": [(ward, ward, [n % 5, n % 4, n % 3, n % 2 + 1]) for n, ward in enumerate(WARDS)]},
    ),
    "sparkline": ("{{ spark('Đúng hạn theo ngày: thấp nhất 97,8%', values) }}", {"values": SERIES * 2}),
    "small multiple": (
        "{% call multiples() %}<li>{{ line('c', 'Phú Xuân', '12 kỳ', values, 95, 80, 100, true) }}</li>{% endcall %}",
        {"values": SERIES},
    ),
    "spans": (
        "{{ spans('c', 'Tiến trình', 'Mỗi nhiệm vụ một thanh.', rows, [(100, '06/2025')], 300, '23/11/2026') }}",
        {"rows": [(f"KH02-{n:03}", "overdue", 100 + n, 150 + n * 2, 160 + n, 170 + n) for n in range(40)]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_chart_is_small_named_and_within_reach(name: str) -> None:
    body, values = CASES[name]
    page = drawn(name, body, **values)
    drawing = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    assert len(gzip.compress(drawing.encode())) < MOST
    assert "<script" not in page
    assert not re.search(r"\sstyle\s*=", page), "the policy of the pages refuses it"
    svgs = [ET.fromstring(one.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))
            for one in re.findall(r"<svg.*?</svg>", drawing, re.DOTALL)]  # fmt: skip
    shown = [svg for svg in svgs if svg.get("aria-hidden") != "true"]
    assert shown
    for svg in shown:
        named = svg.get("aria-label") or svg.findtext(f"{SVG}title")
        assert named
        assert svg.get("role") in ("img", "group")
        if svg.get("aria-labelledby"):
            title, description = (svg.get("aria-labelledby") or "").split()
            assert (svg.find(f"{SVG}title").get("id"), svg.find(f"{SVG}desc").get("id")) == (title, description)  # type: ignore[union-attr]
            assert svg.findtext(f"{SVG}desc")
        marks = [one for one in svg.iter() if one.get("tabindex") == "0" and one is not svg]
        assert (svg.get("role") == "group") == bool(marks), "a picture has nothing within that takes the focus"
        for mark in marks:
            assert re.search(r"\d", mark.findtext(f"{SVG}title") or ""), "it says its value"
    assert drawing.count('tabindex="0"') <= MARKS
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_more_marks_than_a_person_tabs_through_take_no_focus() -> None:
    rows = [(f"{n}", f"ngày {n}: 1", 1, 1, False) for n in range(MARKS + 1)]
    body = "{% call bars('c', 'Theo ngày', 'Mỗi cột là một ngày.', rows, names, []) %}{% endcall %}"
    for count, wanted in ((MARKS, MARKS), (MARKS + 1, 0)):
        assert drawn("bars", body, rows=rows[:count], names=NAMES).count("<g tabindex") == wanted


def test_a_missing_day_a_day_off_and_nought_look_different() -> None:
    rows = [("1", "a: chưa có", None, None, False), ("2", "b: nghỉ", None, None, True), ("3", "c: 0", 0, 0, False)]
    body = "{% call bars('c', 'Theo ngày', 'x', rows, names, [], 'ngày nghỉ') %}{% endcall %}"
    page = drawn("bars", body, rows=rows, names=NAMES)
    looks = re.findall(r'<g( tabindex="0")?.*?<title>(\w): .*?</title><rect class="chart__(\w+)"', page)
    stop = ' tabindex="0"'
    assert looks == [(stop, "a", "none"), ("", "b", "off"), (stop, "c", "bar")], "nothing to stop at on a day off"


def test_where_a_rate_may_lie_is_drawn_on_the_scale_that_all_share() -> None:
    drawing = drawn("reach", "{{ reach(0.92, 0.95, 0.96, 0.94, 0.9, 1.0) }}")
    places = re.findall(r'class="chart__(bar|whole|dot)" c?x="([\d.]+)%"(?: y="30%" width="([\d.]+)%")?', drawing)
    assert places == [("bar", "20.0", "40.0"), ("whole", "40.0", ""), ("dot", "50.0", "")]
    assert 'aria-hidden="true"' in drawing, "the cell says the same in numbers"
    assert "chart__whole" not in drawn("reach", "{{ reach(0.92, 0.95, 0.96, none, 0.9, 1.0) }}")


def test_parts_are_told_apart_without_colour() -> None:
    body, values = CASES["stacked shares"]
    page = drawn("shares", body, **values)
    patterns = re.findall(r'<pattern id="c-part-(\d)".*?>(.*?)</pattern>', page, re.DOTALL)
    shapes = [re.sub(r"\s+", " ", inner) for _, inner in patterns]
    assert [number for number, _ in patterns] == ["1", "2", "3", "4"]
    assert len(set(shapes)) == 4
    assert set(re.findall(r'fill="url\(#c-part-(\d)\)"', page)) == {"1", "2", "3", "4"}


def test_no_other_template_draws() -> None:
    folder = project_root() / "templates"
    found = [path.name for path in folder.rglob("*.html") if "<svg" in path.read_text("utf-8")]
    assert found == ["charts.html"]


def test_no_table_says_its_page_s_heading_again() -> None:
    twice = []
    for path in (project_root() / "templates").glob("*/*.html"):
        words = path.read_text()
        for heading in re.findall(r"<h1>{{ (t\(.*?\)) }}</h1>", words):
            tables = [line for line in words.splitlines() if "call table(" in line and f", {heading}," in line]
            twice += [f"{path.name}: {line}" for line in tables if "hide_caption=true" not in line]
    assert not twice


def test_pages_draw_what_their_tables_say(people: Any, api: Any) -> None:
    """Sums over time are drawn with a place for days nobody reported; units have no order in time."""
    empty = people("leader").get("/throughput/summary?from=2026-11-17&to=2026-11-19&group_by=day").text
    assert 'id="over-time"' not in empty
    for day, count in (("2026-11-17", 3), ("2026-11-19", 7)):
        at = f"/api/v1/throughput/reports/{WARD}/{day}/city"
        sent = api().put(at, json=report(line(received_online=count, resolved_early=1)))
        assert sent.status_code == 201, sent.text
    page = people("leader").get("/throughput/summary?from=2026-11-17&to=2026-11-19&group_by=day").text
    marks = re.findall(
        r'<g(?: tabindex="0")? role="img" class="chart__mark"><title>(.*?)</title><rect class="(\w+)"', page
    )
    assert marks == [
        ("17/11/2026: tiếp nhận 3, giải quyết 1", "chart__bar"),
        ("18/11/2026: chưa có số liệu", "chart__off"),
        ("19/11/2026: tiếp nhận 7, giải quyết 1", "chart__bar"),
    ]
    by_unit = people("leader").get("/throughput/summary?from=2026-11-17&to=2026-11-19&group_by=unit").text
    assert 'id="over-time"' not in by_unit
    assert (
        'aria-label="Thành phố; đơn vị đã gửi đủ: 1; ' in people("leader").get("/throughput/board?day=2026-11-19").text
    )
    own = people().get("/throughput/today").text
    assert "<title>19/11/2026: tiếp nhận 7, giải quyết 1 (chưa đủ số liệu)</title>" in own, "one of two systems is in"
    assert "<title>18/11/2026: chưa có số liệu</title>" in own
    number = with_directive(api("city_analyst"))
    assert 'id="kinds"' not in people("leader").get("/tasks/summary").text
    with_task(api("city_analyst"), "T1", number, deadline="2026-11-10")
    with_task(api("city_analyst"), "T2", number)
    drawn_tasks = people("leader").get("/tasks/summary").text
    (said,) = re.findall(r'aria-label="(Đang thực hiện; [^"]*)"', drawn_tasks)
    assert said == "Đang thực hiện; quá hạn, chậm: 1; chờ xác nhận hoàn thành: 0; đúng hạn, trong hạn: 1"


def test_the_dashboard_says_what_is_now_what_is_missing_and_when_it_was_shown(
    people: Any, api: Any, clock: Any
) -> None:
    leader = people("leader")
    page = leader.get("/dashboard?period=2026-11-18")
    assert "Chưa có số liệu" in page.text
    assert "Tiếp nhận 0" not in page.text
    assert "tình hình hiện tại, không theo kỳ" in page.text
    assert '<time class="shown-at">20/11/2026' in page.text
    clock.set("2026-11-20T17:01:00+07:00")
    same = leader.get("/dashboard?period=2026-11-18", headers={"if-none-match": page.headers["etag"]})
    assert same.status_code == 304, "the moment at its foot is no change of a page"
    assert 'class="filters"' in page.text
    assert 'class="filters"' not in people("department_officer").get("/dashboard").text, "it would filter nothing"
    ahead = leader.get("/dashboard?period=2027").text
    assert "Kỳ này chưa đến" in ahead
    assert "Kỳ này ở sau hôm nay (20/11/2026)" in ahead
    assert "Chưa có số liệu" not in ahead
    awaited = leader.get("/dashboard?period=2026-11-20").text
    assert re.search(r"Bộ, ngành: chưa đến hạn", awaited)
