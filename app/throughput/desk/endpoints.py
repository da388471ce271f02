"""A ward's desk at both doors: today's work, its own month, the receipt, the texts to pass on after sending."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.errors import NoUnit
from app.core.forms import DoorRoute
from app.core.schemas import Day, problems
from app.core.settings import Locale
from app.core.web import Render
from app.procedures.rules import System
from app.throughput import forward, reading, service, tabular
from app.throughput.desk import month, share, today
from app.throughput.desk.month import UnitMonthOut
from app.throughput.desk.revised import revised
from app.throughput.desk.share import TextsOut
from app.throughput.desk.today import TodayOut
from app.throughput.endpoints import CanRead, CanSend, TheMatch, TheUnit, UnitQuery, standing_reports, units_to_choose
from app.throughput.forms import Reference
from app.throughput.obligations.endpoints import CanSeeOwed
from app.throughput.reopenings import listing as reopenings
from app.throughput.schemas import CarriedOut, ReportsOut
from app.units.models import Unit
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])

# What is owed shows no figures; the desk shows both.
SEES_FIGURES = allow("reports:read")


def _asked(session: Session, caller: Caller, unit: str | None) -> Unit:
    """Return the unit that is asked for, one's own by default; raises NoUnit where there is none."""
    code = unit or caller.unit_code
    if code is None:
        raise NoUnit("/throughput/board")
    return visible_unit(session, caller, code)


@router.get(
    "/today", operation_id="get_today", response_model=TodayOut, responses=problems(401, 403, 404, 422),
    dependencies=[SEES_FIGURES],
)  # fmt: skip
def get_today(
    caller: CanSeeOwed, session: Reading, render: Render, now: Now, unit: UnitQuery = None
) -> Response:  # fmt: skip
    """Give what a unit has to do now: late days first, what is due, what is done, and yesterday's figures."""
    data = today.today(session, caller, _asked(session, caller, unit), now)
    names = Reference.read(session).by_code
    return render(
        data, "throughput/today.html", names=names, table=lambda: tabular.of_today(data),
        beside=partial(render.request.app.state.beside_day, session, caller, now),
    )  # fmt: skip


@router.get(
    "/month", operation_id="get_month", response_model=UnitMonthOut, responses=problems(401, 403, 404, 422),
    dependencies=[SEES_FIGURES],
)  # fmt: skip
def get_month(
    caller: CanSeeOwed, session: Reading, render: Render, now: Now, unit: UnitQuery = None,
    wanted: Annotated[
        str | None, Query(alias="month", pattern=month.MONTH, max_length=7, description="ISO; default: this month")
    ] = None,
) -> Response:  # fmt: skip
    """Give a unit's month: states by day, figures, rates against targets, what is to be explained."""
    data = month.month(session, caller, _asked(session, caller, unit), wanted, now)
    names, units = Reference.read(session).by_code, units_to_choose(session, caller, now)
    return render(data, "throughput/month.html", names=names, units=units, table=lambda: tabular.of_month(data))


@router.get(
    "/reports/{unit}/{day}/receipt", operation_id="get_receipt", response_model=ReportsOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_receipt(
    request: Request, caller: CanRead, unit: TheUnit, day: Day, session: Reading, render: Render, now: Now
) -> Response:
    """Confirm what the city has received for a day."""
    assert unit.id is not None
    data = standing_reports(session, unit, day)
    reference, texts = Reference.read(session), share.texts(data, request.state.locale)
    followed = {system.value: forward.followed(session, unit, day, system) for system in System}
    owed = {s.value: reading.owed(session, unit.id, day, s) for s in System if getattr(data, s.value) is None}
    to_carry = [s for s in System if s.value not in owed and caller.may("reports:send")]
    behind = {s.value: forward.left_behind(session, reference, unit, day, s, now)[1].days for s in to_carry}
    again = [s for s in System if (one := getattr(data, s.value)) is not None and one.revision > 1]
    return render(
        data, "throughput/receipt.html", names=reference.by_code, texts=texts, followed=followed, owed=owed,
        behind=behind, revised={s.value: revised(session, unit, day, s) for s in again},
        states={s.value: reopenings.lock_state(session, unit, day, s, now) for s in System},
        table=lambda: tabular.of_reports([data.city, data.ministry], reference.memos),
    )  # fmt: skip


@router.post(
    "/reports/{unit}/{day}/{system}/carried", operation_id="carry_forward", response_model=CarriedOut,
    responses=problems(401, 403, 404, 412, 422, 428),
)  # fmt: skip
def carry_forward(
    caller: CanSend,
    unit: TheUnit,
    day: Day,
    system: System,
    session: Writing,
    match: TheMatch,
    now: Now,
    render: Render,
) -> Response:
    """Carry what a report's corrections changed on into the open days after it, once it was sent; wants If-Match."""
    data = service.carry_on(session, caller, unit=unit, day=day, system=system, match=match, now=now)
    return render.saved(data, to=f"/throughput/reports/{unit.code}/{day}/receipt")


@router.get(
    "/reports/{unit}/{day}/texts", operation_id="get_texts", response_model=TextsOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_texts(
    request: Request, caller: CanRead, unit: TheUnit, day: Day, session: Reading, render: Render,
    lang: Annotated[Locale | None, Query(description="Language; default: the caller's, else Vietnamese")] = None,
) -> Response:  # fmt: skip
    """Give a day's report as texts to pass on: for the chat group, the city's spreadsheet, a written report."""
    data = standing_reports(session, unit, day)
    texts = share.texts(data, lang or request.state.locale)
    return render(texts, "throughput/texts.html", unit=unit, day=day, lang=lang or request.state.locale)
