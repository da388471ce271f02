"""Routers by what their addresses begin with: FastAPI tries every route of every router, one after the other."""

from collections.abc import Iterable
from itertools import groupby

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette._utils import get_route_path  # the rule that routes go by themselves
from starlette.routing import Match
from starlette.types import Scope


class Section(APIRouter):
    """Routers of one part of the application, asked only about addresses that begin as one of theirs does."""

    def __init__(self, begin: Iterable[str]) -> None:
        super().__init__()
        self._begin = frozenset(begin)
        self._depth = max(one.count("/") for one in self._begin)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for one of these routers."""
        if _begin(get_route_path(scope), self._depth) not in self._begin:
            return Match.NONE, {}
        return super().matches(scope)


def include(app: FastAPI, routers: Iterable[APIRouter], prefix: str = "", *, in_contract: bool = False) -> None:
    """Include routers in their order, those of neighbours that begin alike as one section."""
    depth = prefix.count("/") + 1
    for _, neighbours in groupby(routers, lambda router: _begin(_paths(router)[0], 1)):
        alike = list(neighbours)
        begin = {_begin(prefix + path, depth) for router in alike for path in _paths(router)}
        assert not any("{" in one for one in begin), "what begins with a parameter may be anything"
        section = Section(begin)
        app.include_router(section, prefix=prefix, include_in_schema=in_contract)
        # Filled only now: of a full one FastAPI would make all routes at once, and once more when they are asked for.
        for router in alike:
            section.include_router(router)


def _paths(router: APIRouter) -> list[str]:
    return [route.path for route in router.routes if isinstance(route, APIRoute)]


def _begin(path: str, depth: int) -> str:
    return "/".join(path.split("/", depth + 1)[: depth + 1])
