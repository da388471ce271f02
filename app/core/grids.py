"""A table as it was brought: its cells, where they stand, the whole number in one."""

import re
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its value, whether a formula made it, and whether it has none to give (an error, or never computed).

    `percent`: the spreadsheet shows the number a hundredfold, with the per-cent sign.
    """

    value: str | int | float | bool | date | None = None
    formula: bool = False
    broken: bool = False
    percent: bool = False

    @property
    def text(self) -> str:
        """The value as a person reads it."""
        if self.value is None:
            return ""
        if isinstance(self.value, float) and self.value.is_integer():
            return str(int(self.value))
        return str(self.value)

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not self.broken and (self.value is None or self.text.strip() == "")


BLANK = Cell()


@dataclass(frozen=True)
class Grid:
    """A sheet: its name (None: pasted), its rows from A1 on, and what was merged as ((row, column), (row, column))."""

    name: str | None
    rows: list[list[Cell]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)

    def at(self, row: int, column: int) -> Cell:
        """Return a cell; beyond the edge it is blank."""
        cells = self.rows[row] if row < len(self.rows) else []
        return cells[column] if column < len(cells) else BLANK

    @property
    def width(self) -> int:
        """The number of columns."""
        return max((len(row) for row in self.rows), default=0)


def letters(column: int) -> str:
    """Return a column's letters as a spreadsheet shows them: 0 is A."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def place(row: int, column: int) -> str:
    """Return a cell's place as a spreadsheet shows it: `C7`."""
    return f"{letters(column)}{row + 1}"


_GROUPED = re.compile(r"\d{1,3}(?:[.\s]\d{3})+")
_PLAIN = 9  # digits
_NOTHING = frozenset({"-", "–", "—", "−"})


def count_of(cell: Cell, limit: int = 1_000_000) -> tuple[int | None, str | None]:
    """Return the whole number in a cell (None: blank) and the code of what is wrong with it, if anything.

    `1.234` and `1 234` are one thousand and more, as Vietnamese writes; `1,234` could be either and is refused.
    """
    value = cell.value
    if type(value) is str and value.isdigit() and value.isascii() and len(value) <= _PLAIN:  # most are so, of thousands
        return (number, None) if (number := int(value)) <= limit else (None, "number_too_large")
    if cell.broken:
        return None, "formula_without_value"
    if value is None:
        return None, None
    if isinstance(value, bool):
        return None, "number_boolean"
    if isinstance(value, date):
        return None, "number_is_date"
    if isinstance(value, str):
        text = value.strip().strip("'").strip()
        if text in _NOTHING:
            return 0, None
        if text == "":
            return None, None
        negative = re.fullmatch(r"[-−–]\s*(.+)|\((.+)\)", text)
        text = (negative[1] or negative[2]) if negative else text
        if _GROUPED.fullmatch(text):
            value = int(re.sub(r"\D", "", text))
        elif found := re.fullmatch(r"(\d{1,15})(?:[.,](\d{1,9}))?", text):
            value = int(found[1])
            if found[2] and (len(found[2]) == 3 or int(found[2])):
                return None, "number_fractional"
        else:
            return None, "number_text" if not re.fullmatch(
                r"\d{1,4}[/-]\d{1,2}([/-]\d{1,4})?", text
            ) else "number_is_date"
        value = -value if negative else value
    if isinstance(value, float) and (not value.is_integer() or value != value):
        return None, "number_fractional"
    number = int(value)
    if number < 0:
        return None, "number_negative"
    return (number, None) if number <= limit else (None, "number_too_large")
