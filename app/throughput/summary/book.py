"""A summary as a workbook for people: the columns of the daily form in words, subtotals live, rates beside."""

from collections.abc import Sequence
from typing import Any

from app.core import books, i18n
from app.core.books import BOX, HEAD
from app.core.settings import Locale
from app.throughput.summary.schemas import GroupBy, SummaryOut, SummaryRow

_TOP = 3  # rows of title
# A group's parts, then (in words of the columns) what they add up to; what is part of a part comes after it.
_GROUPS = (
    ((), "carried_over"),
    (("received_online", "received_counter", "received_post"), "received"),
    (("resolved_early", "resolved_on_time", "resolved_overdue"), "resolved"),
    ((), "withdrawn"),
    (("pending_in_time", "pending_overdue"), "pending"),
)
_BESIDE = ("adjustments", "difference")
_RATES = ("online", "on_time", "overdue", "settlement")
_CODED = frozenset({GroupBy.unit, GroupBy.field})  # whose key says more than its label


def book(data: SummaryOut, whose: Sequence[str], locale: Locale) -> bytes:
    """Return the summary's workbook, a row a group; `whose`: of which units, systems and field it speaks, in words."""
    return books.made(lambda made: _Sheet(made, data, whose, locale).write())


class _Sheet:
    """The one sheet of a summary's workbook."""

    def __init__(self, made: Any, data: SummaryOut, whose: Sequence[str], locale: Locale) -> None:
        self.made, self.data, self.whose, self.locale = made, data, whose, locale
        self.t = i18n.translator(locale)
        self.sheet = made.add_worksheet(self.t("throughput.summary_table"))
        self.names = ["key", "label"] if data.group_by in _CODED else ["label"]
        self.counts = [name for parts, whole in _GROUPS for name in (*parts, whole)]
        self.width = len(self.names) + len(self.counts) + len(_BESIDE) + len(_RATES)

    def write(self) -> None:
        """Write all of it, from the top."""
        self._title()
        self._head()
        end = _TOP + 1 + len(self.data.rows)
        for number, row in enumerate(self.data.rows, _TOP + 1):
            self._line(number, row, {})
        # Stocks of days do not add up: the total is what was worked out, its subtotals alone are live.
        self._line(end, self.data.total, {"bold": True})
        self.sheet.freeze_panes(_TOP + 1, len(self.names))
        first, last = (i18n.day(one, self.locale) for one in (self.data.first, self.data.last))
        books.lying(self.sheet, head=(_TOP, _TOP), footer=f"&L{first} - {last}&R&P/&N")

    def _title(self) -> None:
        data, t = self.data, self.t
        said = [t("throughput.summary_period", first=data.first, last=data.last), *self.whose]
        if data.cut_off:
            said.append(t("throughput.cut_off_note", time=i18n.moment(data.cut_off, self.locale)))
        if data.as_of:
            said.append(t("throughput.as_known_at", time=i18n.moment(data.as_of, self.locale)))
        done, lacking = data.completeness, []
        if done.received < done.expected:
            lacking.append(t("throughput.incomplete_missing", received=done.received, expected=done.expected))
        if data.total.difference:
            lacking.append(t("throughput.incomplete_difference", n=data.total.difference))
        told = f"{t('throughput.incomplete')}. {' '.join(lacking)}" if lacking else None
        books.titled(self.made, self.sheet, self.width, t("throughput.summary_title"), " · ".join(said), told)

    def _head(self) -> None:
        style, t = self.made.add_format(HEAD), self.t
        whose = t(f"throughput.group.{self.data.group_by.value}")
        words = [t("throughput.summary_code"), whose] if len(self.names) > 1 else [whose]
        words += [t(f"throughput.column.{name}") for name in self.counts]
        words += [t(f"form.{name}") for name in _BESIDE] + [t(f"throughput.rate_short.{name}") for name in _RATES]
        for place, word in enumerate(words):
            self.sheet.write_string(_TOP, place, word, style)
            self.sheet.set_column(place, place, 10)
        self.sheet.set_column(len(self.names) - 1, len(self.names) - 1, 26)
        self.sheet.set_row(_TOP, 64)

    def _line(self, row: int, line: SummaryRow, look: dict[str, Any]) -> None:
        text = self.made.add_format({**BOX, "text_wrap": True, **look})
        number = self.made.add_format({**BOX, "num_format": "#,##0", "align": "right", **look})
        signed = self.made.add_format({**BOX, "num_format": "+#,##0;-#,##0;0", "align": "right", **look})
        share = self.made.add_format({**BOX, "num_format": "0.00%", "align": "right", **look})
        total = line is self.data.total
        for place, name in enumerate(self.names):
            said = (self.t("ui.sum") if name == "label" else "") if total else getattr(line, name)
            self.sheet.write_string(row, place, said, text)
        column = len(self.names)
        for parts, whole in _GROUPS:
            for place, name in enumerate(parts, column):
                self._count(row, place, getattr(line, name), number)
            at = column + len(parts)
            if parts:
                over = f"{_letter(column)}{row + 1}:{_letter(at - 1)}{row + 1}"
                self.sheet.write_formula(row, at, f"=SUM({over})", number, getattr(line, whole))
            else:
                self._count(row, at, getattr(line, whole), number)
            column = at + 1
        for place, name in enumerate(_BESIDE, column):
            self._count(row, place, getattr(line, name), signed)
        for place, name in enumerate(_RATES, column + len(_BESIDE)):
            self._count(row, place, getattr(line.rates, name).value, share)

    def _count(self, row: int, column: int, value: float | None, style: Any) -> None:
        if value is None:
            self.sheet.write_blank(row, column, None, style)
        else:
            self.sheet.write_number(row, column, value, style)


def _letter(column: int) -> str:
    return chr(ord("A") + column)
