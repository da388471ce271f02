"""What a dossier's events say together, whatever their order; and the daily counts of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.portal.events.rules import COUNTED, Event, Facts, Settled, facts, folded, tallied, timeliness

FIRST = date(2026, 11, 16)
ONE, OTHER = 1, 2


def event(day: int, status: int, *, unit: int = ONE, due: int | None = None, hour: int = 9, **more: Any) -> Event:
    """Return an event on a day of the week that begins on the 16th."""
    on = FIRST + timedelta(days=day)
    at = datetime(on.year, on.month, on.day, hour - 7 if hour >= 7 else 0, tzinfo=UTC)
    values: dict[str, Any] = {
        "digest": "", "procedure": "1.001193", "channel": "online", "received_on": None,
        "due_on": None if due is None else FIRST + timedelta(days=due),
    }  # fmt: skip
    return Event(at=at, status=status, day=on, unit=unit, **values | more)


def told(*events: Event, stopped_ends: bool = True) -> Facts:
    """Return what events say."""
    return facts(events, stopped_ends=stopped_ends)


def day(number: int) -> date:
    """Return a day of the week."""
    return FIRST + timedelta(days=number)


@pytest.mark.parametrize(
    ("end", "due", "how"),
    [(2, 3, Settled.early), (3, 3, Settled.on_time), (4, 3, Settled.overdue), (4, None, Settled.on_time)],
)
def test_an_end_is_judged_by_day(end: int, due: int | None, how: Settled) -> None:
    one = told(event(0, 2, due=due), event(end, 9))
    assert (one.received_on, one.settled_on, one.settled) == (day(0), day(end), how)
    assert timeliness(day(end), None if due is None else day(due)) is how


def test_what_is_not_received_is_outside_every_total() -> None:
    assert told(event(0, 1)).received_on is None
    refused = told(event(0, 1), event(1, 3))
    assert (refused.received_on, refused.settled_on) == (None, None)
    withdrawn_before = told(event(0, 1), event(1, 7))
    assert (withdrawn_before.received_on, withdrawn_before.settled_on) == (None, None)


def test_withdrawn_counts_as_on_time_and_refused_after_receipt_by_date() -> None:
    assert told(event(0, 2, due=1), event(3, 7)).settled is Settled.withdrawn
    assert told(event(0, 2, due=1), event(3, 3)).settled is Settled.overdue


def test_waiting_ends_nothing_and_handing_over_changes_nothing() -> None:
    assert told(event(0, 2), event(1, 5), event(2, 6)).settled_on is None
    handed = told(event(0, 2, due=2), event(1, 9), event(4, 10))
    assert (handed.settled_on, handed.settled) == (day(1), Settled.early)
    assert told(event(0, 2, due=2), event(4, 10)).settled is Settled.overdue, "only the handing over was told"


def test_the_first_end_counts_even_if_reopened() -> None:
    again = told(event(0, 2), event(1, 9), event(2, 4), event(3, 9))
    assert again.settled_on == day(1)


def test_stopped_is_an_end_or_a_pause_by_setting() -> None:
    stopped = (event(0, 2), event(1, 8))
    assert told(*stopped).settled_on == day(1)
    assert told(*stopped, stopped_ends=False).settled_on is None


def test_a_moved_dossier_is_received_by_the_last_of_the_day_and_settled_by_who_settles() -> None:
    moved = told(event(0, 2, unit=ONE), event(0, 4, unit=OTHER, hour=15), event(2, 9, unit=ONE))
    assert (moved.received_unit, moved.settled_unit) == (OTHER, ONE)
    later = told(event(0, 2, unit=ONE), event(1, 4, unit=OTHER), event(2, 9, unit=OTHER))
    assert (later.received_unit, later.settled_unit) == (ONE, OTHER)


def test_a_named_day_of_receipt_wins_over_the_first_event() -> None:
    late = told(event(3, 4, received_on=day(1)), event(4, 9))
    assert (late.received_on, late.settled_on) == (day(1), day(4))


def test_the_due_day_is_that_which_stood_at_the_end() -> None:
    extended = told(event(0, 2, due=1), event(1, 5, due=4), event(3, 9), event(4, 10, due=0))
    assert extended.settled is Settled.early


def with_digest(one: Event) -> Event:
    """Return an event with a digest that tells it from others of its moment and status, as the door makes it."""
    return replace(one, digest=f"{one.unit}{one.channel}{one.received_on}{one.due_on}")


events_of_one = st.lists(
    st.builds(
        event, st.integers(0, 6), st.integers(1, 10), unit=st.sampled_from((ONE, OTHER)),
        due=st.none() | st.integers(0, 6), hour=st.integers(7, 18),
        channel=st.sampled_from(("online", "counter", "post")),
        received_on=st.none() | st.builds(day, st.integers(0, 6)),
    ).map(with_digest),
    min_size=1, max_size=8,
)  # fmt: skip


def _is_the_same_in_any_order(events: list[Event], random: Random, stopped_ends: bool) -> None:
    copied = [*events, *random.choices(events, k=random.randint(0, 5))]
    random.shuffle(copied)
    one = facts(events, stopped_ends=stopped_ends)
    assert facts(copied, stopped_ends=stopped_ends) == one
    assert (one.received_on is None) == (one.received_unit is None)
    assert (one.settled_on is None) == (one.settled is None) == (one.settled_unit is None)
    if one.settled_on is not None:
        assert one.received_on is not None
        assert one.settled_on >= one.received_on


@settings(max_examples=400)
@given(events_of_one, st.randoms(use_true_random=False), st.booleans())
def test_order_and_copies_change_nothing(events: list[Event], random: Random, stopped_ends: bool) -> None:
    _is_the_same_in_any_order(events, random, stopped_ends)


@pytest.mark.soak
@settings(max_examples=10_000)
@given(events_of_one, st.randoms(use_true_random=False), st.booleans())
def test_ten_thousand_streams_in_disorder(events: list[Event], random: Random, stopped_ends: bool) -> None:
    _is_the_same_in_any_order(events, random, stopped_ends)


def test_counts_of_a_day() -> None:
    counts = tallied(
        [("HT", "online", 3), ("HT", "post", 1), ("DD", "counter", 2)], [("HT", "early", 2), ("HT", "withdrawn", 1)]
    )
    assert counts["HT"] == dict.fromkeys(COUNTED, 0) | {
        "received_online": 3, "received_post": 1, "resolved_early": 2, "resolved_on_time": 1, "withdrawn": 1,
    }  # fmt: skip
    assert folded(counts, ["HT"], "UNSPLIT") == {
        "HT": counts["HT"],
        "UNSPLIT": dict.fromkeys(COUNTED, 0) | {"received_counter": 2},
    }
