"""Checking a day's report while it is typed, at both doors."""

from fastapi import APIRouter, Request, Response

from app.core.clock import Now
from app.core.db import Looking
from app.core.forms import DoorRoute
from app.core.handlers import as_typed
from app.core.schemas import Day, problems
from app.core.web import Render
from app.throughput.checking import service as check
from app.throughput.checking.service import CheckedOut, ReportsTyped
from app.throughput.endpoints import CanSend, TheUnit
from app.throughput.forms import Reference

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])


@router.post(
    "/reports/{unit}/{day}/check", operation_id="check_daily_reports", response_model=CheckedOut,
    responses=problems(401, 403, 404, 413, 415, 422),
)  # fmt: skip
def check_daily_reports(
    request: Request, caller: CanSend, unit: TheUnit, day: Day, session: Looking, now: Now, body: ReportsTyped,
    render: Render,
) -> Response:  # fmt: skip
    """Say what sending a day would answer now, and keep nothing: what is wrong or cannot be read is no refusal here."""
    moved: dict[str, str] = getattr(request.state, "moved", {})
    data = check.check(
        session, unit=unit, day=day, body=body, now=now, placed=lambda pointer: as_typed(pointer, moved)
    )  # fmt: skip
    return render(data, "throughput/checked.html", names=Reference.read(session).by_code)
