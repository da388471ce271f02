"""What the portal may say and how a call can end: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

MAX_TEXT = 500
MAX_NUMBER = 1_000_000_000


class Endpoint(StrEnum):
    """A system that is called."""

    legacy = "legacy"
    rest = "rest"


class Purpose(StrEnum):
    """What a call is for."""

    sign_in = "sign_in"
    agencies = "agencies"
    fields = "fields"
    procedures = "procedures"
    dossier = "dossier"
    months = "months"
    scores = "scores"
    push = "push"


class Outcome(StrEnum):
    """How a call ended."""

    ok = "ok"
    refused = "refused"  # understood, and answered with no
    expired = "expired"  # the session had ended
    busy = "busy"  # 429 or 503
    failed = "failed"  # any other 5xx
    unreachable = "unreachable"
    timeout = "timeout"
    torn = "torn"  # the connection broke in the middle
    too_large = "too_large"
    not_json = "not_json"
    bad_answer = "bad_answer"  # JSON, but not what was agreed


# With these the system is well and we are not: neither is it called again, nor is its connection paused.
ANSWERED = frozenset({Outcome.ok, Outcome.refused, Outcome.expired})
AGAIN = frozenset(
    {Outcome.busy, Outcome.failed, Outcome.unreachable, Outcome.timeout, Outcome.torn, Outcome.not_json}
    | {Outcome.bad_answer}
)


# Their bodies hold a password or a person: a hash of them is one to be guessed at.
UNHASHED = frozenset({Purpose.sign_in, Purpose.dossier})


class PortalFault(Exception):
    """A call that did not bring what was asked; its words never quote the answer."""

    def __init__(self, outcome: Outcome, told: str = "", retry_after: float | None = None) -> None:
        self.outcome = outcome
        self.told = told
        self.retry_after = retry_after
        self.purpose: Purpose | None = None  # of the call that it ended
        super().__init__(f"{outcome.value} {told}".strip())


class NotOffered(Exception):
    """That a generation does not have what is asked for."""


@dataclass(frozen=True, slots=True)
class PortalAgency:
    """An organisation in the portal's list."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class PortalField:
    """A field (lĩnh vực) in the portal's list."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class PortalProcedure:
    """A procedure in the portal's list."""

    code: str
    name: str
    field: str


@dataclass(frozen=True, slots=True)
class PortalMonth:
    """What the portal publishes of an agency's month, quarter or year; None is not zero."""

    agency: str
    received: int | None
    online: int | None
    direct: int | None
    post: int | None
    on_time: int | None
    overdue: int | None


@dataclass(frozen=True, slots=True)
class PortalScore:
    """An agency's latest score by QĐ 766."""

    agency: str
    total: float
    scored_at: str


@dataclass(frozen=True, slots=True)
class PortalDossier:
    """How one dossier stands; nothing of its applicant."""

    procedure: str
    agency: str
    status: int
    channel: str
    received_at: str
    due_at: str


@dataclass(frozen=True, slots=True)
class PortalDay:
    """The approved counts of one unit, day and system, as they are told; `withdrawn`: none are approved any more.

    `sequence` counts what was told of the same unit, day and system: the highest one holds.
    """

    message: str
    agency: str
    system: str
    day: date
    revision: int
    sequence: int
    withdrawn: bool
    decided_at: datetime
    partial: bool
    lines: Sequence[Mapping[str, str | int | None]]


class Receipt(StrEnum):
    """What the other side did with a message: took it, had it already, or had a later one of the same day."""

    taken = "taken"
    known = "known"
    older = "older"


class Adapter(Protocol):
    """What every generation can be asked; raises PortalFault, or NotOffered for what it does not have."""

    def agencies(self) -> list[PortalAgency]: ...
    def fields(self) -> list[PortalField]: ...
    def procedures(self) -> list[PortalProcedure]: ...
    def months(self, *, year: int, month: int) -> list[PortalMonth]: ...
    def quarters(self, *, year: int, quarter: int) -> list[PortalMonth]: ...
    def years(self, *, year: int) -> list[PortalMonth]: ...
    def scores(self, *, year: int, month: int) -> list[PortalScore]: ...
    def dossier(self, code: str) -> PortalDossier | None: ...
    def push(self, told: PortalDay, *, within: float) -> Receipt: ...


Row = TypeVar("Row")


def text_of(row: Mapping[str, Any], key: str, *, blank: bool = False) -> str:
    """Return a text or a number written as one; raises PortalFault for anything else, or a blank where none may be."""
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None and blank:
        return ""
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise PortalFault(Outcome.bad_answer, key)
    if not (value := value.strip()) and not blank:
        raise PortalFault(Outcome.bad_answer, key)
    return value


def count_of(row: Mapping[str, Any], key: str) -> int | None:
    """Return a count or None; a fraction, a negative or a boolean is no count."""
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NUMBER:
        raise PortalFault(Outcome.bad_answer, key)
    return value


def score_of(row: Mapping[str, Any], key: str) -> float:
    """Return a score between 0 and 100."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise PortalFault(Outcome.bad_answer, key)
    return float(value)


def rows_of(value: Any) -> list[Mapping[str, Any]]:
    """Return a list of objects as it is; raises PortalFault for anything else."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise PortalFault(Outcome.bad_answer, "rows")
    return value


def once(rows: Iterable[Row], key: str) -> list[Row]:
    """Return rows once each, by their key; the same twice is one, two that differ are a fault."""
    found: dict[str, Row] = {}
    add(found, rows, key)
    return [found[code] for code in sorted(found)]


def add(found: dict[str, Row], rows: Iterable[Row], key: str) -> None:
    """Add rows to those that came before, by their key; the same again is none, one that differs is a fault."""
    for row in rows:
        code = getattr(row, key)
        if found.setdefault(code, row) != row:
            raise PortalFault(Outcome.bad_answer, "two rows of one code")


def receipt_of(row: Mapping[str, Any], keys: Mapping[str, str], codes: Mapping[str, Any], message: str) -> Receipt:
    """Return what was done with a message; an answer that does not name it is none."""
    found = codes.get(text_of(row, keys["receipt"]))
    if text_of(row, keys["message"]) != message or found is None:
        raise PortalFault(Outcome.bad_answer, "receipt")
    return Receipt(found)


def retry_after(value: str | None, answered: str | None = None, *, most: float = 900.0) -> float | None:
    """Return the seconds that a system asks to wait, at most some; None where it names none.

    A moment in place of seconds counts from the answer's own `Date`: by the other side's clock, not by ours.
    """
    if value is None or len(value) > 40:
        return None
    if value.strip().isdecimal():
        return min(float(value), most)
    try:
        seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(answered or "")).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), most)
