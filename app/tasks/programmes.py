"""Programmes that tasks are followed under."""

from datetime import date, datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.core import audit, versions
from app.core.access import Caller
from app.core.errors import Conflict, Fault, NotFound
from app.tasks import states
from app.tasks.models import Programme, ProgrammePhase, Task
from app.tasks.programme_schemas import PhaseOut, ProgrammeIn, ProgrammeList, ProgrammeOut
from app.tasks.rules import Headline

# What every installation starts with: names may be edited, programmes added.
FIRST = (
    ("centre", "Kế hoạch 02-KH/BCĐTW", "Plan 02-KH/BCĐTW of the Central Steering Committee",
     "Plan 02-KH/BCĐTW du Comité central de pilotage"),
    ("city", "Kế hoạch 98/KH-BCĐ của thành phố Huế", "Plan 98/KH-BCĐ of Huế city", "Plan 98/KH-BCĐ de la ville de Huế"),
    ("research", "Nhiệm vụ khoa học và công nghệ", "Research tasks", "Tâches de recherche"),
)  # fmt: skip
PHASES = (
    ("urgent", "Giai đoạn cấp bách", "Urgent phase", "Phase d’urgence", None, date(2025, 6, 30)),
    ("breakthrough", "Giai đoạn tăng tốc, bứt phá", "Breakthrough phase", "Phase d’accélération", date(2025, 7, 1),
     date(2025, 12, 31)),
)  # fmt: skip


def load_programmes(session: Session, now: datetime) -> int:
    """Add the first programmes where there are none and return how many."""
    if session.scalar(select(col(Programme.id)).limit(1)) is not None:
        return 0
    for order, (code, vi, en, fr) in enumerate(FIRST, 1):
        row = Programme(
            code=code, name_vi=vi, name_en=en, name_fr=fr, headline=Headline.original.value, sort_order=order, version=1
        )
        session.add(row)
        session.flush()
        if code == "centre":
            session.add_all(
                ProgrammePhase(
                    programme_id=row.id, code=name, name_vi=in_vi, name_en=in_en, name_fr=in_fr, first=first, last=last,
                    sort_order=number,
                )
                for number, (name, in_vi, in_en, in_fr, first, last) in enumerate(PHASES, 1)
            )  # fmt: skip
    session.flush()
    audit.record(session, "programme.loaded", "programmes", after={"codes": [code for code, *_ in FIRST]})
    return len(FIRST)


def by_code(session: Session, code: str) -> Programme:
    """Return the programme with a code; raises NotFound."""
    row = session.scalars(select(Programme).where(col(Programme.code) == code)).one_or_none()
    if row is None:
        raise NotFound
    return row


def listing(session: Session) -> ProgrammeList:
    """Return all programmes in their order."""
    rows = session.scalars(select(Programme).order_by(col(Programme.sort_order), col(Programme.code)))
    return ProgrammeList(items=[shown(session, row) for row in rows])


def shown(session: Session, row: Programme) -> ProgrammeOut:
    """Return one programme as it is shown."""
    phases = session.scalars(
        select(ProgrammePhase)
        .where(col(ProgrammePhase.programme_id) == row.id)
        .order_by(col(ProgrammePhase.sort_order))
    )
    return ProgrammeOut(
        code=row.code, name_vi=row.name_vi, name_en=row.name_en, name_fr=row.name_fr, headline=Headline(row.headline),
        phases=[
            PhaseOut(code=p.code, name_vi=p.name_vi, name_en=p.name_en, name_fr=p.name_fr, first=p.first, last=p.last)
            for p in phases
        ],
        version=row.version,
    )  # fmt: skip


def put(
    session: Session, caller: Caller, code: str, *, values: ProgrammeIn, if_match: str | None, now: datetime
) -> tuple[ProgrammeOut, bool]:
    """Add a programme, or replace all of one but its code; returns it and whether it is new.

    With another headline all its tasks are counted anew from now on; what was told before stays.
    """
    row = session.scalars(select(Programme).where(col(Programme.code) == code).with_for_update()).one_or_none()
    before = shown(session, row) if row else None
    if before is not None and _sent(values) == before.model_dump(exclude={"code", "version"}):
        return before, False
    versions.check_match(if_match, None, row.version if row else None, lambda: before)
    if row is None:
        last = session.scalar(select(col(Programme.sort_order)).order_by(col(Programme.sort_order).desc()).limit(1))
        row = Programme(
            code=code, name_vi="", name_en="", name_fr="", headline="", sort_order=(last or 0) + 1, version=0
        )
    recount = bool(row.headline) and row.headline != values.headline
    row.name_vi, row.name_en, row.name_fr = values.name_vi, values.name_en, values.name_fr
    row.headline = values.headline.value
    row.version += 1
    session.add(row)
    session.flush()
    _put_phases(session, row, values)
    if recount:
        # Both headlines count a task without an approved deadline alike.
        moved = select(Task).where(col(Task.programme_id) == row.id, col(Task.approved).is_not(None))
        for task in session.scalars(moved.order_by(col(Task.id)).with_for_update()):
            states.write(session, task, now)
    after = shown(session, row)
    audit.record(
        session, "programme.put", f"programmes/{code}", before=before.model_dump(mode="json") if before else None,
        after=after.model_dump(mode="json"),
    )  # fmt: skip
    return after, before is None


def _sent(values: ProgrammeIn) -> dict[str, object]:
    return values.model_dump()


def _put_phases(session: Session, row: Programme, values: ProgrammeIn) -> None:
    query = select(ProgrammePhase).where(col(ProgrammePhase.programme_id) == row.id)
    known = {phase.code: phase for phase in session.scalars(query)}
    for number, sent in enumerate(values.phases, 1):
        phase = known.pop(sent.code, None) or ProgrammePhase(
            programme_id=row.id, code=sent.code, name_vi="", name_en="", name_fr="", first=None, last=None, sort_order=0
        )
        phase.name_vi, phase.name_en, phase.name_fr = sent.name_vi, sent.name_en, sent.name_fr
        phase.first, phase.last, phase.sort_order = sent.first, sent.last, number
        session.add(phase)
    gone = [phase.id for phase in known.values()]
    if gone and session.scalar(select(col(Task.id)).where(col(Task.phase_id).in_(gone)).limit(1)) is not None:
        raise Conflict("phase_in_use", faults=[Fault("/phases", "phase_in_use")])
    session.execute(delete(ProgrammePhase).where(col(ProgrammePhase.id).in_(gone)))
    session.flush()
