"""The application: middleware, error handlers, both doors, static files; nothing else."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session
from starlette_compress import CompressMiddleware

from app import __version__, contract, glance, health, home
from app.accounts import callers, sign_in_page
from app.accounts import endpoints as accounts
from app.calendar import endpoints as calendar
from app.core import files, handlers, hot, i18n, log, sections
from app.core.access import Caller
from app.core.assets import Assets
from app.core.clock import Clock, SystemClock, now_of
from app.core.db import Database
from app.core.doors import Doors
from app.core.settings import Settings
from app.core.unchanged import Unchanged
from app.core.web import API
from app.dashboard import endpoints as dashboard
from app.indicators.citations import endpoints as indicators_citations
from app.indicators.computed import endpoints as indicators_computed
from app.indicators.computed import keeping
from app.indicators.formulas import endpoints as indicators_formulas
from app.indicators.linked import endpoints as indicators_linked
from app.indicators.overview import endpoints as indicators_overview
from app.indicators.overview.tasks import indicators_of_task
from app.indicators.readings import endpoints as indicators_readings
from app.indicators.sets import endpoints as indicators_sets
from app.indicators.targets import endpoints as indicators_targets
from app.portal import working
from app.portal.codes import endpoints as portal_codes
from app.portal.comparison import endpoints as portal_comparison
from app.portal.events import endpoints as portal_events
from app.portal.exchanges import endpoints as portal_exchanges
from app.portal.gaps import endpoints as portal_gaps
from app.portal.gaps import recounting
from app.portal.health import endpoints as portal_health
from app.portal.messages import endpoints as portal_messages
from app.procedures import endpoints as procedures
from app.procedures import endpoints_intake as procedures_intake
from app.search import endpoints as search
from app.tasks import endpoints as tasks
from app.tasks import endpoints_programmes as tasks_programmes
from app.tasks.asking import endpoints as tasks_asking
from app.tasks.directives import endpoints as tasks_directives
from app.tasks.intake import endpoints as tasks_intake
from app.tasks.monthly import endpoints as tasks_monthly
from app.tasks.monthly.reminding import owed as monthly_owed
from app.tasks.monthly.schemas import MonthlyOwedOut
from app.tasks.overview import endpoints as tasks_overview
from app.tasks.progress import endpoints as tasks_progress
from app.tasks.scope import endpoints as tasks_scope
from app.tasks.summary import endpoints as tasks_summary
from app.throughput import endpoints as throughput
from app.throughput.approvals import endpoints as endpoints_approvals
from app.throughput.board import endpoints as endpoints_board
from app.throughput.checking import endpoints as endpoints_check
from app.throughput.desk import endpoints as endpoints_desk
from app.throughput.figures import endpoints as endpoints_figures
from app.throughput.figures.intake import endpoints as endpoints_figures_intake
from app.throughput.findings import endpoints as endpoints_findings
from app.throughput.forms import Reference
from app.throughput.intake import endpoints as endpoints_intake
from app.throughput.obligations import endpoints as endpoints_obligations
from app.throughput.obligations import making as obligations
from app.throughput.ranking import endpoints as endpoints_ranking
from app.throughput.reminders import endpoints as endpoints_reminders
from app.throughput.reminders import making as reminders
from app.throughput.reminders.service import count as reminded
from app.throughput.reopenings import endpoints as endpoints_reopenings
from app.throughput.statutory import endpoints as endpoints_forms
from app.throughput.summary import endpoints as endpoints_summary
from app.units import endpoints as units
from app.wiring import wire

ROUTERS: tuple[APIRouter, ...] = (
    dashboard.router,
    search.router,
    endpoints_board.router,
    endpoints_check.router,
    endpoints_desk.router,
    endpoints_figures_intake.router,
    endpoints_figures.router,
    endpoints_findings.router,
    endpoints_forms.router,
    endpoints_intake.router,
    endpoints_ranking.router,
    endpoints_approvals.router,
    endpoints_reopenings.router,
    endpoints_reminders.router,
    endpoints_obligations.router,
    endpoints_summary.router,
    throughput.router,
    tasks_asking.router,
    tasks_intake.router,
    tasks_monthly.router,
    tasks_overview.router,
    tasks_summary.router,
    tasks_scope.router,
    tasks_directives.router,
    tasks_progress.router,
    tasks_programmes.router,
    tasks.router,
    indicators_sets.router,
    indicators_targets.router,
    indicators_readings.router,
    indicators_citations.router,
    indicators_linked.router,
    indicators_formulas.router,
    indicators_computed.router,
    indicators_overview.router,
    portal_codes.router,
    portal_comparison.router,
    portal_events.router,
    portal_exchanges.router,
    portal_gaps.router,
    portal_health.router,
    portal_messages.router,
    units.router,
    calendar.router,
    procedures_intake.router,
    procedures.router,
    accounts.router,
    files.router,
)
# What has no twin in the contract: blank forms, signing in and out, health.
PAGES: tuple[APIRouter, ...] = (
    endpoints_intake.pages_router,
    tasks_intake.pages_router,
    tasks_directives.pages_router,
    tasks_programmes.pages_router,
    tasks.pages_router,
    indicators_readings.pages_router,
    indicators_overview.pages_router,
    units.pages_router,
    calendar.pages_router,
    procedures.pages_router,
    accounts.pages_router,
    home.router,
    health.router,
)


# Leaders look at the one all morning, walls show the other: unchanged, they are answered before they are worked out.
ASKED_AGAIN = frozenset(door + path for door in ("", API) for path in ("/dashboard", "/throughput/board"))


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> FastAPI:
    """Build the application for one installation's settings."""
    settings = settings or Settings()
    log.configure(settings)
    wire()
    app = FastAPI(
        title="tiendo57",
        version=__version__,
        summary="Progress on Resolution 57: dossiers, tasks and indicators of a Vietnamese city.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        # Its logs would hold what was typed.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.clock = clock or SystemClock()
    app.state.database = Database(settings)
    app.state.caller_provider = callers.provide
    app.state.session_ended = sign_in_page.session_ended
    app.state.page_context = page_context
    app.state.beside_task = indicators_of_task
    app.state.beside_board = glance.of_city
    app.state.beside_day = glance.of_unit
    app.state.page_only = {route.endpoint for pages in PAGES for route in pages.routes if isinstance(route, APIRoute)}
    handlers.install(app)
    app.mount("/static", Assets(), name="static")
    # Pages first: before `/units/{code}` and its like, which would take `new` for a code.
    sections.include(app, PAGES)
    sections.include(app, ROUTERS, API, in_contract=True)
    sections.include(app, ROUTERS)
    app.add_middleware(Unchanged, addresses=ASKED_AGAIN)
    app.add_middleware(Doors, settings=settings)
    app.add_middleware(CompressMiddleware, minimum_size=500)
    app.add_middleware(CorrelationIdMiddleware, header_name="X-Request-ID")
    contract.customise(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    # What the application is made of lives as long as the process: the collector need not walk it in every large call.
    gc.freeze()
    gc.enable()
    # A call of thousands of rows makes no rings: it is looked through every 50,000 objects, not every 700.
    gc.set_threshold(50_000, 10, 10)
    async with (
        obligations.kept_ahead(state.database, state.clock, state.settings),
        reminders.kept_up(state.database, state.clock),
        keeping.kept_up(state.database, state.clock),
        recounting.kept_up(state.database, state.clock),
        working.beside(state.database, state.settings, state.clock),
    ):
        yield
    app.state.database.engine.dispose()


def page_context(request: Request, caller: Caller | None) -> dict[str, Any]:
    """Return what every page shows around its content: navigation by role, what one is reminded of, version."""
    t = i18n.translator(request.state.locale)
    sections = {} if caller is None else home.sections(caller)
    section, here = home.place_of(request.url.path, sections) or (None, None)
    pages = [
        {
            "href": e.href,
            "label": t(e.label),
            "current": e is here and ("page" if request.url.path == e.href else "true"),
        }
        for e in (sections[section] if section else [])
    ]
    alone = len(pages) == 1  # the section is the page: one link says both
    nav = [
        {
            "href": entries[0].href,
            "label": t(home.label(name, entries)),
            "current": name == section and (pages[0]["current"] if alone else "true"),
        }
        for name, entries in sections.items()
    ]
    count, owed = waiting(request, caller)
    return {"nav": nav, "pages": [] if alone else pages, "version": __version__, "waiting": count, "monthly_owed": owed}


def waiting(request: Request, caller: Caller | None) -> tuple[int | None, list[MonthlyOwedOut]]:
    """Return how much waits for the reader, for the mark in the page's head, and the reports to the centre in it.

    None where there is no mark to show.
    """
    part = request.headers.get("hx-request-type") == "partial"
    if caller is None or not caller.may("reminders:read") or part:
        return None, []
    try:
        with hot.glance(request.app.state.database.engine) as connection:
            now = now_of(request)
            with Session(connection) as session:
                owed = monthly_owed(session, caller, now, lambda: Reference.read(session).calendars[None])
            return reminded(connection, caller, now) + len(owed), owed
    except (OperationalError, PoolTimeout):
        request.state.lacks = True
        return None, []  # a page that tells of a busy database is shown all the same
