"""A call of many unit-days leaves what the same unit-days leave that come one a call: in every table."""

import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import SQLModel

from app.core import stamps
from app.indicators.computed import rebuilding as indicators
from app.portal.gaps import rebuilding as gaps
from app.throughput.findings import rebuilding as findings
from tests.api.test_figures_confirmed import DAYS, confirmations, drawn
from tests.conftest import seeds
from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report
from tests.support.figures import AT, BEFORE, REPORTS, SCOPES, Api, batch, figures, integrity, item, sent

SYSTEMS = ("city", "ministry")
# How often something was touched, the chain's own numbers, and what is drawn by lot for each token.
NOT_THE_SAME = {"stamps", "audit_head", "api_tokens"}
OF_ONE_CALL = {"number", "previous_hash", "hash", "request_id"}  # in the audit: its place in the chain
Content = dict[str, list[str]]


def content(app: FastAPI) -> Content:
    """Return all rows of all tables, each told by what it says: a row it points to by that one's own words."""
    tables = SQLModel.metadata.tables
    with app.state.database.engine.connect() as connection:
        rows = {name: connection.execute(select(of)).mappings().all() for name, of in tables.items()}
    by_id = {name: {row["id"]: row for row in of if "id" in row} for name, of in rows.items()}

    @cache
    def told(name: str, number: int) -> str:
        return words(name, by_id[name][number])

    def words(name: str, row: Any) -> str:
        said = {}
        for column in tables[name].columns:
            to = next((key.column for key in column.foreign_keys), None)
            if column.name != "id" and not (name == "audit_entries" and column.name in OF_ONE_CALL):
                is_pointer = to is not None and to.name == "id" and row[column.name] is not None
                said[column.name] = (
                    told(to.table.name, row[column.name]) if is_pointer and to is not None else row[column.name]
                )
        return repr(said)

    found = {name: sorted(words(name, row) for row in of) for name, of in rows.items() if name not in NOT_THE_SAME}
    followed = [row for row in rows["audit_entries"] if row["action"] == "portal.gaps_followed"]
    told_of = {words("audit_entries", row) for row in followed}
    found["audit_entries"] = [one for one in found["audit_entries"] if one not in told_of]
    # One entry a transaction tells of all gaps that followed, by their numbers.
    changes = [
        change | {"gap": told("portal_gaps", change["gap"])} for row in followed for change in json.loads(row["after"])
    ]
    return found | {"gaps followed": sorted(map(repr, changes))}


def lived(app: FastAPI, api: Api, clock: SetClock, seed: int, *, together: bool) -> tuple[list[Any], Content]:
    """Have two units send some days, some by a person, some approved; then many more by a source."""
    lot = Random(seed)
    machine, analyst = api("machine", scopes=SCOPES), api("city_analyst")
    officers, leaders = (
        {unit: api(role, unit=unit) for unit in (WARD, OTHER)} for role in ("ward_officer", "ward_leader")
    )
    for unit in (WARD, OTHER):
        for system in SYSTEMS:
            body = {"unit": unit, "system": system, "source": "one-gate", "confirms": True}
            assert analyst.put(f"{AT}/sources", json=body).status_code == 200
    every = [(unit, system, day) for unit in (WARD, OTHER) for system in SYSTEMS for day in DAYS]
    for unit, system, day in sorted(lot.sample(every, 14), key=lambda place: place[2]):
        clock.set(f"{day}T17:00:00+07:00")
        if lot.random() < 0.25:
            body = report(line() | drawn(lot))
            assert officers[unit].put(f"{REPORTS}/{unit}/{day}/{system}", json=body).status_code == 201
        else:
            sent(machine, batch(item(drawn(lot), unit=unit, day=day, system=system)))
            if lot.random() < 0.5:
                approval = f"{REPORTS}/{unit}/{day}/{system}/approvals/ward"
                assert leaders[unit].put(approval, json={"version": 1}).is_success
    clock.set(f"{DAYS[-1]}T18:00:00+07:00")
    asked = sorted(lot.sample(every, 20))
    others = [item(drawn(lot), unit=unit, day=day, system=system) for unit, system, day in lot.sample(asked, 8)]
    sent(machine, batch(*others, source="other-gate"))
    items = [item(drawn(lot), unit=unit, day=day, system=system) for unit, system, day in asked]
    if together:
        results = sent(machine, batch(*items))["results"]
    else:
        results = [sent(machine, batch(one))["results"][0] for one in items]
    assert integrity(app) == []
    with app.state.database.read() as session:
        assert gaps.differences(session) == []
        assert list(findings.differences(session)) == []
        assert list(indicators.differences(session, clock.now())) == []
    told = [
        one | {"index": 0, "errors": [e | {"pointer": e["pointer"].split("/")[3:]} for e in one["errors"]]}
        for one in results
    ]
    for one in told:
        if (made := one["confirmation"]) is not None:
            made["errors"] = [error | {"pointer": error["pointer"].split("/")[3:]} for error in made["errors"]]
    return told, content(app)


@pytest.mark.parametrize("seed", seeds(4))
def test_many_unit_days_of_one_call_leave_what_they_leave_one_by_one(
    app: FastAPI, api: Api, clock: SetClock, anew: Callable[[], None], seed: int
) -> None:
    """New days, corrections with days after them and without, refused ones: reports, sums, findings, gaps, audit."""
    began = clock.now()
    each, alone = lived(app, api, clock, seed, together=False)
    app.state.database.engine.dispose()
    stamps._kept.clear()
    anew()
    clock.set(began.isoformat())
    at_once, together = lived(app, api, clock, seed, together=True)
    assert at_once == each
    kinds = {status for one in confirmations({"results": each}) for status in [one[0] if one else None]}
    assert kinds >= {"confirmed", "refused"}
    for name, rows in alone.items():
        assert together[name] == rows, name
    assert all(
        alone[name] for name in ("report_revisions", "findings", "portal_gaps", "adjustments", "indicator_inputs")
    )


@pytest.mark.parametrize("fields", [("HT", "CT"), ("DD",)], ids=["asked", "refused"])
def test_fields_are_named_in_one_order_whether_the_day_before_came_in_the_call_or_earlier(
    api: Api, fields: tuple[str, ...]
) -> None:
    """What is asked about overdue stocks that fell, and what fields with open dossiers a source leaves out."""
    machine, analyst = api("machine", scopes=SCOPES), api("city_analyst")
    said = []
    for unit in (WARD, OTHER):
        body = {"unit": unit, "system": "city", "source": "one-gate", "confirms": True}
        assert analyst.put(f"{AT}/sources", json=body).status_code == 200
        overdue = [figures(field, received_online=5, pending_overdue=5) for field in ("HT", "CT")]
        days = [item(*overdue, unit=unit, day=BEFORE), item(*map(figures, fields), unit=unit)]
        calls = [days] if unit == WARD else [[day] for day in days]
        made = [one["confirmation"] for call in calls for one in sent(machine, batch(*call))["results"]][-1]
        missing = [error["message"]["en"][:2] for error in made["errors"]]
        if made["status"] == "confirmed":
            stands = machine.get(f"{REPORTS}/{unit}/{DAY}/city").json()
            missing = [w["field"] for w in stands["warnings"] if w["code"] == "overdue_stock_fell"]
        said.append(missing)
    assert said == [["CT", "HT"]] * 2
