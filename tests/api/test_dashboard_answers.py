"""Every answer of the dashboard that a process keeps equals what one without anything kept works out of the tables.

Whatever was changed meanwhile, of whatever kind, by this process or another; and the page says what the answers say.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from random import Random
from threading import Event, Thread
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.accounts.rules import Role, rights_of
from app.core import stamps
from app.core.access import Caller
from app.core.db import Database
from app.core.recent import Recent
from app.dashboard import drawing, keeping, service
from app.indicators.computed import keeping as computed
from app.throughput import changes
from app.throughput.board import standing
from app.throughput.changes import Changes, seen
from app.units.service import by_code
from tests.conftest import KIND
from tests.support.clients import OTHER, WARD, PageClient, SetClock
from tests.support.tasks import with_task
from tests.support.world import MOMENTS, THURSDAY, World


@pytest.fixture
def world(app: FastAPI, api: Callable[..., TestClient], clock: SetClock) -> World:
    return World(app, api, clock)


@pytest.fixture
def others(app: FastAPI) -> Iterator[list[Database]]:
    """The database as two other processes open it: to these, all changes are somebody else's."""
    opened = [Database(app.state.settings) for _ in range(2)]
    yield opened
    for one in opened:
        one.engine.dispose()


def readers(app: FastAPI) -> list[tuple[Caller, dict[str, str | None]]]:
    """Return who looks at what."""
    with app.state.database.read() as session:
        ward = by_code(session, WARD).id
    assert ward is not None
    leader = Caller(1, "a", "A", "leader", None, None, rights_of(Role.leader, None), None)
    fewer = Caller(1, "a", "A", "leader", None, None, leader.rights - {"gaps:read", "indicators:read"}, None)
    of_ward = rights_of(Role.ward_leader, ward)
    ward_leader = Caller(2, "b", "B", "ward_leader", ward, WARD, of_ward, frozenset({ward}))
    asked: dict[str, str | None] = {"period": None, "unit": None, "field": None}
    return [
        (leader, asked), (ward_leader, asked), (leader, asked | {"unit": OTHER}), (leader, asked | {"unit": "SO-KHCN"}),
        (leader, asked | {"period": "2026-W47"}), (leader, asked | {"field": "HT"}), (fewer, asked),
    ]  # fmt: skip


def answer(database: Database, caller: Caller, asked: dict[str, Any], now: datetime) -> str:
    """Return the answers as this process gives them, to the letter."""
    with database.read() as session:
        return repr(service.dashboard(session, caller, service.asked(session, caller, now, **asked), now))


def truth(database: Database, caller: Caller, asked: dict[str, Any], now: datetime) -> str:
    """Return the answers of a process that keeps nothing yet, as one that has just been started."""
    for kept in (keeping._kept, changes._seen, stamps._kept, standing._kept):
        kept.pop(database.engine.pool, None)
    return answer(database, caller, asked, now)


def test_what_is_kept_is_what_the_tables_say_after_each_kind_of_change(
    app: FastAPI, world: World, others: list[Database], clock: SetClock
) -> None:
    """The city's leader looks after each change, others after several."""
    order, everyone, (elsewhere, started) = list(world.acts().items()), readers(app), others
    Random(57).shuffle(order)
    if KIND != "sqlite":
        order = order[::3]  # what the tables say is asked alike after each
    order += [(moment, partial(world.at, moment)) for moment in MOMENTS]
    order.append(("followed", partial(world.write, computed.follow_time)))
    order += [("blocker", world.block)] * 2  # one of them stands
    # Days that go by without anything being done: not even what will be owed is made.
    order += [(day, partial(clock.set, f"{day}T08:00:00+07:00")) for day in ("2026-11-24", "2026-11-26")]
    for turn, (name, act) in enumerate(order):
        act()
        now = clock.now()
        for caller, asked in (everyone[0], everyone[1 + turn % (len(everyone) - 1)]):
            true = truth(started, caller, asked, now)
            for database in (app.state.database, elsewhere):
                assert answer(database, caller, asked, now) == true, (name, database is elsewhere, caller.role, asked)
                assert answer(database, caller, asked, now) == true, (name, "asked again")


@pytest.mark.once
def test_the_page_says_what_the_answers_say_after_each_kind_of_change(
    world: World, people: Callable[..., PageClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of parts that were drawn before and of those that were not; and after each deadline."""
    leader = people("leader")
    order = [*world.acts().items()]
    order += [(moment, partial(world.at, moment)) for moment in MOMENTS]
    for name, act in order:
        act()
        page = leader.get("/dashboard").text
        monkeypatch.setattr(drawing, "_drawn", Recent(drawing.MOST))
        assert leader.get("/dashboard").text == page, name


def test_several_who_look_while_others_write_leave_nothing_old_behind(
    app: FastAPI, world: World, others: list[Database], clock: SetClock
) -> None:
    everyone, over, wrong = readers(app), Event(), list[Exception]()

    def look(caller: Caller, asked: dict[str, Any]) -> None:
        while not over.is_set():
            try:
                answer(app.state.database, caller, asked, clock.now())
            except Exception as error:
                wrong.append(error)

    threads = [Thread(target=look, args=one) for one in (everyone[0], everyone[0], everyone[1])]
    for thread in threads:
        thread.start()
    acts = world.acts()
    for name in ("yesterday's report", "progress", "reading", "gap explained") * 3:
        acts[name]()
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong
    for caller, asked in everyone:
        assert answer(app.state.database, caller, asked, clock.now()) == truth(others[0], caller, asked, clock.now())


def test_a_question_that_waited_keeps_nothing_of_its_own_moment_for_others(
    app: FastAPI, world: World, clock: SetClock
) -> None:
    caller, asked = readers(app)[0]
    clock.set("2026-11-20T16:45:03+07:00")
    before = clock.now() - timedelta(seconds=2)
    with_task(world.analyst, "LATER", world.directive, lead_unit=WARD, deadline="2026-11-10")
    # Asked two seconds before the task came, worked out after: it is as at its moment, and nobody else's.
    early = answer(app.state.database, caller, asked, before)
    late = answer(app.state.database, caller, asked, clock.now() + timedelta(seconds=1))
    assert early != late
    assert late == truth(app.state.database, caller, asked, clock.now() + timedelta(seconds=1))


def test_who_reads_an_older_state_takes_nothing_from_the_others(app: FastAPI, world: World, clock: SetClock) -> None:
    database: Database = app.state.database
    with database.read() as older, database.read() as newer:
        first = seen(older)
        world.report(THURSDAY)
        now = seen(newer)
        assert first is not None
        assert now is not None
        assert (now.era is first.era, now.number > first.number) == (True, True)
        if KIND == "sqlite":  # on PostgreSQL every statement reads the newest
            assert seen(older) is None
        with database.read() as another:
            assert seen(another) == now


def test_of_a_history_that_another_took_the_place_of_nothing_stands(app: FastAPI, world: World) -> None:
    """As when a backup is put back beneath a serving process: shorter first, then longer than what was known."""
    database: Database = app.state.database

    def known() -> Changes:
        with database.read() as session:
            found = seen(session)
            assert found is not None
            return found

    def put_back(steps: int, tip: str) -> None:
        with database.engine.begin() as connection:
            at = {"n": known().number + steps, "tip": tip}
            connection.execute(text("update audit_head set number = :n, hash = :tip"), at)

    first = known()
    put_back(-5, "a" * 64)
    shorter = known()
    assert (shorter.era is first.era, shorter.number) == (False, first.number - 5)
    put_back(0, "b" * 64)
    assert known().era is not shorter.era, "as long, and another"
    again = known()
    put_back(3, "c" * 64)
    assert known().era is not again.era, "longer, and does not go on from what was known"
