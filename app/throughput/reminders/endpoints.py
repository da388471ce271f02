"""Reminders at both doors: the list, and reminding a unit by hand."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import Day, created, problems
from app.core.web import Render, form
from app.procedures.rules import System
from app.throughput.endpoints import TheMatch, TheUnit, UnitQuery, units_to_choose
from app.throughput.reminders import making, service, times
from app.throughput.reminders.models import RemindedOut, ReminderOut, ReminderPage
from app.throughput.reminders.times import ReminderTimeIn, ReminderTimeOut
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])

CanSee = Annotated[Caller, allow("reminders:read")]
CanSet = Annotated[Caller, allow("reminders:set")]
CanRemind = Annotated[Caller, allow("reminders:send")]


@router.get(
    "/reminders", operation_id="list_reminders", response_model=ReminderPage, responses=problems(401, 403, 404, 422)
)
def list_reminders(
    caller: CanSee, session: Reading, render: Render, now: Now, page: Paging,
    unit: UnitQuery = None,
    open_only: Annotated[bool | None, Query(alias="open", description="true: still open; false: over")] = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> Response:  # fmt: skip
    """List who was reminded of what, when, by which step, how it ended; newest first, before it what is to be done."""
    wanted = service.Wanted(visible_unit(session, caller, unit) if unit else None, open_only, first, last)
    find = partial(service.listing, session, caller, wanted, now)
    return render(
        service.overview(session, caller, wanted, now, page), "throughput/reminders.html", wanted=wanted,
        units=units_to_choose(session, caller, now),
        beside=partial(render.request.app.state.beside_day, session, caller, now),
        table=lambda: tables.of_models("nhac-viec", render.every(find), ReminderOut),
    )  # fmt: skip


@router.post(
    "/reports/{unit}/{day}/{system}/reminders", operation_id="remind_unit", response_model=ReminderOut,
    responses=created(ReminderOut) | problems(401, 403, 404, 409, 422), status_code=201,
)  # fmt: skip
def remind_unit(
    caller: CanRemind, unit: TheUnit, day: Day, system: System, session: Writing, now: Now, render: Render
) -> Response:
    """Remind a unit of a report that is owed; not again within some minutes, and not on its day off."""
    number = making.by_hand(session, caller.label, unit=unit, day=day, system=system, now=now)
    return render.saved(
        service.one(session, number, now), to=f"/throughput/board?day={day}&reminded={unit.code}.{system.value}",
        created=True, location=f"/throughput/reminders?unit={unit.code}",
    )  # fmt: skip


@router.post(
    "/board/{day}/reminders", operation_id="remind_all", response_model=RemindedOut,
    responses=problems(401, 403, 409, 422, 503),
)  # fmt: skip
def remind_all(
    caller: CanRemind, day: Day, session: Writing, now: Now, render: Render,
    system: Annotated[System | None, Query(description="Only what is owed in this one's software")] = None,
) -> Response:  # fmt: skip
    """Remind every unit of what it is late with of a day, or has due on the day itself; nobody twice in a moment."""
    made, recently, resting = making.to_all(session, caller.label, day=day, system=system, now=now)
    data = RemindedOut(
        day=day, system=system, reminded=len(made), units=len({unit for unit, _ in made}), recently=recently,
        day_off=resting,
    )  # fmt: skip
    return render.saved(data, to=f"/throughput/board?day={day}&all={data.units}")


@router.get(
    "/reminders/times/{unit}", operation_id="get_reminder_time", response_model=ReminderTimeOut,
    responses=problems(401, 403, 404),
)  # fmt: skip
def get_reminder_time(caller: CanSee, unit: TheUnit, session: Reading, render: Render) -> Response:
    """Show how long before the deadline a unit is reminded."""
    data = times.show(session, unit)
    return render(data, "throughput/reminder_time.html", version=data.version)


def _time_again(request: Request, session: Session) -> ReminderTimeOut:
    return times.show(session, visible_unit(session, request.state.caller, request.path_params["unit"]))


@router.put(
    "/reminders/times/{unit}", operation_id="put_reminder_time", response_model=ReminderTimeOut,
    responses=problems(401, 403, 404, 412, 415, 422, 428),
)  # fmt: skip
@form("throughput/reminder_time.html", _time_again)
def put_reminder_time(
    caller: CanSet, unit: TheUnit, session: Writing, match: TheMatch, now: Now, body: ReminderTimeIn, render: Render
) -> Response:
    """Set how long before the deadline a unit is reminded; null gives back the daily form's time."""
    data = times.save(session, caller, unit=unit, body=body, if_match=match.if_match, now=now)
    return render.saved(data, to=f"/throughput/reminders/times/{unit.code}", version=data.version)
