"""One system of one call, understood and judged but not yet written: what sending and checking share."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session

from app.core.errors import Fault
from app.core.files import FileOut
from app.procedures.rules import System
from app.throughput import evidence, neighbours, questions, reading
from app.throughput.drafts import Draft, correction_reason_missing, understand
from app.throughput.figures import reading as figures
from app.throughput.figures.reading import Said
from app.throughput.figures.rules import Gap, gaps
from app.throughput.forms import Reference
from app.throughput.neighbours import Around, Neighbour
from app.throughput.reading import Stored
from app.throughput.schemas import ReportIn, ReportsIn
from app.throughput.timing import Deadlines, is_met
from app.units.models import Unit


@dataclass
class Case:
    """One system of one call, understood but not yet written.

    `said`: what other systems say of the day, once it is asked; `differences`: in which cells each of them differs.
    """

    system: System
    stored: Stored | None
    previous: Neighbour | None
    draft: Draft
    owed: Deadlines | None
    deadlines: Deadlines
    sent_digest: str
    evidence: list[FileOut] = field(default_factory=list)
    brings_evidence: bool = False
    around: Around | None = None
    said: Sequence[Said] | None = None
    differences: dict[int, list[Gap]] = field(default_factory=dict)

    @property
    def is_same(self) -> bool:
        """Whether it is what stands: the very call, whatever its words would mean by now, or others that mean it."""
        return self.stored is not None and (
            self.sent_digest == self.stored.sent_digest
            or (self.draft.says_the_same_as(self.stored) and not self.brings_evidence)
        )

    def wants_reason(self, now: datetime) -> bool:
        """Tell whether it changes what stands in a way that needs a reason: after the grace, or figures taken back."""
        if self.stored is None:
            return False
        takes_back = self.draft.unavailable is not None and self.stored.unavailable is None
        return takes_back or now > self.deadlines.grace_until


@dataclass(frozen=True)
class Judged:
    """A report that may be written: whose it is, and what it says."""

    unit: Unit
    day: date
    case: Case


@dataclass(frozen=True)
class Standing:
    """What stands of a unit's day and system, and the moments written down where it is owed."""

    stored: Stored | None
    owed: Deadlines | None
    around: Around | None = None

    @classmethod
    def read(cls, session: Session, unit: Unit, day: date, system: System) -> "Standing":
        """Return it as it is now."""
        assert unit.id is not None
        stored = reading.current(session, unit.id, day, system)
        return cls(stored, stored.owed if stored else reading.owed(session, unit.id, day, system))


def understood(
    session: Session, reference: Reference, unit: Unit, day: date, system: System, body: ReportIn, now: datetime,
    standing: Standing | None = None,
) -> Case:  # fmt: skip
    """Return what was sent of one system, completed and compared with what stands; nothing is refused here.

    `standing`: what stands, where whoever calls has read it in this transaction.
    """
    assert unit.id is not None
    standing = standing or Standing.read(session, unit, day, system)
    stored, owed = standing.stored, standing.owed
    around = standing.around
    previous = around.previous if around else neighbours.before(session, unit.id, day, system)
    deadlines = owed or reference.deadlines(unit, day, system)
    draft = understand(
        session, reference, unit, day, system, body,
        previous=previous, stored=stored, deadlines=deadlines, now=now,
    )  # fmt: skip
    # Carrying forward is said of the days after, not of what is reported.
    sent = hashlib.sha256(body.model_dump_json(exclude={"carry_forward"}).encode()).hexdigest()
    rests_on = evidence.named(session, unit.id, body.evidence, draft.faults)
    known = evidence.of_revision(session, stored.revision_id) if stored and rests_on else []
    brings = any(file not in known for file in rests_on)
    return Case(
        system,
        stored,
        previous,
        draft,
        owed,
        deadlines,
        sent,
        rests_on,
        brings,
        around,
        around.said if around else None,
    )


def of_day(
    session: Session, reference: Reference, unit: Unit, day: date, body: ReportsIn, now: datetime
) -> dict[System, Case]:
    """Return what was sent of a day, system by system."""
    return {system: understood(session, reference, unit, day, system, one, now) for system, one in body.sent.items()}


def broken(case: Case, now: datetime, prefix: str) -> list[Fault]:
    """Return the rules that a report breaks, each with its place in the body."""
    faults = list(case.draft.faults)
    if case.wants_reason(now) and correction_reason_missing(case.draft):
        faults.append(Fault("/reasons", "reason_required"))
    return [Fault(prefix + f.pointer, f.code, f.values) for f in faults]


def asked(
    session: Session, reference: Reference, unit: Unit, day: date, case: Case, now: datetime
) -> list[questions.Question]:
    """Return the questions that a report raises."""
    assert unit.id is not None
    draft = case.draft
    if case.said is None:  # of most units no other system speaks: nothing is looked up
        spoken_of = reference.has_figures(unit.id, case.system)
        case.said = figures.said_of(session, unit.id, day, case.system) if spoken_of else ()
    if draft.whole is not None:
        case.differences = {one.number: gaps(draft.whole, one.counts) for one in case.said}
    return questions.ask(
        session, reference, unit, day, case.system, draft, case.previous,
        deadlines=case.deadlines, owed=case.owed is not None, calendar=reference.calendar(unit.id),
        is_correction=case.wants_reason(now), around=case.around, differences=case.differences,
        met_at=_met_at(case), now=now,
    )  # fmt: skip


def _met_at(case: Case) -> datetime | None:
    """Return when the duty was met before this report came, None where what comes is to meet it."""
    stored, partial = case.stored, case.draft.partial
    if stored is None or not is_met(stored.first_met_at, stored.first_complete_at, partial=partial):
        return None
    return stored.first_met_at
