"""The ledger of gaps as a whole: judged anew in parts, each gap proved, each step of its own in the audit chain."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, text
from typer.testing import CliRunner

from app.__main__ import cli
from app.core import audit, hot
from app.core.clock import day_of
from app.core.web import API
from app.portal.adapters.rules import PortalMonth
from app.portal.gaps import keeping, rebuilding, recounting
from app.portal.gaps.rules import GapChange, Step, episodes
from app.portal.gaps.writing import EVENT
from app.throughput.figures.models import FigureDay
from tests.conftest import KIND
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.figures import batch, figures, item, sent
from tests.support.portal import publish

Api = Callable[..., TestClient]
AT = f"{API}/portal/gaps"
TOLERANCE = f"{AT}/tolerance"
REPORT = f"{API}/throughput/reports/{WARD}/{DAY}/city"
OURS = line(received_online=40, received_counter=8, received_post=2, resolved_early=5, resolved_on_time=15)
WIDER = {"dossiers": 10, "share": 0.01, "why": "Thống nhất ngày 20/11"}


@pytest.fixture
def apart(api: Api, machine: TestClient) -> TestClient:
    """A ward's day of which the one-gate system knows ten online dossiers fewer; returns the ward's officer."""
    officer = api()
    assert officer.put(REPORT, json=report(OURS)).status_code == 201
    said = figures(received_online=30, received_counter=10, resolved_early=5, resolved_on_time=15)
    sent(machine, batch(item(said)))
    return officer


def many_days(app: FastAPI, count: int) -> None:
    """Have a source know a unit's days, of which it says nothing yet, in the years before."""
    with app.state.database.engine.begin() as connection:
        unit = connection.execute(text("select id from units where code = :code"), {"code": OTHER}).scalar_one()
        rows = [
            {"unit_id": unit, "system": "city", "source": "x", "day": date(2020, 1, 1) + timedelta(n), "version": 1,
             "known_at": app.state.clock.now(), "sent_by": "x", "counted_until": None, "since": None, "totals": None,
             "digest": "0" * 64, "gaps": None, "revision_id": None, "open_gaps": 0}
            for n in range(count)
        ]  # fmt: skip
        connection.execute(insert(hot.table(FigureDay)), rows)


def go_on(app: FastAPI, clock: SetClock) -> bool:
    """Judge the next part, as the application does every second."""
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(clock.now(), None, "tiendo57", "command")
        return recounting.go_on(session, clock.now())


def proof(app: FastAPI) -> list[str]:
    """Return what `tiendo57 verify` says of the ledger."""
    with app.state.database.read() as session:
        return recounting.differences(session)


def chained(app: FastAPI, action: str) -> list[Any]:
    """Return what the audit log has of an action, the oldest first."""
    query = text("select user_name, door, after from audit_entries where action = :action order by number")
    with app.state.database.engine.connect() as connection:
        rows = connection.execute(query, {"action": action}).all()
    return [(row.user_name, row.door, json.loads(row.after)) for row in rows]


def test_a_large_ledger_is_judged_part_by_part_while_others_write(
    app: FastAPI, api: Api, apart: TestClient, people: Callable[..., PageClient], clock: SetClock
) -> None:
    many_days(app, 2 * rebuilding.DAYS)
    publish(app, clock, PortalMonth(WARD, 40, 30, 8, 2, 20, 0))
    analyst, browser = api("city_analyst"), people("city_analyst")
    assert analyst.get(AT).json()["standing"] == 4, "two sums of the day, two of the month"
    answer = analyst.put(TOLERANCE, json=WIDER, headers={"if-match": '"0"'})
    assert answer.status_code == 200
    recount = answer.json()["recount"]
    assert (recount["version"], recount["compared"], recount["total"]) == (1, 0, 2 * rebuilding.DAYS + 2)
    assert analyst.get(AT).json()["standing"] == 4, "nothing was judged in the call"
    assert go_on(app, clock)
    assert analyst.get(AT).json()["recount"]["compared"] == rebuilding.DAYS
    for path in ("/portal/gaps", "/portal/gaps/tolerance"):
        assert f"đã xét {rebuilding.DAYS}/{2 * rebuilding.DAYS + 2} ngày và kỳ" in browser.get(path).text
    of = f"{rebuilding.DAYS} of {2 * rebuilding.DAYS + 2} days and periods"
    assert proof(app) == [], "the rest is not called wrong"
    with app.state.database.read() as session:
        assert of in (recounting.left(session) or "")
    fewer = {**OURS, "received_online": 39}
    assert apart.put(REPORT, json=report(fewer), headers={"if-match": '"1"'}).status_code == 200
    assert analyst.get(AT).json()["standing"] == 0, "what is written meanwhile is judged by the new one"
    while go_on(app, clock):
        pass
    page = analyst.get(AT).json()
    assert (page["standing"], page["recount"]) == (0, None)
    assert proof(app) == []
    assert "đã xét" not in browser.get("/portal/gaps").text
    (done,) = chained(app, "portal.gaps_recounted")
    assert done == ("tiendo57", "command", {"version": 1, "compared": 2 * rebuilding.DAYS + 2, "changed": 0})


def test_a_newer_tolerance_takes_the_place_of_one_on_its_way(
    app: FastAPI, api: Api, apart: TestClient, clock: SetClock
) -> None:
    many_days(app, rebuilding.DAYS + 1)
    analyst = api("city_analyst")
    assert analyst.put(TOLERANCE, json=WIDER, headers={"if-match": '"0"'}).status_code == 200
    assert go_on(app, clock)
    again = analyst.put(TOLERANCE, json={**WIDER, "dossiers": 12}, headers={"if-match": '"1"'})
    assert again.json()["recount"]["compared"] == 0
    assert analyst.get(AT).json()["standing"] == 2
    while go_on(app, clock):
        pass
    assert analyst.get(AT).json()["standing"] == 0
    assert proof(app) == []
    (done,) = chained(app, "portal.gaps_recounted")
    assert (done[2]["version"], done[2]["changed"]) == (2, 2)


def test_a_small_ledger_is_judged_in_the_call_itself(app: FastAPI, api: Api, apart: TestClient) -> None:
    answer = api("city_analyst").put(TOLERANCE, json=WIDER, headers={"if-match": '"0"'})
    assert answer.json()["recount"] is None
    assert apart.get(AT).json()["standing"] == 0
    assert proof(app) == []


def test_what_happens_to_gaps_by_itself_is_in_the_audit_chain_with_who_wrote_the_figures(
    app: FastAPI, apart: TestClient
) -> None:
    fixed = {**OURS, "received_online": 30}
    assert apart.put(REPORT, json=report(fixed), headers={"if-match": '"1"'}).status_code == 200
    opened, matched = chained(app, "portal.gaps_followed")
    assert [(step["change"], step["version"]) for step in opened[2]] == [("opened", 1)] * 2
    assert [(step["change"], step["ours"], step["theirs"]) for step in matched[2]] == [
        ("matched", 40, 40), ("matched", 30, 30)
    ]  # fmt: skip
    assert matched[1] == "api"
    assert {step["gap"] for step in opened[2]} == {step["gap"] for step in matched[2]}
    with app.state.database.read() as session:
        assert list(audit.broken_links(session)) == []


def test_each_gap_is_proved_by_its_figures_and_its_history(app: FastAPI, apart: TestClient, clock: SetClock) -> None:
    publish(app, clock, PortalMonth(WARD, 40, 30, 8, 2, 20, 0))
    assert proof(app) == []
    items = apart.get(AT).json()["items"]
    day, month = (next(one for one in items if one["span"] == span) for span in ("day", "month"))

    def altered(statement: str) -> list[str]:
        with app.state.database.engine.begin() as connection:
            connection.execute(text(statement))
        return proof(app)

    found = altered(f"update portal_gaps set theirs = theirs + 4 where id = {day['id']}")
    assert len(found) == 2, found
    assert found[0].startswith(f"portal_gaps {day['id']} {WARD} {DAY} city one-gate {day['measure']}: kept open with")
    assert found[0].endswith(f"should be open with {day['ours']} and {day['theirs']}")
    assert found[1].startswith(f"portal_gaps {day['id']}: version 1 of 1 steps is")
    assert altered(f"update portal_gaps set theirs = theirs - 4 where id = {day['id']}") == []
    (lost,) = [
        one
        for one in altered(
            f"update portal_gaps set state = 'closed', outcome = 'matched', closed_at = opened_at, version = 2 "
            f"where id = {month['id']}"
        )
        if "should be" in one
    ]
    assert f"portal_gaps {month['id']} {WARD} 2026-11 both" in lost
    assert "kept closed" in lost


def test_a_history_that_somebody_went_round_the_trigger_to_change_is_found(app: FastAPI, apart: TestClient) -> None:
    one = apart.get(AT).json()["items"][0]
    # A file of its own is copied for each test; on the server the trigger is there for the next one, too.
    way = "drop trigger portal_gap_events_kept" if KIND == "sqlite" else "set local session_replication_role = replica"
    with app.state.database.engine.begin() as connection:
        connection.execute(text(way))
        connection.execute(text(f"update portal_gap_events set theirs = 0 where gap_id = {one['id']}"))
    (found,) = proof(app)
    assert found.startswith(f"portal_gaps {one['id']}: version 1 of 1 steps is")


def test_of_many_that_differ_some_are_named_and_all_are_counted(app: FastAPI, api: Api, machine: TestClient) -> None:
    officer = api()
    said = figures(received_online=30, received_counter=30, received_post=30, resolved_on_time=0, resolved_overdue=10)
    for system in ("city", "ministry"):
        for day in ("2026-11-19", DAY):
            answer = officer.put(f"{API}/throughput/reports/{WARD}/{day}/{system}", json=report(OURS))
            assert answer.status_code == 201, answer.text
            sent(machine, batch(item(said, day=day, system=system)))
    count = officer.get(AT).json()["standing"]
    assert count == 24, "six sums of four days"
    with app.state.database.engine.begin() as connection:
        connection.execute(text("update portal_gaps set ours = ours + 1"))
    found = proof(app)
    assert sum("should be open" in one for one in found) == rebuilding.NAMED
    assert f"portal_gaps: {count - rebuilding.NAMED} more gaps are not as reports and other systems say" in found


def test_ages_are_those_of_the_whole_history_though_little_of_it_is_read(
    app: FastAPI, api: Api, apart: TestClient, machine: TestClient, clock: SetClock
) -> None:
    said = [30, 40, 30, 20, 40, 30, 40, 20]  # online, every three days: it stands, is over, comes back, grows
    for n, online in enumerate(said):
        clock.set(f"{date(2026, 11, 21) + timedelta(3 * n)}T09:00:00+07:00")
        counts = figures(received_online=online, received_counter=10, resolved_early=5, resolved_on_time=15)
        sent(machine, batch(item(counts)))
        if online == 20:
            one = apart.get(AT).json()["items"][0]
            told = apart.post(
                f"{AT}/{one['id']}/explanation", headers={"if-match": f'"{one["version"]}"'},
                json={"reason": "late_sync"},
            )  # fmt: skip
            assert told.status_code == 200
    clock.set("2026-12-18T09:00:00+07:00")
    with app.state.database.read() as session:
        whole = session.execute(select(EVENT.gap_id, EVENT.at, EVENT.change).order_by(EVENT.gap_id, EVENT.version))
        steps = [(number, moment, GapChange(change)) for number, moment, change in whole]
    analyst, days = api("city_analyst"), [f"{date(2026, 11, 20) + timedelta(4 * n + n % 3)}" for n in range(7)]
    for until in days:
        for begin in days:
            page = analyst.get(f"{AT}/ageing?as_of={until}&from={begin}&to={max(begin, until)}").json()["total"]
            stood = began = 0
            for number in {number for number, _, _ in steps}:
                history = [Step(day_of(m), change) for n, m, change in steps if n == number and f"{day_of(m)}" <= until]
                times = list(episodes(history))
                stood += sum(one.ended_on is None for one in times)
                began += sum(begin <= f"{one.opened_on}" <= max(begin, until) for one in times)
            counted = page["asked"] + page["over_before"] + page["not_due"]
            assert (page["standing"], counted) == (stood, began), (until, begin)


def test_a_reason_leads_back_to_the_list_as_it_was_filtered(
    apart: TestClient, people: Callable[..., PageClient]
) -> None:
    browser = people()
    page = browser.get("/portal/gaps?span=day&from=2026-11-01&cursor=").text
    one = apart.get(AT).json()["items"][0]
    link = f"/portal/gaps/{one['id']}?span=day&amp;from=2026-11-01"
    assert f'href="{link}"' in page, "the gap's page knows the way back"
    assert 'href="/portal/gaps?span=day&amp;from=2026-11-01"' in browser.get(link.replace("&amp;", "&")).text

    def explained(referer: str, reason: str, version: int) -> str:
        data = {"_if_match": str(version), "reason": reason}
        done = browser.post(f"/portal/gaps/{one['id']}/explanation", data=data, headers={"referer": referer})
        assert done.status_code == 303, done.text
        return str(done.headers["location"])

    here = str(browser.base_url)
    kept = f"/portal/gaps?span=day&from=2026-11-01&explained={one['id']}"
    assert explained(f"{here}/portal/gaps?span=day&from=2026-11-01&cursor=x", "duplicate", 1) == kept
    assert explained(f"{here}{link.replace('&amp;', '&')}", "late_sync", 2) == kept
    told: dict[str, Any] = {
        "headers": {"referer": f"{here}{link.replace('&amp;', '&')}"},
        "data": {"_if_match": "3", "reason": "x"},
    }
    refused = browser.post(f"/portal/gaps/{one['id']}/explanation", **told)
    assert refused.status_code == 422
    again = f"/portal/gaps/{one['id']}/explanation?span=day&amp;from=2026-11-01"
    assert f'action="{again}"' in refused.text, "the filters outlive a refusal"
    data = {"_if_match": "3", "reason": "unknown"}
    assert browser.post(again.replace("&amp;", "&"), data=data).headers["location"] == kept
    alone = f"/portal/gaps?explained={one['id']}"
    assert explained("https://elsewhere.example/portal/gaps?span=day", "withdrawn", 4) == alone


def test_an_owner_is_told_what_is_to_be_done(apart: TestClient, people: Callable[..., PageClient]) -> None:
    one, browser = apart.get(AT).json()["items"][0], people("city_analyst")
    at = f"/portal/gaps/{one['id']}"
    assert '<textarea id="owner-note" name="note"' in browser.get(at).text
    handed = {"_method": "PUT", "_if_match": "1", "owner": "ward_leader", "note": "Đối chiếu sổ giấy ngày 20"}
    assert browser.post(f"{at}/owner", data=handed).status_code == 303
    assert "Đối chiếu sổ giấy ngày 20" in browser.get(at).text
    stale = browser.post(f"{at}/owner", data={**handed, "owner": "city_analyst", "note": "Gọi lại"})
    assert stale.status_code == 412
    assert stale.text.count("Gọi lại") == 2, "told above, and still in its own field, not in the reason's"
    # To whose it is already, words are not lost either; without words there is no news.
    for version, note, after in ((2, "Xong trước 16 giờ", 3), (3, "", 3)):
        again = {"_method": "PUT", "_if_match": f"{version}", "owner": "ward_leader", "note": note}
        assert browser.post(f"{at}/owner", data=again).status_code == 303
        assert apart.get(f"{AT}/{one['id']}").json()["version"] == after
    notes = [step["note"] for step in apart.get(f"{AT}/{one['id']}").json()["history"]]
    assert {"Đối chiếu sổ giấy ngày 20", "Xong trước 16 giờ"} <= set(notes)


def test_a_city_with_the_portal_alone_does_not_wait_for_all_its_periods(
    app: FastAPI, api: Api, clock: SetClock
) -> None:
    for month in range(1, 2 * rebuilding.PERIODS + 1):
        publish(app, clock, PortalMonth(WARD, 40, 30, 8, 2, 20, 0), period=f"2026-{month:02}")
    answer = api("city_analyst").put(TOLERANCE, json=WIDER, headers={"if-match": '"0"'})
    recount = answer.json()["recount"]
    assert (recount["compared"], recount["total"]) == (rebuilding.PERIODS, 2 * rebuilding.PERIODS)
    while go_on(app, clock):
        pass
    assert proof(app) == []


def test_verify_names_what_differs_and_reconciling_mends_it(
    app: FastAPI, apart: TestClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert CliRunner().invoke(cli, ["verify"]).exit_code == 0
    one = apart.get(AT).json()["items"][0]
    with app.state.database.engine.begin() as connection:
        connection.execute(text(f"update portal_gaps set ours = ours + 3 where id = {one['id']}"))
    wrong = CliRunner().invoke(cli, ["verify"])
    assert wrong.exit_code == 1
    assert f"portal_gaps {one['id']} {WARD} {DAY} city one-gate" in wrong.output
    mended = CliRunner().invoke(cli, ["portal-reconcile"])
    assert mended.exit_code == 0, mended.output
    assert "1 gaps are other than before" in mended.output
    assert CliRunner().invoke(cli, ["verify"]).exit_code == 0
    assert apart.get(f"{AT}/{one['id']}").json()["history"][-1]["change"] == "changed"
    (follow,) = [name for name, _, _ in chained(app, "portal.gaps_followed")][1:]
    assert follow == "tiendo57", "the command stands in the audit chain with what it changed"


@pytest.mark.skipif(KIND != "sqlite", reason="SQLite's driver tells each statement; they are the same on both")
def test_the_periods_of_a_day_are_read_together(app: FastAPI, apart: TestClient, clock: SetClock) -> None:
    periods = ("2026-11", "2026-Q4", "2026")
    for period in periods:
        publish(app, clock, PortalMonth(WARD, 40, 30, 8, 2, 20, 0), period=period)

    def statements(*wanted: str) -> int:
        seen: list[str] = []
        with app.state.database.read() as session:
            unit = session.execute(text("select id from units where code = :code"), {"code": WARD}).scalar_one()
            keeping.keep_periods(session, {period: {unit} for period in wanted}, clock.now())
            driver = session.connection().connection.dbapi_connection
            assert driver is not None
            driver.set_trace_callback(seen.append)
            keeping.keep_periods(session, {period: {unit} for period in wanted}, clock.now())
            driver.set_trace_callback(None)
        return len([one for one in seen if "stamps" not in one])  # whether reference data moved is one number

    assert statements(*periods) - statements("2026-11") == 2, "what the portal says of each; our side and the gaps once"
    assert statements(*periods) <= 6
