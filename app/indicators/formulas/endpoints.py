"""Checking formulas, and what they may name, at both doors."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Looking, Reading
from app.core.forms import DoorRoute
from app.core.schemas import problems
from app.core.web import Render, form
from app.indicators.formulas import service
from app.indicators.formulas.schemas import FormulaChecked, FormulaIn, FormulaProblem
from app.indicators.measures.schemas import MeasureList

# Goes before the router of `/indicators/{code}`.
router = APIRouter(route_class=DoorRoute, tags=["indicators"])
CanRead = Annotated[Caller, allow("indicators:read")]


@router.get(
    "/indicators/measures", operation_id="list_measures", response_model=MeasureList, responses=problems(401, 403, 406)
)
def list_measures(caller: CanRead, session: Reading, render: Render) -> Response:
    """List what a formula may name: columns and memos of the daily report, buckets of tasks."""
    data = service.measure_list(session)
    return render(data, "indicators/measures.html", table=lambda: service.as_table(data))


@router.post(
    "/indicators/formulas/check", operation_id="check_formula", response_model=FormulaChecked,
    responses=problems(401, 403, 413, 415) | {422: {**problems(422)[422], "model": FormulaProblem}},
)  # fmt: skip
@form("indicators/formula.html")
def check_formula(caller: CanRead, session: Looking, body: FormulaIn, now: Now, render: Render) -> Response:
    """Say what a formula means, and keep nothing; what is wrong is refused with its places."""
    data = service.checked(session, caller, body, service.known_indicators(session), now)
    return render(data, "indicators/formula.html")
