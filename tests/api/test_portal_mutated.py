"""Answers that are wrong in one place: no row changes, nothing is taken for sent, memory stays small."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.core import audit
from app.core.errors import Conflict
from app.core.jobs import service as outbox
from app.portal import working
from app.portal.codes import pulling
from tests.support.clients import SetClock
from tests.support.portal import Portal, put_messages, simulator

KEPT = {
    "portal_codes": "kind, code, name, parent, gone_at", "portal_months": "*", "portal_scores": "*",
    "outbox_messages": "key, body",
}  # fmt: skip


@pytest.fixture
def portal(template: str) -> Portal:
    """A simulator without a fault."""
    found = simulator(template)
    found.fault(None)
    return found


def kept(app: FastAPI) -> dict[str, list[Any]]:
    """Return all that an answer could change."""
    with app.state.database.engine.connect() as connection:
        return {
            table: sorted(map(str, connection.execute(text(f"select {columns} from {table}"))))
            for table, columns in KEPT.items()
        }


def _pull(app: FastAPI, clock: SetClock) -> list[str]:
    state = app.state
    by = audit.Context(clock.now(), None, "test", "command")
    try:
        return pulling.pull(state.database, state.settings, clock, by=by, tries=1).failed
    except Conflict as refusal:
        return [refusal.code]


def _endure(app: FastAPI, portal: Portal, clock: SetClock, generation: str, answers: int) -> None:
    addresses = {"portal_legacy_url": portal.legacy, "portal_rest_url": portal.rest}
    addresses[f"portal_{'rest' if generation == 'legacy' else 'legacy'}_url"] = ""
    app.state.settings = app.state.settings.model_copy(update=portal.patient(generation) | addresses)
    assert _pull(app, clock) == []
    with app.state.database.write() as session:
        put_messages(session, clock.now(), range(1), of=generation)
    before = kept(app)
    assert len(before["portal_codes"]) > 50
    worker = working.worker(app.state.database, app.state.settings, clock)
    portal.fault("mutated", generation=generation)
    heard, began = 0, _memory()
    while heard < answers:
        clock.set((clock.now() + timedelta(minutes=1)).isoformat())  # the breaker lets somebody through again
        assert _pull(app, clock) != []
        worker.turn()
        heard = _heard(app)
    assert kept(app) == before, "what is not as agreed changes nothing"
    assert _state(app) in ("waiting", "parked"), "an error code is a no, and parks it; nothing is a receipt"
    assert _memory() - began <= 50 * 2**20
    with app.state.database.engine.connect() as connection:
        ends = set(
            connection.execute(text("select outcome from portal_exchanges where purpose != 'sign_in'")).scalars()
        )
    assert {"not_json", "bad_answer"} <= ends
    portal.fault(None)
    clock.set((clock.now() + timedelta(minutes=20)).isoformat())
    assert _pull(app, clock) == []
    with app.state.database.write() as session:
        outbox.replay(session, clock.now())
    while worker.turn():
        pass
    assert _state(app) == "sent"


def _state(app: FastAPI) -> str:
    with app.state.database.engine.connect() as connection:
        return str(connection.execute(text("select state from outbox_messages")).scalar_one())


def _heard(app: FastAPI) -> int:
    with app.state.database.engine.connect() as connection:
        wrong = "select count(*) from portal_exchanges where outcome not in ('ok', 'expired')"
        return int(connection.execute(text(wrong)).scalar_one())


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("generation", ["legacy", "rest"])
def test_forty_wrong_answers_change_nothing(app: FastAPI, portal: Portal, clock: SetClock, generation: str) -> None:
    _endure(app, portal, clock, generation, 20)


@pytest.mark.soak
@pytest.mark.parametrize("generation", ["legacy", "rest"])
def test_five_hundred_wrong_answers_change_nothing(
    app: FastAPI, portal: Portal, clock: SetClock, generation: str
) -> None:  # fmt: skip
    _endure(app, portal, clock, generation, 250)
