"""Checking a report while it is typed: what sending it now would say, nothing kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, ModelWrapValidatorHandler, PrivateAttr, ValidationError, model_validator
from sqlmodel import Session

from app.core import i18n
from app.core.errors import Fault
from app.core.faults import faults_of
from app.procedures.rules import System
from app.throughput import cases, forward, questions, reading
from app.throughput.cases import Case
from app.throughput.forms import Reference
from app.throughput.reopenings import service as reopenings
from app.throughput.rules import ReasonCode, explained, figures_of
from app.throughput.schemas import (
    CarriedOut,
    LineOut,
    RatesOut,
    ReportsIn,
    TotalsOut,
    WarningOut,
    WordsOut,
    rates_out,
    totals_out,
)
from app.throughput.shown import warnings_out
from app.units.models import Unit


class FaultOut(BaseModel):
    """What sending would refuse, and where."""

    pointer: Annotated[str, Field(description="JSON pointer into the body; of a form: `/city/lines/HT/withdrawn`")]
    code: str
    values: Annotated[dict[str, int | str], Field(description="What the sentence names: numbers, codes, days")]
    message: WordsOut


class QuestionOut(WarningOut):
    """A question that sending would raise, in words, with the reasons that fit it, likeliest first."""

    message: WordsOut
    reasons: Annotated[list[ReasonCode], Field(description="The typed reasons that fit, likeliest first")]


class CheckedReportOut(BaseModel):
    """One system as it would be received: lines completed, sums, what is wrong, what is asked.

    A line with a cell that cannot be read is in none of them but `faults` and `unread`.
    """

    faults: list[FaultOut]
    lines: list[LineOut]
    totals: TotalsOut
    rates: RatesOut
    warnings: list[QuestionOut]
    unread: Annotated[list[str], Field(description="Fields with a cell that cannot be read")]
    same: Annotated[bool, Field(description="It says what stands: sending it changes nothing")]
    carried: Annotated[CarriedOut | None, Field(description="What `carry_forward` would do; null when not asked for")]


class CheckedOut(BaseModel):
    """What sending a day would say now; null: that system is not being sent."""

    unit: str
    day: date
    version: Annotated[str, Field(description="Versions that stand, `city-ministry`: another's change shows here")]
    faults: Annotated[list[FaultOut], Field(description="What belongs to no system")]
    city: CheckedReportOut | None
    ministry: CheckedReportOut | None


@dataclass
class Aside:
    """What could not be read and was put aside: faults by place, fields, and where the rows kept had stood."""

    faults: list[Fault] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
    kept: dict[str, list[int]] = field(default_factory=dict)

    def placed(self, fault: Fault) -> Fault:
        """Return a fault of what was read with its place in what was sent."""
        for rows, numbers in self.kept.items():
            if fault.pointer.startswith(rows + "/"):
                number, _, rest = fault.pointer[len(rows) + 1 :].partition("/")
                return Fault(f"{rows}/{numbers[int(number)]}{'/' if rest else ''}{rest}", fault.code, fault.values)
        return fault


class ReportsTyped(ReportsIn):
    """Both systems of a unit's day while they are typed: what cannot be read is named, and the rest judged."""

    _aside: Aside = PrivateAttr(default_factory=Aside)

    @model_validator(mode="wrap")
    @classmethod
    def _read_what_can_be(cls, value: Any, handler: ModelWrapValidatorHandler["ReportsTyped"]) -> "ReportsTyped":
        try:
            return handler(value)
        except ValidationError as unreadable:
            if not isinstance(value, dict):
                raise
            errors = unreadable.errors()
        rest, aside = _without(value, [error["loc"] for error in errors])
        aside.faults = faults_of({**error, "loc": ("body", *error["loc"])} for error in errors)
        read = handler(rest)
        read._aside = aside
        return read


def _without(value: dict[str, Any], places: list[tuple[Any, ...]]) -> tuple[dict[str, Any], Aside]:
    """Return a body without the rows and values at some places."""
    rest: dict[str, Any] = {name: dict(part) if isinstance(part, dict) else part for name, part in value.items()}
    aside = Aside()
    rows: dict[tuple[str, str], set[int]] = {}
    for place in places:
        match place:
            case (str(system), "lines" | "reasons" as name, int(number), *_):
                rows.setdefault((system, name), set()).add(number)
            case (str(system), str(name), *_) if isinstance(rest.get(system), dict):
                rest[system].pop(name, None)
            case (name, *_):
                rest.pop(name, None)
    for (system, name), gone in rows.items():
        was: list[Any] = rest[system][name]
        kept = [number for number in range(len(was)) if number not in gone]
        rest[system][name] = [was[number] for number in kept]
        aside.kept[f"/{system}/{name}"] = kept
        if name == "lines":
            codes = (was[number].get("field") for number in sorted(gone) if isinstance(was[number], dict))
            aside.fields[system] = [code for code in codes if isinstance(code, str)]
    return rest, aside


def check(
    session: Session,
    *,
    unit: Unit,
    day: date,
    body: ReportsTyped,
    now: datetime,
    placed: Callable[[str], str] = str,
) -> CheckedOut:
    """Return what sending a day would say now; `placed` gives a pointer as the sender knows it."""
    reference = Reference.read(session)
    assert unit.id is not None
    judged = cases.of_day(session, reference, unit, day, body, now)
    versions = {system: _version(session, unit.id, day, system, judged.get(system)) for system in System}
    faults = all_faults(session, unit, day, body, judged, now)
    if not judged and not faults:
        faults.append(Fault("", "nothing_sent"))
    shown = {system: [f for f in faults if f.pointer.startswith(f"/{system.value}")] for system in System}
    out = {
        system.value: _checked(session, reference, unit, day, case, body, shown[system], now, placed)
        for system, case in judged.items()
    }
    loose = [f for f in faults if not any(f in of and s in judged for s, of in shown.items())]
    return CheckedOut(
        unit=unit.code, day=day, version="-".join(str(versions[system]) for system in System),
        faults=[_fault_out(reference, fault, placed) for fault in loose],
        city=out.get("city"), ministry=out.get("ministry"),
    )  # fmt: skip


def _version(session: Session, unit_id: int, day: date, system: System, case: Case | None) -> int:
    stored = case.stored if case else reading.current(session, unit_id, day, system)
    return stored.version if stored else 0


def all_faults(
    session: Session, unit: Unit, day: date, body: ReportsTyped, judged: dict[System, Case], now: datetime
) -> list[Fault]:
    """Return everything wrong with what is being sent: what cannot be read, and the rules that the rest breaks."""
    aside = body._aside
    faults = list(aside.faults)
    places = [fault.pointer for fault in faults]
    for system, case in judged.items():
        if case.is_same:
            continue
        at = f"/{system.value}"
        refusal = reopenings.breach(session, unit, day, case, body.sent[system], now, at)
        broken = refusal.faults if refusal else cases.broken(case, now, at)
        # What was put aside is named once: not again as missing.
        faults += [aside.placed(fault) for fault in broken if fault.pointer not in places]
    return faults


def _checked(
    session: Session,
    reference: Reference,
    unit: Unit,
    day: date,
    case: Case,
    body: ReportsTyped,
    faults: list[Fault],
    now: datetime,
    placed: Callable[[str], str],
) -> CheckedReportOut:
    unread = body._aside.fields.get(case.system.value, [])
    figures = figures_of(case.draft.lines.values())
    return CheckedReportOut(
        faults=[_fault_out(reference, fault, placed) for fault in faults],
        lines=[LineOut.model_validate(line, from_attributes=True) for line in case.draft.lines.values()],
        totals=totals_out(figures),
        rates=rates_out(figures),
        warnings=_questions(session, reference, unit, day, case, unread, now),
        unread=unread,
        same=case.is_same and not faults,
        carried=_carried(session, reference, unit, day, case, body, now),
    )


def _questions(
    session: Session, reference: Reference, unit: Unit, day: date, case: Case, unread: list[str], now: datetime
) -> list[QuestionOut]:
    draft = case.draft
    asked = cases.asked(session, reference, unit, day, case, now)
    if unread:
        # Nothing is asked of what cannot be read yet, nor of the sum in which it is missing.
        asked = [q for q in asked if q.field not in unread and q.code not in questions.OF_THE_SUM]
    amounts = reading.amounts_of(draft.reasons)
    gaps = {code: (gap, explained(gap, amounts.get(code, 0))) for code, gap in draft.gaps.items() if code not in unread}
    given = {(r.warning, r.field) for r in draft.reasons}
    return [
        QuestionOut(
            **warning.model_dump(), reasons=list(questions.FITTING[warning.code]),
            message=_words(f"throughput.warning.{warning.code.value}", reference, warning.field, warning.values),
        )
        for warning in warnings_out(questions.dump(asked), given, gaps)
    ]  # fmt: skip


def _carried(
    session: Session, reference: Reference, unit: Unit, day: date, case: Case, body: ReportsTyped, now: datetime
) -> CarriedOut | None:
    if not body.sent[case.system].carry_forward:
        return None
    _, carried = forward.plan(session, reference, unit, day, case, now)
    return CarriedOut(days=list(carried.days), stopped_at=carried.stopped_at)


def _words(key: str, reference: Reference, code: str | None, values: dict[str, Any]) -> WordsOut:
    info = reference.by_code.get(code or "")
    return WordsOut(
        **{
            locale: i18n.translate(key, locale, **{**values, "field": info.name(locale) if info else code or ""})
            for locale in i18n.LOCALES
        }
    )


def _fault_out(reference: Reference, fault: Fault, placed: Callable[[str], str]) -> FaultOut:
    code = fault.values.get("field")
    return FaultOut(
        pointer=placed(fault.pointer), code=fault.code,
        values={name: one if isinstance(one, int) else str(one) for name, one in fault.values.items()},
        message=_words(f"error.{fault.code}", reference, code if isinstance(code, str) else None, fault.values),
    )  # fmt: skip
