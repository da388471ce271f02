"""Other systems' figures at both doors: sent by machines, seen by those whom they concern."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import AsOf, Day, Line, problems
from app.core.web import Render, form
from app.procedures.rules import System
from app.throughput.endpoints import CanRead, TheUnit, UnitQuery, units_to_choose
from app.throughput.figures import listing, senders, service, sources
from app.throughput.figures.schemas import (
    FigureCellOut,
    FigureDayOut,
    FigureDayPage,
    FiguresIn,
    FiguresOut,
    UnitFiguresOut,
)
from app.throughput.figures.source_schemas import (
    FigureSenderIn,
    FigureSenderOut,
    FigureSourceIn,
    FigureSourceOut,
    FigureSourcePage,
)
from app.throughput.forms import Reference
from app.units.pages import with_units
from app.units.service import choices, visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])

CanSendFigures = Annotated[Caller, allow("figures:send")]
SourceName = Annotated[Line, Path(min_length=1, max_length=60, description="Name of the other system")]
CanSetSources = Annotated[Caller, allow("catalogue:edit")]


@router.put(
    "/figures", operation_id="put_figures", response_model=FiguresOut,
    responses=problems(401, 403, 413, 415, 422, 503),
)  # fmt: skip
def put_figures(
    caller: CanSendFigures, session: Writing, now: Now, render: Render, body: FiguresIn,
    dry_run: Annotated[bool, Query(description="Say what storing would say, and store nothing")] = False,
) -> Response:  # fmt: skip
    """Take figures of many unit-days: each all or nothing, a proposal unless its unit lets it be the report."""
    data = service.put(session, caller, body=body, now=now, dry_run=dry_run)
    return render.saved(data, to="/throughput/figures")


@router.get("/figures", operation_id="list_figures", response_model=FigureDayPage, responses=problems(401, 403, 422))
def list_figures(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging, unit: UnitQuery = None,
    day: Annotated[Day | None, Query(description="Default: the newest, without `from`, `to`, `updated_since`")] = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    system: System | None = None,
    source: Annotated[str | None, Query(max_length=60, description="Name of the other system")] = None,
    updated_since: Annotated[AsOf | None, Query(description="A moment, or a day: its end in Huế")] = None,
) -> Response:  # fmt: skip
    """List what other systems say of unit-days: of one day the largest differences first, or what changed since."""
    find = partial(
        listing.listing, session, caller, now=now, unit=visible_unit(session, caller, unit) if unit else None,
        day=day, first=first, last=last, system=system, source=source, updated_since=updated_since,
    )  # fmt: skip
    data = find(page)
    return render(
        data, "throughput/figures.html", units=units_to_choose(session, caller, now), unit=unit,
        table=lambda: tables.of_models("so-he-thong-khac", render.every(find), FigureDayOut),
    )  # fmt: skip


@router.get(
    "/figures/sources", operation_id="list_figure_sources", response_model=FigureSourcePage,
    responses=problems(401, 403),
)  # fmt: skip
def list_figure_sources(caller: CanRead, session: Reading, render: Render) -> Response:
    """List which other systems speak of which units, and which confirm without a person."""
    data = sources.listing(session, caller)
    return render(
        data, "throughput/figure_sources.html",
        table=lambda: tables.of_models("nguon-so-lieu", data.items, FigureSourceOut),
        units=choices(session) if render.door == "people" and caller.may("catalogue:edit") else [],
    )  # fmt: skip


def _sources_again(request: Request, session: Session) -> FigureSourcePage:
    return sources.listing(session, request.state.caller)


@router.put(
    "/figures/sources", operation_id="put_figure_source", response_model=FigureSourceOut,
    responses=problems(401, 403, 413, 415, 422),
)  # fmt: skip
@form("throughput/figure_sources.html", _sources_again, with_units)
def put_figure_source(caller: CanSetSources, session: Writing, render: Render, body: FigureSourceIn) -> Response:
    """Say whether a source's figures become a unit's report without a person."""
    data = sources.put(session, caller, values=body)
    return render.saved(data, to="/throughput/figures/sources")


@router.put(
    "/figures/senders/{source}", operation_id="put_figure_sender", response_model=FigureSenderOut,
    responses=problems(401, 403, 413, 415, 422),
)  # fmt: skip
@form("throughput/figure_sources.html", _sources_again, with_units)
def put_figure_sender(
    caller: CanSetSources, source: SourceName, session: Writing, now: Now, render: Render, body: FigureSenderIn
) -> Response:
    """Say by which token a source's figures of a unit or of all come; unsaid, by that which sent them first."""
    data = senders.put(session, source, values=body, now=now)
    return render.saved(data, to="/throughput/figures/sources")


@router.get(
    "/figures/{unit}/{day}", operation_id="get_unit_figures", response_model=UnitFiguresOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_unit_figures(caller: CanRead, unit: TheUnit, day: Day, session: Reading, render: Render) -> Response:
    """Give all that other systems say of a unit's day, cell by cell beside its report, with older values."""
    data = listing.of_unit(session, unit, day)
    return render(
        data, "throughput/unit_figures.html", names=Reference.read(session).by_code,
        table=lambda: tables.of_models("so-he-thong-khac", data.cells, FigureCellOut),
    )  # fmt: skip
