"""What the city approves goes out through the outbox: once at the receiver, the newest last, whatever happens between.

Against the simulator as a real process over loopback; a day passes by the set clock.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session
from typer.testing import CliRunner

from app.__main__ import cli
from app.core import audit
from app.core.clock import HUE
from app.core.jobs import service as outbox
from app.core.jobs.rules import Ending
from app.core.jobs.service import Ended, Held
from app.core.jobs.worker import Worker
from app.core.web import API
from app.portal import working
from app.portal.adapters.rules import Endpoint, Outcome, Purpose
from app.portal.adapters.transport import Exchange
from app.portal.health.connecting import PatientWatch
from tests.conftest import KIND
from tests.durability.live import at_once
from tests.support.clients import DAY, WARD, PageClient, SetClock, line, report
from tests.support.portal import Portal, put_messages, simulator

Api = Callable[..., TestClient]
REPORT = f"{API}/throughput/reports/{WARD}/{DAY}/city"
SUBJECT = f"{WARD}.{DAY}.city"
LEASE = timedelta(seconds=120)
READY = ["legacy", "rest"]


@pytest.fixture
def portal(template: str) -> Portal:
    """A simulator that was told nothing yet."""
    found = simulator(template)
    found.fault(None)
    return found


@pytest.fixture(params=["legacy", "rest"])
def pushing(request: pytest.FixtureRequest, app: FastAPI, portal: Portal) -> str:
    """An installation that tells each generation in turn."""
    return _switch_on(app, portal, request.param)


@pytest.fixture
def rest(app: FastAPI, portal: Portal) -> str:
    """An installation that tells the newer generation."""
    return _switch_on(app, portal, "rest")


def _switch_on(app: FastAPI, portal: Portal, generation: str) -> str:
    app.state.settings = app.state.settings.model_copy(update=portal.patient(generation))
    return generation


def worker(app: FastAPI) -> Worker:
    """Return another worker on the application's database and clock."""
    return working.worker(app.state.database, app.state.settings, app.state.clock)


def emptied(app: FastAPI) -> int:
    """Let one worker work until nothing is due; returns how many messages it tried."""
    one, turns = worker(app), 0
    while one.turn():
        turns += 1
    return turns


def rows(app: FastAPI, what: str = "state") -> list[Any]:
    """Return a column of the outbox, the oldest message first."""
    with app.state.database.engine.connect() as connection:
        return list(connection.execute(text(f"select {what} from outbox_messages order by id")).scalars())


def approve(api: Api, version: int, **counts: Any) -> TestClient:
    """Send a revision of the ward's day and approve it for the city."""
    officer, analyst = api("ward_officer"), api("city_analyst")
    tag = officer.get(REPORT).headers.get("etag")
    headers = {"if-match": tag} if tag and version > 1 else {}
    sent = officer.put(REPORT, json=report(line(**counts)), headers=headers)
    assert sent.status_code in (200, 201), sent.text
    said = analyst.put(f"{REPORT}/approvals/city", json={"version": version})
    assert said.status_code == 200, said.text
    return analyst


def put(app: FastAPI, count: int, *, of: str = "rest") -> None:
    """Put messages of as many units straight into the outbox."""
    with app.state.database.write() as session:
        put_messages(session, app.state.clock.now(), range(count), of=of)


def later(clock: SetClock, **passed: float) -> None:
    """Let time pass."""
    clock.set((clock.now() + timedelta(**passed)).isoformat())


def test_by_default_nothing_is_written_down(app: FastAPI, api: Api) -> None:
    assert app.state.settings.portal_push == "off"
    approve(api, 1, received_online=3, pending_overdue=0)
    assert rows(app) == []


def test_what_the_city_approves_is_told_once_and_whole(
    app: FastAPI, api: Api, portal: Portal, pushing: str
) -> None:  # fmt: skip
    officer = api("ward_officer")
    officer.put(REPORT, json=report(line(received_online=4, received_post=None)))
    api("ward_leader").put(f"{REPORT}/approvals/ward", json={"version": 1})
    assert rows(app) == [], "the ward's own word is not the city's"
    analyst = api("city_analyst")
    assert analyst.put(f"{REPORT}/approvals/city", json={"version": 7}).status_code == 412
    assert rows(app) == [], "what was refused is not told"
    analyst.put(f"{REPORT}/approvals/city", json={"version": 1})
    analyst.put(f"{REPORT}/approvals/city", json={"version": 1})
    assert rows(app, "key") == [f"{SUBJECT}.1.1"], "the same word again is no message"
    assert emptied(app) == 1
    assert (rows(app), portal.received()["arrivals"]) == (["sent"], {f"{SUBJECT}.1.1": 1})
    held = portal.received()["days"][SUBJECT]
    assert (held["revision"], held["withdrawn"], len(held["lines"])) == (1, False, 1)
    (told,) = held["lines"]
    nothing = (told["TiepNhanBuuChinh"], "") if pushing == "legacy" else (told["receivedPostal"], None)
    assert nothing[0] == nothing[1], "not told apart is not zero"
    assert told["TiepNhanTrucTuyen" if pushing == "legacy" else "receivedOnline"] in ("4", 4)


def test_how_a_message_ended_is_in_the_audit_chain(
    app: FastAPI, api: Api, portal: Portal, rest: str, clock: SetClock
) -> None:  # fmt: skip
    approve(api, 1, received_online=3)
    portal.fault("unavailable", times=1, seconds=0)
    worker(app).turn()
    later(clock, minutes=1)
    assert emptied(app) == 1
    portal.fault("refused")
    put(app, 1)
    worker(app).turn()
    put(app, 3)
    app.state.settings = app.state.settings.model_copy(update={"portal_push": "off"})
    later(clock, hours=25)
    worker(app).turn()
    query = text("select action, entity, after from audit_entries where action like 'portal.message%' order by number")
    with app.state.database.engine.connect() as connection:
        ended = [(row.action, row.entity, json.loads(row.after)) for row in connection.execute(query)]
    parked = ["U00000.2026-11-20.city.1.2", "U00001.2026-11-20.city.1.1", "U00002.2026-11-20.city.1.1"]
    assert ended == [
        ("portal.message_sent", f"portal/messages/{SUBJECT}.1.1", {"outcome": "ok", "attempt": 2}),
        ("portal.message_parked", "portal/messages/U00000.2026-11-20.city.1.1", {"outcome": "refused", "attempt": 1}),
        (
            "portal.messages_parked",
            "portal/messages",
            {"messages": parked},
        ),
    ], "a try that failed is in the exchanges"
    with app.state.database.read() as session:
        assert list(audit.broken_links(session)) == []


def test_a_newer_approval_takes_the_place_of_an_older_one(
    app: FastAPI, api: Api, portal: Portal, rest: str
) -> None:  # fmt: skip
    approve(api, 1, received_online=3)
    approve(api, 2, received_online=5)
    assert rows(app) == ["superseded", "waiting"]
    emptied(app)
    approve(api, 3, received_online=6)
    emptied(app)
    assert rows(app) == ["superseded", "sent", "sent"]
    told = portal.received()
    assert told["arrivals"] == {f"{SUBJECT}.2.2": 1, f"{SUBJECT}.3.3": 1}
    assert (told["days"][SUBJECT]["revision"], told["days"][SUBJECT]["lines"][0]["receivedOnline"]) == (3, 6)


def test_a_withdrawn_approval_is_not_told_or_is_taken_back(
    app: FastAPI, api: Api, portal: Portal, pushing: str
) -> None:  # fmt: skip
    analyst = approve(api, 1, received_online=3)
    withdrawal = f"{REPORT}/approvals/city/withdrawal"
    assert analyst.post(withdrawal, json={"reason": "Nhầm ngày"}).status_code == 200
    assert (rows(app), emptied(app)) == (["cancelled"], 0), "nobody had been told"
    analyst.put(f"{REPORT}/approvals/city", json={"version": 1})
    emptied(app)
    analyst.post(withdrawal, json={"reason": "Nhầm ngày"})
    emptied(app)
    assert portal.received()["days"][SUBJECT]["withdrawn"] is True
    analyst.put(f"{REPORT}/approvals/city", json={"version": 1})
    emptied(app)
    held = portal.received()["days"][SUBJECT]
    assert (held["withdrawn"], held["revision"], held["sequence"]) == (False, 1, 4), "the same revision once more"
    assert analyst.post(f"{REPORT}/approvals/city/return", json={"reason": "Sai lĩnh vực"}).status_code == 200
    emptied(app)
    assert portal.received()["days"][SUBJECT]["withdrawn"] is True, "what is returned is approved no more"
    assert all(count == 1 for count in portal.received()["arrivals"].values())


def test_while_an_older_message_is_on_its_way_a_newer_one_waits_for_it(
    app: FastAPI, api: Api, portal: Portal, rest: str
) -> None:  # fmt: skip
    approve(api, 1, received_online=3)
    held = claimed(app)
    assert held is not None
    approve(api, 2, received_online=5)
    assert worker(app).turn() is False, "never a newer before an older that may still arrive"
    settled(app, held, Ended(Ending.again, "torn"))
    assert rows(app) == ["superseded", "waiting"], "what failed and is superseded is not tried again"
    assert emptied(app) == 1
    assert portal.received()["arrivals"] == {f"{SUBJECT}.2.2": 1}


@pytest.mark.each
@pytest.mark.parametrize("fault", ["reset", "half", "cut", "slow"])
def test_a_lost_answer_is_no_second_message(
    app: FastAPI, api: Api, portal: Portal, pushing: str, clock: SetClock, fault: str
) -> None:  # fmt: skip
    if fault == "slow":
        app.state.settings = app.state.settings.model_copy(update={"portal_read_seconds": 0.6})
    one = worker(app)
    put(app, 1, of=pushing)
    assert one.turn(), "it has signed in: the fault is the message's own"
    approve(api, 1, received_online=3)
    portal.fault(fault, generation=pushing, forget=False, times=1, seconds=2)
    assert (one.turn(), one.turn(), rows(app)) == (True, False, ["sent", "waiting"])
    later(clock, seconds=2)
    assert one.turn()
    assert portal.received()["arrivals"] == {"U00000.2026-11-20.city.1.1": 1, f"{SUBJECT}.1.1": 2}
    assert portal.received()["days"][SUBJECT]["sequence"] == 1
    with app.state.database.engine.connect() as connection:
        ends = connection.execute(text("select outcome from outbox_attempts order by message_id, number")).scalars()
        assert list(ends) == ["ok", {"slow": "timeout", "cut": "not_json"}.get(fault, "torn"), "known"]


def test_a_day_without_the_portal_loses_nothing(
    app: FastAPI, api: Api, portal: Portal, rest: str, clock: SetClock
) -> None:  # fmt: skip
    put(app, 5)
    began = clock.now()
    portal.fault("unavailable", seconds=0)
    one = worker(app)
    for step in [30] * 20 + [20 * 60] * 70:
        while one.turn():
            pass
        later(clock, seconds=step)
        if clock.now() - began == timedelta(minutes=10):
            assert portal.calls()["rest /token"] <= 5 + 20, "while it is left alone, one call in thirty seconds"
    assert timedelta(hours=23, minutes=20) < clock.now() - began < timedelta(hours=24)
    assert set(rows(app)) == {"waiting"}
    portal.fault(None)
    returned = clock.now()
    while not one.turn():
        later(clock, seconds=30)
    assert clock.now() - returned <= timedelta(minutes=15), "no longer than the longest wait"
    assert emptied(app) == 4, "and the first that goes out wakes the others"
    assert set(rows(app)) == {"sent"}
    assert portal.received()["arrivals"] == {f"U{n:05d}.2026-11-20.city.1.1": 1 for n in range(5)}


def test_after_a_day_a_message_is_parked_and_a_person_sends_it_again(
    app: FastAPI, api: Api, portal: Portal, rest: str, clock: SetClock
) -> None:  # fmt: skip
    put(app, 3)
    portal.fault("html")
    one = worker(app)
    for _ in range(24 * 3 + 2):
        while one.turn():
            pass
        later(clock, minutes=20)
    assert set(rows(app)) == {"parked"}
    portal.fault(None)
    assert emptied(app) == 0, "a parked message is a person's"
    analyst = api("city_analyst")
    found = analyst.get(f"{API}/portal/messages?state=parked").json()["items"]
    assert [one["state"] for one in found] == ["parked"] * 3
    path = f"{API}/portal/messages/{found[0]['id']}/replay"
    assert analyst.post(path, json={"reason": " "}).status_code == 422
    assert api("leader").post(path, json={"reason": "Cổng đã hoạt động lại"}).status_code == 403
    assert analyst.post(path, json={"reason": "Cổng đã hoạt động lại"}).json()["state"] == "waiting"
    again = analyst.post(path, json={"reason": "Cổng đã hoạt động lại"})
    assert (again.status_code, again.json()["code"]) == (409, "message_not_parked")
    assert emptied(app) == 1
    told = analyst.post(f"{API}/portal/messages/replay", json={"reason": "Cổng đã hoạt động lại"}).json()
    assert told == {"replayed": 2}
    emptied(app)
    assert set(rows(app)) == {"sent"}
    assert set(portal.received()["arrivals"].values()) == {1}
    shown = analyst.get(f"{API}/portal/messages/{found[0]['id']}").json()
    assert [one["outcome"] for one in shown["tries"]][-1] == "ok"
    assert shown["tries"][0]["outcome"] in ("not_json", "ok")
    with app.state.database.engine.connect() as connection:
        why = text("select reason from audit_entries where action = 'portal.message_replayed'")
        assert list(connection.execute(why).scalars()) == ["Cổng đã hoạt động lại"] * 3


def test_what_the_portal_answers_with_no_is_parked_at_once(app: FastAPI, portal: Portal, pushing: str) -> None:
    put(app, 2, of=pushing)
    portal.fault("refused", generation=pushing, times=2)  # the sign-in, and the first message
    assert emptied(app) == 2
    assert (rows(app), rows(app, "attempts")) == (["parked", "sent"], [1, 1])
    assert rows(app, "last_outcome") == ["refused", "ok"]
    assert set(portal.received()["arrivals"]) == {"U00001.2026-11-20.city.1.1"}


def test_a_sign_in_that_is_refused_parks_nothing(app: FastAPI, portal: Portal, rest: str) -> None:
    put(app, 1)
    wrong = app.state.settings.model_copy(update={"portal_rest_url": portal.rest + "/elsewhere"})
    app.state.settings = wrong
    emptied(app)
    assert rows(app, "last_outcome") == ["refused"]
    assert rows(app) == ["waiting"], "a sign-in that is refused says nothing of the message"


def test_after_a_correction_a_return_takes_back_what_was_told_before_it(
    app: FastAPI, api: Api, portal: Portal, pushing: str
) -> None:  # fmt: skip
    approve(api, 1, received_online=3)
    emptied(app)
    corrected = report(line(received_online=5))
    assert api("ward_officer").put(REPORT, json=corrected, headers={"if-match": '"1"'}).status_code == 200
    assert rows(app) == ["sent"], "a correction that nobody approved is not told"
    for reason in ("Sai lĩnh vực", "Sai lĩnh vực", "Sai cả kênh tiếp nhận"):
        answer = api("city_analyst").post(f"{REPORT}/approvals/city/return", json={"reason": reason})
        assert answer.status_code == 200, answer.text
        emptied(app)
    assert rows(app, "key") == [f"{SUBJECT}.1.1", f"{SUBJECT}.1.2"], "one withdrawal, of what was told"
    held = portal.received()["days"][SUBJECT]
    assert (held["withdrawn"], held["revision"], held["sequence"]) == (True, 1, 2)


def test_after_a_correction_the_approval_before_it_is_taken_back_by_itself(
    app: FastAPI, api: Api, portal: Portal, pushing: str, people: Callable[..., PageClient]
) -> None:  # fmt: skip
    approve(api, 1, received_online=3)
    emptied(app)
    corrected = report(line(received_online=5))
    assert api("ward_officer").put(REPORT, json=corrected, headers={"if-match": '"1"'}).status_code == 200
    browser, at = people("city_analyst"), REPORT.removeprefix(API) + "/approvals"
    page = browser.get(at).text
    assert "Thu hồi phê duyệt của lần 1" in page
    answer = browser.post(f"{at}/city/withdrawal", data={"version": "1", "reason": "Chờ xác minh số liệu"})
    assert answer.status_code == 303, answer.text
    assert "Thu hồi phê duyệt" not in browser.get(at).text
    emptied(app)
    held = portal.received()["days"][SUBJECT]
    assert (held["withdrawn"], held["revision"], held["sequence"]) == (True, 1, 2)
    approved = api("city_analyst").put(f"{REPORT}/approvals/city", json={"version": 2})
    assert approved.status_code == 200, approved.text
    emptied(app)
    held = portal.received()["days"][SUBJECT]
    assert (held["withdrawn"], held["revision"], held["sequence"]) == (False, 2, 3), (
        "the correction is free to be looked at"
    )


def test_a_return_before_anything_went_out_tells_nothing(app: FastAPI, api: Api, rest: str) -> None:
    approve(api, 1, received_online=3)
    corrected = report(line(received_online=5))
    assert api("ward_officer").put(REPORT, json=corrected, headers={"if-match": '"1"'}).status_code == 200
    api("ward_leader").post(f"{REPORT}/approvals/ward/return", json={"reason": "Xem lại"})
    assert rows(app) == ["waiting"], "the ward's own word is not the city's"
    api("city_analyst").post(f"{REPORT}/approvals/city/return", json={"reason": "Sai lĩnh vực"})
    assert (rows(app), emptied(app)) == (["cancelled"], 0)


def test_a_system_that_fails_is_left_alone_by_all_workers(
    app: FastAPI, portal: Portal, rest: str, clock: SetClock
) -> None:  # fmt: skip
    put(app, 20)
    portal.fault("html")
    workers = [worker(app) for _ in range(3)]
    for _ in range(10):
        for one in workers:
            one.turn()
    assert portal.calls() == {"rest /token": 5}
    later(clock, seconds=30)
    for _ in range(5):
        for one in workers:
            one.turn()
    assert portal.calls() == {"rest /token": 6}, "one call goes through to see"
    with app.state.database.engine.connect() as connection:
        tries = connection.execute(text("select sum(attempts) from outbox_messages")).scalar_one()
    assert tries == 6, "what was not sent is not counted as tried"


def claimed(app: FastAPI, name: str = "one") -> Held | None:
    """Claim the next message in a worker's name."""
    with app.state.database.write() as session:
        return outbox.claim(session, name, app.state.clock.now(), LEASE, ready=READY)


def settled(app: FastAPI, held: Held, ended: Ended) -> None:
    """Note how a try ended."""
    with app.state.database.write() as session:
        outbox.settle(session, held, ended, app.state.clock.now(), chance=0.0)


def test_a_dead_workers_message_is_another_s_when_the_lease_is_over(
    app: FastAPI, rest: str, clock: SetClock
) -> None:  # fmt: skip
    put(app, 1)
    dead = claimed(app, "dead")
    assert dead is not None
    later(clock, seconds=119)
    assert claimed(app, "other") is None
    later(clock, seconds=1)
    other = claimed(app, "other")
    assert other is not None
    assert (other.key, other.attempt) == (dead.key, 2)
    settled(app, dead, Ended(Ending.again, "timeout"))
    assert rows(app, "claimed_by") == ["other"], "who lost his lease disturbs nobody"
    settled(app, other, Ended(Ending.done, "ok"))
    assert (rows(app), claimed(app)) == (["sent"], None)


def test_a_wait_that_was_asked_for_is_waited_for_and_not_woken(
    app: FastAPI, portal: Portal, rest: str, clock: SetClock
) -> None:  # fmt: skip
    put(app, 3)
    portal.fault("too_many", times=1, seconds=600)
    assert worker(app).turn()
    asked = claimed(app), claimed(app)
    assert [one and one.key[:6] for one in asked] == ["U00001", "U00002"], "the first waits as long as it was asked"
    for one in asked:
        assert one is not None
        settled(app, one, Ended(Ending.again, "failed"))
    later(clock, seconds=1)
    own, other = claimed(app), claimed(app)
    assert own is not None
    assert other is not None
    settled(app, own, Ended(Ending.again, "failed"))
    settled(app, other, Ended(Ending.done, "ok"))
    woken = claimed(app)
    assert woken is not None
    assert (woken.key, claimed(app)) == (own.key, None), "its own wait ends with the first that goes out"
    settled(app, woken, Ended(Ending.done, "ok"))
    later(clock, seconds=598)
    assert claimed(app) is None
    later(clock, seconds=1)
    first = claimed(app)
    assert first is not None
    assert first.key.startswith("U00000")


def test_a_message_sent_again_by_a_person_begins_with_short_waits(app: FastAPI, rest: str, clock: SetClock) -> None:
    put(app, 1)
    for _ in range(12):
        held = claimed(app)
        assert held is not None
        settled(app, held, Ended(Ending.again, "failed"))
        later(clock, minutes=15)
    last = claimed(app)
    assert last is not None
    settled(app, last, Ended(Ending.never, "refused"))
    later(clock, hours=1)
    with app.state.database.write() as session:
        assert len(outbox.replay(session, clock.now())) == 1
    for attempt, wait in enumerate((0, 1, 2, 4), start=14):
        later(clock, seconds=wait)
        held = claimed(app)
        assert held is not None, f"{wait} s after the try before"
        assert held.attempt == attempt, "the tries before it stay"
        settled(app, held, Ended(Ending.again, "failed"))


@pytest.mark.skipif(KIND != "sqlite", reason="only SQLite lets one write at a time")
def test_a_lease_begins_when_the_database_is_free(app: FastAPI, portal: Portal, rest: str, clock: SetClock) -> None:
    put(app, 1)
    one, looked, until = worker(app), threading.Event(), []
    look, send = one.sender.looked, one.sender.send

    def looking(session: Session, now: datetime) -> tuple[list[str], list[str]]:
        looked.set()
        return look(session, now)

    def sending(held: Held, lease: timedelta) -> Ended:
        until.extend(rows(app, "claimed_until"))
        return send(held, lease)

    one.sender.looked, one.sender.send = looking, sending  # type: ignore[method-assign]
    thread = threading.Thread(target=one.turn)
    with app.state.database.write() as session:
        session.connection()
        thread.start()
        assert looked.wait(30)
        time.sleep(0.1)  # it may wait by now; that it does is not what is judged
        later(clock, seconds=100)
    thread.join(30)
    assert [datetime.fromisoformat(one) for one in until] == [(clock.now() + LEASE).replace(tzinfo=None)]


def test_what_a_failed_transaction_noted_is_noted_again(app: FastAPI, rest: str) -> None:
    watch = PatientWatch(app.state.database, app.state.clock)
    watch.note(Exchange(Endpoint.rest, Purpose.push, 1, Outcome.failed, 500, 3, b"{}", b"{}"))

    def noted(fail: bool) -> int:
        with app.state.database.write() as session:
            session.info["audit_context"] = audit.Context(app.state.clock.now(), None, "test", "command")
            watch.write(session)
            if fail:
                raise TimeoutError
        with app.state.database.engine.connect() as connection:
            return int(connection.execute(text("select count(*) from portal_exchanges")).scalar_one())

    with pytest.raises(TimeoutError):
        noted(fail=True)
    assert noted(fail=False) == 1
    assert noted(fail=False) == 1, "and once"


def test_several_workers_never_hold_one_message_twice(app: FastAPI, rest: str, portal: Portal) -> None:
    put(app, 60)
    workers = [worker(app) for _ in range(6)]

    def until_empty(one: Worker) -> int:
        turns = 0
        while one.turn():
            turns += 1
        return turns

    turns = at_once([lambda one=one: until_empty(one) for one in workers])  # type: ignore[misc]
    assert sum(turns) == 60
    assert set(rows(app, "attempts")) == {1}
    told = portal.received()
    assert (len(told["days"]), set(told["arrivals"].values())) == (60, {1})


def test_the_queue_is_shown_with_the_connection(
    app: FastAPI, api: Api, portal: Portal, rest: str, clock: SetClock
) -> None:  # fmt: skip
    put(app, 2)
    later(clock, minutes=3)
    found = {one["endpoint"]: one for one in api("city_analyst").get(f"{API}/portal/health").json()["items"]}
    assert (found["rest"]["queued"], found["rest"]["parked"], found["legacy"]["queued"]) == (2, 0, 0)
    oldest = datetime.fromisoformat(found["rest"]["oldest_queued_at"])
    assert clock.now() - oldest == timedelta(minutes=3)


def test_the_night_s_round_is_one_worker_s(app: FastAPI, portal: Portal, rest: str, clock: SetClock) -> None:
    clock.set(datetime(2026, 11, 20, 2, 31, tzinfo=HUE).isoformat())
    state = app.state

    def night(name: str) -> list[str]:
        return working.night(state.database, state.settings, state.clock, name)

    both = ["portal-pull", "portal-recount"]
    assert (night("one"), night("other")) == (both, [])
    later(clock, hours=23)
    assert night("other") == []
    later(clock, hours=1)
    portal.fault("html")
    assert night("other") == both
    later(clock, minutes=20)
    assert night("one") == [], "what failed is tried again, but not at once"
    portal.fault(None)
    later(clock, minutes=10)
    assert (night("one"), night("one")) == (["portal-pull"], [])
    state.settings = state.settings.model_copy(update={"worker_nightly_at": "off"})
    later(clock, days=2)
    assert night("one") == []


def test_a_message_s_page_says_what_to_do(
    app: FastAPI, people: Callable[..., PageClient], rest: str, portal: Portal
) -> None:  # fmt: skip
    put(app, 2)
    emptied(app)
    with app.state.database.write() as session:
        parked = "update outbox_messages set state = 'parked', last_outcome = 'refused' where id = 2"
        session.execute(text(parked))
    analyst = people("city_analyst")
    assert "Hệ thống nhận đã xác nhận" in analyst.get("/portal/messages/1").text
    page = analyst.get("/portal/messages/2").text
    assert 'action="/portal/messages/2/replay"' in page
    assert 'action="/portal/messages/2/replay"' not in people("leader").get("/portal/messages/2").text
    assert "/portal/messages?state=parked&amp;endpoint=rest" in analyst.get("/portal/health").text
    listed = analyst.get("/portal/messages?state=parked").text
    assert "U00001" in listed
    assert "U00000" not in listed
    refused = analyst.post("/portal/messages/2/replay", data={"reason": ""})
    assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (422, True)
    again = analyst.post("/portal/messages/replay", data={"reason": "Đã sửa tài khoản"})
    assert (again.status_code, again.headers["location"]) == (303, "/portal/messages")
    late = analyst.post("/portal/messages/2/replay", data={"reason": "Đã sửa tài khoản"})
    assert (late.status_code, "không còn chờ xử lý thủ công" in late.text) == (409, True)


def test_serve_sends_too_where_it_is_set(app: FastAPI, portal: Portal, rest: str) -> None:
    put(app, 2)
    state = app.state
    settings = state.settings.model_copy(update={"worker_in_serve": True, "worker_nightly_at": "off"})

    async def serve() -> None:
        async with working.beside(state.database, settings, state.clock):
            for _ in range(600):
                if set(rows(app)) == {"sent"}:
                    return
                await asyncio.sleep(0.05)

    asyncio.run(serve())
    assert set(rows(app)) == {"sent"}
    assert not [one for one in threading.enumerate() if one.name.startswith("portal-worker")], "it ended with the block"


def test_a_command_sends_again_what_is_parked(
    app: FastAPI, database_url: str, rest: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    put(app, 3)
    with app.state.database.write() as session:
        session.execute(text("update outbox_messages set state = 'parked', ended_at = created_at where id < 3"))
    monkeypatch.setenv("DATABASE_URL", database_url)
    why = ["portal-replay", "--reason", "Cổng chạy lại"]
    assert CliRunner().invoke(cli, [*why, "--message", "no-such"]).exit_code != 0
    one = CliRunner().invoke(cli, [*why, "--message", "U00001.2026-11-20.city.1.1"])
    assert (one.exit_code, rows(app)) == (0, ["parked", "waiting", "waiting"]), one.output
    both = CliRunner().invoke(cli, why)
    assert (both.exit_code, set(rows(app)), both.output) == (0, {"waiting"}, "1 messages wait to be sent again.\n")
