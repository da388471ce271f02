"""Indicators at both doors: where many stand, one with its series, units beside each other."""

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Query, Response

from app.core import tables
from app.core.clock import Now, day_of
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.paging import Page, Paging
from app.core.schemas import BLANK_IS_NONE, problems
from app.core.web import Render, see_other
from app.indicators.overview import one, service
from app.indicators.overview.schemas import (
    STANDING_WORDS,
    ComparedUnit,
    ComparisonOut,
    IndicatorItem,
    IndicatorOut,
    IndicatorPage,
)
from app.indicators.overview.service import Filters
from app.indicators.pages import CanEnter, CanKeep, CanRead, CodeInPath, OwnerQuery, PlaceQuery, SetQuery, unit_choices
from app.indicators.place import place_of
from app.indicators.readings.schemas import ReadingOut
from app.indicators.rules import CITY, Standing, before, period_at
from app.indicators.sets import service as sets
from app.units import service as units

router = APIRouter(route_class=DoorRoute, tags=["indicators"])
pages_router = APIRouter()  # blank forms


@router.get(
    "/indicators", operation_id="list_indicators", response_model=IndicatorPage,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_indicators(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging,
    q: Annotated[
        str | None, Query(max_length=120, description="Words of code or name, diacritics aside"), BLANK_IS_NONE
    ] = None,
    set_code: Annotated[SetQuery, Query(alias="set")] = None, unit: PlaceQuery = None,
    owner: OwnerQuery = None,
    standing: Annotated[Standing | None, Query(description=STANDING_WORDS)] = None,
    stale: Annotated[bool | None, Query(description="Only those that are out of date, or only the others")] = None,
) -> Response:  # fmt: skip
    """List indicators with where they stand: of the city, or the card of a unit; a ward's officer is led to its own."""
    if render.door == "people" and unit is None and service.has_own_card(session, caller):
        asked = urlencode([("unit", caller.unit_code or ""), *parse_qsl(render.request.url.query)])
        file = render.request.state.format
        return see_other(render.request, f"/indicators{f'.{file}' if file else ''}?{asked}")
    place = place_of(session, caller, unit or CITY)
    owned = units.named(session, owner, "?owner") if owner else None
    filters = Filters(q=q, set=set_code, owner=owned, standing=standing, stale=stale)

    def read(whole: Page) -> IndicatorPage:
        return service.listing(session, caller, whole, place=place, filters=filters, now=now)

    context: dict[str, Any] = {}
    if render.door == "people":
        context = {
            "yours": service.answered_for(session, caller, now),
            "sets": sets.listing(session, day_of(now)).items, "units": unit_choices(session, caller),
            "wanted": {"q": q, "set": set_code, "unit": unit, "owner": owner, "standing": standing, "stale": stale},
        }  # fmt: skip
    return render(
        read(page), "indicators/list.html",
        table=lambda: tables.of_models("chi-tieu", render.every(read), IndicatorItem), **context,
    )  # fmt: skip


@router.get(
    "/indicators/{indicator}", operation_id="get_indicator", response_model=IndicatorOut,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def get_indicator(
    caller: CanRead, indicator: CodeInPath, session: Reading, render: Render, now: Now, unit: PlaceQuery = None
) -> Response:
    """Give an indicator: its series with targets, whether the target will be made, and what belongs to it."""
    found = one.show(session, caller, indicator, place=place_of(session, caller, unit or CITY), now=now)
    return render(
        found, "indicators/indicator.html",
        table=lambda: tables.of_models(f"chi-tieu-{indicator}", found.series, ReadingOut),
        units=unit_choices(session, caller) if render.door == "people" else [],
    )  # fmt: skip


@router.get(
    "/indicators/{indicator}/comparison", operation_id="compare_units", response_model=ComparisonOut,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def compare_units(caller: CanRead, indicator: CodeInPath, session: Reading, render: Render, now: Now) -> Response:
    """Set units beside each other: the last twelve periods, the newest value, how it stands."""
    found = one.compare(session, caller, indicator, now=now)
    return render(
        found, "indicators/comparison.html",
        table=lambda: tables.of_models(f"so-sanh-{indicator}", found.items, ComparedUnit),
    )  # fmt: skip


@pages_router.get("/indicators/{indicator}/readings/new")
def new_reading(
    caller: CanEnter, indicator: CodeInPath, session: Reading, render: Render, now: Now,
    period: Annotated[str | None, Query(max_length=10)] = None,
    supersedes: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    place: PlaceQuery = None,
) -> Response:  # fmt: skip
    """Ask for a reading."""
    found = sets.definition_out(sets.definition_of(session, indicator, day_of(now)))
    # What is entered most often is the period that has just ended.
    ended = before(period_at(day_of(now), found.period_type))
    asked = {
        "period": period or ended.name,
        "supersedes": supersedes,
        "place": place,
        "as_of": None if period else ended.last,
    }
    return render.page("indicators/new_reading.html", data=found, units=unit_choices(session, caller), asked=asked)


@pages_router.get("/indicators/{indicator}/targets/new")
def new_target(caller: CanKeep, indicator: CodeInPath, session: Reading, render: Render, now: Now) -> Response:
    """Ask for a target."""
    found = sets.definition_out(sets.definition_of(session, indicator, day_of(now)))
    return render.page("indicators/new_target.html", data=found, units=unit_choices(session, caller))
