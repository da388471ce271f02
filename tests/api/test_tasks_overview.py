"""Every number of the overviews is the number of tasks that its link lists."""

from typing import Any

from app.core.web import API
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
    ward = people("ward_officer", unit=WARD)
    assert "position=Ch%E1%BB%A7%20t%E1%BB%8Bch%20UBND%20%26%20ph" in ward.get("/tasks/positions").text
    assert 'href="/tasks?deadline=2026-11&amp;bucket=overdue"' in ward.get("/tasks/deadlines?year=2026").text
    assert "timeline__bar--overdue" in ward.get("/tasks/timeline").text
