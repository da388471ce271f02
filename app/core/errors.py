"""One family of errors, one shape (RFC 9457), one handler at each door."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field


@dataclass(frozen=True)
class Fault:
    """One thing wrong at one place: a JSON pointer, a stable code and the values its sentence needs."""

    pointer: str
    code: str
    values: dict[str, Any] = field(default_factory=dict)


class Problem(Exception):
    """An expected refusal; `code` names the message `error.<code>` in every language and never changes."""

    status = 400
    code = "bad_request"

    def __init__(
        self,
        code: str | None = None,
        *,
        status: int | None = None,
        faults: Sequence[Fault] = (),
        values: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.code = code or self.code
        self.status = status or self.status
        self.faults = list(faults)
        self.values = values or {}
        self.headers = headers or {}
        self.extra = extra or {}
        super().__init__(self.code)


class NotFound(Problem):
    """Not there, or not for the caller's eyes: the two look the same."""

    status, code = 404, "not_found"


class Forbidden(Problem):
    """Seen, but not to be changed by this caller."""

    status, code = 403, "forbidden"


class Unauthenticated(Problem):
    """No valid token or session."""

    status, code = 401, "unauthenticated"


class Conflict(Problem):
    """The row's state does not allow it."""

    status, code = 409, "conflict"


class PreconditionFailed(Problem):
    """Somebody changed the row since it was read; `extra["current"]` is what stands now."""

    status, code = 412, "stale"


class PreconditionRequired(Problem):
    """A change of a versioned row without `If-Match`."""

    status, code = 428, "precondition_required"


class Invalid(Problem):
    """What was sent breaks a rule; `faults` say where."""

    status, code = 422, "invalid"

    def __init__(self, faults: Sequence[Fault] = (), code: str | None = None, **options: Any) -> None:
        super().__init__(
            code or (faults[0].code if len({f.code for f in faults}) == 1 else None), faults=faults, **options
        )


class NoUnit(Invalid):
    """A unit's own page asked for by who has none and named none: a person who wants a page is led `to` theirs."""

    def __init__(self, to: str) -> None:
        super().__init__([Fault("?unit", "required")])
        self.to = to


class Unavailable(Problem):
    """The service cannot answer now; try again after a while."""

    status, code = 503, "unavailable"

    def __init__(self, code: str | None = None, retry_after: int = 2) -> None:
        super().__init__(code, headers={"Retry-After": str(retry_after)})


class Words(BaseModel):
    """One sentence in the two languages of the contract."""

    vi: str
    en: str


class ProblemError(BaseModel):
    """One thing wrong at one place of what was sent."""

    pointer: str = Field(description="JSON pointer into the body, or `?name` for a parameter", max_length=200)
    code: str = Field(max_length=60)
    message: Words


class ProblemDocument(BaseModel):
    """Problem details (RFC 9457) with a stable code and words in Vietnamese and English."""

    type: str = Field(examples=["urn:tiendo57:problem:day_locked"])
    title: str
    status: int
    detail: str
    code: str = Field(examples=["day_locked"])
    message: Words
    errors: list[ProblemError]
    request_id: str | None
