"""How far long work has come: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal and plain lines elsewhere; gives the function that advances it."""
    done = 0
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task(label, total=total)
            yield lambda n: bar.advance(task, n)
        return

    def advance(n: int) -> None:
        nonlocal done
        before, done = done, done + n
        if done * 10 // max(total, 1) > before * 10 // max(total, 1):
            sys.stderr.write(f"{label.lower()}: {done}/{total} {unit}\n")

    yield advance
