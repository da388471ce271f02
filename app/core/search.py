"""Text columns that sort and search alike on both databases."""

from typing import Any

from sqlalchemy import ColumnElement, String, and_, false, literal

from app.core.text import search_key, words_typed


def ordered_text(length: int) -> String:
    """Return a text type compared by code point: a PostgreSQL server's own collation would order keys otherwise."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def has_phrase(column: Any, query: str) -> ColumnElement[bool]:
    """Return the condition that a folded column has what was typed, from a word's beginning on, diacritics aside."""
    phrase = search_key(query)
    return literal(" ").concat(column).contains(f" {phrase}", autoescape=True) if phrase else false()


def column_has_words(column: Any, query: str) -> ColumnElement[bool]:
    """Return the condition that a folded column has what `core.text.has_words` finds in a text."""
    words = words_typed(query)
    return and_(*(has_phrase(column, word) for word in words)) if words else false()
