"""Directives and tasks for tests: bodies with what a test does not speak about filled in."""

from typing import Any

from fastapi.testclient import TestClient

from app.core.web import API
from tests.support.clients import WARD

DOCUMENT = {"number": "215/TB-UBND", "day": "2026-11-02"}
PDF = b"%PDF-1.7\n%made up for a test\n"


def directive(**more: Any) -> dict[str, Any]:
    """Return the body of a directive."""
    return {
        "number": "98/KH-BCĐ", "issuer": "Ban Chỉ đạo thành phố", "issued_on": "2026-01-05", "kind": "plan",
        "title": "Kế hoạch thử nghiệm", "clauses": [{"label": "II.1", "text": "Nhóm nhiệm vụ thứ nhất"}],
    } | more  # fmt: skip


def task(code: str, number: int, **more: Any) -> dict[str, Any]:
    """Return the body of a task that a ward leads."""
    return {
        "code": code, "title": f"Nhiệm vụ thử nghiệm {code}", "programme": "city", "directive": number,
        "lead_unit": WARD, "deadline": "2026-12-31",
    } | more  # fmt: skip


def with_directive(analyst: TestClient, **more: Any) -> int:
    """Add a directive and return its number."""
    made = analyst.post(f"{API}/directives", json=directive(**more))
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def with_task(analyst: TestClient, code: str, number: int, **more: Any) -> dict[str, Any]:
    """Add a task and return it."""
    made = analyst.post(f"{API}/tasks", json=task(code, number, **more))
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer
