"""Monthly reports to the centre at both doors."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now, now_of
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.schemas import problems
from app.core.web import Render, form
from app.tasks import programmes
from app.tasks.endpoints_programmes import ProgrammeCodeInPath
from app.tasks.monthly import files, service
from app.tasks.monthly.schemas import (
    DispatchIn,
    MonthlyIn,
    MonthlyItem,
    MonthlyList,
    MonthlyOut,
    MonthlyRow,
    MonthlyWithdrawalIn,
)

router = APIRouter(route_class=DoorRoute, tags=["tasks"])

CanRead = Annotated[Caller, allow("tasks:read")]
CanKeep = Annotated[Caller, allow("tasks:keep")]
CanAccept = Annotated[Caller, allow("tasks:accept")]
Month = Annotated[
    str, Path(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", max_length=7, description="The month", examples=["2026-11"])
]


@router.get(
    "/tasks/monthly", operation_id="list_monthly_reports", response_model=MonthlyList,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_monthly_reports(
    caller: CanRead, session: Reading, render: Render, now: Now,
    programme: Annotated[
        str, Query(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$", max_length=30, description="A programme's code")
    ] = "centre",
) -> Response:  # fmt: skip
    """List a programme's reports of the last twelve months: where each stands and by which days it is due."""
    found = service.listing(session, caller, programme, now)
    return render(
        found, "tasks/monthly_list.html",
        table=lambda: tables.of_models("bao-cao-thang", found.items, MonthlyItem),
        programmes=programmes.listing(session).items,
    )  # fmt: skip


@router.get(
    "/tasks/monthly/{programme}/{month}", operation_id="get_monthly_report", response_model=MonthlyOut,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def get_monthly_report(
    caller: CanRead, programme: ProgrammeCodeInPath, month: Month, session: Reading, render: Render, now: Now
) -> Response:
    """Give a month's report: as it would be at the cut-off while it is a draft, as it was kept afterwards.

    The workbook and the document of one that was sent are the files themselves that were sent.
    """
    found = service.show(session, caller, programme, month, now)

    def book() -> bytes:
        return service.sent_file(session, found, ".xlsx") or files.workbook(found.content)

    def table() -> tables.Table:
        rows = tables.of_models(f"bao-cao-{programme}-{month}", found.content.rows, MonthlyRow)
        return tables.Table(rows.name, rows.columns, rows.rows, book=book)

    return render(found, "tasks/monthly.html", table=table, version=found.version or None, words=files)


BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/tasks/monthly/{programme}/{month}/document", operation_id="get_monthly_document", response_class=Response,
    responses=problems(401, 403, 404, 422) | {200: {"content": {files.DOCX: BINARY}}},
)  # fmt: skip
def get_monthly_document(
    caller: CanRead, programme: ProgrammeCodeInPath, month: Month, session: Reading, now: Now
) -> Response:
    """Give a month's report as a document (DOCX) that an officer can edit."""
    found = service.show(session, caller, programme, month, now)
    name = quote(f"bao-cao-{programme}-{month}.docx")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    content = service.sent_file(session, found, ".docx") or files.document(found.content)
    return Response(content, media_type=files.DOCX, headers=headers)


def _again(request: Request, session: Session) -> MonthlyOut:
    named = request.path_params
    return service.show(session, request.state.caller, named["programme"], named["month"], now_of(request))


def _words(*_: object) -> dict[str, object]:
    return {"words": files}


def _saved(session: Session, caller: Caller, programme: str, month: str, render: Render, now: Now) -> Response:
    shown = service.show(session, caller, programme, month, now)
    return render.saved(shown, to=f"/tasks/monthly/{programme}/{month}", version=shown.version)


@router.put(
    "/tasks/monthly/{programme}/{month}", operation_id="put_monthly_report", response_model=MonthlyOut,
    responses=problems(401, 403, 404, 409, 412, 422, 428),
)  # fmt: skip
@form("tasks/monthly.html", _again, _words)
def put_monthly_report(
    request: Request, caller: CanKeep, programme: ProgrammeCodeInPath, month: Month, session: Writing, render: Render,
    now: Now, values: MonthlyIn,
) -> Response:  # fmt: skip
    """Write what the city itself says in a month's report; wants `If-Match` where somebody wrote before."""
    service.write(
        session, caller, programme, month, values=values, if_match=request.headers.get("if-match"), now=now
    )  # fmt: skip
    return _saved(session, caller, programme, month, render, now)


@router.post(
    "/tasks/monthly/{programme}/{month}/approval", operation_id="approve_monthly_report", response_model=MonthlyOut,
    responses=problems(401, 403, 404, 409, 422),
)  # fmt: skip
@form("tasks/monthly.html", _again, _words)
def approve_monthly_report(
    caller: CanAccept, programme: ProgrammeCodeInPath, month: Month, session: Writing, render: Render, now: Now
) -> Response:
    """Approve a month's report after its cut-off: from now on it says what was known then."""
    service.approve(session, caller, programme, month, now=now)
    return _saved(session, caller, programme, month, render, now)


@router.post(
    "/tasks/monthly/{programme}/{month}/withdrawal", operation_id="withdraw_monthly_approval",
    response_model=MonthlyOut, responses=problems(401, 403, 404, 409, 422),
)  # fmt: skip
@form("tasks/monthly.html", _again, _words)
def withdraw_monthly_approval(
    caller: CanAccept, programme: ProgrammeCodeInPath, month: Month, session: Writing, render: Render, now: Now,
    body: MonthlyWithdrawalIn,
) -> Response:  # fmt: skip
    """Open an approved report again, with the reason; not one that was sent."""
    service.withdraw(session, caller, programme, month, body=body, now=now)
    return _saved(session, caller, programme, month, render, now)


@router.post(
    "/tasks/monthly/{programme}/{month}/dispatch", operation_id="send_monthly_report", response_model=MonthlyOut,
    responses=problems(401, 403, 404, 409, 422),
)  # fmt: skip
@form("tasks/monthly.html", _again, _words)
def send_monthly_report(
    caller: CanKeep, programme: ProgrammeCodeInPath, month: Month, session: Writing, render: Render, now: Now,
    body: DispatchIn,
) -> Response:  # fmt: skip
    """Note by which document an approved report was sent; it is never changed afterwards."""
    service.dispatch(session, caller, programme, month, body=body, now=now)
    return _saved(session, caller, programme, month, render, now)
