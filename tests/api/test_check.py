"""Checking a day while it is typed: what sending would say, at both doors, and nothing kept."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.core.web import API
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
AT = f"/throughput/reports/{WARD}/{DAY}"
TABLES = ("reports", "report_revisions", "audit_entries", "idempotency_records", "adjustments", "day_totals")


def check(client: TestClient, body: dict[str, Any], at: str = AT) -> dict[str, Any]:
    """Return what a check answers."""
    answer = client.post(f"{API}{at}/check", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def codes(of: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return places and codes of faults."""
    return [(fault["pointer"], fault["code"]) for fault in of]


def test_what_is_checked_is_completed_and_added_up(api: Api) -> None:
    found = check(api(), {"city": report(line(carried_over=5, received_online=14, resolved_early=9))})
    city = found["city"]
    assert (found["version"], found["faults"], found["ministry"]) == ("0-0", [], None)
    assert [(one["field"], one["pending_in_time"]) for one in city["lines"]] == [("HT", 10)]
    assert (city["totals"]["received"], city["totals"]["pending"]) == (14, 10)
    assert city["rates"]["online"] == {"numerator": 14, "denominator": 14, "value": 1.0}
    assert (city["faults"], city["unread"], city["same"], city["carried"]) == ([], [], False, None)
