"""Callers who act in the same moment: one wins, nobody's acknowledged work is lost, nobody waits for ever."""

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Client, Response
from sqlalchemy import text

from tests.durability.live import at_once, caller, faults_of
from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report

ADDRESS = f"/api/v1/throughput/reports/{WARD}/{DAY}/city"
Api = Callable[..., TestClient]


@pytest.fixture
def officers(server: str, api: Api) -> Iterator[list[Client]]:
    """Two officers of one ward."""
    clients = [caller(server, api().headers["authorization"]) for _ in range(2)]
    yield clients
    for client in clients:
        client.close()


def _count(app: FastAPI, query: str) -> Any:
    with app.state.database.engine.connect() as connection:
        return connection.execute(text(query)).scalar_one()


def _body(n: int) -> dict[str, Any]:
    return report(line(received_online=n))


def test_of_two_changes_with_one_etag_exactly_one_wins(app: FastAPI, officers: list[Client]) -> None:
    first, second = officers
    tag = first.put(ADDRESS, json=_body(1)).headers["etag"]
    for number in range(25):
        headers = {"if-match": tag}
        values = 10 + 2 * number, 11 + 2 * number
        answers = at_once(
            [partial(c.put, ADDRESS, json=_body(v), headers=headers) for c, v in zip(officers, values, strict=True)]
        )
        assert sorted(a.status_code for a in answers) == [200, 412], [a.text for a in answers]
        winner, value = next((a, v) for a, v in zip(answers, values, strict=True) if a.status_code == 200)
        loser = next(a for a in answers if a.status_code == 412)
        assert loser.json()["current"]["lines"][0]["received_online"] == value
        assert second.get(ADDRESS).json()["lines"][0]["received_online"] == value
        tag = winner.headers["etag"]
    assert _count(app, "select count(*) from report_revisions") == 26
    assert faults_of(app) == []


def test_of_two_first_reports_one_is_received_and_the_other_told(app: FastAPI, officers: list[Client]) -> None:
    for number in range(12):
        at = f"/api/v1/throughput/reports/{WARD}/2026-11-{20 - number // 4:02}/{('city', 'ministry')[number % 2]}"
        if number % 4 > 1:
            at = at.rpartition("/")[0]  # both systems at once, where both stand already
        stands = officers[0].get(at).status_code == 200
        bodies: list[Any] = [_body(100 + 2 * number), _body(101 + 2 * number)]
        if number % 4 > 1:
            bodies = [{"city": body} for body in bodies]
        answers = at_once([partial(c.put, at, json=b) for c, b in zip(officers, bodies, strict=True)])
        statuses = sorted(a.status_code for a in answers)
        assert statuses == ([428, 428] if stands else [201, 428]), [a.text for a in answers]
    assert faults_of(app) == []


def test_neighbouring_days_sent_at_once_keep_the_totals_right(app: FastAPI, officers: list[Client]) -> None:
    days = ["2026-11-18", "2026-11-19", "2026-11-20"]
    tags: dict[str, dict[str, str]] = {day: {} for day in days}
    for number in range(8):
        calls = []
        for index, day in enumerate(days):
            at = f"/api/v1/throughput/reports/{WARD}/{day}/city"
            body = report(line(received_online=5 + (number * 7 + index) % 11, resolved_early=index))
            calls.append(partial(officers[0].put, at, json=body, headers=tags[day]))
        answers: list[Response] = at_once(calls)
        for day, answer in zip(days, answers, strict=True):
            assert answer.status_code in (200, 201, 422), answer.text
            if answer.is_success:
                tags[day] = {"if-match": answer.headers["etag"]}
        assert answers[-1].is_success, answers[-1].text
        assert faults_of(app) == []


def test_a_carried_correction_meets_one_of_the_day_it_comes_to(app: FastAPI, officers: list[Client]) -> None:
    first, second = officers
    days = [ADDRESS, ADDRESS.replace(DAY, "2026-11-19")]
    tags = [second.put(at, json=_body(10)).headers["etag"] for at in reversed(days)][::-1]
    why = {"reasons": [{"warning": "correction", "reason": "late_correction"}], "carry_forward": True}
    for number in range(8):
        sent = [20 + number, 50 + number]
        answers = at_once(
            [
                partial(second.put, days[0], json=_body(sent[0]), headers={"if-match": tags[0]}),
                partial(first.put, days[1], json=_body(sent[1]) | why, headers={"if-match": tags[1]}),
            ]
        )
        assert answers[1].status_code == 200, answers[1].text
        assert answers[1].json()["carried"] == {"days": [DAY], "stopped_at": None}
        assert answers[0].status_code in (200, 412), answers[0].text
        stand = [first.get(at).json() for at in days]
        assert stand[1]["totals"]["received"] == sent[1]
        # Whichever came first: what was acknowledged of the later day stands, and it opens as the other closed.
        was = sent[0] if answers[0].status_code == 200 else stand[0]["totals"]["received"]
        assert (stand[0]["totals"]["received"], stand[0]["totals"]["carried_over"]) == (was, sent[1])
        assert [w["code"] for w in stand[0]["warnings"] if w["code"] == "opening_gap"] == []
        tags = [f'"{one["version"]}"' for one in stand]
    assert faults_of(app) == []


def test_fifty_first_reports_at_once_are_all_received(app: FastAPI, server: str, api: Api) -> None:
    anybody = api("city_analyst")
    units = [u["code"] for u in anybody.get("/api/v1/units").json()["items"] if u["kind"] in ("ward", "commune")]
    assert len(units) == 40
    tokens = {code: api(unit=code).headers["authorization"] for code in units}
    calls = [(code, "city") for code in units] + [(code, "ministry") for code in units[:10]]

    def send(code: str, system: str) -> int:
        with caller(server, tokens[code]) as client:
            answer = client.put(f"/api/v1/throughput/reports/{code}/{DAY}/{system}", json=_body(3))
            return answer.status_code

    statuses = at_once([partial(send, *call) for call in calls])
    assert statuses == [201] * 50
    assert _count(app, "select count(*) from reports") == 50
    assert faults_of(app) == []


def test_two_analysts_remind_all_at_once_beside_a_single_reminder(
    app: FastAPI, server: str, api: Api, clock: SetClock
) -> None:
    tokens = [api("city_analyst").headers["authorization"] for _ in range(3)]
    addresses = [f"/api/v1/throughput/board/{DAY}/reminders"] * 2 + [f"{ADDRESS}/reminders"]
    clients = [caller(server, token) for token in tokens]
    for moment in ("16:45", "17:55"):
        clock.set(f"{DAY}T{moment}:00+07:00")
        answers = at_once([partial(c.post, at) for c, at in zip(clients, addresses, strict=True)])
        alone = answers[2].status_code == 201
        assert [a.status_code for a in answers[:2]] == [200, 200], [a.text for a in answers]
        assert alone or answers[2].json()["code"] == "reminded_recently"
        told = [a.json() for a in answers[:2]]
        assert sum(one["reminded"] for one in told) + alone == 40
        assert [one["reminded"] + one["recently"] for one in told] == [40, 40]
    assert _count(app, "select count(*) from reminders where step = 'by_hand'") == 80
    for client in clients:
        client.close()
    assert faults_of(app) == []


def test_one_call_sent_twice_at_once_is_done_once(app: FastAPI, officers: list[Client]) -> None:
    token = officers[0].headers["authorization"]
    officers[1].headers["authorization"] = token
    headers: dict[str, str] = {}
    for number in range(10):
        headers = {**headers, "idempotency-key": str(uuid.uuid4())}
        answers = at_once([partial(c.put, ADDRESS, json=_body(20 + number), headers=headers) for c in officers])
        assert [a.status_code for a in answers] == [201 if number == 0 else 200] * 2, [a.text for a in answers]
        assert answers[0].content == answers[1].content
        assert answers[0].headers["etag"] == answers[1].headers["etag"] == f'"{number + 1}"'
        assert sorted(a.headers.get("idempotency-replayed", "") for a in answers) == ["", "true"]
        headers["if-match"] = answers[0].headers["etag"]
    assert _count(app, "select count(*) from report_revisions") == 10
    assert faults_of(app) == []


def test_a_creation_sent_twice_at_once_makes_one_row(app: FastAPI, server: str, api: Api) -> None:
    token = api("administrator").headers["authorization"]
    before = _count(app, "select count(*) from api_tokens")
    body = {"name": "máy", "scopes": ["units:read"]}
    with caller(server, token) as one, caller(server, token) as two:
        for number in range(5):
            key = {"idempotency-key": f"token-{number}"}
            answers = at_once([partial(c.post, "/api/v1/tokens", json=body, headers=key) for c in (one, two)])
            assert [a.status_code for a in answers] == [201, 201], [a.text for a in answers]
            assert answers[0].json()["id"] == answers[1].json()["id"]
            assert sorted(a.json()["token"] is None for a in answers) == [False, True]
    assert _count(app, "select count(*) from api_tokens") == before + 5
    assert faults_of(app) == []


def test_readers_do_not_wait_for_a_writer(app: FastAPI, officers: list[Client]) -> None:
    officers[0].put(ADDRESS, json=_body(1))
    with app.state.database.write() as session:
        # So that the visit is to be noted: that is the only write a reader does, and it must not wait either.
        session.execute(text("update api_tokens set last_used_at = null"))
    with app.state.database.write() as session:
        session.execute(text("update api_tokens set name = name"))
        session.execute(text("update audit_head set number = number where id = 1"))
        session.execute(text("update reports set version = version"))
        answer = officers[0].get(ADDRESS, timeout=3)
        assert answer.status_code == 200
        session.rollback()


def test_forty_units_send_in_one_minute_with_five_retries_each(app: FastAPI, server: str, api: Api) -> None:
    """Their own token, their own key, the answer lost four times: no error, nothing twice."""
    anybody = api("city_analyst")
    units = [u["code"] for u in anybody.get("/api/v1/units").json()["items"] if u["kind"] in ("ward", "commune")]
    tokens = {code: api("machine", code, scopes=["figures:send"]).headers["authorization"] for code in units}
    for code in units[::4]:
        setting = {"unit": code, "system": "city", "source": "one-gate", "confirms": True}
        assert anybody.put("/api/v1/throughput/figures/sources", json=setting).status_code == 200

    def send(code: str, number: int) -> list[tuple[int, bytes]]:
        line_of = {key: value for key, value in line(received_online=number).items() if key != "received_post"}
        items = [{"unit": code, "day": DAY, "system": s, "lines": [line_of]} for s in ("city", "ministry")]
        body = {"source": "one-gate", "basis": "daily", "items": items}
        seen = []
        with caller(server, tokens[code]) as client:
            for attempt in range(6):
                # The last retry has lost its key too.
                headers = {"idempotency-key": f"{code}-night"} if attempt < 5 else {}
                answer = client.put("/api/v1/throughput/figures", json=body, headers=headers)
                seen.append((answer.status_code, answer.content))
        return seen

    seen = at_once([partial(send, code, n) for n, code in enumerate(units)])
    assert len(seen) == 40
    for of_unit in seen:
        assert [status for status, _ in of_unit] == [200] * 6, of_unit
        assert len({content for _, content in of_unit[:5]}) == 1
        assert b'"unchanged":2' in of_unit[5][1]
    assert _count(app, "select count(*) from figure_days") == 80
    assert _count(app, "select count(*) from figure_days where version > 1") == 0
    assert _count(app, "select count(*) from external_figures") == 80 * 6
    assert _count(app, "select count(*) from report_revisions") == len(units[::4])
    assert faults_of(app) == []


def test_two_wards_at_once_are_both_in_the_citys_figure(app: FastAPI, server: str, api: Api) -> None:
    """The first reports of months and their corrections, and a reading typed in the same moment."""
    analyst = api("city_analyst")
    tokens = {unit: api(unit=unit).headers["authorization"] for unit in (WARD, OTHER)}
    tokens["analyst"] = analyst.headers["authorization"]
    clients = {name: caller(server, token) for name, token in tokens.items()}
    wards = (WARD, OTHER)
    tags: dict[str, dict[str, str]] = {unit: {} for unit in wards}
    for number in range(12):
        calls: list[Callable[[], Response]] = []
        for unit in wards:
            counts: dict[str, Any] = {"received_online": 5 + number, "received_counter": 1 + number}
            at = f"/api/v1/throughput/reports/{unit}/{DAY}/city"
            calls.append(partial(clients[unit].put, at, json=report(line(**counts)), headers=tags[unit]))
        if number == 6:
            body = {"period": "2026-11", "place": OTHER, "value": 50, "as_of": DAY, "source": "Thử"}
            calls.append(partial(clients["analyst"].post, "/api/v1/indicators/VH-01/readings", json=body))
        answers = at_once(calls)
        assert all(answer.is_success for answer in answers), [answer.text for answer in answers]
        tags = {unit: {"if-match": a.headers["etag"]} for unit, a in zip(wards, answers, strict=False)}
        shown = analyst.get("/api/v1/indicators/readings?indicator=VH-01&unit=city").json()["items"]
        assert [(r["numerator"], r["denominator"]) for r in shown] == [(2 * (5 + number), 2 * (6 + 2 * number))]
    standing = analyst.get(f"/api/v1/indicators/readings?indicator=VH-01&unit={OTHER}").json()["items"]
    assert [(r["value"], r["number"]) for r in standing] == [(50.0, 1)]
    for client in clients.values():
        client.close()
    assert faults_of(app) == []
