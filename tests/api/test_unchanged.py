"""What is asked again and again is answered before it is worked out, as long as nothing has changed, and no longer."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text, update

from app.accounts.models import UserSession
from app.core import stamps
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report

Make = Callable[..., TestClient]
People = Callable[..., PageClient]
PAGES = ("/dashboard", "/throughput/board")


@pytest.fixture(autouse=True)
def _within_a_minute(clock: SetClock) -> None:
    clock.set("2026-11-20T16:45:30+07:00")


def behind_its_back(app: FastAPI, label: str) -> None:
    """Name everybody anew without a word in the audit, which nothing in the application does: who looks, sees it."""
    with app.state.database.engine.begin() as connection:
        connection.execute(text("update users set label = :label"), {"label": label})


def again(client: TestClient, path: str, tag: str) -> int:
    """Ask for a page that one has, and return the status of the answer."""
    return client.get(path, headers={"if-none-match": tag}).status_code


@pytest.mark.parametrize("path", PAGES)
def test_the_same_question_is_answered_without_looking_while_nothing_has_changed(
    app: FastAPI, people: People, path: str
) -> None:
    leader = people("leader")
    first = leader.get(path)
    behind_its_back(app, "Người khác")
    unchanged = leader.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    for name in ("etag", "link", "cache-control", "content-security-policy"):
        assert unchanged.headers[name] == first.headers[name], name
    assert unchanged.headers["x-request-id"] != first.headers["x-request-id"]
    assert again(leader, path, '"another"') == 200, "who has another page is not told that it stands"
    assert (
        again(leader, f"{path}?unit={WARD}" if path == "/dashboard" else f"{path}?q=hue", first.headers["etag"]) == 200
    )


def test_the_city_s_word_is_that_of_its_last_change(app: FastAPI, people: People, api: Make) -> None:
    leader = people("leader")
    tag = leader.get("/throughput/board").headers["etag"]
    at = f"/api/v1/throughput/reports/{WARD}/{DAY}/city"
    assert api("ward_officer", WARD).put(at, json=report(line(received_online=7))).status_code == 201
    changed = leader.get("/throughput/board", headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    with app.state.database.write() as session:
        stamps.touch(session, "reference")  # reference data have a stamp
    behind_its_back(app, "Người khác")
    assert again(leader, "/throughput/board", changed.headers["etag"]) == 200


def test_what_moves_by_the_clock_is_looked_at_every_minute(app: FastAPI, people: People, clock: SetClock) -> None:
    leader = people("leader")
    clock.set("2026-11-20T16:59:10+07:00")
    tag = leader.get("/throughput/board").headers["etag"]
    clock.set("2026-11-20T16:59:59.999+07:00")
    assert again(leader, "/throughput/board", tag) == 304
    clock.set("2026-11-20T17:00:00+07:00")
    at_the_minute = leader.get("/throughput/board").headers["etag"]
    clock.set("2026-11-20T17:00:00.001+07:00")
    assert again(leader, "/throughput/board", tag) == 200, "what was due is late"
    assert again(leader, "/throughput/board", at_the_minute) == 200, "a moment later it is late"


@pytest.mark.parametrize("path", PAGES)
def test_nobody_is_answered_in_another_s_name(people: People, api: Make, path: str) -> None:
    leader, ward = people("leader"), people("ward_leader", OTHER)
    tag = leader.get(path).headers["etag"]
    assert again(ward, path, tag) == 200
    machine = api("leader")
    first = machine.get(f"/api/v1{path}")
    assert again(machine, f"/api/v1{path}", first.headers["etag"]) == 304
    stranger = TestClient(machine.app, base_url="https://testserver", follow_redirects=False)
    assert again(stranger, f"/api/v1{path}", first.headers["etag"]) == 401
    assert again(stranger, path, tag) in (303, 401)
    leader.locale = "en"
    leader.cookies.set("lang", "en")
    assert again(leader, path, tag) == 200


def test_a_session_that_ends_within_a_minute_is_over_then(app: FastAPI, people: People, clock: SetClock) -> None:
    leader = people("leader")
    with app.state.database.engine.begin() as connection:
        end = datetime.fromisoformat("2026-11-20T16:45:40+07:00").astimezone(UTC)
        connection.execute(update(UserSession).values(expires_at=end))
    tag = leader.get("/dashboard").headers["etag"]
    clock.set("2026-11-20T16:45:39+07:00")
    assert again(leader, "/dashboard", tag) == 304
    clock.set("2026-11-20T16:45:40+07:00")
    assert again(leader, "/dashboard", tag) == 303


def test_ending_a_session_elsewhere_ends_it_here(people: People) -> None:
    leader, elsewhere = people("leader"), people("leader")
    tag = leader.get("/dashboard").headers["etag"]
    assert elsewhere.get("/dashboard").status_code == 200
    assert leader.post("/sign-out").status_code == 303
    assert again(leader, "/dashboard", tag) in (303, 401)
