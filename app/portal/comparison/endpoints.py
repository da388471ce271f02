"""Periods compared with the portal, at both doors."""

import re
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now, day_of
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.schemas import AS_WRITTEN, problems
from app.core.web import Render
from app.portal.codes.endpoints import MONTH
from app.portal.comparison import service
from app.portal.comparison.schemas import (
    PERIOD_WORDS,
    DerivedDayOut,
    DerivedDayPage,
    PortalComparison,
    PortalDifferenceOut,
)
from app.portal.gaps import tolerances
from app.throughput.endpoints import TheUnit, UnitQuery, units_to_choose
from app.units.service import visible_unit

router = APIRouter(prefix="/portal", route_class=DoorRoute, tags=["portal"])

CanSee = Annotated[Caller, allow("portal:read")]
PERIOD = r"^(19|20|21)\d\d(-(0[1-9]|1[0-2]|Q[1-4]))?$"


def _of_portal(period: str | None) -> str | None:
    if period is not None and not re.fullmatch(PERIOD, period, re.ASCII):
        raise PydanticCustomError("period", "not a period that the portal publishes", {"code": "bad_period"})
    return period


Month = Annotated[str | None, Query(pattern=MONTH, description="Default: this month")]


@router.get(
    "/comparison", operation_id="get_portal_comparison", response_model=PortalComparison,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def get_portal_comparison(
    caller: CanSee, session: Reading, render: Render, now: Now, unit: UnitQuery = None,
    period: Annotated[str | None, Query(description=PERIOD_WORDS, json_schema_extra={"pattern": PERIOD}), AS_WRITTEN,
        AfterValidator(_of_portal),
    ] = None,
    everything: Annotated[bool, Query(description="Those within the tolerance, too")] = False,
) -> Response:  # fmt: skip
    """List where the portal's figures of a period and the units' reports differ, the largest gap first."""
    found = visible_unit(session, caller, unit) if unit else None
    data = service.of_period(
        session, period or f"{day_of(now):%Y-%m}", found, tolerances.current(session), everything=everything
    )
    return render(
        data, "portal/comparison.html", unit=unit, everything=everything, units=units_to_choose(session, caller, now),
        table=lambda: tables.of_models(f"doi-soat-voi-cong-{data.period}", data.items, PortalDifferenceOut),
    )  # fmt: skip


@router.get(
    "/comparison/{unit}/days", operation_id="list_portal_derived_days", response_model=DerivedDayPage,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_portal_derived_days(
    caller: CanSee, unit: TheUnit, session: Reading, render: Render, now: Now, month: Month = None
) -> Response:
    """List a unit's month by the days on which the portal was asked: its totals' differences, derived."""
    first = day_of(now).replace(day=1) if month is None else date.fromisoformat(f"{month}-01")
    data = service.derived_days(session, unit, first)
    return render(
        data, "portal/days.html",
        table=lambda: tables.of_models(f"chenh-lech-suy-ra-{data.month}", data.items, DerivedDayOut),
    )  # fmt: skip
