"""The audit chain: every change is in it, and whoever alters, removes, reorders or cuts it is found out."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel import col, select
from typer.testing import CliRunner

from app.__main__ import cli
from app.core import audit
from app.core.db import SAFE_METHODS, get_looking
from app.core.web import API
from app.procedures.catalogue_import import COLUMNS
from app.procedures.models import FieldIn, ProcedureIn
from app.tasks.schemas import TaskIn
from app.throughput.definition import FormIn
from app.units.models import UnitIn
from tests.api.test_access import _calls, _method, _routes
from tests.conftest import PASSWORD
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.indicators import indicator, indicator_set, reading
from tests.support.portal import put_messages
from tests.support.tasks import DOCUMENT, PDF, directive, task
from tests.support.workbooks import GOOD, HEADINGS, workbook

Api = Callable[..., TestClient]
PATH = f"{API}/throughput/reports/{WARD}/{DAY}/city"
DAMAGE = {
    "what was changed": ["update audit_entries set after = replace(after, '2', '3') where number = :n"],
    "who did it": ["update audit_entries set user_name = 'ai khác' where number = :n"],
    "when": ["update audit_entries set at = (select at from audit_entries where number = 1) where number = :last"],
    "why": ["update audit_entries set reason = 'khác' where number = :n"],
    "removed": ["delete from audit_entries where number = :n"],
    "the first removed": ["delete from audit_entries where number = 1"],
    "closed up": [
        "delete from audit_entries where number = :n",
        "update audit_entries set number = number - 1 where number = :n + 1",
    ],
    "reordered": [
        "update audit_entries set number = 999999 where number = :n",
        "update audit_entries set number = :n where number = :n + 1",
        "update audit_entries set number = :n + 1 where number = 999999",
    ],
    "cut off": ["delete from audit_entries where number = :last"],
    "all gone": ["delete from audit_entries"],
    "a false end": ["update audit_head set number = number + 1"],
    "no end": ["delete from audit_head"],
}


@pytest.fixture
def verify(app: FastAPI, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[int, str]]:
    """Run `tiendo57 verify` on the test's database: exit code and output."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run() -> tuple[int, str]:
        result = CliRunner().invoke(cli, ["verify"])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


@pytest.fixture
def worked(app: FastAPI, api: Api, clock: Any) -> None:
    """A few changes a minute apart."""
    officer = api()
    for number in range(1, 6):
        clock.set(f"2026-11-20T17:0{number}:00+07:00")
        headers = {"if-match": f'"{number - 1}"'} if number > 1 else {}
        sent = officer.put(PATH, json=report(line(received_online=20 + number)), headers=headers)
        assert sent.is_success, sent.text


def test_an_honest_chain_verifies(worked: None, verify: Callable[[], tuple[int, str]]) -> None:
    assert verify()[0] == 0


@pytest.mark.each
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_chain_is_found_out(
    app: FastAPI, worked: None, verify: Callable[[], tuple[int, str]], damage: str
) -> None:
    with app.state.database.writer.connect() as connection:
        last = connection.execute(text("select number from audit_head")).scalar_one()
        for statement in DAMAGE[damage]:
            values = {k: v for k, v in {"n": last - 2, "last": last}.items() if f":{k}" in statement}
            connection.execute(text(statement), values)
        connection.commit()
    code, output = verify()
    assert code == 1, output
    assert "audit" in output or "chain" in output


def test_false_totals_are_found_out_and_rebuilt(
    app: FastAPI, worked: None, verify: Callable[[], tuple[int, str]]
) -> None:
    with app.state.database.writer.connect() as connection:
        connection.execute(text("update day_totals set received_online = received_online + 1"))
        connection.commit()
    assert verify()[0] == 1
    assert CliRunner().invoke(cli, ["rebuild-totals"]).exit_code == 0
    assert verify()[0] == 0


def test_an_entry_says_who_what_when_and_by_which_door(
    app: FastAPI, api: Api, people: Callable[..., PageClient]
) -> None:
    api().put(PATH, json=report(line(received_online=1)), headers={"x-request-id": "0" * 31 + "1"})
    browser = people()
    at = f"/throughput/reports/{WARD}/{DAY}"
    typed = {f"city[lines][HT][{k}]": str(v) for k, v in line(received_online=2).items()}
    sent = browser.post(at, data={**typed, "_method": "PUT", "_if_match": "1-0"})
    assert sent.status_code == 303, sent.text
    with app.state.database.read() as session:
        query = select(audit.AuditEntry).where(col(audit.AuditEntry.entity).startswith("reports/"))
        first, second = session.exec(query.order_by(col(audit.AuditEntry.number))).all()
        assert (first.action, first.door, first.request_id) == ("report.received", "api", "0" * 31 + "1")
        assert first.token_id is not None
        assert first.before is None
        assert (second.action, second.door, second.token_id) == ("report.corrected", "people", None)
        assert second.user_name.startswith("ward-officer")
        assert second.user_id is not None
        assert second.at.tzinfo is not None
        assert '"received":1' in (second.before or "")
        assert '"received":2' in (second.after or "")


def test_a_refused_call_leaves_no_entry(app: FastAPI, api: Api, worked: None) -> None:
    officer = api()
    before = _entries(app)
    assert officer.put(PATH, json=report(line(received_online=1))).status_code == 428
    assert officer.put(PATH, json=report(line(received_online=-1))).status_code == 422
    assert officer.put(PATH.replace(WARD, OTHER), json=report(line(received_online=1))).status_code == 404
    assert officer.put(PATH, json=report(line(received_online=25))).status_code == 200, "the same again is no change"
    assert _entries(app) == before


def _entries(app: FastAPI) -> list[str]:
    with app.state.database.engine.connect() as connection:
        return list(connection.execute(text("select action from audit_entries order by number")).scalars())


def test_every_unsafe_route_leaves_an_entry(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    """Good calls to every unsafe operation of the API; a new operation fails here until it has one."""
    manager, analyst, officer = api("administrator"), api("city_analyst"), api()
    done: set[str] = set()

    def has(client: TestClient, path: str) -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"{API}{path}").json()
        return found

    def call(operation: str, client: Any, method: str, path: str, body: Any = None, match: bool = False) -> Any:
        before = len(_entries(app))
        read = API + path.removesuffix("/milestones")
        headers = {"if-match": client.get(read).headers.get("etag", "")} if match else {}
        answer = client.request(method, API + path, json=body, headers=headers)
        assert answer.is_success, (operation, answer.status_code, answer.text)
        assert len(_entries(app)) > before, f"{operation} left no entry"
        done.add(operation)
        return answer.json() if answer.content else None

    sent = report(line(received_online=1))
    call("put_daily_report", officer, "PUT", f"/throughput/reports/{WARD}/{DAY}/city", sent)
    call("put_daily_reports", officer, "PUT", f"/throughput/reports/{WARD}/2026-11-19", {"ministry": sent})
    clock.set("2026-11-20T16:46:00+07:00")
    earlier = f"{API}/throughput/reports/{WARD}/2026-11-18/ministry"
    assert officer.put(earlier, json=sent).status_code == 201
    before = len(_entries(app))
    carried = officer.post(f"{earlier}/carried", headers={"if-match": '"1"'})
    assert (carried.json()["days"], len(_entries(app))) == (["2026-11-19"], before + 1)
    done.add("carry_forward")
    waiver = f"/throughput/obligations/{OTHER}/{DAY}/city/waiver"
    call("put_waiver", analyst, "PUT", waiver, {"reason": "Mất điện cả ngày"})
    call("delete_waiver", analyst, "DELETE", waiver)
    made: Any = None
    for operation, client, method, path, body, match in _others(has, manager, analyst):
        made = call(operation, client, method, path, body, match)
    before = len(_entries(app))
    at = f"{API}/calendar/saturday-services/{made['id']}"
    assert analyst.delete(at, headers={"if-match": f'"{made["version"]}"'}).status_code == 204
    assert len(_entries(app)) > before
    done.add("delete_saturday_service")
    user = {"user_name": "can.bo.moi", "label": "Cán bộ", "role": "ward_officer", "unit": WARD, "password": PASSWORD}
    made = call("create_user", manager, "POST", "/users", user)
    at = f"/users/{made['id']}"
    changed = {"label": "Cán bộ khác", "role": "ward_officer", "unit": WARD}
    call("put_user", manager, "PUT", at, changed, True)
    call("put_user_password", manager, "PUT", f"{at}/password", {"password": PASSWORD + " mới"})
    tag = manager.get(API + at).headers["etag"]
    reason = {"reason": "Nghỉ việc"}
    for operation, method, why in (("disable_user", "PUT", reason), ("enable_user", "DELETE", None)):
        before = len(_entries(app))
        answer = manager.request(method, f"{API}{at}/disablement", json=why, headers={"if-match": tag})
        assert answer.is_success, answer.text
        tag = answer.headers["etag"]
        assert len(_entries(app)) > before
        done.add(operation)
    for operation, role, path, content in _files():
        before = len(_entries(app))
        answer = (analyst if role == "analyst" else officer).post(API + path, files={"file": ("a.xlsx", content)})
        assert answer.is_success, (operation, answer.text)
        assert len(_entries(app)) > before, f"{operation} left no entry"
        done.add(operation)
    for operation, client, method, path, body, match in _stages(has, officer, analyst):
        call(operation, client, method, path, body, match)
    code = {"source": "Một cửa", "kind": "field", "code": "TP", "target": "HT"}
    made = call("put_external_code", analyst, "PUT", "/external-codes", code)
    call("delete_external_code", analyst, "DELETE", f"/external-codes/{made['id']}")
    call("freeze_statutory_form", analyst, "POST", "/throughput/forms/II.06a/frozen", {"period": "2020-01"})
    assert officer.put(f"{API}/throughput/reports/{WARD}/2026-11-17/city", json=report()).is_success
    number = has(officer, "/throughput/findings")["items"][0]["id"]
    call("explain_finding", officer, "POST", f"/throughput/findings/{number}/explanation", {"reason": "campaign"})
    call("reopen_finding", analyst, "POST", f"/throughput/findings/{number}/reopening", {"reason": "Chưa rõ"})
    source = {"unit": WARD, "system": "city", "source": "one-gate", "confirms": False}
    call("put_figure_source", analyst, "PUT", "/throughput/figures/sources", source)
    machine = api("machine", scopes=["figures:send"])
    call("put_figure_sender", analyst, "PUT", "/throughput/figures/senders/one-gate", {"sender": "test machine"})
    of_day = {"unit": WARD, "day": DAY, "system": "city", "lines": [{"field": "HT", "received_online": 1}]}
    figures = {"source": "one-gate", "basis": "daily", "items": [of_day]}
    call("put_figures", machine, "PUT", "/throughput/figures", figures)
    of_day["lines"] = [{"field": "HT", "received_online": 90_000}]
    assert machine.put(f"{API}/throughput/figures", json=figures).json()["accepted"] == 1
    gap = f"{API}/portal/gaps/{has(officer, '/portal/gaps')['items'][0]['id']}"
    for operation, client, method, act, body in (
        ("explain_portal_gap", officer, "POST", "explanation", {"reason": "late_sync"}),
        ("put_portal_gap_owner", analyst, "PUT", "owner", {"owner": "city_analyst"}),
        ("put_portal_gap_closure", analyst, "PUT", "closure", {"outcome": "accepted", "why": "Đã rõ"}),
    ):
        before, seen = len(_entries(app)), {"if-match": client.get(gap).headers["etag"]}
        assert client.request(method, f"{gap}/{act}", json=body, headers=seen).is_success
        assert len(_entries(app)) > before, f"{operation} left no entry"
        done.add(operation)
    wider = {"dossiers": 5, "share": 0.01, "why": "Thử"}
    call("put_portal_tolerance", analyst, "PUT", "/portal/gaps/tolerance", wider, match=True)
    before = len(_entries(app))
    said = b"unit,day,system,field,received_online\n%b,%b,city,HT,1" % (WARD.encode(), DAY.encode())
    brought = analyst.post(f"{API}/throughput/figures/import", files={"file": ("a.csv", said)}, data={"source": "tep"})
    assert brought.is_success, brought.text
    assert _entries(app)[before:][-2:] == ["figures.received", "figures.imported"]
    done.add("import_figures")
    path = f"/throughput/figures/imports/{brought.json()['number']}/withdrawal"
    call("withdraw_figure_import", analyst, "POST", path, {"reason": "Nhầm tệp"})
    app.state.settings = app.state.settings.model_copy(update={"demonstration": True})  # which has a key
    gate = api("machine", scopes=["portal:events"], name="gate")
    event = {"dossier": "H57.12-261120-0001", "procedure": "1.001193", "receiving_unit": WARD, "channel": "online",
             "status": 2, "at": f"{DAY}T09:00:00+07:00"}  # fmt: skip
    strange = [event | {"competent_unit": "XX-1"}, event | {"competent_unit": "XX-2"}]
    call("receive_portal_events", gate, "POST", "/portal/events", {"source": "gate", "events": strange})
    known = {"source": "gate", "kind": "unit", "code": "XX-1", "target": WARD}
    call("put_external_code", analyst, "PUT", "/external-codes", known)
    call("replay_portal_aside", analyst, "POST", "/portal/aside/gate/replay", {})
    other = {"fault": "unknown_unit", "code": "XX-2"}
    with app.state.database.write() as session:
        put_messages(session, app.state.clock.now(), range(2))
        session.execute(text("update outbox_messages set state = 'parked', ended_at = created_at"))
    call("replay_portal_message", analyst, "POST", "/portal/messages/1/replay", {"reason": "Cổng chạy lại"})
    call("replay_portal_messages", analyst, "POST", "/portal/messages/replay", {"reason": "Cổng chạy lại"})
    call("dismiss_portal_aside", analyst, "POST", "/portal/aside/gate/dismissal", other)
    for operation, client, method, path, body, match in _tasks(has, analyst, officer):
        call(operation, client, method, path, body, match)
    for operation, path in (("put_directive_file", "/directives/1/file"), ("create_evidence", "/tasks/A/evidence")):
        before = len(_entries(app))
        assert analyst.post(API + path, files={"file": ("a.pdf", PDF)}).is_success
        assert len(_entries(app)) > before, f"{operation} left no entry"
        done.add(operation)
    call("put_reminder_time", analyst, "PUT", f"/throughput/reminders/times/{OTHER}", {"minutes": 45})
    call("remind_unit", analyst, "POST", f"/throughput/reports/{OTHER}/{DAY}/city/reminders")
    call("remind_all", analyst, "POST", f"/throughput/board/{DAY}/reminders")
    annex = workbook(("TT", "Nhiệm vụ", "Đơn vị chủ trì", "Thời hạn"), (1, "Nhiệm vụ mới", "Thuận Hóa", "Quý IV/2026"))
    before = len(_entries(app))
    brought = analyst.post(
        f"{API}/tasks/import?programme=city&directive=1&prefix=PL", files={"file": ("a.xlsx", annex)}
    )
    assert brought.is_success, brought.text
    assert len(_entries(app)) > before + 1  # the file's, and the import's own
    done.add("import_tasks")
    for operation, client, method, path, body, match in _indicators():
        call(operation, client or analyst, method, path, body, match)
    sheet = has(analyst, "/indicators/sets/DTI/export") | {"valid_from": "2026-11-20"}
    before = len(_entries(app))
    again = analyst.post(f"{API}/indicators/sets/import", files={"file": ("a.json", json.dumps(sheet))})
    assert again.is_success, again.text
    assert len(_entries(app)) > before
    rows = b"indicator,period,value,as_of,source\nDTI-02,2025,70,2026-01-31,x\n"
    before = len(_entries(app))
    read = analyst.post(f"{API}/indicators/readings/import", files={"file": ("a.csv", rows)})
    assert read.is_success, read.text
    assert len(_entries(app)) > before + 1
    done |= {"import_indicator_set", "import_readings"}
    token = call("create_token", manager, "POST", "/tokens", {"name": "máy", "scopes": ["units:read"]})
    call("revoke_token", manager, "DELETE", f"/tokens/{token['id']}")
    unsafe = {r.operation_id for r in _routes(app) if (r.path or "").startswith(API) and _method(r) not in SAFE_METHODS}
    unsafe -= {r.operation_id for r in _routes(app) if get_looking in _calls(r)}  # those only look
    # One's own password and sessions are a person's: tried at the pages' door, in test_accounts_*.
    assert unsafe - done == {"put_own_password", "end_session", "end_other_sessions"}
    browser = people("ward_officer", password=PASSWORD)
    before = len(_entries(app))
    secrets = {"current_password": PASSWORD, "new_password": "năm từ không liên quan"}
    assert browser.put("/password", json=secrets).status_code == 303
    assert len(_entries(app)) > before


Change = tuple[str, Any, str, str, dict[str, Any] | None, bool]


def _others(
    has: Callable[[TestClient, str], dict[str, Any]], manager: TestClient, analyst: TestClient
) -> Iterator[Change]:
    daily = _kept(FormIn, has(analyst, "/throughput/forms/daily"))
    later = daily | {"lock_days": 5}
    yield "put_daily_form", analyst, "PUT", "/throughput/forms/daily", later, True
    unit = _kept(UnitIn, has(manager, f"/units/{WARD}"))
    yield "put_unit", manager, "PUT", f"/units/{WARD}", unit | {"full_name": "Ủy ban nhân dân mới"}, True
    yield "create_unit", manager, "POST", "/units", unit | {"code": "99999", "name": "Mới"}, False
    field = _kept(FieldIn, has(analyst, "/fields/HT"))
    yield "put_field", analyst, "PUT", "/fields/HT", field | {"name_en": "Civil status anew"}, True
    yield "create_field", analyst, "POST", "/fields", field | {"code": "MOI"}, False
    one = {"unit": WARD, "system": "city", "applies": False}
    yield "create_field_exception", analyst, "POST", "/fields/HT/exceptions", one, False
    yield "delete_field_exception", analyst, "DELETE", f"/fields/HT/exceptions/{WARD}/city", None, False
    code = has(analyst, "/procedures?limit=1")["items"][0]["code"]
    procedure = _kept(ProcedureIn, has(analyst, f"/procedures/{code}"))
    yield "put_procedure", analyst, "PUT", f"/procedures/{code}", procedure | {"name": "Thủ tục khác"}, True
    yield "create_procedure", analyst, "POST", "/procedures", procedure | {"code": "9.999999"}, False
    day = {"kind": "holiday", "name_vi": "Nghỉ", "legal_reference": "Công văn 1"}
    yield "put_calendar_day", analyst, "PUT", "/calendar/days/2026-12-24", day, False
    yield "delete_calendar_day", analyst, "DELETE", "/calendar/days/2026-12-24", None, True
    span = {"unit": WARD, "valid_from": "2026-12-01", "legal_reference": "Công văn 2"}
    yield "create_saturday_service", analyst, "POST", "/calendar/saturday-services", span, False


def _tasks(
    has: Callable[[TestClient, str], dict[str, Any]], analyst: TestClient, officer: TestClient
) -> Iterator[Change]:
    names = {"name_vi": "Chương trình", "name_en": "Programme", "name_fr": "Programme"}
    yield "put_programme", analyst, "PUT", "/tasks/programmes/thu", names, False
    yield "create_directive", analyst, "POST", "/directives", directive(), False
    yield "put_directive", analyst, "PUT", "/directives/1", directive(title="Kế hoạch khác"), True
    for code in "ABCDE":
        yield "create_task", analyst, "POST", "/tasks", task(code, 1), False
    changed = _kept(TaskIn, has(analyst, "/tasks/A/form"))
    yield "put_task", analyst, "PUT", "/tasks/A", changed | {"product": "Báo cáo"}, True
    milestones = {"items": [{"title": "Bước một", "weight": 2}]}
    yield "put_milestones", analyst, "PUT", "/tasks/A/milestones", milestones, True
    yield "start_task", officer, "POST", "/tasks/A/start", {}, False
    month = "/tasks/monthly/city/2026-10"
    yield "put_monthly_report", analyst, "PUT", month, {"causes": "Chờ hướng dẫn"}, False
    yield "approve_monthly_report", analyst, "POST", f"{month}/approval", None, False
    yield "withdraw_monthly_approval", analyst, "POST", f"{month}/withdrawal", {"reason": "Sửa"}, False
    yield "approve_monthly_report", analyst, "POST", f"{month}/approval", None, False
    yield "send_monthly_report", analyst, "POST", f"{month}/dispatch", {"document": DOCUMENT}, False
    question = {"text": "Vì sao chậm?", "due_on": "2026-11-24"}
    yield "ask_about_task", analyst, "POST", "/tasks/A/questions", question, False
    yield "answer_question", officer, "POST", "/tasks/A/questions/1/answer", {"answer": "Chờ hướng dẫn"}, False
    blocked = {"text": "Thiếu kinh phí", "owner_position": "Chủ tịch"}
    yield "raise_blocker", officer, "POST", "/tasks/A/blockers", blocked, False
    higher = {"level": "city", "owner_position": "Phó Chủ tịch"}
    yield "escalate_blocker", officer, "POST", "/tasks/A/blockers/1/escalation", higher, False
    yield "resolve_blocker", officer, "POST", "/tasks/A/blockers/1/outcome", {"outcome": "Đã có"}, False
    yield "create_update", officer, "POST", "/tasks/A/updates", {"done": "Đã làm"}, False
    extended = {"deadline": "2027-01", "document": DOCUMENT}
    yield "create_extension", analyst, "POST", "/tasks/A/extensions", extended, False
    proposed = {"result": "Đã xong", "document": "12/BC"}
    yield "propose_completion", officer, "POST", "/tasks/A/proposal", proposed, False
    yield "accept_completion", analyst, "POST", "/tasks/A/acceptance", {}, False
    yield "return_completion", analyst, "POST", "/tasks/A/return", {"reason": "Chưa đủ"}, False
    yield "cancel_task", analyst, "POST", "/tasks/B/cancellation", {"document": DOCUMENT}, False
    yield "merge_task", analyst, "POST", "/tasks/C/merger", {"into": "A", "document": DOCUMENT}, False
    parts = {"parts": [{"code": "D1", "title": "Phần 1"}, {"code": "D2", "title": "Phần 2"}], "document": DOCUMENT}
    yield "split_task", analyst, "POST", "/tasks/D/split", parts, False
    regular = {"kind": "regular", "rhythm": "month", "document": DOCUMENT}
    yield "reclassify_task", analyst, "POST", "/tasks/E/reclassification", regular, False
    act = {
        "code": "G", "title": "Giao đồng loạt", "programme": "city", "lead_unit": "SO-KHCN", "units": [WARD, OTHER],
        "deadline": "2026-12",
    }  # fmt: skip
    yield "hand_out", analyst, "POST", "/directives/1/hand-outs", act, False


def _indicators() -> Iterator[Change]:
    made = indicator_set(indicator("THU-1"))
    yield "create_indicator_set_version", None, "POST", "/indicators/sets", made, False
    goal = {"period": "2026", "low": 80, "document": "KH 98"}
    yield "create_target", None, "POST", "/indicators/THU-1/targets", goal, False
    yield "create_reading", None, "POST", "/indicators/THU-1/readings", reading("2026-Q3", value=70), False
    yield "create_citation", None, "POST", "/indicators/THU-1/citations", {"period": "2026-Q3"}, False
    yield "link_task", None, "POST", "/indicators/THU-1/tasks", {"task": "A"}, False
    yield "unlink_task", None, "DELETE", "/indicators/THU-1/tasks/A", None, False


def _stages(
    has: Callable[[TestClient, str], dict[str, Any]], officer: TestClient, analyst: TestClient
) -> Iterator[Change]:
    of_day = f"/throughput/reports/{WARD}/{DAY}/city"
    yield "put_approval", analyst, "PUT", f"{of_day}/approvals/city", {"version": 1}, False
    yield "withdraw_approval", analyst, "POST", f"{of_day}/approvals/city/withdrawal", {"reason": "Nhầm"}, False
    yield "return_daily_report", analyst, "POST", f"{of_day}/approvals/city/return", {"reason": "Sai số"}, False
    item = {"unit": WARD, "day": DAY, "system": "city", "version": 1}
    yield "approve_daily_reports", analyst, "POST", "/throughput/approvals", {"stage": "city", "items": [item]}, False
    for system, decided in (("city", "grant"), ("ministry", "refusal")):
        ask = f"/throughput/reports/{WARD}/2026-11-02/{system}/reopenings"
        yield "ask_for_reopening", officer, "POST", ask, {"why": "Sót"}, False
        at = f"/throughput/reopenings/{has(officer, '/throughput/reopenings')['items'][0]['id']}"
        body = {"hours": 1, "reason": "Đúng"} if decided == "grant" else {"reason": "Thiếu"}
        # The tag is that of the request itself.
        yield f"put_reopening_{decided}", _Tagged(analyst, at), "PUT", f"{at}/{decided}", body, True
        if decided == "grant":
            yield "delete_reopening_grant", _Tagged(analyst, at), "DELETE", f"{at}/grant", None, True


class _Tagged:
    """A client that reads the entity tag of what is to be changed at another address."""

    def __init__(self, client: TestClient, at: str) -> None:
        self.request = client.request
        self.get = lambda _: client.get(API + at)


def _files() -> Iterator[tuple[str, str, str, bytes]]:
    at = f"/throughput/reports/{WARD}/2026-11-18"
    yield "read_report_table", "officer", f"{at}/reading", workbook(HEADINGS, GOOD)
    yield "import_report_file", "officer", f"{at}/import", workbook(HEADINGS, (*GOOD[:2], 15, *GOOD[3:]))
    procedure = ("1.999999", "Thủ tục mới", "HT", "commune", 5, "full", True, "2026-01-01", "")
    yield "import_procedures", "analyst", "/procedures/import", workbook(COLUMNS, procedure)


def _kept(schema: type[BaseModel], shown: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in schema.model_fields if name in shown}
