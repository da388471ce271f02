"""For operators and developers: is it alive, is it ready, and the page that shows the contract."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import inspect, text

from app.core.access import public
from app.core.errors import Unavailable
from app.core.web import Renderer

router = APIRouter()


@router.get("/healthz", dependencies=[public()])
async def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@router.get("/readyz", dependencies=[public()])
def readyz(request: Request) -> dict[str, str]:
    """Say that the database answers and is migrated; 503 otherwise."""
    database = request.app.state.database
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise Unavailable
        revision = connection.execute(text("select version_num from alembic_version")).scalar()
    if revision is None:
        raise Unavailable
    return {"status": "ready", "database": database.version(), "migration": str(revision)}


@router.get("/api/docs", dependencies=[public()])
def api_docs(request: Request) -> Response:
    """Show the interactive page of the API."""
    request.state.door = "people"
    return Renderer(request).page("core/api_docs.html")
