"""Asking and answering without script: the form comes back with what was typed, the answer stands at its question."""

from typing import Any

from tests.support.page import read
from tests.support.tasks import with_directive, with_task


def _words(html: str) -> str:
    return " ".join(node.text for node in read(html).all("main"))


def test_a_leader_asks_and_a_ward_answers_on_pages(people: Any, api: Any) -> None:
    analyst = api("city_analyst")
    with_task(analyst, "T1", with_directive(analyst))
    leader, ward = people("leader"), people("ward_officer")
    assert "Yêu cầu giải trình" in leader.get("/tasks/T1/asking").text
    refused = leader.post("/tasks/T1/questions", data={"text": "Vì sao chậm?", "due_on": "2026-11-01"})
    assert refused.status_code == 422
    assert "Vì sao chậm?" in refused.text
    assert "Hạn không được trước ngày hôm nay." in refused.text
    sent = leader.post("/tasks/T1/questions", data={"text": "Vì sao chậm?", "due_on": "2026-11-24"})
    assert sent.status_code == 303
    assert sent.headers["location"] == "/tasks/T1/asking#question-1"
    assert "Vì sao chậm?" in ward.get("/tasks/questions").text
    assert "1 yêu cầu chưa giải trình" in ward.get("/tasks/shortcomings").text
    done = ward.post("/tasks/T1/questions/1/answer", data={"answer": "Chờ hướng dẫn"})
    assert done.status_code == 303
    assert "Chờ hướng dẫn" in _words(leader.get("/tasks/T1/asking").text)
    blocked = ward.post(
        "/tasks/T1/blockers", data={"text": "Thiếu kinh phí", "owner_position": "Chủ tịch", "level": "unit"}
    )
    assert blocked.status_code == 303
    wrong = ward.post("/tasks/T1/blockers/1/escalation", data={"level": "unit", "owner_position": "Giám đốc Sở"})
    assert wrong.status_code == 422
    assert 'value="Giám đốc Sở"' in wrong.text
    assert "Chưa tháo gỡ" in leader.get("/tasks/blockers").text
