"""How exchanges are shown."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.portal.adapters.rules import Endpoint, Outcome, Purpose

ENDPOINT_WORDS = "legacy (giao diện phong bì cũ) | rest (giao diện REST)"
PURPOSE_WORDS = "sign_in | agencies | fields | procedures | dossier | months | scores | push"
OUTCOME_WORDS = (
    "ok | refused (answered with no) | expired (the session had ended) | busy (429, 503) | failed (other 5xx) | "
    "unreachable | timeout | torn | too_large | not_json | bad_answer (JSON, not as agreed)"
)
HASH_WORDS = (
    "null: no whole answer, or a body with a password or a person in it (sign_in, dossier), which is not hashed"
)


class ExchangeOut(BaseModel):
    """One try to exchange something with another system."""

    id: int
    at: datetime
    endpoint: Annotated[Endpoint, Described(description=ENDPOINT_WORDS)]
    purpose: Annotated[Purpose, Described(description=PURPOSE_WORDS)]
    attempt: Annotated[int, Described(description="1 is the first try")]
    outcome: Annotated[Outcome, Described(description=OUTCOME_WORDS)]
    http_status: Annotated[int | None, Described(description="null: no answer came")]
    milliseconds: int
    sent_bytes: int
    sent_sha256: Annotated[str | None, Described(description=HASH_WORDS)]
    received_bytes: Annotated[int | None, Described(description="null: no whole answer came")]
    received_sha256: Annotated[str | None, Described(description=HASH_WORDS)]


class ExchangeDetail(ExchangeOut):
    """One exchange with its bodies, in which everything but codes, counts and dates of the catalogue is hidden."""

    sent_body: str
    received_body: str | None


class ExchangePage(BaseModel):
    """Exchanges, the newest first."""

    items: list[ExchangeOut]
    next: str | None
