"""Workbooks laid out for people: one face, boxed cells, A4 lying down with the head on every sheet."""

import io
from collections.abc import Callable
from typing import Any

from app.core.tables import A4

FONT = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter"}
BOX = {**FONT, "border": 1}
HEAD = {**BOX, "bold": True, "align": "center", "text_wrap": True}


def made(write: Callable[[Any], None]) -> bytes:
    """Return the workbook that a function writes; what looks like a formula or an address stays text."""
    import xlsxwriter  # imported where it is used: the quick start of the server does not wait for it

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    write(book)
    book.close()
    return out.getvalue()


def lying(sheet: Any, *, head: tuple[int, int], footer: str) -> None:
    """Set a sheet up for paper: A4 lying, as wide as the sheet, its head's rows (from, to) on every page."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(*head)
    sheet.set_footer(footer)


def titled(made: Any, sheet: Any, width: int, title: str, beneath: str, lacking: str | None) -> None:
    """Head a sheet of so many columns: its title, of what it speaks, and in the third row what it lacks."""
    rows: tuple[tuple[str | None, dict[str, Any]], ...] = (
        (title.upper(), {"bold": True, "font_size": 14}),
        (beneath, {}),
        (lacking, {"bold": True, "font_color": "#9c1c1c"}),
    )
    for number, (text, look) in enumerate(rows):
        if text is not None:
            sheet.merge_range(number, 0, number, width - 1, text, made.add_format({**FONT, "align": "center", **look}))
