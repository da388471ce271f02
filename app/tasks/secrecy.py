"""Marks of secrecy as documents and files carry them: pure."""

import re

# Marks of secrecy as they stand on a document: whole words in capitals, or at the end of a number.
_SECRECY = re.compile(r"(?<!\w)(TUYỆT MẬT|TỐI MẬT|MẬT)(?!\w)")
_SECRECY_NAME = re.compile(r"(?<![^\W_])(tuyet[ ._-]?mat|toi[ ._-]?mat|do[ ._-]?mat)(?![^\W_])")


def secrecy_mark(text: str) -> bool:
    """Tell whether a title, number or line carries a secrecy level as documents do."""
    return _SECRECY.search(text) is not None


def secrecy_name(folded: str) -> bool:
    """Tell whether a file's name, folded to plain letters, speaks of a secrecy level."""
    return _SECRECY_NAME.search(folded) is not None
