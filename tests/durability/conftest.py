"""What the endurance tests share: the application as an installation serves it."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.core.db import Database
from app.core.settings import Settings
from tests.durability.live import serving


@pytest.fixture
def server(app: FastAPI, database_url: str) -> Iterator[str]:
    """The application behind a socket, with the pool that an installation has."""
    app.state.database.engine.dispose()
    app.state.database = Database(Settings(database_url=SecretStr(database_url), log_level="error"))
    with serving(app) as address:
        yield address
