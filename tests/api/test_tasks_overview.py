"""Every number of the overviews is the number of tasks that its link lists."""

from collections.abc import Callable
from typing import Any

import pytest

from app.core.web import API
from app.tasks import narrowing
from tests.support.clients import OTHER, WARD
from tests.support.tasks import with_directive, with_task


def _listed(client: Any, query: dict[str, str]) -> list[str]:
    return [item["code"] for item in client.get(f"{API}/tasks", params=query).json()["items"]]


def test_numbers_are_those_of_the_tasks_behind_them(api: Any, people: Any) -> None:
    analyst = api("city_analyst")
    number = with_directive(analyst)
    chair, head = "Chủ tịch UBND & phường", "Trưởng phòng"
    with_task(analyst, "A", number, accountable_position=chair, deadline="2026-11-10")
    with_task(analyst, "B", number, accountable_position=chair, responsible_position=head, deadline="2026-Q4")
    with_task(analyst, "C", number, responsible_position=chair, deadline="2026-11", lead_unit=OTHER)
    page = analyst.get(f"{API}/tasks/positions").json()
    found = {item["position"]: item for item in page["items"]}
    assert set(found) == {chair, head}
    assert (found[chair]["total"], found[chair]["overdue"], found[head]["total"]) == (3, 1, 1)
    for name, item in found.items():
        assert len(_listed(analyst, {"position": name})) == item["total"]
        assert len(_listed(analyst, {"position": name, "bucket": "overdue"})) == item["overdue"]
    first = analyst.get(f"{API}/tasks/positions?limit=1").json()
    rest = analyst.get(f"{API}/tasks/positions", params={"limit": 1, "cursor": first["next"]}).json()
    assert first["items"] + rest["items"] == page["items"]
    year = analyst.get(f"{API}/tasks/deadlines?year=2026").json()
    for month in year["items"]:
        assert len(_listed(analyst, {"deadline": month["month"]})) == month["total"]
    assert (year["items"][10]["total"], year["items"][11]["total"], year["total"]) == (2, 1, 3)
    line = analyst.get(f"{API}/tasks/timeline").json()["items"]
    assert next((i["code"], i["begins"], i["deadline"]) for i in line) == ("A", "2026-01-05", "2026-11-10")
    assert [item["code"] for item in api(unit=OTHER).get(f"{API}/tasks/timeline").json()["items"]] == ["C"]
    before = {"as_of": "2026-11-19"}
    assert analyst.get(f"{API}/tasks/positions", params=before).json()["items"] == []
    assert analyst.get(f"{API}/tasks/deadlines", params=before | {"year": "2026"}).json()["total"] == 0
    assert analyst.get(f"{API}/tasks/timeline", params=before).json()["items"] == []
    ward = people("ward_officer", unit=WARD)
    assert "position=Ch%E1%BB%A7%20t%E1%BB%8Bch%20UBND%20%26%20ph" in ward.get("/tasks/positions").text
    assert 'href="/tasks?deadline=2026-11&amp;bucket=overdue"' in ward.get("/tasks/deadlines?year=2026").text
    assert "timeline__bar--overdue" in ward.get("/tasks/timeline").text


def test_overviews_as_of_a_day_say_what_was_known_then(api: Any, clock: Any, people: Any) -> None:
    analyst = api("city_analyst")
    number = with_directive(analyst)
    with_task(analyst, "A", number, accountable_position="Chánh Văn phòng", deadline="2026-12-10")
    clock.set("2026-11-23T09:00:00+07:00")
    analyst = api("city_analyst")
    later = analyst.get(f"{API}/tasks/A/form").json() | {"accountable_position": "Giám đốc Sở"}
    headers = {"If-Match": analyst.get(f"{API}/tasks/A").headers["etag"]}
    saved = analyst.put(f"{API}/tasks/A", json=later, headers=headers)
    assert saved.status_code == 200, saved.text
    then = {"as_of": "2026-11-21"}
    assert [i["position"] for i in analyst.get(f"{API}/tasks/positions").json()["items"]] == ["Giám đốc Sở"]
    known = analyst.get(f"{API}/tasks/positions", params=then).json()
    assert [(i["position"], i["total"]) for i in known["items"]] == [("Chánh Văn phòng", 1)]
    assert _listed(analyst, then | {"position": "Chánh Văn phòng"}) == ["A"]
    assert analyst.get(f"{API}/tasks/deadlines", params=then).json()["items"][11]["total"] == 1
    line = analyst.get(f"{API}/tasks/timeline", params=then).json()
    assert (line["day"], [i["code"] for i in line["items"]]) == ("2026-11-21", ["A"])
    browser = people("city_analyst")
    for path in ("positions", "deadlines", "timeline"):
        page = browser.get(f"/tasks/{path}?as_of=2026-11-21")
        assert page.status_code == 200
        assert 'value="2026-11-21"' in page.text
    assert "&amp;as_of=2026-11-21T" in browser.get("/tasks/deadlines?as_of=2026-11-21").text


def _told(ask: Callable[..., bool], scans: list[str]) -> Callable[..., bool]:
    def asked(session: Any, said: str, *args: Any, **more: Any) -> bool:
        scans.append(said)
        return ask(session, said, *args, **more)

    return asked


def test_a_sum_over_words_that_all_tasks_have_is_the_sum_of_all_and_of_no_others(
    api: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "MANY", 2)  # so that few tasks are many
    analyst = api("city_analyst")
    number = with_directive(analyst)
    for code in ("A", "B", "C"):
        with_task(analyst, code, number, title=f"Ban hành kế hoạch {code}", deadline="2026-12-10")

    def sums(words: str, **more: str) -> Any:
        found = analyst.get(f"{API}/tasks/summary", params={"q": words, **more}).json()
        assert found["total"] == len(_listed(analyst, {"q": words, **more}))
        return {b["bucket"]: b["count"] for b in found["buckets"] if b["count"]}

    assert sums("kế hoạch") == {"not_started": 3}
    clock.set("2026-11-23T09:00:00+07:00")
    analyst = api("city_analyst")
    with_task(analyst, "D", number, title="Kiểm kê hoạt động", deadline="2026-12-10")
    assert sums("kế hoạch") == {"not_started": 3}
    assert sums("ke hoa") == {"not_started": 4}  # beginnings of words: of all, each by another word
    assert sums("kế hoạch", as_of="2026-11-21") == {"not_started": 3}
    assert sums("kế hoạch", as_of="2026-11-23") == {"not_started": 3}
    # What is kept of words is worked out once, and anew after a task was written anew.
    scans: list[str] = []
    monkeypatch.setattr(narrowing, "_is_everywhere", _told(narrowing._is_everywhere, scans))
    assert [sums("ke"), sums("ke"), scans] == [{"not_started": 4}] * 2 + [[]]
    form = analyst.get(f"{API}/tasks/D/form")
    changed = form.json() | {"title": "Hoạt động khác"}
    assert analyst.put(f"{API}/tasks/D", json=changed, headers={"If-Match": form.headers["etag"]}).status_code == 200
    assert [sums("ke"), sums("ke"), scans] == [{"not_started": 3}] * 2 + [["ke"]]
