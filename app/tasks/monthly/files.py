"""A month's report as files that people edit: a workbook in the centre's columns, and a document from a template."""

import io
from typing import Any

from app.core import i18n
from app.core.settings import Locale, project_root
from app.tasks.monthly.schemas import MonthlyContent, MonthlyRow
from app.tasks.rules import Bucket, Precision, Rhythm, deadline_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
COLUMNS = (
    ("number", 5), ("centre_code", 12), ("title", 42), ("document", 18), ("lead_unit", 20),
    ("coordinating_units", 20), ("product", 24), ("deadline", 12), ("result", 32), ("word", 16), ("causes", 22),
    ("difficulties", 22), ("proposals", 22), ("change", 22),
)  # fmt: skip


def _t(key: str, **values: Any) -> str:
    return i18n.translate(key, "vi", **values)


def word_of(row: MonthlyRow) -> str:
    """Return the official word of a task, or why it has none."""
    return _t(f"tasks.word_{row.word.value}") if row.word else _t(f"tasks.bucket_{row.bucket.value}")


def change_of(row: MonthlyRow) -> str:
    """Return what changed of a task since the month before."""
    if row.cause is None:
        return ""
    before = _t(f"tasks.bucket_{row.before.value}") if row.before else _t("monthly.not_in_base")
    return f"{before} → {_t(f'tasks.bucket_{row.bucket.value}')} ({_t(f'monthly.cause.{row.cause.value}')})"


def deadline_words(row: MonthlyRow, locale: Locale = "vi") -> str:
    """Return a task's deadline as officials write it; of a regular task that it goes on, or comes every year."""
    if row.rhythm is not None:
        return i18n.translate("tasks.rhythm_year" if row.rhythm is Rhythm.year else "tasks.kind_regular", locale)
    if row.deadline is None:  # reports that were approved before hold no rhythm
        regular = row.bucket in (Bucket.regular_on_schedule, Bucket.regular_overdue)
        return i18n.translate("tasks.kind_regular", locale) if regular else ""
    limit = deadline_of(row.deadline)
    day, year = limit.day, str(limit.day.year)
    match limit.precision:
        case Precision.day:
            return i18n.day(day, locale)
        case Precision.month:
            return i18n.translate("tasks.in_month", locale, month=day.month, year=year)
        case Precision.quarter:
            return i18n.translate("tasks.in_quarter", locale, quarter=(day.month + 2) // 3, year=year)
        case Precision.year:
            return i18n.translate("tasks.in_year", locale, year=year)


def _cells(row: MonthlyRow) -> dict[str, Any]:
    shown = row.model_dump(mode="json") | {
        "word": word_of(row), "change": change_of(row), "deadline": deadline_words(row),
    }  # fmt: skip
    return {name: "" if shown[name] is None else shown[name] for name, _ in COLUMNS}


def _sums(content: MonthlyContent) -> list[tuple[str, int]]:
    found = [(_t(f"tasks.word_{one.word.value}"), one.count) for one in content.words if one.word]
    rest = [(one.bucket, one.count) for one in content.buckets if one.bucket in ("unclassified", "cancelled")]
    found += [(_t(f"tasks.bucket_{bucket.value}"), count) for bucket, count in rest if count]
    return [*found, (_t("monthly.total"), content.total)]


def _said(content: MonthlyContent) -> list[tuple[str, str]]:
    names = ("causes", "difficulties", "proposals")
    return [(_t(f"monthly.column.{name}"), getattr(content, name) or _t("monthly.none")) for name in names]


def _title(content: MonthlyContent) -> str:
    year, month = content.month.split("-")
    return _t("monthly.title_of", month=f"{month}/{year}")


def _height(row: MonthlyRow) -> float:
    """Return a height in which a row's words can be read: not every program works it out when it opens a file."""
    widths = dict(COLUMNS)
    return 15 * max(
        sum(-(-max(len(part), 1) // (widths[name] - 1)) for part in str(value).split("\n"))
        for name, value in _cells(row).items()
    )


def workbook(content: MonthlyContent) -> bytes:
    """Return the report as a workbook: one sheet in the centre's columns, printed on A4 landscape."""
    import xlsxwriter  # imported where it is used: the quick start of the server does not wait for it

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(_t("monthly.sheet"))
    plain = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "font_name": "Times New Roman"})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter", "align": "center", "border": 1,
                            "font_name": "Times New Roman"})  # fmt: skip
    title = book.add_format({"bold": True, "font_size": 14, "font_name": "Times New Roman"})
    words = book.add_format({"font_name": "Times New Roman"})
    sheet.write_string(0, 0, _title(content), title)
    sheet.write_string(1, 0, content.programme_name, words)
    sheet.write_string(2, 0, _t("monthly.as_of_words", moment=i18n.moment(content.as_of, "vi")), words)
    line = 4
    for label, count in _sums(content):
        sheet.write_string(line, 2, label, plain)
        sheet.write_number(line, 3, count, plain)
        line += 1
    for label, text in _said(content):
        sheet.write_string(line, 2, label, plain)
        sheet.merge_range(line, 3, line, 9, text, plain)
        line += 1
    line += 1
    for column, (name, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(line, column, _t(f"monthly.column.{name}"), head)
    sheet.repeat_rows(line)
    for row in content.rows:
        line += 1
        sheet.set_row(line, _height(row))
        for column, value in enumerate(_cells(row).values()):
            if isinstance(value, int):
                sheet.write_number(line, column, value, plain)
            else:
                sheet.write_string(line, column, str(value), plain)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P/&N")
    book.close()
    return out.getvalue()


def document(content: MonthlyContent) -> bytes:
    """Return the report as a document made from `templates/tasks/monthly.docx`, which an officer may edit in Word."""
    from docxtpl import DocxTemplate  # imported where it is used: it is slow to load

    template = DocxTemplate(project_root() / "templates" / "tasks" / "monthly.docx")
    template.render(
        {
            "title": _title(content).upper(), "programme": content.programme_name,
            "as_of": i18n.moment(content.as_of, "vi"),
            "sums": [{"label": label, "count": i18n.number(count, "vi")} for label, count in _sums(content)],
            "said": [{"label": label, "text": text} for label, text in _said(content)],
            "changes": _t(
                "monthly.changes_words", before=content.total_before, now=content.total, added=content.added,
                moved=content.moved,
            ),
            "rows": [_cells(row) for row in content.rows],
        },
        autoescape=True,
    )  # fmt: skip
    out = io.BytesIO()
    template.save(out)
    return out.getvalue()
