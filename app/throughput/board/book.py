"""The board as a workbook for people: a sheet to read, to pass on and to print, in words."""

from typing import Any

from app.core import books, i18n
from app.core.books import BOX, FONT, HEAD
from app.core.settings import Locale
from app.throughput.board.schemas import BoardItem, BoardOut, BoardSystem
from app.throughput.rules import SYSTEMS
from app.throughput.timing import State

_OWED = (State.late, State.partial, State.due, State.not_due)
_PARTS = ("state", "received", "approval")  # of each system
_FIGURES = (
    ("received", ("received", "received_online")),
    ("resolved", ("resolved", "resolved_overdue")),
    ("pending", ("pending", "pending_overdue")),
)  # fmt: skip
_TOP = 3  # rows of title
_NAMES = 2  # columns before the systems'
_WIDTHS = {"state": 21, "received": 20, "approval": 20}


def book(data: BoardOut, locale: Locale) -> bytes:
    """Return the board's workbook: a row a unit in the board's order, its sums live."""
    return books.made(lambda made: _Sheet(made, data, locale).write())


class _Sheet:
    """The one sheet of the board's workbook."""

    def __init__(self, made: Any, data: BoardOut, locale: Locale) -> None:
        self.made, self.data, self.locale = made, data, locale
        self.t = i18n.translator(locale)
        self.sheet = made.add_worksheet(self.t("throughput.board_sheet"))
        self.text = made.add_format({**BOX, "text_wrap": True})
        self.owing = made.add_format({**BOX, "text_wrap": True, "bold": True, "font_color": "#9c1c1c"})
        self.number = made.add_format({**BOX, "num_format": "#,##0", "align": "right"})
        self.figures_at = _NAMES + len(SYSTEMS) * len(_PARTS)
        self.columns = [column for _, columns in _FIGURES for column in columns]
        self.last = self.figures_at + len(self.columns) - 1

    def write(self) -> None:
        """Write all of it, from the top."""
        self._title()
        self._head()
        first = _TOP + 2
        for number, item in enumerate(self.data.items):
            self._line(first + number, item)
        end = first + len(self.data.items)
        self._total(first, end)
        self.sheet.set_column(0, 0, 8)
        self.sheet.set_column(1, 1, 20)
        for place in range(len(SYSTEMS) * len(_PARTS)):
            self.sheet.set_column(_NAMES + place, _NAMES + place, _WIDTHS[_PARTS[place % len(_PARTS)]])
        self.sheet.set_column(self.figures_at, self.last, 10)
        self.sheet.freeze_panes(first, _NAMES)
        books.lying(self.sheet, head=(_TOP, first - 1), footer=f"&L{i18n.day(self.data.day, self.locale)}&R&P/&N")

    def _title(self) -> None:
        data, t = self.data, self.t
        title = self.made.add_format({**FONT, "bold": True, "font_size": 14, "align": "center"})
        self.sheet.merge_range(0, 0, 0, self.last, t("throughput.board_title", day=data.day).upper(), title)
        said = []
        for count in data.systems:
            if count.expected:
                came = t("throughput.completeness_value", received=count.received, expected=count.expected)
                said.append(f"{t(f'throughput.state_of_{count.system.value}')}{t('ui.colon')} {came}")
        if data.cut_off:
            said.append(t("throughput.cut_off_note", time=i18n.moment(data.cut_off, self.locale)))
        middle = self.made.add_format({**FONT, "align": "center"})
        self.sheet.merge_range(1, 0, 1, self.last, " · ".join(said), middle)

    def _head(self) -> None:
        style = self.made.add_format(HEAD)
        t, top = self.t, _TOP
        for column, key in enumerate(("units.code", "units.unit")):
            self.sheet.merge_range(top, column, top + 1, column, t(key), style)
        column = _NAMES
        for system in SYSTEMS:
            name = t(f"throughput.state_of_{system.value}")
            self._group(column, name, [t(f"throughput.board_column.{part}") for part in _PARTS], style)
            column += len(_PARTS)
        for group, columns in _FIGURES:
            rest = t(
                "throughput.board_column.received_online" if group == "received" else "throughput.board_column.overdue"
            )
            self._group(column, t(f"throughput.{group}"), [t("throughput.board_column.all"), rest], style)
            column += len(columns)
        self.sheet.set_row(top + 1, 32)

    def _group(self, column: int, name: str, parts: list[str], style: Any) -> None:
        self.sheet.merge_range(_TOP, column, _TOP, column + len(parts) - 1, name, style)
        for offset, part in enumerate(parts):
            self.sheet.write_string(_TOP + 1, column + offset, part, style)

    def _line(self, row: int, item: BoardItem) -> None:
        self.sheet.write_string(row, 0, item.unit, self.text)
        self.sheet.write_string(row, 1, item.name, self.text)
        by_system = {one.system: one for one in item.systems}
        for place, system in enumerate(SYSTEMS):
            self._system(row, _NAMES + place * len(_PARTS), by_system.get(system))
        for offset, column in enumerate(self.columns):
            value = getattr(item.totals, column) if item.totals else None
            self._count(row, self.figures_at + offset, value, self.number)

    def _system(self, row: int, column: int, one: BoardSystem | None) -> None:
        if one is None:
            said, style = ["", "", ""], self.text
        else:
            t = self.t
            state = t(f"throughput.state.{one.state.value}") if one.state else t("throughput.board_extra")
            when = i18n.moment(one.received_at, self.locale)
            if one.state in _OWED and one.due_at:
                when = t("throughput.until", time=i18n.moment(one.due_at, self.locale)).lower()
            approval = t(f"approval.status.{one.status.value}") if one.status else ""
            if one.corrected_since:
                approval = t("approval.unusual.corrected_since")
            said = [state, when, approval]
            style = self.owing if one.state is State.late else self.text
        for offset, text in enumerate(said):
            self.sheet.write_string(row, column + offset, text, style)

    def _count(self, row: int, column: int, value: int | None, style: Any) -> None:
        if value is None:
            self.sheet.write_blank(row, column, None, style)
        else:
            self.sheet.write_number(row, column, value, style)

    def _total(self, first: int, end: int) -> None:
        bold = self.made.add_format({**BOX, "bold": True})
        number = self.made.add_format({**BOX, "bold": True, "num_format": "#,##0", "align": "right"})
        self.sheet.merge_range(end, 0, end, self.figures_at - 1, self.t("ui.sum"), bold)
        for offset, name in enumerate(self.columns):
            letter = chr(ord("A") + self.figures_at + offset)
            came = [getattr(item.totals, name) for item in self.data.items if item.totals]
            if not came:  # missing is not nought
                self.sheet.write_blank(end, self.figures_at + offset, None, number)
            else:
                formula = f"=SUM({letter}{first + 1}:{letter}{end})"
                self.sheet.write_formula(end, self.figures_at + offset, formula, number, sum(came))
