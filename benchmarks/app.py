"""The application under measurement: itself, with a clock that stands still on a working day and an echo beside."""

import time
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, FastAPI, Response

from app.core.access import Caller, allow
from app.core.forms import DoorRoute
from app.core.settings import Settings
from app.main import create_app
from app.throughput.schemas import ReportIn

NOW = datetime.fromisoformat("2026-11-20T16:45:20+07:00")


class StandingClock:
    """A clock that always shows the same moment."""

    def now(self) -> datetime:
        """Return that moment."""
        return NOW


class MovingClock:
    """A clock that begins at that moment and goes on from there."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def now(self) -> datetime:
        """Return that moment and what has passed since."""
        return NOW + timedelta(seconds=time.monotonic() - self.began)


def moving() -> FastAPI:
    """Build the application itself, with a clock that goes on from a working day."""
    return create_app(Settings(), MovingClock())


def build() -> FastAPI:
    """Build the application with two echoes of a report's body: with the token judged, and without."""
    app = create_app(Settings(), StandingClock())
    router = APIRouter(prefix="/api/v1/bench", route_class=DoorRoute)

    @router.put("/echo")
    def echo(body: ReportIn) -> Response:
        return Response(body.model_dump_json(), media_type="application/json")

    @router.put("/echo-with-token")
    def echo_with_token(caller: Annotated[Caller, allow("reports:send")], body: ReportIn) -> Response:
        return Response(body.model_dump_json(), media_type="application/json")

    app.include_router(router)
    return app


def hello() -> FastAPI:
    """Build the least that FastAPI serves: one endpoint with a word, in a thread as ours are."""
    app = FastAPI()

    @app.get("/")
    def greet() -> dict[str, str]:
        return {"hello": "world"}

    return app
