"""For operators and developers: is it alive, is it ready, what is the contract."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from sqlalchemy import inspect, text

from app.core.access import public
from app.core.errors import Unavailable
from app.core.schemas import problems
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


def customise_openapi(app: FastAPI) -> None:
    """Give the contract its bearer scheme; every operation but none wants a token."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes,
                description="Counts are of dossiers. Times are RFC 3339, days are those of Asia/Ho_Chi_Minh.",
            )  # fmt: skip
            schema.setdefault("components", {})["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "description": "`tiendo57 token create`"}
            }
            schema["security"] = [{"token": []}]
            for unused in ("HTTPValidationError", "ValidationError"):
                schema["components"].get("schemas", {}).pop(unused, None)
            for methods in schema["paths"].values():
                for operation in methods.values():
                    _declare_problems(operation)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _declare_problems(operation: dict[str, Any]) -> None:
    """Say of every refusal that it is a problem document, and declare those that any call may meet."""
    any_call = (413, 415, 422, 503) if "requestBody" in operation else (503,)
    declared = operation["responses"]
    for status in any_call:
        declared.setdefault(str(status), {"description": problems(status)[status]["description"]})
    for status, answer in declared.items():
        if int(status) >= 400:
            schema = {"$ref": "#/components/schemas/ProblemDocument"}
            answer["content"] = {"application/problem+json": {"schema": schema}}
