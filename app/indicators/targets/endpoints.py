"""Targets at both doors."""

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.clock import Now, day_of, now_of
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Page, Paging
from app.core.schemas import problems
from app.core.web import Render, form
from app.indicators.pages import CanKeep, CanRead, CodeInPath, CodeQuery, PlaceQuery, saved_at, unit_choices
from app.indicators.place import place_of
from app.indicators.sets import service as sets
from app.indicators.sets.schemas import IndicatorDefinition
from app.indicators.targets import service
from app.indicators.targets.schemas import IndicatorTarget, TargetIn, TargetPage

router = APIRouter(route_class=DoorRoute, tags=["indicators"])


@router.get(
    "/indicators/targets", operation_id="list_targets", response_model=TargetPage,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_targets(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging,
    indicator: CodeQuery = None, unit: PlaceQuery = None,
) -> Response:  # fmt: skip
    """List targets with their documents, replaced ones too."""
    place = place_of(session, caller, unit) if unit else None

    def read(whole: Page) -> TargetPage:
        return service.listing(session, caller, whole, code=indicator, place=place, now=now)

    return render(
        read(page), "indicators/targets.html",
        table=lambda: tables.of_models("muc-tieu", render.every(read), IndicatorTarget),
        wanted={"indicator": indicator, "unit": unit},
    )  # fmt: skip


def _again(request: Request, session: Session) -> IndicatorDefinition:
    found = sets.definition_of(session, request.path_params["indicator"], day_of(now_of(request)))
    return sets.definition_out(found)


def _choices(request: Request, session: Session, *_: object) -> dict[str, object]:
    return {"units": unit_choices(session, request.state.caller)}


@router.post(
    "/indicators/{indicator}/targets", operation_id="create_target", response_model=IndicatorTarget, status_code=201,
    responses=problems(401, 403, 404, 409, 422),
)  # fmt: skip
@form("indicators/new_target.html", _again, _choices)
def create_target(
    caller: CanKeep, indicator: CodeInPath, session: Writing, render: Render, now: Now, body: TargetIn
) -> Response:
    """Set what an indicator is to reach; a later version speaks in place of an earlier one, which stays."""
    row = service.set_target(session, caller, indicator, body=body, now=now)
    found = sets.definition_of(session, indicator, day_of(now))
    place = place_of(session, caller, row.place)
    shown = service.shown(row, found, place.unit, True)
    to = saved_at(indicator, row.place, f"target.{row.id}")
    return render.saved(shown, to=to, created=True, location=f"/indicators/{indicator}")
