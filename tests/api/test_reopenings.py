"""After the lock: asked for, granted within fields and hours, refused; and every way in obeys the grant."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.web import API
from tests.support.clients import OTHER, WARD, PageClient, SetClock, line, report
from tests.support.workbooks import HEADINGS, workbook

Api = Callable[..., TestClient]
DAY, NEXT = "2026-11-16", "2026-11-17"  # Monday and Tuesday: locked on Thursday and Friday 17:00
LOCKED = "2026-11-21T08:00:00+07:00"
AT = f"{API}/throughput/reports/{WARD}/{DAY}"
ASK = f"{AT}/city/reopenings"
WHY = {"why": "Đối chiếu thấy sót 3 hồ sơ"}
GRANT = {"fields": ["HT"], "hours": 4, "reason": "Đã xem biên bản đối chiếu"}
REASON = [{"warning": "correction", "reason": "late_sync"}]


@pytest.fixture
def sent(api: Api, clock: SetClock) -> None:
    """Monday and Tuesday sent in time, and it is Saturday."""
    for day in (DAY, NEXT):
        clock.set(f"{day}T16:45:00+07:00")
        body = report(line(received_online=5, carried_over=0), line("DD", received_online=2, carried_over=0))
        answer = api().put(f"{API}/throughput/reports/{WARD}/{day}/city", json=body)
        assert answer.status_code == 201, answer.text
    clock.set(LOCKED)


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def ask(api: Api, **body: Any) -> dict[str, Any]:
    answer = api().post(ASK, json=WHY | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def grant(api: Api, made: dict[str, Any], **body: Any) -> Any:
    return api("city_analyst").put(
        f"{API}/throughput/reopenings/{made['id']}/grant", json=GRANT | body,
        headers={"if-match": f'"{made["version"]}"'},
    )  # fmt: skip


def correct(api: Api, ht: int = 8, dd: int = 2, version: int = 1, system: str = "/city", **more: Any) -> Any:
    body = report(line(received_online=ht, carried_over=0), line("DD", received_online=dd, carried_over=0))
    tag = f'"{version}"' if system else f'"{version}-0"'
    sent = {"city": body | {"reasons": REASON} | more} if not system else body | {"reasons": REASON} | more
    return api().put(AT + system, json=sent, headers={"if-match": tag})


def test_asked_granted_corrected_and_closed_by_itself(api: Api, clock: SetClock, sent: None) -> None:
    assert said(correct(api)) == (409, "day_locked")
    made = ask(api, fields=["HT"])
    assert (made["state"], made["fields"], made["version"]) == ("asked", ["HT"], 1)
    assert said(correct(api)) == (409, "day_locked"), "asking opens nothing"
    granted = grant(api, made)
    assert granted.status_code == 200, granted.text
    assert (granted.json()["state"], granted.json()["until"]) == ("granted", "2026-11-21T05:00:00Z")
    assert granted.headers["etag"] == '"2"'
    assert said(correct(api, reasons=[])) == (422, "reason_required")
    assert said(correct(api, dd=3)) == (409, "grant_field")
    done = correct(api)
    assert (done.status_code, done.json()["version"]) == (200, 2)
    again = correct(api)
    assert (again.status_code, again.json()["version"]) == (200, 2)
    clock.set("2026-11-21T12:00:01+07:00")
    assert said(correct(api, ht=9, version=2)) == (409, "grant_over")
    assert correct(api).status_code == 200, "what stands already is no change"
    row = api().get(f"{API}/throughput/reopenings/{made['id']}").json()
    assert (row["state"], row["granted_fields"], row["decision_reason"]) == ("over", ["HT"], GRANT["reason"])
    first, second = reversed(api().get(f"{AT}/city/revisions").json()["items"])
    assert (first["report"]["totals"]["received_online"], second["report"]["totals"]["received_online"]) == (7, 10)
    assert ("received_online", 5, 8) in [(c["column"], c["before"], c["after"]) for c in second["changes"]]


@pytest.mark.parametrize(
    ("body", "at", "code"),
    [
        ({"dd": 3}, "/lines/1", "grant_field"),
        ({"lines": [line(received_online=8)]}, "", "grant_field"),  # DD taken away: no line of it in the body
        ({"partial_day": True}, "", "grant_whole"),
        ({"lines": None, "unavailable": {"reason": "Mất mạng"}}, "", "grant_field"),
    ],
)
def test_only_the_granted_fields_and_the_place_is_named(
    api: Api, sent: None, body: dict[str, Any], at: str, code: str
) -> None:
    assert grant(api, ask(api)).status_code == 200
    for system in ("/city", ""):
        refused = correct(api, system=system, **body)
        assert said(refused) == (409, code), refused.text
        where = refused.json()["errors"][0]
        assert (where["pointer"], where["code"]) == (("/city" if not system else "") + at, code)
    checked = api().post(f"{AT}/check", json={"city": report(line("DD", received_online=9), line(received_online=5))})
    faults = checked.json()["city"]["faults"]
    assert [(f["pointer"], f["code"]) for f in faults] == [("/city/lines/0", "grant_field")]


def test_a_file_is_imported_within_a_grant_only(api: Api, sent: None) -> None:
    row = ("HT", "Hộ tịch", 0, 9, 0, 0, 0, 0, 0, 0, 9, 0)
    files = {"file": ("a.xlsx", workbook(HEADINGS, row))}

    def bring() -> Any:
        return api().post(f"{AT}/import", files=files, headers={"if-match": '"1-0"'})

    before = bring()
    assert before.status_code in (409, 422), before.text
    assert "day_locked" in before.text
    assert grant(api, ask(api)).status_code == 200
    within = bring()
    assert "grant_field" in within.text, "DD is not in the file: its figures would go"


def test_a_correction_is_carried_only_into_days_that_are_granted(api: Api, sent: None) -> None:
    assert grant(api, ask(api)).status_code == 200
    alone = correct(api, carry_forward=True)
    assert alone.status_code == 200, alone.text
    assert (alone.json()["carried"]["days"], alone.json()["carried"]["stopped_at"]) == ([], NEXT)
    asked = api().post(f"{API}/throughput/reports/{WARD}/{NEXT}/city/reopenings", json=WHY).json()
    assert grant(api, asked).status_code == 200
    back = correct(api, ht=5, version=2, carry_forward=True)
    assert back.status_code == 200, back.text


def test_a_granted_day_counts_as_open_everywhere(api: Api, clock: SetClock, sent: None) -> None:
    officer, analyst = api(), api("city_analyst")
    at = AT.replace(DAY, NEXT)  # the one that opens otherwise than the day before closed
    back = analyst.post(f"{at}/city/approvals/city/return", json={"reason": "Thiếu 3 hồ sơ"})
    assert back.status_code == 200, back.text

    def locked() -> tuple[bool, bool, bool]:
        owed = officer.get(f"{API}/throughput/obligations", params={"day": NEXT}).json()["items"]
        today = officer.get(f"{API}/throughput/today").json()
        (returned,) = today["returned"]
        month = officer.get(f"{API}/throughput/month", params={"month": DAY[:7]}).json()
        question = next(q for q in month["questions"] if (q["day"], q["system"]) == (NEXT, "city"))
        return next(o["locked"] for o in owed if o["system"] == "city"), returned["locked"], question["locked"]

    made = officer.post(f"{at}/city/reopenings", json=WHY).json()
    assert locked() == (True, True, True)
    assert grant(api, made).status_code == 200
    assert locked() == (False, False, False)
    clock.set("2026-11-21T12:00:01+07:00")
    assert locked() == (True, True, True)


def test_refused_with_a_reason_and_asked_again(api: Api, sent: None) -> None:
    made, analyst = ask(api), api("city_analyst")
    at = f"{API}/throughput/reopenings/{made['id']}/refusal"
    refusal = {"reason": "Chưa có biên bản"}
    assert said(analyst.put(at, json=refusal)) == (428, "precondition_required")
    stale = analyst.put(at, json=refusal, headers={"if-match": '"7"'})
    assert said(stale) == (412, "stale")
    assert stale.json()["current"]["id"] == made["id"]
    assert analyst.put(at, json=refusal, headers={"if-match": '"1"'}).json()["state"] == "refused"
    assert analyst.put(at, json=refusal, headers={"if-match": '"1"'}).status_code == 200, "the same again"
    assert said(grant(api, made | {"version": 2})) == (409, "reopening_decided")
    assert said(correct(api)) == (409, "day_locked")
    assert ask(api)["id"] != made["id"]


def test_a_day_waits_for_one_answer_at_a_time(api: Api, clock: SetClock, sent: None) -> None:
    made, officer = ask(api), api()
    same = officer.post(ASK, json=WHY)
    assert (same.status_code, same.json()["id"]) == (200, made["id"])
    assert said(officer.post(ASK, json={"why": "Lý do khác"})) == (409, "reopening_waits")
    assert grant(api, made).status_code == 200
    assert said(officer.post(ASK, json={"why": "Lý do khác"})) == (409, "reopening_granted")
    assert grant(api, made | {"version": 1}).status_code == 200, "the same again"
    longer = grant(api, made | {"version": 2}, hours=8, fields=None)
    assert (longer.json()["hours"], longer.json()["granted_fields"], longer.json()["version"]) == (8, None, 3)
    analyst, at = api("city_analyst"), f"{API}/throughput/reopenings/{made['id']}/grant"
    assert said(analyst.delete(at, headers={"if-match": '"1"'})) == (412, "stale")
    assert analyst.delete(at, headers={"if-match": '"3"'}).status_code == 204
    assert analyst.delete(at, headers={"if-match": '"4"'}).status_code == 404
    assert said(correct(api)) == (409, "grant_over")
    assert officer.post(ASK, json={"why": "Lý do khác"}).status_code == 201


@pytest.mark.parametrize(
    ("day", "body", "status", "code"),
    [
        ("2026-11-20", WHY, 409, "day_not_locked"),
        (DAY, {"why": " "}, 422, "too_short"),
        (DAY, WHY | {"fields": []}, 422, "required"),
        (DAY, WHY | {"fields": ["KHONG"]}, 422, "unknown_field"),
        ("2026-11-13", WHY | {"fields": ["HT"]}, 422, "fields_without_report"),
        (DAY, WHY | {"hours": 3}, 422, "unknown_property"),
    ],
)
def test_what_is_asked_for_is_judged(
    api: Api, sent: None, day: str, body: dict[str, Any], status: int, code: str
) -> None:
    refused = api().post(f"{API}/throughput/reports/{WARD}/{day}/city/reopenings", json=body)
    assert said(refused) == (status, code), refused.text


def test_who_may_ask_decide_and_see(api: Api, sent: None) -> None:
    made = ask(api)
    at = f"{API}/throughput/reopenings/{made['id']}"
    for role in ("ward_officer", "ward_leader", "leader"):
        assert api(role).put(f"{at}/grant", json=GRANT, headers={"if-match": '"1"'}).status_code == 403, role
    assert api("city_analyst").post(ASK, json=WHY).status_code == 403
    assert api("machine", WARD, scopes=["reopenings:decide"]).put(f"{at}/grant", json=GRANT).status_code == 403
    other = api(unit=OTHER)
    assert other.get(at).status_code == other.get(ASK).status_code == other.post(ASK, json=WHY).status_code == 404
    assert other.get(f"{API}/throughput/reopenings").json()["items"] == []
    assert [r["id"] for r in api("leader").get(f"{API}/throughput/reopenings").json()["items"]] == [made["id"]]


def test_the_list_has_what_waits_first(api: Api, clock: SetClock, sent: None) -> None:
    old = ask(api)
    assert grant(api, old, hours=1).status_code == 200
    theirs = api(unit=OTHER)
    second = theirs.post(f"{API}/throughput/reports/{OTHER}/{DAY}/city/reopenings", json=WHY).json()
    third = api().post(f"{API}/throughput/reports/{WARD}/{NEXT}/city/reopenings", json=WHY).json()
    analyst = api("city_analyst")

    def ids(query: str = "") -> list[int]:
        return [row["id"] for row in analyst.get(f"{API}/throughput/reopenings?{query}").json()["items"]]

    assert ids() == [third["id"], second["id"], old["id"]]
    assert ids(f"unit={OTHER}") == [second["id"]]
    assert ids("state=granted") == [old["id"]]
    assert ids(f"day={NEXT}") == [third["id"]]
    first = analyst.get(f"{API}/throughput/reopenings?limit=2").json()
    assert (len(first["items"]), first["open"]) == (2, 2)
    assert ids(f"limit=2&cursor={first['next']}") == [old["id"]]
    assert analyst.get(f"{API}/throughput/reopenings?cursor=WzFd").status_code == 422
    clock.set("2026-11-21T18:00:00+07:00")
    assert ids("state=over") == [old["id"]]


def test_the_pages_lead_from_the_locked_day_to_the_correction(
    people: Callable[..., PageClient], clock: SetClock, sent: None
) -> None:
    officer, analyst = people(), people("city_analyst")
    at = f"/throughput/reports/{WARD}/{DAY}"
    for page in (f"{at}/worksheet", at):
        assert f'href="{at}/city/reopenings"' in officer.get(page).text, page
    empty = officer.post(f"{at}/city/reopenings", data={"why": ""})
    assert (empty.status_code, 'href="#why"' in empty.text) == (422, True)
    asked = officer.post(f"{at}/city/reopenings", data={"why": "Sót 3 hồ sơ", "fields[]": "HT"})
    assert (asked.status_code, asked.headers["location"]) == (303, f"{at}/city/reopenings")
    assert "Chờ trả lời" in officer.get(f"{at}/worksheet").text
    theirs, ours = officer.get(f"{at}/city/reopenings").text, analyst.get(f"{at}/city/reopenings").text
    assert ["Thành phố trả lời tại trang này" in page for page in (theirs, ours)] == [True, False]
    assert ["chờ thành phố trả lời" in page for page in (theirs, ours)] == [False, True]
    listed = analyst.get("/throughput/reopenings").text
    assert "Sót 3 hồ sơ" in listed
    one = listed.split('href="/throughput/reopenings/')[1].split('"')[0]
    assert 'value="HT" checked' in analyst.get(f"/throughput/reopenings/{one}").text
    wrong = analyst.post(
        f"/throughput/reopenings/{one}/refusal", data={"_method": "PUT", "_if_match": "1", "reason": ""}
    )
    assert (wrong.status_code, 'href="#refusal-reason"' in wrong.text) == (422, True)
    typed = {"_method": "PUT", "_if_match": "1", "fields[]": "HT", "hours": "4", "reason": "Đúng"}
    assert analyst.post(f"/throughput/reopenings/{one}/grant", data=typed).status_code == 303
    today = officer.get("/throughput/today").text
    assert "Đang được phép sửa" in today
    assert f'href="{at}/worksheet#city"' in today
    sheet = ""
    for locale in ("vi", "en", "fr"):
        officer.cookies.set("lang", locale)
        officer.locale = locale
        for page in (f"{at}/city/reopenings", "/throughput/reopenings", f"/throughput/reopenings/{one}", at):
            assert officer.get(page).status_code == 200
        sheet = officer.get(f"{at}/worksheet").text
    cell = 'name="city[lines][{}][received_online]" inputmode="numeric" autocomplete="off"{} value='
    assert cell.format("HT", "") in sheet
    assert cell.format("DD", " readonly") in sheet
    ended = analyst.post(f"/throughput/reopenings/{one}/grant", data={"_method": "DELETE", "_if_match": "2"})
    assert ended.status_code == 303
    assert "Thành phố đã đóng" in analyst.get(f"/throughput/reopenings/{one}").text
