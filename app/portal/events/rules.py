"""A dossier's events, in whatever order they came, and what the daily counts say of it: pure.

The counting rules are those of the daily report: the day of receipt, the first end, early, on time or overdue by day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from re import compile as pattern


class DossierStatus(IntEnum):
    """The portal's ten states of a dossier."""

    registered = 1
    received = 2
    refused = 3
    in_process = 4
    supplement_asked = 5
    payment_asked = 6
    withdrawn = 7
    stopped = 8
    processed = 9
    handed_over = 10


class Channel(StrEnum):
    """How a dossier was handed in."""

    online = "online"
    counter = "counter"
    post = "post"


class Settled(StrEnum):
    """How an ended dossier is counted."""

    early = "early"
    on_time = "on_time"
    overdue = "overdue"
    withdrawn = "withdrawn"  # within on_time


class Unfit(StrEnum):
    """Why an event is laid aside."""

    unreadable = "unreadable"
    unknown_unit = "unknown_unit"
    in_future = "in_future"


# What of an unknown code may be kept: the shapes of agencies and procedures, and short numbers and signs of a system's
# own. A name has no digit, a telephone or a citizen's number too many in one part: neither ever stands in a table.
_AGENCY = r"[A-Y]\d\d(\.(?=[A-Z]*\d)[A-Z0-9]{1,6})*"
_OLD_AGENCY = r"\d{3}\.\d\d\.\d\d\.[A-Y]\d\d"
_UNIT = pattern(rf"{_AGENCY}|{_OLD_AGENCY}|\d{{1,8}}|[A-Z]{{1,6}}[._-]?\d{{1,6}}")
_PROCEDURE = pattern(rf"\d\.\d{{6}}(\.({_AGENCY}|{_OLD_AGENCY}))?")
STEM = 8  # `1.004194` of `1.004194.000.00.00.H57`: the nation's procedure

RECEIVED_BY = {channel: f"received_{channel.value}" for channel in Channel}
COUNTED = ("received_online", "received_counter", "received_post", "resolved_early", "resolved_on_time",
           "resolved_overdue", "withdrawn")  # fmt: skip
_S = DossierStatus
# Only who has been received can be in one of these; a refusal or a withdrawal may come before.
_HELD = frozenset(
    {_S.received, _S.in_process, _S.supplement_asked, _S.payment_asked, _S.stopped, _S.processed, _S.handed_over}
)
_ENDS = frozenset({_S.processed, _S.handed_over})
_ENDS_IF_RECEIVED = frozenset({_S.refused, _S.withdrawn})


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a dossier's status; days are those of Huế, `digest` is that of all but time and status."""

    at: datetime
    status: int
    digest: str
    day: date
    procedure: str
    unit: int  # competent
    channel: str
    received_on: date | None
    due_on: date | None

    @property
    def turn(self) -> tuple[datetime, int, str]:
        """Its place among a dossier's events: when it happened, never when it came; no two share one."""
        return self.at, self.status, self.digest


@dataclass(frozen=True, slots=True)
class Facts:
    """What the daily counts need of a dossier; None: not yet received, not yet ended."""

    procedure: str
    status: int
    channel: str
    received_on: date | None = None
    received_unit: int | None = None
    settled_on: date | None = None
    settled_unit: int | None = None
    settled: Settled | None = None


def is_unit_code(code: str) -> bool:
    """Tell whether what no unit is known by looks like a unit's code, and can be kept until it is given a meaning."""
    return _UNIT.fullmatch(code) is not None


def is_procedure_code(code: str) -> bool:
    """Tell whether what the catalogue does not have looks like a procedure's code."""
    return _PROCEDURE.fullmatch(code) is not None


def facts(events: Iterable[Event], *, stopped_ends: bool) -> Facts:
    """Return what a dossier's events say together; the order in which they came, and copies, change nothing.

    Received on the day that the newest event names, else on that of the first event that only a received dossier
    has. Ended by the first end: whatever is reopened afterwards is an adjustment of the report, and handing the
    result over later changes nothing. The competent unit is that of the day of receipt's last event (within a day
    the receiver counts alone), and of the end.
    """
    ordered = sorted(set(events), key=lambda event: event.turn)
    first, newest = ordered[0], ordered[-1]
    known = Facts(newest.procedure, newest.status, first.channel)
    begun = next((event for event in ordered if event.status in _HELD), None)
    if begun is None:
        return known
    named = next((event.received_on for event in reversed(ordered) if event.received_on is not None), None)
    received_on = named or begun.day
    receiver = next((event for event in reversed(ordered) if event.day <= received_on), first)
    end = next((event for event in ordered if _is_end(event, begun, stopped_ends)), None)
    received = Facts(newest.procedure, newest.status, first.channel, received_on, receiver.unit)
    if end is None:
        return received
    due = next((e.due_on for e in reversed(ordered) if e.turn <= end.turn and e.due_on is not None), None)
    settled_on = max(end.day, received_on)
    return Facts(
        newest.procedure, newest.status, first.channel, received_on, receiver.unit, settled_on, end.unit,
        Settled.withdrawn if end.status == _S.withdrawn else timeliness(settled_on, due),
    )  # fmt: skip


def timeliness(day: date, due: date | None) -> Settled:
    """Return how a dossier ended on a day is counted: without a due day it is on time."""
    if due is None or day == due:
        return Settled.on_time
    return Settled.early if day < due else Settled.overdue


def _is_end(event: Event, begun: Event, stopped_ends: bool) -> bool:
    if event.status in _ENDS:
        return True
    if event.status == _S.stopped:
        return stopped_ends
    return event.status in _ENDS_IF_RECEIVED and event.turn > begun.turn


def tallied(
    received: Iterable[tuple[str, str, int]], settled: Iterable[tuple[str, str, int]]
) -> dict[str, dict[str, int]]:
    """Return a unit-day's counts by field, from (field, channel, count) and (field, how settled, count)."""
    counts: dict[str, dict[str, int]] = {}

    def add(field: str, measure: str, count: int) -> None:
        of = counts.setdefault(field, dict.fromkeys(COUNTED, 0))
        of[measure] += count

    for field, channel, count in received:
        add(field, RECEIVED_BY[Channel(channel)], count)
    for field, how, count in settled:
        if how == Settled.withdrawn:
            add(field, "withdrawn", count)
            how = Settled.on_time
        add(field, f"resolved_{Settled(how).value}", count)
    return counts


def folded(counts: Mapping[str, Mapping[str, int]], applicable: Iterable[str], rest: str) -> dict[str, dict[str, int]]:
    """Return counts with those of fields that the unit does not count put under `rest`; no dossier is lost."""
    known = set(applicable)
    out: dict[str, dict[str, int]] = {}
    for field, of in counts.items():
        held = out.setdefault(field if field in known else rest, dict.fromkeys(COUNTED, 0))
        for measure, count in of.items():
            held[measure] += count
    return out
