"""Lists as files: the same columns whether there are rows or not."""

from collections.abc import Callable

from fastapi.testclient import TestClient

from tests.support.clients import DAY, WARD, line, report

Api = Callable[..., TestClient]


def header(text: str) -> list[str]:
    return text.removeprefix("\ufeff").splitlines()[0].split(",")


def test_an_empty_list_names_its_columns(api: Api) -> None:
    officer = api()
    owed = header(officer.get("/api/v1/throughput/obligations.csv?day=2026-11-22").text)
    assert owed[:4] == ["unit", "name", "day", "system"]
    assert "waiver_reason" in owed


def test_the_columns_are_the_same_with_and_without_figures(api: Api) -> None:
    officer, address = api(), "/api/v1/throughput/reports.csv"
    empty = header(officer.get(address).text)
    assert "totals_received" in empty
    at = f"/api/v1/throughput/reports/{WARD}/{DAY}"
    assert officer.put(f"{at}/city", json={"unavailable": {"reason": "Bảo trì"}}).status_code == 201
    assert header(officer.get(address).text) == empty
    assert officer.put(f"{at}/ministry", json=report(line(received_online=5))).status_code == 201
    text = officer.get(address).text
    assert header(text) == empty
    totals = [row.split(",")[empty.index("totals_received")] for row in text.splitlines()[1:]]
    assert sorted(totals) == ["", "5"], "a system that was down has no total, not zero"
