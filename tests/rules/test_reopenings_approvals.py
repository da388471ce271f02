"""What a locked day takes, and what two stages' words make of a report: tables by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from app.throughput.approvals import pins
from app.throughput.approvals.rules import (
    ReportStatus,
    Said,
    Stage,
    Unusual,
    Word,
    is_own,
    last_approval,
    rank,
    stage_of_all,
    status,
)
from app.throughput.reopenings.rules import Breach, Grant, ReopeningState, breach, state

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
HT = frozenset({"HT"})
SOON, GONE = NOW + HOUR, NOW - HOUR


@pytest.mark.parametrize(
    ("grants", "changed", "whole", "expected"),
    [
        ([], {"HT"}, False, (Breach.day_locked, [])),
        ([Grant(None, SOON)], {"HT", "DD"}, True, None),
        ([Grant(None, NOW)], {"HT"}, False, None),
        ([Grant(None, NOW - timedelta(microseconds=1))], {"HT"}, False, (Breach.grant_over, [])),
        ([Grant(None, SOON, GONE)], {"HT"}, False, (Breach.grant_over, [])),
        ([Grant(None, GONE), Grant(HT, SOON)], {"HT"}, False, None),
        ([Grant(HT, SOON)], {"HT"}, False, None),
        ([Grant(HT, SOON)], set(), False, None),
        ([Grant(HT, SOON)], {"HT", "TP", "DD"}, False, (Breach.grant_field, ["DD", "TP"])),
        ([Grant(HT, SOON)], {"HT"}, True, (Breach.grant_field, [])),
    ],
)
def test_a_locked_day_takes_what_is_granted(
    grants: list[Grant], changed: set[str], whole: bool, expected: object
) -> None:
    assert breach(grants, changed, whole=whole, now=NOW) == expected


@pytest.mark.parametrize(
    ("decision", "until", "ended", "expected"),
    [
        (None, None, None, ReopeningState.asked),
        ("refused", None, None, ReopeningState.refused),
        ("granted", SOON, None, ReopeningState.granted),
        ("granted", NOW, None, ReopeningState.granted),
        ("granted", GONE, None, ReopeningState.over),
        ("granted", SOON, GONE, ReopeningState.ended),
    ],
)
def test_a_grant_closes_itself(
    decision: str | None, until: datetime | None, ended: datetime | None, expected: ReopeningState
) -> None:
    assert state(decision, until, ended, NOW) is expected


def said(stage: Stage, word: Word, version: int, ended: bool = False) -> Said:
    return Said(stage, word, version, NOW, "ai", None, "vì" if word is Word.returned else None, NOW if ended else None)


WARD, CITY, YES, NO = Stage.ward, Stage.city, Word.approved, Word.returned


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ReportStatus.received),
        ([(WARD, YES, 2)], ReportStatus.approved_ward),
        ([(WARD, YES, 1)], ReportStatus.received),
        ([(WARD, YES, 2), (CITY, YES, 2)], ReportStatus.approved_city),
        ([(CITY, YES, 2), (WARD, NO, 2)], ReportStatus.approved_city),
        ([(WARD, YES, 2), (CITY, NO, 2)], ReportStatus.returned),
        ([(WARD, NO, 2)], ReportStatus.returned),
        ([(WARD, NO, 1), (CITY, NO, 1)], ReportStatus.received),
        ([(CITY, YES, 2, True)], ReportStatus.received),
    ],
)
def test_a_word_counts_for_its_revision_and_the_city_before_the_ward(
    words: list[tuple[Stage, Word, int]], expected: ReportStatus
) -> None:
    assert status([said(*word) for word in words], 2) is expected


def test_what_is_looked_at_is_what_changed_since_the_stages_last_approval() -> None:
    words = [said(WARD, YES, 1), said(CITY, YES, 2), said(WARD, NO, 3), said(WARD, YES, 4, ended=True)]
    found = last_approval(words, WARD, 5)
    assert found is not None
    assert found.version == 1
    assert last_approval(words, CITY, 2) is None, "an earlier one"
    assert pins.corrected_since([said(WARD, YES, 1)], 2)
    assert not pins.corrected_since([said(WARD, YES, 1), said(WARD, YES, 2)], 2)
    assert not pins.corrected_since([said(WARD, NO, 1)], 2)


def test_nobody_is_somebody_else_by_sending_through_a_machine() -> None:
    assert is_own(7, "Một cửa", 7, None)
    assert not is_own(7, "Một cửa", 8, None)
    assert is_own(None, "máy", -3, "máy")
    assert not is_own(None, "máy", 8, None)


def test_what_is_unusual_comes_first_and_what_is_done_last() -> None:
    order = [rank([one], waits=True) for one in Unusual]
    assert order == sorted(set(order))
    assert rank([Unusual.late, Unusual.corrected_since], waits=True) == order[0]
    assert order[-1] < rank([], waits=True) < rank([Unusual.late], waits=False)


def test_a_day_is_approved_as_far_as_the_least_of_its_systems() -> None:
    city, ward, new = ReportStatus.approved_city, ReportStatus.approved_ward, ReportStatus.received
    assert stage_of_all([city, city]) is Stage.city
    assert stage_of_all([city, None]) is Stage.city
    assert stage_of_all([city, ward]) is Stage.ward
    assert stage_of_all([city, new]) is stage_of_all([None, None]) is stage_of_all([ReportStatus.returned]) is None
