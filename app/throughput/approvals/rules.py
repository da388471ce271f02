"""Stages, what they say of a revision, and in which order reports are looked at: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """Who approves."""

    ward = "ward"
    city = "city"


class Word(StrEnum):
    """What a stage says of a revision."""

    approved = "approved"
    returned = "returned"


class ReportStatus(StrEnum):
    """How far a report has come."""

    received = "received"
    approved_ward = "approved_ward"
    approved_city = "approved_city"
    returned = "returned"


class Unusual(StrEnum):
    """Why a report should be looked at before it is approved, weightiest first."""

    corrected_since = "corrected_since"
    open_warnings = "open_warnings"
    findings = "findings"
    late = "late"
    partial = "partial"
    unavailable = "unavailable"
    returned = "returned"


_WEIGHT = {one: place for place, one in enumerate(Unusual)}
# The right that each stage's word needs.
RIGHTS = {Stage.ward: "approvals:ward", Stage.city: "approvals:city"}


@dataclass(frozen=True, slots=True)
class Said:
    """What a stage says of one revision."""

    stage: Stage
    word: Word
    version: int
    at: datetime
    by: str
    by_id: int | None
    reason: str | None
    ended_at: datetime | None = None
    ended_by: str | None = None
    end_reason: str | None = None

    @property
    def stands(self) -> bool:
        """Whether nobody has taken it back or said another thing of the same revision."""
        return self.ended_at is None


def standing(said: Iterable[Said], stage: Stage, version: int) -> Said | None:
    """Return what a stage says of a revision."""
    return next((one for one in said if one.stage is stage and one.version == version and one.stands), None)


def status(said: Iterable[Said], version: int) -> ReportStatus:
    """Return how far a revision has come: the city's word counts before the ward's."""
    said = list(said)
    city, ward = (standing(said, stage, version) for stage in (Stage.city, Stage.ward))
    return status_of(city.word if city else None, ward.word if ward else None)


def status_of(city: str | None, ward: str | None) -> ReportStatus:
    """Return what both stages' words on one revision make of it."""
    if city is not None:
        return ReportStatus.returned if city == Word.returned else ReportStatus.approved_city
    if ward is not None:
        return ReportStatus.returned if ward == Word.returned else ReportStatus.approved_ward
    return ReportStatus.received


def stage_of_all(found: Iterable[ReportStatus | None]) -> Stage | None:
    """Return who has approved all that was sent: the city, else at least the ward, else nobody."""
    sent = {one for one in found if one is not None}
    if sent == {ReportStatus.approved_city}:
        return Stage.city
    return Stage.ward if sent and sent <= {ReportStatus.approved_city, ReportStatus.approved_ward} else None


def last_approval(said: Iterable[Said], stage: Stage, before: int) -> Said | None:
    """Return a stage's last approval of an earlier revision: what has changed since is all that is to be looked at."""
    found = [s for s in said if s.stage is stage and s.word is Word.approved and s.version < before and s.stands]
    return max(found, key=lambda s: s.version, default=None)


def relied_on(said: Iterable[Said], stage: Stage, before: int) -> Said | None:
    """Return a stage's newest approval of an earlier revision, while it stands: others may rely on it still.

    Those before it were replaced by it; taken back itself, it does not bring them up again.
    """
    found = [s for s in said if s.stage is stage and s.word is Word.approved and s.version < before]
    newest = max(found, key=lambda s: (s.version, s.stands), default=None)
    return newest if newest is not None and newest.stands else None


def is_own(typed_by: int | None, typed_label: str, caller_id: int, machine: str | None) -> bool:
    """Tell whether who would approve a revision typed it: a person by number, a machine by its name."""
    return typed_by == caller_id if typed_by is not None else typed_label == machine


def rank(found: Iterable[Unusual], *, waits: bool) -> int:
    """Return a report's place in the list of what is to be approved: what is unusual first, what is done last."""
    if not waits:
        return len(_WEIGHT) + 1
    return min((_WEIGHT[one] for one in found), default=len(_WEIGHT))
