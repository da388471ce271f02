"""The ranking as a workbook for people: what is ranked, how sure each place is, and what moved, in words."""

from typing import Any

from app.core import books, i18n
from app.core.books import BOX, FONT, HEAD
from app.core.settings import Locale
from app.throughput.ranking.rules import LESS_IS_BETTER, PROPORTIONS
from app.throughput.ranking.service import RankedOut, RankingOut

_TOP = 3  # rows of title
_WIDTHS = {"rank": 12, "code": 10, "unit": 24, "numerator": 12, "denominator": 12, "value": 14}
_CHANGES = ("change", "own", "others")


def book(data: RankingOut, locale: Locale) -> bytes:
    """Return the ranking's workbook: a row a unit in the order of their ranks, the rates live."""
    return books.made(lambda made: _Sheet(made, data, locale).write())


class _Sheet:
    """The one sheet of the ranking's workbook."""

    def __init__(self, made: Any, data: RankingOut, locale: Locale) -> None:
        self.made, self.data, self.locale = made, data, locale
        self.t = i18n.translator(locale)
        self.sheet = made.add_worksheet(self.t("throughput.rank"))
        self.text = made.add_format({**BOX, "text_wrap": True})
        self.number = made.add_format({**BOX, "num_format": "#,##0", "align": "right"})
        self.place = made.add_format({**BOX, "align": "center"})
        self.share = made.add_format({**BOX, "num_format": "0.00%", "align": "right"})
        self.signed = made.add_format({**BOX, "num_format": "+0;-0;0", "align": "right"})
        self.ends = ("low", "high") if data.rate in PROPORTIONS else ()
        self.columns = [*_WIDTHS, *self.ends, *_CHANGES]

    def write(self) -> None:
        """Write all of it, from the top."""
        self._title()
        head = self.made.add_format(HEAD)
        for place, name in enumerate(self.columns):
            self.sheet.write_string(_TOP, place, self.t(f"throughput.ranking_column.{name}"), head)
            self.sheet.set_column(place, place, _WIDTHS.get(name, 13))
        self.sheet.set_row(_TOP, 34)
        for number, item in enumerate(self.data.items, _TOP + 1):
            self._line(number, item)
        self._notes(_TOP + 2 + len(self.data.items))
        self.sheet.freeze_panes(_TOP + 1, 3)
        day = i18n.day(self.data.last, self.locale)
        books.lying(self.sheet, head=(_TOP, _TOP), footer=f"&L{i18n.day(self.data.first, self.locale)} - {day}&R&P/&N")

    def _title(self) -> None:
        data, t = self.data, self.t
        name = f"{t('throughput.ranking_title')}{t('ui.colon')} {t(f'throughput.rate_{data.rate.value}')}"
        said = [t("throughput.summary_period", first=data.first, last=data.last)]
        if data.cut_off:
            said.append(t("throughput.cut_off_note", time=i18n.moment(data.cut_off, self.locale)))
        if data.as_of:
            said.append(t("throughput.as_known_at", time=i18n.moment(data.as_of, self.locale)))
        done, told = data.completeness, None
        if done.received < done.expected:
            lacking = t("throughput.incomplete_missing", received=done.received, expected=done.expected)
            told = f"{t('throughput.incomplete')}. {lacking}"
        books.titled(self.made, self.sheet, len(self.columns), name, " · ".join(said), told)

    def _line(self, row: int, item: RankedOut) -> None:
        if item.rank is not None:
            self.sheet.write_number(row, 0, item.rank, self.place)
        else:
            why = "throughput.small_base" if item.denominator else "throughput.rank_no_base"
            self.sheet.write_string(row, 0, self.t(why), self.text)
        self.sheet.write_string(row, 1, item.unit, self.text)
        self.sheet.write_string(row, 2, item.name, self.text)
        self.sheet.write_number(row, 3, item.numerator, self.number)
        self.sheet.write_number(row, 4, item.denominator, self.number)
        if item.value is None:
            self.sheet.write_blank(row, 5, None, self.share)
        else:
            self.sheet.write_formula(row, 5, f"=D{row + 1}/E{row + 1}", self.share, item.value)
        change, interval = item.change, item.interval
        moved = (change.rank, change.own, change.others) if change else (None,) * len(_CHANGES)
        ends = (interval.low, interval.high) if interval else (None,) * len(self.ends)
        for place, value in enumerate((*ends, *moved), len(_WIDTHS)):
            style = self.share if place < len(_WIDTHS) + len(self.ends) else self.signed
            if value is None:
                self.sheet.write_blank(row, place, None, style)
            else:
                self.sheet.write_number(row, place, value, style)

    def _notes(self, row: int) -> None:
        data, t = self.data, self.t
        notes = [t("throughput.ranking_base_note", n=data.minimum_base)]
        if data.rate in LESS_IS_BETTER:
            notes.append(t("throughput.ranking_lower_note"))
        kind = "interval" if self.ends else "settlement"
        notes.append(t(f"throughput.ranking_{kind}_note"))
        notes.append(t("throughput.ranking_change_note", first=data.previous_first, last=data.previous_last))
        style = self.made.add_format({**FONT, "italic": True, "text_wrap": True})
        for number, note in enumerate(notes, row):
            self.sheet.merge_range(number, 0, number, len(self.columns) - 1, note, style)
            self.sheet.set_row(number, 32)
