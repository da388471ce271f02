"""Times an act of a served process against a bare insert of the rows that it leaves.

`executemany` into tables of the same shape in the same database file, committed durably: once of the figures and lines
alone, once of every row that the act leaves new or another in any table.
"""

import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.core.db import sqlite_module

ROUNDS = 7
Rows = tuple[str, str, list[tuple[Any, ...]]]  # a table, its columns, and rows of it


def processor(pid: int) -> float:
    """Return the seconds of processor time that all threads of a process have had."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in files) / 1e9


def bare(path: Path, sets: Sequence[Rows]) -> tuple[float, float]:
    """Return the seconds of a plain insert of rows into tables of the same shape, committed durably: all, processor."""
    connection = sqlite_module().connect(path, isolation_level=None, timeout=30)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    for like, _, _ in sets:
        parts = connection.execute("select type, name, sql from sqlite_master where tbl_name = ? and sql > ''", (like,))
        connection.execute(f"drop table if exists raw_{like}")
        for kind, name, shape in sorted(parts.fetchall(), key=lambda part: part[0] != "table"):
            if kind in ("table", "index"):
                mine = re.sub(rf'\b(INDEX) "?({name})"?|(TABLE|ON) "?({like})"?', _raw, shape, count=2)
                connection.execute(mine)
    begin, worked = time.perf_counter(), time.thread_time()
    connection.execute("BEGIN IMMEDIATE")
    for like, columns, rows in sets:
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"insert into raw_{like} ({columns}) values ({marks})", rows)
    connection.execute("COMMIT")
    spent = time.perf_counter() - begin, time.thread_time() - worked
    for like, *_ in sets:
        connection.execute(f"drop table raw_{like}")
    connection.close()
    return spent


def _raw(found: re.Match[str]) -> str:
    kind, name = (part for part in found.groups() if part is not None)
    return f"{kind} raw_{name}"


def content(path: Path) -> dict[str, tuple[str, set[tuple[Any, ...]]]]:
    """Return every table's columns and rows."""
    connection = sqlite_module().connect(path, timeout=30)
    tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
    found = {}
    for name in tables:
        if not name.startswith(("raw_", "sqlite_")):
            rows = connection.execute(f"select * from {name}")
            found[name] = ", ".join(f'"{column[0]}"' for column in rows.description), set(rows.fetchall())
    connection.close()
    return found


def written(before: dict[str, Any], after: dict[str, Any]) -> list[Rows]:
    """Return the rows of all tables that are new since, or others."""
    found = [(name, columns, sorted(rows - before[name][1], key=str)) for name, (columns, rows) in after.items()]
    return [one for one in found if one[2]]


def compare(
    name: str,
    path: Path,
    pid: int,
    body: Callable[[int], bytes],
    act: Callable[[bytes], object],
    sets: Sequence[Rows],
    rounds: int = ROUNDS,
) -> None:
    """Time an act and two bare inserts in turn: of its figures and lines, and of every row that it leaves.

    Prints rows and the medians of ratios. What is sent is made before: that is the other system's work, as the bare
    inserts' rows are made before too.
    """
    act(body(0))
    ours, raw, whole, count = [], [], [], 0
    for n in range(1, rounds + 1):
        said, before = body(n), content(path)
        begin, worked = time.perf_counter(), processor(pid)
        act(said)
        ours.append((time.perf_counter() - begin, processor(pid) - worked))
        raw.append(bare(path, sets))
        left = written(before, content(path))
        whole.append(bare(path, left))
        count = sum(len(of) for *_, of in left)
    for of, rows, bares in (("figures, lines", sum(len(of) for *_, of in sets), raw), ("every row", count, whole)):
        ratios, of_processor = ([b[k] / a[k] for a, b in zip(ours, bares, strict=True)] for k in (0, 1))
        print(
            f"{name:<30}{of:<15}{rows:>6}{rows / statistics.median(a for a, _ in ours):>9.0f}"
            f"{rows / statistics.median(b for b, _ in bares):>9.0f}{statistics.median(ratios):>8.3f}"
            f"  ({min(ratios):.3f} … {max(ratios):.3f}){statistics.median(of_processor):>8.3f}"
            f"{statistics.median(worked for _, worked in ours) * 1000:>8.1f} ms", flush=True,
        )  # fmt: skip
