"""The city's board of a day at both doors, and what its figures and states mean."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.calendar.service import calendar_for
from app.core.access import SignedIn
from app.core.clock import Now, day_of
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import BLANK_IS_NONE, Day, problems
from app.core.settings import Locale
from app.core.web import Render
from app.throughput import days, definitions
from app.throughput.board import service as board
from app.throughput.board import text as board_text
from app.throughput.board.schemas import BoardOut, BoardTextOut
from app.throughput.definitions import Defined, DefinitionOut, DefinitionsOut
from app.throughput.desk.endpoints import SEES_FIGURES
from app.throughput.obligations.endpoints import CanSeeOwed
from app.throughput.reminders import making as reminding
from app.throughput.reopenings import listing as reopenings
from app.throughput.timing import State

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])

NameQuery = Annotated[
    str | None, Query(max_length=80, description="Words of a unit's name or code, diacritics aside"), BLANK_IS_NONE
]
DayQuery = Annotated[Day | None, Query(description="Default: today, or the last day before with something owed")]


@router.get(
    "/board", operation_id="get_board", response_model=BoardOut, responses=problems(401, 403, 422),
    dependencies=[SEES_FIGURES],
)  # fmt: skip
def get_board(
    request: Request, caller: CanSeeOwed, session: Reading, render: Render, now: Now, page: Paging,
    day: DayQuery = None,
    state: Annotated[State | None, Query(description="Only units in this state")] = None, q: NameQuery = None,
) -> Response:  # fmt: skip
    """Give a day's board: each unit's state, what it owes per system, its sums; worst first, and who is missing."""
    wanted = day or days.last_owed(session, day_of(now))
    find = partial(board.board, session, caller, day=wanted, now=now, state=state, q=q)
    data = find(page)
    return render(
        data, "throughput/board.html", today=day_of(now), state=state, q=q,
        opened=(day, state, q) == (None, None, None),
        rests=lambda: not calendar_for(session).is_working_day(day_of(now)),
        to_remind=partial(reminding.units_due, session, day=wanted, now=now),
        asked=partial(reopenings.waiting, session, caller),
        glance=partial(render.request.app.state.beside_board, session, caller, now),
        before=days.owed_before(session, wanted), after=days.owed_after(session, wanted),
        table=lambda: board_text.as_table(find(None), request.state.locale),
    )  # fmt: skip


@router.get(
    "/board/text", operation_id="get_board_text", response_model=BoardTextOut, responses=problems(401, 403, 422),
    dependencies=[SEES_FIGURES],
)  # fmt: skip
def get_board_text(
    request: Request, caller: CanSeeOwed, session: Reading, render: Render, now: Now, day: DayQuery = None,
    lang: Annotated[Locale | None, Query(description="Language; default: the caller's, else Vietnamese")] = None,
) -> Response:  # fmt: skip
    """Give a day's board as one line for the chat group: how many are in, the sums, who still owes what."""
    wanted, locale = day or days.last_owed(session, day_of(now)), lang or request.state.locale
    data = board.board(session, caller, None, day=wanted, now=now)
    text = BoardTextOut(text=board_text.text(data, locale))
    return render(text, "throughput/board_text.html", day=wanted, lang=locale)


@router.get(
    "/definitions", operation_id="list_definitions", response_model=DefinitionsOut, responses=problems(401, 403)
)
def list_definitions(caller: SignedIn, session: Reading, render: Render) -> Response:
    """List what the rates and the states mean."""
    data = definitions.every(session)
    return render(data, "throughput/definitions.html", table=lambda: definitions.as_table(data))


@router.get(
    "/definitions/{name}", operation_id="get_definition", response_model=DefinitionOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_definition(caller: SignedIn, name: Defined, session: Reading, render: Render) -> Response:
    """Tell what a rate or a state means: formula, target, source, legal basis, version."""
    return render(definitions.one(session, name), "throughput/meaning.html")
