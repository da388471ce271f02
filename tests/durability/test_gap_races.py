"""One gap, two who write in the same moment: one of them is told what stands, and no step of its history is lost."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Client, Response

from app.portal.gaps import recounting
from tests.durability.live import at_once, caller, faults_of
from tests.support.clients import DAY, WARD, line, report
from tests.support.figures import SCOPES, batch, figures, item

Api = Callable[..., TestClient]
AT = "/api/v1/portal/gaps"
REPORT = f"/api/v1/throughput/reports/{WARD}/{DAY}/city"
ROUNDS = 15


@pytest.fixture
def people(server: str, api: Api) -> Iterator[list[Client]]:
    """An officer, a second one of the same ward, and the one-gate system; the ward's day differs by ten."""
    tokens = [api(), api(), api("machine", scopes=SCOPES)]
    clients = [caller(server, one.headers["authorization"]) for one in tokens]
    ours = line(received_online=40, received_counter=10, resolved_on_time=20)
    assert clients[0].put(REPORT, json=report(ours)).status_code == 201
    assert _said(clients[2], 30).status_code == 200
    yield clients
    for client in clients:
        client.close()


def _said(gate: Client, online: int) -> Response:
    said = figures(received_online=online, received_counter=10, resolved_on_time=20)
    return gate.put("/api/v1/throughput/figures", json=batch(item(said)))


def _explain(client: Client, gap: dict[str, Any], reason: str, note: str) -> Response:
    headers = {"if-match": f'"{gap["version"]}"'}
    return client.post(f"{AT}/{gap['id']}/explanation", json={"reason": reason, "note": note}, headers=headers)


def _gap(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(AT, params={"measure": "online"}).json()["items"][0]
    return found


def _history(client: Client, gap: dict[str, Any]) -> list[tuple[int, str, str | None]]:
    steps = client.get(f"{AT}/{gap['id']}").json()["history"]
    return [(step["version"], step["change"], step["note"]) for step in steps]


def _is_whole(app: FastAPI) -> bool:
    with app.state.database.read() as session:
        return recounting.differences(session) == [] == faults_of(app)


def test_of_two_reasons_at_once_one_stands_and_the_other_is_shown_it(app: FastAPI, people: list[Client]) -> None:
    one, other, _ = people
    for n in range(ROUNDS):
        gap = _gap(one)
        told = [("late_sync", f"một {n}"), ("duplicate", f"hai {n}")]
        answers = at_once([partial(_explain, c, gap, *of) for c, of in zip((one, other), told, strict=True)])
        assert sorted(answer.status_code for answer in answers) == [200, 412], [answer.text for answer in answers]
        won = next(k for k, answer in enumerate(answers) if answer.status_code == 200)
        refused = answers[1 - won].json()
        assert (refused["code"], refused["current"]["reason"], refused["current"]["note"]) == ("stale", *told[won])
        assert refused["current"]["version"] == gap["version"] + 1
        stands = _gap(other)
        assert (stands["reason"], stands["note"]) == told[won]
        assert _history(one, gap)[-1] == (stands["version"], "explained", told[won][1])
    assert len(_history(one, _gap(one))) == 1 + ROUNDS, "each that was taken, and no other"
    assert _is_whole(app)


def test_a_reason_and_the_late_sync_that_closes_the_gap_lose_neither(app: FastAPI, people: list[Client]) -> None:
    officer, _, gate = people
    for n in range(ROUNDS):
        gap = _gap(officer)
        acts = [partial(_explain, officer, gap, "late_sync", f"lần {n}"), partial(_said, gate, 40)]
        explained, synced = at_once(acts if n % 2 else acts[::-1])[:: 1 if n % 2 else -1]
        assert synced.status_code == 200, synced.text
        over = officer.get(f"{AT}/{gap['id']}").json()
        assert (over["state"], over["outcome"]) == ("closed", "matched")
        changes = [(change, note) for _, change, note in _history(officer, gap)][-2:]
        if explained.status_code == 200:
            assert changes == [("explained", f"lần {n}"), ("matched", None)], "what was acknowledged is kept"
            assert over["reason"] == "late_sync"
        else:
            assert (explained.status_code, explained.json()["code"]) == (412, "stale"), explained.text
            current = explained.json()["current"]
            assert (current["state"], current["outcome"], current["ours"], current["theirs"]) == (
                "closed", "matched", 40, 40
            )  # fmt: skip
            assert changes[-1] == ("matched", None)
        versions = [version for version, _, _ in _history(officer, gap)]
        assert versions == list(range(1, len(versions) + 1)), "no step is lost"
        assert _said(gate, 30).status_code == 200, "and it comes back"
    assert _is_whole(app)
