"""What the one-gate system sends of dossiers, and how it is answered and shown."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from app.core.errors import Problem
from app.core.schemas import Line, Moment
from app.portal.events.rules import Channel, Unfit
from app.throughput.figures.schemas import Source

MAX_EVENTS = 500
STATUS_WORDS = (
    "1 mới đăng ký, 2 được tiếp nhận, 3 không được tiếp nhận, 4 đang xử lý, 5 yêu cầu bổ sung, 6 yêu cầu nghĩa vụ tài "
    "chính, 7 công dân rút, 8 dừng xử lý, 9 đã xử lý xong, 10 đã trả kết quả"
)
CHANNEL_WORDS = "online (trực tuyến) | counter (trực tiếp) | post (bưu chính)"
FAULT_WORDS = "unreadable | unknown_unit (give its code a meaning) | in_future"


# One that is not known is kept only where it has the shape of a code (`rules`).
Code = Annotated[Line, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
AgencyCode = Annotated[Code, Field(max_length=35)]


class PortalEventIn(BaseModel):
    """One change of a dossier's status; whatever else is sent is dropped unread, and the dossier's code is hashed."""

    model_config = ConfigDict(
        extra="ignore",  # what should not be sent is dropped: nothing of it may go back in a refusal either
        json_schema_extra={
            "additionalProperties": False,
            "examples": [
                {
                    "dossier": "H57.12-261120-0001", "procedure": "1.001193", "receiving_unit": "19789",
                    "competent_unit": "19789", "channel": "online", "status": 2, "at": "2026-11-20T08:15:00+07:00",
                    "due_at": "2026-11-24T17:00:00+07:00",
                }
            ]
        },
    )  # fmt: skip

    dossier: Annotated[Line, Field(min_length=1, max_length=80, description="Its code; only a keyed hash is kept")]
    procedure: Annotated[Code, Field(max_length=40, description="One that the catalogue does not have is not split")]
    receiving_unit: Annotated[AgencyCode, Field(description="Our code of the unit, or the source's own")]
    competent_unit: Annotated[AgencyCode, Field(description="Whose figures it is counted in")]
    channel: Annotated[Channel, Field(description=CHANNEL_WORDS)]
    status: Annotated[int, Field(strict=True, ge=1, le=10, description=STATUS_WORDS)]
    at: Annotated[Moment, Field(description="When the status changed")]
    received_at: Annotated[Moment | None, Field(description="Where the system knows it")] = None
    due_at: Annotated[Moment | None, Field(description="As it is now, the stopped clock counted in; absent: none")] = (
        None
    )


class PortalEventsIn(BaseModel):
    """Events of one source, in any order; one that cannot be read is told at its place, and the others count."""

    model_config = ConfigDict(extra="forbid")

    source: Source
    events: Annotated[list[PortalEventIn], Field(json_schema_extra={"maxItems": MAX_EVENTS, "minItems": 1})]

    _unread: dict[int, str] = PrivateAttr(default_factory=dict)
    _places: list[int] = PrivateAttr(default_factory=list)

    @model_validator(mode="wrap")
    @classmethod
    def _read_what_can_be(cls, value: Any, handler: ModelWrapValidatorHandler["PortalEventsIn"]) -> "PortalEventsIn":
        sent = value.get("events") if isinstance(value, dict) else None
        if not isinstance(sent, list) or not isinstance(value, dict):
            return handler(value)
        if len(sent) > MAX_EVENTS:
            raise Problem("batch_too_large", status=413, values={"limit": MAX_EVENTS})
        kept: list[PortalEventIn] = []
        unread: dict[int, str] = {}
        places: list[int] = []
        for index, one in enumerate(sent):
            try:
                kept.append(PortalEventIn.model_validate(one))
                places.append(index)
            except ValidationError as unreadable:
                # Which property, never what stood in it.
                place = unreadable.errors(include_input=False, include_context=False)[0]["loc"]
                unread[index] = str(place[0]) if place else ""
        read = handler({**value, "events": kept})
        read._unread, read._places = unread, places
        return read

    @property
    def unread(self) -> dict[int, str]:
        """The places of events that could not be read, each with the property that is at fault."""
        return self._unread

    @property
    def places(self) -> list[int]:
        """Where each event that could be read stood."""
        return self._places


class AsideEventOut(BaseModel):
    """An event of a call that was not counted."""

    index: Annotated[int, Field(description="Its place in `events`")]
    fault: Annotated[Unfit, Field(description=FAULT_WORDS)]
    place: Annotated[str | None, Field(description="Which property")]


class RefusedDayOut(BaseModel):
    """A unit's day whose proposal could not be brought up to date."""

    unit: str
    day: date
    code: Annotated[str | None, Field(description="Why, as `PUT /throughput/figures` says it")]


class EventsOut(BaseModel):
    """What became of a call's events."""

    source: str
    accepted: Annotated[int, Field(description="New ones")]
    duplicates: Annotated[int, Field(description="Known already: no effect")]
    aside: Annotated[list[AsideEventOut], Field(description="Not counted; laid aside without what they held")]
    unit_days: Annotated[int, Field(description="Days of units whose proposals were counted anew")]
    refused_days: list[RefusedDayOut]


class FeedOut(BaseModel):
    """A source of events and how it flows."""

    source: str
    sender: Annotated[str | None, Field(description="Name of its token")]
    last_known_at: Annotated[datetime | None, Field(description="When the newest event came")]
    last_at: Annotated[datetime | None, Field(description="When the newest of them happened")]
    events_day: Annotated[int, Field(description="Events of the last 24 hours")]
    aside: Annotated[int, Field(description="Events laid aside")]


class FeedPage(BaseModel):
    """The sources of events, by name."""

    items: list[FeedOut]


class AsideOut(BaseModel):
    """Events laid aside for one reason."""

    source: str
    fault: Annotated[Unfit, Field(description=FAULT_WORDS)]
    code: Annotated[str | None, Field(description="The unit's code that is not known, or the property at fault")]
    events: int
    first_known_at: datetime
    last_known_at: datetime


class DueDayOut(BaseModel):
    """A unit's day whose proposal does not yet say what the events say."""

    source: str
    unit: Annotated[str, Field(description="Our code")]
    name: str
    day: date
    code: Annotated[str | None, Field(description="Why it was refused; null: not yet tried")]
    since: datetime


class AsidePage(BaseModel):
    """What was laid aside, by source, reason and code; and days whose proposals were refused, the first 200."""

    items: list[AsideOut]
    days: list[DueDayOut]
    refused: Annotated[int, Field(description="Such days in all")]


class DismissIn(BaseModel):
    """Which laid-aside events are done with: of one reason, and one code or property."""

    model_config = ConfigDict(extra="forbid")

    fault: Annotated[Unfit, Field(description=FAULT_WORDS)]
    code: Annotated[Line | None, Field(max_length=40, description="As the list names it")] = None


class ReplayOut(BaseModel):
    """What came of counting again."""

    accepted: int
    duplicates: int
    unit_days: Annotated[int, Field(description="Days of units whose proposals now say what the events say")]
    ready: Annotated[int, Field(description="Events and days that could be tried still: ask again")]
    left: Annotated[int, Field(description="Events still laid aside")]
    refused: Annotated[int, Field(description="Days still refused")]
