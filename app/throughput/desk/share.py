"""A day's report as texts to pass on: a line for the chat group, rows for the city's spreadsheet, a sentence."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.core import i18n
from app.core.settings import Locale
from app.throughput.rules import COLUMNS, Figures, Share, rates
from app.throughput.schemas import ReportOut, ReportsOut


class TextsOut(BaseModel):
    """What an officer pastes elsewhere after sending."""

    chat: Annotated[str, Field(description="One line for the chat group")]
    row: Annotated[
        str, Field(description="Tab-separated, Vietnamese, a line a system: unit, day, system, then the line's columns")
    ]
    sentence: Annotated[str, Field(description="A sentence for a report")]


def texts(data: ReportsOut, locale: Locale) -> TextsOut:
    """Return a day's texts in a language: both systems added up, and what is not in them said."""
    sent = [report for report in (data.city, data.ministry) if report is not None]
    lacking = _lacking(data, locale)
    receipts = i18n.translate("throughput.share_receipts", locale, receipts=", ".join(r.receipt for r in sent))
    return TextsOut(
        chat=" ".join([_figures("throughput.share_chat", data, sent, locale), *lacking, receipts]),
        row="\n".join(_row(data, report) for report in sent),
        sentence=" ".join([_figures("throughput.share_sentence", data, sent, locale), *lacking]),
    )


def _figures(key: str, data: ReportsOut, sent: list[ReportOut], locale: Locale) -> str:
    counted = [report for report in sent if report.unavailable is None]
    if not counted:  # no figures are not zeros
        return i18n.translate(f"{key}_none", locale, unit=data.unit_name, day=data.day)
    figures = _sum(counted)
    of = rates(figures)
    return i18n.translate(
        key,
        locale,
        unit=data.unit_name,
        day=data.day,
        time=i18n.clock(min(report.counted_until for report in counted), locale),
        received=figures.received,
        online=figures.received_online,
        online_rate=_rate(of["online"], locale),
        resolved=figures.resolved,
        in_time=figures.resolved_early + figures.resolved_on_time,
        on_time_rate=_rate(of["on_time"], locale),
        pending=figures.pending,
        overdue=figures.pending_overdue,
    )


def _sum(sent: list[ReportOut]) -> Figures:
    figures = Figures()
    for report in sent:
        columns = {c: getattr(report.totals, c) or 0 for c in COLUMNS}
        figures.add(Figures(**columns))
    return figures


def _rate(share: Share, locale: Locale) -> str:
    return i18n.percent(share.value, locale).lower()  # in mid-sentence, also where there is none


def _lacking(data: ReportsOut, locale: Locale) -> list[str]:
    """Return sentences on what the figures do not hold: a system that was not sent, was down, or sent a part."""
    out = []
    for name, report in (("city", data.city), ("ministry", data.ministry)):
        if report is None:
            key = "throughput.share_not_sent"
        elif report.unavailable is not None:
            key = "throughput.share_unavailable"
        elif report.partial_day:
            key = "throughput.share_partial"
        else:
            continue
        out.append(i18n.translate(key, locale, system=i18n.translate(f"throughput.system_{name}", locale)))
    return out


def _row(data: ReportsOut, report: ReportOut) -> str:
    """Return a line of the city's own spreadsheet, which is in Vietnamese whoever reads it."""
    # A system that was down has no figures, which is not the same as zeros.
    counts = ["" if report.unavailable else _count(getattr(report.totals, c)) for c in COLUMNS]
    if report.totals.post_split == "partial" and not report.totals.received_post:
        counts[COLUMNS.index("received_post")] = ""
    system = i18n.translate(f"throughput.system_{report.system.value}", "vi")
    return "\t".join([data.unit_name, i18n.day(data.day, "vi"), system, *counts])


def _count(value: int | None) -> str:
    # Without separators: a spreadsheet of another language would read 1.234 as a fraction.
    return "" if value is None else str(value)
