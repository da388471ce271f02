"""The one-gate system's door: counts in any order, nothing of persons anywhere, what is not known laid aside."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.core.web import API
from tests.conftest import KIND
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock

Api = Callable[..., TestClient]
BEFORE = "2026-11-19"
AT = f"{API}/portal/events"
SECRETS = ("Nguyễn Thị Bí Mật", "0987654321", "bi.mat@example.vn", "046123456789", "12 Lê Lợi", "H57.12-261119-")


@pytest.fixture
def keyed(app: FastAPI, tmp_path: Path) -> None:
    """An installation with a key of its own."""
    key = tmp_path / "key"
    key.write_text("khóa của riêng thành phố, đủ dài để không ai đoán ra")
    app.state.settings = app.state.settings.model_copy(update={"portal_key_file": str(key)})


@pytest.fixture
def machine(api: Api, keyed: None) -> TestClient:
    """The one-gate system."""
    return api("machine", scopes=["portal:events", "reports:read"])


def event(number: int, status: int, at: str, **more: Any) -> dict[str, Any]:
    """Return a change of a dossier's status; `at` is a day with or without its time."""
    return {
        "dossier": f"H57.12-261119-{number:04d}", "procedure": "1.001193", "receiving_unit": WARD,
        "competent_unit": WARD, "channel": "online", "status": status,
        "at": at if "T" in at else f"{at}T09:00:00+07:00",
    } | more  # fmt: skip


def send(client: TestClient, *events: dict[str, Any], source: str = "one-gate") -> dict[str, Any]:
    """Send events and return what became of them."""
    answer = client.post(AT, json={"source": source, "events": list(events)})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def counts(client: TestClient, unit: str = WARD, day: str = DAY, source: str = "one-gate") -> dict[str, dict[str, int]]:
    """Return what the source proposes of a unit's day, by field, without what is 0."""
    found = client.get(f"{API}/throughput/figures?unit={unit}&day={day}&source={source}").json()["items"]
    lines = found[0]["lines"] if found else []
    return {one["field"]: {k: v for k, v in one.items() if isinstance(v, int) and v} for one in lines}


def test_a_dossiers_way_becomes_the_days_counts(machine: TestClient) -> None:
    said = send(
        machine,
        event(1, 1, BEFORE), event(1, 2, BEFORE, due_at=f"{DAY}T17:00:00+07:00"), event(1, 9, f"{DAY}T08:00:00+07:00"),
        event(2, 2, DAY, channel="post", received_at=f"{DAY}T08:00:00+07:00"), event(2, 7, f"{DAY}T10:00:00+07:00"),
        event(3, 1, DAY), event(4, 2, DAY, channel="counter", procedure="9.999999"),
    )  # fmt: skip
    assert (said["accepted"], said["duplicates"], said["aside"], said["refused_days"]) == (7, 0, [], [])
    assert counts(machine, day=BEFORE) == {"HT": {"received_online": 1}}
    assert counts(machine) == {
        "HT": {"received_post": 1, "resolved_on_time": 2, "withdrawn": 1}, "UNSPLIT": {"received_counter": 1}
    }  # fmt: skip
    again = send(machine, event(1, 2, BEFORE, due_at=f"{DAY}T17:00:00+07:00"))
    assert (again["accepted"], again["duplicates"], again["unit_days"]) == (0, 1, 0)


def test_a_late_event_moves_what_was_counted(machine: TestClient) -> None:
    send(machine, event(1, 4, DAY), event(1, 9, f"{DAY}T10:00:00+07:00", due_at=f"{BEFORE}T17:00:00+07:00"))
    assert counts(machine) == {"HT": {"received_online": 1, "resolved_overdue": 1}}
    said = send(machine, event(1, 2, BEFORE))
    assert said["unit_days"] == 2 + 0, said
    assert (counts(machine, day=BEFORE), counts(machine)) == (
        {"HT": {"received_online": 1}}, {"HT": {"resolved_overdue": 1}}
    )  # fmt: skip
    send(machine, event(1, 4, f"{BEFORE}T15:00:00+07:00", competent_unit=OTHER))
    assert counts(machine, day=BEFORE) == {}, "within a day the receiver counts alone"
    assert counts(machine, OTHER, BEFORE) == {"HT": {"received_online": 1}}


def _stream(seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    events = []
    for number in range(25):
        for _ in range(chance.randint(1, 5)):
            at = f"2026-11-{chance.randint(16, 20)}T{chance.randint(7, 16):02d}:{chance.randint(0, 59):02d}:00+07:00"
            due = {} if chance.random() < 0.4 else {"due_at": f"2026-11-{chance.randint(16, 25)}T17:00:00+07:00"}
            unit = chance.choice((WARD, WARD, OTHER))
            events.append(event(number, chance.randint(1, 10), at, competent_unit=unit, **due))
    return events


@pytest.mark.parametrize("seed", range(4))
def test_disorder_copies_and_delays_end_in_the_same_state(api: Api, keyed: None, seed: int) -> None:
    events, chance = _stream(seed), random.Random(seed + 100)
    machine = api("machine", scopes=["portal:events", "reports:read"])
    send(machine, *events, source="ordered")
    mixed = [*events, *chance.choices(events, k=20)]
    chance.shuffle(mixed)
    for start in range(0, len(mixed), 17):
        send(machine, *mixed[start : start + 17], source="mixed")
    days = [f"2026-11-{day}" for day in range(16, 21)]
    said = {s: [counts(machine, u, d, s) for u in (WARD, OTHER) for d in days] for s in ("ordered", "mixed")}
    assert said["ordered"] == said["mixed"]
    assert sum(map(bool, said["ordered"])) > 5


def test_nothing_of_a_person_reaches_database_log_or_what_is_laid_aside(
    app: FastAPI, machine: TestClient, database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    name, telephone, mail, citizen, address, _ = SECRETS
    no_event: Any = name
    person = {
        "ChuHoSo": name,
        "SoDienThoai": telephone,
        "Email": mail,
        "CCCD": citizen,
        "applicant": {"address": address},
    }
    said = send(
        machine,
        event(1, 2, DAY, **person),
        event(2, 2, DAY, receiving_unit="XX-01", **person),
        event(3, 2, DAY, procedure=name, **person),
        event(4, 2, DAY, competent_unit=citizen), event(5, 2, DAY, competent_unit=telephone),
        event(6, 99, DAY, note=name), event(7, 2, "2026-11-27", **person),
        event(8, 2, name), {"ChuHoSo": name}, no_event,
    )  # fmt: skip
    assert said["accepted"] == 1
    assert [(one["index"], one["fault"], one["place"]) for one in said["aside"]][:3] == [
        (1, "unknown_unit", "receiving_unit"), (2, "unreadable", "procedure"), (3, "unreadable", "competent_unit"),
    ]  # fmt: skip
    assert len(said["aside"]) == 9
    # The envelope itself wrong, the body no JSON, and a call that is kept to be answered again.
    for body in ({"source": "", "events": [person]}, {"source": "one-gate", "events": name}, [name]):
        answer = machine.post(AT, json=body)
        assert answer.status_code == 422
        assert not [secret for secret in SECRETS if secret in answer.text]
    assert machine.post(AT, content=f"{{{name}".encode()).status_code in (415, 422)
    kept = {"source": "one-gate", "events": [event(9, 2, DAY, **person)]}
    assert machine.post(AT, json=kept, headers={"Idempotency-Key": "k"}).status_code == 200
    if KIND == "sqlite":
        path = Path(database_url.removeprefix("sqlite:///"))
        stored = b"".join(one.read_bytes() for one in path.parent.iterdir())
    else:
        with app.state.database.engine.connect() as connection:
            names = connection.execute(text("select tablename from pg_tables where schemaname = 'public'")).scalars()
            rows = [connection.execute(text(f'select * from "{one}"')).all() for one in names.all()]
            stored = str(rows).encode()
    logged = "".join(capfd.readouterr()).encode()
    assert b"XX-01" in stored
    for secret in SECRETS:
        for written in (secret.encode(), secret.encode("utf-16-le"), secret.encode("unicode-escape")):
            assert written not in stored, secret
            assert written not in logged, secret


def test_what_has_no_known_unit_waits_and_is_counted_once_it_has(machine: TestClient, api: Api) -> None:
    analyst = api("city_analyst")
    strange = event(1, 2, DAY, receiving_unit="H57.40", competent_unit="H57.40")
    assert send(machine, strange)["aside"][0]["fault"] == "unknown_unit"
    send(machine, strange)
    (aside,) = analyst.get(f"{API}/portal/aside").json()["items"]
    assert (aside["code"], aside["events"], aside["source"]) == ("H57.40", 1, "one-gate")
    nothing = analyst.post(f"{API}/portal/aside/one-gate/replay").json()
    assert nothing == {"accepted": 0, "duplicates": 0, "left": 1}
    code = {"source": "one-gate", "kind": "unit", "code": "H57.40", "target": WARD}
    assert analyst.put(f"{API}/external-codes", json=code).status_code == 201
    assert analyst.post(f"{API}/portal/aside/one-gate/replay").json() == {"accepted": 1, "duplicates": 0, "left": 0}
    assert counts(machine) == {"HT": {"received_online": 1}}
    assert analyst.get(f"{API}/portal/aside").json()["items"] == []
    (feed,) = analyst.get(AT).json()["items"]
    assert (feed["source"], feed["sender"], feed["events_day"], feed["aside"]) == ("one-gate", "test machine", 1, 0)


def test_the_door_is_for_the_citys_machine_with_that_right(api: Api, keyed: None, machine: TestClient) -> None:
    body = {"source": "one-gate", "events": [event(1, 2, DAY)]}
    for client in (api(), api("city_analyst"), api("leader"), api("machine", WARD, scopes=["portal:events"])):
        assert client.post(AT, json=body).status_code == 403
    assert machine.post(AT, json=body).status_code == 200
    with_other_name = api("machine", WARD, scopes=["figures:send"])
    assert with_other_name.get(AT).status_code == 403
    assert machine.post(AT, json={"source": "x", "events": [event(1, 2, DAY)] * 501}).status_code == 413


def test_without_a_key_no_event_is_taken(app: FastAPI, api: Api, tmp_path: Path) -> None:
    machine = api("machine", scopes=["portal:events"])
    body = {"source": "one-gate", "events": [event(1, 2, DAY)]}
    short = tmp_path / "short"
    short.write_text("quá ngắn")
    for key in (None, str(tmp_path / "absent"), str(short)):
        app.state.settings = app.state.settings.model_copy(update={"portal_key_file": key})
        refused = machine.post(AT, json=body)
        assert (refused.status_code, refused.json()["code"]) == (503, "portal_key_missing")


def test_the_proposals_fill_in_the_wards_day(machine: TestClient, api: Api) -> None:
    send(machine, *(event(n, 2, DAY) for n in range(3)))
    sheet = api().get(f"{API}/throughput/reports/{WARD}/{DAY}/worksheet").text
    assert '"one-gate"' in sheet


def test_pages_say_what_to_do(people: Callable[..., PageClient], machine: TestClient, app: FastAPI) -> None:
    analyst = people("city_analyst")
    assert "/tokens" in analyst.get("/portal/events").text
    send(machine, event(1, 2, DAY, competent_unit="H57.40"), event(2, 2, DAY))
    assert "one-gate" in analyst.get("/portal/events").text
    page = analyst.get("/portal/aside").text
    assert "H57.40" in page
    assert "/external-codes" in page
    assert analyst.post("/portal/aside/one-gate/replay", data={}).status_code == 303


def test_five_hundred_events_are_taken_in_a_second(machine: TestClient, clock: SetClock) -> None:
    units = [WARD, OTHER, "19804", "19774"]
    made = [
        event(
            n, status, f"2026-11-{16 + n % 4}T{8 + status % 8:02d}:{n % 60:02d}:00+07:00", competent_unit=units[n % 4]
        )
        for n in range(250)
        for status in (2, 9)
    ]
    send(machine, event(9000, 2, DAY))
    began = time.process_time()
    assert send(machine, *made)["accepted"] == 500
    took = time.process_time() - began
    print(f"500 events: {took:.3f} s of processor")
    assert took < 2, "a bounded sample: the measure itself is benchmarks'"
