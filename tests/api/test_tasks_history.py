"""Random histories of tasks: at every moment each stands in one bucket, and `as_of` equals a replay."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlmodel import Session, col

from app.core import audit
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Problem
from app.tasks import life, proof, rules, service, states
from app.tasks.directives import service as directives
from app.tasks.directives.schemas import DirectiveIn
from app.tasks.life_schemas import AcceptanceIn, ProposalIn, TaskReturnIn
from app.tasks.listing import Filters, listing
from app.tasks.models import Task, TaskCount
from app.tasks.progress import service as progress
from app.tasks.progress.schemas import ExtensionIn, UpdateIn
from app.tasks.rules import Bucket, Headline
from app.tasks.schemas import DocumentIn, TaskNew
from app.tasks.scope import service as scope
from app.tasks.scope.compare import compare
from app.tasks.scope.schemas import CancellationIn, ReclassificationIn, SplitIn
from app.tasks.summary.service import summary
from tests.support.tasks import DOCUMENT, directive, task

BEGIN = datetime(2026, 1, 5, 2, tzinfo=UTC)
EVERYTHING = Caller(
    id=0, user_name="test", label="Chuyên viên", role="city_analyst", unit_id=None, unit_code=None,
    rights=frozenset(), units=None,
)  # fmt: skip
PAPER = DocumentIn.model_validate(DOCUMENT)


def _acts(random: Random) -> Any:
    deadline = f"2026-{random.randint(1, 12):02}"
    return random.choice(
        [
            lambda s, t, now: progress.say(s, EVERYTHING, t, body=UpdateIn(on_track=True), now=now),
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


@pytest.mark.parametrize("seed", range(6))
def test_as_of_equals_a_replay_and_compare_explains_everything(app: FastAPI, session: Session, seed: int) -> None:
    random = Random(seed)
    number, moments = _begin(session), [BEGIN]
    known: dict[str, list[tuple[datetime, rules.Facts]]] = {}
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
        whole = listing(session, EVERYTHING, None, filters=Filters(), as_of=at, now=now)
        assert {item.code: item.bucket for item in whole.items} == replay, at
        told = summary(session, EVERYTHING, filters=Filters(), as_of=at)
        assert {c.bucket: c.count for c in told.buckets} == {b: Counter(replay.values())[b] for b in Bucket}, at
        assert told.total == told.sum == len(replay)
        found[at] = replay
    assert list(proof.differences(session, now)) == []
    session.execute(update(TaskCount).values(moved=col(TaskCount.moved) + 1))
    assert any("tasks counted" in fault for fault in proof.differences(session, now)), "false sums are found out"
    proof.rebuild(session)
    assert list(proof.differences(session, now)) == []
    for first, last in zip(sorted(found)[::4], sorted(found)[3::4], strict=False):
        told_between = compare(session, EVERYTHING, first=first, last=last, filters=Filters())
        old, new = Counter(found[first].values()), Counter(found[last].values())
        for row in told_between.buckets:
            assert (row.old, row.new) == (old[row.bucket], new[row.bucket])
            assert row.explained == row.difference == row.new - row.old
        assert told_between.added == told_between.new_total - told_between.old_total


def _note(session: Session, known: dict[str, list[tuple[datetime, rules.Facts]]], now: datetime) -> None:
    for row in session.scalars(select(Task)):
        known.setdefault(row.code, []).append((now, states.facts_of(row, Headline.original)))


def _begin(session: Session) -> int:
    session.info["audit_context"] = audit.Context(BEGIN, None, "test", "command")
    row = directives.add(session, EVERYTHING, values=DirectiveIn.model_validate(directive()), now=BEGIN)
    for n in range(4):
        service.add(session, EVERYTHING, values=TaskNew.model_validate(task(f"A{n}", row.id)), now=BEGIN)
    return row.id
