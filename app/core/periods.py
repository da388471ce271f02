"""Days, weeks, months, quarters and years as people write them, in Vietnamese, English and French: pure."""

import re

from app.core.text import search_key

ISO = r"(19|20|21)\d\d(-Q[1-4]|-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
WEEK = r"(19|20|21)\d\d-W(0[1-9]|[1-4]\d|5[0-3])"
LONGEST = 40  # characters of a period that somebody writes
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_YEAR = r"(?P<year>(?:19|20|21)\d\d)"
_OF = r"(?:nam |annee |year )?"
_MONTH, _DAY, _WEEK = r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})", r"(?P<week>\d{1,2})"
_QUARTER = r"(?P<quarter>iv|i{1,3}|[1-4])"
# The year last, as people say it, or first. `T2/2026` is none: the second month in Vietnamese, the second quarter in
# French.
_SHAPES = [
    re.compile(shape, re.ASCII)
    for shape in (
        rf"(?:ngay )?{_DAY}[. ](?:thang )?{_MONTH}[. ]{_OF}{_YEAR}", rf"{_YEAR} {_MONTH} {_DAY}",
        rf"(?:quy |q ?|quarter |trimestre ){_QUARTER}[. ]{_OF}{_YEAR}",
        rf"{_OF}{_YEAR} (?:quy |q|quarter |trimestre ){_QUARTER}",
        rf"(?:tuan |week |semaine |w ?){_WEEK}[. ]{_OF}{_YEAR}", rf"{_YEAR} (?:tuan |week |semaine |w){_WEEK}",
        rf"(?:thang |mois |month )?{_MONTH}[. ]{_OF}{_YEAR}", rf"{_YEAR} {_MONTH}",
        rf"{_OF}{_YEAR}",
    )
]  # fmt: skip


def iso_of(written: str) -> str | None:
    """Return the ISO name of a period as it is written: `quý II/2026`, `Q2 2026`, `tháng 7/2026`, `tuần 47/2026`.

    None for what is none. Whether the calendar has such a day, week or month is for the caller to judge.
    """
    if len(written) > LONGEST:
        return None
    if re.fullmatch(f"{ISO}|{WEEK}", written, re.ASCII):
        return written
    text = search_key(written)
    found = next((match for shape in _SHAPES if (match := shape.fullmatch(text))), None)
    return _iso(found.groupdict()) if found else None


def _iso(said: dict[str, str]) -> str:
    year = said["year"]
    if quarter := said.get("quarter"):
        return f"{year}-Q{_ROMAN.get(quarter) or quarter}"
    if week := said.get("week"):
        return f"{year}-W{int(week):02}"
    return "-".join((year, *(f"{int(said[part]):02}" for part in ("month", "day") if part in said)))


def written(iso: str) -> str:
    """Return a period as everybody may write it, whatever the language: `Q3/2026`, `7/2026`, `W47/2026`, `20/11/2026`.

    `iso_of` reads it back; what is no ISO name stays as it is.
    """
    if not re.fullmatch(f"{ISO}|{WEEK}", iso, re.ASCII):
        return iso
    year, *rest = iso.split("-")
    if len(rest) == 1 and rest[0].isdecimal():
        rest = [str(int(rest[0]))]
    return "/".join((*reversed(rest), year))
