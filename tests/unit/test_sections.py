"""Routers taken together by how their addresses begin answer as they would by themselves."""

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from app.core.sections import include

ROUTES = ("/tasks", "/tasks/{code}", "/tokens", "/units", "/units/{code}/days", "/t", "/t/tasks")
ADDRESSES = (
    "/",
    "/t",
    "/t/",
    "/tasks",
    "/tasks/",
    "/tasks/A",
    "/tokens",
    "/units/A/days",
    "/t/tasks",
    "/t/tasks/A",
    "/tt",
)


def _routers() -> list[APIRouter]:
    routers = []
    for path in ROUTES:
        router = APIRouter()
        router.add_api_route(path, lambda path=path: path, methods=["GET"])
        routers.append(router)
    return routers


def _apps(prefix: str) -> tuple[FastAPI, FastAPI]:
    plain, sections = FastAPI(), FastAPI()
    for router in _routers():
        plain.include_router(router, prefix=prefix)
    include(sections, _routers(), prefix)
    return plain, sections


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
@pytest.mark.parametrize("root", ["", "/t", "/tasks", "/tien-do"])
def test_sections_answer_as_plain_routers_do(prefix: str, root: str) -> None:
    plain, sections = (TestClient(app, root_path=root, follow_redirects=False) for app in _apps(prefix))
    asked = [before + prefix + address for before in {"", root} for address in ADDRESSES]
    said = []
    for address in asked:
        for method in ("GET", "POST"):
            answer, expected = sections.request(method, address), plain.request(method, address)
            said.append(answer.status_code)
            assert (answer.status_code, answer.text) == (expected.status_code, expected.text), (method, address)
            assert answer.headers.get("location") == expected.headers.get("location"), (method, address)
            assert answer.headers.get("allow") == expected.headers.get("allow"), (method, address)
    assert {200, 404, 405} <= set(said)
