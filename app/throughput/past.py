"""What the days before say of a field: its flows then, and which counts are usual."""

from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlmodel import Session, col

from app.procedures.rules import System
from app.throughput.models import Report, ReportLine, ReportRevision
from app.throughput.questions import same_weekdays
from app.throughput.reading import FIELD_CODE, FIELD_ID, LINE, REPORT, REVISION
from app.throughput.unusual import usual_range

RECEIVED = LINE.received_online + LINE.received_counter + func.coalesce(LINE.received_post, 0)
RESOLVED = LINE.resolved_early + LINE.resolved_on_time + LINE.resolved_overdue


class PastOut(BaseModel):
    """A flow before: on the last reported day, a week ago, on average over 30 days; null: no report."""

    yesterday: int | None
    same_weekday: int | None
    mean_30: float | None


class ExpectedOut(BaseModel):
    """The usual of the same weekdays: no question comes for a count from `low` to `high`."""

    median: int
    low: int
    high: int


@dataclass(frozen=True)
class Past:
    """The complete reports before a day: (received, resolved) by day and field; `last`: the last reported day."""

    day: date
    last: date | None
    flows: dict[date, dict[str, tuple[int, int]]]

    @classmethod
    def read(cls, session: Session, unit_id: int, system: System, day: date, last: date | None) -> "Past":
        """Return what a unit's days before say: the last 30, and the same weekdays further back."""
        days = {day - timedelta(days=n) for n in range(1, 31)} | set(same_weekdays(day))
        rows = session.execute(
            select(REPORT.day, FIELD_CODE, RECEIVED, RESOLVED)
            .select_from(Report)
            .join(ReportRevision, (REVISION.report_id == REPORT.id) & (REVISION.number == REPORT.version))
            .outerjoin(ReportLine, LINE.revision_id == REVISION.id)
            .outerjoin(FIELD_ID.table, LINE.field_id == FIELD_ID)
            .where(
                col(Report.unit_id) == unit_id, col(Report.system) == system.value, col(Report.day).in_(days),
                col(Report.unavailable).is_(False), col(Report.partial).is_(False),
            )
        )  # fmt: skip
        flows: dict[date, dict[str, tuple[int, int]]] = {}
        for when, code, received, resolved in rows:
            of_day = flows.setdefault(when, {})
            if code is not None:
                of_day[code] = (received, resolved)
        return cls(day, last, flows)

    def received(self, code: str) -> PastOut:
        """Return what was received of a field."""
        return self._shown(code, 0)

    def resolved(self, code: str) -> PastOut:
        """Return what was resolved of a field."""
        return self._shown(code, 1)

    def had(self, code: str) -> bool:
        """Tell whether anything of a field was received within 30 days."""
        return any(self._month(code, 0).values())

    def expected(self, code: str) -> ExpectedOut | None:
        """Return which counts received of a field raise no question."""
        weekdays = same_weekdays(self.day)
        usual = usual_range([of_day.get(code, (0, 0))[0] for when, of_day in self.flows.items() if when in weekdays])
        return ExpectedOut(**usual._asdict()) if usual else None

    def _month(self, code: str, flow: int) -> dict[date, int]:
        first = self.day - timedelta(days=30)
        return {when: of_day.get(code, (0, 0))[flow] for when, of_day in self.flows.items() if when >= first}

    def _shown(self, code: str, flow: int) -> PastOut:
        counts = self._month(code, flow)
        return PastOut(
            yesterday=counts.get(self.last) if self.last else None,
            same_weekday=counts.get(self.day - timedelta(days=7)),
            mean_30=round(sum(counts.values()) / len(counts), 1) if counts else None,
        )
