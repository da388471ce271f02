"""The dashboard at both doors."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import Now, now_of
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.periods import LONGEST
from app.core.schemas import BLANK_IS_NONE, problems
from app.core.settings import Locale
from app.core.web import Render, form
from app.dashboard import service
from app.dashboard.drawing import duties, part
from app.dashboard.schemas import DashboardOut
from app.dashboard.tabular import as_table
from app.throughput.endpoints import CanSum, units_to_choose
from app.throughput.forms import Reference

router = APIRouter(route_class=DoorRoute, tags=["dashboard"])

PERIOD_WORDS = (
    "`2026-11-20`, `2026-W47`, `2026-11`, `2026-Q4` or `2026`, of what was served and reported; what people write is "
    "read so too: `20/11/2026`, `tuần 47/2026`, `tháng 11/2026`, `quý IV/2026`, `năm 2026`; "
    "default: the newest day of which a deadline has passed, with its week, month and year so far"
)


def _choices(session: Session, caller: Caller, now: datetime, locale: Locale) -> dict[str, Any]:
    """Return what a page lets one choose: fields by name, and units for who sees more than their own."""
    by_code = Reference.read(session).by_code
    return {
        "choose": caller.unit_code is None,
        "fields": tuple((code, by_code[code].name(locale)) for code in sorted(by_code)),
        "units": tuple(units_to_choose(session, caller, now)),
    }


def _nothing(*_: object) -> DashboardOut:
    return DashboardOut(
        unit=None, field=None, period=None, served=None, reported=None, tasks=None, targets=None, gaps=None,
        blockers=None,
    )  # fmt: skip


def _choices_again(request: Request, session: Session, *_: object) -> dict[str, Any]:
    return _choices(session, request.state.caller, now_of(request), request.state.locale)


@router.get(
    "/dashboard", operation_id="get_dashboard", response_model=DashboardOut,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
@form("dashboard/asked_again.html", _nothing, _choices_again)
def get_dashboard(
    request: Request, caller: CanSum, session: Reading, render: Render, now: Now,
    period: Annotated[str | None, Query(max_length=LONGEST, description=PERIOD_WORDS), BLANK_IS_NONE] = None,
    unit: Annotated[
        str | None, Query(max_length=35, description="Code of a unit; default: the city, or one's own"), BLANK_IS_NONE
    ] = None,
    field: Annotated[
        str | None, Query(max_length=35, description="Code of a field, for what was served"), BLANK_IS_NONE
    ] = None,
) -> Response:  # fmt: skip
    """Answer five questions: how were people served, who did not report, what is late, what will be missed, what
    differs.
    """
    wanted = service.asked(session, caller, now, period=period, unit=unit, field=field)
    data = service.dashboard(session, caller, wanted, now)
    choices = _choices(session, caller, now, request.state.locale)
    return render(
        data, "dashboard/dashboard.html", table=lambda: as_table(data), part=part, duties=duties(data),
        field_name=dict(choices["fields"])[data.field] if data.field else None, **choices,
    )  # fmt: skip
