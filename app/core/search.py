"""Text columns that sort and search alike on both databases."""

from typing import Any

from sqlalchemy import ColumnElement, String, and_, false, literal

from app.core.text import search_key


def ordered_text(length: int) -> String:
    """Return a text type compared by code point: a PostgreSQL server's own collation would order keys otherwise."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def has_words(column: Any, query: str) -> ColumnElement[bool]:
    """Return the condition that a folded column has, for every word typed, a word that begins so, diacritics aside."""
    padded = literal(" ").concat(column)
    words = search_key(query).split()
    return and_(*(padded.contains(f" {word}", autoescape=True) for word in words)) if words else false()
