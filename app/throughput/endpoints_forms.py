"""Statutory forms at both doors."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.core.clock import Now
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.schemas import AsOf, Day, problems
from app.core.web import Render
from app.throughput import statutory, statutory_book
from app.throughput.endpoints import CanSum, UnitQuery, units_to_choose
from app.throughput.form_layout import head
from app.throughput.form_periods import Regime
from app.throughput.statutory_schemas import StatutoryFormOut
from app.units.models import KIND_WORDS
from app.units.rules import UnitKind

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])


@router.get(
    "/forms/II.06a", operation_id="get_form_ii06a", response_model=StatutoryFormOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_form_ii06a(
    request: Request, caller: CanSum, session: Reading, render: Render, now: Now,
    first: Annotated[Day | None, Query(alias="from", description="Days instead of a period")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    period: Annotated[
        str | None,
        Query(max_length=10, description="`2026-10`, `2026-Q4`, `2026-H2`, `2026`, a day; default: the last month"),
    ] = None,
    regime: Annotated[
        Regime | None, Query(description="From the 15th to the 14th, or of the calendar; default: the form's")
    ] = None,
    unit: UnitQuery = None,
    kind: Annotated[UnitKind | None, Query(description=f"All units of a kind: {KIND_WORDS}")] = None,
    as_of: Annotated[AsOf | None, Query(description="A moment, or a day: its end in Huế")] = None,
) -> Response:  # fmt: skip
    """Give form II.06a of a period: columns 1 to 13 by field, adjustments, and what is lacking; a reference layout."""
    asked = statutory.wanted(
        session, caller, now,
        first=first, last=last, period=period, regime=regime, unit=unit, kind=kind, as_of=as_of,
    )  # fmt: skip
    locale = request.state.locale
    data = statutory.form_of(session, asked, now, locale)
    return render(
        data, "throughput/form.html", units=units_to_choose(session, caller, now), **shown(data, locale),
        table=lambda: statutory_book.table(data, locale),
    )  # fmt: skip


def shown(data: StatutoryFormOut, locale: Any) -> dict[str, Any]:
    """Return what the form's page needs besides its figures."""
    return {
        "head_rows": head(data.layout.columns, data.layout.groups),
        "period_words": statutory_book.period_words(data, locale),
        "whose": statutory_book.whose_words(data, locale),
    }
