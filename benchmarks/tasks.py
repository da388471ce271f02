"""Measures list and sums of tasks through HTTP with 10,000 tasks and 200,000 updates against 200 tasks, filtered too.

Prints 95th percentiles and their ratios, all taken in one run, in turn; run it with `python -m benchmarks.tasks`.
"""

import http.client
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlmodel import Session, col

from app import migrations
from app.accounts import tokens
from app.core import audit
from app.core.clock import at, day_of
from app.core.db import Database
from app.core.settings import Settings
from app.core.text import search_key
from app.tasks.directives.models import Directive
from app.tasks.models import (
    FOREVER,
    Programme,
    Task,
    TaskCount,
    TaskEdition,
    TaskMark,
    TaskPercent,
    TaskState,
    TaskTag,
    TaskUnit,
)
from app.tasks.progress.models import TaskUpdate
from app.tasks.rules import Facts, Rhythm, TaskKind, TaskStatus, course, next_update_due, period_end
from app.tasks.states import count_rows
from app.units.models import Unit
from benchmarks.app import NOW, StandingClock
from benchmarks.reports import served

FEW, MANY, UPDATES = 200, 10_000, 20
ROUNDS = 200
PAST = (day_of(NOW) - timedelta(days=200)).isoformat()
EDITED_AT = NOW - timedelta(days=300)
EDITED = ("title", "directive_id", "parent_id", "roll_up", "accountable_position", "responsible_position", "product",
          "authority", "rhythm", "precision", "centre_code", "weight", "search_key")  # fmt: skip
SEVERAL = "unit=SO-KHCN&tag=uu_tien&q=dac+biet"
QUESTIONS = {
    "list": "/api/v1/tasks?limit=50",
    "list as of a day": f"/api/v1/tasks?limit=50&as_of={PAST}",
    "list of what is overdue": "/api/v1/tasks?limit=50&bucket=overdue",
    "list of a bucket as of a day": f"/api/v1/tasks?limit=50&bucket=on_schedule&as_of={PAST}",
    "list of a unit": "/api/v1/tasks?limit=50&unit=SO-KHCN&role=lead",
    "list of a word of many": "/api/v1/tasks?limit=50&q=dich+vu+cong",
    "list of a word of many as of a day": f"/api/v1/tasks?limit=50&q=dich+vu+cong&as_of={PAST}",
    "list of words of a few": "/api/v1/tasks?limit=50&q=ho+tich+dac+biet",
    "list of words of a few as of a day": f"/api/v1/tasks?limit=50&q=ho+tich+dac+biet&as_of={PAST}",
    "list of a tag as of a day": f"/api/v1/tasks?limit=50&tag=uu_tien&as_of={PAST}",
    "list of several filters": f"/api/v1/tasks?limit=50&programme=centre&{SEVERAL}",
    "list of several filters as of a day": f"/api/v1/tasks?limit=50&programme=centre&{SEVERAL}&as_of={PAST}",
    "one task as of a day": f"/api/v1/tasks/B00010?as_of={day_of(NOW) - timedelta(days=1)}",
    "summary": "/api/v1/tasks/summary",
    "summary as of a day": f"/api/v1/tasks/summary?as_of={PAST}",
    "summary of a programme as of a day": f"/api/v1/tasks/summary?programme=centre&as_of={PAST}",
    "summary of a word that all have": "/api/v1/tasks/summary?q=dich+vu+cong",
    "summary of words of a few": "/api/v1/tasks/summary?q=ho+tich+dac+biet",
    "summary of words of a few as of a day": f"/api/v1/tasks/summary?q=ho+tich+dac+biet&as_of={PAST}",
    "summary of a unit as of a day": f"/api/v1/tasks/summary?unit=SO-KHCN&role=lead&as_of={PAST}",
    "summary of several filters": f"/api/v1/tasks/summary?programme=centre&{SEVERAL}",
    "summary of several filters as of a day": f"/api/v1/tasks/summary?programme=centre&{SEVERAL}&as_of={PAST}",
}
BASE: dict[str, Any] = {
    "phase_id": None, "clause_id": None, "parent_id": None, "roll_up": "own", "accountable_position": "Giám đốc",
    "responsible_position": None, "product": "Báo cáo", "authority": None, "approved": None, "approved_precision": None,
    "centre_code": None, "weight": 1, "accepted_at": None, "demonstration": False, "version": 1,
}  # fmt: skip


def fill(url: str, *, tasks: int) -> str:
    """Give a database tasks with two years of life, and return an analyst's token."""
    settings = Settings(database_url=SecretStr(url))
    database = Database(settings)
    migrations.upgrade(database)
    migrations.seed(database, settings, StandingClock())
    random = Random(57)
    with database.write() as session:
        session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
        put_tasks(session, random, tasks)
        _, token = tokens.create_token(
            session, role="city_analyst", unit_id=None, scopes=None, name="bench", now=NOW,
            expires=NOW + timedelta(days=1),
        )  # fmt: skip
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.engine.dispose()
    return token


def put_tasks(session: Session, random: Random, tasks: int) -> None:
    """Write so many tasks with all that a life of two years leaves behind."""
    units = list(session.scalars(select(Unit).order_by(col(Unit.id))))
    # As many units as a city has: with 50 times the tasks there is no unit with 50 times its own.
    leads = [u for u in units if u.code != "SO-KHCN"]
    own = next(u for u in units if u.code == "SO-KHCN")
    programmes = list(session.scalars(select(Programme).order_by(col(Programme.id))))
    begin = day_of(NOW) - timedelta(days=730)
    directive = Directive(
        number="1/KH", issuer="Thành phố", issued_on=begin, title="Kế hoạch", kind="plan", party=False, link=None,
        file_id=None, search_key="1 kh", created_at=NOW, updated_at=NOW, version=1,
    )  # fmt: skip
    session.add(directive)
    session.flush()
    tables = (Task, TaskUnit, TaskTag, TaskEdition, TaskMark, TaskState, TaskUpdate, TaskPercent)
    rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in tables}
    moved: Counter[tuple[int, str, date]] = Counter()
    for number in range(1, tasks + 1):
        lead = own if number % (tasks // 20) == 0 else random.choice(leads)
        programme = random.choice(programmes)
        # As many of the department's own and of those that few words find, whatever the size of the base.
        few = number % (tasks // 20) == 0
        title = f"Nhiệm vụ số {number} về dịch vụ công{' hộ tịch đặc biệt' if few else ''}"
        life = _life(random, begin)
        facts = life[-1][1]
        rows[Task].append(
            BASE | {
                "id": number, "code": f"B{number:05}", "title": title, "programme_id": programme.id,
                "directive_id": directive.id, "lead_unit_id": lead.id, "kind": facts.kind.value,
                "rhythm": "month" if facts.kind is TaskKind.regular else None, "deadline": facts.original,
                "precision": "day" if facts.original else None, "status": facts.status.value,
                "proposed_on": facts.proposed_on, "rhythm_from": None, "percent": 50, "percent_source": "declared",
                "last_update_at": NOW, "search_key": search_key(f"B{number:05} {title}"), "created_at": life[0][0],
                "updated_at": NOW,
            }
        )  # fmt: skip
        rows[TaskUnit].append({"task_id": number, "unit_id": lead.id, "role": "lead"})
        written = {name: rows[Task][-1][name] for name in EDITED} | {"clause": None, "phase": None, "milestones": "[]"}
        # Every task was written anew once.
        then = {"task_id": number, "from_at": life[0][0], "to_at": min(EDITED_AT, NOW)}
        if then["from_at"] < then["to_at"]:
            rows[TaskEdition].append(written | then | {"title": f"{title} (cũ)"})
        since = max(EDITED_AT, life[0][0])
        rows[TaskEdition].append(written | {"task_id": number, "from_at": since, "to_at": FOREVER})
        told = {"task_id": number, "tag": None, "unit_id": None, "from_at": life[0][0], "to_at": FOREVER}
        rows[TaskMark] += [told | {"word": w} for w in sorted(set(rows[Task][-1]["search_key"].split()))]
        if few:
            rows[TaskTag].append({"task_id": number, "tag": "uu_tien"})
            mark = {
                "task_id": number,
                "tag": "uu_tien",
                "unit_id": None,
                "word": None,
                "from_at": life[0][0],
                "to_at": FOREVER,
            }
            rows[TaskMark].append(mark)
        for begins, ends, found, then in _states(life):
            rows[TaskState].append({
                "task_id": number, "from_at": begins, "to_at": ends, "bucket": found, "status": then.status.value,
                "kind": then.kind.value, "deadline": then.original, "approved": None, "proposed_on": then.proposed_on,
                "update_due": then.update_due, "lead_unit_id": lead.id, "programme_id": programme.id, "top": True,
            })  # fmt: skip
            moved[programme.id, found, day_of(begins)] += 1
            if ends < FOREVER:
                moved[programme.id, found, day_of(ends)] -= 1
        step = (NOW - life[0][0]) / (UPDATES + 1)
        rows[TaskUpdate] += [
            {
                "task_id": number, "at": life[0][0] + n * step, "day": day_of(life[0][0] + n * step),
                "unit_id": lead.id, "by": "bench", "done": "Đã làm", "causes": None, "difficulties": None,
                "proposals": None, "help": None, "percent": n * 4, "percent_source": "declared",
            }
            for n in range(1, UPDATES + 1)
        ]  # fmt: skip
        rows[TaskPercent] += [
            {"task_id": number, "at": u["at"], "percent": u["percent"], "source": "declared"}
            for u in rows[TaskUpdate][-UPDATES:]
        ]
    for table, some in rows.items():
        session.execute(insert(table), some)
    session.execute(insert(TaskCount), count_rows(moved))


def _life(random: Random, begin: date) -> list[tuple[datetime, Facts]]:
    """Return what is known of a made-up task from which moment on."""
    made = at(begin + timedelta(days=random.randint(0, 500)), NOW.time())
    first = day_of(made)
    if random.random() < 0.2:
        facts = Facts(TaskStatus.in_progress, TaskKind.regular, None, update_due=next_update_due(first, Rhythm.month))
        life, day = [(made, facts)], first
        while (day := period_end(day, Rhythm.month) + timedelta(days=random.randint(1, 28))) < day_of(NOW):
            due = next_update_due(day, Rhythm.month)
            life.append((at(day, NOW.time()), Facts(TaskStatus.in_progress, TaskKind.regular, None, update_due=due)))
        return life
    limit = first + timedelta(days=random.randint(20, 400))
    steps = [(0, TaskStatus.not_started), (random.randint(1, 60), TaskStatus.in_progress)]
    if random.random() < 0.7:
        done = random.randint(61, 450)
        steps += [(done, TaskStatus.awaiting_acceptance), (done + 5, TaskStatus.completed)]
    life = []
    for days, status in steps:
        moment = made + timedelta(days=days)
        if moment > NOW:
            break
        proposed = first + timedelta(days=steps[2][0]) if len(life) >= 2 else None
        life.append((moment, Facts(status, TaskKind.dated, limit, proposed_on=proposed)))
    return life


def _states(life: list[tuple[datetime, Facts]]) -> list[tuple[datetime, datetime, str, Facts]]:
    """Return the dated states that a life leaves."""
    found = []
    for number, (moment, facts) in enumerate(life):
        until = life[number + 1][0] if number + 1 < len(life) else FOREVER
        steps = course(facts, day_of(moment))
        for place, (day, bucket) in enumerate(steps):
            begins = moment if place == 0 else at(day, datetime.min.time())
            ends = at(steps[place + 1][0], datetime.min.time()) if place + 1 < len(steps) else FOREVER
            if begins < until:
                found.append((begins, min(ends, until), bucket.value, facts))
    return found


def main() -> None:
    """Fill both databases, serve both, ask in turn, print the table."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        asked = {}
        for tasks in (FEW, MANY):
            url = f"sqlite:///{Path(folder) / f'{tasks}.db'}"
            began = time.perf_counter()
            token = fill(url, tasks=tasks)
            print(f"{tasks} tasks filled in {time.perf_counter() - began:.0f} s")
            port = stack.enter_context(served(url))
            asked[tasks] = (http.client.HTTPConnection("127.0.0.1", port), {"Authorization": f"Bearer {token}"})
        print(f"| question | {FEW} tasks | {MANY} tasks | ratio |\n|---|---|---|---|")
        for name, path in QUESTIONS.items():
            spent: dict[int, list[float]] = {FEW: [], MANY: []}
            for turn in range(ROUNDS + 10):
                for tasks, (connection, headers) in asked.items():
                    began = time.perf_counter()
                    connection.request("GET", path, headers=headers)
                    answer = connection.getresponse()
                    body = answer.read()
                    assert answer.status == 200, body
                    if turn >= 10:
                        spent[tasks].append(time.perf_counter() - began)
            few, many = (sorted(spent[n])[int(ROUNDS * 0.95)] * 1000 for n in (FEW, MANY))
            halves = [sorted(spent[n])[ROUNDS // 2] * 1000 for n in (FEW, MANY)]
            print(f"| {name} | {few:.1f} | {many:.1f} | **{many / few:.2f}** | medians {halves[0]:.1f} {halves[1]:.1f}")


if __name__ == "__main__":
    main()
