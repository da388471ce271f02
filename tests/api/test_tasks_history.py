"""Random histories of tasks: at every moment each stands in one bucket, and `as_of` equals a replay to the letter."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from app.core import audit
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Problem
from app.tasks import life, proof, rules, service, states
from app.tasks.directives import service as directives
from app.tasks.directives.schemas import DirectiveIn
from app.tasks.life_schemas import AcceptanceIn, ProposalIn, TaskReturnIn
from app.tasks.listing import listing
from app.tasks.models import FOREVER, Task, TaskCount, TaskMark, TaskPercent
from app.tasks.narrowing import Filters
from app.tasks.progress import service as progress
from app.tasks.progress.schemas import ExtensionIn, MilestonesIn, UpdateIn
from app.tasks.rules import Bucket, Headline, TaskLevel, TaskRole
from app.tasks.schemas import DocumentIn, TaskIn, TaskNew
from app.tasks.scope import service as scope
from app.tasks.scope.compare import compare
from app.tasks.scope.schemas import CancellationIn, ReclassificationIn, SplitIn
from app.tasks.shown import show
from app.tasks.summary.service import summary
from app.units.models import Unit
from tests.conftest import seeds
from tests.support.tasks import DOCUMENT, directive, task

BEGIN = datetime(2026, 1, 5, 2, tzinfo=UTC)
EVERYTHING = Caller(
    id=0, user_name="test", label="Chuyên viên", role="city_analyst", unit_id=None, unit_code=None,
    rights=frozenset(), units=None,
)  # fmt: skip
PAPER = DocumentIn.model_validate(DOCUMENT)
WORDS = ("an_toan", "du_lieu", "hop_tac")
WHOLE = Filters(level=TaskLevel.all)
# What tells of the caller or of the last call, not of the task at that moment.
NOW_ONLY = {"version", "as_of", "may", "updated_at"}


def _edited(session: Session, one: Task, random: Random, now: datetime) -> None:
    """Write something else of a task: its words, its units, its place below another."""
    parents = [t.code for t in session.scalars(select(Task).order_by(col(Task.code))) if t.code != one.code]
    words = {
        "title": f"Việc {random.choice(WORDS)} {random.randint(1, 9)}",
        "tags": random.sample(WORDS, random.randint(0, 2)),
        "lead_unit": random.choice(["19789", "SO-KHCN"]), "product": random.choice([None, "Báo cáo", "Phần mềm"]),
        "coordinating_units": random.sample(["SO-NV", "SO-YT"], random.randint(0, 2)),
        "accountable_position": random.choice([None, "Giám đốc", "Chủ tịch"]), "clause": random.choice([None, "II.1"]),
        "parent": random.choice([None, None, random.choice(parents)]), "weight": random.randint(1, 5),
        "roll_up": random.choice(["own", "own", "children"]),
    }  # fmt: skip
    values = service.current(session, one).model_dump(mode="json") | words
    service.change(session, EVERYTHING, one, values=TaskIn.model_validate(values), if_match="*", now=now)


def _milestones(session: Session, one: Task, random: Random, now: datetime) -> None:
    done = [None, day_of(now).isoformat()]
    items = [{"title": f"Bước {n}", "weight": random.randint(1, 3), "done_on": random.choice(done)} for n in (1, 2)]
    body = MilestonesIn.model_validate({"items": items[: random.randint(0, 2)]})
    progress.put_milestones(session, EVERYTHING, one, values=body, if_match="*", now=now)


def _acts(random: Random) -> Any:
    deadline = f"2026-{random.randint(1, 12):02}"
    return random.choice(
        [
            lambda s, t, now: progress.say(s, EVERYTHING, t, body=UpdateIn(on_track=True), now=now),
            lambda s, t, now: progress.say(s, EVERYTHING, t, body=UpdateIn(percent=random.randint(0, 100)), now=now),
            lambda s, t, now: progress.say(s, EVERYTHING, t, body=UpdateIn(milestones=[1], document="2/BC"), now=now),
            lambda s, t, now: _milestones(s, t, random, now),
            lambda s, t, now: _edited(s, t, random, now),
            lambda s, t, now: _edited(s, t, random, now),
            lambda s, t, now: life.propose(
                s, EVERYTHING, t, body=ProposalIn(result="Xong", document="1/BC"), now=now
            ),
            lambda s, t, now: life.accept(s, EVERYTHING, t, body=AcceptanceIn(), now=now),
            lambda s, t, now: life.accept(s, EVERYTHING, t, body=AcceptanceIn(), now=now),
            lambda s, t, now: life.send_back(s, EVERYTHING, t, body=TaskReturnIn(reason="Thiếu"), now=now),
            lambda s, t, now: progress.extend(
                s, EVERYTHING, t, body=ExtensionIn(deadline=deadline, document=PAPER), now=now
            ),
            lambda s, t, now: scope.reclassify(
                s, EVERYTHING, t, now=now,
                body=ReclassificationIn.model_validate({"kind": "regular", "rhythm": "month", "document": DOCUMENT}),
            ),
            lambda s, t, now: scope.reclassify(
                s, EVERYTHING, t, now=now,
                body=ReclassificationIn.model_validate({"kind": "dated", "document": DOCUMENT}),
            ),
            lambda s, t, now: scope.cancel(s, EVERYTHING, t, body=CancellationIn(document=PAPER), now=now),
            lambda s, t, now: scope.split(
                s, EVERYTHING, t, now=now,
                body=SplitIn.model_validate({
                    "document": DOCUMENT,
                    "parts": [{"code": f"{t.code}.{n}", "title": f"Phần {n}"} for n in (1, 2)],
                }),
            ),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", seeds(4))
def test_as_of_equals_a_replay_and_compare_explains_everything(app: FastAPI, session: Session, seed: int) -> None:
    random = Random(seed)
    number, moments = _begin(session), [BEGIN]
    known: dict[str, list[tuple[datetime, rules.Facts]]] = {}
    read: dict[datetime, Any] = {}
    now = BEGIN
    _note(session, known, now)
    for step in range(60):
        now += timedelta(hours=random.randint(1, 240))
        session.info["audit_context"] = audit.Context(now, None, "test", "command")
        tasks = list(session.scalars(select(Task).order_by(col(Task.code))))
        if len(tasks) < 12 and step % 3 == 0:
            body = task(f"T{step}", number, deadline=f"2026-{random.randint(2, 12):02}")
            more = {"unclassified": random.random() < 0.2, "lead_unit": random.choice(["19789", "SO-KHCN"])}
            service.add(session, EVERYTHING, values=TaskNew.model_validate(body | more), now=now)
        else:
            chosen = random.choice(tasks)
            with session.begin_nested() as nested:
                try:
                    _acts(random)(session, chosen, now)
                except Problem:  # what its state does not allow
                    nested.rollback()
        session.flush()
        moments.append(now)
        _note(session, known, now)
        if step % 10 == seed:
            read[now] = _read(session, None, now)
    later = [now + timedelta(days=d) for d in (1, 40, 400)]
    between = [m + timedelta(seconds=random.randint(-3600, 3600)) for m in random.sample(moments, 12)]
    ends = [m.replace(hour=16, minute=59, second=59, microsecond=999999) for m in random.sample(moments, 6)]
    found = {}
    for at in sorted([*random.sample(moments, 15), *between, *ends, *later]):
        replay = {
            code: rules.bucket(facts, day_of(at))
            for code, history in known.items()
            if (facts := next((f for since, f in reversed(history) if since <= at), None)) is not None
        }
        whole = listing(session, EVERYTHING, None, filters=WHOLE, as_of=at, now=now)
        assert {item.code: item.bucket for item in whole.items} == replay, at
        top = Counter(item.bucket for item in whole.items if item.parent is None)
        kept = summary(session, EVERYTHING, filters=Filters(), as_of=at, now=now)  # from the kept sums
        assert {c.bucket: c.count for c in kept.buckets} == {b: top[b] for b in Bucket}, at
        told = summary(session, EVERYTHING, filters=WHOLE, as_of=at, now=now)
        assert {c.bucket: c.count for c in told.buckets} == {b: Counter(replay.values())[b] for b in Bucket}, at
        assert told.total == told.sum == len(replay)
        found[at] = replay
    for at, told_then in read.items():
        assert _read(session, at, now) == told_then, at
    session.expire_all()  # what is compared comes from the database, not from memory
    assert list(proof.differences(session, now)) == []
    session.execute(update(TaskCount).values(moved=col(TaskCount.moved) + 1))
    assert any("tasks counted" in fault for fault in proof.differences(session, now)), "false sums are found out"
    proof.rebuild(session, now)
    assert list(proof.differences(session, now)) == []
    _damaged(session, now)
    for first, last in zip(sorted(found)[::4], sorted(found)[3::4], strict=False):
        told_between = compare(session, EVERYTHING, first=first, last=last, filters=WHOLE)
        old, new = Counter(found[first].values()), Counter(found[last].values())
        for row in told_between.buckets:
            assert (row.old, row.new) == (old[row.bucket], new[row.bucket])
            assert row.explained == row.difference == row.new - row.old
        assert told_between.added == told_between.new_total - told_between.old_total
        for filters in (*_asked(session), Filters(), Filters(bucket=Bucket.overdue, level=TaskLevel.all)):
            _explained(session, filters, first, last, (found[first], found[last]))


def _damaged(session: Session, now: datetime) -> None:
    """What a task is found by is told of and put right: words lost, a tag made up, a word twice; so is a percent."""
    one = session.scalars(select(Task).where(col(Task.code) == "A0")).one()
    held = [col(TaskMark.task_id) == one.id, col(TaskMark.to_at) == FOREVER]
    twice = {"task_id": one.id, "from_at": BEGIN, "to_at": FOREVER, "word": one.search_key.split()[0]}
    spoiled = (
        update(TaskMark).where(*held, col(TaskMark.word).is_not(None)).values(to_at=now),
        insert(TaskMark).values(task_id=one.id, from_at=BEGIN, to_at=FOREVER, tag="bia_ra"),
        insert(TaskMark).values(twice),
        insert(TaskPercent).values(task_id=one.id, at=now, percent=99, source="declared"),
    )  # fmt: skip
    for wrong in spoiled:
        session.execute(wrong)
        (told,) = proof.differences(session, now)
        assert told.startswith("task A0: what it is found by"), told
        proof.rebuild(session, now)
        session.expire_all()
        assert list(proof.differences(session, now)) == []


def _explained(
    session: Session, filters: Filters, first: datetime, last: datetime, known: tuple[dict[str, Bucket], ...]
) -> None:
    """A comparison that is narrowed explains itself too, and calls no task new, or moved by time, that is not."""
    told = compare(session, EVERYTHING, first=first, last=last, filters=filters)
    lists = [
        {i.code: i.bucket for i in listing(session, EVERYTHING, None, filters=filters, as_of=at, now=last).items}
        for at in (first, last)
    ]
    assert (told.old_total, told.new_total) == (len(lists[0]), len(lists[1]))
    for row in told.buckets:
        assert row.explained == row.difference == row.new - row.old
    papers = {entry.task for entry in told.ledger if entry.kind == "added"}
    for move in told.moves:
        for code in move.tasks:
            assert (move.before, move.after) == (lists[0].get(code), lists[1].get(code))
            if move.before is None:
                assert (move.cause in ("added", "split")) == (code not in known[0]), (filters, code, move)
                assert code in known[0] or code in papers, "what is new has its paper"
            if filters.bucket is None and code in known[0] and None in (move.before, move.after):
                assert move.cause == "edited", (filters, code, move)
    assert told.added == len(lists[1].keys() - known[0].keys())


def _note(session: Session, known: dict[str, list[tuple[datetime, rules.Facts]]], now: datetime) -> None:
    for row in session.scalars(select(Task)):
        known.setdefault(row.code, []).append((now, states.facts_of(row, Headline.original)))


def _read(session: Session, as_of: datetime | None, now: datetime) -> Any:
    """Return what lists, filters and single tasks say, now or as of a moment."""
    whole = listing(session, EVERYTHING, None, filters=WHOLE, as_of=as_of, now=now).items
    asked = _asked(session)
    found = [listing(session, EVERYTHING, None, filters=f, as_of=as_of, now=now).items for f in asked]
    sums = [summary(session, EVERYTHING, filters=f, as_of=as_of, now=now).buckets for f in asked]
    shown = [
        show(session, EVERYTHING, row, now, as_of=as_of).model_dump(exclude=NOW_ONLY)
        for row in session.scalars(select(Task).where(col(Task.code).in_(["A0", "A1"])).order_by(col(Task.code)))
    ]
    return [i.model_dump(exclude=NOW_ONLY) for i in whole], [[i.code for i in some] for some in found], sums, shown


def _asked(session: Session) -> list[Filters]:
    helper = session.scalars(select(Unit).where(col(Unit.code) == "SO-NV")).one()
    return [
        Filters(tag="du_lieu", level=TaskLevel.all), Filters(q="an toan", level=TaskLevel.all), Filters(unit=helper),
        Filters(unit=helper, role=TaskRole.coordinating), Filters(position="Giám đốc", level=TaskLevel.all),
        Filters(parent="A0"), Filters(parent="A1", bucket=Bucket.on_schedule),
    ]  # fmt: skip


def _begin(session: Session) -> int:
    session.info["audit_context"] = audit.Context(BEGIN, None, "test", "command")
    row = directives.add(session, EVERYTHING, values=DirectiveIn.model_validate(directive()), now=BEGIN)
    for n in range(4):
        service.add(session, EVERYTHING, values=TaskNew.model_validate(task(f"A{n}", row.id)), now=BEGIN)
    return row.id
