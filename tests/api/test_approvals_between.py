"""What others do between the two reads of the list of approvals: nothing breaks, and no flag is of another revision."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core.access import Caller
from app.core.paging import Page
from app.core.web import API
from app.procedures.rules import System
from app.throughput.approvals import listing, ordering
from app.throughput.approvals.rules import Stage
from app.throughput.approvals.schemas import ApprovalsOut
from app.throughput.approvals.service import Terms
from app.units.service import by_code
from tests.conftest import KIND
from tests.support.clients import DAY, OTHER, WARD, line, report

Api = Callable[..., TestClient]
AT = f"{API}/throughput/reports/{WARD}/{DAY}/city"
ANALYST = Caller(0, "phan-tich", "Phân tích", "city_analyst", None, None, frozenset({"approvals:city"}), None)
# SQLite reads a whole list as of one moment, PostgreSQL each statement as of its own.
MOVED = KIND == "postgresql"


@pytest.fixture
def between(app: FastAPI, api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], Any]], None]]:
    """Two units have sent; `between(act)`: what another does once, after the order is read and before the reports."""
    for unit in (WARD, OTHER):
        body = report(line(received_online=5))
        assert api(unit=unit).put(AT.replace(WARD, unit), json=body).status_code == 201
    acts: list[Callable[[], Any]] = []

    def then(*args: Any) -> Any:
        found = ordering.placed(*args)
        if acts:
            done = acts.pop()()
            assert done.is_success, done.text
        return found

    monkeypatch.setattr(listing, "placed", then)
    yield acts.append
    assert not acts, "it was done"


def seen(app: FastAPI, page: Page | None, day: date | None = date(2026, 11, 20)) -> dict[str, tuple[int, str, bool]]:
    with app.state.database.read() as session:
        found = listing.listing(
            session, ANALYST, page, stage=Stage.city, day=day, now=app.state.clock.now(), terms=Terms()
        )
    return {item.unit: (item.version, item.status.value, item.waits) for item in found.items}


WAITS = (1, "received", True)
APPROVED = (1, "approved_city", False) if MOVED else WAITS


@pytest.mark.parametrize("page", [None, Page(50, None)])
@pytest.mark.parametrize("day", [None, date(2026, 11, 20)])
def test_what_is_approved_in_between_is_shown_as_it_is(
    app: FastAPI, api: Api, between: Callable[[Callable[[], Any]], None], page: Page | None, day: date | None
) -> None:
    between(lambda: api("city_analyst").put(f"{AT}/approvals/city", json={"version": 1}))
    assert seen(app, page, day) == {WARD: APPROVED, OTHER: WAITS}


@pytest.mark.parametrize("page", [None, Page(50, None)])
def test_what_is_corrected_in_between_is_left_out(
    app: FastAPI, api: Api, between: Callable[[Callable[[], Any]], None], page: Page | None
) -> None:
    corrected = report(line(received_online=9))
    between(lambda: api().put(AT, json=corrected, headers={"if-match": '"1"'}))
    assert seen(app, page) == ({} if MOVED else {WARD: WAITS}) | {OTHER: WAITS}
    assert seen(app, page) == {WARD: (2, "received", True), OTHER: WAITS}


def test_one_that_is_corrected_in_between_is_shown_as_it_stands(
    app: FastAPI, api: Api, between: Callable[[Callable[[], Any]], None]
) -> None:
    corrected = report(line(received_online=9))
    between(lambda: api().put(AT, json=corrected, headers={"if-match": '"1"'}))
    with app.state.database.read() as session:
        found: ApprovalsOut = listing.review(
            session, ANALYST, unit=by_code(session, WARD), day=date(2026, 11, 20), system=System.CITY,
            stage=Stage.city, terms=Terms(),
        )  # fmt: skip
    assert (found.version, found.report.version) == ((2, 2) if MOVED else (1, 1))
