"""Reading an annex: its headings, its deadlines as officials write them, units without regard to diacritics; pure."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from app.core.periods import iso_of
from app.core.text import search_key, sort_key
from app.tasks.rules import Rhythm, deadline_of

HEADINGS: dict[str, tuple[str, ...]] = {
    "number": ("tt", "stt", "so tt", "so thu tu", "so", "ma", "so nhiem vu", "no"),
    "title": ("nhiem vu", "noi dung nhiem vu", "ten nhiem vu", "noi dung", "task"),
    "lead_unit": ("don vi chu tri", "co quan chu tri", "chu tri", "lead unit"),
    "coordinating": ("don vi phoi hop", "co quan phoi hop", "phoi hop", "coordinating units"),
    "product": ("san pham", "san pham ket qua", "ket qua", "product"),
    "result": ("ket qua den nay", "ket qua thuc hien", "ket qua dat duoc", "tinh hinh thuc hien", "result so far"),
    "progress": ("tien do", "tien do thuc hien", "trang thai", "progress"),
    "deadline": ("thoi han", "thoi han hoan thanh", "thoi gian hoan thanh", "thoi gian", "deadline"),
}
NEEDED = frozenset({"number", "title", "lead_unit", "deadline"})
_REGULAR = {"thuong xuyen": Rhythm.quarter, "hang nam": Rhythm.year, "hang quy": Rhythm.quarter,
            "hang thang": Rhythm.month, "hang tuan": Rhythm.week}  # fmt: skip
_PREFIXES = ("ubnd ", "uy ban nhan dan ", "phuong ", "xa ", "thi tran ")


def columns_of(keys: Iterable[str]) -> dict[str, int]:
    """Return where the annex's columns are, from a row of folded headings."""
    found: dict[str, int] = {}
    for place, key in enumerate(keys):
        for name, words in HEADINGS.items():
            if key in words and name not in found:
                found[name] = place
                break
    return found


@dataclass(frozen=True, slots=True)
class When:
    """A deadline as it is written: a period, or the rhythm of a regular task."""

    period: str | None = None
    rhythm: Rhythm | None = None


def when_of(folded: str) -> When | None:
    """Return what a folded deadline means: a day, month, quarter, year, or regular; None for what is none."""
    text = folded.strip()
    for words, rhythm in _REGULAR.items():
        if text.startswith(words):
            return When(rhythm=rhythm)
    text = re.sub(r"^((truoc|den|trong|ngay|het) )+", "", text)
    period = iso_of(text)
    try:
        return When(deadline_of(period).period) if period else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Progress:
    """What the annex says of a task's progress: begun or not, how far, or words to be kept; `fault`: what is wrong."""

    begun: bool = False
    percent: int | None = None
    other: str = ""
    fault: str | None = None


_DONE = frozenset({"da hoan thanh", "hoan thanh", "da hoan thanh qua han", "hoan thanh qua han",
                   "da hoan thanh dung han", "hoan thanh dung han"})  # fmt: skip
_UNDER_WAY = frozenset({"dang thuc hien", "dang trien khai"})
_IDLE = frozenset({"", "chua hoan thanh", "chua thuc hien", "chua trien khai"})
_BEFORE_PERCENT = frozenset({"", "dat", "da dat", "hoan thanh", "da hoan thanh"})


def progress_of(text: str) -> Progress:
    """Return what is written of a task's progress; only whole official words, or a whole percentage, mean one.

    Everything else is kept as it is written: "Hoàn thành trước 30/6" is a plan, and half a sentence is no figure. That
    it is done is no completion here: the lead unit has to propose it with evidence, so it counts as its own 100%.
    """
    written, folded = text.strip(), search_key(text).strip(" .")
    if found := re.fullmatch(r"(\D*?)\s*(\d+)(?:[.,](\d+))?\s*(%?)\.?", written):
        before, number, rest = search_key(found[1]), int(found[2]), (found[3] or "").strip("0")
        if before in _BEFORE_PERCENT and (found[4] or not before):
            return _percent(written, number, whole=not rest, sure=bool(found[4]))
    if folded in _DONE:
        return Progress(begun=True, percent=100)
    if folded in _UNDER_WAY:
        return Progress(begun=True)
    return Progress() if folded in _IDLE else Progress(begun=not is_idle(written), other=written)


def is_idle(text: str) -> bool:
    """Tell whether words begin with "chưa": "Chưa triển khai do vướng mặt bằng" says why nothing was begun."""
    return search_key(text).startswith("chua ")


def _percent(written: str, number: int, *, whole: bool, sure: bool) -> Progress:
    if number > 100 or (number == 100 and not whole):
        return Progress(fault="percent_too_large")
    if not whole:
        return Progress(begun=True, other=written)
    if number == 1 and not sure:
        return Progress(fault="percent_ambiguous")
    return Progress(begun=number > 0, percent=number)


def as_percent(value: float) -> str:
    """Return the number of a cell that a spreadsheet shows as a percentage, in the words that it shows."""
    return f"{value * 100:.6g}%".replace(".", ",")


class UnitNames:
    """The units that an annex may mean: by their very names, by these without diacritics, by former ones."""

    def __init__(self, names: Iterable[tuple[str, str]], former: Iterable[tuple[str, str]] = ()) -> None:
        """Take names with the codes of their units, as they are written."""
        self.very: dict[str, str] = {}
        self.folded: dict[str, set[str]] = defaultdict(set)
        self.former: dict[str, set[str]] = defaultdict(set)
        for name, code in names:
            self.very[sort_key(name)] = code  # one key however the tone mark is placed: Hoá, Hóa
            self.folded[search_key(name)].add(code)
        for name, code in former:
            self.former[search_key(name)].add(code)


def unit_for(written: str, names: UnitNames) -> tuple[str | None, bool]:
    """Return the code of the unit that words mean, and whether they are its very name; None: no single one.

    A name without its diacritics, a part of one or a former name, which means the one unit that took it over, are
    guesses, to be confirmed.
    """
    if code := names.very.get(sort_key(written)):
        return code, True
    bare = folded = search_key(written)
    for prefix in _PREFIXES:
        bare = bare.removeprefix(prefix)
    if not bare:
        return None, False
    near = names.folded.get(folded) or {
        code for name, codes in names.folded.items() if bare == name or name.endswith(f" {bare}") for code in codes
    }
    near = near or names.former.get(folded) or names.former.get(bare) or set()
    return (next(iter(near)), False) if len(near) == 1 else (None, False)


def code_of(prefix: str, number: str) -> str:
    """Return our code for the centre's number: `KH02` and `17` give `KH02-017`, `II.3` gives `KH02-II.3`."""
    clean = re.sub(r"[^A-Za-z0-9Đ._-]+", "-", number.strip()).strip("-._")
    return f"{prefix}-{int(clean):03}" if clean.isdigit() else f"{prefix}-{clean}"
