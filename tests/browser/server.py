"""Serves the application as `serve` does, with a clock that stands where the tests want it."""

import sys

import uvicorn

from app.core.settings import Settings
from app.main import create_app
from tests.support.clients import SetClock
from tests.support.together import keep_compiled_templates


def serve(port: int, at: str) -> None:
    """Serve until the process is asked to end."""
    keep_compiled_templates()
    uvicorn.run(
        create_app(Settings(), SetClock(at)), host="127.0.0.1", port=port, access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
