"""Kinds of documents that tasks come from: pure."""

from enum import StrEnum


class DirectiveKind(StrEnum):
    """What kind of document it is."""

    resolution = "resolution"
    plan = "plan"
    conclusion = "conclusion"
    decision = "decision"
    directive = "directive"
    official_letter = "official_letter"
    urgent_telegram = "urgent_telegram"


class Secrecy(StrEnum):
    """The secrecy level a document carries; only what carries none is kept here."""

    none = "none"
    confidential = "confidential"
    secret = "secret"
    top_secret = "top_secret"
