"""What each test asks the database: `make asked` finds those of which PostgreSQL hears nothing that others do not ask.

Their names go to `tests/data/asked_by_others.txt`, and `make test` runs them on SQLite only. A statement is its text
without values and widths. What only tests on SQLite ask is told.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support.statements import asked

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
_OURS = re.compile(r"\b(public|seed)\.|\bDATABASE\b")  # sent by the tests to have a database put back
_open = ExitStack()
_now: Any = None
_asked: dict[str, set[str]] = {}  # by test
_sent: Counter[str] = Counter()
_elsewhere: set[str] = set()  # tests that run on SQLite only, whatever they ask
_always: set[str] = set()


def name_of(nodeid: str) -> str:
    """Return a test's name without its case."""
    return nodeid.partition("[")[0]


def _kind(statement: str) -> str:
    return _SEVERAL.sub("?", _VALUE.sub("?", statement))


def pytest_sessionstart() -> None:
    """Begin to gather."""
    global _now
    _now = _open.enter_context(asked(Engine))


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
    statements = [statement for statement, _ in _now if not _OURS.search(statement)]
    _asked.setdefault(name, set()).update(map(_kind, set(statements)))
    _sent[name] += len(statements)
    return answer


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's to the one who gathers all."""
    if hasattr(session.config, "workeroutput"):
        kinds = sorted(set().union(*_asked.values()))
        place = {kind: n for n, kind in enumerate(kinds)}
        tests = {name: [place[kind] for kind in of] for name, of in _asked.items()}
        session.config.workeroutput["asked"] = [kinds, tests, dict(_sent), list(_elsewhere), list(_always)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add a worker's to all."""
    kinds, tests, sent, elsewhere, always = node.workeroutput["asked"]
    for name, of in tests.items():
        _asked.setdefault(name, set()).update(kinds[n] for n in of)
    _sent.update(sent)
    _elsewhere.update(elsewhere)
    _always.update(always)


def _asked_by_others() -> list[str]:
    """Return the tests that can be left out together, of two the one that sends more."""
    times = Counter(kind for name, of in _asked.items() if name not in _elsewhere for kind in of)
    left_out = []
    for name in sorted(_asked.keys() - _elsewhere - _always, key=lambda name: (-_sent[name], name)):
        if all(times[kind] > 1 for kind in _asked[name]):
            times.subtract(_asked[name])
            left_out.append(name)
    return sorted(left_out)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the list, and tell of each statement that only SQLite is sent, with a test that sends it."""
    names = _asked_by_others()
    LIST.write_text("".join(f"{name}\n" for name in names), "utf-8")
    heard = set().union(*(of for name, of in _asked.items() if name not in _elsewhere))
    alone = {kind: name for name in _elsewhere for kind in _asked[name] - heard}
    terminalreporter.section(f"{len(names)} tests ask nothing of their own; asked on SQLite only: {len(alone)} kinds")
    for kind, name in sorted(alone.items(), key=lambda one: one[1]):
        terminalreporter.write_line(f"{name}\n    {kind}")
