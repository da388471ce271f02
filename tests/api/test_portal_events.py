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
from typer.testing import CliRunner

from app.__main__ import cli
from app.core import audit
from app.core.errors import Invalid
from app.core.web import API
from app.portal.events import recounting
from tests.conftest import KIND
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock

Api = Callable[..., TestClient]
BEFORE = "2026-11-19"
AT = f"{API}/portal/events"
SECRETS = ("Nguyễn Thị Bí Mật", "0987654321", "bi.mat@example.vn", "046123456789", "12 Lê Lợi", "H57.12-261119-")


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


@pytest.mark.each
@pytest.mark.parametrize("seed", range(4))
def test_disorder_copies_and_delays_end_in_the_same_state(api: Api, keyed: None, seed: int) -> None:
    assert _disturb(api("machine", scopes=["portal:events", "reports:read"]), seed) > 5


@pytest.mark.soak
def test_two_hundred_streams_through_the_door_end_in_the_same_state(api: Api, keyed: None) -> None:
    machine = api("machine", scopes=["portal:events", "reports:read"])
    first = random.SystemRandom().randrange(2**31)
    told = [_disturb(machine, seed) for seed in range(first, first + 200)]
    assert sum(told) > 5 * len(told), "of some streams alone few days are left"


def _disturb(machine: TestClient, seed: int) -> int:
    """Send a stream in order, and mixed with copies; returns how many unit-days it speaks of."""
    events, chance = _stream(seed), random.Random(seed + 100)
    ordered, disordered = f"ordered {seed}", f"mixed {seed}"
    send(machine, *events, source=ordered)
    mixed = [*events, *chance.choices(events, k=20)]
    chance.shuffle(mixed)
    for start in range(0, len(mixed), 17):
        send(machine, *mixed[start : start + 17], source=disordered)
    days = [f"2026-11-{day}" for day in range(16, 21)]
    said = {s: [counts(machine, u, d, s) for u in (WARD, OTHER) for d in days] for s in (ordered, disordered)}
    assert said[ordered] == said[disordered], seed
    return sum(map(bool, said[ordered]))


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
        event(10, 2, DAY, procedure="NGUYEN.VAN.A", **person), event(11, 2, DAY, procedure="1.001193.NGUYENVANA"),
        event(12, 2, DAY, competent_unit="NguyenThiBiMat"), event(13, 2, DAY, receiving_unit="H57.NGUYEN.VAN.A"),
        event(14, 2, DAY, competent_unit="XX-01", receiving_unit="bi.mat"), event(15, 2, DAY, procedure="0987654321"),
    )  # fmt: skip
    assert said["accepted"] == 1
    assert [(one["index"], one["fault"], one["place"]) for one in said["aside"]][:3] == [
        (1, "unknown_unit", "receiving_unit"), (2, "unreadable", "procedure"), (3, "unreadable", "competent_unit"),
    ]  # fmt: skip
    assert len(said["aside"]) == 15
    assert sum(one["fault"] == "unknown_unit" for one in said["aside"]) == 1
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
    for secret in (*SECRETS, "NGUYEN", "NguyenThiBiMat", "bi.mat"):
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
    assert nothing == {"accepted": 0, "duplicates": 0, "unit_days": 0, "ready": 0, "left": 1, "refused": 0}
    code = {"source": "one-gate", "kind": "unit", "code": "H57.40", "target": WARD}
    assert analyst.put(f"{API}/external-codes", json=code).status_code == 201
    done = analyst.post(f"{API}/portal/aside/one-gate/replay").json()
    assert done == {"accepted": 1, "duplicates": 0, "unit_days": 1, "ready": 0, "left": 0, "refused": 0}
    assert counts(machine) == {"HT": {"received_online": 1}}
    assert analyst.get(f"{API}/portal/aside").json()["items"] == []
    (feed,) = analyst.get(AT).json()["items"]
    assert (feed["source"], feed["sender"], feed["events_day"], feed["aside"]) == ("one-gate", "test machine", 1, 0)


def test_real_codes_are_taken(machine: TestClient, api: Api) -> None:
    codes = ("1.001193.000.00.00.H57", "1.001193.H57", "1.001193.H57.12", "1.014465.H12")
    assert send(machine, *(event(n, 2, DAY, procedure=code) for n, code in enumerate(codes)))["aside"] == []
    assert counts(machine) == {"HT": {"received_online": 3}, "UNSPLIT": {"received_online": 1}}, "by the nation's code"
    units = ("H57.12.34.567", "000.00.12.H57", "G09.01", "57012", "PTH-9")
    said = send(machine, *(event(n, 2, DAY, competent_unit=code) for n, code in enumerate(units)))
    assert {one["fault"] for one in said["aside"]} == {"unknown_unit"}
    listed = api("city_analyst").get(f"{API}/portal/aside").json()["items"]
    assert {one["code"] for one in listed} == set(units)


def test_a_code_of_any_shape_is_taken_once_it_has_a_meaning(machine: TestClient, api: Api) -> None:
    strange = event(1, 2, DAY, competent_unit="bophan.motcua", receiving_unit="bophan.motcua")
    assert send(machine, strange)["aside"][0]["fault"] == "unreadable", "it might be anybody: nothing of it is kept"
    code = {"source": "one-gate", "kind": "unit", "code": "bophan.motcua", "target": WARD}
    assert api("city_analyst").put(f"{API}/external-codes", json=code).status_code == 201
    assert send(machine, strange)["accepted"] == 1


def test_a_refused_day_waits_and_is_brought_up_to_date(machine: TestClient, api: Api, app: FastAPI) -> None:
    analyst = api("city_analyst")
    api("machine", WARD, scopes=["figures:send"], name="phan mem cu")
    other = {"unit": WARD, "sender": "phan mem cu"}
    assert analyst.put(f"{API}/throughput/figures/senders/one-gate", json=other).is_success
    said = send(machine, event(1, 2, DAY), event(2, 2, DAY, competent_unit=OTHER))
    assert (said["accepted"], [one["code"] for one in said["refused_days"]]) == (2, ["source_of_another"])
    assert (counts(machine), counts(machine, OTHER)) == ({}, {"HT": {"received_online": 1}})
    (waits,) = analyst.get(f"{API}/portal/aside").json()["days"]
    assert (waits["unit"], waits["day"], waits["code"]) == (WARD, DAY, "source_of_another")
    still = analyst.post(f"{API}/portal/aside/one-gate/replay").json()
    assert (still["unit_days"], still["ready"], still["refused"]) == (0, 0, 1)
    assert send(machine, event(1, 2, DAY))["duplicates"] == 1, "sent again it is no news: it has to be counted here"
    named = {"unit": WARD, "sender": "test machine"}
    assert analyst.put(f"{API}/throughput/figures/senders/one-gate", json=named).is_success
    done = analyst.post(f"{API}/portal/aside/one-gate/replay").json()
    assert (done["unit_days"], done["ready"], done["refused"]) == (1, 0, 0)
    assert counts(machine) == {"HT": {"received_online": 1}}
    assert analyst.get(f"{API}/portal/aside").json() == {"items": [], "days": [], "refused": 0}


def test_the_recount_follows_the_catalogue_and_needs_no_key(
    machine: TestClient, api: Api, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    analyst = api("city_analyst")
    send(machine, event(1, 2, DAY, procedure="1.555555"), event(2, 2, DAY, competent_unit="H57.40"))
    assert counts(machine) == {"UNSPLIT": {"received_online": 1}}
    known = analyst.get(f"{API}/procedures?limit=1").json()["items"][0]
    one = analyst.get(f"{API}/procedures/{known['code']}").json()
    new = {name: one[name] for name in ("name", "level", "days_allowed", "online_level", "non_boundary", "valid_from")}
    made = analyst.post(f"{API}/procedures", json={**new, "code": "1.555555", "field": "HT"})
    assert made.status_code == 201, made.text
    code = {"source": "one-gate", "kind": "unit", "code": "H57.40", "target": OTHER}
    assert analyst.put(f"{API}/external-codes", json=code).status_code == 201
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert CliRunner().invoke(cli, ["portal-recount", "--source", "no-such"]).exit_code == 2
    for _ in range(2):
        done = CliRunner().invoke(cli, ["portal-recount"])
        assert done.exit_code == 0, done.output
        assert counts(machine) == {"HT": {"received_online": 1}}
        assert counts(machine, OTHER) == {"HT": {"received_online": 1}}
    assert analyst.get(f"{API}/portal/aside").json() == {"items": [], "days": [], "refused": 0}


def test_much_that_waits_is_counted_part_by_part(
    machine: TestClient, api: Api, app: FastAPI, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, most in (("MOST", 4), ("DAYS", 1), ("PAIRS", 2)):
        monkeypatch.setattr(recounting, name, most)
    analyst = api("city_analyst")
    send(machine, *(event(n, 2, f"2026-11-{17 + n % 4}", competent_unit=f"H57.{10 + n % 3}") for n in range(9)))
    for n in range(3):
        code = {"source": "one-gate", "kind": "unit", "code": f"H57.{10 + n}", "target": WARD}
        assert analyst.put(f"{API}/external-codes", json=code).status_code == 201
    first = analyst.post(f"{API}/portal/aside/one-gate/replay").json()
    assert (first["accepted"], first["ready"], first["left"]) == (4, 5, 5)
    by = audit.Context(clock.now(), None, "test", "command")
    whole = recounting.recount(app.state.database, clock, by, "one-gate", stopped_ends=True)
    assert (whole.accepted, whole.ready, whole.left, whole.refused) == (5, 0, 0, 0)
    days = [counts(machine, day=f"2026-11-{day}") for day in (17, 18, 19, 20)]
    assert [day["HT"]["received_online"] for day in days] == [3, 2, 2, 2]


def test_what_is_laid_aside_is_numbered_and_can_be_done_with(
    machine: TestClient, api: Api, people: Callable[..., PageClient]
) -> None:
    analyst = api("city_analyst")
    future = event(3, 2, "2026-11-27")
    send(machine, event(1, 99, DAY), event(2, 98, DAY), future, event(4, 2, DAY, competent_unit="H57.99"))
    send(machine, event(1, 99, DAY), event(4, 2, DAY, competent_unit="H57.99"))
    listed = analyst.get(f"{API}/portal/aside").json()["items"]
    assert [(one["fault"], one["code"], one["events"]) for one in listed] == [
        ("in_future", "at", 1), ("unknown_unit", "H57.99", 1), ("unreadable", "status", 3)
    ]  # fmt: skip
    assert analyst.get(AT).json()["items"][0]["aside"] == 5
    at = f"{API}/portal/aside/one-gate/dismissal"
    assert analyst.post(at, json={"fault": "unreadable", "code": "at"}).status_code == 404
    assert api("leader").post(at, json={"fault": "unreadable", "code": "status"}).status_code == 403
    left = analyst.post(at, json={"fault": "unreadable", "code": "status"}).json()["items"]
    assert [one["fault"] for one in left] == ["in_future", "unknown_unit"]
    browser = people("city_analyst")
    for fault, code in (("in_future", "at"), ("unknown_unit", "H57.99")):
        sent = browser.post("/portal/aside/one-gate/dismissal", data={"fault": fault, "code": code})
        assert sent.status_code == 303, sent.text
    assert analyst.get(f"{API}/portal/aside").json()["items"] == []
    assert "Mọi sự kiện nhận được đều đã tính" in browser.get("/portal/aside").text


def test_a_token_of_events_can_be_a_named_sender_and_its_name_is_its_own(machine: TestClient, api: Api) -> None:
    named = {"sender": "test machine"}
    assert api("city_analyst").put(f"{API}/throughput/figures/senders/one-gate", json=named).is_success
    assert send(machine, event(1, 2, DAY))["accepted"] == 1
    for scope in ("portal:events", "figures:send"):
        with pytest.raises(Invalid) as taken:
            api("machine", scopes=[scope], name="test machine")
        assert [fault.code for fault in taken.value.faults] == ["token_name_taken"]


def test_the_door_is_for_the_citys_machine_with_that_right(api: Api, keyed: None, machine: TestClient) -> None:
    body = {"source": "one-gate", "events": [event(1, 2, DAY)]}
    for client in (
        api(),
        api("city_analyst"),
        api("leader"),
        api("machine", WARD, scopes=["portal:events"], name="of a ward"),
    ):
        assert client.post(AT, json=body).status_code == 403
    assert machine.post(AT, json=body).status_code == 200
    with_other_name = api("machine", WARD, scopes=["figures:send"], name="another of a ward")
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
    assert "Người quản trị cấp mã truy cập" in analyst.get("/portal/events").text
    assert "mã truy cập" not in people("leader").get("/portal/events").text
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
