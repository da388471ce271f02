"""Callers that several files of tests share."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from tests.support.figures import SCOPES


@pytest.fixture
def machine(api: Callable[..., TestClient]) -> TestClient:
    """The one-gate system's token: of no unit, so of all."""
    return api("machine", scopes=SCOPES)
