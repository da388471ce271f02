"""Pages of units, calendar and catalogue: what is shown, forms without script, the same refusals as the API's."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.calendar import service as calendar
from app.core import i18n
from app.core.settings import Locale
from app.procedures import catalogue, service
from app.units import service as units
from app.units.rules import UnitKind

Make = Callable[..., Any]
UNIT = {"code": "T1", "name": "Thử", "full_name": "UBND phường Thử", "kind": "ward", "valid_from": "2026-01-01"}
DAY = {"kind": "local_closure", "name_vi": "Nghỉ do lũ", "legal_reference": "Công điện 01"}
SERVICE = {"unit": "19753", "valid_from": "2026-11-01", "legal_reference": "Kế hoạch 10"}
PROCEDURE = {
    "code": "9.999999", "name": "Thủ tục thử", "field": "HT", "level": "commune", "online_level": "full",
    "valid_from": "2026-01-01",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _data(app: FastAPI) -> None:
    with app.state.database.write() as session:
        now = app.state.clock.now()
        units.load_units(session, now)
        calendar.load_days(session, now)
        service.load_fields(session, now)
        catalogue.load_procedures(session, now)


@pytest.mark.parametrize("locale", i18n.LOCALES)
@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/units", "units.list"),
        ("/calendar/days", "calendar.title"),
        ("/calendar/saturday-services", "calendar.saturday_services"),
        ("/fields", "procedures.fields"),
        ("/procedures", "procedures.list"),
    ],
)
def test_lists_in_three_languages(people: Make, locale: Locale, path: str, key: str) -> None:
    browser = people("ward_officer", "19753")
    browser.cookies.set("lang", locale)
    browser.locale = locale
    page = browser.get(path)
    assert page.status_code == 200, page.text
    assert re.search(rf"<h1[^>]*>{re.escape(i18n.translate(key, locale))}</h1>", page.text)
    assert 'method="post" action="/units' not in page.text
    assert "/new" not in page.text, "who only reads is offered nothing to change"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/units/19753", ["Phú Xuân", "Gia Hội", "01/07/2025"]),
        ("/units?q=da&kind=&day=", ["Đan Điền", "Vỹ Dạ"]),
        ("/calendar/days/2026-11-24", ["Thứ Ba, 24/11/2026", "Ngày Văn hóa Việt Nam"]),
        ("/calendar/days/2026-11-20?unit=19753", ["Thứ Sáu", "Ngày làm việc"]),
        ("/calendar/days?from=&to=&unit=19753", ["Lịch làm việc của Phú Xuân", "249 ngày làm việc"]),
        ("/fields/HT", ["Hộ tịch", "Phường, Xã, Đặc khu"]),
        ("/fields?unit=19753&system=ministry&day=", ["Hộ tịch"]),
        ("/procedures/1.001193", ["Đăng ký khai sinh", "1 ngày làm việc"]),
        ("/procedures?q=khai+sinh&field=HT&level=&online_level=", ["Đăng ký khai sinh"]),
    ],
)
def test_what_a_ward_reads(people: Make, path: str, shown: list[str]) -> None:
    page = people("ward_officer", "19753").get(path)
    assert page.status_code == 200, page.text
    assert [words for words in shown if words not in page.text] == []
    assert 'name="_method"' not in page.text


def test_a_field_is_named_in_the_readers_language(people: Make) -> None:
    browser = people("leader")
    browser.cookies.set("lang", "fr")
    browser.locale = "fr"
    assert "<h1>État civil</h1>" in browser.get("/fields/HT").text
    assert "Journée de la culture vietnamienne" in browser.get("/calendar/days/2026-11-24").text


def test_a_day_is_found_from_a_form(people: Make) -> None:
    answer = people("leader").get("/calendar/find-day?day=2026-11-24&unit=19753")
    assert (answer.status_code, answer.headers["location"]) == (303, "/calendar/days/2026-11-24?unit=19753")


def test_the_next_page_keeps_the_filters(people: Make) -> None:
    browser = people("leader")
    page = browser.get("/procedures?limit=5&field=HT")
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert following is not None
    second = browser.get(following[1].replace("&amp;", "&"))
    assert second.status_code == 200
    shown = [set(re.findall(r'href="/procedures/([\d.]+)"', text)) for text in (page.text, second.text)]
    assert shown[0]
    assert shown[1]
    assert shown[0].isdisjoint(shown[1])


@pytest.mark.parametrize(
    ("role", "path", "body", "pointer", "code"),
    [
        ("administrator", "/units", UNIT | {"name": " "}, "/name", None),
        ("administrator", "/units", UNIT | {"code": "19753"}, "/code", "code_in_use"),
        ("administrator", "/units", UNIT | {"valid_to": "2025-01-01"}, "/valid_to", "ends_before_start"),
        ("administrator", "/units", UNIT | {"successor": "nobody"}, "/successor", "unknown_unit"),
        ("administrator", "/units", UNIT | {"kind": "district"}, "/kind", "not_a_choice"),
        ("administrator", "/calendar/saturday-services", SERVICE | {"unit": "nobody"}, "/unit", "unknown_unit"),
        ("administrator", "/calendar/saturday-services", SERVICE | {"valid_from": "mai"}, "/valid_from", "bad_date"),
        ("city_analyst", "/procedures", PROCEDURE | {"field": "NONE"}, "/field", "unknown_field"),
        ("city_analyst", "/procedures", PROCEDURE | {"code": "99"}, "/code", "invalid_value"),
        ("city_analyst", "/procedures", PROCEDURE | {"days_allowed": "-1"}, "/days_allowed", "number_negative"),
        ("city_analyst", "/procedures", PROCEDURE | {"days_allowed": "1,5"}, "/days_allowed", "number_fractional"),
        ("city_analyst", "/procedures", PROCEDURE | {"days_allowed": "ba"}, "/days_allowed", "number_text"),
    ],
)
def test_both_doors_refuse_alike(
    people: Make, api: Make, role: str, path: str, body: dict[str, str], pointer: str, code: str | None
) -> None:
    page = people(role).post(path, data=body)
    typed = {"-1": -1, "1,5": 1.5}
    answer = api(role).post(f"/api/v1{path}", json={name: typed.get(value, value) for name, value in body.items()})
    assert page.status_code == answer.status_code, page.text
    fault = answer.json()["errors"][0]
    assert fault["pointer"] == pointer
    # A blank means absent in a form, and too short in JSON.
    values = {"code": "nobody" if code == "unknown_unit" else "NONE", "choices": ", ".join(UnitKind)}
    words = i18n.translate(f"error.{code or 'required'}", "vi", **values)
    assert code in (None, fault["code"])
    assert f'href="#{pointer[1:]}"' in page.text, "the summary leads to the field"
    assert words in page.text
    for name, value in body.items():
        if value.strip() and name not in ("kind", "level", "online_level"):
            assert value in page.text, f"{name} was typed and is lost"


def test_a_unit_is_added_and_changed_by_plain_forms(people: Make) -> None:
    browser = people("administrator")
    assert browser.get("/units/new").status_code == 200
    sent = UNIT | {"former_names[0]": "Xóm Cũ", "former_names[1]": "", "former_names[2]": "Xóm Mới", "successor": ""}
    answer = browser.post("/units", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/units/T1")
    assert "Xóm Cũ, Xóm Mới" in browser.get("/units/T1").text
    form = {name: value for name, value in UNIT.items() if name != "code"} | {"_method": "PUT", "name": "Tên tôi gõ"}
    other = browser.post("/units/T1", data=form | {"_if_match": "1", "name": "Tên người khác"})
    assert other.status_code == 303, other.text
    stale = browser.post("/units/T1", data=form | {"_if_match": "1"})
    assert stale.status_code == 412
    assert "Tên tôi gõ" in stale.text, "nothing typed is lost"
    assert '<h1 lang="vi">Tên người khác</h1>' in stale.text, "what stands now is shown beside it"
    assert 'name="_if_match" value="2"' in stale.text
    assert browser.post("/units/T1", data=form | {"_if_match": "2"}).status_code == 303
    assert "Tên tôi gõ" in browser.get("/units/T1").text


OFFERED = '<option value="19753">Phú Xuân</option>'


def test_forms_offer_units_by_name(people: Make) -> None:
    administrator, analyst = people("administrator"), people("city_analyst")
    for browser, path in [
        (administrator, "/units/new"), (administrator, "/units/19789"), (analyst, "/fields/HT"),
        (analyst, "/calendar/saturday-services"), (analyst, "/throughput/figures/sources"),
    ]:  # fmt: skip
        assert OFFERED in browser.get(path).text, path
    for browser, path, sent in [
        (administrator, "/units", UNIT | {"name": ""}), (analyst, "/fields/HT/exceptions", {"system": "ministry"}),
        (administrator, "/units/19789", {"_method": "PUT", "_if_match": "1", "name": ""}),
        (analyst, "/calendar/saturday-services", SERVICE | {"unit": ""}),
        (analyst, "/throughput/figures/sources", {"_method": "PUT", "source": ""}),
    ]:  # fmt: skip
        refused = browser.post(path, data=sent)
        assert refused.status_code == 422, path
        assert OFFERED in refused.text, path
    assert OFFERED not in people().get("/fields/HT").text, "who changes nothing is offered nothing"


def test_a_day_is_marked_and_unmarked_by_plain_forms(people: Make) -> None:
    browser, path = people("administrator"), "/calendar/days/2026-11-20?unit=19753"
    assert 'action="/calendar/days/2026-11-20?unit=19753"' in browser.get(path).text
    refused = browser.post(path, data=DAY | {"_method": "PUT", "legal_reference": ""})
    assert refused.status_code == 422
    assert 'href="#legal_reference"' in refused.text
    assert "Nghỉ do lũ" in refused.text
    assert browser.post(path, data=DAY | {"_method": "PUT"}).status_code == 303
    assert "Nghỉ do lũ" in browser.get("/calendar/days").text, "the city sees the closures of units"
    assert browser.post(path, data={"_method": "DELETE", "_if_match": "1"}).status_code == 303
    assert "Nghỉ do lũ" not in browser.get(path).text
    assert browser.post("/calendar/days/mai", data=DAY | {"_method": "PUT"}).status_code == 422


def test_a_saturday_service_is_added_and_removed_by_plain_forms(people: Make) -> None:
    browser, path = people("city_analyst"), "/calendar/saturday-services"
    assert browser.post(path, data=SERVICE | {"valid_to": ""}).status_code == 303
    page = browser.get(path).text
    action = re.search(r'action="(/calendar/saturday-services/\d+)"', page)
    assert action is not None
    assert browser.post(action[1], data={"_method": "DELETE", "_if_match": "1"}).status_code == 303
    assert action[1] not in browser.get(path).text


def test_a_field_is_changed_by_plain_forms(people: Make) -> None:
    browser = people("city_analyst")
    form = {
        "_method": "PUT", "_if_match": "1", "name_vi": "Hộ tịch", "name_en": "Civil status", "name_fr": "État civil",
        "short_name": "Hộ tịch", "valid_from": "2025-07-01", "sort_order": "10", "applies[city][1]": "commune",
    }  # fmt: skip
    refused = browser.post("/fields/HT", data=form | {"short_name": ""})
    assert refused.status_code == 422
    assert re.search(r'id="applies-city-1"[^>]*value="commune" checked', refused.text)
    assert not re.search(r'id="applies-city-0"[^>]* checked', refused.text)
    assert browser.post("/fields/HT", data=form).status_code == 303
    exception = {"unit": "19753", "system": "ministry", "applies": "true"}
    assert browser.post("/fields/HT/exceptions", data=exception | {"unit": "nobody"}).status_code == 422
    assert browser.post("/fields/HT/exceptions", data=exception).status_code == 303
    assert "/fields/HT/exceptions/19753/ministry" in browser.get("/fields/HT").text
    assert browser.post("/fields/HT/exceptions/19753/ministry", data={"_method": "DELETE"}).status_code == 303
    assert browser.get("/fields/new").status_code == 200


def test_a_procedure_is_added_by_a_plain_form(people: Make) -> None:
    browser = people("city_analyst")
    assert browser.get("/procedures/new").status_code == 200
    sent = PROCEDURE | {"days_allowed": "15", "non_boundary": "true", "valid_to": ""}
    answer = browser.post("/procedures", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/procedures/9.999999")
    page = browser.get("/procedures/9.999999").text
    assert "15 ngày làm việc" in page
    assert re.search(r'id="non_boundary"[^>]* checked', page)


def test_forms_are_for_those_who_may(people: Make) -> None:
    ward = people("ward_officer", "19753")
    for path in ("/units/new", "/fields/new", "/procedures/new"):
        assert ward.get(path).status_code == 403
    assert ward.post("/units", data=UNIT).status_code == 403


def test_a_stranger_is_sent_to_sign_in(app: FastAPI) -> None:
    answer = TestClient(app, follow_redirects=False).get("/units")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?to=/units")


@pytest.mark.parametrize("path", ["/units", "/fields", "/procedures", "/calendar/days", "/calendar/saturday-services"])
def test_lists_are_to_be_had_as_files(people: Make, path: str) -> None:
    browser = people("ward_officer", "19753")
    assert browser.get(f"{path}.csv").content.startswith(b"\xef\xbb\xbf")
    assert browser.get(f"{path}.xlsx").content.startswith(b"PK")
    assert browser.get(f"{path}.json").headers["content-type"] == "application/json"
