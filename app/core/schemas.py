"""Small types that every input schema uses, and the declared error answers."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from app.core.clock import end_of
from app.core.errors import ProblemDocument
from app.core.periods import iso_of
from app.core.text import nfc, normalized


def _clean_line(text: str) -> str:
    if text.isascii() and text.isalnum():  # most are codes
        return text
    return _clean(nfc(text), "")


def _clean_prose(text: str) -> str:
    return _clean(normalized("NFC", text).replace("\r\n", "\n").strip(), "\n\t")


def _clean_verbatim(text: str) -> str:
    return _clean(text.replace("\r\n", "\n"), "\n\t")


def _clean(text: str, allowed: str) -> str:
    if text.isprintable():
        return text
    # A NUL breaks PostgreSQL, a lone surrogate breaks UTF-8, and neither was typed by anybody.
    if any((ord(c) < 32 and c not in allowed) or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise PydanticCustomError("text", "unreadable characters", {"code": "bad_text"})
    return text


def _written_day(value: Any) -> Any:
    # Pydantic alone takes `0`, moments and far years for days; arithmetic on the last ones overflows.
    if type(value) is date or (isinstance(value, str) and re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", value)):
        return value
    raise PydanticCustomError("day", "not a day", {"code": "required" if value is None else "bad_date"})


Day = Annotated[date, BeforeValidator(_written_day)]


def _written_moment(value: Any) -> Any:
    # Pydantic alone takes a bare number for seconds since 1970, and years at which arithmetic overflows.
    if isinstance(value, datetime) or (isinstance(value, str) and re.match(r"(19|20|21)\d\d-", value)):
        return value
    raise PydanticCustomError("moment", "not a moment", {"code": "required" if value is None else "bad_time"})


Moment = Annotated[AwareDatetime, BeforeValidator(_written_moment)]


def _moment_or_day(value: Any) -> Any:
    """Return the moment meant: a bare day means its end in Huế."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return end_of(date.fromisoformat(value))
        except (ValueError, OverflowError):
            raise PydanticCustomError("day", "not a day", {"code": "bad_date"}) from None
    # A plus sign in an address that was not encoded arrives as a blank.
    return value.replace(" ", "+") if isinstance(value, str) else value


AsOf = Annotated[Moment, BeforeValidator(_moment_or_day)]
# After the `Query` of words to be looked for: of blanks alone nothing is asked, everywhere.
BLANK_IS_NONE = AfterValidator(lambda words: words if words and words.strip() else None)
# Before the pattern of a period: people write `quý IV/2026` where a program says `2026-Q4`.
AS_WRITTEN = BeforeValidator(lambda typed: (iso_of(typed) or typed) if isinstance(typed, str) else typed)
Line = Annotated[str, AfterValidator(_clean_line)]
Prose = Annotated[str, AfterValidator(_clean_prose)]
# Places are told in it: nothing is cut off, only line ends are made one character, as in the box of a form.
Verbatim = Annotated[str, AfterValidator(_clean_verbatim)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Flag = Annotated[bool, Field(strict=True)]


def created(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Declare that an endpoint answers 201 with the new row."""
    return {201: {"model": model, "description": "Created"}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare the problem documents an endpoint may answer with, for OpenAPI."""
    return {
        status: {
            "model": ProblemDocument,
            "content": {"application/problem+json": {}},
            "description": _WORDS[status],
        }
        for status in statuses
    }


_WORDS = {
    400: "Bad request",
    401: "No valid token",
    403: "Not allowed",
    404: "Not found, or not for the caller's eyes",
    406: "Not to be had in that format",
    409: "The state does not allow it",
    412: "Changed since it was read",
    413: "Body too large",
    415: "Wrong content type",
    422: "Breaks a rule",
    428: "If-Match is missing",
    429: "Too many requests",
    503: "Cannot answer now",
}
