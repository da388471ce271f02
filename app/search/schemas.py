"""What the search shows."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.indicators.schemas import GoalOut
from app.search.rules import AT_MOST, SearchGroup
from app.tasks.schemas import UnitName

GROUP_WORDS = (
    "units (đơn vị) | tasks (nhiệm vụ) | procedures (thủ tục hành chính) | indicators (chỉ tiêu) | "
    "directives (văn bản giao nhiệm vụ)"
)


class SearchHit(BaseModel):
    """One find, with a line about it."""

    group: Annotated[SearchGroup, Described(description=GROUP_WORDS)]
    code: Annotated[str, Described(description="Of a directive its number")]
    name: Annotated[str, Described(description="In the language asked for, where it is translated")]
    unit: Annotated[UnitName | None, Described(description="A task's lead unit; who answers for an indicator")]
    state: Annotated[
        str | None,
        Described(
            description="Of a task its bucket, of an indicator how the city stands to the target, of a unit or "
            "directive its kind"
        ),
    ]
    day: Annotated[
        date | None, Described(description="A task's deadline, the last extension's if there is one; a directive's day")
    ]
    about: Annotated[
        str | None,
        Described(description="A unit's other name that was found, a procedure's field, a directive's issuer"),
    ]
    goal: Annotated[GoalOut | None, Described(description="An indicator's target, which its state is held against")]
    link: Annotated[str, Described(description="The page; `/api/v1` before it: the row itself")]


class SearchGroupOut(BaseModel):
    """The nearest finds of one group."""

    group: Annotated[SearchGroup, Described(description=GROUP_WORDS)]
    items: Annotated[list[SearchHit], Described(description=f"At most {AT_MOST}")]
    more: Annotated[bool, Described(description="There are further ones, in the list at `see_all`")]
    see_all: Annotated[str, Described(description="The group's own list, narrowed to the same words")]


class SearchOut(BaseModel):
    """What was found; groups without a find, or that the caller may not read, are left out."""

    q: Annotated[str | None, Described(description="The words looked for, folded; null: fewer than two letters")]
    groups: list[SearchGroupOut]
