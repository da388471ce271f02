"""The domains' own look-ups put together: each begins with what the caller may see."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from app.core.access import Caller
from app.core.paging import Page
from app.core.settings import Locale
from app.core.text import has_words
from app.indicators.overview import service as indicators
from app.indicators.rules import CITY
from app.procedures import catalogue
from app.search import rules
from app.search.rules import CANDIDATES, TASKS, Nearness, SearchGroup
from app.search.schemas import SearchGroupOut, SearchHit, SearchOut
from app.tasks import listing as tasks
from app.tasks.directives import service as directives
from app.tasks.schemas import UnitName
from app.units import service as units

Found = tuple[list[SearchHit], bool, Nearness]  # what is shown, whether there is more, how near the first of it is


def search(session: Session, caller: Caller, query: str | None, now: datetime, locale: Locale) -> SearchOut:
    """Return what is found of some words or a code, group by group; nothing of what the caller may not read."""
    words = rules.wanted(query)
    if words is None or query is None:
        return SearchOut(q=None, groups=[])
    found: dict[SearchGroup, SearchGroupOut] = {}
    near: list[tuple[SearchGroup, Nearness]] = []
    for group, (right, look, to) in _GROUPS.items():
        if not caller.may(right):
            continue
        items, more, first = look(session, caller, query, words, now, locale)
        if items:
            at = f"{to}{'&' if '?' in to else '?'}{urlencode({'q': query.strip()})}"
            found[group] = SearchGroupOut(group=group, items=items, more=more, see_all=at)
            near.append((group, first))
    return SearchOut(q=words, groups=[found[group] for group in rules.in_order(near)])


def _units(session: Session, caller: Caller, query: str, words: str, now: datetime, locale: Locale) -> Found:
    every = units.listing(session, Page(CANDIDATES, None), q=query).items
    kept, first = rules.nearest(every, lambda one: rules.nearness(query, [one.code], one.name), lambda one: one.name)
    hits = []
    for one in kept:
        others = [name for name in (*one.former_names, *one.other_names) if has_words(name, query)]
        hits.append(
            SearchHit(
                group=SearchGroup.units, code=one.code, name=one.name, unit=None, state=one.kind.value, day=None,
                about=None if has_words(f"{one.code} {one.name}", query) else next(iter(others), None),
                goal=None, link=f"/units/{one.code}",
            )
        )  # fmt: skip
    return hits, len(every) > len(kept), first


def _tasks(session: Session, caller: Caller, query: str, words: str, now: datetime, locale: Locale) -> Found:
    every = tasks.looked_up(session, caller, query, TASKS, now=now)
    kept, first = rules.nearest(every, lambda one: rules.nearness(query, [one.code, one.centre_code], one.title))
    hits = [
        SearchHit(
            group=SearchGroup.tasks, code=one.code, name=one.title, unit=one.lead_unit, state=one.bucket.value,
            day=deadline.day if (deadline := one.approved_deadline or one.deadline) else None, about=None,
            goal=None, link=f"/tasks/{one.code}",
        )
        for one in kept
    ]  # fmt: skip
    return hits, len(every) > len(kept), first


def _procedures(session: Session, caller: Caller, query: str, words: str, now: datetime, locale: Locale) -> Found:
    every = catalogue.listing(session, Page(CANDIDATES, None), q=words).items
    kept, first = rules.nearest(every, lambda one: rules.nearness(query, [one.code], one.name), lambda one: one.name)
    hits = [
        SearchHit(
            group=SearchGroup.procedures, code=one.code, name=one.name, unit=None, state=None, day=None,
            about=getattr(one, f"field_name_{locale}"), goal=None, link=f"/procedures/{one.code}",
        )
        for one in kept
    ]  # fmt: skip
    return hits, len(every) > len(kept), first


def _indicators(session: Session, caller: Caller, query: str, words: str, now: datetime, locale: Locale) -> Found:
    def near(one: Any) -> Nearness:
        return rules.nearness(query, [one.code], getattr(one, f"name_{locale}"))

    kept, more = indicators.looked_up(session, words, lambda every: rules.nearest(every, near)[0], now=now)
    hits = [
        SearchHit(
            group=SearchGroup.indicators, code=held.one.indicator.code,
            name=getattr(held.one.definition, f"name_{locale}"),
            unit=UnitName(code=owner.code, name=owner.name) if (owner := held.one.owner) else None,
            state=held.standing.value, day=None, about=None, goal=indicators.goal_out(held.target),
            link=f"/indicators/{held.one.indicator.code}",
        )
        for held in kept
    ]  # fmt: skip
    first = rules.nearness(query, [hits[0].code], hits[0].name) if hits else Nearness.words
    return hits, more, first


def _directives(session: Session, caller: Caller, query: str, words: str, now: datetime, locale: Locale) -> Found:
    every = directives.listing(session, caller, Page(CANDIDATES, None), q=words).items
    kept, first = rules.nearest(every, lambda one: rules.nearness(query, [one.number], one.title))
    hits = [
        SearchHit(
            group=SearchGroup.directives, code=one.number, name=one.title, unit=None, state=one.kind.value,
            day=one.issued_on, about=one.issuer, goal=None, link=f"/directives/{one.id}",
        )
        for one in kept
    ]  # fmt: skip
    return hits, len(every) > len(kept), first


_Look = Callable[[Session, Caller, str, str, datetime, Locale], Found]
_GROUPS: dict[SearchGroup, tuple[str, _Look, str]] = {
    SearchGroup.units: ("units:read", _units, "/units"),
    # The lists begin with less than all: tasks with those that have no parent, an officer's indicators with the ward's.
    SearchGroup.tasks: ("tasks:read", _tasks, "/tasks?level=all"),
    SearchGroup.procedures: ("catalogue:read", _procedures, "/procedures"),
    SearchGroup.indicators: ("indicators:read", _indicators, f"/indicators?unit={CITY}"),
    SearchGroup.directives: ("tasks:read", _directives, "/directives"),
}
