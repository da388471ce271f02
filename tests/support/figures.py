"""What another system sends, for tests of the figures door."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core import audit
from app.throughput import proof, totals
from app.throughput.figures import rebuilding
from tests.support.clients import DAY, WARD, line, report

Api = Callable[..., TestClient]
AT = "/api/v1/throughput/figures"
REPORTS = "/api/v1/throughput/reports"
BEFORE = "2026-11-19"
SCOPES = ["figures:send", "reports:read"]


def figures(field: str = "HT", **counts: Any) -> dict[str, Any]:
    """Return what a source counts of a field, all that a report needs."""
    return {k: v for k, v in line(field).items() if k != "received_post"} | counts


def item(*lines: dict[str, Any], unit: str = WARD, day: str = DAY, system: str = "city", **more: Any) -> dict[str, Any]:
    return {"unit": unit, "day": day, "system": system, "lines": list(lines)} | more


def batch(*items: Any, source: str = "one-gate", basis: str = "daily", **more: Any) -> dict[str, Any]:
    return {"source": source, "basis": basis, "items": list(items)} | more


def sent(client: TestClient, body: Any, **options: Any) -> dict[str, Any]:
    answer = client.put(AT, json=body, **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def statuses(answer: dict[str, Any]) -> list[Any]:
    return [(one["status"], one["code"]) for one in answer["results"]]


def proposals(client: TestClient, unit: str = WARD, day: str = DAY) -> dict[str, int]:
    sheet = client.get(f"{REPORTS}/{unit}/{day}/worksheet").json()["city"]
    return {f"{r['field']}.{p['measure']}": p["value"] for r in sheet["rows"] for p in r["proposals"]}


def put(client: TestClient, *lines: dict[str, Any], **headers: str) -> Any:
    answer = client.put(f"{REPORTS}/{WARD}/{DAY}/city", json=report(*lines), headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer


def confirming(api: Api, confirms: bool = True) -> None:
    body = {"unit": WARD, "system": "city", "source": "one-gate", "confirms": confirms}
    answer = api("city_analyst").put(f"{AT}/sources", json=body)
    assert (answer.status_code, answer.json()["confirms"]) == (200, confirms), answer.text


def integrity(app: FastAPI) -> list[str]:
    """Return all that is wrong with the audit, the revisions, the kept sums and differences."""
    with app.state.database.read() as session:
        checks = audit.broken_links, proof.alterations, totals.differences, rebuilding.differences
        return [wrong for check in checks for wrong in check(session)]
