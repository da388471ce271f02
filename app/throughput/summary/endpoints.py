"""Sums of a period at both doors."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from app.core import i18n, tables
from app.core.clock import Now, day_of
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.schemas import AsOf, Day, problems
from app.core.settings import Locale
from app.core.web import Render
from app.procedures.rules import System
from app.throughput import days
from app.throughput.endpoints import CanSum, UnitQuery, units_to_choose
from app.throughput.forms import Reference
from app.throughput.summary import service as summary
from app.throughput.summary.book import book
from app.throughput.summary.schemas import GroupBy, SummaryOut, SummaryRow

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])


def _whose(session: Session, question: summary.Question, locale: Locale) -> list[str]:
    """Return in words of which units, systems and field a summary speaks."""
    t, known = i18n.translator(locale), Reference.read(session).by_code
    system = question.system
    return [
        question.unit.full_name if question.unit else t("throughput.whole_city"),
        t(f"throughput.state_of_{system.value}") if system else t("throughput.both_systems"),
        *([known[question.field.code].name(locale)] if question.field else []),
    ]


@router.get("/summary", operation_id="get_summary", response_model=SummaryOut, responses=problems(401, 403, 404, 422))
def get_summary(
    request: Request, caller: CanSum, session: Reading, render: Render, now: Now,
    first: Annotated[Day | None, Query(alias="from", description="Default: the first of this month")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Default: today")] = None,
    group_by: Annotated[
        GroupBy | None, Query(description="What a row stands for; default: unit, or field for who sees one unit only")
    ] = None,
    unit: UnitQuery = None,
    field: Annotated[str | None, Query(max_length=35, description="Code of a field")] = None,
    system: Annotated[System | None, Query(description="Absent: both")] = None,
    as_of: Annotated[AsOf | None, Query(description="A moment, or a day: its end in Huế")] = None,
) -> Response:  # fmt: skip
    """Add up a period: flows over its days, stocks at its ends."""
    question = summary.question(
        session, caller, now,
        first=first, last=last, group_by=group_by, unit=unit, field=field, system=system, as_of=as_of,
    )  # fmt: skip
    data = summary.summarise(session, caller, question, now, request.state.locale)
    return render(
        data, "throughput/summary.html", fields=Reference.read(session).by_code, unit=question.unit,
        units=units_to_choose(session, caller, now), owed_before=days.owed_before(session, day_of(now)),
        table=lambda: replace(
            tables.of_models("tong-hop", [*data.rows, data.total], SummaryRow),
            book=lambda: book(data, _whose(session, question, request.state.locale), request.state.locale),
        ),
    )  # fmt: skip
