"""The first page by role, and the navigation."""

from fastapi import APIRouter, Request, Response

from app.core.access import Anyone, public
from app.core.web import see_other

router = APIRouter()

NAVIGATION: tuple[tuple[str, str, str | None], ...] = (
    ("/throughput/obligations", "throughput.owed_today", "obligations:read"),
    ("/throughput/reports", "throughput.nav_reports", "reports:read"),
    ("/throughput/summary", "throughput.nav_summary", "summary:read"),
    ("/units", "units.unit", "units:read"),
    ("/procedures", "procedures.procedure", "catalogue:read"),
    ("/calendar/days", "calendar.nav", "calendar:read"),
    ("/users", "accounts.nav_users", "users:manage"),
)


@router.get("/", dependencies=[public()])
def home(request: Request, caller: Anyone) -> Response:
    """Send each to what they came for: a ward to what it owes, others to the city's figures."""
    if caller is None:
        return see_other(request, "/sign-in")
    for href, _, right in NAVIGATION:
        if right is None or caller.may(right):
            if href == "/throughput/obligations" and caller.role not in ("ward_officer", "ward_leader", "city_analyst"):
                continue
            return see_other(request, href)
    return see_other(request, "/sessions")
