"""How what the portal publishes is shown."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.portal.codes.rules import CodeOf, Match

KIND_WORDS = "agency (cơ quan) | field (lĩnh vực) | procedure (thủ tục hành chính)"
MATCH_WORDS = "matched (đã đối chiếu) | unmapped (chưa đối chiếu) | gone (Cổng không còn)"


class PortalCodeOut(BaseModel):
    """A code of the portal's lists, and what it is with us."""

    kind: Annotated[CodeOf, Described(description=KIND_WORDS)]
    code: str
    name: str
    parent: Annotated[str | None, Described(description="A procedure's field")]
    match: Annotated[Match, Described(description=MATCH_WORDS)]
    target: Annotated[str | None, Described(description="Our code; null: none yet")]
    first_at: datetime
    changed_at: datetime
    gone_at: datetime | None


class PortalCodePage(BaseModel):
    """Codes of the portal, unmapped ones first, then by kind and code; `unmapped` of all."""

    unmapped: int
    last_at: Annotated[datetime | None, Described(description="When a list last changed")]
    items: list[PortalCodeOut]
    next: str | None


class PulledOut(BaseModel):
    """What a round of pulling brought."""

    lists: Annotated[list["PulledList"], Described(description="Of each of the portal's lists")]
    months: Annotated[int | None, Described(description="Rows of figures; null: not offered or failed")]
    scores: Annotated[int | None, Described(description="Scores; null: not offered or failed")]
    failed: Annotated[list[str], Described(description="What did not come; the exchanges say why")]


class PulledList(BaseModel):
    """How one list differs from the night before."""

    kind: Annotated[CodeOf, Described(description=KIND_WORDS)]
    added: int
    changed: int
    gone: int


class PortalMonthOut(BaseModel):
    """What the portal publishes of a unit's month, and its latest score; null is not zero."""

    agency: Annotated[str, Described(description="The portal's code")]
    unit: Annotated[str | None, Described(description="Our code; null: not mapped")]
    name: str
    received: int | None
    online: int | None
    direct: int | None
    post: int | None
    on_time: int | None
    overdue: int | None
    score: Annotated[float | None, Described(description="By QĐ 766, of 100; the latest, whatever the month")]
    scored_at: str | None
    known_at: datetime


class PortalMonthPage(BaseModel):
    """The portal's published figures of a month: cumulative, never by day."""

    month: str
    items: list[PortalMonthOut]
