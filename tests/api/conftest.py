"""Callers that several files of tests share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.support.figures import SCOPES


@pytest.fixture
def machine(api: Callable[..., TestClient]) -> TestClient:
    """The one-gate system's token: of no unit, so of all."""
    return api("machine", scopes=SCOPES)


@pytest.fixture
def keyed(app: FastAPI, tmp_path: Path) -> None:
    """An installation with a key of its own."""
    key = tmp_path / "key"
    key.write_text("khóa của riêng thành phố, đủ dài để không ai đoán ra")
    app.state.settings = app.state.settings.model_copy(update={"portal_key_file": str(key)})
