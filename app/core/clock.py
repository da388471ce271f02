"""The one place that reads the time; everything else is given it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

HUE = ZoneInfo("Asia/Ho_Chi_Minh")


class Clock(Protocol):
    """Something that tells the time as an aware UTC moment."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def day_of(moment: datetime) -> date:
    """Return the day in Huế on which a moment falls."""
    return moment.astimezone(HUE).date()


def at(day: date, clock: time) -> datetime:
    """Return the UTC moment of a wall-clock time in Huế."""
    return datetime.combine(day, clock, tzinfo=HUE).astimezone(UTC)


def end_of(day: date) -> datetime:
    """Return the last moment of a day in Huế, in UTC."""
    return at(day + timedelta(days=1), time(0)) - timedelta(microseconds=1)


def now_of(request: Request) -> datetime:
    """Return the moment of this request, one and the same throughout it."""
    now = getattr(request.state, "now", None)
    if now is None:
        now = request.state.now = request.app.state.clock.now()
    assert isinstance(now, datetime)
    return now


async def get_now(request: Request) -> datetime:
    """Supply the moment of this request."""
    return now_of(request)


Now = Annotated[datetime, Depends(get_now)]
