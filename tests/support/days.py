"""Reports written through the service, for days that the doors would find locked."""

from datetime import date, time, timedelta
from typing import Any

from app.core import audit
from app.core.access import Caller
from app.core.clock import at
from app.core.db import Database
from app.procedures.rules import System
from app.throughput import reading, service
from app.throughput.schemas import ReportIn
from app.units.service import by_code


def sent(database: Database, unit_code: str, day: str, system: str, *lines: dict[str, Any]) -> None:
    """Send or correct a report on the evening of its day."""
    when = at(date.fromisoformat(day), time(16, 30))
    with database.write() as session:
        unit = by_code(session, unit_code)
        standing = reading.current(session, unit.id, date.fromisoformat(day), System(system))
        moment = when + timedelta(seconds=standing.version if standing else 0)
        session.info["audit_context"] = audit.Context(moment, None, "thu", "test")
        caller = Caller(
            id=0, user_name="thu", label="Thử", role="ward_officer", unit_id=unit.id, unit_code=unit.code,
            rights=frozenset({"reports:send"}), units=frozenset({unit.id}),
        )  # fmt: skip
        service.put_report(
            session, caller, unit=unit, day=date.fromisoformat(day), system=System(system),
            body=ReportIn.model_validate({"lines": list(lines)}),
            match=service.Match(f'"{standing.version}"' if standing else None), now=moment,
        )  # fmt: skip
