"""The definition of the daily report, and what a report is judged by: calendar, fields, memos."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cached_property

from sqlalchemy import insert, select
from sqlmodel import Session

from app.calendar.rules import Calendar
from app.calendar.service import calendars_for, names_of_days_off
from app.core import stamps
from app.procedures.rules import Applicability, FieldInfo, System
from app.procedures.service import applicability
from app.throughput.figures.models import FigureSource
from app.throughput.models import MemoDefinition, ReportForm
from app.throughput.timing import Deadlines, Times, deadlines
from app.units.models import Unit
from app.units.rules import COMMUNAL_KINDS

DAILY = "daily"
STAMP = "reports"
KEPT = 2000  # of units and systems, between two days on which fields change: of the largest city

MEMOS = (
    ("received_for_others", None),
    ("waiting_applicant", "pending_in_time"),
    ("digitised", "received"),
    ("paid_online", "received"),
    ("fully_online", "received"),
)


def load_form(session: Session) -> None:
    """Give a new installation the daily report's definition and the memo counts; later it is the city's to edit."""
    if session.get(ReportForm, DAILY) is None:
        session.add(
            ReportForm(
                code=DAILY,
                version=1,
                title="Báo cáo ngày về giải quyết thủ tục hành chính",
                contents="Số hồ sơ tiếp nhận, giải quyết, đang giải quyết theo lĩnh vực và hệ thống nguồn",
                reporting_units="ward, commune, special_zone",
                receiving_unit="Trung tâm Phục vụ hành chính công thành phố",
                method="Nhập trên trang hoặc gửi qua API",
                frequency="Mỗi ngày làm việc",
                cut_off_text="Chốt 16:30 ngày làm việc ở cả hai hệ thống",
                outline="Biểu tham chiếu II.06a, cột 1 đến 13",
                legal_basis="Quy định nội bộ của thành phố (đặt khi triển khai); Nghị định 09/2019/NĐ-CP",
                city_cut_off=time(16, 30),
                city_due=time(17, 0),
                ministry_cut_off=time(16, 30),
                ministry_due=time(9, 0),
                grace=time(9, 0),
                lock=time(17, 0),
                lock_days=3,
                target_online=8000,
                target_on_time=9500,
                target_overdue=300,
                target_source="Mức đặt sẵn trong phần mềm, thành phố chưa ban hành mức riêng",
                minimum_base=30,
            )
        )
    if session.execute(select(MemoDefinition.code)).first() is None:  # type: ignore[call-overload]
        rows = [{"code": c, "part_of": p, "sort_order": n} for n, (c, p) in enumerate(MEMOS)]
        session.execute(insert(MemoDefinition), rows)


def times_of(form: ReportForm) -> Times:
    """Return the clock times of the form."""
    return Times(
        form.city_cut_off, form.city_due, form.ministry_cut_off, form.ministry_due, form.grace, form.lock,
        form.lock_days,
    )  # fmt: skip


def kinds_of(form: ReportForm) -> frozenset[str]:
    """Return the kinds of units that owe the report."""
    return frozenset(form.reporting_units.split(", "))


def owes(form: ReportForm, unit: Unit) -> bool:
    """Tell whether a unit owes the report: its own setting, else its kind."""
    return unit.kind in kinds_of(form) if unit.owes_reports is None else unit.owes_reports


@dataclass(frozen=True)
class Reference:
    """All that reports are judged by: read once, kept until calendar, units, fields or form change."""

    form: ReportForm
    times: Times
    memos: dict[str, str | None]
    fields: Applicability
    by_code: dict[str, FieldInfo]
    units: dict[str, Unit]
    calendars: dict[int | None, Calendar]
    days_off: dict[date, tuple[str, str, str]]
    figured: frozenset[tuple[int, str]]
    _applicable: dict[tuple[int, int, System], dict[str, FieldInfo]] = field(default_factory=dict)
    _communal: dict[date, list[tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session) -> "Reference":
        """Return the reference data, from the process's own copy while it is current."""
        return stamps.kept(session, STAMP, cls._load)

    @classmethod
    def _load(cls, session: Session) -> "Reference":
        form = session.get_one(ReportForm, DAILY)
        session.expunge(form)
        memos = session.execute(select(MemoDefinition.code, MemoDefinition.part_of)).all()  # type: ignore[call-overload]
        fields = applicability(session)
        units = {unit.code: unit for unit in session.scalars(select(Unit))}
        for unit in units.values():
            session.expunge(unit)
        return cls(
            form=form,
            times=times_of(form),
            memos={row.code: row.part_of for row in memos},
            fields=fields,
            by_code={info.code: info for info in fields.all_fields},
            units=units,
            calendars=calendars_for(session, [unit.id for unit in units.values()]),
            days_off=names_of_days_off(session),
            figured=_figured(session),
        )

    def applicable(self, unit: Unit, day: date, system: System) -> dict[str, FieldInfo]:
        """Return by code, in their usual order, the fields that a unit counts in a system on a day."""
        assert unit.id is not None
        key = unit.id, bisect_right(self._turns, day), system  # the same on all days between two turns
        found = self._applicable.get(key)
        if found is None:
            if len(self._applicable) > KEPT:
                self._applicable.clear()
            found = self.fields.fields(unit.id, unit.kind, day, system.value)
            self._applicable[key] = found
        return found

    @cached_property
    def _turns(self) -> list[date]:
        """The days on which a field begins to be valid, or no longer is."""
        begun = {info.valid_from for info in self.fields.all_fields}
        return sorted(begun | {i.valid_to + timedelta(days=1) for i in self.fields.all_fields if i.valid_to})

    def communal(self, day: date) -> list[tuple[str, str]]:
        """Return code and name of the wards and communes of a day, in their order."""
        found = self._communal.get(day)
        if found is None:
            self._communal.clear()
            units = [u for u in self.units.values() if u.kind in COMMUNAL_KINDS and u.is_valid(day)]
            found = self._communal[day] = [(u.code, u.name) for u in sorted(units, key=lambda u: u.sort_key)]
        return found

    def knows_field(self, code: str) -> bool:
        """Tell whether there is a field with a code, applicable or not."""
        return code in self.by_code

    def unit_id(self, code: str) -> int | None:
        """Return the row number of the unit with a code."""
        return unit.id if (unit := self.units.get(code)) else None

    def has_figures(self, unit_id: int, system: System) -> bool:
        """Tell whether another system ever spoke of a unit: for most none does, and nothing is looked up."""
        return (unit_id, system.value) in self.figured

    def calendar(self, unit_id: int) -> Calendar:
        """Return a unit's working calendar."""
        return self.calendars[unit_id]

    def deadlines(self, unit: Unit, day: date, system: System) -> Deadlines:
        """Return the moments that judge a unit's day."""
        assert unit.id is not None
        return deadlines(day, system, self.times, self.calendar(unit.id))


def _figured(session: Session) -> frozenset[tuple[int, str]]:
    rows = session.execute(select(FigureSource.unit_id, FigureSource.system).distinct())  # type: ignore[call-overload]
    return frozenset((unit, system) for unit, system in rows)


def on_reference_changed(session: Session, event: object) -> None:
    """Have every process read the reference data anew."""
    stamps.touch(session, STAMP)
