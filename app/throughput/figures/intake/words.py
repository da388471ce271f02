"""What files said of a unit-day, one after the other: which of it is still said once a file is withdrawn."""

from collections.abc import Collection
from typing import NamedTuple


class Word(NamedTuple):
    """That a file gave a unit-day a version, or said `again` what stood.

    `is_said`: it is not withdrawn, or the door said the same since. `taken_back`: the version that its withdrawal made;
    `before`: what stood in the place of what it gave.
    """

    version: int
    again: bool
    is_said: bool
    taken_back: int | None
    before: str | None


def is_said(words: Collection[Word], version: int) -> bool:
    """Tell whether anybody still says a version; what no file gave, the door said, and nobody withdraws that."""
    of_files = [word.is_said for word in words if word.version == version]
    return not of_files or any(of_files)


def before(words: Collection[Word], version: int) -> tuple[int, str | None]:
    """Return the last version up to one that is still said, 0 for none, and what it says.

    What a withdrawal made is nobody's own word: it repeats one that is looked at by itself.
    """
    repeated = {word.taken_back for word in words}
    kept = {word.version: word.before for word in words if not word.again}
    first = version
    for number in range(version, 0, -1):
        if number in repeated:
            continue
        if is_said(words, number):
            return number, kept[first]
        first = number
    return 0, kept[first]
