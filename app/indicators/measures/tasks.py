"""How many tasks stood in a bucket, of many units and moments at once."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.tasks.models import TaskState

Place = int | None  # a lead unit, or the whole city
_Moments = dict[tuple[Place, str, int | None], list[datetime]]


class TaskCounts:
    """Tasks by place, bucket and programme at some moments, as was known then.

    A unit's are those that it leads, children of a common task too; the city's are those without a parent.
    """

    def __init__(self) -> None:
        self._begun: _Moments = defaultdict(list)
        self._ended: _Moments = defaultdict(list)

    def add(self, row: Any) -> None:
        """Add a state: lead unit, programme, bucket, whether it has no parent, from when to when."""
        unit, programme, bucket, top, begins, ends = row
        for place in (unit, None) if top else (unit,):
            for of_programme in (programme, None):
                self._begun[place, bucket, of_programme].append(begins)
                self._ended[place, bucket, of_programme].append(ends)

    def sort(self) -> None:
        """Have all moments in order, once all states are in."""
        for moments in (*self._begun.values(), *self._ended.values()):
            moments.sort()

    def at(self, place: Place, bucket: str, programme: int | None, moment: datetime) -> int:
        """Return how many tasks stood in a bucket at a moment."""
        key = (place, bucket, programme)
        return bisect_right(self._begun.get(key, ()), moment) - bisect_right(self._ended.get(key, ()), moment)


def counts(session: Session, places: Collection[Place], moments: Collection[datetime]) -> TaskCounts:
    """Return what is needed to count tasks of some places at some moments."""
    state = TaskState
    query: Any = select(
        col(state.lead_unit_id), col(state.programme_id), col(state.bucket), col(state.top), col(state.from_at),
        col(state.to_at),
    )  # fmt: skip
    if None not in places:
        query = query.where(col(state.lead_unit_id).in_([place for place in places if place is not None]))
    query = query.where(col(state.from_at) <= max(moments), col(state.to_at) > min(moments))
    found = TaskCounts()
    for row in session.execute(query):
        found.add(row)
    found.sort()
    return found
