"""A ward's day on pages without script: what is owed, the form, the receipt, corrections, summaries."""

import io
import re
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.page import read

AT = f"/throughput/reports/{WARD}/{DAY}"
NEXT_WORKING_DAY = "2026-11-23"


def form_of(html: str, action: str, nth: int = 0, *, asks: bool = False) -> dict[str, str]:
    """Return what a browser would send of a page's form to an address, nothing changed.

    asks: with the mark that has a system asked about of which nothing was typed.
    """
    start = [
        m.start() for m in re.finditer(r"<form", html) if f'action="{action}"' in html[m.start() : m.start() + 200]
    ]
    part = html[start[nth] : html.index("</form>", start[nth])]
    page = read(part + "</form>")
    fields: dict[str, str] = {}
    chosen: dict[str, str] = {}
    current = ""
    for node in page.all("input", "textarea", "select", "option"):
        name = node.attrs.get("name", "")
        if node.tag == "input" and (node.attrs.get("type") != "checkbox" or "checked" in node.attrs):
            fields[name] = node.attrs.get("value", "")
        elif node.tag == "textarea":
            fields[name] = node.text.strip()
        elif node.tag == "select":
            current = name
            chosen[current] = ""
        elif node.tag == "option" and "selected" in node.attrs:
            chosen[current] = node.attrs["value"]
    if not asks:
        fields.pop("_fresh", None)
    return fields | chosen


def sheet(officer: PageClient, at: str = AT) -> dict[str, str]:
    """Return the day's form as the officer gets it."""
    answer = officer.get(f"{at}/worksheet")
    assert answer.status_code == 200
    return form_of(answer.text, at)


def cell(name: str, column: str, system: str = "city") -> str:
    """Return the form's name of a cell."""
    return f"{system}[lines][{name}][{column}]"


def error_summary(html: str) -> str:
    """Return the text of the page's summary of errors."""
    at = html.index('class="error-summary"')
    return re.sub(r"<[^>]+>", " ", html[at : html.index("</div>", at)])


def words_of(html: str) -> str:
    """Return what a page says, without its tags."""
    return re.sub(r"<[^>]+>", "", html)


def test_a_whole_day_is_sent_with_forms_only(people: Any) -> None:
    officer = people()
    owed = officer.get("/throughput/obligations").text
    assert "Đến giờ gửi" in owed
    assert f'href="{AT}/worksheet"' in owed
    assert "còn 15 phút" in owed  # 16:45, due at 17:00
    form = sheet(officer)
    form |= {
        cell("HT", "carried_over"): "1.234", cell("HT", "received_online"): "14", cell("HT", "resolved_early"): "9",
        cell("HT", "pending_overdue"): "2", cell("HT", "memo][digitised"): "3",
        cell("LT", "received_counter", "ministry"): "1", "city[note]": "Đủ cả ngày",
    }  # fmt: skip
    sent = officer.post(AT, data=form)
    assert sent.status_code == 303, error_summary(sent.text)
    assert sent.headers["location"] == f"{AT}/receipt"
    receipt = officer.get(sent.headers["location"]).text
    assert "Xác nhận đã nhận báo cáo" in receipt
    assert f"{WARD}-20261120-TP-1" in receipt
    assert f"{WARD}-20261120-BN-1" in receipt
    assert "20/11/2026 16:45" in receipt
    assert "1.237" in receipt  # pending in time: 1.234 + 14 − 9 − 2
    assert "100,00%" in receipt
    assert "(14/14)" in receipt
    assert 'href="/throughput/today"' in receipt
    stored = officer.get(f"{AT}/city").text
    assert "Hồ sơ đã số hóa" in stored
    done = officer.get("/throughput/obligations").text
    assert "Đã nhận, đúng hạn" in done
    assert f'href="{AT}/receipt"' in done
    # Sent again unchanged, nothing happens: the form says what stands.
    again = sheet(officer)
    assert again[cell("HT", "carried_over")] == "1234"
    assert again["city[note]"] == "Đủ cả ngày"
    assert officer.post(AT, data=again).status_code == 303
    assert "Lần 2" not in officer.get(f"{AT}/city/revisions").text


def test_with_nothing_owed_the_page_says_what_next(people: Any, clock: SetClock) -> None:
    clock.set("2027-03-06T10:00+07:00")
    page = people().get("/throughput/obligations").text
    assert "Không còn báo cáo nào phải gửi." in page
    assert 'href="/throughput/reports"' in page


def test_one_system_is_sent_alone(people: Any) -> None:
    officer = people()
    form = sheet(officer) | {cell("HT", "received_online"): "5", cell("LT", "received_online", "ministry"): "7"}
    assert officer.post(AT, data=form | {"_only": "city"}).status_code == 303
    receipt = officer.get(f"{AT}/receipt").text
    assert f"{WARD}-20261120-TP-1" in receipt
    assert "20261120-BN" not in receipt
    assert "Nhập tiếp số liệu" in officer.get("/throughput/obligations").text


def test_a_refused_form_keeps_what_was_typed_and_names_line_and_cell(people: Any) -> None:
    officer = people()
    form = sheet(officer) | {
        cell("HT", "carried_over"): "3", cell("HT", "received_online"): "5", cell("HT", "resolved_on_time"): "9",
        cell("CT", "received_online"): "hai", cell("CT", "resolved_early"): "-1",
        cell("LT", "received_online", "ministry"): "77",
    }  # fmt: skip
    refused = officer.post(AT, data=form)
    assert refused.status_code == 422
    words = error_summary(refused.text)
    assert "Hệ thống của thành phố, Chứng thực, Tiếp nhận trực tuyến: Cần một số nguyên" in words
    assert "Hệ thống của thành phố, Chứng thực, Giải quyết trước hạn: Số không được âm" in words
    assert 'href="#city-lines-CT-received_online"' in refused.text
    shown = form_of(refused.text, AT)
    assert {k: v for k, v in shown.items() if not k.startswith("_")} == {
        k: v for k, v in form.items() if not k.startswith("_")
    }
    ids = {node.attrs.get("id") for node in read(refused.text).nodes}
    mended = shown | {cell("CT", "received_online"): "2", cell("CT", "resolved_early"): "0"}
    broken = officer.post(AT, data=mended)
    assert broken.status_code == 422
    told = "iải quyết và tồn quá hạn cộng lại 9 hồ sơ, vượt quá 8 hồ sơ phải giải quyết"
    assert f"Lĩnh vực Hộ tịch: g{told}" in error_summary(broken.text)
    assert f"</span>G{told} (tồn đầu và tiếp nhận mới).</p>" in broken.text, (
        "beside the cell, its names are not said again"
    )
    assert "Thành phố: hạn 17:00" in broken.text
    assert "Bộ, ngành: hạn 23/11 09:00" in broken.text
    assert 'href="#city-lines-HT-pending_in_time"' in broken.text
    assert "city-lines-HT-pending_in_time" in ids
    sent = officer.post(AT, data=form_of(broken.text, AT) | {cell("HT", "received_online"): "6"})
    assert sent.status_code == 303


def test_a_stale_edit_shows_both_values_and_is_sent_again_on_purpose(people: Any) -> None:
    one, two = people(), people()
    assert one.post(AT, data=sheet(one) | {cell("HT", "received_online"): "5"}).status_code == 303
    early, window, late = sheet(one), sheet(one), sheet(two)
    assert one.post(AT, data=early | {cell("HT", "received_online"): "6"}).status_code == 303
    mine = late | {cell("HT", "received_online"): "8", cell("HT", "resolved_early"): "1"}
    refused = two.post(AT, data=mine)
    assert refused.status_code == 412
    assert "Số liệu vừa được người khác cập nhật" in refused.text
    shown = form_of(refused.text, AT)
    assert shown[cell("HT", "received_online")] == "8"
    assert shown[cell("HT", "resolved_early")] == "1"
    asked = {n.attrs["id"]: n.text.split("\n") for n in read(refused.text).all("div") if "data-clash" in n.attrs}
    # Who typed resolved_early alone keeps it unasked.
    assert list(asked) == ["city-lines-HT-received_online-hint"]
    assert "Số của bạn: 8" in asked["city-lines-HT-received_online-hint"]
    assert "Số hiện tại: 6" in asked["city-lines-HT-received_online-hint"]
    assert (late["_if_match"], shown["_if_match"]) == ("1-1", "2-1")
    assert shown["_idempotency_key"] != late["_idempotency_key"]
    # Another window of the one who sent is nobody else.
    own = one.post(AT, data=window | {cell("HT", "received_online"): "7"})
    assert own.status_code == 412
    assert "Ngày này vừa được gửi từ một cửa sổ hoặc máy khác" in own.text
    assert "người khác" not in error_summary(own.text)
    assert two.post(AT, data=shown).status_code == 303
    assert sheet(one)[cell("HT", "received_online")] == "8"


def test_a_form_gone_back_to_and_changed_is_no_repeated_call(people: Any) -> None:
    officer = people()
    form = sheet(officer) | {cell("HT", "received_online"): "5"}
    assert officer.post(AT, data=form).status_code == 303
    assert officer.post(AT, data=form).status_code == 303  # a double click
    refused = officer.post(AT, data=form | {cell("HT", "received_online"): "6"})
    assert refused.status_code == 422
    assert "Số hiện tại: 5" in words_of(refused.text)
    assert officer.post(AT, data=form_of(refused.text, AT)).status_code == 303
    assert sheet(officer)[cell("HT", "received_online")] == "6"
    assert "Lần 2" in officer.get(f"{AT}/city/revisions").text


def test_who_did_not_know_of_the_first_report_sees_it(people: Any) -> None:
    one, two = people(), people()
    blind = sheet(two) | {cell("HT", "received_online"): "4"}
    assert one.post(AT, data=sheet(one) | {cell("HT", "received_online"): "5"}).status_code == 303
    refused = two.post(AT, data=blind)
    assert refused.status_code == 428
    assert "Số hiện tại: 5" in words_of(refused.text)
    assert form_of(refused.text, AT)[cell("HT", "received_online")] == "4"


def test_questions_are_asked_on_the_receipt_and_answered_on_the_form(people: Any, clock: SetClock) -> None:
    officer = people()
    first = sheet(officer) | {cell("HT", "received_online"): "5"}
    assert officer.post(AT, data=first).status_code == 303
    clock.set(f"{NEXT_WORKING_DAY}T16:45+07:00")
    officer = people()
    at = f"/throughput/reports/{WARD}/{NEXT_WORKING_DAY}"
    form = sheet(officer, at) | {"_only": "city"}
    assert form[cell("HT", "carried_over")] == ""  # worked out, and shown beside
    assert re.search(r'data-shown="carried_over"[^>]*>5<', officer.get(f"{at}/worksheet").text)
    assert officer.post(at, data=form | {cell("HT", "carried_over"): "7"}).status_code == 303
    receipt = officer.get(f"{at}/receipt").text
    question = "Hộ tịch: tồn kỳ trước lệch 2 hồ sơ so với số cuối ngày trước. Vì sao?"
    assert question in receipt
    assert "Còn 1 câu hỏi chưa trả lời" in receipt
    page = officer.get(f"{at}/worksheet").text
    assert question in page
    answers = form_of(page, at) | {"_only": "city"}
    assert answers["city[reasons][opening_gap-HT][field]"] == "HT"
    assert officer.post(at, data=answers).status_code == 303  # unanswered, it does not block
    answers = sheet(officer, at) | {
        "_only": "city",
        "city[reasons][opening_gap-HT][reason]": "transfer_in",
        "city[reasons][opening_gap-HT][note]": "Từ xã",
    }
    assert officer.post(at, data=answers).status_code == 303
    receipt = officer.get(f"{at}/receipt").text
    assert "câu hỏi chưa trả lời" not in receipt
    assert "Nhận chuyển từ đơn vị khác" in officer.get(at).text
    kept = sheet(officer, at)
    assert kept["city[reasons][opening_gap-HT][note]"] == "Từ xã"


def test_a_correction_after_the_grace_wants_its_reason(people: Any, clock: SetClock) -> None:
    officer = people()
    assert officer.post(AT, data=sheet(officer) | {cell("HT", "received_online"): "5"}).status_code == 303
    clock.set(f"{NEXT_WORKING_DAY}T10:00+07:00")
    officer = people()
    form = sheet(officer) | {cell("HT", "received_online"): "6"}
    refused = officer.post(AT, data=form)
    assert refused.status_code == 422
    assert "cần chọn lý do đính chính" in error_summary(refused.text)
    assert 'href="#city-reasons"' in refused.text
    form = form_of(refused.text, AT) | {
        "city[reasons][correction-][reason]": "late_sync", "city[reasons][correction-][note]": "Đồng bộ trễ",
    }  # fmt: skip
    assert officer.post(AT, data=form).status_code == 303
    history = officer.get(f"{AT}/city/revisions").text
    assert history.index("Lần 2") < history.index("Lần 1")
    assert ["Hộ tịch", "Tiếp nhận trực tuyến", "5", "6"] in _table(history, "changes-2")
    assert "<del>5</del>" in history
    assert "<ins>6</ins>" in history
    assert "Hệ thống nguồn đồng bộ chậm" in history
    then = re.search(r'href="([^"]+as_of=[^"]+)"', history[history.index("Lần 1") :])
    assert then is not None
    assert "Số liệu tại thời điểm 20/11/2026 16:45" in officer.get(then.group(1)).text


def test_a_second_correction_wants_a_reason_of_its_own_and_the_tick_is_kept(people: Any, api: Any, clock: Any) -> None:
    client = api()
    for day in ("2026-11-18", "2026-11-19"):
        clock.set(f"{day}T16:45:00+07:00")
        for system in ("city", "ministry"):
            at = f"/api/v1/throughput/reports/{WARD}/{day}/{system}"
            assert client.put(at, json=report(line(received_online=3))).status_code == 201
    clock.set("2026-11-20T10:00:00+07:00")
    at, officer = f"/throughput/reports/{WARD}/2026-11-18", people()
    why = "city[reasons][correction-][reason]"
    ticked = sheet(officer, at) | {cell("HT", "received_online"): "5", "city[carry_forward]": "true"}
    unexplained = officer.post(at, data=ticked)
    assert form_of(unexplained.text, at)["city[carry_forward]"] == "true"
    bar = unexplained.text[unexplained.text.index('class="foot"') :]
    assert "Chuyển chênh lệch sang 19/11:" in bar
    first = sheet(officer, at) | {cell("HT", "received_online"): "5", why: "late_sync", "_only": "city"}
    assert officer.post(at, data=first).status_code == 303
    again = sheet(officer, at)
    assert again[why] == ""
    assert officer.post(at, data=again).status_code == 303, "unchanged, it asks for nothing"
    refused = officer.post(at, data=sheet(officer, at) | {cell("HT", "received_online"): "6"})
    assert "cần chọn lý do đính chính" in error_summary(refused.text)


def test_a_locked_day_is_shown_and_not_edited(people: Any, clock: SetClock) -> None:
    officer = people()
    assert officer.post(AT, data=sheet(officer) | {cell("HT", "received_online"): "5"}).status_code == 303
    clock.set("2026-11-27T08:00+07:00")
    officer = people()
    page = officer.get(f"{AT}/worksheet").text
    assert "Số liệu đã khóa lúc 26/11/2026 17:00" in page  # 24 November is a holiday
    assert f'action="{AT}"' not in page
    assert "Hộ tịch" in page


def test_a_source_system_that_was_down_is_told_without_lines(people: Any) -> None:
    officer = people()
    page = officer.get(f"{AT}/worksheet").text
    empty = form_of(page, AT, 1)
    assert not [name for name in empty if "lines" in name]
    refused = officer.post(AT, data=empty)
    assert refused.status_code == 422
    assert officer.post(AT, data=empty | {"city[unavailable][reason]": "Mất kết nối từ 14:00"}).status_code == 303
    assert "Hệ thống nguồn gián đoạn" in officer.get(f"{AT}/receipt").text
    later = sheet(officer) | {cell("HT", "received_online"): "5"}
    assert officer.post(AT, data=later | {"_only": "city"}).status_code == 303
    assert "Mất kết nối" not in officer.get(AT).text


def test_the_summary_table_is_the_api_s(people: Any, api: Any) -> None:
    for unit, n in ((WARD, 1500), (OTHER, 3)):
        body = report(line("HT", received_online=n, resolved_early=2), line("CT", received_counter=4, carried_over=1))
        sent = api("ward_officer", unit).put(f"/api/v1/throughput/reports/{unit}/{DAY}/city", json=body)
        assert sent.status_code == 201
    analyst = people("city_analyst")
    page, query = "", ""
    for group in ("unit", "field", "day", "week", "month", "quarter", "year"):
        query = f"from={DAY}&to={DAY}&group_by={group}"
        page = analyst.get(f"/throughput/summary?{query}").text
        data = api("city_analyst").get(f"/api/v1/throughput/summary?{query}").json()
        shown = _table(page, "figures")
        columns = (
            "carried_over", "received", "received_online", "received_counter", "received_post", "resolved",
            "resolved_early", "resolved_on_time", "resolved_overdue", "withdrawn", "pending", "pending_in_time",
            "pending_overdue", "adjustments", "difference",
        )  # fmt: skip
        wanted = [[f"{row[c]:,}".replace(",", ".") for c in columns] for row in [*data["rows"], data["total"]]]
        assert [row[1:] for row in shown] == wanted
        online = _table(page, "rates")[-1][1]
        rate = data["total"]["rates"]["online"]
        assert online == f"{rate['value'] * 100:.2f}".replace(".", ",") + "% (1.503/1.511)"
    assert "0/40 đơn vị" in page  # only the city's system is in
    assert "Chưa đủ số liệu" in page
    csv = analyst.get(f"/throughput/summary.csv?{query}")
    assert csv.headers["content-type"].startswith("text/csv")
    for narrowed in ("group_by=unit", f"group_by=field&unit={WARD}&system=city", "group_by=day"):
        query = f"from={DAY}&to={DAY}&{narrowed}"
        data = api("city_analyst").get(f"/api/v1/throughput/summary?{query}").json()
        book = analyst.get(f"/throughput/summary.xlsx?{query}").content
        grid = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
        assert grid[0][0] == "TỔNG HỢP SỐ LIỆU"
        lacks = data["completeness"]["received"] < data["completeness"]["expected"]
        assert "Thuận Hóa" in str(grid[1][0]) or WARD not in narrowed
        assert ("Chưa đủ số liệu" in str(grid[2][0])) == lacks
        for cells, row in zip(grid[4:], [*data["rows"], data["total"]], strict=True):
            given = dict(zip(grid[3], cells, strict=True))
            for name, word in (("received", "Tổng tiếp nhận mới"), ("resolved", "Tổng đã giải quyết"),
                               ("pending", "Tổng đang giải quyết"), ("carried_over", "Tồn kỳ trước"),
                               ("withdrawn", "Trong đó công dân rút"), ("difference", "Chênh lệch")):  # fmt: skip
                assert given[word] == row[name], (narrowed, word)
            assert given["Trước hạn, đúng hạn"] == (row["rates"]["on_time"]["value"] or ""), narrowed


def _table(html: str, name: str) -> list[list[str]]:
    start = html.index(f'<table id="{name}"')
    body = html[html.index("<tbody>", start) : html.index("</tbody>", start)]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", one)).strip() for one in row] for row in cells]


def test_a_waiver_is_given_and_ended_by_forms(people: Any) -> None:
    analyst = people("city_analyst")
    page = analyst.get(f"/throughput/obligations?day={DAY}&unit={WARD}").text
    address = f"/throughput/obligations/{WARD}/{DAY}/city/waiver"
    form = form_of(page, address)
    assert form == {"_method": "PUT", "reason": ""}
    given = analyst.post(address, data=form | {"reason": "Bão số 13, mất điện"})
    assert given.status_code == 303
    page = analyst.get(given.headers["location"]).text
    assert "Được miễn" in page
    assert "Bão số 13, mất điện" in page
    assert "Bão số 13" in people().get("/throughput/obligations").text
    ended = analyst.post(address, data=form_of(page, address))
    assert ended.status_code == 303
    assert "Bão số 13" not in analyst.get(ended.headers["location"]).text
    assert f'action="{address}"' not in people().get("/throughput/obligations").text


def test_who_may_not_send_gets_no_form(people: Any) -> None:
    page = people("city_analyst").get(f"{AT}/worksheet").text
    assert "không gửi báo cáo của đơn vị này" in page
    assert f'action="{AT}"' not in page


def test_another_unit_s_pages_are_not_there(people: Any) -> None:
    officer = people("ward_officer", OTHER)
    for place in ("", "/worksheet", "/receipt", "/city", "/city/revisions"):
        assert officer.get(AT + place).status_code == 404
    assert officer.post(AT, data={"_method": "PUT", cell("HT", "received_online"): "x"}).status_code == 404


@pytest.mark.parametrize("locale", ["vi", "en", "fr"])
def test_every_page_is_drawn_in_every_language(people: Any, clock: SetClock, locale: str) -> None:
    officer, analyst = people(), people("city_analyst")
    for client in (officer, analyst):
        client.cookies.set("lang", locale)
        client.locale = locale
    form = sheet(officer) | {cell("HT", "received_online"): "500", cell("HT", "pending_overdue"): "400"}
    assert officer.post(AT, data=form).status_code == 303
    changed = sheet(officer) | {cell("HT", "received_online"): "x", "city[reasons][1][note]": "?"}
    assert officer.post(AT, data=changed).status_code == 422
    assert officer.post(AT, data=sheet(officer) | {cell("HT", "received_online"): "510"}).status_code == 303
    for address in (
        "/throughput/obligations", f"/throughput/obligations?day={DAY}", "/throughput/obligations?day=2026-11-21",
        "/throughput/obligations?from=2026-11-16&to=2026-11-18", f"{AT}/worksheet", f"{AT}/receipt", AT, f"{AT}/city",
        f"{AT}/city?as_of={DAY}", f"{AT}/city/revisions", "/throughput/reports", "/throughput/reports?system=ministry",
        "/throughput/reports?to=2020-01-01", "/throughput/summary", "/throughput/summary?from=2026-01-01&group_by=week",
        f"/throughput/summary?from={DAY}&to={DAY}&as_of={DAY}&group_by=field", "/throughput/summary?group_by=quarter",
    ):  # fmt: skip
        for client in (officer, analyst):
            page = client.get(address)
            assert page.status_code == 200, address
            assert f'<html lang="{locale}">' in page.text
    clock.set(f"{NEXT_WORKING_DAY}T10:00+07:00")
    assert people().get(f"{AT}/worksheet").status_code == 200


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("ward_officer", f"{AT}/template"), ("city_analyst", "/throughput/figures/template"),
        ("city_analyst", "/tasks/import?programme=city&directive=1&prefix=PL"),
        ("city_analyst", "/indicators/readings/import"), ("city_analyst", "/indicators/sets"),
        ("city_analyst", "/procedures/template"),
    ],
)  # fmt: skip
def test_a_form_for_a_table_says_its_limit_before_anything_is_sent(people: Any, role: str, path: str) -> None:
    html = people(role).get(path).text
    (field,) = [node for node in read(html).all("input") if node.attrs.get("type") == "file"]
    assert field.attrs["data-limit"] == str(5 * 1024 * 1024)
    assert "5 MB" in field.attrs["data-too-large"]
    assert "page.js" in html.split("<body")[0]
