"""Bringing the catalogue as a file, and other systems' codes, at both doors."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from app.core import bodies, files, sheets, tables
from app.core.access import Caller, allow
from app.core.bodies import one_of_bodies
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.files import FileId, FileOut, Upload
from app.core.forms import DoorRoute
from app.core.grids import Grid
from app.core.schemas import created, problems
from app.core.web import Render, form
from app.procedures import catalogue_import, codes
from app.procedures.catalogue_import import CatalogueImport, CatalogueTemplate
from app.procedures.codes import ExternalCodeIn, ExternalCodeList, ExternalCodeOut

router = APIRouter(route_class=DoorRoute, tags=["catalogue"])

CanRead = Annotated[Caller, allow("catalogue:read")]
CanEdit = Annotated[Caller, allow("catalogue:edit")]
READER = "catalogue:edit"


class KeptCatalogue(BaseModel):
    """A file that was tried before and is kept."""

    model_config = ConfigDict(extra="forbid")

    file: FileId


@dataclass(frozen=True)
class Brought:
    """A catalogue's file, read: one that is brought now, or one that was kept before."""

    grids: list[Grid]
    upload: Upload | None = None
    kept: FileOut | None = None


async def get_brought(request: Request, caller: CanEdit) -> Brought:
    """Supply the file of a call, or the one that was kept when it was tried: read before the session."""
    if bodies.is_multipart(request):
        upload = await bodies.read_upload(request)
        return Brought(await run_in_threadpool(sheets.from_file, upload.content), upload)
    named = await bodies.read_model(request, KeptCatalogue)
    return await run_in_threadpool(_kept, request, named.file)


def _kept(request: Request, number: int) -> Brought:
    with request.app.state.database.read() as session:
        upload, kept = files.opened(session, number, unit_id=None, reader=READER)
    return Brought(sheets.from_file(upload.content), kept=kept)


@router.get(
    "/procedures/template", operation_id="get_catalogue_template", response_model=CatalogueTemplate,
    responses=problems(401, 403),
)  # fmt: skip
def get_catalogue_template(caller: CanEdit, session: Reading, render: Render) -> Response:
    """Give the columns of the catalogue's file, and as `.xlsx` or `.csv` the catalogue as it stands, to be edited."""
    return render(
        catalogue_import.template(), "procedures/import.html", table=lambda: catalogue_import.as_table(session)
    )


def _template_again(request: Request, session: Session) -> CatalogueTemplate:
    return catalogue_import.template()


@router.post(
    "/procedures/import", operation_id="import_procedures", response_model=CatalogueImport,
    openapi_extra={"requestBody": one_of_bodies(KeptCatalogue)},
    responses=problems(401, 403, 409, 412, 413, 415, 422, 503),
)  # fmt: skip
@form("procedures/import.html", _template_again)
def import_procedures(
    request: Request, caller: CanEdit, brought: Annotated[Brought, Depends(get_brought)], session: Writing, now: Now,
    render: Render,
    dry_run: Annotated[bool, Query(description="Say what would change, and store nothing but the file")] = False,
) -> Response:  # fmt: skip
    """Add and change procedures from a file, all of it or nothing; those that it does not name stay as they are."""
    file = brought.kept
    if brought.upload is not None:
        file = files.keep(session, caller, brought.upload, unit_id=None, reader=READER, now=now)
    assert file is not None
    if_match = request.headers.get("if-match")
    data = catalogue_import.bring(session, caller, brought.grids, file=file, dry_run=dry_run, if_match=if_match)
    if dry_run:
        return render(data, "procedures/imported.html")
    return render.saved(data, to="/procedures")


@router.get(
    "/external-codes", operation_id="list_external_codes", response_model=ExternalCodeList,
    responses=problems(401, 403, 406),
)  # fmt: skip
def list_external_codes(caller: CanRead, session: Reading, render: Render) -> Response:
    """List what other systems call our units and fields."""
    data = codes.listing(session)
    return render(
        data, "procedures/external_codes.html",
        table=lambda: tables.of_models("ma-he-thong-khac", data.items, ExternalCodeOut),
    )  # fmt: skip


def _codes_again(request: Request, session: Session) -> ExternalCodeList:
    return codes.listing(session)


@router.put(
    "/external-codes", operation_id="put_external_code", response_model=ExternalCodeOut,
    responses=created(ExternalCodeOut) | problems(401, 403, 415, 422),
)  # fmt: skip
@form("procedures/external_codes.html", _codes_again)
def put_external_code(caller: CanEdit, session: Writing, render: Render, values: ExternalCodeIn) -> Response:
    """Say what another system's code means; said again, the last word counts."""
    data, is_new = codes.put(session, caller, values=values)
    return render.saved(data, to="/external-codes", created=is_new, location="/external-codes")


@router.delete(
    "/external-codes/{number}", operation_id="delete_external_code", status_code=204, response_model=None,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def delete_external_code(
    caller: CanEdit, number: Annotated[int, Path(ge=1, le=2**31 - 1, description="The code's number")],
    session: Writing, render: Render,
) -> Response:  # fmt: skip
    """Take another system's code away."""
    codes.remove(session, caller, number)
    return render.gone(to="/external-codes")
