"""Days, weeks, months, quarters and years as people write them, in Vietnamese, English and French: pure."""

import re

from app.core.text import search_key

ISO = r"(19|20|21)\d\d(-Q[1-4]|-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
WEEK = r"(19|20|21)\d\d-W(0[1-9]|[1-4]\d|5[0-3])"
LONGEST = 40  # characters of a period that somebody writes
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_YEAR = r"((?:19|20|21)\d\d)"
_OF = r"(?:nam |annee |year )?"
# `T2/2026` is none: the second month in Vietnamese, the second quarter in French.
_DAY = re.compile(rf"(?:ngay )?(\d{{1,2}})[. ](?:thang )?(\d{{1,2}})[. ]{_OF}{_YEAR}", re.ASCII)
_DAY_BACK = re.compile(rf"{_YEAR} (\d{{1,2}}) (\d{{1,2}})", re.ASCII)
_MONTH = re.compile(rf"(?:thang |mois |month )?(\d{{1,2}})[. ]{_OF}{_YEAR}", re.ASCII)
_MONTH_BACK = re.compile(rf"{_YEAR} (\d{{1,2}})", re.ASCII)
_QUARTER = re.compile(rf"(?:quy |q ?|quarter |trimestre )(iv|i{{1,3}}|[1-4])[. ]{_OF}{_YEAR}", re.ASCII)
_QUARTER_BACK = re.compile(rf"{_OF}{_YEAR} (?:quy |q|quarter |trimestre )(iv|i{{1,3}}|[1-4])", re.ASCII)
_WEEK = re.compile(rf"(?:tuan |week |semaine |w ?)(\d{{1,2}})[. ]{_OF}{_YEAR}", re.ASCII)
_WEEK_BACK = re.compile(rf"{_YEAR} (?:tuan |week |semaine |w)(\d{{1,2}})", re.ASCII)
_WHOLE_YEAR = re.compile(rf"{_OF}{_YEAR}", re.ASCII)


def iso_of(written: str) -> str | None:
    """Return the ISO name of a period as it is written: `quý II/2026`, `Q2 2026`, `tháng 7/2026`, `tuần 47/2026`.

    None for what is none. Whether the calendar has such a day, week or month is for the caller to judge.
    """
    if len(written) > LONGEST:
        return None
    if re.fullmatch(f"{ISO}|{WEEK}", written, re.ASCII):
        return written
    text = search_key(written)
    if found := _DAY.fullmatch(text):
        return _day(found[3], found[2], found[1])
    if found := _DAY_BACK.fullmatch(text):
        return _day(found[1], found[2], found[3])
    if found := _QUARTER.fullmatch(text):
        return f"{found[2]}-Q{_ROMAN.get(found[1]) or found[1]}"
    if found := _QUARTER_BACK.fullmatch(text):
        return f"{found[1]}-Q{_ROMAN.get(found[2]) or found[2]}"
    if found := _WEEK.fullmatch(text):
        return f"{found[2]}-W{int(found[1]):02}"
    if found := _WEEK_BACK.fullmatch(text):
        return f"{found[1]}-W{int(found[2]):02}"
    if found := _MONTH.fullmatch(text):
        return f"{found[2]}-{int(found[1]):02}"
    if found := _MONTH_BACK.fullmatch(text):
        return f"{found[1]}-{int(found[2]):02}"
    found = _WHOLE_YEAR.fullmatch(text)
    return found[1] if found else None


def _day(year: str, month: str, day: str) -> str:
    return f"{year}-{int(month):02}-{int(day):02}"


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
