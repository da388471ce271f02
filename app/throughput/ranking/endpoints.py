"""The ranking of units at both doors."""

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now, day_of
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.schemas import AsOf, Day, problems
from app.core.web import Render
from app.throughput import days
from app.throughput.board.endpoints import NameQuery
from app.throughput.ranking.book import book
from app.throughput.ranking.rules import Rate
from app.throughput.ranking.service import RankedOut, RankingOut, ranking

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])


@router.get("/ranking", operation_id="get_ranking", response_model=RankingOut, responses=problems(401, 403, 422))
def get_ranking(
    request: Request, caller: Annotated[Caller, allow("ranking:read")], session: Reading, render: Render, now: Now,
    rate: Annotated[Rate, Query(description="What is ranked")] = Rate.on_time,
    first: Annotated[Day | None, Query(alias="from", description="Default: the first of this month")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Default: today")] = None,
    as_of: Annotated[AsOf | None, Query(description="A moment, or a day: its end in Huế")] = None, q: NameQuery = None,
) -> Response:  # fmt: skip
    """Rank all units by a rate: none on a base too small, each with how sure it is and what moved."""
    last = last or max(day_of(now), first or date.min)
    data = ranking(session, rate, first or last.replace(day=1), last, as_of, q)
    name = f"xep-hang-{rate.value}-{data.first}-{data.last}"
    return render(
        data, "throughput/ranking.html", q=q, owed_before=days.owed_before(session, day_of(now)),
        table=lambda: replace(
            tables.of_models(name, data.items, RankedOut), book=lambda: book(data, request.state.locale)
        ),
    )  # fmt: skip
