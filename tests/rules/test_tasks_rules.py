"""Deadlines, the life of a task, its one bucket, percentages, and two bases compared."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tasks import rolling, rules, secrecy
from app.tasks.rules import (
    ENDED,
    LIFE,
    Act,
    Bucket,
    Facts,
    Headline,
    Precision,
    Rhythm,
    TaskKind,
    TaskStatus,
    TaskTimeliness,
)
from app.tasks.scope import rules as scope
from app.tasks.scope.rules import Cause

TODAY = date(2026, 11, 20)
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
FACTS = st.builds(
    Facts, status=st.sampled_from(TaskStatus), kind=st.sampled_from(TaskKind), original=st.none() | DAYS,
    approved=st.none() | DAYS, headline=st.sampled_from(Headline), proposed_on=st.none() | DAYS,
    update_due=st.none() | DAYS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("period", "day", "precision"),
    [
        ("2026-11-20", date(2026, 11, 20), Precision.day),
        ("2026-02", date(2026, 2, 28), Precision.month),
        ("2028-02", date(2028, 2, 29), Precision.month),
        ("2026-12", date(2026, 12, 31), Precision.month),
        ("2026-Q1", date(2026, 3, 31), Precision.quarter),
        ("2026-Q4", date(2026, 12, 31), Precision.quarter),
        ("2026", date(2026, 12, 31), Precision.year),
    ],
)
def test_a_deadline_means_its_last_day_and_is_written_as_it_was(period: str, day: date, precision: Precision) -> None:
    found = rules.deadline_of(period)
    assert (found.day, found.precision, found.period) == (day, precision, period)
    assert rules.period_start(found) <= day


@pytest.mark.parametrize("period", ["", "2026-13", "2026-Q5", "26", "2026-02-30", "2026-11-20T00:00", "quý IV", "1826"])
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        rules.deadline_of(period)


@pytest.mark.parametrize(
    ("last", "rhythm", "due"),
    [
        (date(2026, 11, 20), Rhythm.week, date(2026, 11, 29)),
        (date(2026, 11, 20), Rhythm.month, date(2026, 12, 31)),
        (date(2026, 12, 1), Rhythm.month, date(2027, 1, 31)),
        (date(2026, 11, 20), Rhythm.quarter, date(2027, 3, 31)),
        (date(2026, 5, 1), Rhythm.half_year, date(2026, 12, 31)),
        (date(2026, 5, 1), Rhythm.year, date(2027, 12, 31)),
    ],
)
def test_the_next_update_is_owed_by_the_end_of_the_next_period(last: date, rhythm: Rhythm, due: date) -> None:
    assert rules.next_update_due(last, rhythm) == due


def _facts(status: str, days: int | None = 30, **more: object) -> Facts:
    limit = None if days is None else TODAY + timedelta(days=days)
    return Facts(**{"status": TaskStatus(status), "kind": TaskKind.dated, "original": limit} | more)  # type: ignore[arg-type]


AGO = TODAY - timedelta(days=1)
REGULAR: dict[str, Any] = {"kind": TaskKind.regular}
TABLE = [
    (_facts("cancelled", -5), "cancelled"),
    (_facts("merged", -5), "cancelled"),
    (_facts("split", -5, **REGULAR), "cancelled"),
    (_facts("unclassified", -5), "unclassified"),
    (_facts("unclassified", None, **REGULAR), "unclassified"),
    (_facts("completed", -5, proposed_on=TODAY - timedelta(days=5)), "completed_on_time"),
    (_facts("completed", -5, proposed_on=TODAY - timedelta(days=4)), "completed_late"),
    (_facts("completed", None, proposed_on=TODAY), "completed_on_time"),
    (_facts("completed", -5, proposed_on=AGO, approved=AGO), "completed_late"),
    (_facts("completed", -5, proposed_on=AGO, approved=AGO, headline=Headline.approved), "completed_on_time"),
    (_facts("in_progress", -5, update_due=TODAY, **REGULAR), "regular_on_schedule"),
    (_facts("in_progress", 5, update_due=AGO, **REGULAR), "regular_overdue"),
    (_facts("awaiting_acceptance", -5, proposed_on=AGO), "awaiting_acceptance"),
    (_facts("in_progress", -1), "overdue"),
    (_facts("not_started", -1), "overdue"),
    (_facts("returned", -1), "overdue"),
    (_facts("in_progress", -1, approved=TODAY), "overdue"),
    (_facts("in_progress", -1, approved=TODAY, headline=Headline.approved), "due_soon"),
    (_facts("in_progress", 0), "due_soon"),
    (_facts("not_started", 7), "due_soon"),
    (_facts("in_progress", 8), "on_schedule"),
    (_facts("not_started", 8), "not_started"),
    (_facts("not_started", None), "not_started"),
    (_facts("returned", 8), "on_schedule"),
]


@pytest.mark.parametrize(("facts", "bucket"), TABLE)
def test_the_first_bucket_that_fits(facts: Facts, bucket: str) -> None:
    assert rules.bucket(facts, TODAY) is Bucket(bucket)


def test_the_table_has_every_bucket() -> None:
    assert {bucket for _, bucket in TABLE} == {bucket.value for bucket in Bucket}


@given(FACTS, DAYS, st.integers(0, 900))
def test_the_course_says_of_every_later_day_what_that_day_says_itself(facts: Facts, first: date, after: int) -> None:
    steps = rules.course(facts, first)
    assert steps[0][0] == first
    assert all(a[0] < b[0] and a[1] is not b[1] for a, b in pairwise(steps))
    day = first + timedelta(days=after)
    assert [bucket for begins, bucket in steps if begins <= day][-1] is rules.bucket(facts, day)


@pytest.mark.parametrize(("left", "level"), [(8, None), (7, 7), (4, 7), (3, 3), (2, 3), (1, 1), (0, 1), (-1, None)])
def test_warnings_at_seven_three_and_one_days(left: int, level: int | None) -> None:
    assert rules.warning(_facts("in_progress", left), TODAY) == level


def test_timeliness_is_told_of_both_deadlines() -> None:
    late = _facts("completed", -5, proposed_on=AGO, approved=TODAY)
    assert rules.timeliness(late, late.original, TODAY) is TaskTimeliness.late
    assert rules.timeliness(late, late.approved, TODAY) is TaskTimeliness.on_time
    running = _facts("in_progress", -5, approved=TODAY)
    assert rules.timeliness(running, running.original, TODAY) is TaskTimeliness.overdue
    assert rules.timeliness(running, running.approved, TODAY) is TaskTimeliness.running
    assert rules.timeliness(_facts("cancelled"), TODAY, TODAY) is None
    assert rules.timeliness(_facts("in_progress", **REGULAR), TODAY, TODAY) is None


def test_no_act_leads_out_of_an_end() -> None:
    assert not [act for act in LIFE for status in ENDED if rules.allows(act, status)]
    assert not rules.allows(Act.accepted, TaskStatus.in_progress)
    assert not rules.allows(Act.proposed, TaskStatus.completed)
    assert rules.allows(Act.returned, TaskStatus.completed)


@pytest.mark.parametrize(
    ("children", "status", "day"),
    [
        ([("completed", AGO), ("completed", TODAY)], "completed", TODAY),
        ([("completed", AGO), ("cancelled", None)], "completed", AGO),
        ([("completed", AGO), ("awaiting_acceptance", TODAY)], "in_progress", None),
        ([("not_started", None), ("unclassified", None)], "not_started", None),
        ([("not_started", None), ("in_progress", None)], "in_progress", None),
        ([("cancelled", None)], "not_started", None),
    ],
)
def test_a_parent_follows_its_children(children: list[tuple[str, date | None]], status: str, day: date | None) -> None:
    assert rolling.rolled_up([(TaskStatus(s), d) for s, d in children]) == (TaskStatus(status), day)


def test_percentages_come_from_weights() -> None:
    assert rolling.milestone_percent([]) is None
    assert rolling.milestone_percent([(2, True), (1, False)]) == 66
    assert rolling.milestone_percent([(1, True), (1, True)]) == 100
    done, running, gone = TaskStatus.completed, TaskStatus.in_progress, TaskStatus.cancelled
    assert rolling.children_percent([(1, done, None), (3, running, 20), (9, gone, 100)]) == 40
    assert rolling.children_percent([(9, gone, 100)]) is None


@pytest.mark.parametrize("text", ["MẬT", "Số 12-QĐ/TU (TỐI MẬT)", "Kế hoạch – TUYỆT MẬT"])
def test_marks_of_secrecy_are_seen(text: str) -> None:
    assert secrecy.secrecy_mark(text)


@pytest.mark.parametrize("text", ["Bảo mật thông tin", "An toàn, bảo mật dữ liệu", "MẬT KHẨU"[4:], "ĐẠI MẬTÔ"])
def test_other_words_are_no_mark_of_secrecy(text: str) -> None:
    assert not secrecy.secrecy_mark(text)


def test_codes_that_are_addresses_are_reserved() -> None:
    assert rules.code_reserved("summary")
    assert rules.code_reserved("New")
    assert rules.code_reserved("T-1.csv")
    assert not rules.code_reserved("KH02-017.19753")


BASES = st.dictionaries(st.sampled_from([f"T{n}" for n in range(12)]), st.sampled_from(Bucket))
CAUSES = st.dictionaries(st.sampled_from([f"T{n}" for n in range(12)]), st.sets(st.sampled_from(Cause)))


@given(BASES, BASES, CAUSES)
def test_the_moves_explain_the_whole_difference(
    old: dict[str, Bucket], new: dict[str, Bucket], causes: dict[str, set[Cause]]
) -> None:
    moves = scope.moves(old, new, causes)
    before, after, explained = Counter(old.values()), Counter(new.values()), scope.explained(moves)
    assert all(after[b] - before[b] == explained[b] for b in Bucket)
    told = [code for move in moves for code in move.tasks]
    assert sorted(told) == sorted(code for code in {*old, *new} if old.get(code) is not new.get(code))


def test_the_strongest_cause_explains_a_move() -> None:
    done, regular, late, open_ = (
        Bucket.completed_on_time, Bucket.regular_on_schedule, Bucket.overdue, Bucket.on_schedule,
    )  # fmt: skip
    old = {"A": done, "B": open_, "C": open_, "D": open_}
    new = {"A": regular, "B": late, "C": done, "D": Bucket.cancelled, "E": open_, "F": open_}
    causes = {
        "A": {Cause.progress, Cause.reclassified}, "B": {Cause.progress}, "C": {Cause.progress}, "D": {Cause.merged},
        "E": {Cause.added, Cause.progress}, "F": {Cause.split},
    }  # fmt: skip
    found = {code: move.cause for move in scope.moves(old, new, causes) for code in move.tasks}
    assert found == {
        "A": Cause.reclassified, "B": Cause.time, "C": Cause.progress, "D": Cause.merged, "E": Cause.added,
        "F": Cause.split,
    }  # fmt: skip
