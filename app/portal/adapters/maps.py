"""How each generation calls things: data with a version, in the files beside."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.portal.adapters.rules import Endpoint, Outcome, PortalFault

CURRENT = {Endpoint.legacy: "legacy-1", Endpoint.rest: "rest-1"}


@dataclass(frozen=True)
class Names:
    """A generation's words: of services, of a row's keys, of its codes; `kept` may stand in the exchange log."""

    version: str
    services: dict[str, str]
    keys: dict[str, dict[str, str]]
    codes: dict[str, dict[str, Any]]
    success: frozenset[str]
    expired: frozenset[str]
    kept: frozenset[str]

    def meaning(self, list_name: str, code: str) -> Any:
        """Return what a code of a list means with us; raises PortalFault for one that the list does not have."""
        found = self.codes[list_name].get(code)
        if found is None:
            raise PortalFault(Outcome.bad_answer, list_name)
        return found


@lru_cache
def read(name: str) -> Names:
    """Return a generation's words by the name of their file."""
    told = tomllib.loads((Path(__file__).parent / "maps" / f"{name}.toml").read_text(encoding="utf-8"))
    return Names(
        version=told["version"],
        services=told["services"],
        keys=told["keys"],
        codes=told.get("codes", {}),
        success=frozenset(told["success"]),
        expired=frozenset(told["expired"]),
        kept=frozenset(told["kept"]),
    )


def of(endpoint: Endpoint) -> Names:
    """Return the words of a generation as they are used now."""
    return read(CURRENT[endpoint])
