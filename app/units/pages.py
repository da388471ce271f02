"""What forms of other domains show of units."""

from typing import Any

from fastapi import Request
from sqlmodel import Session

from app.core.errors import Problem
from app.units import service


def with_units(request: Request, session: Session, problem: Problem, data: Any) -> dict[str, Any]:
    """Return the units that a refused form offers again."""
    return {"units": service.choices(session)}
