"""Statutory forms at both doors."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.periods import LONGEST
from app.core.schemas import AsOf, Day, created, problems
from app.core.web import Render
from app.throughput.endpoints import CanRead, CanSum, UnitQuery, units_to_choose
from app.throughput.forms import Reference
from app.throughput.obligations.endpoints import CanSeeOwed
from app.throughput.statutory import book as statutory_book
from app.throughput.statutory import frozen, lacking
from app.throughput.statutory import service as statutory
from app.throughput.statutory.frozen import MAX_UNITS, FreezeIn, FrozenItem, FrozenOut, FrozenPage
from app.throughput.statutory.lacking import MissingDayOut, MissingDayPage, UnexplainedOut, UnexplainedPage
from app.throughput.statutory.layout import head
from app.throughput.statutory.periods import Regime
from app.throughput.statutory.schemas import StatutoryFormOut
from app.units.models import KIND_WORDS
from app.units.rules import UnitKind
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])


def get_asked(
    caller: CanSum, session: Reading, now: Now,
    first: Annotated[Day | None, Query(alias="from", description="Days instead of a period")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    period: Annotated[
        str | None,
        Query(
            max_length=LONGEST,
            description="`2026-10`, `2026-Q4`, `2026-H2`, `2026`, a day; `10/2026` too; default: the last month",
        ),
    ] = None,
    regime: Annotated[
        Regime | None, Query(description="From the 15th to the 14th, or of the calendar; default: the form's")
    ] = None,
    unit: Annotated[
        list[str] | None, Query(max_length=MAX_UNITS, description="Code of a unit; given several times: those together")
    ] = None,
    kind: Annotated[UnitKind | None, Query(description=f"All units of a kind: {KIND_WORDS}")] = None,
    as_of: Annotated[AsOf | None, Query(description="A moment, or a day: its end in Huế")] = None,
) -> statutory.Wanted:  # fmt: skip
    """Supply what is asked of a form, the same for its figures and for what it lacks."""
    return statutory.wanted(
        session, caller, now,
        first=first, last=last, period=period, regime=regime, units=unit or (), kind=kind, as_of=as_of,
    )  # fmt: skip


Asked = Annotated[statutory.Wanted, Depends(get_asked)]


@router.get(
    "/forms/II.06a", operation_id="get_statutory_form", response_model=StatutoryFormOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_statutory_form(
    request: Request, caller: CanSum, asked: Asked, session: Reading, render: Render, now: Now
) -> Response:
    """Give form II.06a of a period: columns 1 to 13 by field, adjustments, and what is lacking; a reference layout."""
    locale = request.state.locale
    data = statutory.form_of(session, asked, now, locale)
    return render(
        data, "throughput/form.html", units=units_to_choose(session, caller, now), **shown(data, locale),
        table=lambda: statutory_book.table(data, locale),
    )  # fmt: skip


@router.get(
    "/forms/II.06a/missing", operation_id="list_missing_days", response_model=MissingDayPage,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def list_missing_days(caller: CanSeeOwed, asked: Asked, session: Reading, render: Render, page: Paging) -> Response:
    """List the unit-days that form II.06a lacks, of the same period and units, by unit."""
    find = partial(lacking.missing, session, caller, asked)
    return render(
        find(page), "throughput/form_missing.html",
        table=lambda: tables.of_models("II.06a-con-thieu", render.every(find), MissingDayOut),
    )  # fmt: skip


@router.get(
    "/forms/II.06a/differences", operation_id="list_unexplained_openings", response_model=UnexplainedPage,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def list_unexplained_openings(
    caller: CanRead, asked: Asked, session: Reading, render: Render, page: Paging
) -> Response:
    """List the openings that make the differences of form II.06a, of the same period and units, by unit."""
    find = partial(lacking.unexplained, session, caller, asked)
    return render(
        find(page), "throughput/form_differences.html", names=Reference.read(session).by_code,
        table=lambda: tables.of_models("II.06a-chenh-lech", render.every(find), UnexplainedOut),
    )  # fmt: skip


@router.post(
    "/forms/II.06a/frozen", operation_id="freeze_statutory_form", response_model=FrozenOut,
    responses=created(FrozenOut) | problems(401, 403, 404, 409, 413, 415, 422),
)  # fmt: skip
def freeze_statutory_form(
    caller: Annotated[Caller, allow("forms:freeze")], session: Writing, now: Now, body: FreezeIn, render: Render
) -> Response:
    """Freeze form II.06a of a period as it stands: refused while anything is lacking, no new copy of the same."""
    asked = statutory.wanted(
        session, caller, now, first=body.first, last=body.last, period=body.period, regime=body.regime,
        units=[body.unit] if body.unit else body.units, kind=body.kind, at="/",
    )  # fmt: skip
    data, new = frozen.freeze(session, caller, asked, now)
    at = f"/throughput/forms/II.06a/frozen/{data.number}"
    return render.saved(data, to=at, created=new, location=at)


@router.get(
    "/forms/II.06a/frozen", operation_id="list_frozen_forms", response_model=FrozenPage,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def list_frozen_forms(
    caller: CanSum, session: Reading, render: Render, now: Now, page: Paging, unit: UnitQuery = None
) -> Response:
    """List the frozen copies, newest first."""
    find = partial(frozen.listing, session, caller, unit=visible_unit(session, caller, unit) if unit else None)
    return render(
        find(page), "throughput/frozen.html", unit=unit, units=units_to_choose(session, caller, now),
        table=lambda: tables.of_models("II.06a-da-chot", render.every(find), FrozenItem),
    )  # fmt: skip


@router.get(
    "/forms/II.06a/frozen/{number}", operation_id="get_frozen_form", response_model=FrozenOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_frozen_form(
    request: Request, caller: CanSum, session: Reading, render: Render,
    number: Annotated[int, Path(ge=1, le=2**31 - 1)],
) -> Response:  # fmt: skip
    """Give a frozen copy, to the digit as it was frozen."""
    data = frozen.frozen(session, caller, number)
    return render(
        data, "throughput/frozen_form.html", **shown(data.content, request.state.locale),
        table=lambda: statutory_book.table(data.content, "vi"),
    )  # fmt: skip


def shown(data: StatutoryFormOut, locale: Any) -> dict[str, Any]:
    """Return what the form's page needs besides its figures."""
    return {
        "head_rows": head(data.layout.columns, data.layout.groups),
        "period_words": statutory_book.period_words(data, locale),
        "whose": statutory_book.whose_words(data, locale),
    }
