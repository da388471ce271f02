"""What pages of tasks show beside the task itself."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import now_of
from app.core.errors import Problem
from app.tasks import programmes, service
from app.tasks.clash import merge
from app.tasks.detail_schemas import TaskOut
from app.tasks.directives.models import Directive, DirectiveClause
from app.tasks.models import Task, TaskTag
from app.tasks.narrowing import Filters
from app.tasks.programme_schemas import ProgrammeOut
from app.tasks.schemas import TaskIn
from app.tasks.shown import show
from app.tasks.summary.service import summary
from app.units import service as units


def about(session: Session, caller: Caller, filters: Filters, as_of: datetime | None, now: datetime) -> dict[str, Any]:
    """Return what the list of tasks is narrowed by, and its sum."""
    narrowed = Filters(**{**vars(filters), "bucket": None})
    return {
        "programmes": programmes.listing(session).items,
        "units": units.listing(session, None).items if caller.units is None else [],
        "directives": list(session.scalars(select(Directive).order_by(col(Directive.issued_on).desc()).limit(200)))
        if caller.units is None else [],
        "tags": list(session.scalars(select(col(TaskTag.tag)).distinct().order_by(col(TaskTag.tag)).limit(100))),
        "sums": summary(session, caller, filters=narrowed, as_of=as_of, now=now),
    }  # fmt: skip


def blank(session: Session) -> dict[str, Any]:
    """Return what the form of a task offers to choose from."""
    clauses: dict[int, list[str]] = {}
    for number, label in session.execute(
        select(col(DirectiveClause.directive_id), col(DirectiveClause.label)).order_by(col(DirectiveClause.sort_order))
    ):
        clauses.setdefault(number, []).append(label)
    return {
        "programmes": programmes.listing(session).items,
        "units": units.listing(session, None).items,
        "directives": list(session.scalars(select(Directive).order_by(col(Directive.issued_on).desc()).limit(500))),
        "clauses": clauses,
    }


def task_again(session: Session, task: Task) -> dict[str, Any]:
    """Return what the form of an existing task needs beside its values."""
    return {"task": task, "offers": blank(session), "clash": [], "taken": []}


def edit_again(request: Request, session: Session, problem: Problem, data: TaskIn) -> dict[str, Any]:
    """Return what a refused edit is drawn again with, and what another saved meanwhile.

    Whatever it was refused for: it is drawn with the version of now, which would pass over the other's values.
    """
    task = service.by_code(session, request.state.caller, request.path_params["code"])
    typed, base = getattr(request.state, "typed", {}), _base(request)
    if base is None and problem.code not in ("stale", "precondition_required"):
        return task_again(session, task)
    merged = merge(base, data, typed)
    return task_again(session, task) | {"clash": merged.both, "taken": merged.taken, "typed": merged.typed}


def _base(request: Request) -> TaskIn | None:
    """Return the task that a form was drawn from: its version counts updates too, of which no edition is kept."""
    said = dict(getattr(request.state, "pairs", [])).get("_base")
    try:
        return TaskIn.model_validate_json(said) if said else None
    except ValidationError:
        return None


def task_page(request: Request, session: Session) -> TaskOut:
    """Return a task for its page, drawn again after a refusal."""
    caller: Caller = request.state.caller
    return show(session, caller, service.by_code(session, caller, request.path_params["code"]), now_of(request))


class ActPage(StrEnum):
    """The acts that have a form of their own, by the last word of their address."""

    updates = "updates"
    evidence = "evidence"
    proposal = "proposal"
    acceptance = "acceptance"
    sending_back = "return"
    extensions = "extensions"
    milestones = "milestones"
    cancellation = "cancellation"
    merger = "merger"
    split = "split"  # type: ignore[assignment]  # hides a method of text that nobody calls on it
    reclassification = "reclassification"


def act_of(request: Request, session: Session, problem: Problem, data: Any) -> dict[str, Any]:
    """Return which act's form was refused."""
    act = request.url.path.rpartition("/")[2]
    offered = units.choices(session) if act == "split" else []
    return {"act": act, "units": offered, "file_brought": getattr(request.state, "file_brought", None)}


def programme_again(request: Request, session: Session) -> ProgrammeOut:
    """Return a programme for its form, drawn again after a refusal."""
    return programmes.shown(session, programmes.by_code(session, request.path_params["programme"]))
