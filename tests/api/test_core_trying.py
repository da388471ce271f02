"""What is only tried leaves nothing, neither in the database nor in the session that goes on."""

from datetime import date

from fastapi import FastAPI
from sqlalchemy import text
from sqlmodel import Session

from app.core import db, stamps
from app.core.access import Caller
from app.core.trying import tried
from app.indicators.computed import service as computed
from app.throughput.figures import service
from app.throughput.figures.schemas import FiguresIn
from app.units.service import by_code
from tests.support.clients import DAY, OTHER, WARD, SetClock
from tests.support.figures import BEFORE, Api, batch, confirming, figures, integrity, item

MACHINE = Caller(0, "token:test machine", "test machine", "machine", None, None, frozenset({"figures:send"}), None)


def noted(session: Session) -> dict[str, str]:
    """Return in words what a session has noted for later, but for what belongs to its connection."""
    return {name: repr(value) for name, value in session.info.items() if name != "hot"}


def test_a_dry_run_and_then_a_real_write_in_one_session(
    app: FastAPI, api: Api, clock: SetClock, session: Session
) -> None:
    confirming(api)

    def put(day: str, *, dry_run: bool) -> None:
        body = FiguresIn.model_validate(batch(item(figures(received_online=3), day=day)))
        answer = service.put(session, MACHINE, body=body, now=clock.now(), dry_run=dry_run)
        assert [one.confirmation and one.confirmation.status for one in answer.results] == ["confirmed"]

    # What stands already is added to by what is tried, in the same sets.
    other = by_code(session, OTHER).id
    assert other is not None
    computed.follow_reports(session, other, date.fromisoformat(DAY))
    before = noted(session)
    put(DAY, dry_run=True)
    assert noted(session) == before
    put(BEFORE, dry_run=False)
    assert noted(session) != before
    db.commit(session)
    with app.state.database.engine.connect() as connection:
        rows = connection.execute(text("select entity from audit_entries where action = 'report.received'"))
        assert [entity for (entity,) in rows] == [f"reports/{WARD}/{BEFORE}/city"]
    assert integrity(app) == []


def test_what_is_noted_while_trying_is_forgotten_and_what_was_before_is_kept(session: Session) -> None:
    stamps.touch(session, "one")
    session.info["audit_context"] = context = session.info["audit_context"]
    try:
        with tried(session):
            stamps.touch(session, "other")
            session.info["new"] = True
            session.info["audit_context"] = None
            raise TimeoutError
    except TimeoutError:
        pass
    assert session.info["touched_stamps"] == {"one"}
    assert "new" not in session.info
    assert session.info["audit_context"] == context
    assert session.execute(text("select name from stamps where name in ('one', 'other')")).all() == [("one",)]
