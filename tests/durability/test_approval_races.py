"""Two reviewers, and a reviewer and an officer, in the same moment: one word a revision, none on unseen figures."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Client
from pydantic import SecretStr
from sqlalchemy import text

from app.core.db import Database
from app.core.settings import Settings
from tests.durability.live import at_once, caller, faults_of, serving
from tests.support.clients import DAY, WARD, line, report

AT = f"/api/v1/throughput/reports/{WARD}/{DAY}/city"
Api = Callable[..., TestClient]


@pytest.fixture
def clients(app: FastAPI, api: Api, database_url: str) -> Iterator[list[Client]]:
    """An officer and two analysts of the city."""
    app.state.database.engine.dispose()
    app.state.database = Database(Settings(database_url=SecretStr(database_url), log_level="error"))
    roles = ("ward_officer", "city_analyst", "city_analyst")
    with serving(app) as address:
        made = [caller(address, api(role).headers["authorization"]) for role in roles]
        yield made
        for client in made:
            client.close()


def _rows(app: FastAPI, query: str) -> list[tuple[object, ...]]:
    with app.state.database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_two_reviewers_at_once_say_one_thing_each(app: FastAPI, clients: list[Client]) -> None:
    officer, first, second = clients
    for number in range(6):
        headers = {"if-match": f'"{number}"'} if number else {}
        assert officer.put(AT, json=report(line(received_online=number)), headers=headers).is_success
        body = {"version": number + 1}
        other = partial(second.put, f"{AT}/approvals/city", json=body)
        if number % 2:
            other = partial(second.post, f"{AT}/approvals/city/return", json=body | {"reason": "Sai"})
        answers = at_once([partial(first.put, f"{AT}/approvals/city", json=body), other])
        assert [a.status_code for a in answers] == [200, 200], [a.text for a in answers]
    standing = _rows(app, "select version, count(*) from approvals where ended_at is null group by version order by 1")
    assert standing == [(n + 1, 1) for n in range(6)]
    assert _rows(app, "select count(*) from approvals")[0][0] in (6, 7, 8, 9), "approved and returned, or the one only"
    assert faults_of(app) == []


def test_a_correction_while_one_approves_is_never_approved_unseen(app: FastAPI, clients: list[Client]) -> None:
    officer, reviewer, _ = clients
    assert officer.put(AT, json=report(line(received_online=100))).is_success
    for version in range(1, 13):
        change = partial(
            officer.put, AT, json=report(line(received_online=100 + version)), headers={"if-match": f'"{version}"'}
        )
        approve = partial(reviewer.put, f"{AT}/approvals/city", json={"version": version})
        changed, approved = at_once([change, approve])
        assert changed.status_code == 200, changed.text
        assert approved.status_code in (200, 412), approved.text
        if approved.status_code == 412:
            assert approved.json()["current"]["version"] == version + 1
        assert officer.get(AT).json()["status"] == "received", "what stands now was approved by nobody"
    assert faults_of(app) == []


def test_two_who_answer_one_request_are_told_apart(app: FastAPI, clients: list[Client]) -> None:
    officer, first, second = clients
    for day in ("2026-11-09", "2026-11-10", "2026-11-11", "2026-11-12"):
        made = officer.post(f"/api/v1/throughput/reports/{WARD}/{day}/city/reopenings", json={"why": "Sót"}).json()
        at, headers = f"/api/v1/throughput/reopenings/{made['id']}", {"if-match": '"1"'}
        answers = at_once(
            [
                partial(first.put, f"{at}/grant", json={"hours": 1, "reason": "Đúng"}, headers=headers),
                partial(second.put, f"{at}/refusal", json={"reason": "Thiếu"}, headers=headers),
            ]
        )
        assert sorted(a.status_code for a in answers) == [200, 412], [a.text for a in answers]
    assert faults_of(app) == []
