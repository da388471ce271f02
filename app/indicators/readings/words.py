"""Source and note of figures published before this service was, in the other two languages; the data file has them."""

import csv
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent.parent / "data" / "published.csv"


def rows() -> Iterator[dict[str, str]]:
    """Yield the rows of the data file; one with a `measure` speaks of dossiers too."""
    with DATA.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@lru_cache
def _words() -> dict[tuple[str, str], dict[str, str | None]]:
    names = ("source_en", "source_fr", "note_en", "note_fr")
    return {(row["source_vi"], row["note_vi"]): {name: row[name] or None for name in names} for row in rows()}


def translated(source: str | None, note: str | None) -> dict[str, str | None]:
    """Return `source_en`, `source_fr`, `note_en` and `note_fr` of a published figure; nothing for other words."""
    return _words().get((source or "", note or ""), {})
