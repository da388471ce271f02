"""What a message about a day says, and by which key it is known: pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from app.portal.adapters.rules import PortalDay
from app.throughput.rules import COLUMNS, Line

# In a message `withdrawn` is said of the whole day.
_NAMES = {name: "withdrawn_count" if name == "withdrawn" else name for name in COLUMNS}


@dataclass(frozen=True)
class Subject:
    """What messages are about: of each only the last one counts."""

    unit: str
    day: date
    system: str

    def __str__(self) -> str:
        return f"{self.unit}.{self.day}.{self.system}"


def key_of(subject: Subject, revision: int, sequence: int) -> str:
    """Return the key of a message, made of what it says: sent again it is the same one."""
    return f"{subject}.{revision}.{sequence}"


def approved(
    subject: Subject, *, revision: int, sequence: int, decided_at: datetime, partial: bool, lines: Iterable[Line]
) -> PortalDay:
    """Return the message that a day's counts are approved; a count that is not told apart is None, not zero."""
    rows = [
        {"field": line.field, **{told: getattr(line, name) for name, told in _NAMES.items()}}
        for line in sorted(lines, key=lambda one: one.field)
    ]
    key = key_of(subject, revision, sequence)
    return PortalDay(
        message=key, agency=subject.unit, system=subject.system, day=subject.day, revision=revision, sequence=sequence,
        withdrawn=False, decided_at=decided_at, partial=partial, lines=rows,
    )  # fmt: skip


def withdrawn(before: PortalDay, *, sequence: int, decided_at: datetime) -> PortalDay:
    """Return the message that what was told of a day is approved no more."""
    key = key_of(Subject(before.agency, before.day, before.system), before.revision, sequence)
    return replace(
        before, message=key, sequence=sequence, withdrawn=True, decided_at=decided_at, partial=False, lines=[]
    )


def written(told: PortalDay) -> str:
    """Return a message as the outbox keeps it."""
    body = {name: getattr(told, name) for name in told.__slots__}
    return json.dumps(body, ensure_ascii=False, default=lambda value: value.isoformat())


def read(body: str) -> PortalDay:
    """Return a message that the outbox kept."""
    values: Mapping[str, Any] = json.loads(body)
    moments = {
        "day": date.fromisoformat(values["day"]),
        "decided_at": datetime.fromisoformat(values["decided_at"]),
    }
    return PortalDay(**{**values, **moments})
