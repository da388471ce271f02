"""The demonstration's tasks give exactly the published figures, through the same address as everybody's."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core import audit
from app.core.web import API
from app.demo import tasks
from tests.support.clients import SetClock

pytestmark = pytest.mark.once

Api = Callable[..., TestClient]
OPEN = ("awaiting_acceptance", "overdue", "due_soon", "not_started", "on_schedule")


@pytest.fixture
def told(app: FastAPI, clock: SetClock) -> None:
    """The whole story, up to the clock's day."""
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(clock.now(), None, "test", "demo")
        assert tasks.load(session, until=date(2026, 11, 20), now=clock.now()) > 1000
        assert tasks.load(session, until=date(2026, 11, 20), now=clock.now()) == 0, "told once"


def test_the_published_figures_and_an_act_handed_out(api: Api, told: None) -> None:
    analyst = api("city_analyst")

    def counts(day: str, programme: str = "centre", **more: str) -> dict[str, int]:
        query = "&".join(f"{k}={v}" for k, v in more.items())
        found: dict[str, Any] = analyst.get(f"{API}/tasks/summary?as_of={day}&programme={programme}&{query}").json()
        assert found["sum"] == found["total"] == sum(row["count"] for row in found["buckets"])
        return {row["bucket"]: row["count"] for row in found["buckets"]} | {"total": found["total"]}

    # 139 tasks, 113 completed, 102 of them on time: press, 15 October 2025.
    autumn = counts("2025-09-30")
    assert (autumn["total"], autumn["completed_on_time"], autumn["completed_late"]) == (139, 102, 11)
    # 168 tasks, 105 completed, 35 regular, 23 under way: press, review of 2025; five are left without a state there.
    winter = counts("2025-12-31")
    assert winter["total"] == 168
    assert winter["completed_on_time"] + winter["completed_late"] == 105
    assert winter["regular_on_schedule"] + winter["regular_overdue"] == 35
    assert sum(winter[bucket] for bucket in OPEN) == 23
    assert (winter["unclassified"], winter["cancelled"]) == (5, 0)
    # 72 approved, 54 completed, 29 put to use: press, 14 August 2025.
    research = counts("2025-08-14", "research")
    assert (research["total"], research["completed_on_time"] + research["completed_late"]) == (72, 54)
    used = counts("2025-08-14", "research", tag="dua_vao_ung_dung")
    assert used["total"] == used["completed_on_time"] + used["completed_late"] == 29
    listed = analyst.get(f"{API}/tasks?as_of=2025-12-31&programme=centre&bucket=unclassified").json()["items"]
    assert len(listed) == 5
    assert all("minh họa" in item["title"] for item in listed)
    ward = analyst.get(f"{API}/tasks/KH98-11").json()
    assert (ward["lead_unit"]["code"], ward["accountable_position"]) == ("19789", "Chủ tịch UBND phường")
    found = analyst.get(f"{API}/tasks/compare?programme=centre&from=2025-09-30&to=2025-12-31").json()
    assert (found["old_total"], found["new_total"], found["common_total"], found["added"]) == (139, 168, 139, 29)
    assert all(row["difference"] == row["explained"] for row in found["buckets"])
    moved = [m for m in found["moves"] if m["cause"] == "reclassified" and m["before"].startswith("completed")]
    assert sum(m["count"] for m in moved) == 12
    assert {e["document"] for e in found["ledger"] if e["kind"] == "reclassified"} == {"57-MH/TB (minh họa)"}
    # One act handed to forty units: done by all, and half way.
    act = analyst.get(f"{API}/tasks/KH98-01/matrix").json()
    assert (act["total"], act["done"], act["late"]) == (40, 40, 5)
    now = analyst.get(f"{API}/tasks/KH98-02/matrix").json()
    assert (now["total"], now["done"], now["awaiting"]) == (40, 22, 4)
    own = api("ward_officer").get(f"{API}/tasks?unit=19789").json()["items"]
    assert {"overdue", "due_soon", "awaiting_acceptance"} <= {item["bucket"] for item in own}
    # How the city leads: questions waiting, overdue and answered, blockers of every level, four reports sent.
    asked = analyst.get(f"{API}/tasks/questions").json()["items"]
    assert sorted(q["state"] for q in asked) == ["answered", "answered", "open", "overdue"]
    stood = analyst.get(f"{API}/tasks/blockers").json()["items"]
    assert {b["level"] for b in stood} == {"unit", "department", "city"}
    assert sum(b["state"] == "open" for b in stood) == 3
    assert max(b["age"] for b in stood) > 150 > 10 > min(b["age"] for b in stood)
    months = analyst.get(f"{API}/tasks/monthly").json()["items"]
    assert [m["month"] for m in months if m["state"] == "sent"] == ["2026-10", "2026-09", "2026-08", "2026-07"]
    october = analyst.get(f"{API}/tasks/monthly/centre/2026-10").json()["content"]
    assert sum(word["count"] for word in october["words"]) == october["total"] == 168
    assert any(row["difficulties"] for row in october["rows"])
    assert any(row["cause"] for row in october["rows"]), "something changed since September"
