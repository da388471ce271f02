"""A statutory form as a workbook: laid out for A4, its sums live formulas over the counts."""

from typing import Any

from app.core import books, i18n
from app.core.books import BOX, FONT, HEAD
from app.core.settings import Locale
from app.core.tables import Table
from app.throughput.schemas import WordsOut
from app.throughput.statutory.layout import FormColumn, head
from app.throughput.statutory.schemas import StatutoryFormOut, StatutoryRow


def table(form: StatutoryFormOut, locale: Locale) -> Table:
    """Return the form for people's tools: its lines and the total; as a workbook laid out like the form itself."""
    columns = list(StatutoryRow.model_fields)
    rows = [[getattr(row, name) for name in columns] for row in (*form.rows, form.total)]
    whose = form.unit or (form.kind.value if form.kind else "thanh-pho")
    name = f"{form.form}-{whose}-{form.first}-{form.last}"
    return Table(name, columns, rows, book=lambda: book(form, locale))


def book(form: StatutoryFormOut, locale: Locale) -> bytes:
    """Return the form's workbook."""
    return books.made(lambda made: _Sheet(made, form, locale).write())


class _Sheet:
    """The one sheet of a form's workbook."""

    def __init__(self, made: Any, form: StatutoryFormOut, locale: Locale) -> None:
        self.made, self.form, self.locale = made, form, locale
        self.t = i18n.translator(locale)
        self.sheet = made.add_worksheet(form.form)
        self.columns = form.layout.columns
        self.letters = {column.key: chr(ord("A") + n) for n, column in enumerate(self.columns)}
        # Beside the form's own columns, told apart from them: what does not belong into the statutory form.
        self.beside = len(self.columns)

    def write(self) -> None:
        """Write all of it, from the top."""
        self._title()
        first = self._head(6) + 1
        for number, row in enumerate(self.form.rows):
            self._line(first + number, row, self._counts)
        last = first + len(self.form.rows) - 1
        self._line(last + 1, self.form.total, lambda column, _: self._over(column, first, last))
        self._foot(last + 3)
        self._page(first, last + 1)

    def _format(self, **properties: Any) -> Any:
        return self.made.add_format({**FONT, **properties})

    def _words(self, words: WordsOut) -> str:
        return str(getattr(words, self.locale))

    def _title(self) -> None:
        form, t, end = self.form, self.t, self.beside + 1
        self.sheet.merge_range(
            0, 0, 0, 5, t("form.code_line", code=form.form, version=form.version), self._format(bold=True)
        )
        self.sheet.merge_range(
            0, 6, 0, end, t("form.reference_layout"), self._format(italic=True, align="right", text_wrap=True)
        )
        title = self._format(bold=True, font_size=14, align="center")
        self.sheet.merge_range(1, 0, 1, end, self._words(form.layout.title).upper(), title)
        self.sheet.merge_range(2, 0, 2, end, period_words(form, self.locale), self._format(align="center"))
        self.sheet.merge_range(
            3, 0, 3, end, f"{t('form.reporting_unit')}{t('ui.colon')} {whose_words(form, self.locale)}", self._format()
        )
        self.sheet.merge_range(4, 0, 4, end, t("form.unit_of_measure"), self._format(italic=True, align="right"))

    def _head(self, top: int) -> int:
        """Write the head from row `top` (counted from 1) on and return the row after its column numbers."""
        style = self.made.add_format(HEAD)
        rows = head(self.columns, self.form.layout.groups)
        for level, cells in enumerate(rows):
            for cell in cells:
                self._area(top - 1 + level, cell.column, cell.rows, cell.columns, self._words(cell.label), style)
        for offset, key in enumerate(("form.adjustments", "form.difference")):
            self._area(top - 1, self.beside + offset, len(rows), 1, self.t(key), style)
        numbers = top - 1 + len(rows)
        for index, column in enumerate(self.columns):
            self.sheet.write_string(numbers, index, f"({column.key[1:]})", style)
        self.sheet.write_string(numbers, self.beside, "", style)
        self.sheet.write_string(numbers, self.beside + 1, self._balance_words(), style)
        self.sheet.set_row(numbers - 1, 45)
        return numbers + 1

    def _balance_words(self) -> str:
        balance = self.form.layout.balance
        have, should = ("+".join(key[1:] for key in keys) for keys in (balance.have, balance.should))
        return f"({have})−({should})"

    def _area(self, row: int, column: int, rows: int, columns: int, text: str, style: Any) -> None:
        if rows == columns == 1:
            self.sheet.write_string(row, column, text, style)
        else:
            self.sheet.merge_range(row, column, row + rows - 1, column + columns - 1, text, style)

    def _line(self, row: int, line: StatutoryRow, formula: Any) -> None:
        """Write a line into row `row`, counted from 1; `formula(column, row)` gives a cell's, None: its number."""
        bold = line.field is None
        number = self.made.add_format({**BOX, "bold": bold, "num_format": "#,##0", "align": "right"})
        text = self.made.add_format({**BOX, "bold": bold, "text_wrap": True})
        order = self.made.add_format({**BOX, "bold": bold, "align": "center"})
        for index, column in enumerate(self.columns):
            value = getattr(line, column.key)
            if not column.counts and not column.sum:
                if value is None:
                    self.sheet.write_blank(row - 1, index, None, text)
                elif isinstance(value, int):
                    self.sheet.write_number(row - 1, index, value, order)
                else:
                    self.sheet.write_string(row - 1, index, value, text)
            elif (written := formula(column, row)) is not None:
                self.sheet.write_formula(row - 1, index, written, number, value)
            else:
                self.sheet.write_number(row - 1, index, value, number)
        signed = self.made.add_format({**BOX, "bold": bold, "num_format": "+#,##0;-#,##0;0", "align": "right"})
        balance = self.form.layout.balance
        have, should = (
            "+".join(f"{self.letters[key]}{row}" for key in keys) for keys in (balance.have, balance.should)
        )
        self.sheet.write_number(row - 1, self.beside, line.adjustments, signed)
        self.sheet.write_formula(row - 1, self.beside + 1, f"={have}-({should})", signed, line.difference)

    def _counts(self, column: FormColumn, row: int) -> str | None:
        return "=" + "+".join(f"{self.letters[key]}{row}" for key in column.sum) if column.sum else None

    def _over(self, column: FormColumn, first: int, last: int) -> str | None:
        letter = self.letters[column.key]
        return f"=SUM({letter}{first}:{letter}{last})" if last >= first else None

    def _foot(self, row: int) -> None:
        form, t, note = self.form, self.t, self._format(italic=True)
        if form.lacks:
            self.sheet.write_string(row, 0, f"{t('throughput.incomplete')}:", self._format(bold=True))
            row += 1
        for lack in form.lacks:
            self.sheet.write_string(row, 0, f"– {t(f'form.lack.{lack.code}', n=lack.n)}", note)
            row += 1
        if form.cut_off:
            words = t("throughput.cut_off_note", time=i18n.moment(form.cut_off, self.locale))
            self.sheet.write_string(row, 0, words, note)
        signed = self._format(bold=True, align="center")
        self.sheet.merge_range(row + 2, 0, row + 2, 5, t("form.prepared_by"), signed)
        self.sheet.merge_range(row + 2, 8, row + 2, self.beside + 1, t("form.signed_by"), signed)

    def _page(self, first: int, last: int) -> None:
        sheet = self.sheet
        sheet.set_column(0, 0, 5)
        sheet.set_column(1, 1, 32)
        sheet.set_column(2, self.beside + 1, 9.5)
        sheet.set_row(0, 30)
        sheet.freeze_panes(first - 1, 2)
        books.lying(sheet, head=(5, first - 2), footer=f"&L{self.form.form}&R&P/&N")


def period_words(form: StatutoryFormOut, locale: Locale) -> str:
    """Return a form's period in words."""
    t = i18n.translator(locale)
    days = t("throughput.summary_period", first=form.first, last=form.last)
    if form.regime is None:
        return days
    regime = t(f"form.regime.{form.regime}")
    line = t("form.period_line", period=period_name(form, locale))
    return f"{line} ({regime}){t('ui.colon')} {days[:1].lower()}{days[1:]}"


def period_name(form: StatutoryFormOut, locale: Locale) -> str:
    """Return the name of a form's period: month, quarter, half or year."""
    year, _, part = (form.period or "").partition("-")
    kind = "year" if not part else {"Q": "quarter", "H": "half"}.get(part[0], "month" if len(part) == 2 else "day")
    if kind == "day":
        return i18n.day(form.first, locale)
    return i18n.translate(f"form.period.{kind}", locale, n=int(part.lstrip("QH") or 0), year=year)


def whose_words(form: StatutoryFormOut, locale: Locale) -> str:
    """Return whose figures a form holds."""
    if form.unit_name is not None:
        return form.unit_name
    if form.units:
        names = ", ".join(unit.name for unit in form.units)
        return i18n.translate("form.several", locale, n=len(form.units), names=names)
    return i18n.translate(f"form.kind.{form.kind}" if form.kind else "throughput.whole_city", locale)
