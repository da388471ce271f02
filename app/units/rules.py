"""What follows from a unit's kind and validity alone."""

from datetime import date
from enum import StrEnum

from app.core.text import search_key


class UnitKind(StrEnum):
    """Kinds of organisation since July 2025."""

    WARD = "ward"
    COMMUNE = "commune"
    SPECIAL_ZONE = "special_zone"
    CITY_CENTRE = "city_centre"
    DEPARTMENT = "department"
    PARTY_BODY = "party_body"


# The communal level, merged in 2025.
COMMUNAL_KINDS = frozenset({UnitKind.WARD, UnitKind.COMMUNE, UnitKind.SPECIAL_ZONE})

CODE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9.\-]{0,34}$"
# An address may end in one of these: the first three choose a file format, the last is the blank form.
RESERVED_CODES = frozenset({"csv", "xlsx", "json", "new"})


def is_valid(day: date, valid_from: date, valid_to: date | None) -> bool:
    """Tell whether a day lies within a validity, whose last day counts."""
    return valid_from <= day and (valid_to is None or day <= valid_to)


def is_reserved(code: str) -> bool:
    """Tell whether a code would be taken for something else at the end of an address (`A.csv`, `new`)."""
    return code.rpartition(".")[2].lower() in RESERVED_CODES


def folded(text: str) -> str:
    """Return a name folded for search, the words that every committee's name begins with shortened as people do."""
    return search_key(text).replace("uy ban nhan dan", "ubnd")
