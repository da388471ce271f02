"""A leader asks, the lead unit answers; blockers go up and are cleared; the day's list names what lacks."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from app.core import paging
from app.core.web import API
from tests.support.clients import OTHER, WARD
from tests.support.tasks import with_directive, with_task

ASKED = {"text": "Vì sao chậm?", "due_on": "2026-11-24"}
BLOCKED = {"text": "Chưa có kinh phí", "owner_position": "Chủ tịch UBND phường"}


@pytest.fixture
def analyst(api: Any) -> Any:
    """An analyst and one task of the ward, coordinated by another."""
    client = api("city_analyst")
    with_task(client, "T1", with_directive(client), coordinating_units=[OTHER])
    return client


def test_shortcomings_are_told_as_they_were_known_then(analyst: Any, api: Any, clock: Any) -> None:
    number = with_directive(analyst, number="8/KH")
    with_task(analyst, "Z1", number, deadline="2026-11-30", title="Nhiệm vụ có tên đủ dài")
    due = (clock.now() + timedelta(days=3)).date().isoformat()
    assert api("leader").post(f"{API}/tasks/Z1/questions", json={"text": "Vì sao?", "due_on": due}).status_code == 201
    asked = clock.now().isoformat()
    clock.set("2026-12-02T09:00:00+07:00")
    body = analyst.get(f"{API}/tasks/Z1/form").json()
    clear = {
        "title": "Tên khác cũng đủ dài",
        "product": "Phần mềm",
        "authority": "Thành phố",
        "accountable_position": "Chủ tịch",
    }
    assert analyst.put(f"{API}/tasks/Z1", json=body | clear, headers={"if-match": "*"}).is_success
    assert api().post(f"{API}/tasks/Z1/questions/1/answer", json={"answer": "Mưa lũ"}).is_success
    told = [analyst.get(f"{API}/tasks/shortcomings", params=p).json()["items"] for p in ({"as_of": asked}, {})]
    then, now = (next(item for item in items if item["task"] == "Z1") for items in told)
    assert (then["title"], then["questions"], then["overdue_days"]) == ("Nhiệm vụ có tên đủ dài", 1, None)
    assert (now["title"], now["questions"], now["overdue_days"]) == ("Tên khác cũng đủ dài", 0, 2)
    assert {"product", "authority", "responsibility"} <= set(then["missing"])
    assert set(now["missing"]) == {"person"}


def _codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]] or [answer.json()["code"]]


def test_a_leader_asks_and_the_lead_answers_once(analyst: Any, api: Any) -> None:
    leader, ward = api("leader"), api()
    made = leader.post(f"{API}/tasks/T1/questions", json=ASKED)
    assert made.status_code == 201, made.text
    (question,) = made.json()["questions"]
    assert (question["state"], question["answer"], question["lead_unit"]["code"]) == ("open", None, WARD)
    assert made.json()["may"] == ["ask"]
    (waiting,) = ward.get(f"{API}/tasks/questions?state=open").json()["items"]
    assert waiting["text"] == ASKED["text"]
    at = f"{API}/tasks/T1/questions/{question['id']}/answer"
    helper = api(unit=OTHER)
    assert _codes(helper.post(at, json={"answer": "Không phải chúng tôi"})) == ["only_the_lead"]
    answered = ward.post(at, json={"answer": "Chờ văn bản hướng dẫn"})
    assert answered.json()["questions"][0]["state"] == "answered"
    again = ward.post(at, json={"answer": "Khác"})
    assert (again.status_code, _codes(again)) == (409, ["question_answered"])
    kept = leader.get(f"{API}/tasks/T1/asking").json()["questions"][0]
    assert kept["answer"] == "Chờ văn bản hướng dẫn"
    assert ward.get(f"{API}/tasks/questions?state=open").json()["items"] == []


def test_who_may_ask_and_until_when(analyst: Any, api: Any) -> None:
    at = f"{API}/tasks/T1/questions"
    assert api().post(at, json=ASKED).status_code == 403
    assert _codes(api("leader").post(at, json=ASKED | {"due_on": "2026-11-19"})) == ["due_in_past"]
    stranger = api(unit="19804")
    assert stranger.get(f"{API}/tasks/T1/asking").status_code == 404
    assert stranger.post(f"{API}/tasks/T1/blockers", json=BLOCKED).status_code == 404
    assert stranger.get(f"{API}/tasks/questions").json()["items"] == []


def test_a_blocker_goes_up_and_is_cleared_with_its_history(analyst: Any, api: Any, clock: Any) -> None:
    ward = api()
    made = ward.post(f"{API}/tasks/T1/blockers", json=BLOCKED)
    assert made.status_code == 201, made.text
    number = made.json()["blockers"][0]["id"]
    at = f"{API}/tasks/T1/blockers/{number}"
    clock.set("2026-11-23T09:00+07:00")
    up = {"level": "city", "owner_position": "Phó Chủ tịch UBND thành phố", "note": "Vượt thẩm quyền"}
    raised = api(unit=OTHER).post(f"{at}/escalation", json=up).json()["blockers"][0]
    assert (raised["level"], raised["owner_position"], raised["age"]) == ("city", up["owner_position"], 3)
    lower = ward.post(f"{at}/escalation", json=up | {"level": "department"})
    assert _codes(lower) == ["level_not_higher"]
    (listed,) = analyst.get(f"{API}/tasks/blockers?level=city&state=open&unit={WARD}").json()["items"]
    assert listed["id"] == number
    done = ward.post(f"{at}/outcome", json={"outcome": "Đã bố trí kinh phí"}).json()["blockers"][0]
    assert (done["state"], [step["step"] for step in done["history"]]) == (
        "resolved", ["raised", "escalated", "resolved"],
    )  # fmt: skip
    assert _codes(ward.post(f"{at}/outcome", json={"outcome": "Lại"})) == ["blocker_resolved"]
    assert analyst.get(f"{API}/tasks/blockers?state=open").json()["items"] == []
    clock.set("2026-12-03T09:00+07:00")
    assert analyst.get(f"{API}/tasks/blockers").json()["items"][0]["age"] == 3


def test_the_days_list_names_every_kind_and_adds_up(analyst: Any, api: Any, clock: Any) -> None:
    clear = {
        "accountable_position": "Chủ tịch", "responsible_position": "Công chức", "product": "Báo cáo",
        "authority": "UBND phường", "clause": "II.1",
    }  # fmt: skip
    number = analyst.get(f"{API}/directives").json()["items"][0]["id"]
    with_task(analyst, "LATE", number, deadline="2026-11-10", **clear)
    with_task(analyst, "OWED", number, deadline=None, kind="regular", rhythm="week", lead_unit=OTHER, **clear)
    with_task(analyst, "GOOD", number, **clear)
    assert api("leader").post(f"{API}/tasks/GOOD/questions", json=ASKED).status_code == 201
    clock.set("2026-12-07T09:00+07:00")
    page = analyst.get(f"{API}/tasks/shortcomings").json()
    found = {item["task"]: item for item in page["items"]}
    assert set(found) == {"LATE", "OWED", "GOOD", "T1"}
    assert found["LATE"]["overdue_days"] == 27
    assert found["LATE"]["missing"] == []
    assert found["OWED"]["update_owed_days"] == 8
    assert (found["GOOD"]["questions"], found["GOOD"]["question_due_on"]) == (1, "2026-11-24")
    assert "responsibility" in found["T1"]["missing"]
    units = {row["unit"]["code"]: row for row in page["units"]}
    assert (units[WARD]["tasks"], units[WARD]["overdue"], units[WARD]["question"], units[WARD]["six_clear"]) == (
        3, 1, 1, 1,
    )  # fmt: skip
    assert units[OTHER]["update_owed"] == 1
    assert page["total"] == 4
    only = analyst.get(f"{API}/tasks/shortcomings?kind=update_owed").json()
    assert [item["task"] for item in only["items"]] == ["OWED"]
    walked: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        part = analyst.get(f"{API}/tasks/shortcomings?limit=1{'&cursor=' + cursor if cursor else ''}").json()
        walked += [item["task"] for item in part["items"]]
        cursor = part["next"]
    assert walked == [item["task"] for item in page["items"]]
    text = analyst.get(f"{API}/tasks/shortcomings.csv").content.decode("utf-8-sig")
    assert [row["task"] for row in csv.DictReader(io.StringIO(text))] == walked
    assert {item["task"] for item in api(unit=OTHER).get(f"{API}/tasks/shortcomings").json()["items"]} == {"OWED", "T1"}


def test_the_city_sees_what_units_lack_of_a_task_handed_out(analyst: Any) -> None:
    number = analyst.get(f"{API}/directives").json()["items"][0]["id"]
    act = {
        "code": "H1", "title": "Giao cho các xã, phường", "programme": "city", "lead_unit": WARD,
        "units": [WARD, OTHER], "deadline": "2026-11-10",
    }  # fmt: skip
    assert analyst.post(f"{API}/directives/{number}/hand-outs", json=act).status_code == 201
    late = analyst.get(f"{API}/tasks/shortcomings?kind=overdue").json()
    assert {(item["unit"]["code"], item["task"]) for item in late["items"]} == {
        (WARD, "H1"), (WARD, f"H1.{WARD}"), (OTHER, f"H1.{OTHER}"),
    }  # fmt: skip
    top = analyst.get(f"{API}/tasks/shortcomings?kind=overdue&level=top").json()
    assert [item["task"] for item in top["items"]] == ["H1"]


@pytest.mark.parametrize(
    ("of", "key"),
    [
        ("blockers", ["a", 1]), ("blockers", [1, "b"]), ("blockers", [1]), ("questions", ["a", "2026-11-24", 1]),
        ("questions", [0, "2026-11-24", "b"]), ("questions", [0, 1, 1]), ("shortcomings", ["a", "b", "c"]),
        ("shortcomings", [1, 2, "c"]), ("shortcomings", [1, "b", 3]), ("scope", ["2026-11-24T09:00:00", 1]),
        ("scope", ["2026-11-24T02:00:00+00:00", "1"]), ("scope", ["2026-11-24"]), ("scope", [1, 1]),
    ],
)  # fmt: skip
def test_a_cursor_with_parts_of_other_kinds_is_refused(analyst: Any, of: str, key: list[Any]) -> None:
    answer = analyst.get(f"{API}/tasks/{of}", params={"cursor": paging.encode(key)})
    assert (answer.status_code, _codes(answer)) == (422, ["bad_cursor"])
