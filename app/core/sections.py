"""Routers by what their addresses begin with: FastAPI tries every route of every router, one after the other."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class Section(APIRouter):
    """Routers of one part of the application, asked only about addresses that begin as one of theirs does."""

    def __init__(self, routers: Iterable[APIRouter], prefix: str, *, in_contract: bool) -> None:
        super().__init__(include_in_schema=in_contract)
        self._depth = prefix.count("/") + 1
        begin = set()
        for router in routers:
            self.include_router(router, prefix=prefix)
            begin |= {_begin(prefix + path, self._depth) for path in _paths(router)}
        self._begin = frozenset(begin)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for one of these routers."""
        if _begin(scope["path"], self._depth) not in self._begin:
            return Match.NONE, {}
        return super().matches(scope)


def sections(routers: Iterable[APIRouter], prefix: str = "", *, in_contract: bool = False) -> Iterator[Section]:
    """Yield routers in their order, those of neighbours that begin alike together."""
    for _, alike in groupby(routers, lambda router: _begin(_paths(router)[0], 1)):
        yield Section(alike, prefix, in_contract=in_contract)


def _paths(router: APIRouter) -> list[str]:
    return [route.path for route in router.routes if isinstance(route, APIRoute)]


def _begin(path: str, depth: int) -> str:
    return "/".join(path.split("/", depth + 1)[: depth + 1])
