"""Deadlines, the life of a task, and the one bucket it stands in: pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.core import periods


class TaskKind(StrEnum):
    """A task that ends by a deadline, or one that goes on and owes an update each rhythm."""

    dated = "dated"
    regular = "regular"


class Precision(StrEnum):
    """How exactly a deadline is written; it always means the last day of what is written."""

    day = "day"
    month = "month"
    quarter = "quarter"
    year = "year"


class Rhythm(StrEnum):
    """How often a regular task owes an update."""

    week = "week"
    month = "month"
    quarter = "quarter"
    half_year = "half_year"
    year = "year"


class TaskStatus(StrEnum):
    """How far a task's life has come; whether that is in time is worked out, never typed."""

    unclassified = "unclassified"
    not_started = "not_started"
    in_progress = "in_progress"
    awaiting_acceptance = "awaiting_acceptance"
    returned = "returned"
    completed = "completed"
    cancelled = "cancelled"
    merged = "merged"
    split = "split"  # type: ignore[assignment]  # hides a method of text that nobody calls on it


class Bucket(StrEnum):
    """Where a task is counted: in the first of these that fits, and in no other."""

    cancelled = "cancelled"
    unclassified = "unclassified"
    completed_on_time = "completed_on_time"
    completed_late = "completed_late"
    regular_on_schedule = "regular_on_schedule"
    regular_overdue = "regular_overdue"
    awaiting_acceptance = "awaiting_acceptance"
    overdue = "overdue"
    due_soon = "due_soon"
    not_started = "not_started"
    on_schedule = "on_schedule"


class Headline(StrEnum):
    """The deadline that a programme's figures count by: the original one, or the last that was approved."""

    original = "original"
    approved = "approved"


class RollUp(StrEnum):
    """Where a parent's state comes from: its own lead unit, or its children together."""

    own = "own"
    children = "children"


class TaskRole(StrEnum):
    """What a unit is in a task."""

    lead = "lead"
    coordinating = "coordinating"


class TaskLevel(StrEnum):
    """Which tasks a list holds: those without a parent, or children too."""

    top = "top"
    all = "all"


class TaskTimeliness(StrEnum):
    """How a task stands to one of its deadlines."""

    on_time = "on_time"
    late = "late"
    running = "running"
    overdue = "overdue"


class PercentSource(StrEnum):
    """Where a percentage comes from; a declared one is shown as such."""

    milestones = "milestones"
    children = "children"
    declared = "declared"


class Act(StrEnum):
    """What somebody does that moves a task's life."""

    created = "created"
    started = "started"
    proposed = "proposed"
    accepted = "accepted"
    returned = "returned"
    cancelled = "cancelled"
    merged = "merged"
    split = "split"  # type: ignore[assignment]  # hides a method of text that nobody calls on it
    reclassified = "reclassified"
    rolled_up = "rolled_up"


ENDED = frozenset({TaskStatus.cancelled, TaskStatus.merged, TaskStatus.split})
_OPEN = frozenset({TaskStatus.unclassified, TaskStatus.not_started, TaskStatus.in_progress, TaskStatus.returned})
_STANDING = _OPEN | {TaskStatus.awaiting_acceptance, TaskStatus.completed}
# From which states an act leads on, and where to.
LIFE: dict[Act, tuple[frozenset[TaskStatus], TaskStatus]] = {
    Act.started: (frozenset({TaskStatus.unclassified, TaskStatus.not_started}), TaskStatus.in_progress),
    Act.proposed: (_OPEN, TaskStatus.awaiting_acceptance),
    Act.accepted: (frozenset({TaskStatus.awaiting_acceptance}), TaskStatus.completed),
    Act.returned: (frozenset({TaskStatus.awaiting_acceptance, TaskStatus.completed}), TaskStatus.returned),
    Act.cancelled: (_STANDING, TaskStatus.cancelled),
    Act.merged: (_STANDING, TaskStatus.merged),
    Act.split: (_STANDING, TaskStatus.split),
    Act.reclassified: (_STANDING, TaskStatus.in_progress),
}
WARNINGS = (1, 3, 7)  # days before the deadline
DUE_SOON = max(WARNINGS)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of what was written, and how exactly it was written."""

    day: date
    precision: Precision

    @property
    def period(self) -> str:
        """The deadline as it is written: `2026-11-21`, `2026-11`, `2026-Q4`, `2026`."""
        match self.precision:
            case Precision.day:
                return self.day.isoformat()
            case Precision.month:
                return f"{self.day:%Y-%m}"
            case Precision.quarter:
                return f"{self.day.year}-Q{(self.day.month + 2) // 3}"
            case Precision.year:
                return str(self.day.year)


def period_start(deadline: Deadline) -> date:
    """Return the first day of what a deadline is written as."""
    months = {Precision.day: 0, Precision.month: 1, Precision.quarter: 3, Precision.year: 12}[deadline.precision]
    return deadline.day if months == 0 else date(deadline.day.year, deadline.day.month - months + 1, 1)


def deadline_of(period: str) -> Deadline:
    """Return the deadline that an ISO period means; raises ValueError for what is none."""
    if re.fullmatch(periods.ISO, period) is None:
        raise ValueError(period)
    year = int(period[:4])
    if len(period) == 4:
        return Deadline(date(year, 12, 31), Precision.year)
    if period[5] == "Q":
        return Deadline(_month_end(year, int(period[6]) * 3), Precision.quarter)
    if len(period) == 7:
        return Deadline(_month_end(year, int(period[5:])), Precision.month)
    return Deadline(date.fromisoformat(period), Precision.day)


def _month_end(year: int, month: int) -> date:
    return date(year, 12, 31) if month == 12 else date(year, month + 1, 1) - timedelta(days=1)


def period_end(day: date, rhythm: Rhythm) -> date:
    """Return the last day of the rhythm's period in which a day lies."""
    if rhythm is Rhythm.week:
        return day + timedelta(days=6 - day.weekday())
    months = {Rhythm.month: 1, Rhythm.quarter: 3, Rhythm.half_year: 6, Rhythm.year: 12}[rhythm]
    return _month_end(day.year, (day.month + months - 1) // months * months)


def next_update_due(last: date, rhythm: Rhythm) -> date:
    """Return the last day for the next update, after one (or the beginning) on `last`: the end of the next period."""
    return period_end(period_end(last, rhythm) + timedelta(days=1), rhythm)


def allows(act: Act, status: TaskStatus) -> bool:
    """Tell whether an act may be done in a state."""
    return status in LIFE[act][0]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decides where a task is counted on a day."""

    status: TaskStatus
    kind: TaskKind
    original: date | None
    approved: date | None = None
    headline: Headline = Headline.original
    proposed_on: date | None = None
    update_due: date | None = None

    @property
    def counted(self) -> date | None:
        """The deadline that the programme's headline counts by."""
        return self.approved if self.headline is Headline.approved and self.approved else self.original


def bucket(facts: Facts, day: date) -> Bucket:
    """Return the one bucket of a task on a day: the first that fits, in the order of `Bucket`."""
    limit = facts.counted
    if facts.status in ENDED:
        return Bucket.cancelled
    if facts.status is TaskStatus.unclassified:
        return Bucket.unclassified
    if facts.status is TaskStatus.completed:
        late = limit is not None and facts.proposed_on is not None and facts.proposed_on > limit
        return Bucket.completed_late if late else Bucket.completed_on_time
    if facts.kind is TaskKind.regular:
        late = facts.update_due is not None and day > facts.update_due
        return Bucket.regular_overdue if late else Bucket.regular_on_schedule
    if facts.status is TaskStatus.awaiting_acceptance:
        # The city's time to look at it is not the unit's delay: it will be judged by the day it was proposed.
        return Bucket.awaiting_acceptance
    if limit is not None and day > limit:
        return Bucket.overdue
    if limit is not None and (limit - day).days <= DUE_SOON:
        return Bucket.due_soon
    return Bucket.not_started if facts.status is TaskStatus.not_started else Bucket.on_schedule


def course(facts: Facts, first: date) -> list[tuple[date, Bucket]]:
    """Return the buckets that a task goes through from a day on while nobody touches it, each with its first day."""
    turns = [facts.update_due + timedelta(days=1)] if facts.update_due else []
    if facts.counted is not None:
        turns += [facts.counted - timedelta(days=DUE_SOON), facts.counted + timedelta(days=1)]
    steps: list[tuple[date, Bucket]] = []
    for day in sorted({first, *(turn for turn in turns if turn > first)}):
        found = bucket(facts, day)
        if not steps or steps[-1][1] is not found:
            steps.append((day, found))
    return steps


def timeliness(facts: Facts, limit: date | None, day: date) -> TaskTimeliness | None:
    """Return how a dated task stands to one of its deadlines; None where there is nothing to judge."""
    if limit is None or facts.kind is TaskKind.regular or facts.status in ENDED | {TaskStatus.unclassified}:
        return None
    if facts.status in (TaskStatus.completed, TaskStatus.awaiting_acceptance) and facts.proposed_on is not None:
        return TaskTimeliness.late if facts.proposed_on > limit else TaskTimeliness.on_time
    return TaskTimeliness.overdue if day > limit else TaskTimeliness.running


def warning(facts: Facts, day: date) -> int | None:
    """Return the warning that a task has reached: 7, 3 or 1 days before its deadline; None before and after."""
    if bucket(facts, day) is not Bucket.due_soon or facts.counted is None:
        return None
    return next(level for level in WARNINGS if (facts.counted - day).days <= level)


class Point(StrEnum):
    """The six clear points (6 rõ)."""

    person = "person"
    work = "work"
    time = "time"
    responsibility = "responsibility"
    product = "product"
    authority = "authority"


TASK_CODE = r"[A-Za-z0-9Đ](?:[A-Za-z0-9Đ._-]{0,58}[A-Za-z0-9Đ])?"
RESERVED = frozenset(
    {"new", "mine", "summary", "compare", "gaps", "programmes", "scope", "deadlines", "positions", "timeline"}
    | {"questions", "blockers", "shortcomings", "monthly", "import"}
)


def code_reserved(code: str) -> bool:
    """Tell whether a code would stand for one of our own addresses, or end like a file's format."""
    return code.lower() in RESERVED or code.lower().rsplit(".", 1)[-1] in ("csv", "xlsx", "json", "docx")
