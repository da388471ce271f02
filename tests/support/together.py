"""What the processes of one run of tests make once and use together."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from jinja2 import FileSystemBytecodeCache

from app.core import web


def once(path: Path, make: Callable[[Path], None]) -> Path:
    """Return a file that the first process to come makes; the others wait for it."""
    with path.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not path.exists():
            half = path.with_suffix(".half")
            make(half)
            half.rename(path)
    return path


def keep_compiled_templates() -> None:
    """Compile a template in the first process of a run that draws it: all of them take as long as the application."""
    if folder := os.environ.get("TIENDO57_TEST_COMPILED"):
        web.environment().bytecode_cache = FileSystemBytecodeCache(folder)
