"""A day's form that was refused: everything wrong in one round, and two people's values side by side."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core.forms import nest
from app.core.web import API
from app.throughput import redrawn, worksheet
from app.throughput.redrawn import Clash
from app.units.service import by_code
from tests.pages.test_throughput_pages import cell, error_summary, form_of
from tests.support.clients import DAY, WARD, PageClient, SetClock, line, report

AT = f"/throughput/reports/{WARD}/{DAY}"
People = Callable[..., PageClient]
Seen = Callable[..., tuple[Clash | None, dict[str, Any]]]


@pytest.fixture
def seen(app: FastAPI, clock: SetClock) -> Callable[..., tuple[Clash | None, dict[str, Any]]]:
    """Say what the redrawn form is given: the clash, and what was typed with their cells filled in."""

    def of(form: dict[str, str], match: str | None) -> tuple[Clash | None, dict[str, Any]]:
        with app.state.database.read() as session:
            unit = by_code(session, WARD)
            sheet = worksheet.worksheet(session, unit, date.fromisoformat(DAY), clock.now())
            return redrawn.meanwhile(session, unit, sheet, nest(list(form.items())), match)

    return of


def typed(**cells: str) -> dict[str, str]:
    """Return a form of one line of the city's system, a few cells typed."""
    counts = {name: str(value) for name, value in line().items()} | {"carried_over": "0"} | cells
    return {cell("HT", name): value for name, value in counts.items()} | {"_method": "PUT"}


def put(client: TestClient, version: str | None = None, **counts: int) -> None:
    """Send the city's report as another officer's program."""
    headers = {"if-match": f'"{version}"'} if version else {}
    sent = client.put(f"{API}{AT}/city", json=report(line(carried_over=0) | counts), headers=headers)
    assert sent.is_success, sent.text


def values(cells: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    """Return base, theirs and mine of some cells."""
    return {name: (one.base, one.theirs, one.mine) for name, one in cells.items()}


def test_cells_that_cannot_be_read_and_broken_rules_come_in_one_round(people: People) -> None:
    form = typed(received_online="1,5") | {
        cell("CT", name): str(value) for name, value in line("CT", resolved_early=3).items()
    }
    refused = people().post(AT, data=form)
    assert refused.status_code == 422
    said = error_summary(refused.text)
    assert "Hộ tịch" in said
    assert "Chứng thực" in said
    assert form_of(refused.text, AT)[cell("HT", "received_online")] == "1,5"


def test_a_day_that_another_changed_asks_only_where_both_did(api: Any, seen: Seen) -> None:
    another = api()
    put(another, received_online=5, resolved_early=1)
    put(another, "1", received_online=6, resolved_early=1, received_counter=4)
    mine = typed(received_online="8", resolved_early="1", resolved_on_time="2", pending_in_time="")
    clash, filled = seen(mine, '"1-0"')
    assert clash is not None
    assert (clash.base, clash.current, [by.system for by in clash.by]) == ("1-0", "2-0", ["city"])
    assert values(clash.both) == {cell("HT", "received_online"): ("5", "6", "8")}
    assert values(clash.theirs) == {cell("HT", "received_counter"): ("0", "4", "0")}
    assert values(clash.mine) == {cell("HT", "resolved_on_time"): ("0", "0", "2")}
    row = filled["city"]["lines"]["HT"]
    assert (row["received_online"], row["received_counter"], row["resolved_on_time"]) == ("8", "4", "2")


def test_sent_once_more_as_it_was_drawn_nothing_of_either_is_lost(api: Any, people: People) -> None:
    another, officer = api(), people()
    put(another, received_online=5, resolved_early=1)
    put(another, "1", received_online=5, resolved_early=1, received_counter=4)
    mine = typed(received_online="5", resolved_early="1", resolved_on_time="2", pending_in_time="")
    refused = officer.post(AT, data=mine | {"_if_match": "1-0"})
    assert refused.status_code == 412
    again = form_of(refused.text, AT)
    assert again["_if_match"] == "2-0"
    assert officer.post(AT, data=again).status_code == 303
    totals = another.get(f"{API}{AT}/city").json()["totals"]
    assert (totals["received_online"], totals["received_counter"], totals["resolved_on_time"]) == (5, 4, 2)


def test_an_empty_form_meets_a_report_that_came_meanwhile(api: Any, people: People, seen: Seen) -> None:
    put(api(), received_online=5, received_post=1)
    mine = typed(received_online="5", received_counter="2")
    assert people().post(AT, data=mine).status_code == 428
    clash, _ = seen(mine, None)
    assert clash is not None
    assert (clash.base, clash.current) == ("0-0", "1-0")
    assert values(clash.both) == {}
    assert values(clash.theirs) == {cell("HT", "received_post"): ("0", "1", "0")}
    assert values(clash.mine) == {cell("HT", "received_counter"): ("0", "0", "2")}


def test_reasons_of_the_other_are_kept(api: Any, seen: Seen) -> None:
    another = api()
    put(another, received_online=5)
    given = [{"warning": "late", "reason": "campaign", "note": "Đợt cao điểm"}]
    with_reason = report(line(carried_over=0, received_online=5), reasons=given)
    assert another.put(f"{API}{AT}/city", json=with_reason, headers={"if-match": '"1"'}).status_code == 200
    _, filled = seen(typed(received_online="9"), '"1-0"')
    assert filled["city"]["reasons"] == {"late-": {"warning": "late", "reason": "campaign", "note": "Đợt cao điểm"}}


def test_a_system_that_was_down_fills_nothing_in(api: Any, seen: Seen) -> None:
    another = api()
    put(another, received_online=5)
    why = [{"warning": "correction", "reason": "source_error"}]
    down = {"unavailable": {"reason": "Mất mạng"}, "reasons": why}
    assert another.put(f"{API}{AT}/city", json=down, headers={"if-match": '"1"'}).status_code == 200
    mine = typed(received_online="9")
    clash, filled = seen(mine, '"1-0"')
    assert clash is not None
    assert [by.system for by in clash.by] == ["city"]
    assert filled == nest(list(mine.items()))


@pytest.mark.parametrize("match", ["nonsense", "1-0-0", "999999999999-0", "1-0"])
def test_a_version_that_tells_nothing_is_no_clash(api: Any, people: People, seen: Seen, match: str) -> None:
    put(api(), received_online=5)
    clash, filled = seen(typed(received_online="9"), f'"{match}"')
    assert clash is None
    assert filled["city"]["lines"]["HT"]["received_online"] == "9"
    sent = people().post(AT, data=typed(received_online="9") | {"_if_match": match})
    assert sent.status_code == (303 if match == "1-0" else 412)


MADE_UP: list[dict[str, str]] = [
    {"city[lines]": "x"},
    {"city[lines][HT]": "x"},
    {"city[lines][HT][field]": "HT", "city[lines][HT][memo]": "x"},
    {"city[lines][HT][field]": "HT", "city[reasons]": "x"},
    {"city[lines][HT][field]": "HT", "city[reasons][late-]": "x"},
    {"city[lines][HT][field]": "HT", "city[lines][HT]" + "[x]" * 2000: "x"},
]


@pytest.mark.parametrize("form", MADE_UP, ids=[str(n) for n in range(len(MADE_UP))])
def test_a_made_up_form_under_a_used_key_is_refused_in_words(api: Any, people: People, form: dict[str, str]) -> None:
    officer, again = people(), {"_method": "PUT", "_idempotency_key": "used"}
    assert officer.post(AT, data=typed(received_online="5") | again).status_code == 303
    given = [{"warning": "late", "reason": "campaign", "note": "Đợt cao điểm"}]
    theirs = report(line(carried_over=0, received_online=9, memo={"digitised": 2}), reasons=given)
    assert api().put(f"{API}{AT}/city", json=theirs, headers={"if-match": '"1"'}).status_code == 200
    assert officer.post(AT, data=form | again | {"_if_match": "1-0"}).status_code == 422
