"""The first page by role, the navigation, and the sign that browsers ask for."""

import re
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from app.core.access import Anyone, Caller, public
from app.core.settings import project_root
from app.core.web import see_other

router = APIRouter()


@dataclass(frozen=True)
class Entry:
    """A page of the navigation; `desk`: for those with a unit of their own that reports (True), or for others.

    `work`: what is done for one unit's day belongs to it; `also`: further addresses whose pages do.
    """

    href: str
    label: str
    right: str
    desk: bool | None = None
    work: bool = False
    also: tuple[str, ...] = ()  # where the pages beside it stand, and those below these


# What those look at who have no entry of their own for it.
_BESIDE_TODAY = ("/throughput/reopenings", "/throughput/figures")
_BESIDE_REPORTS = ("/throughput/approvals", "/throughput/reopenings")

# Section by section; who may see none of a section's pages does not see the section.
NAVIGATION: dict[str, tuple[Entry, ...]] = {
    "ui.section_day": (
        Entry("/dashboard", "dashboard.nav", "summary:read", desk=False),
        Entry(
            "/throughput/today", "throughput.nav_today", "obligations:read", desk=True, work=True, also=_BESIDE_TODAY
        ),
        Entry("/throughput/month", "throughput.nav_month", "obligations:read", desk=True),
        Entry("/dashboard", "dashboard.nav", "summary:read", desk=True),
        Entry("/throughput/board", "throughput.nav_board", "obligations:read", desk=False),
        Entry("/throughput/obligations", "throughput.owed_today", "obligations:read", desk=False, work=True),
        Entry("/throughput/approvals", "approval.nav", "approvals:ward", desk=True),
        Entry("/throughput/approvals", "approval.nav", "approvals:city", desk=False),
        Entry("/throughput/reopenings", "reopening.nav", "reopenings:decide", desk=False),
        Entry("/throughput/reports", "throughput.nav_reports", "reports:read", also=_BESIDE_REPORTS),
        Entry("/throughput/findings", "findings.nav", "findings:read"),
        Entry("/portal/gaps", "portal.gaps_nav", "gaps:read", desk=True),
        Entry("/throughput/figures", "throughput.nav_figures", "reports:read", desk=False),
    ),
    "tasks.nav": (
        Entry("/tasks/mine", "tasks.nav_mine", "tasks:read", desk=True, also=("/tasks",)),
        Entry("/tasks", "tasks.nav_list", "tasks:read", desk=False),
        Entry("/tasks/summary", "tasks.nav_summary", "tasks:read", desk=False),
        Entry("/tasks/compare", "tasks.nav_compare", "tasks:read", desk=False),
        Entry("/tasks/gaps", "tasks.six_clear", "tasks:read", desk=False),
        Entry("/tasks/shortcomings", "tasks.nav_urging", "tasks:read", also=("/tasks/questions", "/tasks/blockers")),
        Entry("/tasks/positions", "tasks.nav_positions", "tasks:read", also=("/tasks/deadlines", "/tasks/timeline")),
        Entry("/tasks/monthly", "tasks.nav_monthly", "tasks:read", desk=False),
        Entry("/directives", "tasks.nav_directives", "tasks:read"),
    ),
    "indicators.nav": (
        Entry("/indicators", "indicators.nav_overview", "indicators:read"),
        Entry("/indicators/sets", "indicators.nav_sets", "indicators:read"),
        Entry("/indicators/readings", "indicators.nav_readings", "indicators:read", desk=False),
        Entry("/indicators/targets", "indicators.nav_targets", "indicators:read", desk=False),
        Entry("/indicators/citations", "indicators.citations", "indicators:read", desk=False),
    ),
    "ui.section_results": (
        Entry("/throughput/summary", "throughput.nav_summary", "summary:read"),
        Entry("/throughput/forms/II.06a", "form.nav_ii06a", "summary:read"),
        Entry("/throughput/ranking", "throughput.ranking", "ranking:read"),
    ),
    "portal.nav": (
        Entry("/portal/health", "portal.nav_health", "portal:read", desk=False),
        Entry("/portal/messages", "portal.outbox", "portal:read", desk=False),
        Entry("/portal/events", "portal.nav_feeds", "portal:read", desk=False),
        Entry("/portal/aside", "portal.nav_aside", "portal:read", desk=False),
        Entry("/portal/gaps", "portal.nav_gaps", "gaps:read", desk=False),
        Entry("/portal/comparison", "portal.nav_comparison", "portal:read", desk=False),
        Entry("/portal/codes", "portal.nav_codes", "portal:read", desk=False),
        Entry("/portal/months", "portal.nav_months", "portal:read", desk=False),
        Entry("/portal/exchanges", "portal.nav_exchanges", "portal:read", desk=False),
    ),
    "ui.section_catalogue": (
        Entry("/units", "units.unit", "units:read"),
        Entry("/procedures", "procedures.procedure", "catalogue:read", also=("/fields", "/external-codes")),
        Entry("/calendar/days", "calendar.nav", "calendar:read", also=("/calendar",)),
        Entry("/throughput/forms/daily", "throughput.nav_form", "catalogue:read"),
    ),
    "ui.section_manage": (Entry("/users", "accounts.nav_users", "users:manage"),),
}
# A day being filled in, and what follows its sending, is the day's work; a report that is read belongs to the reports.
_WORK = re.compile(
    r"/throughput/(today|month|obligations|reports/[^/]+/[^/]+/(worksheet|reading|fill|import|template|receipt|texts))"
)


def sections(caller: Caller) -> dict[str, list[Entry]]:
    """Return the sections and pages that the navigation shows a caller."""
    own = caller.unit_id is not None
    found = {
        section: [e for e in entries if caller.may(e.right) and (e.desk is None or e.desk is own)]
        for section, entries in NAVIGATION.items()
    }
    return {section: entries for section, entries in found.items() if entries}


def label(section: str, entries: list[Entry]) -> str:
    """Return what a section is called: one of a single page as that page, so that nobody is shown others' work."""
    return entries[0].label if len(entries) == 1 else section


def place_of(path: str, shown: dict[str, list[Entry]]) -> tuple[str, Entry] | None:
    """Return the section and the entry that a page belongs to; None for a page beside the navigation."""
    every = [(section, e) for section, entries in shown.items() for e in entries]
    own = next((found for found in every if path == found[1].href), None)
    own = own or next((found for found in every if path in found[1].also), None)
    if own is None and _WORK.fullmatch(path):
        return next((found for found in every if found[1].work), None)
    above = [(at, found) for found in every for at in (found[1].href, *found[1].also) if path.startswith(at + "/")]
    return own or max(above, key=lambda one: len(one[0]), default=(None, None))[1]


@router.get("/", dependencies=[public()])
def home(request: Request, caller: Anyone) -> Response:
    """Send each to what they came for: who reports to the day's duty, who answers for others to the dashboard."""
    if caller is None:
        return see_other(request, "/sign-in")
    first = next(iter(sections(caller).values()), None)
    if leads(caller):
        return see_other(request, "/dashboard")
    return see_other(request, first[0].href if first else "/sessions")


def leads(caller: Caller) -> bool:
    """Tell whether a caller looks at figures before typing any: all but those who send a ward's day."""
    return caller.may("summary:read") and (caller.may("approvals:ward") or not caller.may("reports:send"))


@router.get("/favicon.ico", dependencies=[public()])
def favicon() -> Response:
    """Answer browsers that ask for the sign where no page names it."""
    return FileResponse(
        project_root() / "static" / "favicon.svg",
        media_type="image/svg+xml",
        headers={"Cache-Control": "public, max-age=86400"},
    )
