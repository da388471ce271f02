"""Confirming a source's figures without a person, where the unit's setting says so: through everybody's service."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from app.accounts.rules import Role
from app.core import hot
from app.core.errors import Conflict, Fault, Invalid
from app.procedures.rules import System
from app.throughput import cases
from app.throughput.around import Many
from app.throughput.cases import Judged
from app.throughput.figures import reading
from app.throughput.figures.batch import Counts, Key
from app.throughput.figures.models import FigureDay, FigureSource
from app.throughput.figures.reading import DAY
from app.throughput.figures.rules import NEEDED
from app.throughput.figures.storing import Call
from app.throughput.rules import ReasonCode, WarningCode
from app.throughput.schemas import ReasonIn, ReportIn
from app.throughput.service import Match, judge, may_send
from app.throughput.writing import write_all
from app.units.models import Unit

_SOURCE = hot.table(FigureSource).c
_CONFIRMS = select(_SOURCE.unit_id, _SOURCE.system).where(
    _SOURCE.source == bindparam("of_source"), _SOURCE.confirms.is_(True)
)
_make = update(hot.table(FigureDay)).where(DAY.id == bindparam("which"))


def made(session: Session, unit_id: int, day: date, system: System) -> set[int]:
    """Return the revisions of a day's report that a source's figures made last."""
    mine = (DAY.unit_id == unit_id) & (DAY.system == system.value) & (DAY.day == day)
    return set(session.scalars(select(DAY.revision_id).where(mine, DAY.revision_id.is_not(None))))


def asked(session: Session, source: str) -> set[tuple[int, str]]:
    """Return the units and systems whose figures of a source become the report."""
    return {(unit, system) for unit, system in hot.run(session, _CONFIRMS, {"of_source": source})}


class Confirming:
    """The reports that a call makes of its figures: judged one after the other, written together.

    A machine explains nothing: what is asked stays open for the unit, and only a late correction carries the reason
    that it cannot do without; unless the call brings one (`late`) a machine's own is that it was late, and a person's
    is refused.
    """

    def __init__(self, call: Call, own: Mapping[Key, Counts]) -> None:
        """Read what stands around the unit-days that are to be reports; `own`: what the call says of each."""
        self.call = call
        said, self._own = reading.said(call.session, call.body.source, own)
        self.many = Many.read(call.session, own, said)
        self._waiting: list[Judged] = []
        self.late = call.late
        if self.late is None and call.caller.role == Role.machine:
            self.late = ReasonIn(warning=WarningCode.correction, reason=ReasonCode.late_sync)

    def confirm(
        self, unit: Unit, day: date, system: System, counted_until: datetime | None, counts: Counts, *, is_sent: bool
    ) -> tuple[int, bool]:
        """Judge a source's figures as the unit's report; returns its version and whether that changes anything.

        Never of a part of the day, nor over a report that this source did not make. The same figures again change
        nothing: what a person explained of them stands. Not `is_sent`: the figures of a day that moved with the totals
        before it. Raises Problem where it cannot be; before `write` it may not be there yet.
        """
        assert unit.id is not None
        session, reference, now = self.call.session, self.call.reference, self.call.now
        may_send(self.call.caller, unit)
        standing = self.many.standing(unit.id, day, system)
        stored = standing.stored
        if stored is not None and stored.revision_id != self._own[unit.id, system, day].revision_id:
            raise Conflict("report_of_others")
        moments = standing.owed or reference.deadlines(unit, day, system)
        # When a day that only moved was counted is not known from this call: its report tells that it was a whole one.
        if counted_until is None and not is_sent and stored is None:
            raise Conflict("part_of_day")
        if (counted_until or now) < moments.cut_off_at:
            raise Conflict("part_of_day")
        if faults := _missing(counts):
            raise Invalid(faults)
        is_late = stored is not None and now > moments.grace_until
        body = ReportIn.model_validate({
            "counted_until": counted_until, "lines": [{"field": code, **of} for code, of in sorted(counts.items())],
            "reasons": [self.late] if is_late and self.late is not None else [],
        })  # fmt: skip
        case = cases.understood(session, reference, unit, day, system, body, now, standing)
        if faults := [_unnamed(code) for code, gap in sorted(case.draft.gaps.items()) if gap and code not in counts]:
            raise Invalid(faults)
        if stored is not None:
            says_it = not case.draft.faults and case.draft.lines == stored.lines
            if says_it or case.is_same:
                return stored.version, False
        match = Match(f'"{stored.version}"' if stored else None)
        judge(session, reference, unit, day, case, body, match, now)
        self.many.judged(unit.id, day, system, case.draft)
        self._waiting.append(Judged(unit, day, case))
        if case.around is not None and case.around.has_following:
            self.write()  # what stands after it is judged by it
        return (stored.version + 1 if stored else 1), True

    def write(self) -> None:
        """Make what was judged the reports that stand."""
        if not self._waiting:
            return
        news = write_all(self.call.session, self.call.reference, self.call.caller, self._waiting, self.call.now)
        rows = []
        for one, new in zip(self._waiting, news, strict=True):
            assert one.unit.id is not None
            own = self._own[one.unit.id, one.case.system, one.day]
            rows.append({"which": own.number, "revision_id": new.revision_id})
        hot.run_each(self.call.session, _make, rows)
        self._waiting.clear()


def _unnamed(code: str) -> Fault:
    """Return the fault of a field with dossiers from the day before: that nobody speaks of it does not say none."""
    return Fault("/lines", "figure_missing", {"field": code, "column": "carried_over"})


def _missing(counts: Counts) -> list[Fault]:
    return [
        Fault("/lines", "figure_missing", {"field": code, "column": column})
        for code, of in counts.items()
        for column in NEEDED
        if column not in of
    ]
