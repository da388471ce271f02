"""Another system's arithmetic: totals told apart by days, and what differs from a report."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.throughput.figures.rules import Gap, Shrunk, first_missing, gaps, of_the_day, off_balance, together
from app.throughput.rules import Line

NOTHING = dict.fromkeys(("received_online", "received_counter", "resolved_early", "resolved_on_time"), 0)


def line(**counts: int | None) -> Line:
    columns = {"carried_over": 0, "received_post": 0, "resolved_overdue": 0, "withdrawn": 0, "pending_in_time": 0,
               "pending_overdue": 0}  # fmt: skip
    return Line("HT", **{**columns, **NOTHING, **counts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "day", "shrunk"),
    [
        ({}, {"HT": {"received_online": 5}}, {"HT": {"received_online": 5}}, []),
        ({"HT": {"received_online": 5}}, {"HT": {"received_online": 5}}, {"HT": {"received_online": 0}}, []),
        ({"HT": {"received_online": 5}}, {"HT": {"received_online": 9}}, {"HT": {"received_online": 4}}, []),
        # What is open is counted at the day's end: it is no total, and may fall.
        ({"HT": {"pending_overdue": 5}}, {"HT": {"pending_overdue": 2}}, {"HT": {"pending_overdue": 2}}, []),
        ({"HT": {"pending_overdue": 5}}, {}, {}, []),
        (
            {"HT": {"received_online": 5}}, {"HT": {"received_online": 4}}, {"HT": {"received_online": -1}},
            [Shrunk("HT", "received_online", 5, 4)],
        ),
        (
            {"HT": {"withdrawn": 1}}, {"CT": {"withdrawn": 1}}, {"CT": {"withdrawn": 1}},
            [Shrunk("HT", "withdrawn", 1, 0)],
        ),
        ({"HT": {"received_post": 0}}, {}, {}, []),
    ],
)  # fmt: skip
def test_a_day_is_the_difference_of_two_totals(
    before: dict[str, dict[str, int]], after: dict[str, dict[str, int]], day: dict[str, dict[str, int]],
    shrunk: list[Shrunk],
) -> None:  # fmt: skip
    assert of_the_day(before, after) == (day, shrunk)


@given(st.lists(st.lists(st.integers(0, 50), min_size=2, max_size=2), min_size=1, max_size=30))
def test_the_days_add_up_to_the_last_total(days: list[list[int]]) -> None:
    total, found = [0, 0], [0, 0]
    before: dict[str, dict[str, int]] = {}
    for online, early in days:
        total = [total[0] + online, total[1] + early]
        after = {"HT": {"received_online": total[0], "resolved_early": total[1]}}
        day, shrunk = of_the_day(before, after)
        assert shrunk == []
        found = [found[0] + day["HT"]["received_online"], found[1] + day["HT"]["resolved_early"]]
        before = after
    assert found == total


@pytest.mark.parametrize(
    ("said", "proposed", "differs"),
    [
        (None, {"received_online": 0}, []),
        (None, {"received_online": 3}, [("received_online", 0, 3)]),
        (line(received_online=3), {"received_online": 3, "resolved_early": 0}, []),
        (line(received_online=3, resolved_early=1), {"received_online": 3}, []),
        # Counter and post together, where one of the two does not tell them apart.
        (line(received_counter=1, received_post=2), {"received_counter": 3}, []),
        (line(received_counter=3, received_post=None), {"received_counter": 1, "received_post": 2}, []),
        (line(received_counter=1, received_post=2), {"received_counter": 4}, [("received_counter", 3, 4)]),
        (line(received_counter=3, received_post=None), {"received_counter": 3, "received_post": 2},
         [("received_counter", 3, 5)]),
        (line(received_counter=1, received_post=2), {"received_counter": 2, "received_post": 1},
         [("received_counter", 1, 2), ("received_post", 2, 1)]),
    ],
)  # fmt: skip
def test_what_differs_from_a_report(
    said: Line | None, proposed: dict[str, int], differs: list[tuple[str, int, int]]
) -> None:
    lines = {"HT": said} if said else {}
    assert gaps(lines, {"HT": proposed}) == [Gap("HT", *one) for one in differs]


def test_only_a_whole_line_can_be_off_balance() -> None:
    whole = {**NOTHING, "resolved_overdue": 0, "pending_overdue": 1, "carried_over": 2, "pending_in_time": 3}
    assert off_balance(whole) == (2, 4)
    assert off_balance(whole | {"received_post": 2}) is None
    assert off_balance({name: n for name, n in whole.items() if name != "carried_over"}) is None


def test_several_of_theirs_are_one_of_ours() -> None:
    assert together([{"received_online": 2}, {"received_online": 3, "withdrawn": 1}]) == {
        "received_online": 5, "withdrawn": 1
    }  # fmt: skip


def test_the_first_day_that_is_not_counted_is_named() -> None:
    days = [date(2026, 11, n) for n in (16, 17, 18)]
    assert first_missing(days, days) is None
    assert first_missing(days, [days[2], days[0]]) == days[1]
