"""What each test has the application ask the database: `make asked` finds those of which PostgreSQL hears nothing that
others do not ask.

Their names go to `tests/data/asked_by_others.txt`, and `make test` runs them on SQLite only. A statement counts by its
parts, each column, condition, join and order in it, without values and widths: which of them come together is the
application's matter, and each is the database's. What only tests on SQLite ask is told.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support.statements import Asked, asked

LIST = Path(__file__).parents[1] / "data" / "asked_by_others.txt"
# Two at one moment, damage, upgrades and the first act of all: there the database itself is what is tested.
_ALWAYS = (
    "tests/durability/",
    "test_migrations",
    "test_put_back",
    "test_reports_put",
    "test_core_audit",
    "test_openapi",
)
_VALUE = re.compile(r"%\(\w+\)s|%s|\b\d+\b|_\d+\b")
_SEVERAL = re.compile(r"\(?\?(::[\w ]+)?\)?(, ?\(?\?(::[\w ]+)?\)?)+")
_PART = re.compile(
    r",\s+|[()]|\s+(?=(?:FROM|WHERE|AND|OR|(?:(?:LEFT|OUTER|CROSS) )*JOIN|ON|GROUP BY|HAVING|ORDER BY|LIMIT|OFFSET"
    r"|UNION|EXCEPT|VALUES|SET|RETURNING|CASE|WHEN|THEN|ELSE|END|FOR)\b)",
    re.IGNORECASE,
)
_HERE = Path(__file__).parents[2]


class _OfTheApplication(Asked):
    """Notes what the application asks, and not what a test looks up by itself."""

    def append(self, one: tuple[str, Any]) -> None:
        """Note it if whoever asked stands in the application."""
        frame = sys._getframe(2)
        while frame.f_back and not frame.f_code.co_filename.startswith((f"{_HERE}/app/", f"{_HERE}/tests/")):
            frame = frame.f_back
        if frame.f_code.co_filename.startswith(f"{_HERE}/app/"):
            super().append(one)


_open = ExitStack()
_now: Asked = _OfTheApplication()
_asked: dict[str, set[str]] = {}  # by test
_sent: Counter[str] = Counter()
_elsewhere: set[str] = set()  # tests that run on SQLite only, whatever they ask
_always: set[str] = set()


def name_of(nodeid: str) -> str:
    """Return a test's name without its case."""
    return nodeid.partition("[")[0]


def _parts(statement: str) -> set[str]:
    return {part.strip() for part in _PART.split(_SEVERAL.sub("?", _VALUE.sub("?", statement))) if part.strip()}


def pytest_sessionstart() -> None:
    """Begin to gather."""
    _open.enter_context(asked(Engine, _now))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note what a test asked, all that prepares it included."""
    _now.clear()
    answer = yield
    if item.get_closest_marker("once") or "tests/pages" in item.nodeid:
        name = item.nodeid  # another case of the same test may run on both
        _elsewhere.add(name)
    else:
        name = name_of(item.nodeid)
        if item.get_closest_marker("each") or any(place in name for place in _ALWAYS):
            _always.add(name)
    _asked.setdefault(name, set()).update(*(_parts(statement) for statement in {statement for statement, _ in _now}))
    _sent[name] += len(_now)
    return answer


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's to the one who gathers all."""
    if hasattr(session.config, "workeroutput"):
        parts = sorted(set().union(*_asked.values()))
        place = {part: n for n, part in enumerate(parts)}
        tests = {name: [place[part] for part in of] for name, of in _asked.items()}
        session.config.workeroutput["asked"] = [parts, tests, dict(_sent), list(_elsewhere), list(_always)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add a worker's to all."""
    parts, tests, sent, elsewhere, always = node.workeroutput["asked"]
    for name, of in tests.items():
        _asked.setdefault(name, set()).update(parts[n] for n in of)
    _sent.update(sent)
    _elsewhere.update(elsewhere)
    _always.update(always)


def _asked_by_others() -> list[str]:
    """Return the tests that can be left out together, of two the one that sends more."""
    times = Counter(part for name, of in _asked.items() if name not in _elsewhere for part in of)
    left_out = []
    for name in sorted(_asked.keys() - _elsewhere - _always, key=lambda name: (-_sent[name], name)):
        if all(times[part] > 1 for part in _asked[name]):
            times.subtract(_asked[name])
            left_out.append(name)
    return sorted(left_out)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the list, and tell of each part of a statement that only SQLite is sent, with a test that sends it."""
    names = _asked_by_others()
    LIST.write_text("".join(f"{name}\n" for name in names), "utf-8")
    heard = set().union(*(of for name, of in _asked.items() if name not in _elsewhere))
    alone = {part: name for name in _elsewhere for part in _asked[name] - heard}
    terminalreporter.section(f"{len(names)} tests ask nothing of their own; asked on SQLite only: {len(alone)} parts")
    for part, name in sorted(alone.items(), key=lambda one: one[1]):
        terminalreporter.write_line(f"{name}\n    {part}")
